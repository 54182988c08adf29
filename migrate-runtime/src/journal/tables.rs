//! The two tables: their definitions, and the SQL that reads and writes them.

use std::time::Duration;

use migrate_chain::Dialect;

use crate::journal::state::RowChanges;
#[cfg(feature = "mysql")]
use crate::journal::state::State;
use crate::journal::syntax::{self, journal_columns, name};
use crate::journal::{Entry, JournalEvent};
use crate::values::settings::Settings;

/// The names of the tables, quoted for a dialect.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    pub(crate) dialect: Dialect,
    /// The schema as the user wrote it, unquoted.
    pub(crate) schema: Option<String>,
    /// The unquoted names, as catalogs hold them.
    pub(crate) version_name: String,
    pub(crate) journal_name: String,
    version: String,
    journal: String,
}

impl Tables {
    /// In `schema`, or where the settings say.
    pub(crate) fn new(dialect: Dialect, settings: &Settings, schema: Option<&str>) -> Self {
        let schema = schema.or(settings.version_table_schema.as_deref());
        let qualified = |table: &str| match schema {
            Some(schema) => format!("{}.{}", name(dialect, schema), name(dialect, table)),
            None => name(dialect, table),
        };
        Self {
            dialect,
            schema: schema.map(str::to_owned),
            version_name: settings.version_table.to_string(),
            journal_name: settings.journal_table.to_string(),
            version: qualified(&settings.version_table),
            journal: qualified(&settings.journal_table),
        }
    }

    /// The same tables in the schema where they were found: a revision may change what a name alone leads to.
    #[cfg(feature = "postgres")]
    pub(crate) fn in_schema(&self, schema: &str) -> Self {
        let qualified = |table: &str| {
            let (schema, table) = (name(self.dialect, schema), name(self.dialect, table));
            format!("{schema}.{table}")
        };
        Self {
            schema: Some(schema.to_owned()),
            version: qualified(&self.version_name),
            journal: qualified(&self.journal_name),
            ..self.clone()
        }
    }

    /// The version table, as SQL writes it.
    #[cfg(feature = "postgres")]
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// The journal, as SQL writes it.
    #[cfg(feature = "postgres")]
    pub(crate) fn journal(&self) -> &str {
        &self.journal
    }

    /// The statement that creates Alembic's table, as Alembic does.
    pub(crate) fn create_version(&self) -> String {
        // A name has 64 characters in MySQL and 63 bytes in PostgreSQL.
        let longest = 63 - "_pkc".len();
        let stem = &self.version_name[..self.version_name.floor_char_boundary(longest)];
        let constraint = name(self.dialect, &format!("{stem}_pkc"));
        format!(
            "CREATE TABLE IF NOT EXISTS {} (version_num VARCHAR(32) NOT NULL, CONSTRAINT {constraint} PRIMARY KEY \
             (version_num)){}",
            self.version,
            syntax::with_transactions(self.dialect)
        )
    }

    /// The statement that creates the journal.
    pub(crate) fn create_journal(&self) -> String {
        format!(
            "CREATE TABLE IF NOT EXISTS {} ({}){}",
            self.journal,
            journal_columns(self.dialect),
            syntax::with_all_characters(self.dialect)
        )
    }

    /// The one statement of the fast path. Each of its rows has the event of the last journal row, a version row, and
    /// the digest that was last recorded for that; with no version rows there is one row, its revision NULL. A version
    /// row that is NULL itself is read as empty, so that it is not taken for none.
    pub(crate) fn read(&self) -> String {
        let (version, journal) = (&self.version, &self.journal);
        let row = syntax::comparable(self.dialect, "v.version_num");
        let null = self.null_row();
        format!(
            "SELECT last.event, CASE WHEN v.present = 1 THEN COALESCE(v.version_num, {null}) END AS version_num, (SELECT j.digest FROM {journal} j WHERE j.revision = {row} AND \
             j.event IN ({RECORDS}) AND j.direction <> 'downgrade' ORDER BY j.sequence DESC LIMIT 1) AS digest FROM \
             (SELECT (SELECT event FROM {journal} ORDER BY sequence DESC LIMIT 1) AS event) last LEFT JOIN \
             (SELECT version_num, 1 AS present FROM {version}) v ON 1 = 1"
        )
    }

    /// The version rows alone, for a database without a journal.
    pub(crate) fn read_version(&self) -> String {
        format!(
            "SELECT NULL AS event, COALESCE(version_num, {}) AS version_num, NULL AS digest FROM {}",
            self.null_row(),
            self.version
        )
    }

    /// What is read instead of a version row that is NULL, in SQL: no revision has such an id.
    fn null_row(&self) -> String {
        syntax::text(
            self.dialect,
            Some(&format!("{NULL_ROW}{}", self.version_name)),
        )
    }

