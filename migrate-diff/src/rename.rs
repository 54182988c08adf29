//! Renames: said by a person, never guessed.

use std::fmt;
use std::str::FromStr;

use migrate_chain::Dialect;
use migrate_chain::sql::{Token, TokenKind, split, tokens};

use crate::error::{Error, ErrorKind};
use crate::model::{Kind, ObjectId, Schema};
use crate::step::Step;

/// A table or a column that has another name in the desired schema.
///
/// ```
/// use migrate_diff::Rename;
///
/// let table: Rename = "users=people".parse()?;
/// assert_eq!(table.to_string(), "table users -> people");
/// let column: Rename = "people.mail=email".parse()?;
/// assert_eq!(column.to_string(), "column people.mail -> email");
/// # Ok::<(), migrate_diff::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// For a column, its table under the new name.
    table: Option<String>,
    from: String,
    to: String,
    /// Whether it has to be done still: a comment stays in the desired schema after its revision.
    is_required: bool,
}

impl Rename {
    /// Whether it gives a table of this name another.
    pub(crate) fn renames_table(&self, name: &str) -> bool {
        let bare = |name: &str| name.replace(['"', '`'], "").to_lowercase();
        self.table.is_none() && bare(&self.from) == bare(name)
    }
}

impl FromStr for Rename {
    type Err = Error;

    /// `old=new` for a table, `table.old=new` for a column, its table by its new name.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::new(ErrorKind::Rename, format!("`{text}` is no rename"))
                .help("write --rename old=new for a table, --rename table.old=new for a column")
        };
        let (old, new) = text.split_once('=').ok_or_else(wrong)?;
        let (table, from) = match old.rsplit_once('.') {
            Some((table, column)) => (Some(table.trim()), column),
            None => (None, old),
        };
        // `table.old=table.new` is as clear.
        let to = match (table, new.rsplit_once('.')) {
            (Some(table), Some((other, column))) if other.trim() == table => column,
            _ => new,
        };
        let (from, to) = (from.trim(), to.trim());
        if from.is_empty() || to.is_empty() || table == Some("") {
            return Err(wrong());
        }
        Ok(Self {
            table: table.map(str::to_owned),
            from: from.to_owned(),
            to: to.to_owned(),
            is_required: true,
        })
    }
}

impl fmt::Display for Rename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.table {
            None => write!(f, "table {} -> {}", self.from, self.to),
            Some(table) => write!(f, "column {table}.{} -> {}", self.from, self.to),
        }
    }
}

/// The renames that `-- @renamed from=old` says in a desired schema: beside a column or a table, at the end of its line
/// or on the line above.
///
/// # Errors
/// [`ErrorKind::Rename`] where such a comment is next to neither.
pub(crate) fn renames(dialect: Dialect, file: &str, text: &str) -> Result<Vec<Rename>, Error> {
    let all: Vec<Token> = tokens(dialect, text).collect();
    let mut renames = Vec::new();
    for (n, token) in all.iter().enumerate() {
        let Some(from) = annotation(token, text) else {
            continue;
        };
        let found = (!from.is_empty()).then(|| beside(dialect, text, &all, n, from));
        let found = found.flatten();
        renames.push(found.ok_or_else(|| misplaced(file, text, token))?);
    }
    Ok(renames)
}

fn misplaced(file: &str, text: &str, token: &Token) -> Error {
    let line = text[..token.start].matches('\n').count() + 1;
    let summary = format!("{file}:{line}: this comment is not next to a table or a column");
    let help = "write `-- @renamed from=old` at the end of the line of a CREATE TABLE or of a column in it, or on the line above";
    Error::new(ErrorKind::Rename, summary)
        .detail(text[token.range()].to_owned())
        .help(help)
}

/// The value after `from=` in a comment of ours; `None` if there is none.
fn annotation<'t>(token: &Token, text: &'t str) -> Option<&'t str> {
    let is_comment = matches!(token.kind, TokenKind::LineComment | TokenKind::BlockComment);
    let comment = is_comment.then(|| &text[token.range()])?;
    let words = comment.trim_start_matches(['-', '#', '/', '*', ' ', '\t']);
    let rest = words.strip_prefix("@renamed")?;
    let value = rest
        .trim_end_matches(['*', '/'])
        .trim()
        .strip_prefix("from");
    let value = value.and_then(|value| value.trim_start().strip_prefix('='));
    Some(value.map_or("", str::trim))
}

