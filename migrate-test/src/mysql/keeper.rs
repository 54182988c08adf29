use std::collections::BTreeSet;

use sqlx::MySqlConnection;
use sqlx::mysql::MySqlConnectOptions;

use super::connect::connection;
use super::query::{fetch, number};
use crate::budget::Budget;
use crate::error::Error;

/// The connection that holds a lock for each share of the server's connections that this process has. The server releases
/// them when this process ends, however it ends.
pub struct Keeper {
    connection: Option<MySqlConnection>,
    budget: Budget,
    taken: BTreeSet<u32>,
}

/// A share of the server's connections.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    pub number: u32,
    pub connections: u32,
}

/// The lock of a share, which is also that of its databases.
fn lock(slot: u32) -> String {
    format!("'migrate_test_{slot}'")
}

impl Keeper {
    pub async fn connect(options: &MySqlConnectOptions) -> Result<Self, Error> {
        let mut keeper = Self {
            connection: None,
            budget: Budget::of(0),
            taken: BTreeSet::new(),
        };
        keeper.connected(options).await?;
        Ok(keeper)
    }

    /// The connection. While the server has no room for it, others are waited for.
    pub async fn connected(
        &mut self,
        options: &MySqlConnectOptions,
    ) -> Result<&mut MySqlConnection, Error> {
        if self.connection.is_none() {
            let mut connection = connection(options).await?;
            let rows = fetch(&mut connection, "SELECT @@GLOBAL.max_connections").await?;
            let available = rows.first().map_or(0, |row| number(row, 0));
            self.budget = Budget::of(u32::try_from(available).unwrap_or(u32::MAX));
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

    /// Takes a share that nobody has. CASE asks for one lock after the other until it gets one.
    pub async fn take_slot(
        &mut self,
        options: &MySqlConnectOptions,
    ) -> Result<Option<Slot>, Error> {
        self.connected(options).await?;
        let free = (1..=self.budget.slots).filter(|slot| !self.taken.contains(slot));
        let cases: Vec<String> = free
            .map(|slot| format!("WHEN GET_LOCK({}, 0) = 1 THEN {slot}", lock(slot)))
            .collect();
        if cases.is_empty() {
            return Ok(None);
        }
        let sql = format!("SELECT CASE {} ELSE 0 END", cases.join(" "));
        let connection = self.connected(options).await?;
        let rows = match fetch(connection, &sql).await {
            Ok(rows) => rows,
            Err(error) => {
                // The next one connects again.
                self.connection = None;
                return Err(error);
            }
        };
        let number = rows.first().map_or(0, |row| number(row, 0));
        let Some(number) = u32::try_from(number).ok().filter(|number| *number > 0) else {
            return Ok(None);
        };
        self.taken.insert(number);
        Ok(Some(Slot {
            number,
            connections: self.budget.connections,
        }))
    }

    pub async fn free_slot(&mut self, slot: u32) {
        self.taken.remove(&slot);
        self.release(slot).await;
    }

    async fn release(&mut self, slot: u32) {
        if let Some(connection) = &mut self.connection {
            let sql = format!("SELECT RELEASE_LOCK({})", lock(slot));
            if fetch(connection, &sql).await.is_err() {
                self.connection = None;
            }
        }
    }

    /// Keeps everybody away from the databases of a share, if nobody uses them. [`free_slot`](Self::free_slot) ends it.
    pub async fn reserve(&mut self, slot: u32) -> bool {
        if self.taken.contains(&slot) {
            return false;
        }
        let Some(connection) = &mut self.connection else {
            return false;
        };
        let sql = format!("SELECT GET_LOCK({}, 0)", lock(slot));
        let rows = fetch(connection, &sql).await.unwrap_or_default();
        let is_ours = rows.first().is_some_and(|row| number(row, 0) == 1);
        if is_ours {
            self.taken.insert(slot);
        }
        is_ours
    }
}
