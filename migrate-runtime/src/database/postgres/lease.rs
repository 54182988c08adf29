//! A lease: a row that says who migrates and until when, in plain SQL, for servers that do not share locks.
//!
//! It has a token that grows with each owner. A record commits only together with a renewal of the token that its run was
//! given: a run that was asleep while its lease ran out cannot write any more.

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection, Row as _};
use tokio::task::JoinHandle;

use super::code::{Signal, database, is_contention, is_made_by_another, is_table_gone};
use super::execute::execute;
use super::handle::Handle;
use super::quote::text;
use crate::database::Cause;
use crate::database::lease::{BEAT, LENGTH, needs_a_pool};
use crate::journal::tables::Tables;

/// An expiry that is past.
const OVER: &str = "TIMESTAMP WITH TIME ZONE '2000-01-01 00:00:00+00'";

const TAKE: &str = "to take the lease";

/// A lease that is held.
pub struct Lease {
    table: String,
    token: i64,
    /// Renews it on a connection of its own.
    heart: JoinHandle<()>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.heart.abort();
    }
}

impl Lease {
    /// Tries to take it, without waiting.
    pub async fn take(handle: &mut Handle<'_>, tables: &Tables) -> Result<Self, Cause> {
        let Handle::Own(own) = handle else {
            return Err(Cause::Unsupported(needs_a_pool()));
        };
        let (connection, options) = (&mut own.connection, &own.options);
        let table = tables.lease();
        let mut answer = take(connection, &table).await;
        if matches!(&answer, Err(error) if is_table_gone(error)) {
            match create(connection, &table).await {
                // Another run has just created it.
                Err(error) if !is_made_by_another(&error) && !is_contention(&error) => {
                    return Err(database(error, TAKE));
                }
                _ => answer = take(connection, &table).await,
            }
        }
        match answer {
            Ok(Some(token)) => {
                let beat = renewal(&table, token);
                let heart = tokio::spawn(beat_on(options.clone(), beat));
                Ok(Self {
                    table,
                    token,
                    heart,
                })
            }
            Ok(None) => Err(held(connection, &table).await),
            Err(error) if is_contention(&error) => Err(held(connection, &table).await),
            Err(error) => Err(database(error, TAKE)),
        }
    }

    /// A query that fails unless the lease is still held.
    pub fn guard(&self) -> String {
        let Self { table, token, .. } = self;
        Signal::Busy.unless(&format!(
            "EXISTS (SELECT 1 FROM {table} WHERE id = 1 AND token = {token} AND expires_at > clock_timestamp())"
        ))
    }

    /// A query that renews it, and fails unless it is still held. It locks the row until the transaction ends, so that two
    /// who think that they have the lease cannot both commit.
    pub fn fence(&self) -> String {
        let check = Signal::Busy.unless("(SELECT count(*) FROM renewed) = 1");
        let renewal = renewal(&self.table, self.token);
        format!("WITH renewed AS ({renewal} RETURNING 1) {check}")
    }

    /// Ends the lease.
    pub fn end(&self) -> String {
        let Self { table, token, .. } = self;
        format!(
            "UPDATE {table} SET expires_at = {OVER}, holder = '' WHERE id = 1 AND token = {token}"
        )
    }
}

/// The statement that renews a lease, and hits no row if it has run out.
fn renewal(table: &str, token: i64) -> String {
    format!(
        "UPDATE {table} SET expires_at = clock_timestamp() + INTERVAL '{LENGTH} seconds' WHERE id = 1 AND token = {token} AND \
         expires_at > clock_timestamp()"
    )
}

/// Renews a lease again and again. A renewal that fails is no harm: the record is fenced.
async fn beat_on(options: PgConnectOptions, renewal: String) {
    let mut heart = None;
    loop {
        tokio::time::sleep(BEAT).await;
        if heart.is_none() {
            heart = options.connect().await.ok();
        }
        if let Some(connection) = &mut heart
            && execute(connection, &renewal).await.is_err()
        {
            heart = None;
        }
    }
}

async fn take(connection: &mut PgConnection, table: &str) -> Result<Option<i64>, sqlx::Error> {
    let sql = format!(
        "UPDATE {table} SET token = token + 1, holder = {}, expires_at = clock_timestamp() + INTERVAL '{LENGTH} seconds' WHERE \
         id = 1 AND expires_at <= clock_timestamp() RETURNING token",
        text(&format!("process {} of this library", std::process::id()))
    );
    let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_optional(connection);
    row.await?.map(|row| row.try_get(0)).transpose()
}

/// All who come at the same time may do it at once.
async fn create(connection: &mut PgConnection, table: &str) -> Result<(), sqlx::Error> {
    let create = format!(
        "CREATE TABLE IF NOT EXISTS {table} (id INT NOT NULL PRIMARY KEY, token BIGINT NOT NULL, holder VARCHAR(255) NOT NULL, \
         expires_at TIMESTAMP WITH TIME ZONE NOT NULL)"
    );
    execute(connection, &create).await?;
    let row = format!("INSERT INTO {table} VALUES (1, 0, '', {OVER}) ON CONFLICT DO NOTHING");
    execute(connection, &row).await.map(|_| ())
}

/// That somebody else has it, and who.
async fn held(connection: &mut PgConnection, table: &str) -> Cause {
    Cause::Busy {
        holder: holder(connection, table).await,
    }
}

/// The current owner.
pub async fn holder(connection: &mut PgConnection, table: &str) -> String {
    let sql = format!(
        "SELECT holder, CAST(expires_at AS text) FROM {table} WHERE id = 1 AND expires_at > clock_timestamp()"
    );
    let row = sqlx::raw_sql(AssertSqlSafe(sql))
        .fetch_optional(connection)
        .await;
    let holder = row.ok().flatten().and_then(|row| {
        let holder: String = row.try_get(0).ok()?;
        let expires: String = row.try_get(1).ok()?;
        Some(format!("{holder}, whose lease runs until {expires}"))
    });
    holder.unwrap_or_else(|| "another process, which has just finished".to_owned())
}
