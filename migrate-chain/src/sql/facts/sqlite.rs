use std::ops::Range;

use super::refusal::{Refusal, Remedy};
use crate::Dialect;
use crate::sql::cursor::Cursor;

pub(super) fn transaction_control(mut cursor: Cursor<'_>) -> Option<&'static str> {
    if cursor.eat("ROLLBACK") {
        cursor.eat("TRANSACTION");
        return (!cursor.is("TO")).then_some("ROLLBACK");
    }
    ["BEGIN", "COMMIT", "END"]
        .into_iter()
        .find(|keyword| cursor.is(keyword))
}

/// The refusal of a statement that fails in a transaction, or does nothing there. DETACH fails for a database that takes
/// part in it, as all do after `BEGIN IMMEDIATE`; ATTACH does not.
pub(super) fn refusal(mut cursor: Cursor<'_>) -> Option<Refusal> {
    if cursor.is("VACUUM") {
        return Some(Refusal::new("VACUUM"));
    }
    if cursor.is("DETACH") {
        return Some(Refusal::new("DETACH"));
    }
    if cursor.eat("PRAGMA") {
        pragma(cursor)
    } else {
        None
    }
}

/// A PRAGMA that only reads is fine anywhere.
fn pragma(cursor: Cursor<'_>) -> Option<Refusal> {
    const REFUSED: [(&str, &str); 4] = [
        ("foreign_keys", "PRAGMA foreign_keys"),
        ("journal_mode", "PRAGMA journal_mode"),
        ("synchronous", "PRAGMA synchronous"),
        ("temp_store", "PRAGMA temp_store"),
    ];
    let pragma = Pragma::read(cursor);
    if pragma.name.eq_ignore_ascii_case("wal_checkpoint") {
        return Some(Refusal::new("PRAGMA wal_checkpoint"));
    }
    let (_, what) = REFUSED
        .into_iter()
        .find(|(name, _)| pragma.name.eq_ignore_ascii_case(name))?;
    let value = pragma.value?;
    let remedy = match what {
        "PRAGMA foreign_keys" if is_on(value) => Remedy::ForeignKeysOn,
        "PRAGMA foreign_keys" => Remedy::ForeignKeysOff,
        _ => Remedy::TransactionOff,
    };
    Some(Refusal { what, remedy })
}

/// `PRAGMA schema.name = value` or `PRAGMA name(value)`; without a value, it reads.
struct Pragma<'a> {
    name: String,
    value: Option<&'a str>,
}

impl<'a> Pragma<'a> {
    /// Reads what follows the word PRAGMA.
    fn read(mut cursor: Cursor<'a>) -> Self {
        let TableName { name, .. } = TableName::read(&mut cursor);
        let value = cursor.is_any(&["=", "("]).then(|| {
            cursor.bump();
            cursor.text()
        });
        Self { name, value }
    }
}

/// SQLite takes everything else for off.
fn is_on(value: &str) -> bool {
    let value = value.trim_matches(['\'', '"', '`', '[', ']']);
    ["on", "yes", "true"]
        .iter()
        .any(|word| value.eq_ignore_ascii_case(word))
        || value.parse::<i64>().is_ok_and(|number| number != 0)
}

/// The name of a table, or of another object, without quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableName {
    /// The database that the statement names: `main`, `temp`, or an attached one.
    pub schema: Option<String>,
    /// The name.
    pub name: String,
}

impl TableName {
    fn read(cursor: &mut Cursor<'_>) -> Self {
        let first = unquoted(cursor.text());
        cursor.bump();
        if !cursor.eat(".") {
            return Self {
                schema: None,
                name: first,
            };
        }
        let name = unquoted(cursor.text());
        cursor.bump();
        Self {
            schema: Some(first),
            name,
        }
    }
}

/// A name without its quotes. SQLite takes a string for a name, too.
fn unquoted(text: &str) -> String {
    let inner = |quote: char| {
        let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
        Some(inner.replace(&format!("{quote}{quote}"), &quote.to_string()))
    };
    let bracketed = || Some(text.strip_prefix('[')?.strip_suffix(']')?.to_owned());
    let found = inner('"').or_else(|| inner('`')).or_else(|| inner('\''));
    found.or_else(bracketed).unwrap_or_else(|| text.to_owned())
}

/// A statement that takes a table's name away from it, or gives it one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableChange {
    /// `CREATE TABLE`.
    Create(TableName),
    /// `DROP TABLE`.
    Drop {
        /// The table.
        table: TableName,
        /// Whether the statement says `IF EXISTS`.
        if_exists: bool,
    },
    /// `ALTER TABLE … RENAME TO …`.
    Rename {
        /// The table.
        table: TableName,
        /// Its new name.
        to: String,
    },
}

