//! Revisions of plain SQL in a row, which share a transaction.
//!
//! A call to sqlx's thread costs more than a small statement, and the answer to a statement costs as much as the statement.
//! So one call runs the statements of them all, and another one writes their records.

use std::time::Instant;

use futures_util::TryStreamExt as _;
use migrate_chain::sql::{TokenKind, tokens};
use migrate_chain::{Dialect, ForeignKeys};
use sqlx::{AssertSqlSafe, Either, SqliteConnection};

use super::code::of_statement;
use super::execute::sound;
use super::record::{Ran, TransactionContext, add_all, write};
use super::script::cut_short;
use super::timeout::Watchdog;
use super::words::ScriptWords;
use crate::database::{Cause, Transactional, UntilCommit, Work};
use crate::journal::state::RowChanges;
use crate::journal::tables::Tables;
use crate::point;

/// How much SQL a call holds at most, in bytes: for each statement, SQLite copies all that is left.
const LENGTH: usize = 16 * 1024;

/// Two or more revisions that run together.
pub struct RevisionBatch<'b, 'r> {
    /// The place of the first one among those of the transaction.
    first: usize,
    revisions: &'b [Transactional<'r>],
}

impl<'b, 'r> RevisionBatch<'b, 'r> {
    /// As many revisions as can run together, from the `first` one on; none if that is the only one.
    pub(super) fn of(tables: &Tables, all: &'b [Transactional<'r>], first: usize) -> Option<Self> {
        if all.len() - first < 2 {
            return None;
        }
        let mut length = 0;
        let fits = |revision: &&Transactional<'_>| {
            length += script(revision).len();
            length <= LENGTH && is_plain(tables, revision)
        };
        let count = all[first..].iter().take_while(fits).count();
        (count > 1).then(|| Self {
            first,
            revisions: &all[first..first + count],
        })
    }

    pub(super) fn len(&self) -> usize {
        self.revisions.len()
    }

    /// Runs them, and writes their records.
    ///
    /// # Errors
    /// The first revision that fails, and at which statement.
    pub(super) async fn run(
        &self,
        connection: &mut SqliteConnection,
        context: &TransactionContext<'_>,
        progress: &mut UntilCommit<'_>,
    ) -> Result<(), Cause> {
        let ran = self
            .statements(connection, progress, context.watchdog)
            .await;
        context.watchdog.inspect(|watchdog| watchdog.stop());
        self.records(connection, context.tables, &ran?).await
    }

    /// Runs the statements; when each revision began and ended.
    async fn statements(
        &self,
        connection: &mut SqliteConnection,
        progress: &mut UntilCommit<'_>,
        watchdog: Option<&Watchdog>,
    ) -> Result<Vec<(Instant, Instant)>, Cause> {
        let restart = || watchdog.inspect(|watchdog| watchdog.restart());
        // A line of its own: a script may end in a comment, or in a statement without an end.
        let sql: Vec<&str> = self.revisions.iter().map(script).collect();
        let sql = sql.join("\n;\n");
        let sql = sound(&sql).map_err(|error| of_statement(self.first, 0, error))?;
        let mut results = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_many(connection);
        let mut times = Vec::with_capacity(self.len());
        for (index, revision) in (self.first..).zip(self.revisions) {
            let span = &revision.span;
            let began = Instant::now();
            span.in_scope(|| {
                progress.started(index);
                point::reached(point::BEFORE_STATEMENT);
            });
            restart();
            let mut statement = 0;
            while statement < statements(revision) {
                match results.try_next().await {
                    // Text that SQLite has read as a comment, or as part of a string, would be recorded as run.
                    Ok(None) => {
                        return Err(of_statement(index, statement, cut_short()));
                    }
                    Ok(Some(Either::Right(_))) => {}
                    Ok(Some(Either::Left(_))) => {
                        span.in_scope(|| progress.statement(index, statement));
                        statement += 1;
                        restart();
                    }
                    Err(error) => return Err(of_statement(index, statement, error)),
                }
            }
            let ended = Instant::now();
            progress.took(ended - began);
            times.push((began, ended));
        }
        // SQLite may have seen more statements than were counted.
        loop {
            match results.try_next().await {
                Ok(None) => return Ok(times),
                Ok(Some(_)) => {}
                Err(error) => {
                    let index = self.first + self.len() - 1;
                    let statement = statements(&self.revisions[self.len() - 1]);
                    return Err(of_statement(index, statement, error));
                }
            }
        }
    }

    async fn records(
        &self,
        connection: &mut SqliteConnection,
        tables: &Tables,
        times: &[(Instant, Instant)],
    ) -> Result<(), Cause> {
        let mut changes = RowChanges::default();
        for revision in self.revisions {
            follow_up(&mut changes, &revision.record.changes);
        }
        let now = Instant::now();
        let rows = self.revisions.iter().zip(times);
        let rows: Vec<Ran<'_>> = rows
            .map(|(revision, &(began, ended))| Ran {
                entry: &revision.record.entry,
                duration: ended - began,
                ago: now - ended,
            })
            .collect();
        let last = self.first + self.len() - 1;
        let mut sql = tables.change_rows(&changes);
        sql.push(add_all(tables, &rows));
        write(connection, None, last, &sql, rows.len()).await?;
        Ok(())
    }
}

