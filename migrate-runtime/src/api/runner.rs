use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use migrate_chain::target::TargetError;

use migrate_chain::Digest;

use crate::api::call::Call;
use crate::database::Database;
use crate::database::sealed::{Idle, Limits};
use crate::protocol::goal::Goal;
use crate::values::error::Error;
use crate::values::options::{Ahead, Options, Replacing, Resolution, TransactionMode};
use crate::values::status::Status;
use crate::{Direction, Event, Migrations, Plan, Report};

/// A run with settings of its own: made by [`Migrations::runner`], and ended by one of the calls that take `self`.
///
/// A call may be cancelled by dropping its future: what was committed stays, and what was not is rolled back.
#[must_use = "a runner does nothing until one of the calls that take `self`"]
pub struct Runner<'a, D> {
    migrations: &'a Migrations,
    db: D,
    target: Option<String>,
    replacing: Replacing,
    options: Options,
    idle: Option<Idle>,
}

impl<'a, D: Database<'a>> Runner<'a, D> {
    pub(crate) fn new(migrations: &'a Migrations, db: D) -> Self {
        Self {
            migrations,
            db,
            target: None,
            replacing: Replacing::default(),
            options: Options::default(),
            idle: None,
        }
    }

    /// Makes it one of many runs, which hand their connections on.
    pub(crate) fn among(mut self, idle: Idle) -> Self {
        self.idle = Some(idle);
        self
    }

    /// The target, such as `head`, `ae10+2`, `-1` or `shop@head`. Without it, an upgrade goes to the head,
    /// or to all heads where the chain allows many.
    ///
    /// [`upgrade`](Self::upgrade), [`downgrade`](Self::downgrade), [`plan_upgrade`](Self::plan_upgrade) and
    /// [`plan_downgrade`](Self::plan_downgrade) read it; the other calls do not.
    pub fn to(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// The schema to migrate, such as that of a tenant: the revisions run with it in front of the search path, and the
    /// version table and the journal are in it, whatever `version_table_schema` says. It must exist.
    ///
    /// On MySQL and MariaDB a schema is a database. SQLite has none to keep tenants apart, and refuses it: give each
    /// tenant a file.
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.options.schema = Some(schema.into());
        self
    }

    /// How pending revisions are grouped into transactions; [`TransactionMode::PerRevision`] by default.
    pub fn transaction_mode(mut self, mode: TransactionMode) -> Self {
        self.options.mode = mode;
        self
    }

    /// The policy for a database that holds revisions unknown to this binary; [`Ahead::Error`] by default.
    pub fn ahead(mut self, ahead: Ahead) -> Self {
        self.options.ahead = ahead;
        self
    }

    /// How long to wait for other processes; 5 minutes by default.
    pub fn lock_deadline(mut self, deadline: Duration) -> Self {
        self.options.lock_deadline = deadline;
        self
    }

    /// How long one statement may run; no limit by default. In a Rust revision the time starts again with each call of the
    /// [`Context`](crate::Context).
    ///
    /// SQLite has one progress handler for a connection: on a connection that is passed, an app's own is replaced, and the
    /// connection has none after the run.
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.options.statement_timeout = Some(timeout);
        self
    }

    /// How long a schema change may wait for a lock on a table, and how often it is tried again; 5 seconds and 5 times
    /// by default. Whoever comes after a schema change that waits has to wait as well, so a long reader must not be
    /// waited for without end. Only what is rolled back as a whole is tried again. SQLite has no locks on tables, and
    /// ignores it.
    pub fn ddl_lock_timeout(mut self, timeout: Duration, retries: u32) -> Self {
        self.options.ddl_lock_timeout = timeout;
        self.options.ddl_retries = retries;
        self
    }

    /// A callback for everything that happens, called on the task that runs; it should return quickly.
    pub fn on_event(mut self, callback: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.options.on_event = Some(Arc::new(callback));
        self
    }

    /// Makes [`stamp`](Self::stamp) replace all rows, whatever they are, unknown ones included.
    pub fn purge(mut self) -> Self {
        self.replacing = Replacing::All;
        self
    }

    /// Lets [`stamp`](Self::stamp) move the database back, or to another branch: revisions that are applied count as not
    /// applied then, and an upgrade runs them again.
    pub fn force(mut self) -> Self {
        self.replacing = self.replacing.max(Replacing::Applied);
        self
    }

    /// Upgrades: see [`Migrations::upgrade`].
    ///
    /// # Errors
    /// [`Error`], whose text says what, where and what next.
    pub async fn upgrade(self) -> Result<Report, Error> {
        let goal = self.goal(Direction::Upgrade)?;
        self.call().go(goal).await
    }

    /// Downgrades to the target: see [`Migrations::downgrade`].
    ///
    /// # Errors
    /// [`Error`]; also when no target was set, since a downgrade that nobody asked for loses data.
    pub async fn downgrade(self) -> Result<Report, Error> {
        let goal = self.goal(Direction::Downgrade)?;
        self.call().go(goal).await
    }

    /// The plan of an upgrade: see [`Migrations::plan`].
    ///
    /// # Errors
    /// [`Error`] when the database cannot be read, or the plan would be refused.
    pub async fn plan_upgrade(self) -> Result<Plan, Error> {
        let goal = self.goal(Direction::Upgrade)?;
        self.call().preview(goal).await
    }

    /// The plan of a downgrade.
    ///
    /// # Errors
    /// [`Error`] when the database cannot be read, or the plan would be refused.
    pub async fn plan_downgrade(self) -> Result<Plan, Error> {
        let goal = self.goal(Direction::Downgrade)?;
        self.call().preview(goal).await
    }

    /// The status of the database: see [`Migrations::status`].
    ///
    /// # Errors
    /// [`Error`] when the database cannot be read.
    pub async fn status(self) -> Result<Status, Error> {
        self.call().status().await
    }

    /// Makes sure that the database is at the head: see [`Migrations::check`].
    ///
    /// # Errors
    /// [`Error`] that names what is pending, unknown, edited or in doubt.
    pub async fn check(self) -> Result<(), Error> {
        self.call().check().await
    }

    /// Waits until the database is at the head: see [`Migrations::wait_until_current`].
    ///
    /// # Errors
    /// [`Error`] when the time is up.
    pub async fn wait_until_current(mut self, timeout: Duration) -> Result<(), Error> {
        self.options.lock_deadline = self.options.lock_deadline.min(timeout);
        self.call_for(timeout).wait_until_current(timeout).await
    }

    /// Sets the version rows: see [`Migrations::stamp`].
    ///
    /// # Errors
    /// [`Error`] when a target is wrong, or when a revision that is applied would not be any more and neither
    /// [`force`](Self::force) nor [`purge`](Self::purge) was called.
    pub async fn stamp(self, targets: &[&str]) -> Result<Report, Error> {
        let replacing = self.replacing;
        let targets: Result<_, TargetError> = targets.iter().map(|target| target.parse()).collect();
        let targets = targets?;
        self.call().stamp(targets, replacing).await
    }

    /// The digests that the journal has for a revision, each once, oldest first.
    #[doc(hidden)]
    pub async fn recorded_digests(self, revision: &str) -> Result<Vec<Digest>, Error> {
        self.call().recorded_digests(revision).await
    }

    /// Takes over the history of another tool: see [`Migrations::adopt`].
    ///
    /// # Errors
    /// [`Error`] when the chain was not imported, or cannot have the history that is in the database.
    pub async fn adopt(self) -> Result<Report, Error> {
        self.call().adopt().await
    }

    /// Creates the version table and the journal, unless they are there. Returns whether anything was missing.
    ///
    /// # Errors
    /// [`Error`] when the database cannot be read or written.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// assert!(migrations.runner(&pool).ensure_version().await?);
    /// assert!(!migrations.runner(&pool).ensure_version().await?);
    /// # Ok(()) }
    /// ```
    pub async fn ensure_version(self) -> Result<bool, Error> {
        self.call().ensure_version().await
    }

    /// The status once nothing of this library is at work any more; the lock deadline is how long to wait for that.
    #[doc(hidden)]
    pub async fn status_when_idle(self) -> Result<Status, Error> {
        self.call().status_when_idle().await
    }

    /// Resolves an interrupted revision: see [`Migrations::resolve`].
    ///
    /// # Errors
    /// [`Error`] when no revision of this id is in doubt.
    pub async fn resolve(self, revision: &str, resolution: Resolution) -> Result<Report, Error> {
        self.call().resolve(revision, resolution).await
    }

    /// A target that cannot be read is refused before anything is connected.
    fn goal(&self, direction: Direction) -> Result<Goal, Error> {
        Goal::new(direction, self.target.as_deref())
    }

    fn call(self) -> Call<'a> {
        self.call_for(Duration::ZERO)
    }

    /// `absent` is how long to wait for a database that is not there yet.
    fn call_for(self, absent: Duration) -> Call<'a> {
        let limits = Limits {
            statement: self.options.statement_timeout,
            lock: self.options.lock_deadline,
            ddl_lock: self.options.ddl_lock_timeout,
            absent,
        };
        let connection = match self.idle {
            Some(idle) => self.db.connect_again(limits, &idle),
            None => self.db.connect(limits),
        };
        Call {
            migrations: self.migrations,
            options: self.options,
            connection,
        }
    }
}

impl<D> fmt::Debug for Runner<'_, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner")
            .field("target", &self.target)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use sqlx::sqlite::SqliteConnectOptions;

    use crate::{ErrorKind, Migrations};

    #[tokio::test]
    async fn a_target_is_read_before_anything_connects() {
        let migrations =
            Migrations::load("../tests/fixtures/crlf/migrations").expect("it is sound");
        let nowhere = SqliteConnectOptions::new().filename("no/such/folder/app.db");
        let runner = || migrations.runner(nowhere.clone()).to("a b");
        let kinds = [
            runner().upgrade().await.map(drop),
            runner().downgrade().await.map(drop),
            runner().plan_upgrade().await.map(drop),
            runner().plan_downgrade().await.map(drop),
            runner().stamp(&["head", "a b"]).await.map(drop),
            migrations
                .runner(nowhere.clone())
                .downgrade()
                .await
                .map(drop),
        ]
        .map(|ended| ended.expect_err("there is no such target").kind());
        assert_eq!(kinds, [ErrorKind::Target; 6]);
    }
}
