use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use anstream::{AutoStream, ColorChoice};
use clap::ColorChoice as Choice;
use migrate_render::visible_json;
use serde::Serialize;

use super::dot_env::DotEnv;
use super::paint::painted;
use super::{CommandError, Exit, Format, Globals};

/// The terminal: results go to the standard output, everything else to the standard error.
pub struct Ui {
    results: Vec<Part>,
    stdout: AutoStream<io::Stdout>,
    stderr: AutoStream<io::Stderr>,
    format: Format,
    verbose: bool,
    quiet: bool,
    /// The file `.env`, whose faults are to be told; none once they are.
    dot_env: Option<Arc<OnceLock<DotEnv>>>,
}

/// A piece of the results.
enum Part {
    /// For eyes.
    Shown(String),
    /// For programs, which need every byte.
    Exact(String),
}

impl Ui {
    /// As the options say.
    pub fn new(globals: &Globals) -> Self {
        let choice = match globals.color {
            Choice::Auto => ColorChoice::Auto,
            Choice::Always => ColorChoice::Always,
            Choice::Never => ColorChoice::Never,
        };
        Self {
            results: Vec::new(),
            stdout: AutoStream::new(io::stdout(), choice),
            stderr: AutoStream::new(io::stderr(), choice),
            format: globals.format,
            verbose: globals.verbose,
            quiet: globals.quiet,
            dot_env: Some(Arc::clone(&globals.dot_env)),
        }
    }

    /// How results are to be written.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether results are written as JSON.
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Whether the user asked for more.
    pub fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// Whether the user asked for results and errors only.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether somebody sees the diagnostics as they come, and can be asked.
    pub fn is_interactive(&self) -> bool {
        io::stderr().is_terminal() && io::stdin().is_terminal()
    }

    /// How many columns a result may have; none where it goes to a file or a program.
    pub fn columns(&self) -> Option<usize> {
        if !io::stdout().is_terminal() {
            return None;
        }
        terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
    }

    /// When the standard error has colours.
    pub(super) fn colour(&self) -> ColorChoice {
        self.stderr.current_choice()
    }

    /// Asks a question that is answered with yes or no; no answer is a no.
    ///
    /// # Errors
    /// That the results so far cannot be written, or the answer cannot be read.
    pub fn confirm(&mut self, question: &str) -> Result<bool, CommandError> {
        self.flush()?;
        let _ = write!(self.stderr, "{} [y/N] ", painted(question));
        let _ = self.stderr.flush();
        let mut answer = String::new();
        io::stdin()
            .read_line(&mut answer)
            .map_err(|error| CommandError::new(format!("the answer cannot be read: {error}")))?;
        Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
    }

    /// Adds a line to the results. It may have colours: where there are none they are taken out. Control characters are
    /// made visible.
    pub fn result(&mut self, line: impl fmt::Display) {
        self.results.push(Part::Shown(format!("{line}\n")));
    }

    /// Adds a text to the results that is written as it is, since a program reads it: a script, a file. On a terminal,
    /// control characters are made visible in it too.
    pub fn exact(&mut self, text: impl fmt::Display) {
        let text = format!("{text}\n");
        self.results.push(if io::stdout().is_terminal() {
            Part::Shown(text.replace("\r\n", "\n"))
        } else {
            Part::Exact(text)
        });
    }

    /// Adds a JSON value to the results.
    pub fn json(&mut self, value: &impl Serialize) {
        match serde_json::to_string_pretty(value) {
            Ok(text) => self
                .results
                .push(Part::Exact(visible_json(&text).into_owned() + "\n")),
            // Only a map whose keys are no text has no JSON.
            Err(error) => self.note(error),
        }
    }

    /// Says something that is no result, unless the user asked for quiet.
    pub fn note(&mut self, text: impl fmt::Display) {
        if !self.quiet {
            let _ = writeln!(self.stderr, "{}", painted(&text.to_string()));
        }
    }

    /// Writes the results so far.
    ///
    /// # Errors
    /// The error of the operating system, such as a full disk. A reader that has gone away, such as `head`, has seen enough,
    /// and is no error.
    pub fn flush(&mut self) -> Result<(), CommandError> {
        self.warn_of_dot_env();
        let results = std::mem::take(&mut self.results);
        let mut parts = results.iter();
        let written = parts
            .try_for_each(|part| self.write(part))
            .and_then(|()| self.stdout.flush());
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CommandError::new(
                format!("the output cannot be written: {error}"),
            )),
            _ => Ok(()),
        }
    }

    fn write(&mut self, part: &Part) -> io::Result<()> {
        match part {
            Part::Shown(text) => self.stdout.write_all(painted(text).as_bytes()),
            // The stream would take escape sequences out of a string in a script.
            Part::Exact(text) => io::stdout().write_all(text.as_bytes()),
        }
    }

    fn warn_of_dot_env(&mut self) {
        let Some(file) = self.dot_env.take_if(|file| file.get().is_some()) else {
            return;
        };
        for warning in file.get().into_iter().flat_map(DotEnv::warnings) {
            self.note(warning);
        }
    }

    /// Writes the results, or tells why there are none; the exit code.
    pub fn end(&mut self, result: Result<Exit, CommandError>) -> ExitCode {
        // Results from before a failure are still shown.
        let written = self.flush();
        match result.and_then(|exit| written.map(|()| exit)) {
            Ok(exit) => exit.into(),
            Err(failure) => {
                self.failure(&failure);
                failure.code()
            }
        }
    }

    /// Tells of a failure, in the format that the user asked for.
    pub fn failure(&mut self, failure: &CommandError) {
        let text = if self.is_json() {
            failure.json()
        } else {
            failure.text()
        };
        let _ = writeln!(self.stderr, "{text}");
    }
}
