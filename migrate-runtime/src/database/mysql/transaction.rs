//! Revisions that a transaction can hold, each with its record.

use std::time::{Duration, Instant};

use migrate_chain::Dialect;
use migrate_chain::sql::split;
use tracing::Instrument as _;

use sqlx::AssertSqlSafe;

use super::code::{self, SEVERAL_ROWS, database};
use super::message::{Message, Part, Stopped};
use super::statement::{Kind, kind};
use super::{MySqlSession, evidence, execute, lock::Lock};
use crate::database::{Failure, Progress, State, Transactional, Work, syntax};
use crate::journal::Entry;
use crate::point;
use crate::tables::Tables;

impl MySqlSession<'_> {
    /// Whether a transaction can hold all of the work: its statements read and change rows only, of tables that have
    /// transactions.
    pub(super) async fn holds(&mut self, work: Work<'_>) -> Result<bool, Failure> {
        let script = match work {
            Work::Nothing => return Ok(true),
            // What a function does is not known before it is done.
            Work::Rust(_) => return Ok(false),
            Work::Sql(script) => script,
        };
        let mut statements = split(Dialect::MySql, script);
        let is_of_rows = statements.all(|one| kind(&script[one.range()]) == Kind::Rows);
        Ok(is_of_rows && self.has_only_transactional_tables(script).await?)
    }

    /// Whether all tables that the SQL may change have transactions, as far as this user can see them.
    pub(super) async fn has_only_transactional_tables(
        &mut self,
        sql: &str,
    ) -> Result<bool, Failure> {
        let query = AssertSqlSafe(other_tables(sql));
        let rows = sqlx::raw_sql(query).fetch_optional(self.connection.get());
        let row = rows
            .await
            .map_err(|error| database(error, "to look at the engines of the tables"))?;
        Ok(row.is_none())
    }

    /// Runs revisions in one transaction, if the state is what they were planned for.
    pub(super) async fn transaction(
        &mut self,
        tables: &Tables,
        expected: &State,
        revisions: &[Transactional<'_>],
        progress: &mut dyn Progress,
    ) -> Result<(), Failure> {
        self.left_trace = false;
        self.create_tables(tables, expected).await?;
        let mut last = None;
        let result = async {
            for (index, revision) in revisions.iter().enumerate() {
                if let Some((index, duration)) = last {
                    progress.finished(index, duration);
                }
                let place = Place {
                    index,
                    is_first: index == 0,
                    is_last: index + 1 == revisions.len(),
                };
                let duration = self
                    .step(tables, expected, revision, place, progress)
                    .instrument(revision.span.clone())
                    .await?;
                last = Some((index, duration));
            }
            Ok(())
        }
        .await;
        if result.is_err() {
            // The first error is the one to tell; a connection that is broken rolls back as well.
            let _ = self.roll_back().await;
            return result;
        }
        self.in_transaction = false;
        point::reached(point::AFTER_COMMIT);
        if let Some((index, duration)) = last {
            progress.finished(index, duration);
        }
        Ok(())
    }

    async fn step(
        &mut self,
        tables: &Tables,
        expected: &State,
        revision: &Transactional<'_>,
        place: Place,
        progress: &mut dyn Progress,
    ) -> Result<Duration, Failure> {
        let started = Instant::now();
        progress.started(place.index);
        let entry = &revision.record.entry;
        let evidence = self.evidence(entry).await?;
        let mut message = Message::default();
        if place.is_first {
            self.begin(tables, expected, &mut message);
        }
        if let Work::Sql(script) = revision.work {
            self.limit(&mut message);
            for (n, one) in split(Dialect::MySql, script).enumerate() {
                message.push(Part::Statement(n), &script[one.range()]);
            }
            point::reached(point::BEFORE_STATEMENT);
            let sent = self.send(message, place.index, progress).await;
            let unlimited = self.unlimit().await;
            sent.and(unlimited)?;
            point::reached(point::BEFORE_RECORD);
            message = Message::default();
        }
        if let Some(lock) = &self.lock {
            lock.fence(&mut message);
        }
        for change in tables.change_rows(&revision.record.changes) {
            message.push(Part::Change, &change);
            message.guard(Part::Hit, "ROW_COUNT() = 1");
        }
        message.push(
            Part::Journal,
            &add(tables, entry, started.elapsed(), evidence.as_deref()),
        );
        if place.is_last {
            message.push(Part::Other, "COMMIT");
        }
        self.send(message, place.index, progress).await?;
        Ok(started.elapsed())
    }

    /// Begins a transaction in which nobody else can change the version rows, if they are the expected ones.
    fn begin(&mut self, tables: &Tables, expected: &State, message: &mut Message) {
        self.in_transaction = true;
        message.push(Part::Other, "START TRANSACTION");
        if let Some(lock) = &self.lock {
            lock.guard(message);
        }
        message.push(
            Part::Other,
            &format!("{} FOR UPDATE", tables.read_version()),
        );
        message.guard(Part::State, &tables.is_state(expected));
    }

    async fn send(
        &mut self,
        message: Message,
        index: usize,
        progress: &mut dyn Progress,
    ) -> Result<(), Failure> {
        let tell = |part: Part| {
            if let Part::Statement(n) = part {
                progress.statement(index, n);
            }
        };
        let connection = self.connection.get();
        let sent = match &mut self.lock {
            Some(Lock::Lease(lease)) => lease.during(message.send(connection, tell)).await,
            _ => message.send(connection, tell).await,
        };
        sent.map(|_| ()).map_err(|stopped| failure(stopped, index))
    }

    /// The tables are created outside of the transaction: a schema change would commit it.
    async fn create_tables(&mut self, tables: &Tables, state: &State) -> Result<(), Failure> {
        let version = (!state.has_version_table).then(|| tables.create_version());
        let journal = (!state.has_journal).then(|| tables.create_journal());
        for create in version.into_iter().chain(journal) {
            let created = execute(self.connection.get(), &create).await;
            created
                .map_err(|error| database(error, "to create the version table and the journal"))?;
        }
        Ok(())
    }

    /// What tells later whether the statement behind this record was done.
    pub(super) async fn evidence(&mut self, entry: &Entry<'_>) -> Result<Option<String>, Failure> {
        let Some(next) = entry.next else {
            return Ok(None);
        };
        let seen = evidence::before(self.connection.get(), next).await;
        seen.map_err(|error| database(error, "to look at what is there before the statement"))
    }
}

