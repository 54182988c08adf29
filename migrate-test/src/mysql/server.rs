use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use migrate_runtime::AnyPool;
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, MySql, MySqlPool, raw_sql};

use super::connect::patiently;
use super::keeper::{Keeper, Slot};
use super::name::{Mark, Pooled, like};
use super::query::{explain, fetch, text};
use super::template::Template;
use crate::error::Error;
use crate::name::{Name, PREFIX, is_old};
use crate::office;
use crate::once::Once;

/// A server, as one process uses it. Everything here runs in the office.
pub struct Server {
    /// How to connect to it, without a database.
    options: MySqlConnectOptions,
    /// Connections for a while. None stays, since tests count on their share of the server's.
    helpers: MySqlPool,
    pub keeper: tokio::sync::Mutex<Keeper>,
    /// By their keys.
    pub templates: Once<Arc<Template>>,
    /// The databases that tests that failed have left, by the test.
    earlier: Mutex<HashMap<String, Vec<String>>>,
}

/// All connections of a process besides those of its tests.
const HELPERS: u32 = 3;

impl Server {
    /// The one of a URL, the same for all tests of this process.
    pub async fn at(url: &str) -> Result<Arc<Self>, Error> {
        static SERVERS: Once<Arc<Server>> = Once::new();
        SERVERS.get(url, Self::connect(url).boxed()).await
    }

    async fn connect(url: &str) -> Result<Arc<Self>, Error> {
        let options: MySqlConnectOptions =
            AnyPool::with_database(url, "").parse().map_err(|error| {
                Error::database("DATABASE_URL cannot be read", error).help(
                "percent-encode what is special in the user, the password and the database name",
            )
            })?;
        let keeper = Keeper::connect(&options).await?;
        let helpers = MySqlPoolOptions::new()
            .max_connections(HELPERS)
            .after_release(|_, _| std::future::ready(Ok(false)).boxed())
            .connect_lazy_with(options.clone());
        let server = Arc::new(Self {
            options,
            helpers,
            keeper: tokio::sync::Mutex::new(keeper),
            templates: Once::new(),
            earlier: Mutex::default(),
        });
        server.sweep_old().await?;
        Ok(server)
    }

    /// How to connect to it, without a database.
    pub fn options(&self) -> MySqlConnectOptions {
        self.options.clone()
    }

    /// The user of the URL.
    pub fn user(&self) -> &str {
        self.options.get_username()
    }

    /// A connection for a while.
    pub async fn helper(&self) -> Result<PoolConnection<MySql>, Error> {
        patiently(|| self.helpers.acquire()).await
    }

    /// Runs one statement.
    pub async fn execute(&self, sql: String, doing: &str) -> Result<(), Error> {
        let mut helper = self.helper().await?;
        let done = raw_sql(AssertSqlSafe(sql)).execute(&mut *helper).await;
        done.map(drop)
            .map_err(|error| explain(doing, error, self.user()))
    }

    /// Waits for a share of the server's connections.
    pub async fn slot(&self) -> Result<Slot, Error> {
        loop {
            {
                let mut keeper = self.keeper.lock().await;
                if let Some(slot) = keeper.take_slot(&self.options).await? {
                    return Ok(slot);
                }
                // A waiting process must not hold what others wait for.
                keeper.rest();
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    pub async fn free(&self, slot: u32) {
        self.keeper.lock().await.free_slot(slot).await;
    }

    /// Drops a database. One that cannot be dropped now is swept after a day.
    pub async fn drop_database(&self, name: &str) {
        let sql = format!("DROP DATABASE IF EXISTS `{name}`");
        let _ = self.execute(sql, "a test database cannot be dropped").await;
    }

    /// Drops a database in its own time.
    pub fn drop_later(self: &Arc<Self>, name: String) {
        let server = Arc::clone(self);
        office::spawn(async move { server.drop_database(&name).await });
    }

    /// Marks a database, so that no other test uses it.
    pub async fn keep(&self, name: &str, test: &str) {
        let mark = Mark::new(test);
        let sql = format!("CREATE TABLE `{name}`.`{mark}` (id INTEGER)");
        let kept = self.execute(sql, "a test database cannot be kept").await;
        if kept.is_ok() {
            let mut earlier = self.earlier();
            earlier.entry(mark.test).or_default().push(name.to_owned());
        }
    }

    /// Drops what earlier runs of a test have left.
    pub fn sweep_earlier(self: &Arc<Self>, test: &str) {
        let left = self.earlier().remove(test).unwrap_or_default();
        for name in left {
            self.drop_later(name);
        }
    }

    /// Drops what is of no use any more, and remembers what each test has left.
    async fn sweep_old(self: &Arc<Self>) -> Result<(), Error> {
        let sql = format!(
            "SELECT s.schema_name, t.table_name FROM information_schema.schemata s LEFT JOIN information_schema.tables t \
             ON t.table_schema = s.schema_name AND t.table_name LIKE '{}' WHERE s.schema_name LIKE '{}'",
            like(Mark::BEGINNING),
            like(PREFIX)
        );
        let rows = fetch(&mut *self.helper().await?, &sql).await?;
        for row in &rows {
            let name = text(row, 0).unwrap_or_default();
            let mark = text(row, 1).and_then(|table| Mark::parse(&table));
            match (Pooled::parse(&name), Name::parse(&name), mark) {
                (Some(_), _, Some(mark)) if is_old(mark.created) => self.drop_later(name),
                (Some(_), _, Some(mark)) => {
                    self.earlier().entry(mark.test).or_default().push(name);
                }
                (Some(pooled), _, None) if is_old(pooled.created) => self.drop_unused(pooled),
                (_, Some(Name::Template { created, .. }), _) if is_old(created) => {
                    self.drop_later(name);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Drops a database unless a test uses it.
    fn drop_unused(self: &Arc<Self>, pooled: Pooled) {
        let server = Arc::clone(self);
        office::spawn(async move {
            if server.keeper.lock().await.reserve(pooled.slot).await {
                server.drop_database(&pooled.to_string()).await;
                server.free(pooled.slot).await;
            }
        });
    }

    fn earlier(&self) -> MutexGuard<'_, HashMap<String, Vec<String>>> {
        self.earlier.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
