//! Reading the version table and the journal.

use futures_util::TryStreamExt as _;
use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, Either, MySqlConnection};

use super::bookkeeping::read_evidence as evidence;
use super::code::{NO_SUCH_TABLE, is};
use super::quote::text;
use crate::database::rows::{Columns as _, state};
use crate::journal::state::State;
use crate::journal::tables::Tables;

/// Reads the state in one round trip. The server stops at the first table that is missing, so that what came before it
/// tells which are there.
pub async fn read_state(
    connection: &mut MySqlConnection,
    tables: &Tables,
) -> Result<State, sqlx::Error> {
    let text = format!(
        "{};\n{};\n{}",
        has_journal(tables),
        tables.read_version(),
        tables.read()
    );
    let mut answers: [Vec<MySqlRow>; 3] = Default::default();
    let mut complete = 0;
    let mut results = sqlx::raw_sql(AssertSqlSafe(text)).fetch_many(connection);
    loop {
        match results.try_next().await {
            Ok(None) => break,
            Ok(Some(Either::Left(_))) => complete += 1,
            Ok(Some(Either::Right(row))) => {
                if let Some(rows) = answers.get_mut(complete) {
                    rows.push(row);
                }
            }
            Err(error) if is(&error, NO_SUCH_TABLE) && complete > 0 => break,
            Err(error) => return Err(error),
        }
    }
    let [journal, version, both] = answers;
    match complete {
        3 => state(&both, true, true),
        2 => state(&version, true, false),
        _ => Ok(State {
            has_journal: journal
                .first()
                .is_some_and(|row| matches!(row.number(0), Ok(1))),
            ..State::default()
        }),
    }
}

/// A query that is 1 if the journal exists, also where there is no version table.
fn has_journal(tables: &Tables) -> String {
    let schema = tables
        .schema
        .as_deref()
        .map_or_else(|| "DATABASE()".to_owned(), text);
    format!(
        "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = {schema} AND table_name = {}",
        text(&tables.journal_name)
    )
}

/// The evidence written down last for the next statement. It was taken before the first try.
pub async fn read_evidence(
    connection: &mut MySqlConnection,
    tables: &Tables,
) -> Result<Option<String>, sqlx::Error> {
    let row = sqlx::raw_sql(AssertSqlSafe(evidence(tables)))
        .fetch_optional(connection)
        .await?;
    row.map_or(Ok(None), |row| row.text(0))
}
