//! Several statements in one round trip. The server stops at the first that fails, so each can guard those behind it.

use futures_util::TryStreamExt as _;
use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, Either, MySqlConnection};

/// What a statement of a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// It begins or ends a transaction, sets something, or asks.
    Other,
    /// It fails unless the lock, or the lease, is still held.
    Lock,
    /// It fails unless the state is what was expected.
    State,
    /// A statement of a revision, by its number.
    Statement(usize),
    /// It changes a version row.
    Change,
    /// It fails unless the one before has hit exactly one row.
    Hit,
    /// It writes the journal.
    Journal,
}

/// Statements to be sent together; each gives one result, except that the last may give many.
#[derive(Default)]
pub(super) struct Message {
    text: String,
    parts: Vec<Part>,
}

/// Where a message stopped, and why.
#[derive(Debug)]
pub(super) struct Stopped {
    /// None if it broke off behind the last statement.
    pub(super) part: Part,
    pub(super) error: sqlx::Error,
}

impl Message {
    pub(super) fn push(&mut self, part: Part, sql: &str) {
        self.text.push_str(sql);
        // On a line of its own, since a statement may end in a comment.
        self.text.push_str("\n;\n");
        self.parts.push(part);
    }

    pub(super) fn with(mut self, part: Part, sql: &str) -> Self {
        self.push(part, sql);
        self
    }

    /// Fails unless `condition` holds. There is no other way to raise an error outside of a stored program.
    pub(super) fn guard(&mut self, part: Part, condition: &str) {
        self.push(
            part,
            &format!("SELECT IF({condition}, 1, (SELECT 1 UNION SELECT 2))"),
        );
    }

    /// Sends it, and tells of each part as it is done; the rows of all of them.
    pub(super) async fn send(
        self,
        connection: &mut MySqlConnection,
        mut done: impl FnMut(Part),
    ) -> Result<Vec<MySqlRow>, Stopped> {
        let Self { text, parts } = self;
        let mut rows = Vec::new();
        let mut at = 0;
        let mut results = sqlx::raw_sql(AssertSqlSafe(text)).fetch_many(connection);
        loop {
            match results.try_next().await {
                Ok(None) => return Ok(rows),
                Ok(Some(Either::Right(row))) => rows.push(row),
                Ok(Some(Either::Left(_))) => {
                    // A procedure gives several results, and is the last one where it is called.
                    if let Some(part) = parts.get(at) {
                        done(*part);
                    }
                    at += 1;
                }
                Err(error) => {
                    let part = parts.get(at).or(parts.last());
                    let part = part.copied().unwrap_or(Part::Other);
                    return Err(Stopped { part, error });
                }
            }
        }
    }

    pub(super) async fn execute(self, connection: &mut MySqlConnection) -> Result<(), Stopped> {
        self.send(connection, |_| ()).await.map(|_| ())
    }
}
