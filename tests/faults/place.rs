//! A database that a case has for itself, and how the test looks at it from outside.

use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, ColumnIndex, Connection, Database, Decode, Executor, Row as _, Type};
use tempfile::TempDir;
use test_servers::Server;
use tokio::runtime::Runtime;

use crate::cells::Kind;
use crate::chains;

/// A fresh, empty database.
pub struct Place {
    pub kind: Kind,
    pub url: String,
    pub server: Option<&'static Server>,
    runtime: Runtime,
    _folder: TempDir,
}

/// Reads how often each statement of the chain ran.
const TRACES: &str = "SELECT CONCAT_WS(' ', what, COUNT(*)) FROM ran GROUP BY what ORDER BY what";

impl Place {
    /// On SQLite a file; else a new database of a server.
    pub fn fresh(kind: Kind, server: Option<&'static Server>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let runtime = runtime();
        let url = match server {
            None => format!(
                "sqlite:{}?mode=rwc",
                folder.path().join("test.db").display()
            ),
            Some(server) => {
                let name = unique();
                let create = format!("CREATE DATABASE {name}");
                let made = runtime.block_on(ask(&server.admin_url(), &create));
                made.expect("a superuser can create a database");
                server.url(&name)
            }
        };
        Self {
            kind,
            url,
            server,
            runtime,
            _folder: folder,
        }
    }

    /// Its name on the server.
    pub fn name(&self) -> &str {
        self.url.rsplit('/').next().expect("a URL has a path")
    }

    /// The first column of a query, over a connection that is closed again.
    pub fn try_ask(&self, sql: &str) -> Result<Vec<String>, sqlx::Error> {
        self.runtime.block_on(ask(&self.url, sql))
    }

    /// The same at another URL.
    pub fn ask_at(url: &str, sql: &str) -> Result<Vec<String>, sqlx::Error> {
        runtime().block_on(ask(url, sql))
    }

