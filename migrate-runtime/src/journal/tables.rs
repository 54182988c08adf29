//! The two tables: their definitions, and the SQL that reads and writes them on every database.

use std::time::Duration;

use migrate_chain::Dialect;
use migrate_chain::sql::{quote_name, quote_value};

use crate::journal::columns::{
    self, COLUMNS, DIGEST, DIRECTION, EVENT, JournalColumn, PROGRESS, REVISION, SEQUENCE, Times,
};
use crate::journal::state::RowChanges;
#[cfg(any(feature = "sqlite", feature = "mysql"))]
use crate::journal::state::State;
use crate::journal::{Entry, JournalDirection, JournalEvent};
use crate::syntax::{self, Syntax};
use crate::values::settings::EmbeddedSettings;

/// The names of the tables, quoted for a dialect.
#[derive(Clone, Debug)]
pub struct Tables {
    pub dialect: Dialect,
    pub syntax: &'static dyn Syntax,
    /// Whether runs keep each other out by a lease; SQLite has none.
    #[cfg_attr(
        not(any(feature = "postgres", feature = "mysql")),
        allow(dead_code, reason = "SQLite has none")
    )]
    pub is_leased: bool,
    /// The schema as the user wrote it, unquoted.
    pub schema: Option<String>,
    /// The unquoted names, as catalogs hold them.
    pub version_name: String,
    pub journal_name: String,
    version: String,
    journal: String,
}

impl Tables {
    /// In `schema`, or where the settings say.
    pub fn new(dialect: Dialect, settings: &EmbeddedSettings, schema: Option<&str>) -> Self {
        let schema = schema.or(settings.version_table_schema.as_deref());
        let qualified = |table: &str| match schema {
            Some(schema) => format!(
                "{}.{}",
                quote_name(dialect, schema),
                quote_name(dialect, table)
            ),
            None => quote_name(dialect, table),
        };
        Self {
            dialect,
            syntax: syntax::of(dialect),
            is_leased: settings.lease,
            schema: schema.map(str::to_owned),
            version_name: settings.version_table.to_string(),
            journal_name: settings.journal_table.to_string(),
            version: qualified(&settings.version_table),
            journal: qualified(&settings.journal_table),
        }
    }

    /// The same tables in the schema where they were found: a revision may change what a name alone leads to.
    #[cfg(feature = "postgres")]
    pub fn in_schema(&self, schema: &str) -> Self {
        let qualified = |table: &str| {
            let [schema, table] = [schema, table].map(|name| quote_name(self.dialect, name));
            format!("{schema}.{table}")
        };
        Self {
            schema: Some(schema.to_owned()),
            version: qualified(&self.version_name),
            journal: qualified(&self.journal_name),
            ..self.clone()
        }
    }

    /// A condition that holds while the state is the one that a plan was made for.
    #[cfg(any(feature = "sqlite", feature = "mysql"))]
    pub fn is_state(&self, expected: &State) -> String {
        let unfinished = u8::from(expected.unfinished);
        format!(
            "{} AND {} = {unfinished}",
            self.has_rows(expected),
            is_unfinished(&self.journal, "0")
        )
    }

    /// A condition that holds while the version rows are the expected ones. It is one query: a second one costs as much as
    /// the rest of it.
    #[cfg(any(feature = "sqlite", feature = "mysql"))]
    pub fn has_rows(&self, expected: &State) -> String {
        let (version, ids) = (&self.version, expected.ids());
        let (names, count): (Vec<String>, usize) =
            (ids.iter().map(|id| self.text(id)).collect(), ids.len());
        if names.is_empty() {
            return format!("(SELECT COUNT(*) = 0 FROM {version})");
        }
        format!(
            "(SELECT COUNT(*) = {count} AND COALESCE(SUM(version_num IN ({})), 0) = {count} FROM {version})",
            names.join(", ")
        )
    }

