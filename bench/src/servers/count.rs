//! The work that a server has with a contender, counted by the server itself and by a proxy in front of it.

use std::cell::Cell;
use std::thread;
use std::time::{Duration, Instant};

use super::chain::Chain;
use super::contenders::{Access, Contender};
use super::database::{Database, Databases, Engine};
use super::proxy::{Proxy, authority};
use crate::Result;

/// From opening the connection to closing it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    pub(super) round_trips: u64,
    pub(super) statements: u64,
    /// On PostgreSQL with those that only read, on MariaDB only those that write.
    pub(super) commits: u64,
    /// The bytes written to the write-ahead log, or to the redo log.
    pub(super) log_bytes: u64,
}

/// Runs it once, and counts.
pub(super) fn upgrade(
    databases: &Databases,
    database: &Database<'_>,
    contender: &Contender,
    chain: &Chain,
) -> Result<Counts> {
    let proxy = Proxy::start(authority(&database.url), Duration::ZERO)?;
    let counter = Counter {
        databases,
        database,
        asked: Cell::new(0),
    };
    counter.begin()?;
    let before = counter.read()?;
    let access = Access {
        runtime: databases.runtime.handle().clone(),
        engine: database.engine,
        durability: database.durability,
        url: &proxy.url(&database.url),
    };
    contender.upgrade(chain, &access)?;
    counter.wait_until_alone()?;
    let after = counter.read()?;
    Ok(Counts {
        round_trips: u64::try_from(proxy.round_trips())?,
        statements: after.statements - before.statements,
        commits: after.commits - before.commits,
        log_bytes: after.log_bytes - before.log_bytes,
    })
}

struct Counter<'c> {
    databases: &'c Databases,
    database: &'c Database<'c>,
    /// How many statements it sent itself.
    asked: Cell<u64>,
}

impl Counter<'_> {
    fn begin(&self) -> Result {
        if self.database.engine == Engine::Postgres {
            let name = &self.database.name;
            self.admin(&format!(
                "ALTER DATABASE {name} SET pg_stat_statements.track = 'top'"
            ))?;
            self.admin("SELECT pg_stat_statements_reset()")?;
        }
        Ok(())
    }

    fn read(&self) -> Result<Counts> {
        let name = &self.database.name;
        let (statements, commits, log_bytes) = match self.database.engine {
            Engine::Postgres => (
                format!(
                    "SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE datname = '{name}'"
                ),
                format!("SELECT xact_commit FROM pg_stat_database WHERE datname = '{name}'"),
                "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint".to_owned(),
            ),
            // Of the whole server: those that it sends itself are taken off.
            _ => (
                "SHOW GLOBAL STATUS LIKE 'Questions'".to_owned(),
                "SELECT count FROM information_schema.innodb_metrics WHERE name = 'trx_rw_commits'"
                    .to_owned(),
                "SHOW GLOBAL STATUS LIKE 'Innodb_lsn_current'".to_owned(),
            ),
        };
        let (log_bytes, commits) = (self.number(&log_bytes)?, self.number(&commits)?);
        let statements = self.number(&statements)?;
        let own = match self.database.engine {
            Engine::MariaDb => self.asked.get(),
            _ => 0,
        };
        Ok(Counts {
            round_trips: 0,
            statements: statements - own,
            commits,
            log_bytes,
        })
    }

    /// A server adds up what a connection did when that is closed.
    fn wait_until_alone(&self) -> Result {
        let name = &self.database.name;
        let others = match self.database.engine {
            Engine::Postgres => {
                format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'")
            }
            _ => format!("SELECT count(*) FROM information_schema.processlist WHERE db = '{name}'"),
        };
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.number(&others)? > 0 {
            if Instant::now() > deadline {
                return Err(format!("a connection to {name} stays open").into());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    fn admin(&self, sql: &str) -> Result {
        let database = self.database;
        self.databases
            .admin(database.engine, database.durability, sql)
    }

    fn number(&self, sql: &str) -> Result<u64> {
        self.asked.set(self.asked.get() + 1);
        let database = self.database;
        self.databases
            .number(database.engine, database.durability, sql)
    }
}
