//! Revisions in a transaction, each with its record: one message, and so one round trip, unless there is a function to
//! call in between.

use std::time::Duration;

use migrate_chain::Dialect;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Postgres, Transaction};
use tracing::Instrument as _;

use super::code::{Signal, database};
use super::lock::{Lock, UNKNOWN};
use super::message::{self, DONE, MARK, Message, Told, UNMARK, begin_marker, ended};
use super::read::Found;
use super::{PgExecutor, PostgresSession, execute, setting};
use crate::context::{Context, RevisionFn};
use crate::database::{Failure, Progress, State, Transactional, Work, rust_failure, syntax};
use crate::journal::{Entry, Record};
use crate::point;
use crate::tables::{RowChanges, Tables, UNFINISHED};

const RECORD: &str = "to record the revision";

impl PostgresSession<'_> {
    /// Runs revisions in one transaction, if the state is what they were planned for.
    pub(super) async fn transaction(
        &mut self,
        tables: &Tables,
        expected: &State,
        revisions: &[Transactional<'_>],
        progress: &mut dyn Progress,
    ) -> Result<(), Failure> {
        if revisions.is_empty() && expected.has_version_table && expected.has_journal {
            return Ok(());
        }
        let found = self.found(tables).await?;
        let opening = self.opening(&found, expected);
        let mut teller = Teller {
            progress,
            last: None,
            is_open: false,
            announced: None,
        };
        if let Some(first) = revisions
            .first()
            .filter(|first| !matches!(first.work, Work::Nothing))
            && self.lock.is_some()
        {
            // Nobody is before it, so it does begin: its answers come only when all of it is done.
            teller.announce(first);
        }
        self.is_under_way = true;
        let has_function = |revision: &Transactional<'_>| matches!(revision.work, Work::Rust(_));
        let connection = self.connection.get();
        let ran = if revisions.iter().any(has_function) {
            step_by_step(connection, &found, opening, revisions, &mut teller).await
        } else {
            at_once(connection, &found, opening, revisions, &mut teller).await
        };
        let is_open = teller.is_open;
        match ran {
            Ok(()) => {
                self.is_under_way = false;
                point::reached(point::AFTER_COMMIT);
                teller.finish();
                Ok(())
            }
            Err(failure) => Err(self.undone(&found, is_open, failure).await),
        }
    }

    /// What comes before the revisions: the lock, the tables, and whether the state is still the expected one.
    pub(super) fn opening(&mut self, found: &Found, expected: &State) -> Message {
        let mut message = Message::default();
        for statement in self.begin(found, found.is_direct) {
            message.push(&statement);
        }
        let tables = &found.tables;
        if !expected.has_version_table {
            message.push(&tables.create_version());
        }
        if !expected.has_journal {
            message.push(&tables.create_journal());
        }
        // Whoever changes the rows without asking for the lock, such as Alembic, waits until this is over.
        message.push(&format!(
            "LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE",
            tables.version()
        ));
        message.push(&is_still(tables, expected));
        message
    }

    /// Begins a transaction, with its settings unless the connection `is_set`, and the lock.
    pub(super) fn begin(&mut self, found: &Found, is_set: bool) -> Vec<String> {
        // Each statement sees what was committed before it; the check behind the lock counts on that.
        let mut statements = vec!["BEGIN ISOLATION LEVEL READ COMMITTED".to_owned()];
        let mut settings = if is_set { Vec::new() } else { self.settings() };
        if self.connection.get().server_version_num() >= Some(170_000) {
            settings.push(("transaction_timeout", "0".to_owned()));
        }
        if !settings.is_empty() {
            statements.push(setting::set(&settings, true));
        }
        statements.push(Lock::of(&found.tables).take_in_transaction());
        statements
    }

    /// Rolls back what is still open, and says who holds the lock if that was it.
    pub(super) async fn undone(
        &mut self,
        found: &Found,
        is_open: bool,
        failure: Failure,
    ) -> Failure {
        let connection = self.connection.get();
        if is_open {
            // If that fails, the connection is of no use, and the transaction is gone with it.
            let _ = execute(connection, "ROLLBACK").await;
        }
        self.is_under_way = false;
        match failure {
            Failure::Busy { .. } => match Lock::of(&found.tables).holder(connection).await {
                Ok(holder) => Failure::Busy {
                    holder: holder.unwrap_or_else(|| UNKNOWN.to_owned()),
                },
                Err(error) => database(error, "to ask who holds the lock"),
            },
            failure => failure,
        }
    }
}

/// Turns what the answers tell into progress.
struct Teller<'p> {
    progress: &'p mut dyn Progress,
    /// The last revision that is recorded, and how long it took.
    last: Option<(usize, Duration)>,
    is_open: bool,
    /// The revision of which it is told already that it starts.
    announced: Option<usize>,
}

impl Teller<'_> {
    fn announce(&mut self, first: &Transactional<'_>) {
        first.span.in_scope(|| self.progress.started(0));
        self.announced = Some(0);
    }

    fn told(&mut self, told: Told) {
        match told {
            Told::Open => self.is_open = true,
            Told::Begun(index) => self.begun(index),
            Told::Statement(index, statement) => self.progress.statement(index, statement),
            Told::Done(duration) => self.last = self.last.map(|(index, _)| (index, duration)),
        }
    }

    fn begun(&mut self, index: usize) {
        self.finish();
        self.last = Some((index, Duration::ZERO));
        if self.announced != Some(index) {
            self.progress.started(index);
        }
    }

    fn finish(&mut self) {
        if let Some((index, duration)) = self.last.take() {
            self.progress.finished(index, duration);
        }
    }
}

