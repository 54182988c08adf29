//! Runs the SQL of a revision, in slices, and looks at each `DROP TABLE` before it.

use std::ops::Range;

use futures_util::TryStreamExt as _;
use migrate_chain::Dialect;
use migrate_chain::sql::sqlite::{TableChange, table_change};
use sqlx::{AssertSqlSafe, Either, SqliteConnection};

use super::code::{database, is_busy, of_statement};
use super::drops::Drops;
use super::execute::sound;
use super::timeout::Watchdog;
use crate::database::Cause;
use crate::sql::{Script, inner};

/// How many statements, and bytes of them, a call runs at most. For each statement SQLite copies all that is left of the
/// call, and sqlx keeps each one prepared until the end of the call.
const STATEMENTS: usize = 64;
const LENGTH: usize = 16 * 1024;

/// SQL that one call to sqlx runs.
struct Slice<'s> {
    sql: &'s str,
    /// The number of its first statement, from 0.
    first: usize,
    /// How many statements it has; none if only SQLite can tell.
    count: Option<usize>,
    change: Option<TableChange>,
}

/// A statement of a script, or a part of one that SQLite reads as several.
struct ScriptPiece {
    range: Range<usize>,
    statement: usize,
    is_one: bool,
    change: Option<TableChange>,
}

/// Why a script stopped.
pub enum Stop {
    /// The script's transaction could not be marked.
    Mark(sqlx::Error),
    /// A statement failed, counted from 0.
    Statement(usize, sqlx::Error),
    /// A statement would lose rows, and the runner said no.
    Loses(usize),
}

impl Stop {
    /// The failure of the revision at `index`.
    pub fn failure(self, index: usize, drops: &Drops) -> Cause {
        match self {
            Self::Mark(error) => database(error, "to mark the start of the revision"),
            Self::Statement(statement, error) => of_statement(index, statement, error),
            Self::Loses(statement) => drops.failure(index, Some(statement)),
        }
    }

    /// As an error of sqlx, for code that ran the script.
    pub fn into_error(self, drops: &Drops) -> sqlx::Error {
        match self {
            Self::Mark(error) | Self::Statement(_, error) => error,
            Self::Loses(_) => sqlx::Error::InvalidArgument(drops.to_string()),
        }
    }

    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Mark(error) | Self::Statement(_, error) if is_busy(error))
    }
}

/// Runs a script after `mark`, and says how many rows it affected. `done` is told of each statement, counted from 0.
///
/// # Errors
/// The first statement that fails.
pub async fn run_script(
    connection: &mut SqliteConnection,
    mut mark: Option<&str>,
    script: &Script<'_>,
    drops: &mut Drops,
    watchdog: Option<&Watchdog>,
    mut done: impl FnMut(usize) + Send,
) -> Result<u64, Stop> {
    let mut rows = 0;
    for slice in slices(script) {
        let stop = |error| Stop::Statement(slice.first, error);
        if let Some(change) = &slice.change
            && !drops.allows(connection, change).await.map_err(stop)?
        {
            return Err(Stop::Loses(slice.first));
        }
        rows += slice
            .run(connection, mark.take(), watchdog, &mut done)
            .await?;
        if let Some(change) = &slice.change {
            drops.follow(change);
        }
    }
    if let Some(mark) = mark {
        super::execute(connection, mark).await.map_err(Stop::Mark)?;
    }
    Ok(rows)
}

impl Slice<'_> {
    async fn run(
        &self,
        connection: &mut SqliteConnection,
        mark: Option<&str>,
        watchdog: Option<&Watchdog>,
        done: &mut (impl FnMut(usize) + Send),
    ) -> Result<u64, Stop> {
        let restart = || watchdog.inspect(|watchdog| watchdog.restart());
        let sql = sound(self.sql).map_err(|error| Stop::Statement(self.first, error))?;
        let sql = mark.map_or_else(|| sql.to_owned(), |mark| format!("{mark};\n{sql}"));
        let mut results = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_many(connection);
        if mark.is_some() {
            results.try_next().await.map_err(Stop::Mark)?;
        }
        restart();
        let (mut ran, mut rows) = (0, 0);
        loop {
            // SQLite may count more statements than the slice does.
            let statement = self.first + self.count.map_or(0, |count| ran.min(count - 1));
            match results.try_next().await {
                Ok(None) => break,
                Ok(Some(Either::Right(_))) => {}
                Ok(Some(Either::Left(result))) => {
                    rows += result.rows_affected();
                    if self.count.is_some_and(|count| ran < count) {
                        done(statement);
                    }
                    ran += 1;
                    restart();
                }
                Err(error) => return Err(Stop::Statement(statement, error)),
            }
        }
        match self.count {
            None => done(self.first),
            Some(count) if ran < count => {
                return Err(Stop::Statement(self.first + ran, cut_short()));
            }
            Some(_) => {}
        }
        Ok(rows)
    }
}

