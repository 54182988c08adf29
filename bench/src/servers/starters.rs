//! Many processes that start at once on an empty database, against one that does the same work alone.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use embed_migrations::{Migrations, TransactionMode};

use super::Plan;
use super::contenders::{Access, upgrade};
use super::database::{Databases, Durability, Engine};
use crate::Result;
use crate::chains;
use crate::measure::{Row, timed};

const STARTERS: usize = 32;
const GOAL: f64 = 1.3;
const REVISIONS: u32 = 10;

pub(super) fn rows(databases: &Databases, folder: &Path, plan: &Plan) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for engine in Engine::SERVERS {
        let chain = slow_chain(
            &folder.join(format!("starters_{engine}")),
            engine,
            plan.slow,
        )?;
        let one = together(databases, engine, chain, 1)?;
        let many = together(databases, engine, chain, STARTERS)?;
        rows.push(Row::ratio(
            format!(
                "{engine}, {STARTERS} starters on an empty database, a chain of {:?}",
                plan.slow
            ),
            (many, one),
            "one starter",
            GOAL,
        ));
    }
    Ok(rows)
}

/// A chain that waits on the server, so that starters leave the processor to each other.
fn slow_chain(folder: &Path, engine: Engine, time: Duration) -> Result<&'static Migrations> {
    let seconds = (time / REVISIONS).as_secs_f64();
    let wait = match engine {
        Engine::Postgres => format!("SELECT pg_sleep({seconds});"),
        _ => format!("DO SLEEP({seconds});"),
    };
    let revisions = (0..REVISIONS).map(|_| (wait.clone(), "SELECT 1;".to_owned()));
    fs::create_dir_all(folder)?;
    chains::write_line(folder, revisions)?;
    Ok(Box::leak(Box::new(Migrations::load(folder)?)))
}

/// The time until the last of them is done.
fn together(
    databases: &Databases,
    engine: Engine,
    chain: &'static Migrations,
    starters: usize,
) -> Result<Duration> {
    let database = databases.fresh(engine, Durability::None)?;
    let access = Access {
        runtime: databases.runtime.handle().clone(),
        engine,
        durability: Durability::None,
        url: &database.url,
    };
    let mode = TransactionMode::PerRevision;
    let start = || {
        let done = access.runtime.block_on(upgrade(chain, &access, mode, None));
        done.map_err(|error| error.to_string())
    };
    timed(|| {
        thread::scope(|scope| {
            let threads: Vec<_> = (0..starters).map(|_| scope.spawn(start)).collect();
            for thread in threads {
                thread.join().map_err(|_| "a starter panicked")??;
            }
            Ok(())
        })
    })
    .map(|((), time)| time)
}