#[derive(Clone, Copy)]
struct Place {
    index: usize,
    is_first: bool,
    is_last: bool,
}

/// A query for a table without transactions: in the database itself, where a view, a trigger or a routine may lead to
/// it, or in one whose name the SQL or one of these has in it.
fn other_tables(sql: &str) -> String {
    let sql = syntax::text(Dialect::MySql, Some(sql));
    let leads_there = |objects: &str, schema: &str, definition: &str| {
        format!(
            "OR EXISTS(SELECT 1 FROM information_schema.{objects} o WHERE o.{schema} = DATABASE() AND \
             LOCATE(t.table_schema, o.{definition}) > 0)"
        )
    };
    format!(
        "SELECT 1 FROM information_schema.tables t LEFT JOIN information_schema.engines e ON e.engine = t.engine WHERE \
         t.table_type = 'BASE TABLE' AND COALESCE(e.transactions, 'NO') <> 'YES' AND t.table_schema NOT IN ('mysql', \
         'information_schema', 'performance_schema', 'sys') AND (t.table_schema = DATABASE() OR LOCATE(t.table_schema, \
         {sql}) > 0 {} {} {}) LIMIT 1",
        leads_there("views", "table_schema", "view_definition"),
        leads_there("triggers", "trigger_schema", "action_statement"),
        leads_there("routines", "routine_schema", "routine_definition"),
    )
}

/// The statement that adds a row to the journal, with what tells of the statement behind it.
pub(super) fn add(
    tables: &Tables,
    entry: &Entry<'_>,
    duration: Duration,
    evidence: Option<&str>,
) -> String {
    let evidence = syntax::text(Dialect::MySql, evidence);
    tables.add_with(entry, Some(duration), &[("evidence", evidence)])
}

/// What it means that a message has stopped.
pub(super) fn failure(stopped: Stopped, index: usize) -> Failure {
    let Stopped { part, error } = stopped;
    let is_guard = code::is(&error, SEVERAL_ROWS);
    match part {
        Part::Statement(statement) => Failure::Statement {
            index,
            statement,
            at: None,
            error,
        },
        // The lock is gone, or another server has changed the lease: nothing was done yet.
        Part::Lock if is_guard || code::gave_up(&error) => Failure::Fenced,
        Part::State if is_guard => Failure::Fenced,
        Part::Hit if is_guard => Failure::Meddled {
            index,
            what: "changed the version table, which is the runtime's".into(),
        },
        Part::Journal => database(error, "to write the journal"),
        Part::Lock | Part::State | Part::Change | Part::Hit => {
            database(error, "to record the revision")
        }
        Part::Other => database(error, "to begin or commit a transaction"),
    }
}
