use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use tracing::{Instrument as _, info_span};

use crate::database::{Database, sealed::Idle};
use crate::values::error::Error;
use crate::{Event, Migrations, Plan, Report, Runner, Status};

/// Many databases with the same chain, such as one for each tenant: made by [`Migrations::for_each`], and ended by one of
/// the calls that take `self`.
///
/// A call works on a few of them at a time, goes on where one fails, and says in the end how it went with each. It may be
/// cancelled by dropping its future: what was committed stays, and what was not is rolled back.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use migrate_runtime::*;
/// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
/// # let folder = tempfile::tempdir()?;
/// use sqlx::sqlite::SqliteConnectOptions;
///
/// let database = |tenant: &str| {
///     let file = folder.path().join(format!("{tenant}.db"));
///     SqliteConnectOptions::new().filename(file).create_if_missing(true)
/// };
/// let tenants = ["ada", "grace", "edsger"];
/// let fleet = migrations
///     .for_each(tenants.map(|tenant| (tenant, database(tenant))))
///     .concurrency(2)
///     .on_event(|tenant, event| println!("{tenant}: {event:?}"))
///     .upgrade()
///     .await;
/// assert_eq!(fleet.failed().count(), 0);
/// for (tenant, report) in fleet.into_result()? {
///     assert_eq!(report.current, migrations.heads(), "{tenant}");
/// }
/// # Ok(()) }
/// ```
#[must_use = "a fleet does nothing until one of the calls that take `self`"]
pub struct Fleet<'a, D> {
    migrations: &'a Migrations,
    databases: Vec<(String, D)>,
    concurrency: usize,
    configure: Option<Configure<'a, D>>,
    on_event: Option<OnEvent>,
    idle: Idle,
}

type Configure<'a, D> = Box<dyn Fn(&str, Runner<'a, D>) -> Runner<'a, D> + Send + 'a>;
type OnEvent = Arc<dyn Fn(&str, &Event) + Send + Sync>;

impl<'a, D: Database<'a> + 'a> Fleet<'a, D> {
    pub(crate) fn new(migrations: &'a Migrations, databases: Vec<(String, D)>) -> Self {
        Self {
            migrations,
            databases,
            concurrency: 8,
            configure: None,
            on_event: None,
            idle: Idle::default(),
        }
    }

    /// How many databases are worked on at a time, each over one connection; 8 by default, and at least 1.
    pub fn concurrency(mut self, databases: usize) -> Self {
        self.concurrency = databases.max(1);
        self
    }

    /// Settings for the run on each database, by its name. With this, each name is a schema of one database:
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # async fn schemas(migrations: &migrate_runtime::Migrations, pool: sqlx::PgPool, tenants: Vec<String>) {
    /// let fleet = migrations
    ///     .for_each(tenants.iter().map(|tenant| (tenant, &pool)))
    ///     .configure(|tenant, runner| runner.schema(tenant))
    ///     .upgrade()
    ///     .await;
    /// println!("{fleet}");
    /// # }
    /// ```
    pub fn configure(
        mut self,
        configure: impl Fn(&str, Runner<'a, D>) -> Runner<'a, D> + Send + 'a,
    ) -> Self {
        self.configure = Some(Box::new(configure));
        self
    }

    /// A callback for everything that happens on any database, with the name of that; it should return quickly.
    pub fn on_event(mut self, callback: impl Fn(&str, &Event) + Send + Sync + 'static) -> Self {
        self.on_event = Some(Arc::new(callback));
        self
    }

    /// Upgrades each: see [`Migrations::upgrade`].
    pub async fn upgrade(self) -> FleetReport<Report> {
        self.run(|runner| runner.upgrade().boxed()).await
    }

    /// Downgrades each to the target that [`configure`](Self::configure) sets: see [`Migrations::downgrade`].
    pub async fn downgrade(self) -> FleetReport<Report> {
        self.run(|runner| runner.downgrade().boxed()).await
    }

    /// The plan of an upgrade of each: see [`Migrations::plan`].
    pub async fn plan_upgrade(self) -> FleetReport<Plan> {
        self.run(|runner| runner.plan_upgrade().boxed()).await
    }

    /// The status of each: see [`Migrations::status`].
    pub async fn status(self) -> FleetReport<Status> {
        self.run(|runner| runner.status().boxed()).await
    }

    /// Makes sure that each is at the head: see [`Migrations::check`].
    pub async fn check(self) -> FleetReport<()> {
        self.run(|runner| runner.check().boxed()).await
    }

    async fn run<T: Send + 'a>(
        mut self,
        call: impl Fn(Runner<'a, D>) -> BoxFuture<'a, Result<T, Error>>,
    ) -> FleetReport<T> {
        let started = Instant::now();
        let databases = std::mem::take(&mut self.databases);
        let runs: Vec<_> = databases
            .into_iter()
            .enumerate()
            .map(|(place, (name, db))| {
                let run = call(self.runner(&name, db));
                one(place, name, run)
            })
            .collect();
        let runs = stream::iter(runs).buffer_unordered(self.concurrency);
        let mut done: Vec<(usize, FleetResult<T>)> = runs.collect().await;
        done.sort_unstable_by_key(|&(place, _)| place);
        FleetReport {
            databases: done.into_iter().map(|(_, result)| result).collect(),
            duration: started.elapsed(),
        }
    }

    fn runner(&self, name: &str, db: D) -> Runner<'a, D> {
        let mut runner = self.migrations.runner(db).among(self.idle.clone());
        if let Some(callback) = self.on_event.clone() {
            let name = name.to_owned();
            runner = runner.on_event(move |event| callback(&name, event));
        }
        match &self.configure {
            Some(configure) => configure(name, runner),
            None => runner,
        }
    }
}

