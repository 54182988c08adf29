use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt as _;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection, PgPool, raw_sql};

use super::keeper::{Keeper, Slot};
use super::query::code;
use crate::error::Error;
use crate::name::Name;
use crate::office;
use crate::once::Once;

/// A server, as one process uses it. Everything here runs in the office.
pub struct Server {
    /// How to connect to the maintenance database.
    maintenance: PgConnectOptions,
    /// Connections for statements that nobody waits for one after the other.
    pub helpers: PgPool,
    pub keeper: tokio::sync::Mutex<Keeper>,
    /// The names of templates, by their keys.
    pub templates: Once<String>,
    /// Test databases that were on the server before this process, by test.
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
        let named: PgConnectOptions = url.parse().map_err(|error| {
            Error::database("DATABASE_URL cannot be read", error).help(
                "percent-encode what is special in the user, the password and the database name",
            )
        })?;
        // Locks are those of one database, so everybody has to meet in the same.
        let mut maintenance = named.clone().database("postgres");
        let mut keeper = if let Ok(keeper) = Keeper::connect(&maintenance).await {
            keeper
        } else {
            maintenance = named;
            Keeper::connect(&maintenance).await?
        };
        let helpers = PgPoolOptions::new()
            .max_connections(HELPERS)
            .idle_timeout(Some(Duration::from_secs(1)))
            .connect_lazy_with(maintenance.clone());
        let found = keeper.databases().await?;
        let server = Arc::new(Self {
            maintenance,
            helpers,
            keeper: tokio::sync::Mutex::new(keeper),
            templates: Once::new(),
            earlier: Mutex::default(),
        });
        server.sweep_old(found);
        Ok(server)
    }

    /// How to connect to it.
    pub fn options(&self) -> PgConnectOptions {
        self.maintenance.clone()
    }

    /// The role of the URL.
    pub fn role(&self) -> &str {
        self.maintenance.get_username()
    }

    /// A connection of its own.
    pub async fn connection(&self, options: &PgConnectOptions) -> Result<PgConnection, Error> {
        let connected = options.connect().await;
        connected.map_err(|error| Error::database("the PostgreSQL server cannot be reached", error))
    }

    /// Waits for a share of the server's connections.
    pub async fn slot(&self) -> Result<Slot, Error> {
        loop {
            {
                let mut keeper = self.keeper.lock().await;
                if let Some(slot) = keeper.take_slot(&self.maintenance).await? {
                    return Ok(slot);
                }
                // A waiting process must not hold what others wait for.
                keeper.rest();
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    pub async fn free(&self, slot: i32) {
        self.keeper.lock().await.free_slot(slot).await;
    }

    /// Drops a database, whoever is connected to it. Tells `sent` when the server has the statement.
    pub async fn drop_database(&self, name: &str, sent: Sender<()>) {
        let Ok(mut connection) = self.helpers.acquire().await else {
            return;
        };
        let sql = format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)");
        let statement = raw_sql(AssertSqlSafe(sql));
        let done = {
            let mut running = pin!(statement.execute(&mut *connection));
            // The first poll writes the message.
            let first = poll_fn(|cx| Poll::Ready(running.as_mut().poll(cx))).await;
            let _ = sent.send(());
            match first {
                Poll::Ready(done) => done,
                Poll::Pending => running.await,
            }
        };
        if let Err(error) = done
            && is_syntax_error(&error)
        {
            // A server from before version 13, which drops it once nobody is connected.
            let plain = format!("DROP DATABASE IF EXISTS \"{name}\"");
            let _ = raw_sql(AssertSqlSafe(plain))
                .execute(&mut *connection)
                .await;
        }
    }

    /// Drops what is of no use any more, and remembers what each test has left. What a process that still runs has created
    /// is neither.
    fn sweep_old(self: &Arc<Self>, found: Vec<Name>) {
        let mut old = Vec::new();
        let mut earlier = HashMap::<String, Vec<String>>::new();
        for name in found {
            match &name {
                // Of another URL of the same server.
                Name::Test { run, .. } | Name::Build { run, .. } if run == crate::name::run() => {}
                Name::Test { test, created, .. } if !crate::name::is_old(*created) => {
                    let of_test = earlier.entry(test.clone()).or_default();
                    of_test.push(name.to_string());
                }
                Name::Template { created, .. } if !crate::name::is_old(*created) => {}
                _ => old.push(name),
            }
        }
        *self.earlier() = earlier;
        self.sweep(old);
    }

    /// Remembers that a database stays until its test runs again.
    pub fn keep(&self, name: &str) {
        if let Some(Name::Test { test, .. }) = Name::parse(name) {
            let mut earlier = self.earlier();
            earlier.entry(test).or_default().push(name.to_owned());
        }
    }

    /// Drops what earlier runs of a test have left.
    pub fn sweep_earlier(self: &Arc<Self>, test: &str) {
        let left = self.earlier().remove(test).unwrap_or_default();
        self.sweep(left.iter().filter_map(|name| Name::parse(name)).collect());
    }

    fn sweep(self: &Arc<Self>, names: Vec<Name>) {
        if names.is_empty() {
            return;
        }
        let server = Arc::clone(self);
        office::spawn(async move {
            for name in names {
                if server.is_unused(&name).await {
                    let (sent, _) = std::sync::mpsc::channel();
                    server.drop_database(&name.to_string(), sent).await;
                }
            }
        });
    }

    /// Whether the process that has created it is gone.
    async fn is_unused(&self, name: &Name) -> bool {
        match name {
            Name::Template { .. } => true,
            Name::Test { run, .. } | Name::Build { run, .. } => {
                // One of this process is here because its test has ended.
                run == crate::name::run() || self.keeper.lock().await.is_free(run).await
            }
        }
    }

    fn earlier(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<String>>> {
        self.earlier.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_syntax_error(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| code == "42601")
}
