//! Several statements in one round trip. The server stops at the first that fails, so each can guard those after it.

use futures_util::TryStreamExt as _;
use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, Either, MySqlConnection};

/// The purpose of a statement in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessagePart {
    /// It begins or ends a transaction, sets something, or asks.
    Other,
    /// A statement of `[connect]` in migrate.toml, by its number.
    Connect(usize),
    /// It fails unless the lock, or the lease, is still held.
    Lock,
    /// It fails unless the state is the expected one.
    State,
    /// A statement of a revision, by its number.
    Statement(usize),
    /// It changes a version row.
    Change,
    /// It fails unless the revision left the lock and the version rows alone.
    Kept,
    /// It writes the journal.
    Journal,
    /// The last statement of a record that was due since the message before.
    Due,
    /// It shows a definition that the next statement changes, by its number.
    Show(usize),
}

/// The rows of an answer, each with the part that gave it.
pub type Answers = Vec<(MessagePart, MySqlRow)>;

/// Statements to be sent together; each gives one result, except that the last may give many.
#[derive(Clone, Default)]
pub struct Message {
    text: String,
    parts: Vec<MessagePart>,
}

/// The statement at which a message stopped, and the reason.
#[derive(Debug)]
pub struct Stopped {
    pub part: MessagePart,
    pub error: sqlx::Error,
    /// The rows that came before.
    pub answers: Answers,
}

impl Message {
    pub fn push(&mut self, part: MessagePart, sql: &str) {
        self.text.push_str(sql);
        // On a line of its own, since a statement may end in a comment.
        self.text.push_str("\n;\n");
        self.parts.push(part);
    }

    pub fn with(mut self, part: MessagePart, sql: &str) -> Self {
        self.push(part, sql);
        self
    }

    /// Fails unless `condition` holds. There is no other way to raise an error outside of a stored program.
    pub fn guard(&mut self, part: MessagePart, condition: &str) {
        self.push(
            part,
            &format!("SELECT IF({condition}, 1, (SELECT 1 UNION SELECT 2))"),
        );
    }

    pub fn append(&mut self, other: &Self) {
        self.text.push_str(&other.text);
        self.parts.extend(&other.parts);
    }

    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Sends it, and tells of each part as it is done; the rows of all of them.
    pub async fn send(
        self,
        connection: &mut MySqlConnection,
        mut done: impl FnMut(MessagePart),
    ) -> Result<Answers, Stopped> {
        let Self { text, parts } = self;
        let mut answers = Vec::new();
        let mut at = 0;
        let mut results = sqlx::raw_sql(AssertSqlSafe(text)).fetch_many(connection);
        loop {
            // A procedure gives several results, and is the last one where it is called.
            let part = parts.get(at).or(parts.last()).copied();
            let part = part.unwrap_or(MessagePart::Other);
            match results.try_next().await {
                Ok(None) => return Ok(answers),
                Ok(Some(Either::Right(row))) => answers.push((part, row)),
                Ok(Some(Either::Left(_))) => {
                    if at < parts.len() {
                        done(part);
                    }
                    at += 1;
                }
                Err(error) => {
                    return Err(Stopped {
                        part,
                        error,
                        answers,
                    });
                }
            }
        }
    }
}