    /// The version table, as SQL writes it.
    #[cfg(feature = "postgres")]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The name of the table with the lease, which is the runtime's own and next to the journal.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub fn lease(&self) -> String {
        // A name has 64 characters in MySQL and 63 bytes in PostgreSQL.
        let longest = 63 - "_lease".len();
        let stem = &self.journal_name[..self.journal_name.floor_char_boundary(longest)];
        let table = quote_name(self.dialect, &format!("{stem}_lease"));
        match &self.schema {
            Some(schema) => format!("{}.{table}", quote_name(self.dialect, schema)),
            None => table,
        }
    }

    /// The journal, as SQL writes it.
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    pub fn journal(&self) -> &str {
        &self.journal
    }

    /// The statement that creates Alembic's table, as Alembic does.
    pub fn create_version(&self) -> String {
        // A name has 64 characters in MySQL and 63 bytes in PostgreSQL.
        let longest = 63 - "_pkc".len();
        let stem = &self.version_name[..self.version_name.floor_char_boundary(longest)];
        let constraint = quote_name(self.dialect, &format!("{stem}_pkc"));
        format!(
            "CREATE TABLE IF NOT EXISTS {} (version_num VARCHAR(32) NOT NULL, CONSTRAINT {constraint} PRIMARY KEY \
             (version_num)){}",
            self.version,
            self.syntax.version_options()
        )
    }

    /// The statement that creates the journal, with the index that finds the last record of a revision.
    pub fn create_journal(&self) -> String {
        let columns = COLUMNS
            .iter()
            .filter_map(|column| column.definition(self.syntax));
        let columns: Vec<String> = columns.collect();
        format!(
            "CREATE TABLE IF NOT EXISTS {} ({}, UNIQUE ({REVISION}, {SEQUENCE})){}",
            self.journal,
            columns.join(", "),
            self.syntax.journal_options()
        )
    }

    /// The one statement of the fast path. Each of its rows has the event of the last journal row, a version row, and
    /// the digest that was last recorded for that; with no version rows there is one row, its revision NULL. A version
    /// row that is NULL itself is read as empty, so that it is not taken for none.
    pub fn read(&self) -> String {
        let (version, journal) = (&self.version, &self.journal);
        let row = self.syntax.comparable("v.version_num");
        let (null, applied) = (self.null_row(), is_applied("j."));
        format!(
            "SELECT last.{EVENT}, CASE WHEN v.present = 1 THEN COALESCE(v.version_num, {null}) END AS version_num, (SELECT \
             j.{DIGEST} FROM {journal} j WHERE j.{REVISION} = {row} AND {applied} ORDER BY j.{SEQUENCE} DESC LIMIT 1) AS \
             {DIGEST} FROM (SELECT (SELECT {EVENT} FROM {journal} ORDER BY {SEQUENCE} DESC LIMIT 1) AS {EVENT}) last LEFT \
             JOIN (SELECT version_num, 1 AS present FROM {version}) v ON 1 = 1"
        )
    }

    /// The version rows alone, for a database without a journal.
    pub fn read_version(&self) -> String {
        format!(
            "SELECT NULL AS {EVENT}, COALESCE(version_num, {}) AS version_num, NULL AS {DIGEST} FROM {}",
            self.null_row(),
            self.version
        )
    }

    /// The SQL value that is read instead of a version row that is NULL: no revision has such an id.
    fn null_row(&self) -> String {
        self.text(&format!("{NULL_ROW}{}", self.version_name))
    }

    /// The journal rows that a run needs, the oldest first: every record, and the last row, which says whether a
    /// revision is under way. A revision outside a transaction may have left thousands of rows about its progress.
    pub fn read_journal(&self) -> String {
        let (columns, journal) = (columns::names(columns::read()), &self.journal);
        let records = events(JournalEvent::is_record);
        format!(
            "SELECT {columns} FROM {journal} WHERE {EVENT} IN ({records}) OR {SEQUENCE} = (SELECT MAX({SEQUENCE}) FROM \
             {journal}) ORDER BY {SEQUENCE}"
        )
    }

    /// The statement that removes all version rows.
    pub fn clear_rows(&self) -> String {
        format!("DELETE FROM {}", self.version)
    }

    /// The statements that change the version rows; each must hit exactly one row.
    pub fn change_rows(&self, changes: &RowChanges) -> Vec<String> {
        let text = |id: &str| self.text(id);
        let updates = changes
            .removed
            .iter()
            .zip(&changes.added)
            .map(|(from, to)| {
                format!(
                    "UPDATE {} SET version_num = {} WHERE version_num = {}",
                    self.version,
                    text(to),
                    text(from)
                )
            });
        let pairs = changes.removed.len().min(changes.added.len());
        let deletes = changes.removed[pairs..].iter().map(|row| {
            format!(
                "DELETE FROM {} WHERE version_num = {}",
                self.version,
                text(row)
            )
        });
        let inserts = changes.added[pairs..].iter().map(|row| {
            format!(
                "INSERT INTO {} (version_num) VALUES ({})",
                self.version,
                text(row)
            )
        });
        updates.chain(deletes).chain(inserts).collect()
    }

    /// The statement that adds a row to the journal. It was started `duration` ago and ends now.
    pub fn add(&self, entry: &Entry<'_>, duration: Option<Duration>) -> String {
        self.add_with(entry, duration, &[])
    }

    /// The same with columns that only some rows have, and their values in SQL.
    pub fn add_with(
        &self,
        entry: &Entry<'_>,
        duration: Option<Duration>,
        noted: &[(&'static JournalColumn, String)],
    ) -> String {
        let milliseconds = duration.map(|duration| duration.as_millis());
        let times = Times {
            started: &self.syntax.ago(milliseconds.unwrap_or_default()),
            finished: self.syntax.now(),
            took: &milliseconds.map_or_else(|| "NULL".to_owned(), |time| time.to_string()),
        };
        self.insert(entry, &times, noted)
    }

    /// How far the batches of a revision are that is under way.
    pub fn read_progress(&self, revision: &str) -> String {
        let (journal, id) = (&self.journal, self.text(revision));
        let over = events(|event| event.is_record() || event == JournalEvent::Abandoned);
        format!(
            "SELECT {PROGRESS} FROM {journal} WHERE {REVISION} = {id} AND {PROGRESS} IS NOT NULL AND {SEQUENCE} > \
             COALESCE((SELECT MAX({SEQUENCE}) FROM {journal} WHERE {REVISION} = {id} AND {EVENT} IN ({over})), 0) ORDER BY \
             {SEQUENCE} DESC LIMIT 1"
        )
    }

    /// The statement that notes how far they are.
    pub fn add_progress(&self, entry: &Entry<'_>, progress: &str) -> String {
        self.add_with(
            entry,
            Some(Duration::ZERO),
            &[(&PROGRESS, self.text(progress))],
        )
    }

    /// The statement that adds a row to the journal.
    pub fn insert(
        &self,
        entry: &Entry<'_>,
        times: &Times<'_>,
        noted: &[(&'static JournalColumn, String)],
    ) -> String {
        let columns = columns::written().chain(noted.iter().map(|&(column, _)| column));
        let noted = noted.iter().map(|(_, value)| value.clone());
        let values: Vec<String> = self.values(entry, times).into_iter().chain(noted).collect();
        format!(
            "INSERT INTO {} ({}) VALUES ({})",
            self.journal,
            columns::names(columns),
            values.join(", ")
        )
    }

    /// The values of the columns that every row is [`written`](columns::written) with, in SQL.
    pub fn values(&self, entry: &Entry<'_>, times: &Times<'_>) -> Vec<String> {
        let quoted = |text: Option<&str>| quote_value(self.dialect, text);
        columns::written()
            .map(|column| column.value(entry, times, quoted))
            .collect()
    }

    fn text(&self, text: &str) -> String {
        quote_value(self.dialect, Some(text))
    }
}

/// Before the name of a version table that has a row which is NULL.
pub const NULL_ROW: &str = "NULL in ";

/// A condition: a journal row, whose columns have this prefix, records that its revision is applied.
pub fn is_applied(prefix: &str) -> String {
    let records = events(JournalEvent::is_record);
    let downgrade = JournalDirection::Downgrade.name();
    format!("{prefix}{EVENT} IN ({records}) AND {prefix}{DIRECTION} <> '{downgrade}'")
}

/// The condition that a revision is under way by the last row of the journal, as a subquery on that.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub fn is_unfinished(journal: &str, otherwise: &str) -> String {
    let unfinished = events(JournalEvent::is_unfinished);
    format!(
        "COALESCE((SELECT {EVENT} FROM {journal} ORDER BY {SEQUENCE} DESC LIMIT 1) IN ({unfinished}), {otherwise})"
    )
}

/// Events as a list in SQL.
fn events(which: impl Fn(JournalEvent) -> bool) -> String {
    let chosen = JournalEvent::ALL.into_iter().filter(|event| which(*event));
    let names: Vec<String> = chosen.map(|event| format!("'{}'", event.name())).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables() -> Tables {
        Tables {
            dialect: Dialect::Sqlite,
            syntax: syntax::of(Dialect::Sqlite),
            is_leased: false,
            schema: None,
            version_name: "v".to_owned(),
            journal_name: "j".to_owned(),
            version: "\"v\"".to_owned(),
            journal: "\"j\"".to_owned(),
        }
    }

    fn ids(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|&id| id.to_owned()).collect()
    }

    fn statements(before: &[&str], after: &[&str]) -> Vec<String> {
        tables().change_rows(&RowChanges::between(&ids(before), &ids(after)))
    }

    #[test]
    fn the_name_of_the_constraint_fits() {
        let named = |version_name: &str| {
            let tables = Tables {
                version_name: version_name.to_owned(),
                ..tables()
            };
            tables.create_version()
        };
        assert!(named("alembic_version").contains("CONSTRAINT \"alembic_version_pkc\""));
        let stem = "v".repeat(59);
        assert!(named(&"v".repeat(63)).contains(&format!("CONSTRAINT \"{stem}_pkc\"")));
        let stem = "é".repeat(29);
        assert!(named(&"é".repeat(31)).contains(&format!("CONSTRAINT \"{stem}_pkc\"")));
    }

    #[test]
    fn rows_change_by_the_fewest_statements() {
        assert_eq!(statements(&["a"], &["a"]), [""; 0]);
        assert_eq!(
            statements(&[], &["a"]),
            ["INSERT INTO \"v\" (version_num) VALUES ('a')"]
        );
        assert_eq!(
            statements(&["a"], &[]),
            ["DELETE FROM \"v\" WHERE version_num = 'a'"]
        );
        let moved = "UPDATE \"v\" SET version_num = 'b' WHERE version_num = 'a'";
        assert_eq!(statements(&["a"], &["b"]), [moved]);
        // A merge, and its way back; what is in both stays as it is.
        let merged = [moved, "DELETE FROM \"v\" WHERE version_num = 'x'"];
        assert_eq!(statements(&["a", "k", "x"], &["b", "k"]), merged);
        let split = [
            "UPDATE \"v\" SET version_num = 'a' WHERE version_num = 'b'",
            "INSERT INTO \"v\" (version_num) VALUES ('x')",
        ];
        assert_eq!(statements(&["b"], &["a", "x"]), split);
    }

    #[cfg(feature = "sqlite")]
    mod on_sqlite {
        use proptest::prelude::*;
        use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqliteConnection};

        use super::*;

        proptest! {
            /// A value written into a statement comes back unchanged, and names refer to the same things.
            #[test]
            fn literals_and_names_come_back(value in "(?s)[^\0]*", column in "[^\0]{1,40}") {
                let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
                let (value, column) = (&value, &column);
                runtime.block_on(async move {
                    let mut connection = SqliteConnection::connect("sqlite::memory:").await.expect("a database");
                    let (text, name) = (tables().text(value), quote_name(Dialect::Sqlite, column));
                    let sql = format!("SELECT {text} AS {name}");
                    let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(&mut connection).await.expect("sound SQL");
                    assert_eq!(&row.get::<String, _>(0), value);
                    assert_eq!(sqlx::Column::name(row.column(0)), column);
                });
            }
        }
    }
}
