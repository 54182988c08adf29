//! `cargo xtask fuzz`: the targets of `fuzz/`, one after the other.

use std::path::Path;

use lexopt::prelude::*;
use xshell::{Cmd, Shell, cmd};

use crate::setup;
use crate::steps::{Result, Steps};

/// The options.
struct Fuzz {
    /// How long each target runs.
    minutes: u64,
    /// One target; all without it.
    only: Option<String>,
}

pub fn run(sh: &Shell, arguments: &[String]) -> Result {
    let Fuzz { minutes, only } = Fuzz::parse(arguments)?;
    if !setup::is_installed("cargo-fuzz") {
        cmd!(sh, "cargo install --locked cargo-fuzz").run()?;
    }
    let _inside = sh.push_dir("fuzz");
    let mut targets = targets(sh)?;
    if let Some(only) = only {
        let known = targets.join(", ");
        targets.retain(|target| *target == only);
        if targets.is_empty() {
            return Err(format!("there is no target `{only}`; there are {known}").into());
        }
    }
    let mut steps = Steps::default();
    for target in targets {
        sh.create_dir(format!("corpus/{target}"))?;
        let command = command(sh, &target, minutes * 60);
        steps.command(&format!("fuzzing {target}"), command);
    }
    steps.finish()
}

impl Fuzz {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut fuzz = Self {
            minutes: 60,
            only: None,
        };
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("minutes") => fuzz.minutes = parser.value()?.parse()?,
                Value(target) if fuzz.only.is_none() => fuzz.only = Some(target.string()?),
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(fuzz)
    }
}

fn targets(sh: &Shell) -> Result<Vec<String>> {
    let files = sh.read_dir("fuzz_targets")?;
    let names = files.iter().filter_map(|file| file.file_stem()?.to_str());
    Ok(names.map(str::to_owned).collect())
}

/// No sanitizer: the crates have no unsafe code, and run faster without one.
fn command<'s>(sh: &'s Shell, target: &str, seconds: u64) -> Cmd<'s> {
    let seconds = seconds.to_string();
    let dictionary = dictionary(target).map(|name| format!("-dict={name}.dict"));
    let corpus = Path::new("corpus").join(target);
    let seeds = Path::new("seeds").join(target);
    let limits = ["-timeout=10", "-rss_limit_mb=6000"];
    cmd!(
        sh,
        "cargo +nightly fuzz run --sanitizer none {target} {corpus} {seeds} -- -max_total_time={seconds} -max_len=1500 {limits...} {dictionary...}"
    )
}

fn dictionary(target: &str) -> Option<&str> {
    match target {
        "header" | "config" => Some("keys"),
        "sql" | "sections" => Some("sql"),
        "lock" | "models" => Some(target),
        _ => None,
    }
}
