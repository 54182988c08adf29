//! Revisions in a transaction, each with its record.

use std::time::Instant;

use migrate_chain::sql::transaction_control;
use migrate_chain::{Dialect, ForeignKeys};
use sqlx::{AssertSqlSafe, Connection as _, Sqlite, SqliteConnection, Transaction};
use tracing::Instrument as _;

use super::batch::RevisionBatch;
use super::code::{SQLITE_ERROR, database, primary_code};
use super::drops::Drops;
use super::execute::execute;
use super::executor::Timed;
use super::kept::ConnectionState;
use super::keys::{Suspension, made, violations};
use super::read::read_state;
use super::record::{Begin, TransactionContext, write};
use super::script::run_script;
use super::session::SqliteSession;
use super::words::ScriptWords;
use crate::context::Context;
use crate::database::{Cause, Progress, Transactional, UntilCommit, Work, rust_cause};
use crate::journal::state::State;
use crate::journal::tables::Tables;
use crate::journal::{JournalEvent, Record};
use crate::point;
use crate::sql::{Script, inner};
use crate::values::error::database_message;

impl SqliteSession<'_> {
    /// Runs revisions in one transaction, under the settings that they ask for.
    pub async fn transaction(
        &mut self,
        tables: &Tables,
        expected: &State,
        revisions: &[Transactional<'_>],
        progress: &mut dyn Progress,
    ) -> Result<(), Cause> {
        if revisions.iter().any(Transactional::has_work) {
            self.watch().await?;
        }
        let begin = match self.fenced_begin(tables, expected) {
            Some(fenced) => Begin::Fenced(fenced),
            None => Begin::Plain(self.begin()),
        };
        let context = TransactionContext {
            tables,
            expected,
            begin,
            watchdog: self.watchdog.as_ref(),
            suspended: self.suspended.as_ref(),
        };
        let has_event = |event| {
            let mut events = revisions.iter().map(|one| one.record.entry.event);
            events.any(|one| one == event)
        };
        let suspend = self.suspended.is_none()
            && revisions
                .iter()
                .any(|revision| revision.foreign_keys == ForeignKeys::Off);
        let keys = Suspension::begin(self.connection.get(), suspend).await?;
        // The intent of a revision that goes on comes after what sets it up again.
        let is_intent = has_event(JournalEvent::Started);
        if !is_intent {
            self.kept.end(keys.connection).await?;
        }
        let kept = &mut self.kept;
        let result = run(keys.connection, &context, kept, revisions, progress).await;
        if let (Err(_), Begin::Fenced(_)) = (&result, &context.begin) {
            // sqlx does not know of one whose beginning has failed.
            let _ = execute(keys.connection, "ROLLBACK").await;
        }
        let ended = if is_intent {
            Ok(())
        } else {
            self.kept.end(keys.connection).await
        };
        keys.end().await?;
        if result.is_ok() && has_event(JournalEvent::Finished) {
            self.enforce_keys().await?;
        }
        result.and(ended)
    }
}

/// Runs revisions in one transaction, if the state is what they were planned for.
async fn run(
    connection: &mut SqliteConnection,
    context: &TransactionContext<'_>,
    kept: &mut ConnectionState,
    revisions: &[Transactional<'_>],
    progress: &mut dyn Progress,
) -> Result<(), Cause> {
    let mut transaction = match &context.begin {
        Begin::Fenced(fenced) => begin_fenced(connection, fenced).await?,
        Begin::Plain(begin) => begin_and_read(connection, begin, context).await?,
    };
    let mut progress = UntilCommit::new(progress);
    let mut index = 0;
    while index < revisions.len() {
        if let Some(batch) = RevisionBatch::of(context.tables, revisions, index) {
            let ran = batch.run(&mut transaction, context, &mut progress).await;
            if let Err(failure) = ran {
                reopen(&mut transaction).await;
                return Err(failure);
            }
            index += batch.len();
        } else {
            let revision = &revisions[index];
            step(
                &mut transaction,
                context,
                kept,
                index,
                revision,
                &mut progress,
            )
            .instrument(revision.span.clone())
            .await?;
            index += 1;
            attaches_nothing(&mut transaction, kept, index, revisions.len()).await?;
        }
    }
    point::reached(point::BEFORE_COMMIT);
    let commit = transaction.commit().await;
    commit.map_err(|error| database(error, "to commit"))?;
    point::reached(point::AFTER_COMMIT);
    progress.committed();
    Ok(())
}

const BEGINNING: &str = "to begin a transaction";

/// Begins a transaction in which the state is the expected one.
async fn begin_fenced<'c>(
    connection: &'c mut SqliteConnection,
    fenced: &str,
) -> Result<Transaction<'c, Sqlite>, Cause> {
    let begun = connection.begin_with(AssertSqlSafe(fenced)).await;
    begun.map_err(|error| match primary_code(&error) {
        // The tables are gone, or say something else.
        Some(SQLITE_ERROR) => Cause::Fenced,
        _ => database(error, BEGINNING),
    })
}

