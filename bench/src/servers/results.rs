//! RESULTS.md: what was measured, in tables.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use xshell::{Shell, cmd};

use super::cell::{Cell, Measured, Work};
use super::chain::Content;
use super::contenders::{ALL, Contender, OURS, SQLX};
use super::database::{Durability, Engine};
use super::{Plan, Results, plot};
use crate::Result;
use crate::crates::bench_folder;
use crate::measure::{HEADER, Row, shown};

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

/// Why a goal is missed, by the beginning of its row: as it was measured when the goal was last worked on.
const REASONS: [(&str, &str); 7] = [
    (
        "PostgreSQL, nothing to do",
        "two thirds of it are the connection: see the line `connecting, as sqlx does it`. The rest is one message with two \
         queries, for which a new process of the server first loads its catalogs. libpq, which diesel uses, connects faster.",
    ),
    (
        "PostgreSQL, 200 × one row",
        "the fence and the journal. One revision is one message; `pgbench` on the same server gives 0.04 ms for an empty \
         transaction, 0.07 with the user's INSERT, 0.11 with the fence that keeps a second runner out, and 0.18 with the \
         journal's row and the reset of the session. diesel writes one narrow row and has no fence. With 1 ms a turn we \
         take a third of its time.",
    ),
    (
        "PostgreSQL, 200 × table + index",
        "as with one row: the fence and the journal cost 0.11 ms a revision, which is more than three turns of diesel's on \
         the loopback.",
    ),
    (
        "MariaDB, 200 × one row",
        "a row of the journal beside that of the version table, and a fence before each: 8 statements in one message, where \
         sea-orm-migration needs 2. The server sends each answer to a message separately, and refinery, which sends all \
         revisions in one message, learns only in the end which of them have failed.",
    ),
    (
        "MariaDB, 200 × table + index",
        "the evidence. MariaDB commits at each DDL statement, so what is needed after a crash is written before it: 4 messages \
         and 3 commits of ours for a revision. Of the time that the server works, 47 % are the two statements themselves \
         (`perf`). Peers write one row after them, and a crash in between leaves a table that nobody knows of.",
    ),
    (
        "SQLite, 200 ×",
        "each call goes to sqlx's thread and back. A revision takes four, sqlx takes five; the four times that each \
         waits for the disk are the same for both. A peer without a thread, such as diesel, saves them all.",
    ),
    (
        "MariaDB, a test that does nothing",
        "the database of the test before is used again, once one message has looked at each of its 200 tables.",
    ),
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
    if plan.output == bench_folder() {
        quote(
            &bench_folder().join("../README.md"),
            &summary(plan, results),
        )?;
    }
    Ok(())
}

/// Puts a text into the README, between the two comments that tell where.
fn quote(readme: &Path, quoted: &str) -> Result {
    let text = fs::read_to_string(readme)?;
    let (before, rest) = text
        .split_once(BEGIN)
        .ok_or("the README has no place for the results")?;
    let (_, after) = rest
        .split_once(END)
        .ok_or("the README has no end of the results")?;
    Ok(fs::write(
        readme,
        format!("{before}{BEGIN}\n{quoted}{END}{after}"),
    )?)
}

const BEGIN: &str = "<!-- written by `cargo xtask bench servers` -->";
const END: &str = "<!-- end -->";

/// The contenders that the README names.
const NAMED: [&str; 5] = [
    OURS,
    SQLX,
    "refinery",
    "diesel_migrations",
    "sea-orm-migration",
];

/// The cells of the middle length, each with the time of ours and of the peers.
fn summary(plan: &Plan, results: &Results) -> String {
    let mut header = vec![String::new()];
    header.extend(NAMED.map(str::to_owned));
    let cells = results.cells.iter().filter(|measured| {
        let cell = measured.cell;
        let is_usual = match cell.engine {
            Engine::Sqlite => cell.durability == Durability::Default,
            _ => cell.durability == Durability::None || !cell.delay.is_zero(),
        };
        is_usual && cell.length == plan.middle_length()
    });
    let lines = cells.map(|measured| {
        let time = |name| measured.line(name).map(|line| shown(line.median()));
        let mut line = vec![format!("{}, {}", measured.cell.engine, measured.cell)];
        line.extend(NAMED.map(|name| time(name).unwrap_or_default()));
        line
    });
    table(&header, lines)
}

fn text(plan: &Plan, results: &Results) -> Result<String> {
    let mut text = introduction(results)?;
    text.push_str("\n## Goals\n\n");
    text.push_str(&table(
        &HEADER.map(str::to_owned),
        results.rows.iter().map(|row| row.cells().to_vec()),
    ));
    text.push_str(&missed(&results.rows));
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

/// The reasons for the goals that are missed.
fn missed(rows: &[Row]) -> String {
    let mut text = String::new();
    let (mut told, mut unknown) = (Vec::new(), Vec::new());
    for what in rows.iter().filter_map(Row::missed) {
        match REASONS.iter().find(|(rows, _)| what.starts_with(rows)) {
            Some(reason) if told.contains(&reason) => {}
            Some(reason) => told.push(reason),
            None => unknown.push(what),
        }
    }
    for (rows, reason) in told {
        let _ = writeln!(text, "- **{rows}**: {reason}");
    }
    for what in unknown {
        let _ = writeln!(text, "- **{what}**: the reason is not known.");
    }
    if text.is_empty() {
        return text;
    }
    format!("\nWhy goals are missed:\n\n{text}")
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
