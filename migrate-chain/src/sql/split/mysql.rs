//! MySQL and MariaDB: stored programs, and MariaDB's compound statements outside of them.

use super::keyword::is;
use crate::sql::token::{Token, TokenKind};

/// How deep in blocks a statement is.
///
/// END, BEGIN, IF and REPEAT may be columns or functions too, so they count only where a statement of the body begins:
/// after `;`, a block's opening word, THEN, ELSE, DO or a label. An expression's CASE … END is counted apart.
#[derive(Clone, Copy, Debug, Default)]
pub struct Body {
    stage: Stage,
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
enum Stage {
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
        if self.stage == Stage::Plain {
            return;
        }
        let before = std::mem::take(&mut self.before);
        match token.kind {
            TokenKind::Word if before != Before::Name => self.word(&text[token.range()], before),
            _ => self.other(&text[token.range()]),
        }
    }

    pub fn semicolon(&mut self) -> bool {
        self.stage = Stage::Statement;
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
        self.stage = match self.stage {
            Stage::Start if text.starts_with('`') => Stage::Word,
            Stage::Statement if text.starts_with('`') => Stage::Label,
            Stage::Word if text == ":" => self.compound(),
            Stage::Label if text == ":" => Stage::Statement,
            Stage::Handler if text == "," || text == "." => Stage::Condition,
            Stage::Condition => Stage::Handler,
            Stage::Start | Stage::Word | Stage::Begin => Stage::Plain,
            Stage::Statement | Stage::Label | Stage::Handler => Stage::Within,
            stage => stage,
        };
    }

    fn close_paren(&mut self) {
        self.parens = self.parens.saturating_sub(1);
        self.listed = self.parens == 0;
    }

    /// Only a compound statement has a label.
    fn compound(&mut self) -> Stage {
        self.program = true;
        Stage::Statement
    }

    fn word(&mut self, word: &str, before: Before) {
        match self.stage {
            Stage::Start => self.first(word),
            Stage::Begin => self.after_begin(word),
            Stage::Create => self.created(word),
            Stage::Routine => self.routine(word),
            Stage::Trigger if is(word, "ROW") => self.stage = Stage::Statement,
            Stage::Event if is(word, "DO") => self.stage = Stage::Statement,
            Stage::Statement | Stage::Handler => self.statement(word),
            Stage::Label | Stage::Within => self.within(word, before),
            Stage::Condition => self.condition(word),
            Stage::Word => self.stage = Stage::Plain,
            Stage::Trigger | Stage::Event | Stage::Plain => {}
        }
    }

    fn first(&mut self, word: &str) {
        if is(word, "CREATE") || is(word, "ALTER") {
            self.stage = Stage::Create;
        } else if is(word, "BEGIN") {
            self.stage = Stage::Begin;
        } else if opens_block(word) {
            self.program = true;
            self.statement(word);
        } else {
            self.stage = Stage::Word;
        }
    }

    /// `BEGIN NOT ATOMIC` is a block; `BEGIN` and `BEGIN WORK` open a transaction.
    fn after_begin(&mut self, word: &str) {
        self.program = is(word, "NOT");
        self.depth = usize::from(self.program);
        self.stage = if self.program {
            Stage::Statement
        } else {
            Stage::Plain
        };
    }

    fn created(&mut self, word: &str) {
        self.stage = if is(word, "PROCEDURE") || is(word, "FUNCTION") {
            Stage::Routine
        } else if is(word, "TRIGGER") {
            Stage::Trigger
        } else if is(word, "EVENT") {
            Stage::Event
        } else if ["TABLE", "INDEX", "VIEW", "DATABASE"]
            .iter()
            .any(|other| is(word, other))
        {
            Stage::Plain
        } else {
            Stage::Create
        };
        self.program = !matches!(self.stage, Stage::Plain | Stage::Create);
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
            self.stage = Stage::Within;
        }
    }

    fn statement(&mut self, word: &str) {
        self.stage = Stage::Within;
        if is(word, "BEGIN") || is(word, "LOOP") || is(word, "REPEAT") {
            self.depth += 1;
            self.stage = Stage::Statement;
        } else if opens_block(word) {
            self.depth += 1;
        } else if is(word, "END") {
            self.depth = self.depth.saturating_sub(1);
        } else if is(word, "ELSE") || is(word, "NOT") || is(word, "ATOMIC") {
            // NOT ATOMIC comes between MariaDB's BEGIN and its first statement.
            self.stage = Stage::Statement;
        } else if is(word, "UNTIL") {
            self.until = true;
        } else if is(word, "DECLARE") {
            self.before = Before::Declare;
        } else if is(word, "FOLLOWS") || is(word, "PRECEDES") {
            self.stage = Stage::Condition;
        } else if !(is(word, "ELSEIF") || is(word, "WHEN")) {
            self.stage = Stage::Label;
        }
    }

    fn condition(&mut self, word: &str) {
        // NOT FOUND and SQLSTATE VALUE '…' go on.
        if !["FOR", "NOT", "SQLSTATE", "VALUE"]
            .iter()
            .any(|more| is(word, more))
        {
            self.stage = Stage::Handler;
        }
    }

    fn within(&mut self, word: &str, before: Before) {
        self.stage = Stage::Within;
        if is(word, "CASE") {
            self.cases += 1;
        } else if is(word, "END") {
            self.end();
        } else if self.cases > 0 {
            // THEN and ELSE of an expression open no statement.
        } else if is(word, "THEN") || is(word, "ELSE") || is(word, "DO") {
            self.stage = Stage::Statement;
        } else if before == Before::Declare {
            self.declare(word);
        }
    }

    fn declare(&mut self, word: &str) {
        if is(word, "HANDLER") {
            self.stage = Stage::Condition;
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