/// Begins a transaction, reads the state in it, and creates the tables that are missing.
async fn begin_and_read<'c>(
    connection: &'c mut SqliteConnection,
    begin: &str,
    context: &TransactionContext<'_>,
) -> Result<Transaction<'c, Sqlite>, Cause> {
    let transaction = connection.begin_with(AssertSqlSafe(begin)).await;
    let mut transaction = transaction.map_err(|error| database(error, BEGINNING))?;
    let state = read_state(&mut transaction, context.tables).await;
    let state = state.map_err(|error| database(error, "to read the version table"))?;
    if !state.is_still(context.expected) {
        return Err(Cause::Fenced);
    }
    create_tables(&mut transaction, context.tables, &state).await?;
    Ok(transaction)
}

/// Runs one revision and writes its record.
async fn step(
    transaction: &mut Transaction<'_, Sqlite>,
    context: &TransactionContext<'_>,
    kept: &mut ConnectionState,
    index: usize,
    revision: &Transactional<'_>,
    progress: &mut UntilCommit<'_>,
) -> Result<(), Cause> {
    let began = Instant::now();
    progress.started(index);
    let before = match context.suspended {
        _ if revision.foreign_keys != ForeignKeys::Off => None,
        Some(suspended) => Some(suspended.before.clone()),
        // Its statements ran in an earlier process, and the state before them is no longer known.
        None if !revision.has_work() => Some(Vec::new()),
        None => Some(violations(transaction).await?),
    };
    let is_marked = match revision.work {
        Work::Nothing => false,
        Work::Rust(_) => true,
        Work::Sql(script) => ScriptWords::of(script.text()).may_end_transaction,
    };
    let mut drops = Drops::in_transaction(revision.foreign_keys);
    kept.keep(transaction, &revision.work).await?;
    if is_marked && matches!(revision.work, Work::Rust(_)) {
        let marked = execute(transaction, MARK).await;
        marked.map_err(|error| database(error, "to mark the start of the revision"))?;
    }
    let done = match revision.work {
        Work::Nothing => Ok(()),
        Work::Rust(function) => {
            let mut executor = Timed {
                connection: transaction,
                watchdog: context.watchdog,
                drops: &mut drops,
                kept,
                journal: None,
            };
            let result = function(&mut Context::new(&mut executor)).await;
            result.map_err(|error| rust_cause(index, error))
        }
        Work::Sql(script) => {
            let mark = is_marked.then_some(MARK);
            point::reached(point::BEFORE_STATEMENT);
            let done = |statement| progress.statement(index, statement);
            let ran = run_script(
                transaction,
                mark,
                script,
                &mut drops,
                context.watchdog,
                done,
            );
            let ran = ran.await.map(|_| ());
            ran.map_err(|stop| stop.failure(index, &drops))
        }
    };
    context.watchdog.inspect(|watchdog| watchdog.stop());
    ended(transaction, &revision.work, index, done).await?;
    let lost = drops.at_end(transaction, index).await;
    if let Some(failure) = lost.map_err(|error| database(error, "to look for rows lost"))? {
        return Err(failure);
    }
    if let Some(before) = before {
        let violations = made(&before, &violations(transaction).await?);
        if !violations.is_empty() {
            let violations = violations.iter().map(ToString::to_string).collect();
            return Err(Cause::ForeignKeys { index, violations });
        }
    }
    // A record alone belongs to a revision that is under way outside a transaction.
    if !matches!(revision.work, Work::Nothing) {
        kept.put_back(transaction).await?;
    }
    let (tables, record) = (context.tables, &revision.record);
    write_record(transaction, tables, index, record, is_marked, began).await?;
    progress.took(began.elapsed());
    Ok(())
}

