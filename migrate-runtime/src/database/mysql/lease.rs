//! A lease: a row that says who migrates and until when, for clusters whose servers do not share locks.
//!
//! It has a token that grows with each owner. A record commits only together with a renewal of the token that its run
//! was given, so that a run that was asleep while its lease ran out cannot write any more.

use futures_util::future::{Either, select};
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use super::code::{NO_SUCH_TABLE, database, gave_up, is};
use super::execute::execute;
use super::handle::{Handle, open};
use super::message::{Message, MessagePart, Stopped};
use super::quote;
use crate::database::Cause;
use crate::database::lease::{BEAT, LENGTH, needs_a_pool};
use crate::journal::tables::Tables;

/// A lease that is held.
pub struct Lease {
    table: String,
    token: i64,
    /// Renews it while the other connection is busy with a statement.
    heart: MySqlConnection,
}

impl Lease {
    /// Tries to take it, without waiting.
    pub async fn take(handle: &mut Handle<'_>, tables: &Tables) -> Result<Self, Cause> {
        let doing = "to take the lease";
        let Some(options) = handle.options() else {
            return Err(Cause::Unsupported(needs_a_pool()));
        };
        let heart = open(options, BEAT).await;
        let mut heart =
            heart.map_err(|error| database(error, "a second connection, for the lease"))?;
        let connection = handle.get();
        same_database(connection, &mut heart)
            .await
            .map_err(|error| database(error, doing))?;
        let table = tables.lease();
        // An earlier read must not hide what the previous owner has committed since.
        let _ = execute(connection, "SET SESSION wsrep_sync_wait = 15").await;
        let mut token = take(connection, &table).await;
        if matches!(&token, Err(stopped) if is(&stopped.error, NO_SUCH_TABLE)) {
            match create(connection, &table).await {
                // Another server is at it.
                Err(error) if gave_up(&error) => return Err(held(connection, &table).await),
                created => created.map_err(|error| database(error, doing))?,
            }
            token = take(connection, &table).await;
        }
        match token {
            Ok(token) => Ok(Self {
                table,
                token,
                heart,
            }),
            Err(stopped) => {
                let _ = execute(connection, "ROLLBACK").await;
                let _ = heart.close().await;
                if stopped.part == MessagePart::State || gave_up(&stopped.error) {
                    return Err(held(connection, &table).await);
                }
                Err(database(stopped.error, doing))
            }
        }
    }

    /// A condition that holds while the lease does.
    pub fn is_ours(&self) -> String {
        let Self { table, token, .. } = self;
        format!(
            "EXISTS(SELECT 1 FROM {table} WHERE id = 1 AND token = {token} AND expires_at > UTC_TIMESTAMP(3))"
        )
    }

    /// Renews the lease; changes no row if it has run out.
    pub fn renewal(&self) -> String {
        let Self { table, token, .. } = self;
        format!(
            "UPDATE {table} SET expires_at = UTC_TIMESTAMP(3) + INTERVAL {LENGTH} SECOND WHERE id = 1 AND token = {token} \
             AND expires_at > UTC_TIMESTAMP(3)"
        )
    }

    /// Ends the lease.
    pub fn end(&self) -> String {
        let Self { table, token, .. } = self;
        format!(
            "UPDATE {table} SET expires_at = {OVER}, holder = '' WHERE id = 1 AND token = {token}"
        )
    }

    pub async fn release(self, connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        let end = self.end();
        let _ = self.heart.close().await;
        let mut ended = execute(connection, &end).await;
        for _ in 0..3 {
            match &ended {
                Err(error) if gave_up(error) => ended = execute(connection, &end).await,
                _ => break,
            }
        }
        ended
    }

    /// Does the work, and renews the lease meanwhile. A renewal that fails is no harm: the record is fenced.
    pub async fn during<F: Future>(&mut self, work: F) -> F::Output {
        let renewal = self.renewal();
        let heart = &mut self.heart;
        let beating = std::pin::pin!(async {
            loop {
                tokio::time::sleep(BEAT).await;
                let _ = execute(heart, &renewal).await;
            }
        });
        match select(std::pin::pin!(work), beating).await {
            Either::Left((output, _)) => output,
            Either::Right((never, _)) => never,
        }
    }
}

/// A run may use another database than the one that it was connected to.
async fn same_database(
    connection: &mut MySqlConnection,
    heart: &mut MySqlConnection,
) -> Result<(), sqlx::Error> {
    let row = sqlx::raw_sql("SELECT DATABASE()")
        .fetch_one(connection)
        .await?;
    let Some(name) = row.try_get::<Option<String>, _>(0)? else {
        return Ok(());
    };
    execute(heart, &format!("USE {}", quote::name(&name))).await
}

/// An expiry that is past.
const OVER: &str = "'2000-01-01'";

/// All who come at the same time may do it at once.
async fn create(connection: &mut MySqlConnection, table: &str) -> Result<(), sqlx::Error> {
    let create = format!(
        "CREATE TABLE IF NOT EXISTS {table} (id TINYINT NOT NULL PRIMARY KEY, token BIGINT NOT NULL, holder VARCHAR(255) \
         NOT NULL, expires_at DATETIME(3) NOT NULL) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4"
    );
    execute(connection, &create).await?;
    let row = format!("INSERT IGNORE INTO {table} VALUES (1, 0, '', {OVER})");
    match execute(connection, &row).await {
        // Another server was first.
        Err(error) if gave_up(&error) => Ok(()),
        result => result,
    }
}

async fn take(connection: &mut MySqlConnection, table: &str) -> Result<i64, Stopped> {
    let update = format!(
        "UPDATE {table} SET token = token + 1, holder = LEFT(CONCAT('connection ', CONNECTION_ID(), ' of ', CURRENT_USER(), \
         ' at ', @@hostname, ':', @@port), 255), expires_at = UTC_TIMESTAMP(3) + INTERVAL {LENGTH} SECOND WHERE id = 1 AND \
         expires_at <= UTC_TIMESTAMP(3)"
    );
    let mut message = Message::default()
        .with(MessagePart::Other, "START TRANSACTION")
        .with(MessagePart::Other, &update);
    message.guard(MessagePart::State, "ROW_COUNT() = 1");
    message.push(
        MessagePart::Other,
        &format!("SELECT token FROM {table} WHERE id = 1"),
    );
    message.push(MessagePart::Other, "COMMIT");
    let answers = message.send(connection, |_| ()).await?;
    let token = answers
        .last()
        .map_or(Err(sqlx::Error::RowNotFound), |(_, row)| row.try_get(0));
    token.map_err(|error| Stopped {
        part: MessagePart::Other,
        error,
        answers,
    })
}

async fn held(connection: &mut MySqlConnection, table: &str) -> Cause {
    let sql = format!("SELECT holder, CAST(expires_at AS CHAR) FROM {table} WHERE id = 1");
    let row = sqlx::raw_sql(AssertSqlSafe(sql))
        .fetch_optional(connection)
        .await;
    let holder = row.ok().flatten().and_then(|row| {
        let holder: String = row.try_get(0).ok()?;
        let expires: String = row.try_get(1).ok()?;
        (!holder.is_empty()).then(|| format!("{holder}, whose lease runs until {expires} UTC"))
    });
    Cause::Busy {
        holder: holder
            .unwrap_or_else(|| "another server of the cluster, which has just finished".to_owned()),
    }
}
