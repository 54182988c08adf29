use futures_util::future::BoxFuture;
use migrate_chain::Dialect;

use super::value::{Row, Value};
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
use crate::journal::subject::setting;
use crate::journal::tables::Tables;
use crate::journal::{Entry, JournalEvent};

/// The result of a query.
#[derive(Debug, Default)]
pub struct QueryResult {
    pub rows: Vec<Row>,
    pub affected: u64,
}

/// The journal, for a Rust revision outside a transaction.
#[derive(Clone, Copy)]
pub struct RevisionJournal<'r> {
    pub tables: &'r Tables,
    /// The entry for the end of the revision.
    pub entry: &'r Entry<'r>,
}

impl<'r> RevisionJournal<'r> {
    /// The journal, if the revision of `entry` runs outside a transaction.
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    pub fn outside(tables: &'r Tables, entry: &'r Entry<'r>) -> Option<Self> {
        let settings = &entry.subject.settings;
        let is_outside = settings.contains(&setting::TRANSACTION_OFF);
        is_outside.then_some(Self { tables, entry })
    }

    /// The query for how far its batches are.
    pub fn read_progress(&self) -> String {
        self.tables.read_progress(self.entry.subject.id())
    }

    /// The statement that notes how far they are.
    pub fn add_progress(&self, progress: &str) -> String {
        let entry = Entry {
            event: JournalEvent::Batch,
            statements: 0,
            ..self.entry.clone()
        };
        self.tables.add_progress(&entry, progress)
    }
}

/// The connection, as a Rust revision may use it.
pub trait Executor: Send {
    fn dialect(&self) -> Dialect;

    /// Executes SQL and returns the rows affected.
    fn execute<'s>(&'s mut self, sql: &'s str) -> BoxFuture<'s, Result<u64, sqlx::Error>>;

    /// The journal that records how far the revision is; `None` inside a transaction, which commits as a whole.
    fn journal(&self) -> Option<RevisionJournal<'_>>;

    /// Runs one statement with values for its placeholders.
    fn query<'s>(
        &'s mut self,
        sql: &'s str,
        values: Vec<Value>,
    ) -> BoxFuture<'s, Result<QueryResult, sqlx::Error>>;

    /// The sqlx connection, if it is one to SQLite.
    #[cfg(feature = "sqlite")]
    fn sqlite(&mut self) -> Option<&mut sqlx::SqliteConnection> {
        None
    }

    /// The sqlx connection, if it is one to PostgreSQL.
    #[cfg(feature = "postgres")]
    fn postgres(&mut self) -> Option<&mut sqlx::PgConnection> {
        None
    }

    /// The sqlx connection, if it is one to MySQL or MariaDB.
    #[cfg(feature = "mysql")]
    fn mysql(&mut self) -> Option<&mut sqlx::MySqlConnection> {
        None
    }
}