    /// The last row of the journal: whether it is the record of a revision that is applied, of which, and its digest.
    #[cfg(feature = "postgres")]
    pub(crate) fn read_end(&self) -> String {
        format!(
            "SELECT event IN ({RECORDS}) AND direction <> 'downgrade', revision, digest FROM {} ORDER BY sequence DESC LIMIT 1",
            self.journal
        )
    }

    /// The whole journal, oldest row first.
    pub(crate) fn read_journal(&self) -> String {
        format!(
            "SELECT event, direction, revision, down_revision, depends_on, checksum, digest, statements, \
             statements_hash, downgrade, error, message, settings FROM {} ORDER BY sequence",
            self.journal
        )
    }

    /// How far the revision under way is, as the last row tells.
    #[cfg(feature = "sqlite")]
    pub(crate) fn read_last(&self) -> String {
        format!(
            "SELECT revision, statements FROM {} ORDER BY sequence DESC LIMIT 1",
            self.journal
        )
    }

    /// The statement that removes all version rows.
    pub(crate) fn clear_rows(&self) -> String {
        format!("DELETE FROM {}", self.version)
    }

    /// The statements that change the version rows; each must hit exactly one row.
    pub(crate) fn change_rows(&self, changes: &RowChanges) -> Vec<String> {
        let text = |id: &str| syntax::text(self.dialect, Some(id));
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

    /// A condition in SQL that holds while the state is the one that a plan was made for.
    #[cfg(feature = "mysql")]
    pub(crate) fn is_state(&self, expected: &State) -> String {
        let (version, journal) = (&self.version, &self.journal);
        let ids = expected.ids();
        let names: Vec<String> = ids
            .iter()
            .map(|id| syntax::text(self.dialect, Some(id)))
            .collect();
        let are_there = if names.is_empty() {
            String::new()
        } else {
            let count = format!(
                "SELECT COUNT(*) FROM {version} WHERE version_num IN ({})",
                names.join(", ")
            );
            format!("({count}) = {} AND ", names.len())
        };
        let unfinished = u8::from(expected.unfinished);
        format!(
            "(SELECT COUNT(*) FROM {version}) = {} AND {are_there}COALESCE((SELECT event FROM {journal} ORDER BY sequence \
             DESC LIMIT 1) IN ({UNFINISHED}), 0) = {unfinished}",
            names.len()
        )
    }

    /// What was last written down about the statement that comes next, in the revision that is under way.
    #[cfg(feature = "mysql")]
    pub(crate) fn read_evidence(&self) -> String {
        let journal = &self.journal;
        format!(
            "SELECT evidence FROM {journal} WHERE evidence IS NOT NULL AND (revision, statements) = (SELECT revision, \
             statements FROM {journal} ORDER BY sequence DESC LIMIT 1) ORDER BY sequence DESC LIMIT 1"
        )
    }

    /// The statement that adds a row to the journal. It was started `duration` ago and ends now.
    pub(crate) fn add(&self, entry: &Entry<'_>, duration: Option<Duration>) -> String {
        self.add_with(entry, duration, &[])
    }

    /// The same with further columns, and their values in SQL.
    pub(crate) fn add_with(
        &self,
        entry: &Entry<'_>,
        duration: Option<Duration>,
        more: &[(&str, String)],
    ) -> String {
        let (now, started) = syntax::times(self.dialect, duration.unwrap_or_default().as_millis());
        let duration = duration.map_or_else(
            || "NULL".to_owned(),
            |duration| duration.as_millis().to_string(),
        );
        self.insert(entry, [&started, &now, &duration], more)
    }

    /// How far the batches of a revision are that is under way.
    pub(crate) fn read_progress(&self, revision: &str) -> String {
        let journal = &self.journal;
        let id = syntax::text(self.dialect, Some(revision));
        format!(
            "SELECT progress FROM {journal} WHERE revision = {id} AND progress IS NOT NULL AND sequence > COALESCE((SELECT \
             MAX(sequence) FROM {journal} WHERE revision = {id} AND event IN ({RECORDS}, 'abandoned')), 0) ORDER BY sequence \
             DESC LIMIT 1"
        )
    }

    /// The statement that notes how far they are.
    pub(crate) fn add_progress(&self, entry: &Entry<'_>, progress: &str) -> String {
        let progress = syntax::text(self.dialect, Some(progress));
        self.add_with(entry, Some(Duration::ZERO), &[("progress", progress)])
    }

    /// The statement that adds rows to the journal.
    #[cfg(feature = "sqlite")]
    pub(crate) fn add_all(&self, rows: &[Ran<'_>]) -> String {
        let ago = |time: Duration| syntax::times(self.dialect, time.as_millis()).1;
        let values = rows.iter().map(|row| {
            let (started, ended) = (ago(row.ago + row.duration), ago(row.ago));
            let duration = row.duration.as_millis().to_string();
            format!(
                "({})",
                self.values(row.entry, [&started, &ended, &duration])
                    .join(", ")
            )
        });
        let values: Vec<String> = values.collect();
        format!(
            "INSERT INTO {} ({JOURNAL_COLUMNS}) VALUES {}",
            self.journal,
            values.join(", ")
        )
    }

    /// The values of a journal row, in SQL and in the order of [`JOURNAL_COLUMNS`]: `times` are when it started and ended, and how
    /// many milliseconds that took.
    #[cfg(feature = "postgres")]
    pub(crate) fn values_with(&self, entry: &Entry<'_>, times: [&str; 3]) -> Vec<String> {
        self.values(entry, times)
    }

    /// The statement that adds a row to the journal at the end of a message. `since` is when the work began, in seconds as
    /// SQL writes it.
    #[cfg(feature = "mysql")]
    pub(crate) fn add_since(
        &self,
        entry: &Entry<'_>,
        since: &str,
        more: &[(&str, String)],
    ) -> String {
        let took = format!("GREATEST(UNIX_TIMESTAMP(SYSDATE(6)) - {since}, 0)");
        let started = format!("UTC_TIMESTAMP(3) - INTERVAL ROUND({took} * 1000000) MICROSECOND");
        let duration = format!("ROUND({took} * 1000)");
        self.insert(entry, [&started, "UTC_TIMESTAMP(3)", &duration], more)
    }

    fn insert(
        &self,
        entry: &Entry<'_>,
        [started, now, duration]: [&str; 3],
        more: &[(&str, String)],
    ) -> String {
        let mut columns = JOURNAL_COLUMNS.to_owned();
        let mut values = self.values(entry, [started, now, duration]).join(", ");
        for (column, value) in more {
            columns = format!("{columns}, {column}");
            values = format!("{values}, {value}");
        }
        format!("INSERT INTO {} ({columns}) VALUES ({values})", self.journal)
    }

    /// The values of a row, in the order of [`JOURNAL_COLUMNS`].
    fn values(&self, entry: &Entry<'_>, [started, now, duration]: [&str; 3]) -> Vec<String> {
        let text = |value: Option<&str>| syntax::text(self.dialect, value);
        let hex = |value: Option<String>| text(value.as_deref());
        let subject = &entry.subject;
        let origin = entry.origin.as_ref();
        let at = origin
            .and_then(|origin| origin.at.as_deref())
            .map(|at| text(Some(at)));
        let [started, now] = [started, now].map(|time| at.as_deref().unwrap_or(time));
        let tool = origin.map_or(TOOL_VERSION, |origin| &origin.tool);
        let finished = if entry.event == JournalEvent::Started {
            "NULL"
        } else {
            now
        };
        [
            text(Some(entry.event.name())),
            text(Some(entry.direction.name())),
            text(Some(subject.id())),
            text(Some(&subject.down_revision.join(","))),
            text(Some(&subject.depends_on.join(","))),
            text(Some(&subject.message)),
            text(Some(&subject.settings.join(","))),
            hex(subject.checksum.map(|checksum| checksum.to_string())),
            hex(subject.digest.map(|digest| digest.to_string())),
            started.to_owned(),
            finished.to_owned(),
            duration.to_owned(),
            entry.statements.to_string(),
            hex(entry.statements_hash.map(|hash| hash.to_string())),
            text(entry.downgrade.as_deref()),
            text(Some(tool)),
            text(entry.error),
        ]
        .into()
    }
}

/// The columns of a journal row, without what only one database keeps there.
pub(crate) const JOURNAL_COLUMNS: &str = "event, direction, revision, down_revision, depends_on, message, settings, checksum, digest, \
                               started_at, finished_at, duration_ms, statements, statements_hash, downgrade, tool_version, \
                               error";

/// Before the name of a version table that has a row which is NULL.
pub(crate) const NULL_ROW: &str = "NULL in ";

/// What the journal says wrote a row.
const TOOL_VERSION: &str = concat!("embed-migrations ", env!("CARGO_PKG_VERSION"));

/// The events that change the version rows, as a list in SQL.
const RECORDS: &str = "'finished', 'stamped'";

/// The events after which a revision is under way, as a list in SQL.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) const UNFINISHED: &str = "'started', 'statement', 'batch', 'failed'";

/// A row to add to the journal behind other work: how long it took, and how long ago it ended.
#[cfg(feature = "sqlite")]
pub(crate) struct Ran<'r> {
    pub(crate) entry: &'r Entry<'r>,
    pub(crate) duration: Duration,
    pub(crate) ago: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables() -> Tables {
        Tables {
            dialect: Dialect::Sqlite,
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
}
