use std::borrow::Cow;
use std::fmt::Write as _;
use std::process::ExitCode;

use migrate_chain::Diagnostic;
use migrate_chain::target::TargetError;
use serde_json::{Value, json};

use super::paint::{BOLD, ERROR, painted};
use migrate_render as render;
use migrate_runtime::{Error, ErrorKind, LoadError};

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It did what it was asked.
    Done,
    /// `check` found a difference; the exit code is 3.
    Difference,
    /// A command that it ran has ended with this exit code.
    Code(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Difference => Self::from(3),
            Exit::Code(code) => Self::from(code),
        }
    }
}

/// Why a command failed or was refused: what happened, and what to do next.
///
/// [`Error`], [`LoadError`] and the errors of targets turn into it.
#[derive(Debug)]
pub struct CommandError(CommandErrorKind);

#[derive(Debug)]
enum CommandErrorKind {
    Chain {
        faults: Vec<Diagnostic>,
        /// The work that they prevented, unless that is clear.
        headline: Option<String>,
    },
    Runtime(Box<Error>),
    Other(CommandMessage),
}

#[derive(Debug)]
struct CommandMessage {
    summary: String,
    notes: Vec<String>,
    help: Option<String>,
    is_usage: bool,
}

impl CommandError {
    /// One that says what happened, in one line.
    pub fn new(summary: impl Into<String>) -> Self {
        Self(CommandErrorKind::Other(CommandMessage {
            summary: summary.into(),
            notes: Vec::new(),
            help: None,
            is_usage: false,
        }))
    }

    /// One that says that the command was called wrongly; the exit code is 2.
    pub fn usage(summary: impl Into<String>) -> Self {
        let mut failure = Self::new(summary);
        if let CommandErrorKind::Other(message) = &mut failure.0 {
            message.is_usage = true;
        }
        failure
    }

    /// Whether a revision in Rust was in the way, which the app's own binary can run; nothing was changed.
    pub fn needs_app(&self) -> bool {
        matches!(&self.0, CommandErrorKind::Runtime(error) if error.kind() == ErrorKind::NotEmbedded)
    }

    /// The faults of a migration directory.
    pub fn faults(faults: Vec<Diagnostic>) -> Self {
        Self(CommandErrorKind::Chain {
            faults,
            headline: None,
        })
    }

    /// Says what the faults of a migration directory prevented, or what caused them; for any other failure, what
    /// happened.
    #[must_use]
    pub fn headline(mut self, text: impl Into<String>) -> Self {
        match &mut self.0 {
            CommandErrorKind::Chain { headline, .. } => *headline = Some(text.into()),
            CommandErrorKind::Other(message) => message.summary = text.into(),
            CommandErrorKind::Runtime(_) => {}
        }
        self
    }

