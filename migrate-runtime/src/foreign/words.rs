//! SQL that reads the values of another tool's table as text, whatever their types are there.

use migrate_chain::Dialect;

/// A value as text.
pub fn text(dialect: Dialect, value: &str) -> String {
    match dialect {
        Dialect::Sqlite | Dialect::Postgres => format!("CAST({value} AS TEXT)"),
        Dialect::MySql => format!("CAST({value} AS CHAR)"),
    }
}

/// Bytes in small hexadecimal digits.
pub fn hex(dialect: Dialect, value: &str) -> String {
    match dialect {
        Dialect::Postgres => format!("encode({value}, 'hex')"),
        Dialect::Sqlite | Dialect::MySql => format!("LOWER(HEX({value}))"),
    }
}

/// A time in UTC, as a literal of the journal's column; NULL if it cannot be read as one.
pub fn time(dialect: Dialect, column: &str, kind: TimeFormat) -> String {
    match (dialect, kind) {
        (Dialect::Sqlite, TimeFormat::Epoch) => {
            format!("strftime({SQLITE}, {column}, 'unixepoch')")
        }
        (Dialect::Sqlite, _) => format!(
            "CASE WHEN typeof({column}) = 'integer' THEN strftime({SQLITE}, {column} / 1000.0, 'unixepoch') \
             ELSE strftime({SQLITE}, {column}) END"
        ),
        (Dialect::Postgres, TimeFormat::Epoch) => {
            format!("to_char(to_timestamp({column}) AT TIME ZONE 'UTC', {POSTGRES})")
        }
        (Dialect::Postgres, TimeFormat::Zoned) => {
            format!("to_char({column} AT TIME ZONE 'UTC', {POSTGRES})")
        }
        (Dialect::Postgres, TimeFormat::Plain) => format!("to_char({column}, {POSTGRES})"),
        (Dialect::Postgres, TimeFormat::Text) => column.to_owned(),
        (Dialect::MySql, TimeFormat::Epoch) => {
            format!("DATE_FORMAT(TIMESTAMPADD(SECOND, {column}, '1970-01-01'), {MYSQL})")
        }
        (Dialect::MySql, TimeFormat::Zoned) => {
            format!("DATE_FORMAT(CONVERT_TZ({column}, @@session.time_zone, '+00:00'), {MYSQL})")
        }
        (Dialect::MySql, TimeFormat::Plain) => format!("DATE_FORMAT({column}, {MYSQL})"),
        (Dialect::MySql, TimeFormat::Text) => format!("REPLACE(LEFT({column}, 19), 'T', ' ')"),
    }
}

/// How a tool keeps a time.
#[derive(Clone, Copy)]
pub enum TimeFormat {
    /// With its zone, or in that of the session.
    Zoned,
    /// In UTC, without saying so.
    Plain,
    /// Seconds since 1970.
    Epoch,
    /// RFC 3339, as text.
    Text,
}

const SQLITE: &str = "'%Y-%m-%dT%H:%M:%fZ'";
const POSTGRES: &str = "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'";
const MYSQL: &str = "'%Y-%m-%d %H:%i:%s'";
