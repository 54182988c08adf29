//! Messages of many statements, so that a revision costs one round trip.

use std::ops::Range;

use tracing::Span;

use super::words::is_set_transaction;
use crate::sql::Script;

/// Marks the beginning and the end of a script in the answers: queries whose first column has a name of ours.
pub const BEGIN: &str = "embed_migrations_begin";
pub const END: &str = "embed_migrations_end";
/// The column in which the record of a revision gives back how many milliseconds it took.
pub const DONE: &str = "embed_migrations_done";
/// The column in which it is told how many statements of a script are done.
pub const TOLD: &str = "embed_migrations_told";

/// Statements that are sent at once. The server stops at the first that fails.
///
/// The server parses a text as a whole before it runs any of it, so a large script is sent in several texts.
pub struct Message<'r> {
    pub texts: Vec<String>,
    /// The scripts of revisions, in the order in which they are sent.
    pub scripts: Vec<Sent<'r>>,
    /// A script whose first statements are sent, and whose others are not.
    begun: Option<Sent<'r>>,
}

/// The script of a revision in a message, and how it is sent.
pub struct Sent<'r> {
    pub index: usize,
    pub script: &'r Script<'r>,
    /// How many of these come before our first statement that reads or writes.
    pub first: usize,
    pieces: Vec<MessagePiece>,
    /// Whether a statement of ours after each of its own tells that it is done.
    pub is_telling: bool,
    pub span: Span,
}

/// A part of a script: where it begins in that, and where it is in the message, the `;` after it included.
struct MessagePiece {
    start: usize,
    text: usize,
    range: Range<usize>,
}

/// The server keeps its answers until all statements of a message are done; but what is to be read by a person it sends
/// at once, and the answers so far with it. Nobody reads it: sqlx logs it at the level TRACE.
const FLUSH: &str = "DO 'BEGIN RAISE INFO ''embed_migrations''; END'";

/// The longest script that tells of each statement: in one that is longer, a statement is hardly worth it.
const MOST_TOLD: usize = 100;

/// How much of a script is sent at once, in bytes. The server needs many times the memory to parse it.
const SLICE: usize = 256 * 1024;

impl Default for Message<'_> {
    fn default() -> Self {
        Self {
            texts: vec![String::new()],
            scripts: Vec::new(),
            begun: None,
        }
    }
}

impl<'r> Message<'r> {
    /// Adds a statement of ours.
    pub fn push(&mut self, statement: &str) {
        if !statement.is_empty() {
            let text = self.last();
            text.push_str(statement);
            text.push_str(";\n");
        }
    }

    /// Adds the statements at the beginning of a script that a transaction takes only before any query.
    pub fn script_start(&mut self, script: &'r Script<'r>) {
        let mut begun = Sent::new(script);
        let first: Vec<usize> = script
            .ranges()
            .take_while(|range| is_set_transaction(&script.text()[range.clone()]))
            .map(|range| range.end)
            .collect();
        let Some(&end) = first.last() else { return };
        begun.first = first.len();
        begun.pieces.push(self.piece(script, 0..end));
        self.begun = Some(begun);
    }

    /// Adds the script of a revision; and something after each of its statements that tells of it, if that `tells`.
    pub fn script(&mut self, index: usize, script: &'r Script<'r>, span: &Span, tells: bool) {
        let mut added = self.begun.take().unwrap_or_else(|| Sent::new(script));
        let mut ends: Vec<usize> = script.ranges().map(|range| range.end).collect();
        added.index = index;
        added.is_telling = tells && (2..=MOST_TOLD).contains(&ends.len());
        added.span = span.clone();
        // The end of the last one is that of the script.
        ends.pop();
        let mut start = added.start();
        for (n, end) in ends.into_iter().enumerate().skip(added.first) {
            if added.is_telling {
                added.pieces.push(self.piece(script, start..end));
                self.push(&format!("SELECT '{}' AS {TOLD}", n + 1));
                self.push(FLUSH);
                start = end;
            } else if end - start > SLICE {
                added.pieces.push(self.piece(script, start..end));
                self.texts.push(String::new());
                start = end;
            }
        }
        added
            .pieces
            .push(self.piece(script, start..script.text().len()));
        self.scripts.push(added);
    }

    /// Makes it a message of one statement of a revision and nothing else: some run in no other.
    pub fn alone(statement: &'r Script<'r>) -> Self {
        let mut script = Sent::new(statement);
        script.pieces.push(MessagePiece {
            start: 0,
            text: 0,
            range: 0..statement.text().len() + 1,
        });
        Self {
            texts: vec![statement.text().to_owned()],
            scripts: vec![script],
            begun: None,
        }
    }

    /// Whether it is a statement alone.
    pub fn is_alone(&self) -> bool {
        let is_all =
            |script: &Sent<'_>| self.texts.len() == 1 && script.script.text() == self.texts[0];
        self.scripts.first().is_some_and(is_all)
    }

    /// The text that is sent first; all of it, unless it has a script.
    pub fn text(&self) -> &str {
        &self.texts[0]
    }

    /// The text with this number.
    pub fn text_at(&self, number: usize) -> &str {
        &self.texts[number]
    }

    /// The script that a byte of a text is in, and the byte of that.
    pub fn script_at(&self, text: usize, at: usize) -> Option<(&Sent<'r>, usize)> {
        let holds = |piece: &&MessagePiece| piece.text == text && piece.range.contains(&at);
        self.scripts.iter().chain(&self.begun).find_map(|script| {
            let piece = script.pieces.iter().find(holds)?;
            Some((script, piece.start + at - piece.range.start))
        })
    }

    /// The only script in a text.
    pub fn only_script(&self, text: usize) -> Option<&Sent<'r>> {
        let has_part = |script: &&Sent<'_>| script.pieces.iter().any(|piece| piece.text == text);
        let mut found = self.scripts.iter().filter(has_part);
        let script = found.next()?;
        found.next().is_none().then_some(script)
    }

    fn last(&mut self) -> &mut String {
        self.texts.last_mut().expect("there is one from the start")
    }

    fn piece(&mut self, script: &Script<'_>, part: Range<usize>) -> MessagePiece {
        let number = self.texts.len() - 1;
        let text = self.last();
        let start = text.len();
        text.push_str(&script.text()[part.clone()]);
        // A comment may be its last line.
        text.push_str("\n;");
        let range = start..text.len();
        text.push('\n');
        MessagePiece {
            start: part.start,
            text: number,
            range,
        }
    }
}

impl<'r> Sent<'r> {
    fn new(script: &'r Script<'r>) -> Self {
        Self {
            index: 0,
            script,
            first: 0,
            pieces: Vec::new(),
            is_telling: false,
            span: Span::none(),
        }
    }

    /// The start of the part that is not sent yet.
    fn start(&self) -> usize {
        self.pieces.iter().fold(0, |_, piece| {
            // Of the text that was added, `\n;` is not the script's.
            piece.start + piece.range.len() - "\n;".len()
        })
    }
}