    /// The failure in one line.
    pub fn summary(&self) -> Cow<'_, str> {
        match &self.0 {
            CommandErrorKind::Chain { faults, headline } => match headline {
                Some(headline) => headline.as_str().into(),
                None => summary_of(faults.len()).into(),
            },
            CommandErrorKind::Runtime(error) => error.summary().into(),
            CommandErrorKind::Other(message) => message.summary.as_str().into(),
        }
    }

    /// Adds something to know.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        match self.0 {
            CommandErrorKind::Other(ref mut message) => message.notes.push(note.into()),
            CommandErrorKind::Runtime(error) => {
                self.0 = CommandErrorKind::Runtime(Box::new(error.note(note)));
            }
            CommandErrorKind::Chain { .. } => {}
        }
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        match self.0 {
            CommandErrorKind::Other(ref mut message) => message.help = Some(help.into()),
            CommandErrorKind::Runtime(error) => {
                self.0 = CommandErrorKind::Runtime(Box::new(error.help(help)));
            }
            CommandErrorKind::Chain { .. } => {}
        }
        self
    }

    /// More to know, a line each.
    pub fn notes(&self) -> &[String] {
        match &self.0 {
            CommandErrorKind::Other(message) => &message.notes,
            CommandErrorKind::Runtime(error) => error.notes(),
            CommandErrorKind::Chain { .. } => &[],
        }
    }

    /// The error of the runtime, if it is one.
    pub fn error(&self) -> Option<&Error> {
        match &self.0 {
            CommandErrorKind::Runtime(error) => Some(error),
            _ => None,
        }
    }

    /// The exit code.
    pub fn code(&self) -> ExitCode {
        match &self.0 {
            CommandErrorKind::Other(message) if message.is_usage => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }

    /// For people, as a terminal may have it.
    pub(super) fn text(&self) -> String {
        let message = match &self.0 {
            CommandErrorKind::Chain { faults, headline } => {
                return chain_text(faults, headline.as_deref());
            }
            CommandErrorKind::Runtime(error) => match error.located(render::Style::Coloured) {
                Some(located) => return located,
                None => message_text(error.summary(), error.notes(), error.advice()),
            },
            CommandErrorKind::Other(message) => {
                message_text(&message.summary, &message.notes, message.help.as_deref())
            }
        };
        painted(&message)
    }

    /// For programs, on one line.
    pub(super) fn json(&self) -> String {
        let error = match &self.0 {
            CommandErrorKind::Chain { faults, .. } => {
                let faults: Vec<Value> = faults
                    .iter()
                    .map(|fault| serde_json::from_str(&render::json(fault)).unwrap_or(Value::Null))
                    .collect();
                json!({ "kind": "chain", "message": self.summary(), "faults": faults })
            }
            CommandErrorKind::Runtime(error) => json!({
                "kind": error.kind().name(),
                "message": error.summary(),
                "revision": error.revision(),
                "location": error.location(),
                "database_code": error.database_code(),
                "notes": error.notes(),
                "help": error.advice(),
            }),
            CommandErrorKind::Other(message) => json!({
                "kind": if message.is_usage { "usage" } else { "other" },
                "message": message.summary,
                "notes": message.notes,
                "help": message.help,
            }),
        };
        render::visible_json(&json!({ "error": error }).to_string()).into_owned()
    }
}

impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        Self(CommandErrorKind::Runtime(Box::new(error)))
    }
}

impl From<TargetError> for CommandError {
    fn from(error: TargetError) -> Self {
        Error::from(error).into()
    }
}

impl From<LoadError> for CommandError {
    fn from(error: LoadError) -> Self {
        Self::faults(error.diagnostics().to_vec())
    }
}

fn chain_text(faults: &[Diagnostic], headline: Option<&str>) -> String {
    let texts: Vec<String> = faults
        .iter()
        .map(|fault| render::text(fault, render::Style::Coloured))
        .collect();
    let mut text = texts.join("\n\n");
    match headline {
        Some(told) => {
            let _ = write!(text, "\n\n{}", painted(&self::headline(told)));
        }
        None if faults.len() > 1 => {
            let summary = self::headline(&summary_of(faults.len()));
            let _ = write!(text, "\n\n{}", painted(&summary));
        }
        None => {}
    }
    text
}

fn summary_of(faults: usize) -> String {
    match faults {
        1 => "the migration directory has a fault".to_owned(),
        many => format!("the migration directory has {many} faults"),
    }
}

fn message_text(summary: &str, notes: &[String], help: Option<&str>) -> String {
    let mut text = headline(summary);
    for (word, line) in notes
        .iter()
        .map(|note| ("note", &**note))
        .chain(help.map(|help| ("help", help)))
    {
        // The lines of one text stay together.
        let line = line.replace('\n', "\n    ");
        let _ = write!(text, "\n  {BOLD}{word}{BOLD:#}: {line}");
    }
    text
}

fn headline(summary: &str) -> String {
    format!("{ERROR}error{ERROR:#}{BOLD}: {summary}{BOLD:#}")
}
