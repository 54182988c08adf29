//! The lock that keeps other runs out: an advisory lock, asked for without waiting. A blocking wait would be a
//! transaction that lasts, and `CREATE INDEX CONCURRENTLY` waits for those.

use migrate_chain::Checksum;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Column as _, PgConnection, Row as _};

use super::code::Signal;
use crate::journal::tables::Tables;

/// A lock of this database: advisory locks are apart for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lock(i64);

impl Lock {
    /// The lock of a version table. The number is part of the protocol: all versions of this library must agree on it.
    pub fn of(tables: &Tables) -> Self {
        let schema = tables.schema.as_deref().unwrap_or_default();
        let name = format!("embed-migrations\0{schema}\0{}\0", tables.version_name);
        let hash = Checksum::of(&name).to_string();
        let number = u64::from_str_radix(&hash[..16], 16).expect("a checksum is hexadecimal");
        Self(number.cast_signed())
    }

    /// Tries to take it for the session; who holds it if that fails.
    pub async fn try_take(
        self,
        connection: &mut PgConnection,
    ) -> Result<Result<(), String>, sqlx::Error> {
        let sql = format!(
            "SELECT l.taken, h.* FROM (SELECT pg_try_advisory_lock({}) AS taken OFFSET 0) l LEFT JOIN LATERAL ({}) h ON \
             NOT l.taken",
            self.0,
            self.holder_query()
        );
        let row = sqlx::raw_sql(AssertSqlSafe(sql))
            .fetch_one(connection)
            .await?;
        if row.try_get(0)? {
            return Ok(Ok(()));
        }
        Ok(Err(holder(&row, 1)?))
    }

    /// The current owner, if any.
    pub async fn holder(
        self,
        connection: &mut PgConnection,
    ) -> Result<Option<String>, sqlx::Error> {
        let query = sqlx::raw_sql(AssertSqlSafe(self.holder_query()));
        let row = query.fetch_optional(connection).await?;
        row.map(|row| holder(&row, 0)).transpose()
    }

    /// The same, and the rows of another query, in one round trip.
    pub async fn holder_and(
        self,
        connection: &mut PgConnection,
        more: Option<String>,
    ) -> Result<(Option<String>, Vec<PgRow>), sqlx::Error> {
        let more = more.map_or_else(String::new, |more| format!("; {more}"));
        let sql = format!("{}{more}", self.holder_query());
        let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(connection);
        let is_holder = |row: &PgRow| {
            row.columns()
                .first()
                .is_some_and(|column| column.name() == "pid")
        };
        let (holders, rows): (Vec<PgRow>, Vec<PgRow>) =
            rows.await?.into_iter().partition(is_holder);
        let holder = holders.first().map(|row| holder(row, 0)).transpose()?;
        Ok((holder, rows))
    }

    /// The query that takes it for a transaction, or ends that. A session that has it gets it again at once.
    pub fn take_in_transaction(self) -> String {
        Signal::Busy.unless(&format!("pg_try_advisory_xact_lock({})", self.0))
    }

    /// A condition: this session has it still.
    pub fn is_held(self) -> String {
        format!(
            "EXISTS (SELECT FROM pg_locks WHERE {} AND granted AND pid = pg_backend_pid())",
            self.row()
        )
    }

    /// The query that gives it back.
    pub fn release(self) -> String {
        format!("SELECT pg_advisory_unlock({})", self.0)
    }

    /// Its row in `pg_locks`.
    fn row(self) -> String {
        let key = self.0.cast_unsigned();
        format!(
            "locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND \
             classid = {} AND objid = {} AND objsubid = 1",
            key >> 32,
            key & 0xffff_ffff
        )
    }

    fn holder_query(self) -> String {
        format!(
            "SELECT l.pid, a.application_name, host(a.client_addr) AS address, a.usename::text AS usename, \
             to_char(coalesce(a.xact_start, a.state_change) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS since FROM \
             (SELECT pid FROM pg_locks WHERE {} AND granted LIMIT 1) l LEFT JOIN pg_stat_activity a ON a.pid = l.pid",
            self.row()
        )
    }
}

pub const UNKNOWN: &str = "another process";

/// Another role sees no more than the number of the process, unless it may read all statistics.
fn holder(row: &PgRow, first: usize) -> Result<String, sqlx::Error> {
    let pid: Option<i32> = row.try_get(first)?;
    let Some(pid) = pid else {
        return Ok(UNKNOWN.to_owned());
    };
    let text = |at: usize| -> Result<Option<String>, sqlx::Error> {
        let text: Option<String> = row.try_get(first + at)?;
        Ok(text.filter(|text| !text.is_empty()))
    };
    let name = text(1)?.map_or_else(String::new, |name| format!(" ({name})"));
    let user = text(3)?.map_or_else(String::new, |user| format!(" of the role {user}"));
    let address = text(2)?.map_or_else(String::new, |address| format!(" from {address}"));
    let since = text(4)?.map_or_else(String::new, |since| format!(", busy since {since} UTC"));
    Ok(format!("process {pid}{name}{user}{address}{since}"))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use migrate_chain::Dialect;

    use super::*;
    use crate::values::settings::EmbeddedSettings;

    fn lock(schema: Option<&'static str>, table: &'static str) -> Lock {
        let settings = EmbeddedSettings {
            versions: Cow::Borrowed(&[]),
            recursive: false,
            many_heads: false,
            version_table: Cow::Borrowed(table),
            version_table_schema: schema.map(Cow::Borrowed),
            journal_table: Cow::Borrowed("migrate_journal"),
            connect: [const { None }; 3],
            lease: false,
            adopt: None,
        };
        Lock::of(&Tables::new(Dialect::Postgres, &settings, None))
    }

    #[test]
    fn the_number_never_changes() {
        assert_eq!(
            lock(Some("public"), "alembic_version"),
            Lock(6_667_136_966_474_811_939)
        );
    }

    #[test]
    fn each_version_table_has_its_own() {
        let all = [
            lock(None, "a"),
            lock(Some("a"), "a"),
            lock(Some("a"), "b"),
            lock(Some("ab"), ""),
        ];
        for (n, one) in all.iter().enumerate() {
            assert!(all[n + 1..].iter().all(|other| other != one));
        }
    }
}