/// Text that SQLite reads as a comment, or as part of a string, must not be recorded as run.
pub fn cut_short() -> sqlx::Error {
    let what = "SQLite has come to the end of the SQL before its last statement";
    sqlx::Error::InvalidArgument(what.to_owned())
}

/// The script in slices: a statement that changes the name of a table is a slice of its own.
fn slices<'s>(script: &'s Script<'_>) -> impl Iterator<Item = Slice<'s>> {
    let mut pieces = pieces(script).peekable();
    std::iter::from_fn(move || {
        let first = pieces.next()?;
        let (start, mut end) = (first.range.start, first.range.end);
        let mut count = first.is_one.then_some(1);
        while let (Some(before), None) = (count, &first.change) {
            let fits = |next: &ScriptPiece| {
                next.is_one
                    && next.change.is_none()
                    && before < STATEMENTS
                    && next.range.end - start <= LENGTH
            };
            let Some(next) = pieces.next_if(fits) else {
                break;
            };
            (count, end) = (Some(before + 1), next.range.end);
        }
        Some(Slice {
            sql: &script.text()[start..end],
            first: first.statement,
            count,
            change: first.change,
        })
    })
}

/// The statements of a script. The text between markers may be several for SQLite, and is split at each one that
/// changes the name of a table.
fn pieces(script: &Script<'_>) -> impl Iterator<Item = ScriptPiece> {
    let text = script.text();
    // The only statement of a script may have stood between markers in its file.
    let may_be_several = text.contains("migrate:") || script.len() == 1;
    script
        .ranges()
        .enumerate()
        .flat_map(move |(statement, range)| {
            let whole = &text[range.clone()];
            if may_be_several && inner(Dialect::Sqlite, whole).nth(1).is_some() {
                return taken_apart(whole, range.start, statement);
            }
            let change = table_change(whole);
            vec![ScriptPiece {
                range,
                statement,
                is_one: true,
                change,
            }]
        })
}

fn taken_apart(whole: &str, start: usize, statement: usize) -> Vec<ScriptPiece> {
    let piece = |range: Range<usize>, change| ScriptPiece {
        range: start + range.start..start + range.end,
        statement,
        is_one: false,
        change,
    };
    let (mut pieces, mut at) = (Vec::new(), 0);
    for range in inner(Dialect::Sqlite, whole) {
        if let Some(change) = table_change(&whole[range.clone()]) {
            pieces.push(piece(at..range.start, None));
            at = range.end;
            pieces.push(piece(range, Some(change)));
        }
    }
    pieces.push(piece(at..whole.len(), None));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> Script<'_> {
        Script::of_text(Dialect::Sqlite, text)
    }

    fn cut(text: &str) -> Vec<(String, usize, Option<usize>)> {
        slices(&script(text))
            .map(|slice| (slice.sql.to_owned(), slice.first, slice.count))
            .collect()
    }

    #[test]
    fn a_statement_that_renames_or_drops_a_table_runs_alone() {
        let script = "SELECT 1; SELECT 2; -- so\nDROP TABLE t; SELECT 3; ALTER TABLE a RENAME TO t";
        assert_eq!(
            cut(script),
            [
                ("SELECT 1; SELECT 2".to_owned(), 0, Some(2)),
                ("DROP TABLE t".to_owned(), 2, Some(1)),
                ("SELECT 3".to_owned(), 3, Some(1)),
                ("ALTER TABLE a RENAME TO t".to_owned(), 4, Some(1)),
            ]
        );
    }

    #[test]
    fn slices_are_short() {
        let text = "SELECT 1;\n".repeat(1000);
        let rows = script(&text);
        let counts = slices(&rows).map(|slice| slice.count.unwrap_or_default());
        let counts: Vec<usize> = counts.collect();
        assert!(counts.iter().all(|&count| count <= STATEMENTS));
        assert_eq!(counts.iter().sum::<usize>(), 1000);
        let text = format!("SELECT '{}';\n", "x".repeat(6000)).repeat(10);
        assert!(slices(&script(&text)).all(|slice| slice.sql.len() <= LENGTH));
    }

    #[test]
    fn what_stands_between_markers_is_one_statement_in_several_slices() {
        let script = "SELECT 1;\n-- migrate: statement\nSELECT 2; DROP TABLE t; SELECT 3;\n-- migrate: end\nSELECT 4;";
        assert_eq!(
            cut(script),
            [
                ("SELECT 1".to_owned(), 0, Some(1)),
                ("SELECT 2; ".to_owned(), 1, None),
                ("DROP TABLE t".to_owned(), 1, None),
                ("; SELECT 3;".to_owned(), 1, None),
                ("SELECT 4".to_owned(), 2, Some(1)),
            ]
        );
    }
}
