//! A connection that is passed: nothing of a run is left on it, also when the run is cut off.
//!
//! A run that is dropped while the server is at work cannot send anything any more. It leaves a ROLLBACK in the queue of
//! sqlx, which the connection sends before anything else. The rest is written down on the server, in a variable of the
//! session, and done when the next run begins.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, Row as _};
use sqlx_core::transaction::TransactionManager as _;

use super::code::{self, INSIDE_A_TRANSACTION};
use super::execute::execute;
use super::quote::text;
use super::settings;
use super::settings::Traces;
use crate::database::inside_a_transaction;
use crate::database::rows::Columns as _;
use crate::values::error::{Error, ErrorKind};
use crate::values::error::{database_code, database_message};

/// The settings that a connection came with, as SHOW VARIABLES gives them.
pub struct ConnectionState {
    variables: Vec<(String, String)>,
    /// The script that gives back those that a run changes, and what it holds.
    script: String,
}

/// Clears away what a run that was cut off has left, once the server has done its last statement.
///
/// A run that is cut off in the middle of a packet leaves sqlx with the first half of it: sqlx then takes the second half
/// for the next packet, and may wait for bytes that nobody sends. That looks like a server that is at work, so the wait
/// ends after `deadline`.
///
/// # Errors
/// That the connection is inside a transaction of its owner's, broken, or silent.
pub async fn clear(connection: &mut MySqlConnection, deadline: Duration) -> Result<(), Error> {
    let deadline = deadline.max(AT_LEAST);
    let undone = AssertUnwindSafe(undo(connection)).catch_unwind();
    match tokio::time::timeout(deadline, undone).await {
        Ok(undone) => undone.unwrap_or_else(|_| Err(broken(out_of_step()))),
        Err(_) => Err(silent(deadline)),
    }
}

/// A run that is cut off while a statement with values is prepared leaves answers that sqlx takes for others, and reads
/// beyond their end.
fn out_of_step() -> sqlx::Error {
    sqlx::Error::Protocol(
        "an answer to a cancelled statement was read as that of another".to_owned(),
    )
}

/// The least wait for the last statement of a run that was cut off.
const AT_LEAST: Duration = Duration::from_secs(2);

async fn undo(connection: &mut MySqlConnection) -> Result<(), Error> {
    let mut tries = 0;
    let kept = loop {
        tries += 1;
        match look(connection).await {
            Ok(kept) => break kept,
            Err(error) if code::is(&error, INSIDE_A_TRANSACTION) => {
                // Only a transaction of ours has the mark.
                if execute(connection, &format!("RELEASE SAVEPOINT {MARK}"))
                    .await
                    .is_err()
                {
                    return Err(inside_a_transaction());
                }
                execute(connection, "ROLLBACK").await.map_err(broken)?;
            }
            // The answer to the last message of the run that was cut off.
            Err(error) if code::number(&error).is_some() && tries < 4 => {}
            Err(error) => return Err(broken(error)),
        }
    };
    match kept {
        Some(script) => execute(connection, &script).await.map_err(broken),
        None => Ok(()),
    }
}

/// Whether a run was cut off on the connection: the script that undoes what it made. MySQL has no variable that tells of a
/// transaction, but refuses this SET inside one.
async fn look(connection: &mut MySqlConnection) -> Result<Option<String>, sqlx::Error> {
    let row = sqlx::raw_sql(AssertSqlSafe(format!(
        "SET TRANSACTION READ WRITE;\nSELECT CAST({KEPT} AS CHAR)"
    )));
    row.fetch_one(connection).await?.try_get(0)
}

impl ConnectionState {
    /// Reads the settings of the connection, and makes sqlx roll back what is open when the run is dropped.
    pub async fn of(
        connection: &mut MySqlConnection,
        traces: &Traces,
    ) -> Result<Self, sqlx::Error> {
        count(connection).await?;
        let variables = variables(connection, traces).await?;
        // A server that cannot do that has only the settings compared that the run knows of.
        let _ = execute(connection, &format!("SET {ALL} = ({})", all())).await;
        Ok(Self {
            variables,
            script: String::new(),
        })
    }

    /// Writes down on the server how to undo all. `lock` is the named lock that the run is about to take, `home` the
    /// database that it goes back to.
    pub async fn write(
        &mut self,
        connection: &mut MySqlConnection,
        lock: Option<&str>,
        home: Option<&str>,
        traces: &Traces,
    ) -> Result<(), sqlx::Error> {
        let release = lock.map_or_else(String::new, |lock| format!("DO RELEASE_LOCK({lock});\n"));
        let back = settings::give_back(&self.variables, traces);
        self.script = format!("ROLLBACK;\n{release}{FORGET};\n{back}");
        let home = home.map_or_else(String::new, |home| format!(";\nUSE {home}"));
        let script = text(&format!("{}{home}", self.script));
        execute(connection, &format!("SET {KEPT} = {script}")).await
    }

    /// The script that undoes all, for a run that is dropped.
    pub fn script(&self, traces: &Traces) -> String {
        let more = settings::give_back(&self.variables, traces);
        format!("{};\n{more}", self.script)
    }

    /// Restores the settings, including those that could not be foreseen.
    pub async fn give_back(self, connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        match execute(connection, &self.script).await {
            // A setting that cannot be given back with the others is tried alone.
            Err(error) if code::number(&error).is_none() => return Err(error),
            _ => {}
        }
        for (name, before) in changed(connection).await? {
            let sql = format!(
                "SET SESSION {name} = {}",
                settings::literal(&name.to_lowercase(), &before)
            );
            // One that cannot be set was not set by a revision either.
            let _ = execute(connection, &sql).await;
        }
        let _ = execute(connection, "SET @embed_migrations_all = NULL").await;
        queue_rollback(connection);
        // Unlike a ping, its answer is waited for also when the run is cut off.
        execute(connection, "DO 0").await
    }
}

