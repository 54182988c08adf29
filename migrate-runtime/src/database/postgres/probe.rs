//! Finds out from the catalogs what became of most statements that were cut off outside a transaction.

use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use super::code::database;
use super::execute::execute;
use super::quote::text;
use super::words::{CatalogEvidence, evidence};
use crate::database::{Cause, InFlight};

const PROBE: &str = "to look for what a statement that was cut off has done";

/// Looks, and clears away what is half done. The lock says that no earlier run is at work any more.
pub async fn probe(
    connection: &mut PgConnection,
    statement: &str,
    has_failed: bool,
) -> Result<InFlight, Cause> {
    let evidence = evidence(statement);
    let known = if has_failed {
        // A failure leaves only a half-built object.
        clear(connection, &evidence)
            .await
            .map(|()| InFlight::RunAgain)
    } else {
        look(connection, &evidence).await
    };
    known.map_err(|error| database(error, PROBE))
}

async fn clear(
    connection: &mut PgConnection,
    evidence: &CatalogEvidence,
) -> Result<(), sqlx::Error> {
    match evidence {
        CatalogEvidence::Index { name, table } => index(connection, name, table).await.map(|_| ()),
        CatalogEvidence::Leftovers { condition } => drop_leftovers(connection, condition).await,
        _ => Ok(()),
    }
}

async fn look(
    connection: &mut PgConnection,
    evidence: &CatalogEvidence,
) -> Result<InFlight, sqlx::Error> {
    let done = |is_done| {
        if is_done {
            InFlight::Done
        } else {
            InFlight::RunAgain
        }
    };
    Ok(match evidence {
        CatalogEvidence::Again => InFlight::RunAgain,
        CatalogEvidence::Done => InFlight::Done,
        CatalogEvidence::None(look) => InFlight::InDoubt(look),
        CatalogEvidence::Made { query } => done(is_true(connection, query).await?),
        CatalogEvidence::Dropped { query } => done(!is_true(connection, query).await?),
        CatalogEvidence::Index { name, table } => done(index(connection, name, table).await?),
        CatalogEvidence::Leftovers { condition } => {
            drop_leftovers(connection, condition).await?;
            InFlight::RunAgain
        }
        CatalogEvidence::Detached { table, partition } => {
            done(detached(connection, table, partition).await?)
        }
    })
}

/// Whether an index is built. One that is INVALID, as an interrupted `CREATE INDEX CONCURRENTLY` leaves it, is dropped.
async fn index(
    connection: &mut PgConnection,
    name: &str,
    table: &str,
) -> Result<bool, sqlx::Error> {
    let sql = format!(
        "SELECT i.indisvalid AND i.indisready, format('%I.%I', n.nspname, c.relname) FROM pg_index i JOIN pg_class c ON \
         c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE i.indrelid = to_regclass({}) AND \
         c.relname = (parse_ident({}))[1]",
        text(table),
        text(name)
    );
    let row = sqlx::raw_sql(AssertSqlSafe(sql))
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(false) };
    if row.try_get(0)? {
        return Ok(true);
    }
    let index: String = row.try_get(1)?;
    drop_index(connection, &index).await?;
    Ok(false)
}

async fn drop_leftovers(connection: &mut PgConnection, condition: &str) -> Result<(), sqlx::Error> {
    let sql = format!(
        "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN \
         pg_namespace n ON n.oid = c.relnamespace WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$' AND \
         n.nspname <> 'pg_toast' AND {condition}"
    );
    let rows = sqlx::raw_sql(AssertSqlSafe(sql))
        .fetch_all(&mut *connection)
        .await?;
    for row in rows {
        let index: String = row.try_get(0)?;
        drop_index(connection, &index).await?;
    }
    Ok(())
}

async fn drop_index(connection: &mut PgConnection, index: &str) -> Result<(), sqlx::Error> {
    // It waits until the table is no longer in use, and blocks nobody meanwhile.
    execute(connection, "SELECT set_config('lock_timeout', '0', false)").await?;
    let drop = format!("DROP INDEX CONCURRENTLY IF EXISTS {index}");
    execute(connection, &drop).await.map(|_| ())
}

/// Whether a partition is detached. A detachment that was cut off is finished.
async fn detached(
    connection: &mut PgConnection,
    table: &str,
    partition: &str,
) -> Result<bool, sqlx::Error> {
    let sql = format!(
        "SELECT inhdetachpending FROM pg_inherits WHERE inhparent = to_regclass({}) AND inhrelid = to_regclass({})",
        text(table),
        text(partition)
    );
    let row = sqlx::raw_sql(AssertSqlSafe(sql))
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(true) };
    let is_pending: bool = row.try_get(0)?;
    if is_pending {
        let finish = format!("ALTER TABLE {table} DETACH PARTITION {partition} FINALIZE");
        execute(connection, &finish).await?;
    }
    Ok(is_pending)
}

async fn is_true(connection: &mut PgConnection, query: &str) -> Result<bool, sqlx::Error> {
    let row = sqlx::raw_sql(AssertSqlSafe(query)).fetch_one(connection);
    row.await?.try_get(0)
}
