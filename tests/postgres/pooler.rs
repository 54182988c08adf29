//! PgBouncer in transaction mode, where a session has no backend of its own.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use embed_migrations::{ErrorKind, Migrations};
use sqlx::PgPool;
use tempfile::TempDir;

use super::starters::assert_complete;
use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::postgres::{Postgres, column, options, pool};
use crate::support::{Backend as _, Events, ran};

/// A pooler of its own before the server that the tests share.
struct PgBouncer {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl PgBouncer {
    /// With so many connections to the server, which is not asked for more.
    fn start(connections: u32, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let server = options(&Postgres::server().admin_url());
        let text = format!(
            "[databases]\n* = user=postgres host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = \
             {port}\nauth_type = any\npool_mode = transaction\ndefault_pool_size = {connections}\nmax_client_conn = \
             200\nunix_socket_dir =\nserver_round_robin = 1\n{more}\n",
            server.get_port()
        );
        let file = folder.path().join("pgbouncer.ini");
        fs::write(&file, text).unwrap();
        for path in [folder.path(), &file] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let process = Command::new("setpriv")
            .args([
                "--reuid=nobody",
                "--regid=nogroup",
                "--clear-groups",
                "--",
                "pgbouncer",
            ])
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pgbouncer is installed: run `cargo xtask setup`");
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(Instant::now() < deadline, "PgBouncer did not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self {
            process,
            port,
            _folder: folder,
        }
    }

    fn pool(&self, database: &Postgres) -> PgPool {
        pool(database.options().port(self.port))
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const ADVISORY: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM \
                        pg_database WHERE datname = current_database())";

/// Whether it refuses the settings of the runtime's connection, or takes them and forgets them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_is_applied_through_it() {
    for more in [
        "ignore_startup_parameters = extra_float_digits",
        "ignore_startup_parameters = extra_float_digits,options",
    ] {
        let pooler = PgBouncer::start(3, more);
        let database = Postgres::fresh().await;
        let pool = pooler.pool(&database);
        let chain = Chain::line(3)
            .revision("r4", "r3")
            .up("SET lock_timeout = '9s';\nSELECT set_config('work_mem', '77MB', false);\nCREATE TABLE t4 (id int)")
            .down("DROP TABLE t4");
        let migrations = chain.load();
        let report = migrations.upgrade(&pool).await.unwrap();
        assert_eq!(ran(&report), ["r1", "r2", "r3", "r4"]);
        assert!(migrations.upgrade(&pool).await.unwrap().is_empty());
        migrations.downgrade(&pool, "-1").await.unwrap();
        assert_consistent(&database).await;
        assert_eq!(database.column(ADVISORY).await, ["0"]);
        // Settings that a transaction, or a revision, makes for itself stay on no connection of the pool.
        let settings = "SELECT count(*) FROM pg_settings WHERE name IN ('lock_timeout', 'statement_timeout', 'work_mem') AND \
                        setting <> reset_val";
        for _ in 0..4 {
            let mut connection = pool.acquire().await.unwrap();
            assert_eq!(column(&mut connection, settings).await, ["0"]);
        }
    }
}

#[tokio::test]
async fn what_needs_a_session_is_refused_beforehand() {
    let pooler = PgBouncer::start(2, "ignore_startup_parameters = extra_float_digits");
    let database = Postgres::fresh().await;
    let pool = pooler.pool(&database);
    let chain = Chain::line(1)
        .revision("o", "r1")
        .header("transaction: off")
        .up("CREATE INDEX CONCURRENTLY i ON t1 (id)");
    let migrations = chain.load();
    let error = migrations.upgrade(&pool).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    let text = error.to_string();
    assert!(
        text.contains("pooler") && text.contains("PgBouncer"),
        "{text}"
    );
    assert_eq!(database.tables().await, [""; 0]);
    assert_eq!(database.column(ADVISORY).await, ["0"]);
    migrations.upgrade(database.db()).await.unwrap();
    assert!(migrations.upgrade(&pool).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_starters_through_it() {
    let pooler = PgBouncer::start(3, "ignore_startup_parameters = extra_float_digits");
    let database = Postgres::fresh().await;
    let chain = Chain::new().then("r", "none", 12, |chain, n| {
        chain.up(&format!(
            "CREATE TABLE t{n} (id int);\nINSERT INTO t{n} VALUES ({n})"
        ))
    });
    let migrations: &'static Migrations = Box::leak(Box::new(chain.load()));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let pool = pooler.pool(&database);
            tokio::spawn(async move { migrations.upgrade(&pool).await })
        })
        .collect();
    let mut steps = 0;
    for task in tasks {
        let report = task
            .await
            .unwrap()
            .unwrap_or_else(|error| panic!("{error}"));
        steps += report.steps.len();
    }
    assert_eq!(steps, 12, "each revision in exactly one report");
    assert_complete(&database).await;
}

/// The lock is one and the same, whichever way it is taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_direct_run_keeps_it_out() {
    let pooler = PgBouncer::start(2, "ignore_startup_parameters = extra_float_digits");
    let database = Postgres::fresh().await;
    let chain = Chain::line(2);
    let migrations = chain.load();
    let (started, has_started) = std::sync::mpsc::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let may_go_on = std::sync::Mutex::new(may_go_on);
    let direct = migrations.runner(database.db()).on_event(move |event| {
        if matches!(event, embed_migrations::Event::Started { number: 1, .. }) {
            started.send(()).unwrap();
            may_go_on.lock().unwrap().recv().unwrap();
        }
    });
    let pool = pooler.pool(&database);
    let late = chain.load();
    let task = tokio::spawn(async move {
        has_started.recv_timeout(Duration::from_secs(30)).unwrap();
        let events = Events::default();
        let runner = events.of(&late, &pool);
        let error = runner
            .lock_deadline(Duration::from_millis(100))
            .upgrade()
            .await;
        go_on.send(()).unwrap();
        error.unwrap_err()
    });
    direct.upgrade().await.unwrap();
    let error = task.await.unwrap();
    assert!(error.kind() == ErrorKind::Locked, "{error}");
    assert!(error.to_string().contains("(embed-migrations)"), "{error}");
}
