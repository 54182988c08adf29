//! RESULTS.md: what was measured, in tables.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use xshell::{Shell, cmd};

use super::cell::{Cell, Measured, Work};
use super::chain::Content;
use super::contenders::{ALL, Contender, OURS};
use super::database::{Durability, Engine};
use super::{Plan, Results, plot};
use crate::Result;
use crate::crates::bench_folder;
use crate::measure::{HEADER, shown};

/// Whose versions are told: as Cargo.lock names them.
const LIBRARIES: [&str; 9] = [
    "sqlx",
    "refinery",
    "tokio-postgres",
    "mysql_async",
    "diesel_migrations",
    "diesel",
    "sea-orm-migration",
    "rusqlite_migration",
    "rusqlite",
];

/// Writes RESULTS.md, and the plots that it shows.
pub(super) fn write(plan: &Plan, results: &Results) -> Result {
    let plots = plan.output.join("plots");
    fs::create_dir_all(&plots)?;
    fs::write(
        plots.join("startup.svg"),
        plot::startup(plan, &results.cells),
    )?;
    fs::write(
        plots.join("revisions.svg"),
        plot::revisions(plan, &results.cells),
    )?;
    let file = plan.output.join("RESULTS.md");
    fs::write(&file, text(plan, results)?)?;
    eprintln!("written: {}", file.display());
    Ok(())
}

fn text(plan: &Plan, results: &Results) -> Result<String> {
    let mut text = introduction(results)?;
    text.push_str("\n## Goals\n\n");
    text.push_str(&table(
        &HEADER.map(str::to_owned),
        results.rows.iter().map(|row| row.cells().to_vec()),
    ));
    for engine in Engine::ALL {
        write!(text, "\n## {engine}\n")?;
        for (durability, delay, lengths) in plan.surroundings(engine) {
            let is_here = |measured: &&Measured| {
                let cell = measured.cell;
                (cell.engine, cell.durability, cell.delay) == (engine, durability, delay)
                    && lengths.contains(&cell.length)
            };
            let cells: Vec<&Measured> = results.cells.iter().filter(is_here).collect();
            write!(
                text,
                "\n{}:\n\n{}",
                surroundings(engine, durability, delay),
                times(&cells)
            )?;
        }
        let counted: Vec<&Measured> = results
            .cells
            .iter()
            .filter(|measured| measured.cell.engine == engine && is_counted(measured))
            .collect();
        if !counted.is_empty() {
            write!(text, "\n{}\n\n{}", counts_heading(engine), counts(&counted))?;
        }
    }
    text.push_str(&test_databases(plan, results));
    Ok(text)
}

fn introduction(results: &Results) -> Result<String> {
    let sh = Shell::new()?;
    let day = cmd!(sh, "date -u +%Y-%m-%d").quiet().read()?;
    let cores = std::thread::available_parallelism()?;
    let mut text = format!(
        "# Results\n\nWritten by `cargo xtask bench servers`: do not edit. Measured on {day} in {:.1} minutes, on {cores} cores.\n\n\
         Each time is a median of what was measured in turn, from opening the connection until the chain is applied. The number \
         after it says how many times ours takes as long: below 1, we lose. `Single` and what is grouped put all revisions into \
         one transaction. The shells read the same statements from a file; they record nothing, and are the limit. Ours and sqlx get a \
         pool that has no connection yet, and each opens one.\n\n\
         ![Nothing to do](plots/startup.svg)\n\n![Applying revisions](plots/revisions.svg)\n\n",
        results.time.as_secs_f64() / 60.0
    );
    writeln!(text, "Databases: {}.\n", results.versions.join(", "))?;
    writeln!(text, "Libraries: {}.", libraries()?)?;
    text.push_str(
        "\nAgain: `cargo xtask setup`, then `cargo xtask bench servers`. `BENCH_QUICK=1` runs everything once at small sizes, and \
         writes to bench/target/scratch.\n",
    );
    Ok(text)
}

