//! The interface of a database to the suite, and helpers that work on any.

pub mod chain;
pub mod checker;
#[allow(dead_code, reason = "other programs read the two tables one by one")]
pub mod ledger;
#[cfg(feature = "mysql")]
#[allow(dead_code, reason = "each test program has a database of its own")]
pub mod mysql;
#[cfg(feature = "mysql")]
#[allow(dead_code, reason = "each test program has a database of its own")]
pub mod point;
#[cfg(feature = "postgres")]
#[allow(dead_code, reason = "each test program has a database of its own")]
pub mod postgres;
#[cfg(any(feature = "postgres", feature = "mysql"))]
#[allow(dead_code, reason = "each test program uses what it needs of it")]
pub mod proxy;
#[allow(dead_code, reason = "each test program has a database of its own")]
pub mod sqlite;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use embed_migrations::{Database, Dialect, Event, Migrations, Result, Runner};

/// A fresh database of one kind: made empty, and gone when the value is dropped.
pub trait Backend: Sized + Send + Sync + 'static {
    const DIALECT: Dialect;

    /// Whether a schema change can be rolled back; otherwise a revision that holds one runs statement by statement.
    const DDL_IS_TRANSACTIONAL: bool = true;

    /// The column of an error in a statement: that of the word, where the database points at it, or the statement's.
    fn column_of(word: usize) -> usize {
        if Self::DIALECT == Dialect::Postgres {
            word
        } else {
            1
        }
    }

    /// The handle on which `Migrations` runs.
    type Handle<'a>: Database<'a> + Copy;

    /// Makes an empty database.
    fn fresh() -> impl Future<Output = Self> + Send;

    /// The pool.
    fn db(&self) -> Self::Handle<'_>;

    /// A connection, to be passed.
    type Connection: Send;

    /// Opens one of the app's own.
    fn connect(&self) -> impl Future<Output = Self::Connection> + Send;

    /// The connection, as it is passed to `Migrations`.
    fn pass(connection: &mut Self::Connection) -> impl Database<'_>;

    /// The settings of a connection, each a line, and whether it is inside a transaction.
    fn session(connection: &mut Self::Connection) -> impl Future<Output = Vec<String>> + Send;

    /// How much an upgrade with nothing to do reads: rows; on SQLite, steps of its virtual machine.
    fn read_by_upgrade(&self, migrations: &Migrations) -> impl Future<Output = u64> + Send;

    /// Runs SQL that the test needs.
    fn execute(&self, sql: &str) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// The first column of a query, as text.
    fn column(&self, sql: &str) -> impl Future<Output = Vec<String>> + Send;

    /// Every definition in the database, in a stable order; the version table and the journal included.
    fn schema(&self) -> impl Future<Output = Vec<String>> + Send;

    /// The program that prints the database as SQL.
    fn dump(&self) -> Command;

    /// The names of all tables, sorted.
    fn tables(&self) -> impl Future<Output = Vec<String>> + Send;

    /// The rows of the version table, sorted.
    fn versions(&self) -> impl Future<Output = Vec<String>> + Send {
        self.column(ledger::VERSIONS)
    }

    /// The journal as lines: `finished upgrade a1 2`, the last being the statements done.
    fn journal(&self) -> impl Future<Output = Vec<String>> + Send {
        async {
            let sql = "SELECT CONCAT_WS(' ', event, direction, revision, statements) FROM migrate_journal ORDER BY sequence";
            self.column(sql).await
        }
    }
}

/// The events of a run, in order.
#[derive(Clone, Default)]
pub struct Events(Arc<Mutex<Vec<Event>>>);

impl Events {
    /// A runner that records what happens.
    pub fn of<'a, D: Database<'a>>(&self, migrations: &'a Migrations, db: D) -> Runner<'a, D> {
        let events = Arc::clone(&self.0);
        migrations.runner(db).on_event(move |event| {
            events
                .lock()
                .expect("no test panics here")
                .push(event.clone());
        })
    }

    pub fn all(&self) -> Vec<Event> {
        self.0.lock().expect("no test panics here").clone()
    }

    /// The events as short lines, without times.
    pub fn lines(&self) -> Vec<String> {
        self.all().iter().map(line).collect()
    }
}

fn line(event: &Event) -> String {
    match event {
        Event::Waiting { holder, .. } => format!("waiting for {holder}"),
        Event::Planned { revisions } => format!("planned {revisions}"),
        Event::Started {
            revision,
            direction,
            number,
            of,
            statements,
            ..
        } => {
            format!("started {direction} {revision} {number}/{of} with {statements}")
        }
        Event::Statement {
            revision,
            number,
            of,
        } => format!("statement {revision} {number}/{of}"),
        Event::Finished {
            revision,
            direction,
            ..
        } => format!("finished {direction} {revision}"),
        Event::Fenced => "fenced".to_owned(),
        other => format!("{other:?}"),
    }
}

/// A database that a chain has brought to a target.
#[allow(dead_code, reason = "not every test program needs one")]
pub async fn at<B: Backend>(migrations: &Migrations, target: &str) -> B {
    let database = B::fresh().await;
    let runner = migrations.runner(database.db()).to(target);
    runner.upgrade().await.expect("it runs");
    database
}

/// The ids of a report's steps.
pub fn ran(report: &embed_migrations::Report) -> Vec<&str> {
    report.steps.iter().map(|step| &*step.revision).collect()
}

/// The point where a run is cut off: its future is dropped, as by a timeout, a lost client or a panic.
#[derive(Clone, Copy, Debug)]
pub enum Cut {
    /// After so many polls: anywhere, and not at the same place each time.
    Polls(usize),
    /// At an event, counted from 0: always at the same place.
    Event(usize),
}

/// Runs until the cut; what it gave if it was done before.
pub async fn cut<'a, D: Database<'a>, F: Future>(
    at: Cut,
    runner: Runner<'a, D>,
    run: impl FnOnce(Runner<'a, D>) -> F,
) -> Option<F::Output> {
    let (mut polls, event) = match at {
        Cut::Polls(polls) => (polls, usize::MAX),
        Cut::Event(event) => (usize::MAX, event),
    };
    let events = AtomicUsize::new(0);
    let runner = runner.on_event(move |_| {
        assert!(
            events.fetch_add(1, Ordering::Relaxed) != event,
            "the run is cut off here"
        );
    });
    let mut future = Some(Box::pin(run(runner)));
    std::future::poll_fn(move |cx| {
        if polls == 0 {
            future = None;
        }
        polls = polls.saturating_sub(1);
        let Some(running) = &mut future else {
            return Poll::Ready(None);
        };
        if let Ok(poll) = catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(cx))) {
            return poll.map(Some);
        }
        future = None;
        Poll::Ready(None)
    })
    .await
}

/// Cuts at each event of a run of `events` events, and after as many polls.
pub fn cuts(events: usize) -> impl Iterator<Item = Cut> {
    (0..=events).flat_map(|n| [Cut::Event(n), Cut::Polls(n)])
}

/// Runs a future until `reached` holds while it is pending, and drops it.
#[allow(dead_code, reason = "not every test program cuts there")]
pub async fn cut_when_pending<F: Future>(future: F, mut reached: impl AsyncFnMut() -> bool) {
    let mut future = std::pin::pin!(future);
    loop {
        tokio::select! {
            biased;
            _ = &mut future => panic!("it ended"),
            reached = reached() => if reached { return; },
        }
    }
}
