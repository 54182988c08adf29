//! `cargo xtask soak`: the whole matrix of faults, again and again.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use lexopt::prelude::*;
use xshell::{Cmd, Shell, cmd};

use crate::servers::Servers;
use crate::steps::{Result, Steps};

const DOCS: &str = "docs/faults.md";
/// The documentation below this line is written here.
const MARK: &str = "<!-- What follows is written by `cargo xtask soak --write-docs`. -->\n";
const RESULTS: &str = "target/faults-results.txt";

/// The options.
#[derive(Default)]
struct Soak {
    /// How long new rounds begin; one round without it.
    time: Option<Duration>,
    /// The seed of the first round; each round has another.
    seed: u64,
    writes_docs: bool,
    /// A part of the names of cells.
    filter: Option<String>,
}

pub fn run(sh: &Shell, arguments: &[String]) -> Result {
    let soak = Soak::parse(arguments)?;
    // Results of another run would be taken for this one's.
    let _ = fs::remove_file(RESULTS);
    let mut steps = Steps::default();
    let servers = Servers::start(&mut steps);
    let start = Instant::now();
    for seed in soak.seed.. {
        let command = Soak::round(sh, soak.filter.as_deref(), seed).env(
            "MIGRATE_FAULTS_RESULTS",
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("..")
                .join(RESULTS),
        );
        steps.tests(
            &format!("the matrix of faults, seed {seed}"),
            servers.pass_to(command),
        );
        if let Some(filter) = soak.leased() {
            let command = Soak::round(sh, Some(filter), seed);
            steps.tests(
                &format!("{filter} with a lease, seed {seed}"),
                servers.pass_to(command.env("MIGRATE_FAULTS_LOCK", "lease")),
            );
        }
        if soak.time.is_none_or(|time| start.elapsed() >= time) {
            break;
        }
    }
    drop(servers);
    if soak.writes_docs {
        steps.step("the documentation", |_| write_docs());
    }
    steps.finish()
}

impl Soak {
    /// The command of one round.
    fn round<'s>(sh: &'s Shell, filter: Option<&str>, seed: u64) -> Cmd<'s> {
        cmd!(
            sh,
            "cargo test --test faults --features postgres,mysql -- {filter...}"
        )
        .env("MIGRATE_FAULTS_ALL", "1")
        .env("MIGRATE_FAULTS_SEED", seed.to_string())
    }

    /// The cells that also run with a lease instead of a lock: those of PostgreSQL.
    fn leased(&self) -> Option<&str> {
        let filter = self.filter.as_deref().unwrap_or("postgres");
        filter.starts_with("postgres").then_some(filter)
    }

    fn parse(arguments: &[String]) -> Result<Self> {
        let mut soak = Self::default();
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("minutes") => {
                    let minutes: u64 = parser.value()?.parse()?;
                    soak.time = Some(Duration::from_mins(minutes));
                }
                Long("seed") => soak.seed = parser.value()?.parse()?,
                Long("write-docs") => soak.writes_docs = true,
                Value(filter) if soak.filter.is_none() => soak.filter = Some(filter.string()?),
                other => return Err(other.unexpected().into()),
            }
        }
        if soak.writes_docs && soak.filter.is_some() {
            return Err("the documentation lists all cells: leave the filter away".into());
        }
        Ok(soak)
    }
}

/// The outcomes of each cell over all rounds, by its name without the processes and by their number.
type Outcomes = BTreeMap<String, BTreeMap<u32, BTreeSet<String>>>;

fn write_docs() -> Result {
    let mut outcomes = Outcomes::new();
    for line in fs::read_to_string(RESULTS)?.lines() {
        let (cell, outcome) = line.split_once(' ').ok_or("a cell and its outcome")?;
        let (name, processes) = cell
            .rsplit_once('/')
            .ok_or("a cell ends in its processes")?;
        let of_name = outcomes.entry(name.to_owned()).or_default();
        of_name
            .entry(processes.parse()?)
            .or_default()
            .insert(outcome.to_owned());
    }
    let text = fs::read_to_string(DOCS)?;
    let (head, _) = text
        .split_once(MARK)
        .ok_or("the documentation has lost its mark")?;
    Ok(fs::write(
        DOCS,
        format!("{head}{MARK}\n{}", table(&outcomes)),
    )?)
}

fn table(outcomes: &Outcomes) -> String {
    let processes: BTreeSet<u32> = outcomes
        .values()
        .flat_map(BTreeMap::keys)
        .copied()
        .collect();
    let mut table = String::from("| command |");
    for processes in &processes {
        let _ = write!(table, " {processes} |");
    }
    let _ = write!(table, "\n|---|{}\n", "---|".repeat(processes.len()));
    for (name, of_name) in outcomes {
        let _ = write!(table, "| `cargo xtask soak {name}` |");
        for processes in &processes {
            let words = of_name
                .get(processes)
                .into_iter()
                .flatten()
                .map(String::as_str);
            let _ = write!(table, " {} |", words.collect::<Vec<_>>().join(" or "));
        }
        table.push('\n');
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_column_for_each_number_of_processes() {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        let mut outcomes = Outcomes::new();
        let row = outcomes
            .entry("sqlite/sigkill/after-lock".to_owned())
            .or_default();
        row.insert(2, words(&["once", "in doubt"]));
        row.insert(32, words(&["once"]));
        let row = outcomes.entry("sqlite/read-only".to_owned()).or_default();
        row.insert(32, words(&["refused"]));
        assert_eq!(
            table(&outcomes),
            "| command | 2 | 32 |\n\
             |---|---|---|\n\
             | `cargo xtask soak sqlite/read-only` |  | refused |\n\
             | `cargo xtask soak sqlite/sigkill/after-lock` | in doubt or once | once |\n"
        );
    }

    #[test]
    fn the_documentation_is_never_written_from_a_part() {
        let parse = |arguments: &[&str]| {
            let arguments: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
            Soak::parse(&arguments)
        };
        assert!(parse(&["--write-docs", "sqlite"]).is_err());
        assert!(parse(&["--minutes", "many"]).is_err());
        assert!(parse(&["one", "two"]).is_err());
        let soak =
            parse(&["--minutes", "2", "--seed", "7", "sqlite/sigkill"]).expect("it is right");
        assert_eq!(
            (soak.time, soak.seed, soak.filter.as_deref()),
            (Some(Duration::from_mins(2)), 7, Some("sqlite/sigkill"))
        );
    }
}
