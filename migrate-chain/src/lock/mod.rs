//! `schema.lock`: the schema at the heads of a chain, as facts to compare with.
//!
//! The file is text: a head, with the digests that tell whether the facts are those of the chain, and a body with one
//! fact a line. [`Head::parse`] reads the head alone, [`Lock::parse`] everything.

mod facts;
mod line;
mod parse;
mod write;

use std::fmt;

pub use facts::{Built, Column, Declarations, Declared, Enum, Key, KeyKind, Named, Table};

use crate::{Checksum, Dialect, Digest};

/// The name of the file in a migration directory.
pub const LOCK_FILE: &str = "schema.lock";

/// The environment variable that turns the checks of a build off: commands set it for the builds that they start.
pub const UNLOCKED: &str = "EMBED_MIGRATIONS_UNLOCKED";

/// The format that this version writes and reads.
const FORMAT: u32 = 1;

/// The schema at the heads of a chain, for each database that it serves.
///
/// ```
/// use migrate_chain::lock::Lock;
///
/// let lock = Lock::default();
/// assert_eq!(Lock::parse(&lock.to_string()), Ok(lock));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// The databases, in the order of [`Dialect::ALL`].
    pub databases: Vec<Locked>,
    /// The SQL files of the desired schema, by their paths in the migration directory.
    pub files: Vec<(String, Checksum)>,
    /// The declarations of the models; none where models are not the source of the schema.
    pub declared: Option<Declarations>,
}

/// The schema for one kind of database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// The digest and the server.
    pub of: Of,
    /// Its tables, views and types.
    pub built: Built,
}

/// The chain and the server that the facts of one kind of database come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Of {
    /// The kind of database.
    pub dialect: Dialect,
    /// The digest of the chain's heads there.
    pub digest: Digest,
    /// The server and its major version, such as `PostgreSQL 17`.
    pub server: String,
}

/// The head of a lock: all that a build of the chain reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The databases, in the order of [`Dialect::ALL`].
    pub databases: Vec<Of>,
    /// The checksum of the SQL files of the desired schema; see [`files_checksum`].
    pub files: Option<Checksum>,
    /// The checksum that the body should have.
    pub checksum: Checksum,
    /// The place of the body in the text.
    pub body: usize,
}

/// The reason why a text is not a sound lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsound {
    /// A newer version of this software wrote it.
    Newer {
        /// Its format.
        format: u32,
    },
    /// A merge left its markers in it.
    Conflict,
    /// A line of it makes no sense.
    Malformed {
        /// The number of the line, from 1.
        line: usize,
    },
    /// Its body was edited.
    Edited,
}

impl fmt::Display for Unsound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newer { format } => write!(
                f,
                "`{LOCK_FILE}` has format {format}, and this version of embed-migrations reads format {FORMAT}"
            ),
            Self::Conflict => write!(f, "a merge left conflict markers in `{LOCK_FILE}`"),
            Self::Malformed { line } => {
                write!(f, "line {line} of `{LOCK_FILE}` cannot be read")
            }
            Self::Edited => write!(f, "`{LOCK_FILE}` was edited by hand"),
        }
    }
}

impl std::error::Error for Unsound {}

impl Unsound {
    /// The next step for the reader of the message.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Newer { .. } => {
                "update embed-migrations, or run this version's `cargo migrate lock`"
            }
            Self::Conflict => "run `cargo migrate lock`, which writes the file of the merged chain",
            Self::Malformed { .. } | Self::Edited => {
                "run `cargo migrate lock`, which writes the file"
            }
        }
    }
}

/// One checksum for some files; none for no files.
pub fn files_checksum(files: &[(String, Checksum)]) -> Option<Checksum> {
    let line = |(path, checksum): &(String, Checksum)| format!("{checksum} {path}\n");
    let mut lines: Vec<String> = files.iter().map(line).collect();
    lines.sort_unstable();
    (!lines.is_empty()).then(|| Checksum::of(&lines.concat()))
}

impl Lock {
    /// The facts of one kind of database.
    pub fn built(&self, dialect: Dialect) -> Option<&Built> {
        let locked = self.databases.iter();
        let mut locked = locked.filter(|locked| locked.of.dialect == dialect);
        locked.next().map(|locked| &locked.built)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, sql_type: &str) -> Column {
        Column {
            name: name.to_owned(),
            sql_type: sql_type.to_owned(),
            ..Column::default()
        }
    }

