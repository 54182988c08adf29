//! MySQL and MariaDB: stored programs, and MariaDB's compound statements outside of them.

use super::keyword::is;
use crate::sql::token::{Token, TokenKind};

/// How deep in blocks a statement is.
///
/// END, BEGIN, IF and REPEAT may be columns or functions too, so they count only where a statement of the body begins:
/// after `;`, a block's opening word, THEN, ELSE, DO or a label. An expression's CASE … END is counted apart.
#[derive(Clone, Copy, Debug, Default)]
pub struct Body {
    place: Place,
    before: Before,
    /// The statement is a stored program or a compound statement.
    program: bool,
    /// The blocks that are open.
    depth: usize,
    /// The CASE expressions that are open.
    cases: usize,
    /// The parentheses that are open.
    parens: usize,
    /// The routine's parameters have been read.
    listed: bool,
    /// After UNTIL, whose condition the END of REPEAT follows.
    until: bool,
}

/// The position of the next token in the statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// The first token of all.
    #[default]
    Start,
    /// After a first word that may be a label.
    Word,
    /// After BEGIN as the first word.
    Begin,
    /// After CREATE or ALTER, before the word that says what.
    Create,
    /// Between PROCEDURE or FUNCTION and the body.
    Routine,
    /// Between TRIGGER and FOR EACH ROW.
    Trigger,
    /// Between EVENT and DO.
    Event,
    /// At the first token of a statement of a body.
    Statement,
    /// After a statement's first word, which may be a label.
    Label,
    /// Within a statement of a body.
    Within,
    /// Before a handler's condition, or the trigger that this one follows.
    Condition,
    /// After that, before more of it or a statement.
    Handler,
    /// In a statement that is not a program.
    Plain,
}

/// The meaning of the last token for the next word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Before {
    #[default]
    Anything,
    /// A name comes, even if it looks like a keyword.
    Name,
    Declare,
}

impl Body {
    pub fn token(&mut self, token: &Token, text: &str) {
        if self.place == Place::Plain {
            return;
        }
        let before = std::mem::take(&mut self.before);
        match token.kind {
            TokenKind::Word if before != Before::Name => self.word(&text[token.range()], before),
            _ => self.other(&text[token.range()]),
        }
    }

    pub fn semicolon(&mut self) -> bool {
        self.place = Place::Statement;
        self.before = Before::Anything;
        self.cases = 0;
        self.until = false;
        !self.is_within()
    }

    pub fn is_within(self) -> bool {
        self.program && self.depth > 0
    }

    /// A token that is not a keyword.
    fn other(&mut self, text: &str) {
        match text {
            "." => self.before = Before::Name,
            "(" => self.parens += 1,
            ")" => self.close_paren(),
            _ => {}
        }
        self.place = match self.place {
            Place::Start if text.starts_with('`') => Place::Word,
            Place::Statement if text.starts_with('`') => Place::Label,
            Place::Word if text == ":" => self.compound(),
            Place::Label if text == ":" => Place::Statement,
            Place::Handler if text == "," || text == "." => Place::Condition,
            Place::Condition => Place::Handler,
            Place::Start | Place::Word | Place::Begin => Place::Plain,
            Place::Statement | Place::Label | Place::Handler => Place::Within,
            place => place,
        };
    }

    fn close_paren(&mut self) {
        self.parens = self.parens.saturating_sub(1);
        self.listed = self.parens == 0;
    }

    /// Only a compound statement has a label.
    fn compound(&mut self) -> Place {
        self.program = true;
        Place::Statement
    }

    fn word(&mut self, word: &str, before: Before) {
        match self.place {
            Place::Start => self.first(word),
            Place::Begin => self.after_begin(word),
            Place::Create => self.created(word),
            Place::Routine => self.routine(word),
            Place::Trigger if is(word, "ROW") => self.place = Place::Statement,
            Place::Event if is(word, "DO") => self.place = Place::Statement,
            Place::Statement | Place::Handler => self.statement(word),
            Place::Label | Place::Within => self.within(word, before),
            Place::Condition => self.condition(word),
            Place::Word => self.place = Place::Plain,
            Place::Trigger | Place::Event | Place::Plain => {}
        }
    }

