use std::time::Duration;

use migrate_chain::Dialect;

use crate::api::fleet::Fleet;
use crate::api::runner::Runner;
use crate::database::Database;
use crate::embedded::migrations::Migrations;
use crate::script;
use crate::values::error::Error;
use crate::values::options::Resolution;
use crate::values::plan::Plan;
use crate::values::report::Report;
use crate::values::status::Status;

impl Migrations {
    /// Upgrades to the head, or to all heads where the chain allows many. One round trip when there is nothing to do.
    ///
    /// Any number of processes may call this at once: one applies each revision, and the others wait for it.
    ///
    /// # Errors
    /// [`Error`], whose text says what, where and what next. What had been committed before stays; nothing else changes.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// let report = migrations.upgrade(&pool).await?;
    /// assert_eq!(report.current, migrations.heads());
    /// assert!(migrations.upgrade(&pool).await?.is_empty());
    /// # Ok(()) }
    /// ```
    pub async fn upgrade<'a>(&'a self, db: impl Database<'a>) -> Result<Report, Error> {
        self.runner(db).upgrade().await
    }

    /// Downgrades to `target`, such as `-1`, `base` or a revision.
    ///
    /// # Errors
    /// [`Error`]; a plan that crosses an irreversible revision is refused before anything runs.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// migrations.upgrade(&pool).await?;
    /// let report = migrations.downgrade(&pool, "base").await?;
    /// assert!(report.current.is_empty());
    /// # Ok(()) }
    /// ```
    pub async fn downgrade<'a>(
        &'a self,
        db: impl Database<'a>,
        target: &str,
    ) -> Result<Report, Error> {
        self.runner(db).to(target).downgrade().await
    }

    /// A run with settings of its own.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// let run = migrations.runner(&pool).lock_deadline(std::time::Duration::from_secs(30));
    /// let report = run.on_event(|event| println!("{event:?}")).upgrade().await?;
    /// assert_eq!(report.current, migrations.heads());
    /// # Ok(()) }
    /// ```
    pub fn runner<'a, D: Database<'a>>(&'a self, db: D) -> Runner<'a, D> {
        Runner::new(self, db)
    }

    /// Works on many databases with this chain, such as one for each tenant: several at a time, and a failure of one does
    /// not stop the others. Each comes with a name, which events and errors tell.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let (ada, grace) = (sqlx::SqlitePool::connect("sqlite::memory:").await?, sqlx::SqlitePool::connect("sqlite::memory:").await?);
    /// let fleet = migrations.for_each([("ada", &ada), ("grace", &grace)]).upgrade().await;
    /// assert_eq!(fleet.databases[1].name, "grace");
    /// fleet.into_result()?;
    /// # Ok(()) }
    /// ```
    pub fn for_each<'a, N: Into<String>, D: Database<'a> + 'a>(
        &'a self,
        databases: impl IntoIterator<Item = (N, D)>,
    ) -> Fleet<'a, D> {
        let databases = databases.into_iter();
        Fleet::new(
            self,
            databases.map(|(name, db)| (name.into(), db)).collect(),
        )
    }

    /// The status of the database: its current revisions, what is pending, what is wrong. Writes nothing.
    ///
    /// # Errors
    /// [`Error`] when the database cannot be read.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// let status = migrations.status(&pool).await?;
    /// assert!(status.current.is_empty() && !status.pending.is_empty());
    /// # Ok(()) }
    /// ```
    pub async fn status<'a>(&'a self, db: impl Database<'a>) -> Result<Status, Error> {
        self.runner(db).status().await
    }

    /// Makes sure that the database is at the head and that nothing applied was edited. Writes nothing.
    ///
    /// # Errors
    /// [`Error`] that names what is pending, unknown, edited or in doubt.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// let error = migrations.check(&pool).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::NotCurrent);
    /// migrations.upgrade(&pool).await?;
    /// migrations.check(&pool).await?;
    /// # Ok(()) }
    /// ```
    pub async fn check<'a>(&'a self, db: impl Database<'a>) -> Result<(), Error> {
        self.runner(db).check().await
    }

    /// Waits until some other process has brought the database to the head. Writes nothing.
    ///
    /// # Errors
    /// [`Error`] when the time is up, with what is missing still; at once for what waiting cannot mend, such as an
    /// edited revision.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// let soon = std::time::Duration::from_millis(1);
    /// let error = migrations.wait_until_current(&pool, soon).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::NotCurrent);
    /// migrations.upgrade(&pool).await?;
    /// migrations.wait_until_current(&pool, soon).await?;
    /// # Ok(()) }
    /// ```
    pub async fn wait_until_current<'a>(
        &'a self,
        db: impl Database<'a>,
        timeout: Duration,
    ) -> Result<(), Error> {
        self.runner(db).wait_until_current(timeout).await
    }

    /// The revisions that an upgrade to `target` would run, in order. Writes nothing.
    ///
    /// # Errors
    /// [`Error`] when the database cannot be read or the target cannot be reached.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// let plan = migrations.plan(&pool, "heads").await?;
    /// assert_eq!(plan.steps.len(), migrations.revisions().len());
    /// # Ok(()) }
    /// ```
    pub async fn plan<'a>(&'a self, db: impl Database<'a>, target: &str) -> Result<Plan, Error> {
        self.runner(db).to(target).plan_upgrade().await
    }

    /// The script that upgrades a database offline, for `psql`, `mysql` or `sqlite3` to run. `range` is `a:b`, or a
    /// target alone to begin at an empty database.
    ///
    /// # Errors
    /// [`Error`] when the range is wrong, or a revision in it is Rust or has no SQL for the dialect.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// let script = migrations.sql(Dialect::Sqlite, "heads")?;
    /// assert!(script.contains("BEGIN IMMEDIATE;"));
    /// # Ok(()) }
    /// ```
    pub fn sql(&self, dialect: Dialect, range: &str) -> Result<String, Error> {
        script::upgrade(self, dialect, range)
    }

    /// The script that downgrades a database offline. `range` is `b:a`, from b down to a.
    ///
    /// # Errors
    /// [`Error`] when the range is wrong, or a revision in it cannot be undone in SQL.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// let script = migrations.sql_downgrade(Dialect::Sqlite, "heads:base")?;
    /// assert!(script.contains("DELETE FROM"));
    /// # Ok(()) }
    /// ```
    pub fn sql_downgrade(&self, dialect: Dialect, range: &str) -> Result<String, Error> {
        script::downgrade(self, dialect, range)
    }

    /// The script that sets the version rows to `targets` without running anything. A target may be `a:b`: the rows are
    /// those of `a` then, and of an empty database otherwise. With `purge` they may be any.
    ///
    /// # Errors
    /// [`Error`] when a target is wrong.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// let script = migrations.sql_stamp(Dialect::Postgres, &["heads"], false)?;
    /// assert!(script.contains("INSERT INTO"));
    /// # Ok(()) }
    /// ```
    pub fn sql_stamp(
        &self,
        dialect: Dialect,
        targets: &[&str],
        purge: bool,
    ) -> Result<String, Error> {
        script::stamp(self, dialect, targets, purge)
    }

    /// The script that creates the version table and the journal.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// let script = migrations.sql_ensure_version(Dialect::MySql);
    /// assert!(script.contains("CREATE TABLE IF NOT EXISTS `alembic_version`"));
    /// # Ok(()) }
    /// ```
    pub fn sql_ensure_version(&self, dialect: Dialect) -> String {
        script::ensure_version(self, dialect)
    }

    /// Sets the version rows to `targets` without running anything. It moves a database forward only, unless a runner is
    /// told to [`force`](Runner::force) it.
    ///
    /// # Errors
    /// [`Error`] when a target is wrong, or when a revision that is applied would not be any more.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// let report = migrations.stamp(&pool, &["heads"]).await?;
    /// assert!(report.steps.is_empty());
    /// migrations.check(&pool).await?;
    /// # Ok(()) }
    /// ```
    pub async fn stamp<'a>(
        &'a self,
        db: impl Database<'a>,
        targets: &[&str],
    ) -> Result<Report, Error> {
        self.runner(db).stamp(targets).await
    }

    /// Records as applied what another migration tool has applied, as `[adopt]` in migrate.toml says. An upgrade does the
    /// same before it runs anything, so this is for those who want it as a step of its own.
    ///
    /// # Errors
    /// [`Error`] when the chain was not imported from another tool, or when it cannot have the history that is in the
    /// database: nothing is changed then.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// let error = migrations.adopt(&pool).await.unwrap_err();
    /// assert_eq!(error.summary(), "the chain was not imported from another tool");
    /// # Ok(()) }
    /// ```
    pub async fn adopt<'a>(&'a self, db: impl Database<'a>) -> Result<Report, Error> {
        self.runner(db).adopt().await
    }

    /// Resolves a revision that was interrupted outside a transaction.
    ///
    /// # Errors
    /// [`Error`] when no revision of this id is in doubt.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// // Nothing is interrupted here.
    /// let error = migrations.resolve(&pool, "1975ea83b712", Resolution::Applied).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Unsupported);
    /// # Ok(()) }
    /// ```
    pub async fn resolve<'a>(
        &'a self,
        db: impl Database<'a>,
        revision: &str,
        resolution: Resolution,
    ) -> Result<Report, Error> {
        self.runner(db).resolve(revision, resolution).await
    }
}
