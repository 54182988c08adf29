//! Applying a long chain to a SQLite file, against sqlx's own migrator and against the `sqlite3` shell.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use embed_migrations::{Migrations, TransactionMode};
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::runtime::Runtime;

use crate::Result;
use crate::chains;
use crate::crates::scratch;
use crate::measure::{Row, side_by_side, timed};

const RUNS: usize = 5;
const LENGTH: usize = 1_000;

pub(crate) fn run() -> Result<Vec<Row>> {
    let folder = tempfile::tempdir_in(scratch()?)?;
    let runtime = Runtime::new()?;
    let fixture = Fixture::new(folder.path(), &runtime)?;
    let one_each = side_by_side(
        RUNS,
        || fixture.ours(TransactionMode::PerRevision),
        || fixture.sqlx(),
    )?;
    let all_in_one = side_by_side(
        RUNS,
        || fixture.ours(TransactionMode::Single),
        || fixture.shell(),
    )?;
    Ok(vec![
        Row::ratio(
            format!("{LENGTH} revisions on a SQLite file, one transaction each"),
            one_each,
            "sqlx Migrator",
            1.0,
        ),
        Row::ratio(
            format!("{LENGTH} revisions on a SQLite file, one transaction"),
            all_in_one,
            "sqlite3",
            1.3,
        ),
    ])
}

/// The same SQL for each contender, in the form that each reads.
struct Fixture<'f> {
    folder: &'f Path,
    runtime: &'f Runtime,
    ours: Migrations,
    sqlx: Migrator,
}

impl<'f> Fixture<'f> {
    fn new(folder: &'f Path, runtime: &'f Runtime) -> Result<Self> {
        chains::write(&folder.join("ours"), LENGTH)?;
        let peer = folder.join("sqlx");
        fs::create_dir(&peer)?;
        let mut script = "BEGIN;\n".to_owned();
        for (n, upgrade) in chains::upgrades(LENGTH).enumerate() {
            fs::write(peer.join(format!("{n:04}_step.sql")), &upgrade)?;
            script.push_str(&upgrade);
        }
        script.push_str("COMMIT;\n");
        fs::write(folder.join("all.sql"), script)?;
        let ours = Migrations::load(folder.join("ours"))?;
        let sqlx = runtime.block_on(Migrator::new(peer))?;
        Ok(Self {
            folder,
            runtime,
            ours,
            sqlx,
        })
    }

    fn ours(&self, mode: TransactionMode) -> Result<Duration> {
        self.runtime.block_on(async {
            let mut connection = self.open().await?;
            let start = std::time::Instant::now();
            let report = self
                .ours
                .runner(&mut connection)
                .transaction_mode(mode)
                .upgrade()
                .await?;
            let time = start.elapsed();
            assert_eq!(report.steps.len(), LENGTH, "every revision was applied");
            connection.close().await?;
            Ok(time)
        })
    }

    fn sqlx(&self) -> Result<Duration> {
        self.runtime.block_on(async {
            let mut connection = self.open().await?;
            let start = std::time::Instant::now();
            self.sqlx.run(&mut connection).await?;
            let time = start.elapsed();
            connection.close().await?;
            Ok(time)
        })
    }

    fn shell(&self) -> Result<Duration> {
        let file = self.fresh()?;
        let script = File::open(self.folder.join("all.sql"))?;
        let mut shell = Command::new("sqlite3");
        shell
            .args(["-batch", "-bail"])
            .arg(file)
            .stdin(Stdio::from(script));
        let (status, time) = timed(|| Ok(shell.status()?))?;
        if status.success() {
            Ok(time)
        } else {
            Err(format!("sqlite3: {status}").into())
        }
    }

    async fn open(&self) -> Result<SqliteConnection> {
        let options = SqliteConnectOptions::new()
            .filename(self.fresh()?)
            .create_if_missing(true);
        Ok(options.disable_statement_logging().connect().await?)
    }

    /// A database file that does not exist yet.
    fn fresh(&self) -> Result<std::path::PathBuf> {
        let file = self.folder.join("bench.db");
        if file.exists() {
            fs::remove_file(&file)?;
        }
        Ok(file)
    }
}