/// Leaves a ROLLBACK for the connection to send, if something of ours may be open. sqlx queues one when a transaction is
/// dropped, and refuses to begin one by a statement of its own inside another: nothing is sent for that.
pub fn queue_rollback(connection: &mut MySqlConnection) {
    if connection.is_in_transaction() {
        let _ = connection.begin_with("DO 0").now_or_never();
    }
}

/// Makes sqlx count a transaction though none is open, so that it rolls back whatever is open when the run is dropped.
pub async fn count(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    // If this is cut off, the transaction stays open. One that only reads cannot lose what its owner writes.
    let begin = AssertSqlSafe(format!("START TRANSACTION READ ONLY;\nSAVEPOINT {MARK}"));
    nested(connection, begin).await?;
    execute(connection, "ROLLBACK").await
}

/// Makes sqlx count none, so that one that is begun through it is a transaction and not a savepoint. Any that is open is
/// rolled back.
pub async fn count_none(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    while connection.is_in_transaction() {
        <sqlx::MySql as sqlx::Database>::TransactionManager::rollback(connection).await?;
    }
    Ok(())
}

/// Lets transactions of sqlx begun on the connection become savepoints in the one that is open.
pub async fn nest(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    if connection.is_in_transaction() {
        return Ok(());
    }
    nested(connection, AssertSqlSafe("DO 0".to_owned())).await
}

/// Makes sqlx count a transaction as open, whose end is ours.
async fn nested(
    connection: &mut MySqlConnection,
    begin: AssertSqlSafe<String>,
) -> Result<(), sqlx::Error> {
    std::mem::forget(connection.begin_with(begin).await?);
    Ok(())
}

/// The savepoint by which a transaction of ours is known.
const MARK: &str = "embed_migrations_passed";

/// The variable with the script that undoes all.
const KEPT: &str = "@embed_migrations_kept";

const FORGET: &str = "SET @embed_migrations_kept = NULL, @embed_migrations_id = NULL, @embed_migrations_started = NULL";

/// All settings of the session as they were, as JSON. It stays on the server: a run that is cut off while it reads a large
/// answer leaves the rest of it on the connection, where sqlx would misread it.
const ALL: &str = "@embed_migrations_all";

fn all() -> String {
    format!("SELECT JSON_OBJECTAGG(variable_name, variable_value) FROM {SESSION}")
}

/// The settings of the session, without those that tell of the last statement. Each server executes the comment that is
/// its own.
const SESSION: &str = "/*M! information_schema.session_variables */ /*!80000 performance_schema.session_variables */ \
    WHERE variable_name NOT IN ('timestamp', 'last_insert_id', 'identity', 'insert_id', 'rand_seed1', 'rand_seed2', \
    'warning_count', 'error_count', 'in_transaction')";

/// The settings that are not as they were, with the values from before.
async fn changed(connection: &mut MySqlConnection) -> Result<Vec<(String, String)>, sqlx::Error> {
    let is_same = format!("SELECT COALESCE({ALL} = ({}), 1)", all());
    let is_same = sqlx::raw_sql(AssertSqlSafe(is_same))
        .fetch_one(&mut *connection)
        .await;
    // A server without JSON, or views of its variables.
    if !is_same.is_ok_and(|row| matches!(row.number(0), Ok(0))) {
        return Ok(Vec::new());
    }
    let before = format!("JSON_UNQUOTE(JSON_EXTRACT({ALL}, CONCAT('$.\"', variable_name, '\"')))");
    let sql = format!(
        "SELECT variable_name, {before} FROM {SESSION} AND NOT (variable_value <=> {before})"
    );
    let rows = sqlx::raw_sql(AssertSqlSafe(sql))
        .fetch_all(connection)
        .await?;
    rows.iter().map(variable).collect()
}

/// The settings that a run changes, or `[connect]` names.
async fn variables(
    connection: &mut MySqlConnection,
    traces: &Traces,
) -> Result<Vec<(String, String)>, sqlx::Error> {
    let names: Vec<String> = settings::changed(traces)
        .iter()
        .map(|name| format!("'{name}'"))
        .collect();
    let sql = format!(
        "SHOW SESSION VARIABLES WHERE Variable_name IN ({})",
        names.join(", ")
    );
    let rows = sqlx::raw_sql(AssertSqlSafe(sql))
        .fetch_all(connection)
        .await?;
    rows.iter().map(variable).collect()
}

fn variable(row: &MySqlRow) -> Result<(String, String), sqlx::Error> {
    Ok((
        row.text(0)?.unwrap_or_default(),
        row.text(1)?.unwrap_or_default(),
    ))
}

fn silent(deadline: Duration) -> Error {
    let summary = format!(
        "the connection that was passed gave no answer within {} s: a run that was cancelled on it is still at work, or \
         was cancelled while an answer was being read",
        deadline.as_secs_f64()
    );
    Error::new(ErrorKind::Connect, summary).help(PASS_ANOTHER)
}

const PASS_ANOTHER: &str = "pass another connection, or a pool";

fn broken(error: sqlx::Error) -> Error {
    let summary = format!(
        "the connection that was passed cannot be used: {}",
        database_message(&error)
    );
    Error::new(ErrorKind::Connect, summary)
        .code(database_code(&error))
        .help(PASS_ANOTHER)
        .caused_by(error)
}
