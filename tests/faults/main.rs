//! Faults while a database is migrated: a case for each cell of a table.
//!
//! Without a filter the short form runs. A filter selects among all cells: `cargo test --test faults sqlite/sigkill`.
//! `cargo xtask soak` runs them all, again and again.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "tests: a panic is a failure, and nobody imports them"
)]

mod cells;
#[path = "../support/chain.rs"]
#[allow(dead_code, reason = "shared with other tests, which use all of it")]
mod chain;
mod chains;
mod docs;
#[path = "../support/ledger.rs"]
mod ledger;
mod order;
mod place;
mod process;
mod process_faults;
#[path = "../support/proxy.rs"]
#[allow(
    dead_code,
    reason = "round trips are counted by the tests of a database"
)]
mod proxy;
mod scenarios;
mod servers;
mod stage;
mod starter;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use cells::{Cell, Fault};
use process::Transcript;
use stage::{Outcome, Stage};

/// The number that the cases choose by where they have a choice; 0 unless the variable says another.
const SEED: &str = "MIGRATE_FAULTS_SEED";
/// A file that gets a line for each case that passed: its name and how it came out.
const RESULTS: &str = "MIGRATE_FAULTS_RESULTS";
/// Set to anything, it shows what the processes of a case have said also where the case passes.
const SHOW: &str = "MIGRATE_FAULTS_SHOW";
/// Set to anything, it makes all cells run where no filter selects some.
const ALL: &str = "MIGRATE_FAULTS_ALL";

fn main() -> ExitCode {
    if let Ok(order) = std::env::var(order::VARIABLE) {
        starter::run(&order);
        return ExitCode::SUCCESS;
    }
    let mut arguments = Arguments::from_args();
    // Cases wait most of the time.
    arguments.test_threads.get_or_insert(4);
    let wants_all = arguments.filter.is_some() || std::env::var_os(ALL).is_some();
    // They are written from the results.
    let is_about_docs = std::env::var_os(RESULTS).is_none();
    let docs = is_about_docs.then(|| Trial::test("docs/list-the-cells", docs::list_the_cells));
    let cells = cells::all().into_iter();
    let trials = cells
        .filter(|cell| servers::is_built_for(cell.kind) && (wants_all || cell.is_short()))
        .map(trial)
        .chain(docs)
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(cell: Cell) -> Trial {
    let is_skipped = servers::is_skipped(cell.kind);
    Trial::test(cell.to_string(), move || run(cell)).with_ignored_flag(is_skipped)
}

fn run(cell: Cell) -> Result<(), Failed> {
    let seed = std::env::var(SEED).map_or(Ok(0), |seed| seed.parse())?;
    let transcript = Transcript::default();
    let judged = catch_unwind(AssertUnwindSafe(|| {
        let server = servers::of(cell);
        let stage = Stage::new(cell, seed, server.get(), &transcript);
        match cell.fault {
            _ if cell.point.is_some() => process_faults::run(&stage),
            Fault::ErrorInTransaction | Fault::ErrorOutside => scenarios::errors::run(&stage),
            Fault::ConcurrentIndex => scenarios::concurrent_index::run(&stage),
            Fault::TwoVersions => scenarios::two_versions::run(&stage),
            Fault::NoCreateRight | Fault::ReadOnly => scenarios::refused::run(&stage),
            _ => scenarios::empty_database::run(&stage),
        }
    }));
    if std::env::var_os(SHOW).is_some() {
        show(&transcript);
    }
    match judged {
        Ok(outcome) => note(cell, outcome),
        Err(panic) => Err(told(cell, seed, &*panic, &transcript).into()),
    }
}

#[allow(clippy::print_stderr, reason = "asked for")]
fn show(transcript: &Transcript) {
    eprint!("{transcript}");
}

/// The fault, and how to reproduce it.
fn told(
    cell: Cell,
    seed: usize,
    panic: &(dyn std::any::Any + Send),
    transcript: &Transcript,
) -> String {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without words");
    format!("{message}\n{transcript}to repeat it: cargo xtask soak --seed {seed} {cell}")
}

fn note(cell: Cell, outcome: Outcome) -> Result<(), Failed> {
    let Some(file) = std::env::var_os(RESULTS) else {
        return Ok(());
    };
    let mut file = std::fs::File::options()
        .create(true)
        .append(true)
        .open(file)?;
    Ok(std::io::Write::write_all(
        &mut file,
        format!("{cell} {}\n", outcome.word()).as_bytes(),
    )?)
}
