//! The statements that the rules know.

use super::words::Reader;
use crate::Dialect;

/// The name of a table, a column or another object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// As it is written, with its schema.
    pub shown: String,
    /// The last part without quotes, in the case that the database compares it in.
    pub key: String,
}

impl Name {
    /// Steps over a name and the names after its dots.
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let mut shown = reader.peek().to_owned();
        let mut last = reader.peek();
        reader.bump();
        while reader.eat(".") {
            last = reader.peek();
            shown.push('.');
            shown.push_str(last);
            reader.bump();
        }
        Self {
            shown,
            key: key(reader.dialect, last),
        }
    }
}

fn key(dialect: Dialect, name: &str) -> String {
    let quotes = [('"', '"'), ('`', '`'), ('[', ']'), ('\'', '\'')];
    let inner = quotes.iter().find_map(|&(open, close)| {
        let inner = name.strip_prefix(open)?.strip_suffix(close)?;
        Some(inner.replace(&format!("{close}{close}"), &close.to_string()))
    });
    match inner {
        Some(inner) if dialect == Dialect::Postgres => inner,
        Some(inner) => inner.to_lowercase(),
        None => name.to_lowercase(),
    }
}

/// A statement that changes what is there, as far as the rules look at it.
#[derive(Debug)]
pub(super) enum Ddl<'w> {
    CreateTable {
        table: Name,
        columns: Vec<Column<'w>>,
        /// All that follows the name.
        rest: Reader<'w>,
    },
    CreateIndex {
        /// None for an index without a name.
        index: Option<Name>,
        table: Name,
        concurrently: bool,
        /// From the word before INDEX on, or from INDEX.
        kind: Reader<'w>,
    },
    DropIndex {
        concurrently: bool,
        names: Reader<'w>,
    },
    DropTable {
        tables: Vec<Name>,
    },
    Truncate {
        tables: Vec<Name>,
    },
    AlterTable {
        table: Name,
        changes: Vec<TableAlteration<'w>>,
    },
    RenameTable {
        table: Name,
        to: Name,
    },
    CreateDomain {
        domain: Name,
    },
    AlterDomain {
        domain: Name,
        rest: Reader<'w>,
    },
    Reindex {
        concurrently: bool,
    },
    /// `VACUUM FULL` or `CLUSTER`.
    Rewrite {
        keyword: &'static str,
    },
}

/// One part of an ALTER TABLE.
#[derive(Debug)]
pub(super) struct TableAlteration<'w> {
    pub text: Reader<'w>,
    pub kind: ChangeKind<'w>,
}

#[derive(Debug)]
pub(super) enum ChangeKind<'w> {
    AddColumn(Column<'w>),
    AddConstraint(Constraint<'w>),
    /// `ADD INDEX`, with the word before it.
    AddIndex,
    DropColumn(Name),
    SetNotNull(Name),
    SetType {
        column: Name,
        ty: Reader<'w>,
    },
    /// MODIFY and CHANGE of MySQL.
    Redefine {
        from: Name,
        to: Column<'w>,
    },
    RenameColumn {
        from: Name,
    },
    RenameTable {
        to: Name,
    },
    DetachPartition {
        concurrently: bool,
    },
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConstraintKind {
    Foreign,
    Check,
    Unique,
    Primary,
    Exclude,
}

#[derive(Debug)]
pub(super) struct Constraint<'w> {
    pub name: Option<Name>,
    pub kind: ConstraintKind,
    /// From the kind's keyword on.
    pub body: Reader<'w>,
    pub not_valid: bool,
    pub using_index: bool,
}

/// A column as a statement declares it.
#[derive(Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a clause that a column has or not"
)]
pub(super) struct Column<'w> {
    pub name: Name,
    /// Its type; without words if it has none.
    pub ty: Reader<'w>,
    pub not_null: bool,
    pub default: Option<Reader<'w>>,
    pub is_generated: bool,
    pub is_stored: bool,
    /// It takes its values from a sequence.
    pub is_counted: bool,
    pub is_unique: bool,
    pub is_primary: bool,
    pub references: bool,
    pub check: bool,
}