fn libraries() -> Result<String> {
    let lock = fs::read_to_string(bench_folder().join("Cargo.lock"))?;
    let version = |name: &&str| {
        let start = lock.find(&format!("name = \"{name}\"\nversion = \""))?;
        let version = lock[start..].split('"').nth(3)?;
        Some(format!("{name} {version}"))
    };
    let versions: Vec<String> = LIBRARIES.iter().filter_map(version).collect();
    Ok(versions.join(", "))
}

fn surroundings(engine: Engine, durability: Durability, delay: Duration) -> String {
    let place = match (engine, delay.is_zero()) {
        (Engine::Sqlite, _) => "A file",
        (_, true) => "Loopback",
        (_, false) => "Each turn takes 1 ms longer",
    };
    let disk = match (engine, durability) {
        (_, Durability::Default) => "default durability",
        (Engine::Postgres, Durability::None) => "`fsync = off`",
        (Engine::MariaDb, Durability::None) => {
            "`innodb_flush_log_at_trx_commit = 0`, and no file is synchronised"
        }
        (Engine::Sqlite, Durability::None) => "`synchronous = OFF`",
    };
    format!("{place}, {disk}")
}

/// A column for each cell, a line for each contender.
fn times(cells: &[&Measured]) -> String {
    let mut header = vec![String::new()];
    header.extend(cells.iter().map(|measured| heading(measured.cell)));
    let engine = cells.first().map(|measured| measured.cell.engine);
    let lines = contenders(engine).map(|contender| {
        let mut line = vec![contender.name.to_owned()];
        line.extend(cells.iter().map(|measured| time(measured, contender)));
        line
    });
    table(&header, lines)
}

fn heading(cell: Cell) -> String {
    match cell.work {
        Work::Nothing => format!("nothing, {}", cell.length),
        Work::Apply(content) => format!("{} × {content}", cell.length),
    }
}

fn contenders(engine: Option<Engine>) -> impl Iterator<Item = &'static Contender> {
    ALL.iter()
        .filter(move |contender| engine.is_some_and(|engine| contender.runs_on(engine)))
}

fn time(measured: &Measured, contender: &Contender) -> String {
    let Some(line) = measured.line(contender.name) else {
        return String::new();
    };
    match measured.ratio(contender.name, OURS) {
        Some(ratio) if contender.name != OURS => {
            format!("{} ({ratio:.2})", shown(line.median()))
        }
        _ => format!("**{}**", shown(line.median())),
    }
}

fn is_counted(measured: &Measured) -> bool {
    measured.lines.iter().any(|line| line.counts.is_some())
}

fn counts_heading(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => {
            "Round trips / statements / transactions / KiB of write-ahead log, connecting included:"
        }
        _ => {
            "Round trips / statements / transactions that write / KiB of redo log, connecting included:"
        }
    }
}

fn counts(cells: &[&Measured]) -> String {
    let mut header = vec![String::new()];
    header.extend(cells.iter().map(|measured| heading(measured.cell)));
    let engine = cells.first().map(|measured| measured.cell.engine);
    let lines = contenders(engine).map(|contender| {
        let count = |measured: &&Measured| {
            let counts = measured.line(contender.name)?.counts?;
            Some(format!(
                "{} / {} / {} / {}",
                counts.round_trips,
                counts.statements,
                counts.commits,
                counts.log_bytes / 1024
            ))
        };
        let mut line = vec![contender.name.to_owned()];
        line.extend(
            cells
                .iter()
                .map(|measured| count(measured).unwrap_or_default()),
        );
        line
    });
    table(&header, lines)
}

fn test_databases(plan: &Plan, results: &Results) -> String {
    let header = ["", "ours", "`#[sqlx::test]`"].map(str::to_owned);
    let lines = results.tests.iter().map(|test| {
        let times = [test.ours, test.sqlx].map(shown);
        [&[test.engine.to_string()][..], &times].concat()
    });
    format!(
        "\n## A database for each test\n\n{} × {}, from asking for the database until it is gone; without durability.\n\n{}",
        plan.middle_length(),
        Content::Table,
        table(&header, lines)
    )
}

fn table(header: &[String], lines: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule = vec!["---".to_owned(); header.len()];
    let mut text = line(header) + &line(&rule);
    text.extend(lines.map(|cells| line(&cells)));
    text
}
