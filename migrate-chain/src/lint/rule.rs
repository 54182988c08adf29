use std::fmt;

use crate::Dialect;

/// Something to know before a revision is deployed: a row of the table in `docs/lint.md`.
#[derive(Debug)]
pub struct Rule {
    /// The code that findings show and that `-- migrate: allow` names.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The fault it finds, in a few words.
    pub summary: &'static str,
    /// Why that is a problem.
    pub why: &'static str,
    /// The sessions that the statement blocks, and for how long. A measurement may find less.
    pub effect: Effect,
    /// How it is found.
    pub sources: Sources,
    /// A bad statement and a good one, for each database that has the rule.
    pub examples: &'static [Example],
}

impl Rule {
    /// The databases that have the rule.
    pub fn dialects(&self) -> impl Iterator<Item = Dialect> {
        self.examples.iter().map(|example| example.dialect)
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

impl Eq for Rule {}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look.
    Warning,
    /// It blocks an app for as long as a scan or a copy, loses data, fails on rows, or breaks the app that is running.
    Error,
}

impl Severity {
    /// Its name in options and in output for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// How a rule is found: by reading, by measuring, or by squawk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sources {
    /// This crate: the rule is there at build time, too.
    pub read: bool,
    /// squawk, in the command line.
    pub squawk: bool,
    /// A scratch database, in the command line.
    pub measured: bool,
}

/// The effect of a statement on others that use the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Effect {
    /// The sessions that wait.
    pub blocks: Blocks,
    /// For how long.
    pub lasts: Lasts,
}

impl Effect {
    /// Nothing waits.
    pub const NONE: Self = Self {
        blocks: Blocks::Nothing,
        lasts: Lasts::Instant,
    };

    /// Whether it blocks something for longer than an instant.
    pub fn is_long(self) -> bool {
        self.blocks != Blocks::Nothing && self.lasts != Lasts::Instant
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.blocks {
            Blocks::Nothing => f.write_str("blocks nothing"),
            Blocks::Writes => write!(f, "blocks writes for {}", self.lasts.name()),
            Blocks::ReadsAndWrites => {
                write!(f, "blocks reads and writes for {}", self.lasts.name())
            }
        }
    }
}

/// The sessions that wait for a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blocks {
    /// Neither reads nor writes.
    Nothing,
    /// Writes.
    Writes,
    /// Reads and writes.
    ReadsAndWrites,
}

impl Blocks {
    /// Its name in output for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Writes => "writes",
            Self::ReadsAndWrites => "reads and writes",
        }
    }
}

/// How long a statement takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lasts {
    /// The same for any number of rows.
    Instant,
    /// As long as it takes to read all rows.
    Scan,
    /// As long as it takes to write all rows.
    Copy,
}

impl Lasts {
    /// Its name in output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Instant => "an instant",
            Self::Scan => "as long as a scan",
            Self::Copy => "as long as a copy",
        }
    }
}

/// A bad statement and a good one. Both run on the tables of the examples, which `docs/lint.md` shows.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// The database.
    pub dialect: Dialect,
    /// An example that the rule finds.
    pub bad: &'static str,
    /// An example that it does not find.
    pub good: &'static str,
}