/// Reads a statement; none if no rule looks at it.
pub(super) fn read(mut reader: Reader<'_>) -> Option<Ddl<'_>> {
    match &*reader.peek().to_ascii_uppercase() {
        "CREATE" => create(reader),
        "ALTER" => alter(reader),
        "DROP" => drop(reader),
        "TRUNCATE" => {
            reader.bump();
            reader.eat("TABLE");
            reader.eat("ONLY");
            Some(Ddl::Truncate {
                tables: names(reader),
            })
        }
        "RENAME" => {
            let is_table = reader.eat_all(&["RENAME", "TABLE"]);
            let table = Name::read(&mut reader);
            let is_rename = is_table && reader.eat("TO");
            let to = Name::read(&mut reader);
            is_rename.then_some(Ddl::RenameTable { table, to })
        }
        "REINDEX" => Some(Ddl::Reindex {
            concurrently: reader.text().to_ascii_uppercase().contains("CONCURRENTLY"),
        }),
        "VACUUM" if reader.dialect == Dialect::Postgres => {
            reader.bump();
            let options = reader.group().map_or("", |group| group.text());
            let is_full = reader.is("FULL") || options.to_ascii_uppercase().contains("FULL");
            is_full.then_some(Ddl::Rewrite {
                keyword: "VACUUM FULL",
            })
        }
        "CLUSTER" if reader.dialect == Dialect::Postgres => {
            Some(Ddl::Rewrite { keyword: "CLUSTER" })
        }
        _ => None,
    }
}

fn create(mut reader: Reader<'_>) -> Option<Ddl<'_>> {
    reader.bump();
    if reader.eat_all(&["OR", "REPLACE"]) {
        return (reader.is("TABLE")).then(|| create_table(reader));
    }
    while reader.is_any(&["TEMP", "TEMPORARY", "UNLOGGED", "GLOBAL", "LOCAL"]) {
        reader.bump();
    }
    if reader.is("TABLE") {
        return Some(create_table(reader));
    }
    if reader.eat("DOMAIN") {
        let domain = Name::read(&mut reader);
        return Some(Ddl::CreateDomain { domain });
    }
    reader.eat("UNIQUE");
    let kind = reader;
    while reader.is_any(&["FULLTEXT", "SPATIAL", "ONLINE", "OFFLINE"]) {
        reader.bump();
    }
    if !reader.eat("INDEX") {
        return None;
    }
    let concurrently = reader.eat("CONCURRENTLY");
    reader.eat_all(&["IF", "NOT", "EXISTS"]);
    let index = (!reader.is("ON")).then(|| Name::read(&mut reader));
    if !reader.find_any(&["ON"]) {
        return None;
    }
    reader.bump();
    reader.eat("ONLY");
    let table = Name::read(&mut reader);
    Some(Ddl::CreateIndex {
        index,
        table,
        concurrently,
        kind,
    })
}

fn create_table(mut reader: Reader<'_>) -> Ddl<'_> {
    reader.bump();
    reader.eat_all(&["IF", "NOT", "EXISTS"]);
    let table = Name::read(&mut reader);
    let rest = reader;
    let items = reader.group().map(Reader::parts).unwrap_or_default();
    let is_column = |item: &Reader<'_>| !item.is_any(&NOT_COLUMNS);
    let columns = items.into_iter().filter(is_column).map(column).collect();
    Ddl::CreateTable {
        table,
        columns,
        rest,
    }
}

/// The words that begin something else in a list of columns.
const NOT_COLUMNS: [&str; 11] = [
    "CONSTRAINT",
    "PRIMARY",
    "UNIQUE",
    "FOREIGN",
    "CHECK",
    "KEY",
    "INDEX",
    "EXCLUDE",
    "LIKE",
    "FULLTEXT",
    "SPATIAL",
];

fn drop(mut reader: Reader<'_>) -> Option<Ddl<'_>> {
    reader.bump();
    if reader.eat("TABLE") {
        reader.eat_all(&["IF", "EXISTS"]);
        return Some(Ddl::DropTable {
            tables: names(reader),
        });
    }
    if !reader.eat("INDEX") {
        return None;
    }
    let concurrently = reader.eat("CONCURRENTLY");
    reader.eat_all(&["IF", "EXISTS"]);
    Some(Ddl::DropIndex {
        concurrently,
        names: reader,
    })
}

fn names(reader: Reader<'_>) -> Vec<Name> {
    let parts = reader.parts().into_iter();
    parts.map(|mut part| Name::read(&mut part)).collect()
}

fn alter(mut reader: Reader<'_>) -> Option<Ddl<'_>> {
    reader.bump();
    if reader.eat("DOMAIN") {
        let domain = Name::read(&mut reader);
        return Some(Ddl::AlterDomain {
            domain,
            rest: reader,
        });
    }
    reader.eat("ONLINE");
    reader.eat("IGNORE");
    if !reader.eat("TABLE") {
        return None;
    }
    reader.eat_all(&["IF", "EXISTS"]);
    reader.eat("ONLY");
    let table = Name::read(&mut reader);
    reader.eat("*");
    let changes = reader.parts().into_iter();
    let changes = changes.map(|text| TableAlteration {
        text,
        kind: change(text),
    });
    Some(Ddl::AlterTable {
        table,
        changes: changes.collect(),
    })
}

fn change(mut reader: Reader<'_>) -> ChangeKind<'_> {
    match &*reader.peek().to_ascii_uppercase() {
        "ADD" => add(reader),
        "DROP" => {
            reader.bump();
            let is_other = reader.is_any(&[
                "CONSTRAINT",
                "PRIMARY",
                "FOREIGN",
                "INDEX",
                "KEY",
                "CHECK",
                "PARTITION",
                "EXPRESSION",
            ]);
            reader.eat("COLUMN");
            reader.eat_all(&["IF", "EXISTS"]);
            if is_other {
                ChangeKind::Other
            } else {
                ChangeKind::DropColumn(Name::read(&mut reader))
            }
        }
        "ALTER" => {
            reader.bump();
            if reader.is_any(&["INDEX", "CHECK", "CONSTRAINT"]) {
                return ChangeKind::Other;
            }
            reader.eat("COLUMN");
            let column = Name::read(&mut reader);
            if reader.eat_all(&["SET", "NOT", "NULL"]) {
                return ChangeKind::SetNotNull(column);
            }
            if reader.eat_all(&["SET", "DATA", "TYPE"]) || reader.eat("TYPE") {
                let ty = reader.until(&["USING", "COLLATE"]);
                return ChangeKind::SetType { column, ty };
            }
            ChangeKind::Other
        }
        "MODIFY" => {
            reader.bump();
            reader.eat("COLUMN");
            let to = column(reader);
            ChangeKind::Redefine {
                from: to.name.clone(),
                to,
            }
        }
        "CHANGE" => {
            reader.bump();
            reader.eat("COLUMN");
            let from = Name::read(&mut reader);
            ChangeKind::Redefine {
                from,
                to: column(reader),
            }
        }
        "RENAME" => rename(reader),
        "DETACH" => ChangeKind::DetachPartition {
            concurrently: reader.has(&["CONCURRENTLY"]),
        },
        _ => ChangeKind::Other,
    }
}

fn rename(mut reader: Reader<'_>) -> ChangeKind<'_> {
    reader.bump();
    if reader.is_any(&["INDEX", "KEY", "CONSTRAINT"]) {
        return ChangeKind::Other;
    }
    if reader.is_any(&["TO", "AS"]) && !reader.nth(1).is_empty() {
        reader.bump();
        let to = Name::read(&mut reader);
        return ChangeKind::RenameTable { to };
    }
    reader.eat("COLUMN");
    let from = Name::read(&mut reader);
    if reader.is("TO") {
        ChangeKind::RenameColumn { from }
    } else {
        // MySQL can leave out TO.
        ChangeKind::RenameTable { to: from }
    }
}

fn add(mut reader: Reader<'_>) -> ChangeKind<'_> {
    reader.bump();
    if reader.is("PARTITION") {
        return ChangeKind::Other;
    }
    let name = reader.eat("CONSTRAINT").then(|| {
        let is_named = !reader.is_any(&["FOREIGN", "CHECK", "UNIQUE", "PRIMARY"]);
        is_named.then(|| Name::read(&mut reader))
    });
    let kind = match &*reader.peek().to_ascii_uppercase() {
        "FOREIGN" => ConstraintKind::Foreign,
        "CHECK" => ConstraintKind::Check,
        "UNIQUE" => ConstraintKind::Unique,
        "PRIMARY" => ConstraintKind::Primary,
        "EXCLUDE" => ConstraintKind::Exclude,
        "INDEX" | "KEY" | "FULLTEXT" | "SPATIAL" => return ChangeKind::AddIndex,
        _ => {
            reader.eat("COLUMN");
            reader.eat_all(&["IF", "NOT", "EXISTS"]);
            // MySQL adds several columns in brackets; the first tells enough.
            let reader = reader.group().map_or(reader, |columns| {
                columns.parts().into_iter().next().unwrap_or(columns)
            });
            return ChangeKind::AddColumn(column(reader));
        }
    };
    ChangeKind::AddConstraint(Constraint {
        name: name.flatten(),
        kind,
        body: reader,
        not_valid: reader.has(&["NOT", "VALID"]),
        using_index: reader.has(&["USING", "INDEX"]),
    })
}

/// The words that end a type or a default.
const CLAUSES: [&str; 22] = [
    "CONSTRAINT",
    "NOT",
    "NULL",
    "DEFAULT",
    "PRIMARY",
    "UNIQUE",
    "CHECK",
    "REFERENCES",
    "COLLATE",
    "GENERATED",
    "AS",
    "AUTO_INCREMENT",
    "AUTOINCREMENT",
    "COMMENT",
    "CHARACTER",
    "CHARSET",
    "ON",
    "FIRST",
    "AFTER",
    "STORAGE",
    "COMPRESSION",
    "INVISIBLE",
];

pub(super) fn column(mut reader: Reader<'_>) -> Column<'_> {
    let name = Name::read(&mut reader);
    let empty = Reader::until(&mut { reader }, &[]);
    let has_type = !reader.is_done() && (!reader.is_any(&CLAUSES) || reader.is("CHARACTER"));
    let ty = if has_type {
        reader.until(&CLAUSES)
    } else {
        let mut none = empty;
        while !none.is_done() {
            none.bump();
        }
        none
    };
    let type_word = ty.peek().to_ascii_uppercase();
    let mut column = Column {
        name,
        ty,
        not_null: false,
        default: None,
        is_generated: false,
        is_stored: false,
        is_counted: type_word.ends_with("SERIAL")
            || matches!(&*type_word, "SERIAL2" | "SERIAL4" | "SERIAL8"),
        is_unique: false,
        is_primary: false,
        references: false,
        check: false,
    };
    while !reader.is_done() {
        clause(&mut column, &mut reader);
    }
    column
}

/// Takes note of one clause of a column, and steps over it.
fn clause<'w>(column: &mut Column<'w>, reader: &mut Reader<'w>) {
    // The contents of a bracket say nothing about the column.
    if reader.group().is_some() {
        return;
    }
    let word = reader.peek().to_ascii_uppercase();
    let is_not_null = reader.eat_all(&["NOT", "NULL"]);
    column.not_null |= is_not_null;
    if is_not_null {
        return;
    }
    reader.bump();
    match &*word {
        "DEFAULT" => column.default = Some(reader.until(&CLAUSES)),
        "UNIQUE" => column.is_unique = true,
        "PRIMARY" => column.is_primary = true,
        "REFERENCES" => column.references = true,
        "CHECK" => column.check = true,
        "AS" if reader.is("IDENTITY") => column.is_counted = true,
        "AS" => column.is_generated = true,
        "STORED" | "PERSISTENT" => column.is_stored = true,
        "AUTO_INCREMENT" => column.is_counted = true,
        _ => {}
    }
}
