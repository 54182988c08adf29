//! The settings of a connection that the runtime needs, whatever the app's own are.

use std::time::Duration;

use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use super::quote::text;
use crate::database::sealed::Limits;

/// A setting that only the runtime's own connections have, and only where the backend is theirs alone: a pooler that
/// shares backends refuses it, or does not pass it on.
pub const MARK: &str = "embed_migrations.direct";

/// How long a process may do nothing before the server takes its lock away, so that one that hangs or is stopped does
/// not keep the others out for ever.
const IDLE: Duration = Duration::from_mins(5);

/// The settings with which a connection of the runtime's own begins.
pub fn of_connection(limits: Limits) -> Vec<(&'static str, String)> {
    let mut settings = of_old_connection(limits);
    settings.extend([
        ("idle_session_timeout", milliseconds(IDLE)),
        // Whether the process is there still is looked at while a statement runs, too.
        ("client_connection_check_interval", "1000".to_owned()),
    ]);
    settings
}

/// The same before PostgreSQL 14.
pub fn of_old_connection(limits: Limits) -> Vec<(&'static str, String)> {
    let mut settings = of_transaction(limits);
    settings.extend([
        (MARK, "1".to_owned()),
        // So that a machine that is gone without a word is noticed within half a minute.
        ("tcp_keepalives_idle", "15".to_owned()),
        ("tcp_keepalives_interval", "5".to_owned()),
        ("tcp_keepalives_count", "3".to_owned()),
    ]);
    settings
}

/// The settings that each transaction makes for itself on any other connection.
pub fn of_transaction(limits: Limits) -> Vec<(&'static str, String)> {
    vec![
        ("lock_timeout", milliseconds(limits.ddl_lock)),
        (
            "statement_timeout",
            limits
                .statement
                .map_or_else(|| "0".to_owned(), milliseconds),
        ),
        ("idle_in_transaction_session_timeout", milliseconds(IDLE)),
    ]
}

/// The query that makes the settings, for the transaction or for the whole connection.
pub fn set(settings: &[(&str, String)], is_local: bool) -> String {
    let calls: Vec<String> = settings
        .iter()
        .map(|(name, value)| {
            let value = text(value);
            format!("set_config('{name}', {value}, {is_local})")
        })
        .collect();
    format!("SELECT {}", calls.join(", "))
}

/// Puts a schema at the beginning of the search path, for as long as the connection lasts if that is the runtime's own;
/// the path, unless there is no such schema.
pub async fn enter(
    connection: &mut PgConnection,
    schema: &str,
) -> Result<Option<String>, sqlx::Error> {
    let schema = text(schema);
    let sql = format!(
        "SELECT path, CASE WHEN coalesce(current_setting('{MARK}', true), '') = '1' THEN set_config('search_path', path, \
         false) END FROM (SELECT quote_ident(nspname) || coalesce(', ' || nullif(current_setting('search_path'), ''), \
         '') AS path FROM pg_namespace WHERE nspname = {schema}) s"
    );
    let row = sqlx::raw_sql(AssertSqlSafe(sql))
        .fetch_optional(connection)
        .await?;
    row.map(|row| row.try_get(0)).transpose()
}

/// At least 1, since 0 means without end; and no more than the server can hold.
fn milliseconds(duration: Duration) -> String {
    duration.as_millis().clamp(1, i32::MAX as u128).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_limit_becomes_none_by_being_too_short_or_too_long() {
        assert_eq!(milliseconds(Duration::ZERO), "1");
        assert_eq!(milliseconds(Duration::from_micros(1500)), "1");
        assert_eq!(milliseconds(Duration::from_secs(2)), "2000");
        assert_eq!(milliseconds(Duration::MAX), "2147483647");
    }

    #[test]
    fn settings_are_one_query() {
        let settings = [("a", "1".to_owned()), ("b.c", "x".to_owned())];
        assert_eq!(
            set(&settings, true),
            "SELECT set_config('a', '1', true), set_config('b.c', 'x', true)"
        );
    }
}