/// Adds the changes of a later revision to those before it.
fn follow_up(changes: &mut RowChanges, next: &RowChanges) {
    let cancel = |row: &String, rows: &mut Vec<String>| {
        let at = rows.iter().position(|other| other == row);
        at.map(|at| rows.remove(at)).is_some()
    };
    for row in &next.removed {
        if !cancel(row, &mut changes.added) {
            changes.removed.push(row.clone());
        }
    }
    for row in &next.added {
        if !cancel(row, &mut changes.removed) {
            changes.added.push(row.clone());
        }
    }
}

fn script<'r>(revision: &Transactional<'r>) -> &'r str {
    match revision.work {
        Work::Sql(script) => script.text(),
        Work::Nothing | Work::Rust(_) => "",
    }
}

fn statements(revision: &Transactional<'_>) -> usize {
    match revision.work {
        Work::Sql(script) => script.len(),
        Work::Nothing | Work::Rust(_) => 0,
    }
}

/// Whether nothing has to be done for a revision between its statements, and it does not touch the text after it.
fn is_plain(tables: &Tables, revision: &Transactional<'_>) -> bool {
    revision.foreign_keys != ForeignKeys::Off
        && match revision.work {
            Work::Nothing => true,
            Work::Rust(_) => false,
            Work::Sql(script) => {
                let script = script.text();
                !ScriptWords::of(script).are_special()
                    && !names(script, &tables.version_name)
                    && !names(script, &tables.journal_name)
                    && is_closed(script)
            }
        }
}

/// Whether a script may read or change a table of ours: it finds the records of those before it there, and which revision
/// has changed them shows only when each is recorded separately.
fn names(script: &str, table: &str) -> bool {
    let table = table.as_bytes();
    let mut windows = script.as_bytes().windows(table.len());
    windows.any(|window| window.eq_ignore_ascii_case(table))
}

/// Whether SQLite sees the end of a script where it is: no quote, comment or trigger is left open, and no zero byte cuts
/// it off. One with a statement between markers is not looked into.
fn is_closed(script: &str) -> bool {
    tokens(Dialect::Sqlite, script).all(|token| {
        let is_begin = || script[token.range()].eq_ignore_ascii_case("BEGIN");
        token.terminated
            && match token.kind {
                TokenKind::StatementMarker
                | TokenKind::Verbatim
                | TokenKind::EndMarker
                | TokenKind::Unknown => false,
                TokenKind::Word => !is_begin(),
                _ => true,
            }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_a_script_stands_for_itself() {
        for script in [
            "",
            "SELECT 1",
            "SELECT 1; -- one",
            "SELECT 'begin', \"a;b\" /* c */;",
        ] {
            assert!(is_closed(script), "{script}");
        }
        for script in [
            "SELECT 'open",
            "SELECT \"open",
            "SELECT 1 /* open",
            "CREATE TRIGGER t AFTER INSERT ON a begin SELECT 1;",
            "-- migrate: statement\nSELECT 1; SELECT 2\n-- migrate: end\n",
            "SELECT 1;\0SELECT 2",
        ] {
            assert!(!is_closed(script), "{script}");
        }
    }

    #[test]
    fn a_table_is_found_however_it_is_written() {
        let table = "alembic_version";
        assert!(names("DELETE FROM \"Alembic_Version\"", table));
        assert!(names("DELETE FROM main.alembic_version;", table));
        assert!(!names("DELETE FROM alembic", table));
    }
}
