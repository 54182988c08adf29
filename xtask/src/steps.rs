//! Steps that run one after the other, whose results are told at the end.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use xshell::Cmd;

use crate::results::TestResults;

/// The result of a step, whose failure is told at the end.
pub type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The steps run so far.
#[derive(Default)]
pub struct Steps {
    done: Vec<Done>,
    skipped: Vec<String>,
    results: TestResults,
}

struct Done {
    name: String,
    failure: Option<String>,
    duration: Duration,
}

impl Steps {
    /// Runs a command, its output shown as it comes.
    pub fn command(&mut self, name: &str, command: Cmd<'_>) {
        self.step(name, |_| {
            println!("$ {command}");
            succeeded(Command::from(command.quiet()).status()?)
        });
    }

    /// Runs a command and returns what it wrote to its standard output; nothing when it failed.
    pub fn output(&mut self, name: &str, command: Cmd<'_>) -> Option<String> {
        let mut output = None;
        self.step(name, |_| {
            output = Some(echoed(command)?);
            Ok(())
        });
        output
    }

    /// Runs `cargo test`, and counts the tests that it reports.
    pub fn tests(&mut self, name: &str, command: Cmd<'_>) {
        self.step(name, |steps| {
            println!("$ {command}");
            let mut child = Command::from(command.quiet())
                .stdout(Stdio::piped())
                .spawn()?;
            let stdout = child.stdout.take().ok_or("the output is piped")?;
            for line in BufReader::new(stdout).lines() {
                let line = line?;
                println!("{line}");
                steps.results.line(&line);
            }
            succeeded(child.wait()?)
        });
    }

    /// Runs anything else.
    pub fn step(&mut self, name: &str, run: impl FnOnce(&mut Self) -> Result) {
        println!("\n=== {name}");
        let start = Instant::now();
        let failure = run(self).err().map(|error| error.to_string());
        if let Some(failure) = &failure {
            println!("failed: {failure}");
        }
        self.done.push(Done {
            name: name.to_owned(),
            failure,
            duration: start.elapsed(),
        });
    }

    /// Notes what was not run, and why.
    pub fn skip(&mut self, what: &str, why: &str) {
        self.skipped.push(format!("{what}: {why}"));
    }

    /// Says what was run, what was skipped and what failed; an error when anything did. The last lines are those of
    /// the tests, as cargo prints them.
    pub fn finish(self) -> Result {
        println!("\n=== summary");
        for Done {
            name,
            failure,
            duration,
        } in &self.done
        {
            let word = if failure.is_some() { "FAILED" } else { "ok" };
            println!("{word:>6} {:>6.1} s  {name}", duration.as_secs_f64());
        }
        for skipped in self.skipped.iter().chain(self.results.ignored()) {
            println!("skipped: {skipped}");
        }
        let failed = self
            .done
            .iter()
            .filter(|done| done.failure.is_some())
            .count();
        if self.results.any() {
            println!("\n{}", self.results);
        }
        match failed {
            0 => Ok(()),
            1 => Err("1 step failed".into()),
            _ => Err(format!("{failed} steps failed").into()),
        }
    }
}

/// Runs a command, and shows and returns its standard output.
fn echoed(command: Cmd<'_>) -> Result<String> {
    println!("$ {command}");
    let output = Command::from(command.quiet())
        .stderr(Stdio::inherit())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    print!("{text}");
    succeeded(output.status)?;
    Ok(text)
}

fn succeeded(status: std::process::ExitStatus) -> Result {
    if status.success() {
        Ok(())
    } else {
        Err(status.to_string().into())
    }
}
