//! Messages of many statements, so that a revision costs one round trip; and which of them an answer belongs to.

use std::ops::Range;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use migrate_chain::Dialect;
use migrate_chain::sql::split;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Column as _, Either, PgConnection, Row as _};
use tracing::Span;

use super::code::{Signal, database, has_ended, is_aborted, is_made_by_another, is_violation};
use super::place;
use crate::database::Failure;

/// Statements that are sent at once. The server stops at the first that fails.
#[derive(Default)]
pub(super) struct Message {
    text: String,
    /// Where the scripts of revisions are in it.
    scripts: Vec<Script>,
}

/// The script of a revision in a message.
struct Script {
    index: usize,
    text: String,
    pieces: Vec<Piece>,
    /// Whether something stands between the pieces that tells of each statement as soon as it is done.
    is_telling: bool,
    span: Span,
}

/// A part of a script: where it begins in that, and where it is in the message.
struct Piece {
    start: usize,
    range: Range<usize>,
}

/// What begins and ends a script in the answers: queries whose column has a name of ours.
const BEGIN: &str = "embed_migrations_begin";
const END: &str = "embed_migrations_end";
/// The column in which the record of a revision gives back how many milliseconds it took.
pub(super) const DONE: &str = "embed_migrations_done";

/// The column in which it is told how many statements of a script are done.
const TOLD: &str = "embed_migrations_told";

/// The server keeps its answers until all statements of a message are done; but what is to be read by a person it sends
/// at once, and the answers so far with it. This is read by nobody: sqlx logs it at the level TRACE.
const FLUSH: &str = "DO 'BEGIN RAISE INFO ''embed_migrations''; END'";

/// The longest script that tells of each statement: in one that is longer, a statement is hardly worth it.
const MOST_TOLD: usize = 100;

/// A savepoint around each script, by which it is seen that its transaction is the one that it began in.
pub(super) const MARK: &str = "SAVEPOINT embed_migrations_revision";
pub(super) const UNMARK: &str = "RELEASE SAVEPOINT embed_migrations_revision";

/// What holds the time at which a revision began, for its record.
const STARTED: &str = "embed_migrations.started";

/// When the revision began, when it ends, and how many milliseconds that is.
pub(super) fn times() -> [String; 3] {
    let started = format!(
        "to_timestamp(coalesce(nullif(current_setting('{STARTED}', true), '')::float8, extract(epoch FROM now())))"
    );
    let duration =
        format!("CAST(extract(epoch FROM clock_timestamp() - {started}) * 1000 AS bigint)");
    [started, "clock_timestamp()".to_owned(), duration]
}

/// The query that notes when a revision begins.
pub(super) fn begin_marker() -> String {
    format!(
        "SELECT set_config('{STARTED}', extract(epoch FROM clock_timestamp())::text, true) AS {BEGIN}"
    )
}

impl Message {
    /// Adds a statement of ours.
    pub(super) fn push(&mut self, statement: &str) {
        if !statement.is_empty() {
            self.text.push_str(statement);
            self.text.push_str(";\n");
        }
    }

    /// Adds the script of a revision, so that its end and its failures are noticed; and each of its statements as it is
    /// done, if the server `can_tell`.
    pub(super) fn script(&mut self, index: usize, script: &str, span: &Span, can_tell: bool) {
        self.push(MARK);
        self.push(&begin_marker());
        let statements = split(Dialect::Postgres, script);
        let mut ends: Vec<usize> = statements.map(|statement| statement.range().end).collect();
        let is_telling = can_tell && (2..=MOST_TOLD).contains(&ends.len());
        // Behind the last one its end is told.
        ends.pop();
        let mut pieces = Vec::new();
        let mut start = 0;
        for (n, end) in ends.into_iter().enumerate().filter(|_| is_telling) {
            pieces.push(self.piece(script, start..end));
            self.push(&format!("SELECT '{}' AS {TOLD}", n + 1));
            self.push(FLUSH);
            start = end;
        }
        pieces.push(self.piece(script, start..script.len()));
        self.scripts.push(Script {
            index,
            text: script.to_owned(),
            pieces,
            is_telling,
            span: span.clone(),
        });
        self.push(&format!("SELECT 1 AS {END}"));
        self.push(UNMARK);
    }