/// Refuses a revision that leaves a database attached for those after it in the transaction, which cannot detach it.
async fn attaches_nothing(
    transaction: &mut Transaction<'_, Sqlite>,
    kept: &mut ConnectionState,
    done: usize,
    of: usize,
) -> Result<(), Cause> {
    if done == of {
        return Ok(());
    }
    match kept.put_back(transaction).await?.first() {
        None => Ok(()),
        Some(name) => Err(Cause::Meddled {
            index: done - 1,
            what: format!(
                "attaches `{name}`, which the transaction that it shares with others cannot detach before the next one"
            )
            .into(),
        }),
    }
}

/// Makes sure that there is a transaction to record in, or to roll back, and tells when the revision has ended it.
async fn ended(
    transaction: &mut Transaction<'_, Sqlite>,
    work: &Work<'_>,
    index: usize,
    done: Result<(), Cause>,
) -> Result<(), Cause> {
    // Behind work that was done, writing the record tells: it begins with the end of the mark.
    let Err(failure) = done else { return Ok(()) };
    if matches!(work, Work::Nothing) || !reopen(transaction).await {
        return Err(failure);
    }
    let what = match (work, failure) {
        (
            Work::Sql(script),
            Cause::Statement {
                statement, error, ..
            },
        ) if ends_transaction(script, statement) => format!(
            "ended the transaction that it runs in, and failed after that: {}",
            database_message(&error)
        )
        .into(),
        // SQLite rolled it back.
        (_, failure) => return Err(failure),
    };
    Err(Cause::Meddled { index, what })
}

/// A savepoint around a revision, by which it is seen that its transaction is the one that it began in. It is
/// set and taken back in calls that are made anyway: a call to sqlx's thread costs more than a small statement, and the
/// answer to a statement costs as much as the statement. So there is none around SQL that cannot end a transaction.
const MARK: &str = "SAVEPOINT embed_migrations_revision";
const UNMARK: &str = "RELEASE embed_migrations_revision";

const ENDED: &str = "ended the transaction that it runs in";

/// Whether a statement up to the one with the number `last` ends a transaction. The build check sees those that are
/// statements of their own; for SQLite, text between `-- migrate: statement` and its end may be several.
fn ends_transaction(script: &Script<'_>, last: usize) -> bool {
    script
        .statements()
        .take(last + 1)
        .flat_map(|outer| inner(Dialect::Sqlite, outer).map(|range| &outer[range]))
        .any(|statement| {
            transaction_control(Dialect::Sqlite, statement).is_some_and(|word| word != "BEGIN")
        })
}

/// Begins a transaction if there is none any more, and says whether that was so. SQLite rolls back on its own when the
/// disk is full or a statement is interrupted, and a revision may end its transaction; sqlx goes by what it has
/// counted, and its own rollback has to find one.
async fn reopen(transaction: &mut Transaction<'_, Sqlite>) -> bool {
    execute(transaction, "BEGIN").await.is_ok()
}

async fn create_tables(
    transaction: &mut Transaction<'_, Sqlite>,
    tables: &Tables,
    state: &State,
) -> Result<(), Cause> {
    let version = (!state.has_version_table).then(|| tables.create_version());
    let journal = (!state.has_journal).then(|| tables.create_journal());
    for statement in version.into_iter().chain(journal) {
        let created = execute(transaction, &statement).await;
        created.map_err(|error| database(error, "to create the version table and the journal"))?;
    }
    Ok(())
}

/// Writes the version rows and the journal row of a revision.
async fn write_record(
    transaction: &mut Transaction<'_, Sqlite>,
    tables: &Tables,
    index: usize,
    record: &Record<'_>,
    is_marked: bool,
    began: Instant,
) -> Result<(), Cause> {
    let mut statements = tables.change_rows(&record.changes);
    statements.push(tables.add(&record.entry, Some(began.elapsed())));
    let mark = is_marked.then_some(UNMARK);
    let is_same = write(transaction, mark, index, &statements, 1).await?;
    if is_same {
        return Ok(());
    }
    reopen(transaction).await;
    let what = ENDED.into();
    Err(Cause::Meddled { index, what })
}