/// Runs one, and remembers which it was.
fn one<'a, T: Send + 'a>(
    place: usize,
    name: String,
    run: BoxFuture<'a, Result<T, Error>>,
) -> BoxFuture<'a, (usize, FleetResult<T>)> {
    let span = info_span!("database", name = %name);
    let run = run.instrument(span);
    async move {
        let result = run.await.map_err(|error| error.of_database(&name));
        (place, FleetResult { name, result })
    }
    .boxed()
}

impl<D> fmt::Debug for Fleet<'_, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet")
            .field("databases", &self.databases.len())
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

/// How it went with each database of a [`Fleet`].
#[derive(Debug)]
#[non_exhaustive]
pub struct FleetReport<T> {
    /// One for each database, in the order in which they were given.
    pub databases: Vec<FleetResult<T>>,
    /// How long it took as a whole.
    pub duration: Duration,
}

/// How it went with one database.
#[derive(Debug)]
#[non_exhaustive]
pub struct FleetResult<T> {
    /// Its name.
    pub name: String,
    /// The result of the call. An error begins with the name too.
    pub result: Result<T, Error>,
}

impl<T> FleetReport<T> {
    /// The databases for which the call failed, with their errors.
    pub fn failed(&self) -> impl Iterator<Item = (&str, &Error)> {
        self.databases
            .iter()
            .filter_map(|one| Some((&*one.name, one.result.as_ref().err()?)))
    }

    /// The results for each database, if it failed for none.
    ///
    /// # Errors
    /// One [`Error`] of the first failure's kind that names each database that failed, and says why.
    pub fn into_result(self) -> Result<Vec<(String, T)>, Error> {
        if let Some(error) = self.error() {
            let first = self.databases.into_iter().find_map(|one| one.result.err());
            return Err(match first {
                Some(first) => error.caused_by(first),
                None => error,
            });
        }
        let databases = self.databases.into_iter();
        Ok(databases
            .filter_map(|one| Some((one.name, one.result.ok()?)))
            .collect())
    }

    fn error(&self) -> Option<Error> {
        let (_, first) = self.failed().next()?;
        let (failed, of) = (self.failed().count(), self.databases.len());
        let error = Error::new(first.kind(), format!("{failed} of {of} databases failed"));
        let error = self
            .failed()
            .fold(error, |error, (_, failure)| error.note(failure.summary()));
        Some(error.help("fix these and start again: the others are done"))
    }
}

impl<T: fmt::Display> fmt::Display for FleetReport<T> {
    /// A line for each database, and the whole of each error.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, FleetResult { name, result }) in self.databases.iter().enumerate() {
            let separator = if n == 0 { "" } else { "\n" };
            match result {
                Ok(report) => write!(f, "{separator}{name}: {report}")?,
                Err(error) => write!(f, "{separator}{error}")?,
            }
        }
        Ok(())
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use sqlx::sqlite::SqliteConnectOptions;
    use tokio::sync::Barrier;

    use super::*;

    /// Each run waits for another one beside it, so that one at a time would never end.
    #[tokio::test]
    async fn as_many_at_a_time_as_was_said_and_no_more() {
        let migrations = crate::__private::EMPTY;
        let databases = ["a", "b", "c", "d", "e", "f"];
        let databases = databases.map(|name| (name, SqliteConnectOptions::new()));
        let (at_work, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let two = Arc::new(Barrier::new(2));
        let fleet = migrations.for_each(databases).concurrency(2);
        let fleet = fleet.run(|_| {
            let (at_work, most) = (Arc::clone(&at_work), Arc::clone(&most));
            let two = Arc::clone(&two);
            async move {
                let now = at_work.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(now, Ordering::SeqCst);
                two.wait().await;
                at_work.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            }
            .boxed()
        });
        let fleet = tokio::time::timeout(Duration::from_mins(1), fleet).await;
        let fleet = fleet.expect("two run beside each other");
        assert_eq!((fleet.databases.len(), most.load(Ordering::SeqCst)), (6, 2));
    }
}
