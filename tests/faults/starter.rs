//! The program that a case starts: an app that upgrades its database, says where it is, and holds where it is told to.
//!
//! It writes lines: `ready`, `at 3 before-commit`, `held 3 before-commit`, `waiting for <holder>`, and last one line of
//! JSON. A line on its input lets it go on; the end of the input, when the test is gone, ends it.

use std::fmt::Debug;
use std::io::{BufRead as _, Write as _};
use std::str::FromStr as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use embed_migrations::{Ahead, Database, Error, Event, Migrations, Report, Resolution};
use serde_json::{Value, json};
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;
use tokio::signal::unix::{SignalKind, signal};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};

use crate::cells::INSIDE_STATEMENT;
use crate::order::Order;

/// Runs the order and ends.
pub fn run(order: &str) {
    let order = Order::from_json(order);
    HOLD.get_or_init(|| order.hold);
    tracing::subscriber::set_global_default(Points).expect("it is the first");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let end = runtime.block_on(until_terminated(&order));
    say(&end.to_string());
}

/// An app that is asked to end drops what it is at.
async fn until_terminated(order: &Order) -> Value {
    let mut terminated = signal(SignalKind::terminate()).expect("a handler");
    tokio::select! {
        biased;
        _ = terminated.recv() => json!({ "cancelled": true }),
        end = start(order) => end,
    }
}

async fn start(order: &Order) -> Value {
    let migrations = Migrations::load(&order.chain).unwrap_or_else(|error| panic!("{error}"));
    if order.waits {
        say("ready");
        wait_for_a_line();
    }
    match order.url.split(':').next() {
        #[cfg(feature = "postgres")]
        Some("postgres") => {
            let pool = sqlx::PgPool::connect_lazy(&order.url).expect("a URL of PostgreSQL");
            on(&migrations, &pool, order).await
        }
        #[cfg(feature = "mysql")]
        Some("mysql") => {
            let pool = sqlx::MySqlPool::connect_lazy(&order.url).expect("a URL of MySQL");
            on(&migrations, &pool, order).await
        }
        _ => on(&migrations, &sqlite(&order.url), order).await,
    }
}

/// A statement that compares with the collation `gate` holds there.
fn sqlite(url: &str) -> SqlitePool {
    let options = SqliteConnectOptions::from_str(url).expect("a URL of SQLite");
    SqlitePool::connect_lazy_with(options.collation("gate", |left, right| {
        reached(INSIDE_STATEMENT);
        left.cmp(right)
    }))
}

async fn on<'a, D: Database<'a>>(migrations: &'a Migrations, db: D, order: &Order) -> Value {
    let ahead = if order.allows_ahead {
        Ahead::Allow
    } else {
        Ahead::Error
    };
    let runner = migrations
        .runner(db)
        .lock_deadline(order.lock_deadline)
        .ahead(ahead)
        .on_event(told);
    let result = match &order.retry {
        Some(revision) => runner.resolve(revision, Resolution::Retry).await,
        None => runner.upgrade().await,
    };
    match result {
        Ok(report) => success(&report),
        Err(error) => failure(&error),
    }
}

fn told(event: &Event) {
    match event {
        Event::Waiting { holder, .. } => {
            say(&format!("waiting for {holder}"));
            *WAITED_FOR.lock().expect("nothing panics under it") = Some(holder.clone());
        }
        Event::Fenced => say("fenced"),
        _ => {}
    }
}

fn success(report: &Report) -> Value {
    let steps: Vec<&str> = report.steps.iter().map(|step| &*step.revision).collect();
    json!({
        "steps": steps,
        "current": report.current,
        "waited": report.waited.as_secs_f64(),
        "waited_for": *WAITED_FOR.lock().expect("nothing panics under it"),
        "text": report.to_string(),
    })
}

fn failure(error: &Error) -> Value {
    json!({
        "error": format!("{:?}", error.kind()),
        "text": error.to_string(),
        "revision": error.revision(),
        "location": error.location(),
        "advice": error.advice(),
    })
}

/// Whom it has waited for last.
static WAITED_FOR: Mutex<Option<String>> = Mutex::new(None);

static HOLD: OnceLock<Option<usize>> = OnceLock::new();

/// Says that the run has come to a place, and holds there if it is the one.
fn reached(point: &str) {
    static PLACES: AtomicUsize = AtomicUsize::new(0);
    let place = PLACES.fetch_add(1, Ordering::Relaxed);
    if HOLD.get() == Some(&Some(place)) {
        say(&format!("held {place} {point}"));
        wait_for_a_line();
    } else {
        say(&format!("at {place} {point}"));
    }
}

#[allow(clippy::print_stdout, reason = "the test reads it")]
fn say(line: &str) {
    let mut stdout = std::io::stdout().lock();
    let said = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
    if said.is_err() {
        // The test is gone.
        std::process::exit(1);
    }
}

fn wait_for_a_line() {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    if !read.is_ok_and(|bytes| bytes > 0) {
        std::process::exit(1);
    }
}

/// Sees the places of the protocol and nothing else.
struct Points;

impl Subscriber for Points {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "migrate_runtime::point"
    }

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Point);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Point;

impl Visit for Point {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "point" {
            reached(value);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}