/// The table that a statement of SQLite creates, drops or renames, if it does one of these.
///
/// ```
/// use migrate_chain::sql::sqlite::{TableChange, table_change};
///
/// let Some(TableChange::Drop { table, .. }) = table_change("drop table if exists main.[order]") else {
///     panic!("it drops one");
/// };
/// assert_eq!((table.schema.as_deref(), &*table.name), (Some("main"), "order"));
/// ```
pub fn table_change(statement: &str) -> Option<TableChange> {
    let mut cursor = Cursor::new(Dialect::Sqlite, statement);
    if let Some(table) = created_table(&mut cursor) {
        return Some(TableChange::Create(table));
    }
    if cursor.eat("DROP") {
        let is_table = cursor.eat("TABLE");
        let if_exists = cursor.eat("IF") && cursor.eat("EXISTS");
        let table = TableName::read(&mut cursor);
        return is_table.then_some(TableChange::Drop { table, if_exists });
    }
    if !(cursor.eat("ALTER") && cursor.eat("TABLE")) {
        return None;
    }
    let table = TableName::read(&mut cursor);
    let renames = cursor.eat("RENAME") && cursor.eat("TO");
    renames.then(|| TableChange::Rename {
        table,
        to: unquoted(cursor.text()),
    })
}

/// Steps over the beginning of a `CREATE TABLE`, if the statement is one.
fn created_table(cursor: &mut Cursor<'_>) -> Option<TableName> {
    if !cursor.eat("CREATE") {
        return None;
    }
    let is_temporary = cursor.eat("TEMP") || cursor.eat("TEMPORARY");
    if !cursor.eat("TABLE") {
        return None;
    }
    if cursor.eat("IF") {
        cursor.eat("NOT");
        cursor.eat("EXISTS");
    }
    let mut table = TableName::read(cursor);
    if is_temporary {
        table.schema = Some("temp".to_owned());
    }
    Some(table)
}

/// A foreign key in a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The table that has the foreign key.
    pub child: String,
    /// The table that it refers to.
    pub parent: String,
    /// The place of `REFERENCES` and of the name after it.
    pub range: Range<usize>,
}

/// The foreign keys that a `CREATE TABLE` or `ALTER TABLE … ADD COLUMN` of SQLite declares.
///
/// ```
/// use migrate_chain::sql::sqlite::references;
///
/// let found = references("CREATE TABLE pets (owner REFERENCES \"users\" (id))");
/// assert_eq!((&*found[0].child, &*found[0].parent), ("pets", "users"));
/// ```
pub fn references(statement: &str) -> Vec<Reference> {
    let mut cursor = Cursor::new(Dialect::Sqlite, statement);
    let child = match created_table(&mut cursor) {
        Some(table) => table.name,
        None if cursor.eat("ALTER") && cursor.eat("TABLE") => TableName::read(&mut cursor).name,
        None => return Vec::new(),
    };
    let mut found = Vec::new();
    while cursor.find("REFERENCES") {
        let start = cursor.range().start;
        cursor.bump();
        found.push(Reference {
            child: child.clone(),
            parent: unquoted(cursor.text()),
            range: start..cursor.range().end,
        });
        cursor.bump();
    }
    found
}

/// The PRAGMA that a statement of SQLite reads or sets, in lower case, with the database that it names.
///
/// ```
/// use migrate_chain::sql::sqlite::pragma_name;
///
/// let found = pragma_name("PRAGMA main.Cache_Size = 10").expect("it is one");
/// assert_eq!((found.schema.as_deref(), &*found.name), (Some("main"), "cache_size"));
/// ```
pub fn pragma_name(statement: &str) -> Option<TableName> {
    let mut cursor = Cursor::new(Dialect::Sqlite, statement);
    cursor.eat("PRAGMA").then(|| {
        let found = TableName::read(&mut cursor);
        TableName {
            name: found.name.to_ascii_lowercase(),
            ..found
        }
    })
}

/// The name under which a statement of SQLite attaches a database.
///
/// ```
/// use migrate_chain::sql::sqlite::attached_name;
///
/// assert_eq!(attached_name("ATTACH DATABASE 'old.db' AS \"old\"").as_deref(), Some("old"));
/// ```
pub fn attached_name(statement: &str) -> Option<String> {
    let mut cursor = Cursor::new(Dialect::Sqlite, statement);
    if !cursor.eat("ATTACH") {
        return None;
    }
    let mut name = None;
    while cursor.find("AS") {
        cursor.bump();
        name = Some(unquoted(cursor.text()));
    }
    name
}
