//! Ordered operations: what a revision runs, and what a person must know before it does.

use std::fmt::Write as _;

use migrate_chain::Dialect;
use migrate_chain::sql::{comment, split};

/// A statement of a generated revision, with what it may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The statement, without the `;` that ends it.
    pub sql: String,
    /// Hazards that a person must know before it runs.
    pub hazards: Vec<Hazard>,
    /// Whether it runs outside a transaction, in a revision of its own.
    pub(crate) online: bool,
    /// The table that it alters, if the server is to be asked in which way it does.
    pub(crate) alters: Option<String>,
}

/// The possible cost of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hazard {
    /// It loses data.
    Destructive(String),
    /// It fails on some data, or keeps others from a table for long.
    Blocking(String),
}

/// The steps between two schemas, and how a revision must run them.
#[derive(Clone, Debug)]
pub(crate) struct Operations {
    pub steps: Vec<Operation>,
    /// Whether foreign keys stay enforced meanwhile; SQLite only.
    pub foreign_keys: bool,
    /// Whether they run in a transaction.
    pub transactional: bool,
    /// Steps that must have been committed before these.
    pub before: Vec<Operation>,
    /// Steps that run after these, outside a transaction.
    pub online: Vec<Operation>,
}

/// The choices that a plan depends on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PlanOptions {
    /// Whether indexes and constraints are made without keeping others out, PostgreSQL only.
    pub online: bool,
    /// Whether all steps run in one transaction, whatever that costs.
    pub single: bool,
}

impl Default for Operations {
    fn default() -> Self {
        Self {
            steps: Vec::new(),
            foreign_keys: true,
            transactional: true,
            before: Vec::new(),
            online: Vec::new(),
        }
    }
}

impl Hazard {
    /// The word that marks it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Destructive(_) => "destructive",
            Self::Blocking(_) => "blocking",
        }
    }

    /// The hazard, in one line.
    pub fn text(&self) -> &str {
        match self {
            Self::Destructive(text) | Self::Blocking(text) => text,
        }
    }
}

impl Operation {
    pub(crate) fn new(sql: impl Into<String>) -> Self {
        let sql: String = sql.into();
        Self {
            sql: sql.trim_end().trim_end_matches(';').trim_end().to_owned(),
            hazards: Vec::new(),
            online: false,
            alters: None,
        }
    }

    /// Lets the server say in which way it alters a table that may have rows.
    pub(crate) fn alters(mut self, table: impl Into<String>) -> Self {
        self.alters = Some(table.into());
        self
    }

    pub(crate) fn online(mut self) -> Self {
        self.online = true;
        self
    }

    pub(crate) fn destructive(mut self, text: impl Into<String>) -> Self {
        self.hazards.push(Hazard::Destructive(text.into()));
        self
    }

    pub(crate) fn blocking(mut self, text: impl Into<String>) -> Self {
        self.hazards.push(Hazard::Blocking(text.into()));
        self
    }
}

/// Steps as the text of a section, each hazard a comment above its statement.
pub(crate) fn text(dialect: Dialect, steps: &[Operation]) -> String {
    let mut text = String::new();
    for step in steps {
        for hazard in &step.hazards {
            let line = format!("{}: {}", hazard.word(), hazard.text());
            let _ = writeln!(text, "{}", comment(&line));
        }
        text.push_str(&terminated(dialect, &step.sql));
    }
    text
}

/// A statement with its end; marked where the splitter would guess wrong.
fn terminated(dialect: Dialect, sql: &str) -> String {
    let plain = format!("{sql};\n");
    let mut statements = split(dialect, &plain);
    let first = statements.next().map(|statement| statement.range());
    if first == Some(0..sql.len()) && statements.next().is_none() {
        plain
    } else {
        format!("-- migrate: statement\n{sql}\n-- migrate: end\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hazard_stands_above_its_statement_on_one_line() {
        let step = Operation::new("DROP TABLE t;\n").destructive("drops table t\nand all");
        assert_eq!(
            text(Dialect::Sqlite, &[step]),
            "-- destructive: drops table t and all\nDROP TABLE t;\n"
        );
    }

    #[test]
    fn what_the_splitter_would_cut_is_marked() {
        let sql = "CREATE PROCEDURE p() weird; body";
        assert_eq!(
            text(Dialect::Postgres, &[Operation::new(sql)]),
            format!("-- migrate: statement\n{sql}\n-- migrate: end\n")
        );
    }
}
