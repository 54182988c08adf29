//! Starters as the test sees them: processes that say where they are, and do what they are told.

use std::fmt;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::order::{Order, VARIABLE};

/// Nothing that a case waits for takes this long; a starter that does hangs.
const PATIENCE: Duration = Duration::from_secs(90);

/// The output of all starters of a case, in order: shown when the case fails.
#[derive(Clone, Default)]
pub struct Transcript(Arc<Mutex<Vec<String>>>);

impl Transcript {
    pub fn note(&self, line: String) {
        self.lines().push(line);
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines()
            .iter()
            .try_for_each(|line| writeln!(f, "  {line}"))
    }
}

/// A starter. It is killed when the value is dropped.
pub struct Starter {
    name: String,
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
    end: Option<Value>,
    pub said: Vec<String>,
    transcript: Transcript,
}

/// How a starter ended.
#[derive(Debug)]
pub enum End {
    /// The report: which revisions it ran, and where the database is.
    Done { steps: Vec<String>, json: Value },
    /// The error, by the name of its kind.
    Failed { kind: String, json: Value },
    /// It was asked to end, and did.
    Cancelled,
    /// It died.
    Died,
}

impl Starter {
    pub fn start(name: &str, order: &Order, transcript: &Transcript) -> Self {
        let binary = std::env::current_exe().expect("this binary has a path");
        let mut child = Command::new(binary)
            .env(VARIABLE, order.to_json())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this binary runs again");
        let stdin = child.stdin.take().expect("it is piped");
        let stdout = child.stdout.take().expect("it is piped");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            name: name.to_owned(),
            child,
            stdin,
            lines,
            end: None,
            said: Vec::new(),
            transcript: transcript.clone(),
        }
    }

    /// Waits until it says a line that fits, or ends; the line if it did.
    pub fn until(&mut self, fits: impl Fn(&str) -> bool) -> Option<String> {
        while self.end.is_none() {
            let line = self.next()?;
            if fits(&line) {
                return Some(line);
            }
        }
        None
    }

    /// Waits until it holds at a place.
    pub fn until_held(&mut self) {
        let held = self.until(|line| line.starts_with("held "));
        assert!(
            held.is_some(),
            "{} did not come to the place where it is to hold",
            self.name
        );
    }

    /// Lets it go on.
    pub fn go(&mut self) {
        // One that is gone already need not go on.
        let _ = writeln!(self.stdin);
        let _ = self.stdin.flush();
    }

    pub fn signal(&self, signal: &str) {
        let process = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &process]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill works");
        self.transcript
            .note(format!("{}: gets {signal}", self.name));
    }

    /// Waits for its end.
    pub fn end(mut self) -> End {
        self.until(|_| false);
        let _ = self.child.wait();
        let Some(json) = self.end.take() else {
            return End::Died;
        };
        if json.get("cancelled").is_some() {
            return End::Cancelled;
        }
        if let Some(kind) = json["error"].as_str() {
            let kind = kind.to_owned();
            return End::Failed { kind, json };
        }
        let steps = json["steps"].as_array().expect("a report has steps");
        let step = |step: &Value| step.as_str().unwrap_or_default().to_owned();
        End::Done {
            steps: steps.iter().map(step).collect(),
            json,
        }
    }

    /// The next line; none at its end.
    fn next(&mut self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => {
                self.transcript.note(format!("{}: {line}", self.name));
                if line.starts_with('{') {
                    self.end = serde_json::from_str(&line).ok();
                }
                self.said.push(line.clone());
                Some(line)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => {
                panic!("{} said nothing for {} s", self.name, PATIENCE.as_secs())
            }
        }
    }
}

impl Drop for Starter {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl End {
    /// The whole text of the error; empty where there is none.
    pub fn text(&self) -> &str {
        match self {
            Self::Failed { json, .. } | Self::Done { json, .. } => {
                json["text"].as_str().unwrap_or_default()
            }
            Self::Cancelled | Self::Died => "",
        }
    }

    pub fn kind(&self) -> &str {
        match self {
            Self::Failed { kind, .. } => kind,
            Self::Done { .. } => "done",
            Self::Cancelled => "cancelled",
            Self::Died => "died",
        }
    }

    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done { .. })
    }

    /// The revisions that it says it ran.
    pub fn steps(&self) -> &[String] {
        match self {
            Self::Done { steps, .. } => steps,
            _ => &[],
        }
    }
}