    fn piece(&mut self, script: &str, part: Range<usize>) -> Piece {
        let start = self.text.len();
        self.text.push_str(&script[part.clone()]);
        let range = start..self.text.len();
        // A comment may be its last line.
        self.text.push_str("\n;\n");
        Piece {
            start: part.start,
            range,
        }
    }

    /// Makes it a message of one statement of a revision and nothing else: some run in no other.
    pub(super) fn alone(&mut self, statement: &str) {
        statement.clone_into(&mut self.text);
        let whole = Piece {
            start: 0,
            range: 0..statement.len(),
        };
        self.scripts.push(Script {
            index: 0,
            text: statement.to_owned(),
            pieces: vec![whole],
            is_telling: false,
            span: Span::none(),
        });
    }

    /// Whether it is a statement alone.
    fn is_alone(&self) -> bool {
        self.scripts
            .first()
            .is_some_and(|script| script.text == self.text)
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Sends it. `doing` is what our own statements are for.
    pub(super) async fn send(
        &self,
        connection: &mut PgConnection,
        doing: &'static str,
        told: &mut (dyn FnMut(Told) + Send),
    ) -> Result<(), Failure> {
        let mut reader = Reader::new(self);
        let mut results = sqlx::raw_sql(AssertSqlSafe(&*self.text)).fetch_many(connection);
        loop {
            match results.try_next().await {
                Ok(None) => return Ok(()),
                Ok(Some(Either::Left(_))) => reader.statement(told),
                Ok(Some(Either::Right(row))) => reader.row(&row, told),
                Err(error) => return Err(reader.failure(error, doing)),
            }
        }
    }
}

/// What the answers to a message tell of its revisions, each named by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// There is a transaction, which has to be rolled back if anything fails.
    Open,
    Begun(usize),
    /// A statement is done, counted from 0.
    Statement(usize, usize),
    /// The last record took so long.
    Done(Duration),
}

/// Follows the answers.
struct Reader<'m> {
    message: &'m Message,
    is_open: bool,
    /// How many scripts have begun.
    begun: usize,
    /// Whether the last of these is still running.
    is_inside: bool,
    /// How many of its statements are done, and how many it has.
    statements: (usize, usize),
    /// Whether the next statement that ends is one of ours in or at a script.
    is_ours: bool,
}

impl<'m> Reader<'m> {
    fn new(message: &'m Message) -> Self {
        let is_alone = message.is_alone();
        Self {
            message,
            is_open: false,
            begun: usize::from(is_alone),
            is_inside: is_alone,
            statements: (0, usize::from(is_alone)),
            is_ours: false,
        }
    }