fn beside(dialect: Dialect, text: &str, all: &[Token], n: usize, from: &str) -> Option<Rename> {
    let before = all[..n].iter().rposition(|token| !token.is_trivia());
    let trails = before.is_some_and(|before| !text[all[before].end..all[n].start].contains('\n'));
    let anchor = if trails {
        before?
    } else {
        n + all[n..].iter().position(|token| !token.is_trivia())?
    };
    let at = all[anchor].start;
    let statement = split(dialect, text)
        .map(|statement| statement.range_with_terminator())
        .find(|range| range.contains(&at))?;
    let words: Vec<Token> = all
        .iter()
        .filter(|token| !token.is_trivia() && statement.contains(&token.start))
        .copied()
        .collect();
    let place = words.iter().position(|word| word.start == at)?;
    let (table, column) = item(text, &words, place)?;
    let unquoted = |name: &str| name.trim_matches(['"', '`', '[', ']']).to_owned();
    Some(Rename {
        table: column.is_some().then(|| table.clone()),
        from: unquoted(from),
        to: column.unwrap_or(table),
        is_required: false,
    })
}

/// The table of a `CREATE TABLE`, and the column whose definition holds the word at `place`.
fn item(text: &str, words: &[Token], place: usize) -> Option<(String, Option<String>)> {
    let word = |n: usize| {
        words
            .get(n)
            .map_or("", |token: &Token| &text[token.range()])
    };
    let is_create = word(0).eq_ignore_ascii_case("create");
    let keyword = words
        .iter()
        .take(4)
        .position(|token| text[token.range()].eq_ignore_ascii_case("table"));
    let open = words.iter().position(|token| &text[token.range()] == "(")?;
    (is_create && keyword.is_some()).then_some(())?;
    let name = |n: usize| word(n).trim_matches(['"', '`', '[', ']']).to_owned();
    let mut table = name(open - 1);
    if open >= 3 && word(open - 2) == "." {
        table = format!("{}.{table}", name(open - 3));
    }
    if place <= open {
        return Some((table, None));
    }
    let (mut depth, mut start) = (0_usize, open + 1);
    for n in open + 1..words.len() {
        match word(n) {
            "(" => depth += 1,
            // The bracket of the table itself closes.
            ")" if depth == 0 && n <= place => return Some((table, None)),
            ")" => depth = depth.saturating_sub(1),
            // The comma belongs to the column before it.
            "," if depth == 0 && n < place => start = n + 1,
            _ => {}
        }
    }
    Some((table, Some(name(start))))
}

/// A rename that applies, as a step and its reverse.
pub(crate) struct Applied {
    pub forth: Step,
    pub back: Step,
    pub text: String,
    /// The object under its old name, and under its new one; a column of its table's new name in both.
    pub ids: (ObjectId, ObjectId),
}

/// The name that an object had before some renames.
pub(crate) fn before(renames: &[Applied], id: &ObjectId) -> ObjectId {
    let mut old = id.clone();
    if let Some(rename) = renames.iter().find(|rename| rename.ids.1 == *id) {
        old.name.clone_from(&rename.ids.0.name);
    }
    if let Some(table) = &mut old.table {
        let own = ObjectId::new(Kind::Table, table.clone());
        *table = before(renames, &own).name;
    }
    old
}

/// The renames that have to be done to `current`, tables first.
///
/// # Errors
/// [`ErrorKind::Rename`] when one names what is not there, or what is there under both names.
pub(crate) fn applicable(
    renames: &[Rename],
    current: &Schema,
    desired: &Schema,
) -> Result<Vec<Applied>, Error> {
    let mut applied = Vec::new();
    let mut tables: Vec<(&str, &str)> = Vec::new();
    for rename in renames.iter().filter(|rename| rename.table.is_none()) {
        if rename.applies(current, desired, &rename.from, &rename.to)? {
            tables.push((&rename.from, &rename.to));
            applied.push(rename.table_step(current));
        }
    }
    for rename in renames {
        let Some(table) = &rename.table else { continue };
        let old_table = tables
            .iter()
            .find(|(_, to)| to == table)
            .map_or(table.as_str(), |(from, _)| from);
        if rename.applies(current, desired, old_table, table)? {
            applied.push(rename.column_step(current, table));
        }
    }
    Ok(applied)
}

impl Rename {
    fn id(&self, dialect: Dialect, table: &str, name: &str) -> ObjectId {
        let table = spelt(dialect, table);
        match self.table {
            None => ObjectId::new(Kind::Table, table),
            Some(_) if dialect == Dialect::MySql => {
                ObjectId::of(Kind::Column, table, spelt(dialect, &name.to_lowercase()))
            }
            Some(_) => ObjectId::of(Kind::Column, table, spelt(dialect, name)),
        }
    }

