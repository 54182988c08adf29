//! Matches the answers to a message, and its errors, with its statements.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Column as _, Either, PgConnection, Row as _};

use super::code::{
    Signal, database, has_ended, is_aborted, is_made_by_another, is_read_only, is_table_gone,
};
use super::message::{BEGIN, DONE, END, Message, Sent, TOLD};
use super::place;
use crate::database::Cause;

/// The progress that the answers to a message show, each revision named by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progressed {
    /// There is a transaction, which has to be rolled back if anything fails.
    Open,
    Begun(usize),
    /// A statement is done, counted from 0.
    Statement(usize, usize),
    /// The last record took so long.
    Done(Duration),
}

impl Message<'_> {
    /// Sends it. `doing` is what our own statements are for.
    pub async fn send(
        &self,
        connection: &mut PgConnection,
        doing: &'static str,
        told: &mut (dyn FnMut(Progressed) + Send),
    ) -> Result<(), Cause> {
        let mut reader = AnswerReader::new(self);
        for (number, text) in self.texts.iter().enumerate() {
            reader.begin(number);
            let mut results = sqlx::raw_sql(AssertSqlSafe(&**text)).fetch_many(&mut *connection);
            loop {
                match results.try_next().await {
                    Ok(None) => break,
                    Ok(Some(Either::Left(_))) => reader.statement(told),
                    Ok(Some(Either::Right(row))) => reader.row(&row, told),
                    Err(error) => return Err(reader.failure(error, doing)),
                }
            }
        }
        Ok(())
    }
}

/// Follows the answers.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and most combinations occur"
)]
pub struct AnswerReader<'m> {
    message: &'m Message<'m>,
    /// The number of the text that is being answered, and how many of its statements are done.
    text: usize,
    answers: usize,
    is_open: bool,
    /// How many scripts have begun.
    begun: usize,
    /// Whether the last of these is still running.
    is_inside: bool,
    /// How many of its statements are done.
    done: usize,
    /// Whether it is recorded.
    is_recorded: bool,
    /// Whether the next statement that ends is one of ours in or at a script.
    is_ours: bool,
}

impl<'m> AnswerReader<'m> {
    pub fn new(message: &'m Message<'m>) -> Self {
        let is_alone = message.is_alone();
        Self {
            message,
            text: 0,
            answers: 0,
            is_open: false,
            begun: usize::from(is_alone),
            is_inside: is_alone,
            done: 0,
            is_recorded: false,
            is_ours: false,
        }
    }

    /// The text with this number is sent.
    pub fn begin(&mut self, text: usize) {
        (self.text, self.answers) = (text, 0);
    }

    pub fn row(&mut self, row: &PgRow, told: &mut dyn FnMut(Progressed)) {
        let column = row.columns().first().map_or("", |column| column.name());
        if column == BEGIN {
            self.script_begins(told);
        } else if column == DONE {
            self.is_recorded = true;
            let milliseconds = row.try_get::<i64, _>(0).unwrap_or(0);
            told(Progressed::Done(Duration::from_millis(
                milliseconds.unsigned_abs(),
            )));
        } else if column == TOLD {
            let count: Option<String> = row.try_get(0).ok();
            self.done_until(count.and_then(|count| count.parse().ok()), told);
        } else if column == END {
            // Of a statement that the splitter has read as one, the server may have made many, or none.
            self.done_until(self.script().map(|script| script.script.len()), told);
            self.is_inside = false;
        }
    }

    fn script_begins(&mut self, told: &mut dyn FnMut(Progressed)) {
        self.begun += 1;
        (self.is_inside, self.is_recorded, self.is_ours) = (true, false, true);
        self.done = 0;
        if let Some(script) = self.script() {
            script
                .span
                .in_scope(|| told(Progressed::Begun(script.index)));
            self.done_until(Some(script.first), told);
        }
    }

    pub fn statement(&mut self, told: &mut dyn FnMut(Progressed)) {
        self.answers += 1;
        let is_ours = std::mem::take(&mut self.is_ours);
        if !self.is_open {
            self.is_open = true;
            told(Progressed::Open);
        }
        if let Some(script) = self.script().filter(|_| self.is_inside && !is_ours)
            && !script.is_telling
            && self.done < script.script.len()
        {
            self.done_until(Some(self.done + 1), told);
        }
    }

    fn done_until(&mut self, count: Option<usize>, told: &mut dyn FnMut(Progressed)) {
        let Some(script) = self.script() else { return };
        while self.done < count.unwrap_or(0) {
            let number = self.done;
            script
                .span
                .in_scope(|| told(Progressed::Statement(script.index, number)));
            self.done += 1;
        }
    }

    fn script(&self) -> Option<&'m Sent<'m>> {
        self.message.scripts.get(self.begun.checked_sub(1)?)
    }

