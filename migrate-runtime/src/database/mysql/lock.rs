//! Keeps other runs out: a named lock of the server, or a lease if the servers of a cluster do not share locks.

use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{AssertSqlSafe, Row as _};

use super::code::{self, database};
use super::handle::Handle;
use super::lease::Lease;
use super::message::{Message, MessagePart};
use super::quote::text;
use crate::database::Cause;
use crate::journal::tables::Tables;

/// The lock that is held.
pub enum Lock {
    /// A named lock; the name as an expression in SQL.
    Named(String),
    Lease(Box<Lease>),
}

impl Lock {
    /// Tries to take it, without waiting.
    pub async fn take(handle: &mut Handle<'_>, tables: &Tables) -> Result<Self, Cause> {
        if tables.is_leased {
            return Lease::take(handle, tables).await.map(Self::lease);
        }
        let name = named(tables);
        let failed = |error| database(error, "to take the lock");
        let asked = Message::default()
            .with(MessagePart::Other, ARE_SEVERAL)
            .with(
                MessagePart::Lock,
                &format!(
                    "SELECT IF(IS_USED_LOCK({name}) <=> CONNECTION_ID(), 1, GET_LOCK({name}, 0))"
                ),
            );
        let answer = asked.send(handle.get(), |_| ()).await;
        let (rows, is_refused) = match answer {
            Ok(answers) => (answers.into_iter().map(|(_, row)| row).collect(), false),
            // A proxy, or a cluster, that refuses named locks.
            Err(stopped)
                if stopped.part == MessagePart::Lock && code::number(&stopped.error).is_some() =>
            {
                (Vec::new(), true)
            }
            Err(stopped) => return Err(failed(stopped.error)),
        };
        let Some((granted, variables)) = rows.split_last() else {
            debug_assert!(is_refused);
            return Lease::take(handle, tables).await.map(Self::lease);
        };
        let granted: Option<i64> = granted.try_get(0).map_err(failed)?;
        if are_several(variables) {
            release(handle.get(), &name).await.map_err(failed)?;
            return Lease::take(handle, tables).await.map(Self::lease);
        }
        match granted {
            Some(1) => Ok(Self::Named(name)),
            Some(_) => Err(held(handle.get(), &name).await),
            None => Lease::take(handle, tables).await.map(Self::lease),
        }
    }

    fn lease(lease: Lease) -> Self {
        Self::Lease(Box::new(lease))
    }

    /// Lets nothing after it run unless the lock is still held.
    pub fn guard(&self, message: &mut Message) {
        message.guard(MessagePart::Lock, &self.is_ours());
    }

    /// A condition that holds while the lock does.
    pub fn is_ours(&self) -> String {
        match self {
            Self::Named(name) => format!("IS_USED_LOCK({name}) <=> CONNECTION_ID()"),
            Self::Lease(lease) => lease.is_ours(),
        }
    }

    /// The same before a record, in whose transaction the lease is renewed: two who think that they have it cannot both
    /// commit. A named lock ends with its connection, unless a revision releases it.
    pub fn fence(&self, message: &mut Message) {
        match self {
            Self::Named(_) => message.guard(MessagePart::Kept, &self.is_ours()),
            Self::Lease(lease) => {
                message.push(MessagePart::Lock, &lease.renewal());
                message.guard(MessagePart::Lock, "ROW_COUNT() = 1");
            }
        }
    }

    /// The same together with a condition on the version rows, which a revision must leave alone.
    pub fn fence_with(&self, message: &mut Message, condition: &str) {
        if let Self::Named(_) = self {
            return message.guard(
                MessagePart::Kept,
                &format!("{} AND {condition}", self.is_ours()),
            );
        }
        self.fence(message);
        message.guard(MessagePart::Kept, condition);
    }

    pub async fn release(self, connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        match self {
            Self::Named(name) => release(connection, &name).await,
            Self::Lease(lease) => lease.release(connection).await,
        }
    }

    /// A statement that releases it, for a connection that is cut off.
    pub fn release_statement(&self) -> String {
        match self {
            Self::Named(name) => format!("DO RELEASE_LOCK({name})"),
            Self::Lease(lease) => lease.end(),
        }
    }
}

/// The variables that tell of a cluster whose servers take writes and do not share locks. A server that does not know
/// them leaves them out.
const ARE_SEVERAL: &str = "SHOW GLOBAL VARIABLES WHERE Variable_name IN \
    ('wsrep_on', 'group_replication_group_name', 'group_replication_single_primary_mode')";

fn are_several(variables: &[MySqlRow]) -> bool {
    let value = |wanted: &str| {
        let found = variables.iter().find_map(|row| {
            let name: String = row.try_get(0).ok()?;
            (name == wanted).then(|| row.try_get::<String, _>(1).unwrap_or_default())
        });
        found.unwrap_or_default()
    };
    let is_galera = value("wsrep_on") == "ON";
    let is_group = !value("group_replication_group_name").is_empty();
    is_galera || is_group && value("group_replication_single_primary_mode") == "OFF"
}

/// The name of the lock as an expression in SQL: at most 64 characters, and its own for each version table.
pub fn named(tables: &Tables) -> String {
    let schema = tables
        .schema
        .as_deref()
        .map_or_else(|| "COALESCE(DATABASE(), '')".to_owned(), text);
    let table = text(&tables.version_name);
    // In lower case: whether names differ by case is up to the server.
    format!(
        "CONCAT('embed-migrations:', LEFT(SHA2(LOWER(CONCAT({schema}, '/', {table})), 256), 40))"
    )
}

async fn release(connection: &mut MySqlConnection, name: &str) -> Result<(), sqlx::Error> {
    let sql = format!("DO RELEASE_LOCK({name})");
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await?;
    Ok(())
}

/// That somebody else has it, and who.
async fn held(connection: &mut MySqlConnection, name: &str) -> Cause {
    let sql = format!(
        "SELECT CAST(id AS CHAR), user, host, CAST(time AS CHAR) FROM information_schema.processlist WHERE id = IS_USED_LOCK({name})"
    );
    let row = sqlx::raw_sql(AssertSqlSafe(sql))
        .fetch_optional(connection)
        .await;
    let holder = row.ok().flatten().and_then(|row| {
        let column = |at: usize| row.try_get::<String, _>(at).ok();
        Some(format!(
            "connection {} ({}@{}, in its statement for {} s)",
            column(0)?,
            column(1)?,
            column(2)?,
            column(3)?
        ))
    });
    Cause::Busy {
        // Whom another user's connection belongs to is told to those with the PROCESS privilege only.
        holder: holder.unwrap_or_else(|| {
            "a connection of another user, or one that has just ended".to_owned()
        }),
    }
}
