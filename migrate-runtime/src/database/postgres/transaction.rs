//! Revisions in a transaction, each with its record: one message, and so one round trip, unless there is a function to
//! call in between.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Postgres, Transaction};
use tracing::Instrument as _;

use super::answers::{Progressed, ended, opening_failed};
use super::bookkeeping::{MARK, UNMARK, compare_and_set, has_rows, record};
use super::code::{database, is_prepared_gone};
use super::execute::execute;
use super::executor::PgExecutor;
use super::lease::Lease;
use super::lock::{Lock, UNKNOWN};
use super::message::Message;
use super::prepared::takes_away;
use super::read::SessionFacts;
use super::reset::Owner;
use super::session::PostgresSession;
use super::{advice, lease, reset, words};
use crate::context::{Context, RevisionFn};
use crate::database::{Cause, Progress, Transactional, UntilCommit, Work, rust_cause};
use crate::journal::JournalEvent;
use crate::journal::state::RowChanges;
use crate::journal::state::State;
use crate::journal::tables::Tables;
use crate::point;
use crate::sql::Script;

const RECORD: &str = "to record the revision";

impl PostgresSession<'_> {
    /// Runs revisions in one transaction, if the state is what they were planned for.
    pub async fn transaction(
        &mut self,
        tables: &Tables,
        expected: &State,
        revisions: &[Transactional<'_>],
        progress: &mut dyn Progress,
    ) -> Result<(), Cause> {
        if revisions.is_empty() && expected.has_version_table && expected.has_journal {
            return Ok(());
        }
        let found = self.found(tables).await?;
        let mut teller = Teller::new(progress);
        if let Some(first) = revisions.first().filter(|first| first.has_work())
            && (self.lock.is_some() || self.lease.is_some())
        {
            // Nobody is before it, so it does begin: its answers come only when all of it is done.
            first.span.in_scope(|| teller.progress.announce(0));
        }
        self.is_under_way = true;
        self.prepared.begin();
        let mut ran = self.attempt(&found, expected, revisions, &mut teller).await;
        if let Err(Cause::Database { error, .. }) = &ran
            && is_prepared_gone(error)
        {
            self.prepared.gone();
            // The attempt is rolled back. If it had several revisions, only the finished ones are reported, so that the
            // run tries again.
            if revisions.len() == 1 {
                let rolled_back = execute(self.connection.get(), "ROLLBACK").await;
                rolled_back.map_err(|error| database(error, RECORD))?;
                teller.is_open = false;
                teller.progress.rolled_back();
                ran = self.attempt(&found, expected, revisions, &mut teller).await;
            }
        }
        let is_open = teller.is_open;
        match ran {
            Ok(()) => {
                self.is_under_way = false;
                point::reached(point::AFTER_COMMIT);
                teller.progress.committed();
                Ok(())
            }
            Err(failure) => {
                self.prepared.forget();
                let failure = self.undone(&found, is_open, failure).await;
                if advice::is_unrecorded(&failure, expected) {
                    let connection = self.connection.get();
                    return Err(advice::on_unrecorded(connection, failure).await);
                }
                Err(failure)
            }
        }
    }

    async fn attempt(
        &mut self,
        found: &SessionFacts,
        expected: &State,
        revisions: &[Transactional<'_>],
        teller: &mut Teller<'_>,
    ) -> Result<(), Cause> {
        let frames = self.frames(found, expected, revisions);
        let opening = self.opening(found, expected, revisions);
        let has_function = |revision: &Transactional<'_>| matches!(revision.work, Work::Rust(_));
        let tells = found.can_tell && teller.progress.is_watched();
        let fence = self.fence();
        let connection = self.connection.get();
        let around = (opening, fence);
        if revisions.iter().any(has_function) {
            step_by_step(connection, around, revisions, frames, tells, teller).await
        } else {
            at_once(connection, around, revisions, frames, tells, teller).await
        }
    }

    /// The query before a commit by which a lease is renewed, if that keeps others out.
    pub fn fence(&self) -> String {
        let lease = self.lease.as_ref();
        lease.map_or_else(String::new, Lease::fence)
    }

    /// Statements before the revisions, and before any change of the version rows.
    fn opening(
        &self,
        found: &SessionFacts,
        expected: &State,
        revisions: &[Transactional<'_>],
    ) -> Vec<String> {
        let settings = if found.is_direct {
            Vec::new()
        } else {
            self.before_script(found)
        };
        let mut opening = self.begin(found, settings);
        if !revisions.first().is_some_and(Transactional::has_work) {
            // An earlier revision outside a transaction may have set another role.
            opening.push(reset::own_role_for_now(&self.owner(found)));
        }
        let tables = &found.tables;
        if !expected.has_version_table {
            opening.push(tables.create_version());
        }
        if !expected.has_journal {
            opening.push(tables.create_journal());
        }
        let has_rows = revisions
            .first()
            .is_some_and(|first| has_rows(&first.record.changes));
        if !has_rows && !tables.is_leased {
            // A tool that changes the rows without asking for the lock, such as Alembic, waits until this is over.
            let version = tables.version();
            opening.push(format!("LOCK TABLE {version} IN SHARE ROW EXCLUSIVE MODE"));
        }
        if revisions.is_empty() {
            let none = RowChanges::default();
            opening.push(compare_and_set(tables, Some(expected), &none, false));
        }
        opening
    }

    /// Statements around each revision.
    fn frames(
        &mut self,
        found: &SessionFacts,
        expected: &State,
        revisions: &[Transactional<'_>],
    ) -> Vec<Frame> {
        let mut rows = expected.rows.len();
        let mut frames = Vec::new();
        for (nth, revision) in revisions.iter().enumerate() {
            let changes = &revision.record.changes;
            self.has_prepared |= words::prepares(revision.work);
            self.has_set_role |= words::sets_role(revision.work);
            let is_prepared = found.is_direct
                && !found.tables.is_leased
                && rows == 1
                && !expected.unfinished
                && self.prepared.can_serve(revision, nth);
            let state = (nth == 0).then_some(expected);
            frames.push(if is_prepared {
                self.prepared_frame(found, revision)
            } else {
                self.frame(found, state, revision, rows)
            });
            rows = (rows + changes.added.len()).saturating_sub(changes.removed.len());
            if nth > 0 && !found.is_direct {
                let last = frames.last_mut().expect("it was just added");
                last.before.splice(0..0, self.before_script(found));
            }
            if revision.has_work() && takes_away(revision.work) {
                self.prepared.forget();
            }
        }
        frames
    }

    fn prepared_frame(&mut self, found: &SessionFacts, revision: &Transactional<'_>) -> Frame {
        let mut before = self.prepared.make(&found.tables);
        before.push(self.prepared.compare_and_set(revision));
        let mut after = self.after_script(found);
        after.push(self.prepared.record(&found.tables, revision));
        Frame { before, after }
    }

    fn frame(
        &self,
        found: &SessionFacts,
        expected: Option<&State>,
        revision: &Transactional<'_>,
        rows: usize,
    ) -> Frame {
        let (tables, changes) = (&found.tables, &revision.record.changes);
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let has_work = revision.has_work();
        let is_marked = has_work && (!has_rows(changes) || tables.is_leased);
        if is_marked {
            before.push(MARK.to_owned());
        }
        before.push(compare_and_set(tables, expected, changes, has_work));
        let custom = match script(revision) {
            Some(script) if !found.is_direct => words::custom_settings(script.text()),
            _ => Vec::new(),
        };
        before.extend(reset::keep_custom(&custom));
        if has_work || !revision.record.entry.event.is_unfinished() {
            after.extend(self.after_script(found));
            after.extend(reset::restore_custom(&custom));
        }
        if is_marked {
            after.push(UNMARK.to_owned());
        }
        after.push(record(tables, &revision.record, has_work, rows));
        if let (JournalEvent::Started, Owner::App(app)) =
            (revision.record.entry.event, self.owner(found))
        {
            // The next statements run outside a transaction.
            after.extend(app.defaults(false));
            after.extend(self.connect.iter().cloned());
        }
        Frame { before, after }
    }

    /// Begins a transaction, with its settings, and the lock unless the session has it.
    pub fn begin(&self, found: &SessionFacts, settings: Vec<String>) -> Vec<String> {
        // Each statement sees what was committed before it; the check after the lock counts on that.
        let mut statements = vec!["BEGIN ISOLATION LEVEL READ COMMITTED".to_owned()];
        statements.extend(settings);
        if found.is_timed {
            statements.push("SELECT set_config('transaction_timeout', '0', true)".to_owned());
        }
        if let Some(lease) = &self.lease {
            statements.push(lease.guard());
        } else if self.lock.is_none() || !found.is_direct {
            statements.push(Lock::of(&found.tables).take_in_transaction());
        }
        statements
    }

    /// Rolls back what is still open, and says who holds the lock if that was it.
    pub async fn undone(&mut self, found: &SessionFacts, is_open: bool, failure: Cause) -> Cause {
        let connection = self.connection.get();
        if is_open {
            // If that fails, the connection is of no use, and the transaction is gone with it.
            let _ = execute(connection, "ROLLBACK").await;
        }
        self.is_under_way = false;
        self.is_changed = self.before.is_some();
        match failure {
            Cause::Busy { .. } if found.tables.is_leased => Cause::Busy {
                holder: lease::holder(connection, &found.tables.lease()).await,
            },
            Cause::Busy { .. } => match Lock::of(&found.tables).holder(connection).await {
                Ok(holder) => Cause::Busy {
                    holder: holder.unwrap_or_else(|| UNKNOWN.to_owned()),
                },
                Err(error) => database(error, "to ask who holds the lock"),
            },
            failure => failure,
        }
    }
}

/// The statements around a revision: those that fence and mark it, and those that undo its settings and record it.
struct Frame {
    before: Vec<String>,
    after: Vec<String>,
}

fn script<'r>(revision: &Transactional<'r>) -> Option<&'r Script<'r>> {
    match revision.work {
        Work::Sql(script) => Some(script),
        Work::Rust(_) | Work::Nothing => None,
    }
}

/// Turns what the answers tell into progress.
struct Teller<'p> {
    progress: UntilCommit<'p>,
    is_open: bool,
}

impl<'p> Teller<'p> {
    fn new(progress: &'p mut dyn Progress) -> Self {
        Self {
            progress: UntilCommit::new(progress),
            is_open: false,
        }
    }

    fn told(&mut self, told: Progressed) {
        match told {
            Progressed::Open => self.is_open = true,
            Progressed::Begun(index) => self.progress.started(index),
            Progressed::Statement(index, statement) => self.progress.statement(index, statement),
            Progressed::Done(duration) => self.progress.took(duration),
        }
    }
}

/// All in one message.
async fn at_once(
    connection: &mut PgConnection,
    (opening, fence): (Vec<String>, String),
    revisions: &[Transactional<'_>],
    frames: Vec<Frame>,
    tells: bool,
    teller: &mut Teller<'_>,
) -> Result<(), Cause> {
    let mut message = Message::default();
    for (n, statement) in opening.iter().enumerate() {
        message.push(statement);
        if let (0, Some(script)) = (n, revisions.first().and_then(script)) {
            message.script_start(script);
        }
    }
    for (index, (revision, frame)) in revisions.iter().zip(&frames).enumerate() {
        add(&mut message, index, revision, frame, tells);
    }
    message.push(&fence);
    message.push("COMMIT");
    point::reached(point::BEFORE_STATEMENT);
    let mut told = |told| teller.told(told);
    message.send(connection, RECORD, &mut told).await
}

/// Adds a revision in SQL, or a record alone.
fn add<'r>(
    message: &mut Message<'r>,
    index: usize,
    revision: &Transactional<'r>,
    frame: &Frame,
    tells: bool,
) {
    for statement in &frame.before {
        message.push(statement);
    }
    if let Some(script) = script(revision) {
        message.script(index, script, &revision.span, tells);
    }
    for statement in &frame.after {
        message.push(statement);
    }
}

/// A message for each revision, and three for each with a function.
async fn step_by_step(
    connection: &mut PgConnection,
    (opening, fence): (Vec<String>, String),
    revisions: &[Transactional<'_>],
    frames: Vec<Frame>,
    tells: bool,
    teller: &mut Teller<'_>,
) -> Result<(), Cause> {
    let mut message = Message::default();
    let mut frames = frames.into_iter();
    for statement in &opening {
        message.push(statement);
    }
    teller.is_open = true;
    let mut begun = frames.next();
    if let (Some(frame), Work::Rust(_)) = (&mut begun, revisions[0].work) {
        // With the beginning of the transaction, which costs no message of its own.
        for statement in frame.before.drain(..) {
            message.push(&statement);
        }
    }
    // sqlx has to know of the transaction: one that the function begins is a savepoint in it.
    let sent = connection.begin_with(AssertSqlSafe(message.text())).await;
    let mut transaction = sent.map_err(|error| opening_failed(error, RECORD))?;
    // It is rolled back automatically.
    teller.is_open = false;
    for (index, (revision, frame)) in revisions
        .iter()
        .zip(begun.into_iter().chain(frames))
        .enumerate()
    {
        step(&mut transaction, index, revision, &frame, tells, teller)
            .instrument(revision.span.clone())
            .await?;
    }
    renew(&mut transaction, &fence, teller).await?;
    point::reached(point::BEFORE_COMMIT);
    let committed = transaction.commit().await;
    committed.map_err(|error| database(error, "to commit"))
}

/// Renews the lease, if there is one.
async fn renew(
    transaction: &mut PgConnection,
    fence: &str,
    teller: &mut Teller<'_>,
) -> Result<(), Cause> {
    if fence.is_empty() {
        return Ok(());
    }
    let mut message = Message::default();
    message.push(fence);
    message
        .send(transaction, RECORD, &mut |told| teller.told(told))
        .await
}

async fn step(
    transaction: &mut Transaction<'_, Postgres>,
    index: usize,
    revision: &Transactional<'_>,
    frame: &Frame,
    tells: bool,
    teller: &mut Teller<'_>,
) -> Result<(), Cause> {
    let mut message = Message::default();
    if let Work::Rust(function) = revision.work {
        teller.progress.started(index);
        set(transaction, index, frame, teller).await?;
        call(transaction, function, index).await?;
        for statement in &frame.after {
            message.push(statement);
        }
    } else {
        add(&mut message, index, revision, frame, tells);
    }
    let mut told = |told| teller.told(told);
    let recorded = message.send(transaction, RECORD, &mut told).await;
    recorded.map_err(|failure| match failure {
        Cause::Database { error, .. } if matches!(revision.work, Work::Rust(_)) => {
            ended(&error, index).unwrap_or_else(|| database(error, RECORD))
        }
        Cause::Meddled { what, .. } => Cause::Meddled { index, what },
        failure => failure,
    })
}

/// Statements before a function, unless they were sent with the beginning of the transaction.
async fn set(
    transaction: &mut PgConnection,
    index: usize,
    frame: &Frame,
    teller: &mut Teller<'_>,
) -> Result<(), Cause> {
    if frame.before.is_empty() {
        return Ok(());
    }
    let mut message = Message::default();
    for statement in &frame.before {
        message.push(statement);
    }
    let mut told = |told| teller.told(told);
    let sent = message.send(transaction, RECORD, &mut told).await;
    sent.map_err(|failure| match failure {
        Cause::Meddled { what, .. } => Cause::Meddled {
            index: index.saturating_sub(1),
            what,
        },
        failure => failure,
    })
}

async fn call(
    transaction: &mut PgConnection,
    function: RevisionFn,
    index: usize,
) -> Result<(), Cause> {
    point::reached(point::BEFORE_STATEMENT);
    let mut executor = PgExecutor {
        connection: transaction,
        journal: None,
    };
    let result = function(&mut Context::new(&mut executor)).await;
    result.map_err(|error| rust_cause(index, error))
}
