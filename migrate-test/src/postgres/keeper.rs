use std::collections::BTreeSet;

use migrate_runtime::Checksum;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, PgConnection, Row as _};

use super::query::fetch;
use crate::budget::Budget;
use crate::error::Error;
use crate::name::{Name, PREFIX, run};

/// The connection that holds the locks of this process: one named after its databases, and one for each share of the
/// server's connections that it has. The server releases them when this process ends, however it ends.
pub struct Keeper {
    connection: Option<PgConnection>,
    budget: Budget,
    taken: BTreeSet<i32>,
}

/// A share of the server's connections.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    pub number: i32,
    pub connections: u32,
}

/// The first number of the locks for shares: `mtes`.
const SHARES: i32 = 0x6d74_6573;

impl Keeper {
    pub async fn connect(options: &PgConnectOptions) -> Result<Self, Error> {
        let mut keeper = Self {
            connection: None,
            budget: Budget::of(0),
            taken: BTreeSet::new(),
        };
        keeper.connected(options).await?;
        Ok(keeper)
    }

    /// The connection, with the lock of this process. While the server has no room for it, others are waited for.
    async fn connected(&mut self, options: &PgConnectOptions) -> Result<&mut PgConnection, Error> {
        if self.connection.is_none() {
            let mut connection = patiently(options).await?;
            let sql = format!(
                "SELECT pg_advisory_lock({}); \
                 SELECT (current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int)::text",
                lock(run())
            );
            let rows = fetch(&mut connection, sql).await?;
            let available = rows.iter().filter_map(|row| row.try_get::<&str, _>(0).ok());
            let available = available.filter_map(|text| text.parse().ok()).next_back();
            self.budget = Budget::of(available.unwrap_or(0));
            self.connection = Some(connection);
        }
        Ok(self.connection.as_mut().expect("it was just set"))
    }

    /// Gives the connection up as long as no database of this process depends on it.
    pub fn rest(&mut self) {
        if self.taken.is_empty() {
            self.connection = None;
        }
    }

    /// Takes a share that nobody has.
    pub async fn take_slot(&mut self, options: &PgConnectOptions) -> Result<Option<Slot>, Error> {
        self.connected(options).await?;
        let taken: Vec<String> = self.taken.iter().map(ToString::to_string).collect();
        // OFFSET keeps the planner from asking for a lock first.
        let sql = format!(
            "SELECT slot::text FROM (SELECT slot FROM generate_series(1, {}) slot WHERE slot <> ALL('{{{}}}'::int[]) OFFSET 0) free \
             WHERE pg_try_advisory_lock({SHARES}, slot) LIMIT 1",
            self.budget.slots,
            taken.join(",")
        );
        let connection = self.connected(options).await?;
        let rows = match fetch(connection, sql).await {
            Ok(rows) => rows,
            Err(error) => {
                // The next one connects again.
                self.connection = None;
                return Err(error);
            }
        };
        let number = rows.first().and_then(|row| row.try_get::<&str, _>(0).ok());
        let Some(number) = number.and_then(|number| number.parse().ok()) else {
            return Ok(None);
        };
        self.taken.insert(number);
        Ok(Some(Slot {
            number,
            connections: self.budget.connections,
        }))
    }

    pub async fn free_slot(&mut self, number: i32) {
        self.taken.remove(&number);
        if let Some(connection) = &mut self.connection {
            let sql = format!("SELECT pg_advisory_unlock({SHARES}, {number})");
            if fetch(connection, sql).await.is_err() {
                self.connection = None;
            }
        }
    }

    /// Whether no process has the lock of that name.
    pub async fn is_free(&mut self, run: &str) -> bool {
        let Some(connection) = &mut self.connection else {
            return false;
        };
        let key = lock(run);
        let sql = format!(
            "SELECT CASE WHEN pg_try_advisory_lock({key}) THEN pg_advisory_unlock({key})::text END"
        );
        let rows = fetch(connection, sql).await.unwrap_or_default();
        let free = rows
            .first()
            .and_then(|row| row.try_get::<Option<&str>, _>(0).ok());
        free.flatten().is_some()
    }

    /// All databases of ours.
    pub async fn databases(&mut self) -> Result<Vec<Name>, Error> {
        let Some(connection) = &mut self.connection else {
            return Ok(Vec::new());
        };
        databases(connection).await
    }
}

/// All databases of ours.
pub async fn databases(connection: &mut PgConnection) -> Result<Vec<Name>, Error> {
    let sql = format!(
        "SELECT datname::text FROM pg_database WHERE starts_with(datname::text, '{PREFIX}')"
    );
    let rows = fetch(connection, sql).await?;
    let names = rows.iter().filter_map(|row| row.try_get::<&str, _>(0).ok());
    Ok(names.filter_map(Name::parse).collect())
}

/// The number of a lock.
pub fn lock(name: &str) -> i64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&Checksum::of(name).as_bytes()[..8]);
    i64::from_be_bytes(bytes)
}

/// Connects, again and again while the server has no room.
async fn patiently(options: &PgConnectOptions) -> Result<PgConnection, Error> {
    const PATIENCE: std::time::Duration = std::time::Duration::from_mins(2);
    let started = std::time::Instant::now();
    loop {
        match options.connect().await {
            Err(sqlx::Error::Database(error))
                if error.is_transient_in_connect_phase() && started.elapsed() < PATIENCE =>
            {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            result => {
                return result.map_err(|error| {
                    Error::database("the PostgreSQL server cannot be reached", error)
                        .help("start it, correct DATABASE_URL, or unset it, so that a private server is started")
                });
            }
        }
    }
}