    pub fn failure(&self, error: sqlx::Error, doing: &'static str) -> Cause {
        match Signal::of(&error) {
            Some(Signal::Busy) => {
                return Cause::Busy {
                    holder: String::new(),
                };
            }
            // The revision before has left other rows than it was to leave.
            Some(Signal::Fenced) if self.is_recorded => return self.meddled(ROWS),
            Some(Signal::Fenced) => return Cause::Fenced,
            Some(Signal::Rows) => return self.meddled(ROWS),
            Some(Signal::Ended) => return self.meddled(ENDED),
            None => {}
        }
        let at = place::byte_of(self.message.text_at(self.text), &error);
        if let Some((script, at)) = at.and_then(|at| self.message.script_at(self.text, at)) {
            return pointed(script, at, error);
        }
        match (self.script().filter(|_| self.is_inside), at) {
            // A text is parsed as a whole, and ours is right: the last statement of the script goes on into it.
            (_, Some(_)) if self.answers == 0 => self.unparsed(error),
            (Some(script), _) => self.inside(script, error),
            (None, _) => self.outside(error, doing),
        }
    }

    /// The text could not be parsed, and nothing of it has run.
    fn unparsed(&self, error: sqlx::Error) -> Cause {
        match self.message.only_script(self.text) {
            Some(script) => pointed(script, script.script.text().len(), error),
            None => database(error, "to run the revisions"),
        }
    }

    /// The next statement of a script failed.
    fn inside(&self, script: &Sent<'_>, error: sqlx::Error) -> Cause {
        let statement = self.done.min(script.script.len().saturating_sub(1));
        Cause::Statement {
            index: script.index,
            statement,
            at: script
                .script
                .statement(statement)
                .and_then(|text| place::inside(text, &error)),
            error,
        }
    }

    /// Something failed that is before, or after, a script.
    fn outside(&self, error: sqlx::Error, doing: &'static str) -> Cause {
        let Some(script) = self.script() else {
            return self.before_scripts(error, doing);
        };
        if self.is_recorded && super::code::postgres(&error).is_some() {
            // The commit, which checks what is deferred.
            return Cause::Statement {
                index: script.index,
                statement: script.script.len().saturating_sub(1),
                at: None,
                error,
            };
        }
        ended(&error, script.index).unwrap_or_else(|| database(error, doing))
    }

    fn before_scripts(&self, error: sqlx::Error, doing: &'static str) -> Cause {
        let first = self.message.scripts.first();
        if self.answers == 0 && first.is_some() {
            // Not even BEGIN was run: it is about the message as a whole.
            return database(error, "to run the revision");
        }
        // BEGIN comes before them.
        let number = self.answers.checked_sub(1);
        if let (Some(script), Some(number)) = (first, number)
            && self.text == 0
            && number < script.first
        {
            return Cause::Statement {
                index: script.index,
                statement: number,
                at: None,
                error,
            };
        }
        if is_made_by_another(&error) {
            return Cause::Fenced;
        }
        match first.filter(|script| script.first > 0 && is_read_only(&error)) {
            Some(script) => ended(&error, script.index).unwrap_or_else(|| database(error, doing)),
            None => database(error, doing),
        }
    }

    fn meddled(&self, what: &'static str) -> Cause {
        Cause::Meddled {
            index: self.script().map_or(0, |script| script.index),
            what: what.into(),
        }
    }
}

/// The server points at a byte of a script.
fn pointed(script: &Sent<'_>, at: usize, error: sqlx::Error) -> Cause {
    let found = script.script.statement_at(at);
    let (statement, at) = found.map_or((0, None), |(number, at)| (number, Some(at)));
    Cause::Statement {
        index: script.index,
        statement,
        at,
        error,
    }
}

/// The meaning of a failure of an opening that was not sent as a message of ours.
pub fn opening_failed(error: sqlx::Error, doing: &'static str) -> Cause {
    AnswerReader::new(&Message::default()).failure(error, doing)
}

const ROWS: &str =
    "changed the version table, which is the runtime's, or ended the transaction that it runs in";
const ENDED: &str = "ended the transaction that it runs in";

const DROPPED: &str = "dropped the version table, the journal, or the schema that they are in";
const KEEP_APART: &str = "drop the objects in the schema one by one; or keep the two tables in a schema of their own: \
                          `version_table_schema` in migrate.toml";

fn advised(index: usize, what: &'static str, help: &str) -> Cause {
    let failure = Cause::Meddled {
        index,
        what: what.into(),
    };
    Cause::Advised {
        cause: Box::new(failure),
        help: help.to_owned(),
    }
}

/// The failure of a revision that has left something with which it cannot be recorded.
pub fn ended(error: &sqlx::Error, index: usize) -> Option<Cause> {
    let what = if has_ended(error) {
        ENDED
    } else if is_aborted(error) {
        "went on after an error of the database, which ended the transaction that it runs in"
    } else if is_read_only(error) {
        "made its transaction read-only, so it cannot be recorded"
    } else if is_table_gone(error) {
        return Some(advised(index, DROPPED, KEEP_APART));
    } else if is_made_by_another(error) {
        ROWS
    } else {
        return None;
    };
    Some(Cause::Meddled {
        index,
        what: what.into(),
    })
}