    fn applies(
        &self,
        current: &Schema,
        desired: &Schema,
        old_table: &str,
        new_table: &str,
    ) -> Result<bool, Error> {
        let dialect = current.dialect;
        let old = self.id(dialect, old_table, &self.from);
        let (new_now, new) = (
            self.id(dialect, old_table, &self.to),
            self.id(dialect, new_table, &self.to),
        );
        let kept = self.id(dialect, new_table, &self.from);
        let new_now = if self.table.is_none() {
            new.clone()
        } else {
            new_now
        };
        let (has_old, has_new) = (current.get(&old).is_some(), current.get(&new_now).is_some());
        let wrong = |text: String| {
            Err(Error::new(
                ErrorKind::Rename,
                format!("the rename of {self} cannot be made: {text}"),
            ))
        };
        if !has_old && has_new && !self.is_required {
            return Ok(false);
        }
        let kept = if self.table.is_none() {
            old.clone()
        } else {
            kept
        };
        match (has_old, has_new) {
            (true, false) if desired.get(&new).is_none() => {
                wrong(format!("the desired schema has no {new}"))
            }
            (true, false) if desired.get(&kept).is_some() => {
                wrong(format!("the desired schema still has {kept}"))
            }
            (true, false) => Ok(true),
            (true, true) => wrong(format!("both {old} and {new_now} exist")),
            (false, _) => wrong(format!("there is no {old}")),
        }
    }

    /// Both names, of a column with its table's new one.
    fn ids(&self, dialect: Dialect, new_table: &str) -> (ObjectId, ObjectId) {
        match self.table {
            None => (
                self.id(dialect, &self.from, ""),
                self.id(dialect, &self.to, ""),
            ),
            Some(_) => (
                self.id(dialect, new_table, &self.from),
                self.id(dialect, new_table, &self.to),
            ),
        }
    }

    fn table_step(&self, current: &Schema) -> Applied {
        let dialect = current.dialect;
        let (from, to) = (sql_name(dialect, &self.from), sql_name(dialect, &self.to));
        let step =
            |from: &str, to: &str| Step::new(format!("ALTER TABLE {from} RENAME TO {}", bare(to)));
        Applied {
            forth: step(&from, &to),
            back: step(&to, &from),
            text: self.to_string(),
            ids: self.ids(dialect, ""),
        }
    }

    fn column_step(&self, current: &Schema, new_table: &str) -> Applied {
        let dialect = current.dialect;
        let table = sql_name(dialect, new_table);
        let (from, to) = (sql_name(dialect, &self.from), sql_name(dialect, &self.to));
        let step = |from: &str, to: &str| {
            Step::new(format!("ALTER TABLE {table} RENAME COLUMN {from} TO {to}"))
        };
        Applied {
            forth: step(&from, &to),
            back: step(&to, &from),
            text: self.to_string(),
            ids: self.ids(dialect, new_table),
        }
    }
}

/// A name as the ids of a dialect spell it.
fn spelt(dialect: Dialect, name: &str) -> String {
    match dialect {
        Dialect::Sqlite => name.to_ascii_lowercase(),
        Dialect::Postgres => crate::postgres::qualified(name),
        Dialect::MySql => crate::mysql::quote(name),
    }
}

fn sql_name(dialect: Dialect, name: &str) -> String {
    match dialect {
        Dialect::Sqlite => crate::sqlite::quote(name),
        Dialect::Postgres => crate::postgres::qualified(name),
        Dialect::MySql => crate::mysql::quote(name),
    }
}

/// A table stays in its schema, and PostgreSQL wants no schema in its new name.
fn bare(name: &str) -> &str {
    let quoted = name.starts_with(['"', '`']) || name.ends_with('"');
    if quoted {
        name
    } else {
        name.rsplit_once('.').map_or(name, |(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let renames = renames(Dialect::Sqlite, "schema.sql", text).expect("sound comments");
        renames.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_comment_belongs_to_what_it_stands_beside() {
        let text = "-- @renamed from=users\nCREATE TABLE people (\n  id INTEGER PRIMARY KEY,\n\
            \x20 email TEXT, -- @renamed from=mail\n  -- @renamed from=\"n\"\n  name TEXT CHECK (name IN ('a', 'b')) -- @renamed from=m\n);\n";
        assert_eq!(
            read(text),
            [
                "table users -> people",
                "column people.mail -> email",
                "column people.n -> name",
                "column people.m -> name"
            ]
        );
        assert_eq!(
            read("CREATE TABLE b ( -- @renamed from=a\n x);"),
            ["table a -> b"]
        );
        assert_eq!(
            read("CREATE TABLE b (x\n); -- @renamed from=a\n"),
            ["table a -> b"]
        );
    }

    #[test]
    fn a_comment_beside_nothing_is_an_error_with_its_line() {
        for text in [
            "\n-- @renamed from=a\nCREATE VIEW v AS SELECT 1;",
            "\n-- @renamed from=a",
            "\nCREATE TABLE t (x); -- @renamed",
        ] {
            let error = renames(Dialect::Sqlite, "schema.sql", text).expect_err("it is misplaced");
            assert!(error.summary().starts_with("schema.sql:2: "), "{error}");
        }
    }

    #[test]
    fn what_is_no_rename_says_how_one_is_written() {
        for text in ["users", "=a", "a=", ".a=b"] {
            let error = text.parse::<Rename>().expect_err(text);
            assert!(
                error
                    .advice()
                    .is_some_and(|help| help.contains("--rename old=new"))
            );
        }
    }
}