    fn script(&self) -> Option<&'m Script> {
        let at = self.begun.checked_sub(1)?;
        self.message.scripts.get(at)
    }

    fn row(&mut self, row: &PgRow, told: &mut dyn FnMut(Told)) {
        let column = row.columns().first().map_or("", |column| column.name());
        if column == BEGIN {
            self.begun += 1;
            (self.is_inside, self.is_ours) = (true, true);
            if let Some(script) = self.script() {
                self.statements = (0, split(Dialect::Postgres, &script.text).count());
                script.span.in_scope(|| told(Told::Begun(script.index)));
            }
        } else if column == DONE {
            let milliseconds = row.try_get::<i64, _>(0).unwrap_or(0);
            told(Told::Done(Duration::from_millis(
                milliseconds.unsigned_abs(),
            )));
        } else if column == TOLD {
            let count: Option<String> = row.try_get(0).ok();
            let count = count.and_then(|count| count.parse().ok()).unwrap_or(0);
            while self.statements.0 < count {
                self.done(told);
            }
        } else if column == END {
            self.is_inside = false;
            // Of a statement that the splitter has read as one, the server may have made many, or none.
            while self.statements.0 < self.statements.1 {
                self.done(told);
            }
        }
    }

    fn statement(&mut self, told: &mut dyn FnMut(Told)) {
        let is_ours = std::mem::take(&mut self.is_ours);
        if !self.is_open {
            self.is_open = true;
            told(Told::Open);
        }
        let is_counted = self.is_inside && !is_ours;
        let is_telling = self.script().is_none_or(|script| script.is_telling);
        if is_counted && !is_telling && self.statements.0 < self.statements.1 {
            self.done(told);
        }
    }

    fn done(&mut self, told: &mut dyn FnMut(Told)) {
        let Some(script) = self.script() else { return };
        let number = self.statements.0;
        script
            .span
            .in_scope(|| told(Told::Statement(script.index, number)));
        self.statements.0 += 1;
    }

    fn failure(&self, error: sqlx::Error, doing: &'static str) -> Failure {
        match Signal::of(&error) {
            Some(Signal::Busy) => {
                return Failure::Busy {
                    holder: String::new(),
                };
            }
            Some(Signal::Fenced) => return Failure::Fenced,
            Some(Signal::Rows) => return self.meddled(ROWS),
            None => {}
        }
        if let Some((index, statement, at)) = self.pointed(&error) {
            return Failure::Statement {
                index,
                statement,
                at: Some(at),
                error,
            };
        }
        if let Some(script) = self.script().filter(|_| self.is_inside) {
            let last = self.statements.1.saturating_sub(1);
            return Failure::Statement {
                index: script.index,
                statement: self.statements.0.min(last),
                at: place::inside(self.statement_text(script), &error),
                error,
            };
        }
        self.ours(error, doing)
    }

    /// A statement of ours failed.
    fn ours(&self, error: sqlx::Error, doing: &'static str) -> Failure {
        if self.begun == 0 && is_made_by_another(&error) {
            return Failure::Fenced;
        }
        let Some(script) = self.script() else {
            return database(error, doing);
        };
        if is_violation(&error) {
            // A constraint that is checked when the transaction ends.
            return Failure::Statement {
                index: script.index,
                statement: self.statements.1.saturating_sub(1),
                at: None,
                error,
            };
        }
        ended(&error, script.index).unwrap_or_else(|| database(error, doing))
    }

    fn meddled(&self, what: &'static str) -> Failure {
        Failure::Meddled {
            index: self.script().map_or(0, |script| script.index),
            what: what.into(),
        }
    }

    /// The revision, the statement of it and the byte in that at which the server points.
    fn pointed(&self, error: &sqlx::Error) -> Option<(usize, usize, usize)> {
        let at = place::byte_of(&self.message.text, error)?;
        let holds = |piece: &&Piece| piece.range.start <= at && at <= piece.range.end;
        let found = |script: &'m Script| Some((script, script.pieces.iter().find(holds)?));
        let (script, piece) = self.message.scripts.iter().find_map(found)?;
        let within = piece.start + at - piece.range.start;
        let (statement, within) = place::statement_at(&script.text, within)?;
        Some((script.index, statement, within))
    }

    fn statement_text(&self, script: &'m Script) -> &'m str {
        split(Dialect::Postgres, &script.text)
            .nth(self.statements.0)
            .map_or("", |statement| &script.text[statement.range()])
    }
}

/// What the failure of an opening means that was not sent as a message of ours.
pub(super) fn opening_failed(error: sqlx::Error, doing: &'static str) -> Failure {
    Reader::new(&Message::default()).failure(error, doing)
}

const ROWS: &str = "changed the version table, which is the runtime's";

/// The failure of a revision whose transaction is over when the record is written.
pub(super) fn ended(error: &sqlx::Error, index: usize) -> Option<Failure> {
    let what = if has_ended(error) {
        "ended the transaction that it runs in"
    } else if is_aborted(error) {
        "went on behind an error of the database, with which the transaction ended that it runs in"
    } else {
        return None;
    };
    Some(Failure::Meddled {
        index,
        what: what.into(),
    })
}