    fn lock() -> Lock {
        let mut id = column("id", "bigint");
        id.is_identity = true;
        id.is_not_null = true;
        let mut odd = column("odd  \"name\"\\", "enum('a  b','c')");
        odd.default = Some("'two  blanks,\nand a line'".to_owned());
        let mut sum = column("sum", "integer");
        sum.generated = Some("(a + b)".to_owned());
        let users = Table {
            name: "users".to_owned(),
            is_view: false,
            columns: vec![id, odd, sum],
            keys: vec![
                Key {
                    kind: KeyKind::Primary,
                    name: String::new(),
                    columns: vec!["id".to_owned()],
                    text: String::new(),
                },
                Key {
                    kind: KeyKind::Foreign,
                    name: String::new(),
                    columns: vec!["a".to_owned(), "b, c".to_owned()],
                    text: "references teams (x, y) on delete cascade".to_owned(),
                },
                Key {
                    kind: KeyKind::Check,
                    name: String::new(),
                    columns: Vec::new(),
                    text: "(a > 0)".to_owned(),
                },
                Key {
                    kind: KeyKind::Index,
                    name: "by_name".to_owned(),
                    columns: Vec::new(),
                    text: "(lower(name)) where a > 0".to_owned(),
                },
            ],
        };
        let view = Table {
            name: "every_user".to_owned(),
            is_view: true,
            columns: vec![column("id", "")],
            keys: Vec::new(),
        };
        let mood = Enum {
            name: "mood".to_owned(),
            labels: vec!["so so".to_owned(), "it's".to_owned()],
        };
        let domain = Named {
            name: "email".to_owned(),
            text: "text".to_owned(),
        };
        Lock {
            databases: vec![Locked {
                of: Of {
                    dialect: Dialect::Postgres,
                    digest: Digest::from_bytes([7; 32]),
                    server: "PostgreSQL 17".to_owned(),
                },
                built: Built {
                    tables: vec![view, users],
                    enums: vec![mood],
                    domains: vec![domain],
                },
            }],
            files: vec![("objects/v.sql".to_owned(), Checksum::of("x"))],
            declared: Some(Declarations {
                models: vec![Declared {
                    table: "users".to_owned(),
                    model: "User".to_owned(),
                    options: "unique(a,b)".to_owned(),
                    fields: vec![Named {
                        name: "id".to_owned(),
                        text: "i64  primary_key".to_owned(),
                    }],
                }],
                enums: vec![Enum {
                    name: "Mood".to_owned(),
                    labels: vec!["so so".to_owned(), "it's".to_owned()],
                }],
            }),
        }
    }

    #[test]
    fn a_lock_is_read_as_it_was_written() {
        let text = lock().to_string();
        assert_eq!(Lock::parse(&text), Ok(lock()), "{text}");
        assert_eq!(Lock::parse(&text.replace('\n', "\r\n")), Ok(lock()));
        let head = Head::parse(&text).expect("a sound head");
        assert_eq!(head.databases[0].server, "PostgreSQL 17");
    }

    #[test]
    fn a_lock_has_one_fact_a_line_and_aligned_columns() {
        let text = lock().to_string();
        let (_, body) = text.split_once("\n\n").expect("a head and a body");
        assert!(
            body.contains("\n  column  id              bigint             not null  identity\n"),
            "{body}"
        );
    }

    #[test]
    fn a_lock_that_is_not_sound_is_refused_with_the_reason() {
        let text = lock().to_string();
        let edited = text.replace("bigint", "integer");
        assert_eq!(Lock::parse(&edited), Err(Unsound::Edited));
        assert!(Head::parse(&edited).is_ok(), "a build reads the head alone");
        let newer = text.replace("\nformat 1\n", "\nformat 2\n");
        let error = Head::parse(&newer).expect_err("it is newer");
        assert_eq!(error, Unsound::Newer { format: 2 });
        let conflict = text.replace("\npostgres", "\n<<<<<<< ours\npostgres");
        assert_eq!(Head::parse(&conflict), Err(Unsound::Conflict));
        let conflict = text.replace("\n  index", "\n=======\n>>>>>>> theirs\n  index");
        assert_eq!(Lock::parse(&conflict), Err(Unsound::Conflict));
        for broken in [
            "",
            "format 1\n",
            "format x\n\n",
            &text.replace("checksum", "sum"),
        ] {
            let error = Head::parse(broken).expect_err("it is no lock");
            assert!(
                matches!(error, Unsound::Malformed { .. }),
                "{broken}: {error:?}"
            );
        }
    }
}