/// All in one message.
async fn at_once(
    connection: &mut PgConnection,
    found: &Found,
    mut message: Message,
    revisions: &[Transactional<'_>],
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    for (index, revision) in revisions.iter().enumerate() {
        if let Work::Sql(script) = revision.work {
            message.script(index, script, &revision.span, found.can_tell);
        }
        for statement in record(found, &revision.record) {
            message.push(&statement);
        }
    }
    message.push("COMMIT");
    point::reached(point::BEFORE_STATEMENT);
    let mut told = |told| teller.told(told);
    message.send(connection, RECORD, &mut told).await
}

/// A message for each revision, and three for each with a function.
async fn step_by_step(
    connection: &mut PgConnection,
    found: &Found,
    opening: Message,
    revisions: &[Transactional<'_>],
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    teller.is_open = true;
    // sqlx has to know of the transaction: one that the function begins is a savepoint in it.
    let begun = connection.begin_with(AssertSqlSafe(opening.text())).await;
    let mut transaction = begun.map_err(|error| message::opening_failed(error, RECORD))?;
    // It rolls back by itself.
    teller.is_open = false;
    for (index, revision) in revisions.iter().enumerate() {
        step(&mut transaction, found, index, revision, teller)
            .instrument(revision.span.clone())
            .await?;
    }
    point::reached(point::BEFORE_COMMIT);
    let committed = transaction.commit().await;
    committed.map_err(|error| database(error, "to commit"))
}

async fn step(
    transaction: &mut Transaction<'_, Postgres>,
    found: &Found,
    index: usize,
    revision: &Transactional<'_>,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let mut message = Message::default();
    match revision.work {
        Work::Nothing => {}
        Work::Sql(script) => {
            message.script(index, script, &revision.span, found.can_tell);
        }
        Work::Rust(function) => {
            teller.begun(index);
            call(transaction, function, index).await?;
            message.push(UNMARK);
        }
    }
    for statement in record(found, &revision.record) {
        message.push(&statement);
    }
    let mut told = |told| teller.told(told);
    let recorded = message.send(transaction, RECORD, &mut told).await;
    recorded.map_err(|failure| match failure {
        Failure::Database { error, .. } if matches!(revision.work, Work::Rust(_)) => {
            ended(&error, index).unwrap_or_else(|| database(error, RECORD))
        }
        Failure::Meddled { what, .. } => Failure::Meddled { index, what },
        failure => failure,
    })
}

async fn call(
    transaction: &mut PgConnection,
    function: RevisionFn,
    index: usize,
) -> Result<(), Failure> {
    let mark = format!("{MARK};\n{}", begin_marker());
    let marked = execute(transaction, &mark).await;
    marked.map_err(|error| database(error, "to mark the start of the revision"))?;
    point::reached(point::BEFORE_STATEMENT);
    let mut executor = PgExecutor {
        connection: transaction,
    };
    let result = function(&mut Context::new(&mut executor)).await;
    result.map_err(|error| rust_failure(index, error))
}

/// The statements that write the record, and undo what the revision has set on the connection: the next one is not to
/// depend on whether this one ran before it.
pub(super) fn record(found: &Found, record: &Record<'_>) -> Vec<String> {
    let mut statements = setting::own_role(found);
    statements.extend(changes(&found.tables, &record.changes));
    statements.push(entry(&found.tables, &record.entry));
    if !record.entry.event.is_unfinished() {
        statements.push(setting::restore(found));
    }
    statements
}

/// The statement that adds a journal row, with the times that the server measures.
pub(super) fn entry(tables: &Tables, entry: &Entry<'_>) -> String {
    let [started, now, duration] = message::times();
    let insert = tables.add_timed(entry, &started, &now, &duration);
    format!("{insert} RETURNING coalesce(duration_ms, 0) AS {DONE}")
}

/// Each change of the version rows must hit exactly one.
fn changes(tables: &Tables, changes: &RowChanges) -> Vec<String> {
    let check = Signal::Rows.unless("count(*) = 1");
    tables
        .change_rows(changes)
        .into_iter()
        .map(|change| format!("WITH changed AS ({change} RETURNING 1) {check} FROM changed"))
        .collect()
}

/// The query that fails unless the state is still the expected one.
fn is_still(tables: &Tables, expected: &State) -> String {
    let rows: Vec<String> = expected
        .rows
        .iter()
        .map(|row| syntax::text(Dialect::Postgres, Some(&row.revision)))
        .collect();
    Signal::Fenced.unless(&format!(
        "coalesce((SELECT array_agg(version_num::text ORDER BY version_num::text COLLATE \"C\") FROM {}), '{{}}') = \
         ARRAY[{}]::text[] AND coalesce((SELECT event FROM {} ORDER BY sequence DESC LIMIT 1) IN ({UNFINISHED}), false) \
         = {}",
        tables.version(),
        rows.join(", "),
        tables.journal(),
        expected.unfinished
    ))
}