    /// The same here, where it cannot fail.
    pub fn ask(&self, sql: &str) -> Vec<String> {
        self.try_ask(sql)
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// How often each statement ran: `r2.1 1`.
    pub fn traces(&self) -> Vec<String> {
        self.ask(TRACES)
    }

    /// The sessions of this database, other than that of the question, as their ids.
    pub fn sessions(&self) -> Vec<String> {
        match self.kind {
            Kind::Sqlite => Vec::new(),
            Kind::Postgres => self.ask(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
            ),
            Kind::MariaDb => self.ask(
                "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()",
            ),
        }
    }

    /// Ends sessions as an administrator does. Those among them that were the test's own may be gone already.
    pub fn end_sessions(&self, sessions: &[String]) {
        let end = |session: &&String| {
            let sql = match self.kind {
                Kind::Sqlite => unreachable!("SQLite has no sessions"),
                Kind::Postgres => format!("SELECT pg_terminate_backend({session})"),
                Kind::MariaDb => format!("KILL {session}"),
            };
            self.try_ask(&sql).is_ok()
        };
        let ended = sessions.iter().filter(end).count();
        assert!(ended > 0, "there is a session to end");
    }

    /// Kills the server, which this case has for itself.
    pub fn crash_server(&self) {
        self.server.expect("a server").kill();
    }

    pub fn resume_server(&self) {
        self.server.expect("a server").resume();
    }

    /// Waits until nobody is connected, and with that no lock can be held.
    pub fn until_nobody_is_there(&self) {
        if self.kind == Kind::Sqlite {
            self.ask("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE; ROLLBACK");
            return;
        }
        eventually("all sessions end", || self.sessions().is_empty());
    }

    /// Keeps a revision's gated statement from ending, until the value is dropped.
    pub fn close_gate(&self, revision: &str) -> Gate {
        Gate::of(&self.url, &chains::close_gate(self.kind, revision))
    }

    /// Waits until a statement is held by the gate.
    pub fn until_somebody_is_at_the_gate(&self) {
        let sql = match self.kind {
            Kind::Sqlite => unreachable!("SQLite's gate is in the starter"),
            Kind::Postgres => {
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
            }
            Kind::MariaDb => {
                "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND state = 'User lock'"
            }
        };
        eventually("a statement waits at the gate", || {
            !self.ask(sql).is_empty()
        });
    }
}

impl Drop for Place {
    /// A long run must not fill the disk. What cannot be dropped goes with its server.
    fn drop(&mut self) {
        if let Some(server) = self.server {
            let name = self.name();
            let force = if self.kind == Kind::Postgres {
                " WITH (FORCE)"
            } else {
                ""
            };
            let drop = format!("DROP DATABASE {name}{force}");
            let _ = self.runtime.block_on(ask(&server.admin_url(), &drop));
        }
    }
}

/// Holds statements as long as it lives.
pub struct Gate {
    /// The connection that it is held by ends with the thread.
    open: Option<std::sync::mpsc::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Gate {
    /// A connection that runs a statement and stays.
    pub fn of(url: &str, lock: &str) -> Self {
        let (open, opened) = std::sync::mpsc::channel::<()>();
        let (closed, is_closed) = std::sync::mpsc::channel::<()>();
        let (url, lock) = (url.to_owned(), lock.to_owned());
        let thread = std::thread::spawn(move || {
            runtime().block_on(hold(&url, &lock, &closed, &opened));
        });
        is_closed.recv().expect("the gate is closed");
        Self {
            open: Some(open),
            thread: Some(thread),
        }
    }
}

/// Runs a statement and keeps its connection until told otherwise.
async fn hold(
    url: &str,
    lock: &str,
    closed: &std::sync::mpsc::Sender<()>,
    opened: &std::sync::mpsc::Receiver<()>,
) {
    match url.split(':').next() {
        #[cfg(feature = "postgres")]
        Some("postgres") => keep::<sqlx::Postgres>(url, lock, closed, opened).await,
        #[cfg(feature = "mysql")]
        Some("mysql") => keep::<sqlx::MySql>(url, lock, closed, opened).await,
        _ => keep::<sqlx::Sqlite>(url, lock, closed, opened).await,
    }
}

async fn keep<DB: Database>(
    url: &str,
    lock: &str,
    closed: &std::sync::mpsc::Sender<()>,
    opened: &std::sync::mpsc::Receiver<()>,
) where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    let mut connection = DB::Connection::connect(url).await.expect("a connection");
    sqlx::raw_sql(AssertSqlSafe(lock))
        .execute(&mut connection)
        .await
        .expect("nobody else has the gate");
    let _ = closed.send(());
    // The end of the sender is the sign.
    let _ = opened.recv();
    let _ = connection.close().await;
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.open = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Asks again and again until something holds that must come about by itself.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "it must be that {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

async fn ask(url: &str, sql: &str) -> Result<Vec<String>, sqlx::Error> {
    match url.split(':').next() {
        #[cfg(feature = "postgres")]
        Some("postgres") => ask_in::<sqlx::Postgres>(url, sql).await,
        #[cfg(feature = "mysql")]
        Some("mysql") => ask_in::<sqlx::MySql>(url, sql).await,
        _ => ask_in::<sqlx::Sqlite>(url, sql).await,
    }
}

async fn ask_in<DB: Database>(url: &str, sql: &str) -> Result<Vec<String>, sqlx::Error>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    for<'r> String: Decode<'r, DB> + Type<DB>,
    usize: ColumnIndex<DB::Row>,
{
    let mut connection = DB::Connection::connect(url).await?;
    let rows = sqlx::raw_sql(AssertSqlSafe(sql))
        .fetch_all(&mut connection)
        .await?;
    // As text, whatever the column's type: all three send text here.
    let first = |row: &DB::Row| row.try_get_unchecked::<Option<String>, _>(0);
    let column = rows.iter().map(first).collect::<Result<Vec<_>, _>>()?;
    connection.close().await?;
    Ok(column.into_iter().flatten().collect())
}

fn runtime() -> Runtime {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime")
}

/// A name that no other case of any run has.
fn unique() -> String {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("faults_{}_{count}", std::process::id())
}
