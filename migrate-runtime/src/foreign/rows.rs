//! The rows of another tool's history.

use migrate_chain::Dialect;
use migrate_chain::adopt::Tool;

use super::TextRows;
use super::words::{TimeFormat, hex, text, time};

/// One row of the history, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// The version as the tool names it.
    pub version: String,
    /// The checksum, if the tool keeps one.
    pub checksum: Option<String>,
    pub state: RowState,
    /// When it was applied, as a literal of the journal's column.
    pub at: Option<String>,
    /// The database user who applied it.
    pub by: Option<String>,
}

/// The meaning of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowState {
    /// This migration is applied.
    Applied,
    /// It was undone, or given up.
    Undone,
    /// It failed, or is under way.
    Failed,
    /// This migration and all before it are applied.
    UpTo,
    /// Everything up to this version counts as applied, whether there is such a migration or not.
    Baseline,
}

impl RowState {
    const ALL: [(&'static str, Self); 5] = [
        ("applied", Self::Applied),
        ("undone", Self::Undone),
        ("failed", Self::Failed),
        ("up to", Self::UpTo),
        ("baseline", Self::Baseline),
    ];
}

/// The query that reads the history from the table `table`, as SQL writes it.
#[allow(clippy::too_many_lines, reason = "a query for each tool")]
pub fn query(tool: Tool, dialect: Dialect, table: &str) -> String {
    let text = |value: &str| text(dialect, value);
    let time = |column: &str, kind| text(&time(dialect, column, kind));
    let version = text("version");
    let of = |version: &str, checksum: &str, state: &str, at: &str, by: &str, rest: &str| {
        format!(
            "SELECT {version} AS of_version, {checksum} AS of_checksum, {state} AS of_state, {at} AS of_time, {by} AS of_user \
             FROM {table} {rest}"
        )
    };
    match tool {
        Tool::Sqlx => {
            let state = "CASE WHEN success THEN 'applied' ELSE 'failed' END";
            let at = time("installed_on", TimeFormat::Zoned);
            of(
                &version,
                &hex(dialect, "checksum"),
                state,
                &at,
                "NULL",
                "ORDER BY version",
            )
        }
        Tool::Diesel => of(
            &version,
            "NULL",
            "'applied'",
            &time("run_on", local(dialect)),
            "NULL",
            "ORDER BY version",
        ),
        Tool::Refinery => {
            let at = time("applied_on", TimeFormat::Text);
            of(
                &version,
                &text("checksum"),
                "'applied'",
                &at,
                "NULL",
                "ORDER BY version",
            )
        }
        Tool::SeaOrm => of(
            &version,
            "NULL",
            "'applied'",
            &time("applied_at", TimeFormat::Epoch),
            "NULL",
            "ORDER BY version",
        ),
        Tool::Goose => {
            let state = "CASE WHEN is_applied THEN 'applied' ELSE 'undone' END";
            let at = time("tstamp", local(dialect));
            of(
                &text("version_id"),
                "NULL",
                state,
                &at,
                "NULL",
                "WHERE version_id <> 0 ORDER BY id",
            )
        }
        Tool::Dbmate => of(
            &version,
            "NULL",
            "'applied'",
            "NULL",
            "NULL",
            "ORDER BY version",
        ),
        Tool::GolangMigrate => {
            let state = "CASE WHEN dirty THEN 'failed' ELSE 'up to' END";
            of(&version, "NULL", state, "NULL", "NULL", "")
        }
        Tool::Flyway => {
            // Columns that PostgreSQL and MySQL take as words, and that Flyway quotes.
            let q = |column: &str| migrate_chain::sql::quote_name(dialect, column);
            let state = format!(
                "CASE WHEN NOT {success} THEN 'failed' WHEN {kind} = 'DELETE' OR {kind} LIKE 'UNDO%' THEN 'undone' \
                 WHEN {kind} LIKE '%BASELINE' OR {kind} LIKE '%STATE_SCRIPT' THEN 'baseline' ELSE 'applied' END",
                success = q("success"),
                kind = q("type")
            );
            of(
                &format!("COALESCE({}, {})", q("version"), q("script")),
                &text(&q("checksum")),
                &state,
                &time(&q("installed_on"), local(dialect)),
                &q("installed_by"),
                &format!(
                    "WHERE {} <> 'SCHEMA' ORDER BY {}",
                    q("type"),
                    q("installed_rank")
                ),
            )
        }
        Tool::Prisma => {
            let state = "CASE WHEN rolled_back_at IS NOT NULL THEN 'undone' WHEN finished_at IS NULL THEN 'failed' ELSE 'applied' END";
            let at = time("finished_at", utc(dialect));
            of(
                "migration_name",
                "checksum",
                state,
                &at,
                "NULL",
                "ORDER BY started_at, id",
            )
        }
    }
}

/// A `TIMESTAMP` with the default of the database: without a zone on PostgreSQL.
fn local(dialect: Dialect) -> TimeFormat {
    match dialect {
        Dialect::Postgres => TimeFormat::Plain,
        Dialect::Sqlite | Dialect::MySql => TimeFormat::Zoned,
    }
}

/// A time with its zone on PostgreSQL, and in UTC elsewhere.
fn utc(dialect: Dialect) -> TimeFormat {
    match dialect {
        Dialect::Postgres => TimeFormat::Zoned,
        Dialect::Sqlite | Dialect::MySql => TimeFormat::Plain,
    }
}

/// The rows that [`query`] has given.
///
/// # Errors
/// The row that makes no sense, shown as text.
pub fn read(answer: TextRows) -> Result<Vec<HistoryRow>, String> {
    answer.into_iter().map(row).collect()
}

fn row(mut columns: Vec<Option<String>>) -> Result<HistoryRow, String> {
    let shown = format!("{columns:?}");
    let mut column = |at: usize| columns.get_mut(at).and_then(Option::take);
    let state = column(2).and_then(|word| {
        let found = RowState::ALL.into_iter().find(|(name, _)| *name == word);
        found.map(|(_, state)| state)
    });
    match (column(0), state) {
        (Some(version), Some(state)) => Ok(HistoryRow {
            version,
            checksum: column(1),
            state,
            at: column(3),
            by: column(4),
        }),
        _ => Err(shown),
    }
}