    fn first(&mut self, word: &str) {
        if is(word, "CREATE") || is(word, "ALTER") {
            self.place = Place::Create;
        } else if is(word, "BEGIN") {
            self.place = Place::Begin;
        } else if opens_block(word) {
            self.program = true;
            self.statement(word);
        } else {
            self.place = Place::Word;
        }
    }

    /// `BEGIN NOT ATOMIC` is a block; `BEGIN` and `BEGIN WORK` open a transaction.
    fn after_begin(&mut self, word: &str) {
        self.program = is(word, "NOT");
        self.depth = usize::from(self.program);
        self.place = if self.program {
            Place::Statement
        } else {
            Place::Plain
        };
    }

    fn created(&mut self, word: &str) {
        self.place = if is(word, "PROCEDURE") || is(word, "FUNCTION") {
            Place::Routine
        } else if is(word, "TRIGGER") {
            Place::Trigger
        } else if is(word, "EVENT") {
            Place::Event
        } else if ["TABLE", "INDEX", "VIEW", "DATABASE"]
            .iter()
            .any(|other| is(word, other))
        {
            Place::Plain
        } else {
            Place::Create
        };
        self.program = !matches!(self.place, Place::Plain | Place::Create);
    }

    /// The body begins with a block, or with another statement once the parameters are closed.
    fn routine(&mut self, word: &str) {
        const STATEMENTS: [&str; 16] = [
            "SET", "SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE", "RETURN", "CALL", "WITH",
            "SIGNAL", "RESIGNAL", "EXECUTE", "PREPARE", "TRUNCATE", "DO", "VALUES",
        ];
        if self.parens > 0 {
            return;
        }
        if is(word, "RETURNS") || is(word, "CHARACTER") {
            // SET may follow, as a type or in CHARACTER SET.
            self.before = Before::Name;
        } else if is(word, "BEGIN") || self.listed && opens_block(word) {
            self.statement(word);
        } else if self.listed && STATEMENTS.iter().any(|statement| is(word, statement)) {
            self.place = Place::Within;
        }
    }

    fn statement(&mut self, word: &str) {
        self.place = Place::Within;
        if is(word, "BEGIN") || is(word, "LOOP") || is(word, "REPEAT") {
            self.depth += 1;
            self.place = Place::Statement;
        } else if opens_block(word) {
            self.depth += 1;
        } else if is(word, "END") {
            self.depth = self.depth.saturating_sub(1);
        } else if is(word, "ELSE") || is(word, "NOT") || is(word, "ATOMIC") {
            // NOT ATOMIC comes between MariaDB's BEGIN and its first statement.
            self.place = Place::Statement;
        } else if is(word, "UNTIL") {
            self.until = true;
        } else if is(word, "DECLARE") {
            self.before = Before::Declare;
        } else if is(word, "FOLLOWS") || is(word, "PRECEDES") {
            self.place = Place::Condition;
        } else if !(is(word, "ELSEIF") || is(word, "WHEN")) {
            self.place = Place::Label;
        }
    }

    fn condition(&mut self, word: &str) {
        // NOT FOUND and SQLSTATE VALUE '…' go on.
        if !["FOR", "NOT", "SQLSTATE", "VALUE"]
            .iter()
            .any(|more| is(word, more))
        {
            self.place = Place::Handler;
        }
    }

    fn within(&mut self, word: &str, before: Before) {
        self.place = Place::Within;
        if is(word, "CASE") {
            self.cases += 1;
        } else if is(word, "END") {
            self.end();
        } else if self.cases > 0 {
            // THEN and ELSE of an expression open no statement.
        } else if is(word, "THEN") || is(word, "ELSE") || is(word, "DO") {
            self.place = Place::Statement;
        } else if before == Before::Declare {
            self.declare(word);
        }
    }

    fn declare(&mut self, word: &str) {
        if is(word, "HANDLER") {
            self.place = Place::Condition;
        } else {
            self.before = Before::Declare;
        }
    }

    fn end(&mut self) {
        if self.cases > 0 {
            self.cases -= 1;
        } else if self.until {
            self.until = false;
            self.depth = self.depth.saturating_sub(1);
        }
    }
}

/// Whether `word` opens a block where a statement begins. BEGIN does so too, but at the top it opens a transaction.
fn opens_block(word: &str) -> bool {
    ["IF", "CASE", "LOOP", "WHILE", "REPEAT", "FOR"]
        .iter()
        .any(|opener| is(word, opener))
}
