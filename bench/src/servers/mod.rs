//! Ours, every peer and the shells, side by side on each database: what starts, revisions and test databases cost.
//!
//! The results are written to RESULTS.md and plots/.

mod bounds;
mod cell;
mod chain;
mod contenders;
mod count;
mod database;
mod growth;
mod plot;
mod proxy;
mod results;
mod starters;
mod test_databases;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::Result;
use crate::crates::{bench_folder, scratch};
use crate::measure::Row;
use cell::{Cell, DELAY, Effort, Measured, Work};
use chain::{Chain, Content};
use database::{Databases, Durability, Engine};
use test_databases::TestDatabases;

pub(crate) use test_databases::{ONE_TEST, one_test};

/// The variable by which everything runs once, at small sizes, and writes nothing that is kept.
const QUICK: &str = "BENCH_QUICK";

/// The whole takes ten minutes at most: from here on nothing is repeated.
const ENOUGH: Duration = Duration::from_mins(7);

/// How large and how often.
struct Plan {
    /// The lengths of the chains. The one in the middle has most cells, and the bounds.
    lengths: [usize; 3],
    short: Effort,
    middle: Effort,
    long: Effort,
    journal_rows: [usize; 2],
    chain_lengths: [usize; 2],
    objects: [usize; 2],
    verified: [usize; 2],
    growth_rounds: usize,
    test_rounds: usize,
    /// How long the chain of the starters takes.
    slow: Duration,
    /// Where the results are written.
    output: PathBuf,
}

impl Plan {
    fn asked_for() -> Result<Self> {
        match std::env::var_os(QUICK) {
            Some(_) => Self::quick(),
            None => Ok(Self::whole()),
        }
    }

    fn whole() -> Self {
        Self {
            lengths: [1, 200, 1_000],
            short: effort(3, 31),
            middle: effort(14, 7),
            long: effort(1, 3),
            journal_rows: [1_000, 100_000],
            chain_lengths: [10, 1_000],
            objects: [10, 1_000],
            verified: [1_000, 10_000],
            growth_rounds: 25,
            test_rounds: 5,
            slow: Duration::from_secs(5),
            output: bench_folder(),
        }
    }

    fn quick() -> Result<Self> {
        let once = effort(0, 1);
        Ok(Self {
            lengths: [1, 5, 10],
            short: once,
            middle: once,
            long: once,
            journal_rows: [10, 100],
            chain_lengths: [2, 10],
            objects: [2, 40],
            verified: [10, 100],
            growth_rounds: 1,
            test_rounds: 1,
            slow: Duration::from_millis(500),
            output: scratch()?,
        })
    }

    fn middle_length(&self) -> usize {
        self.lengths[1]
    }

    /// How often a cell is repeated, once so much time has passed.
    fn effort(&self, cell: Cell, passed: Duration) -> Effort {
        match cell.work {
            _ if passed > ENOUGH => effort(0, 1),
            Work::Nothing => self.short,
            Work::Apply(_) if cell.length == self.lengths[0] => self.short,
            Work::Apply(_) if cell.length == self.lengths[2] => self.long,
            Work::Apply(_) => self.middle,
        }
    }

    /// Each engine without durability at each length; at the length in the middle also far away, and with durability.
    fn cells(&self) -> Vec<Cell> {
        let mut cells = Vec::new();
        for engine in Engine::ALL {
            for (durability, delay, lengths) in self.surroundings(engine) {
                for &length in lengths {
                    cells.extend(Work::ALL.map(|work| Cell {
                        engine,
                        durability,
                        delay,
                        work,
                        length,
                    }));
                }
            }
        }
        cells
    }

    fn surroundings(&self, engine: Engine) -> Vec<(Durability, Duration, &[usize])> {
        let middle = &self.lengths[1..2];
        match engine {
            // A file has no network, and its commits wait for the disk unless it is told otherwise.
            Engine::Sqlite => vec![
                (Durability::Default, Duration::ZERO, &self.lengths[..]),
                (Durability::None, Duration::ZERO, middle),
            ],
            _ => vec![
                (Durability::None, Duration::ZERO, &self.lengths[..]),
                (Durability::None, DELAY, middle),
                (Durability::Default, Duration::ZERO, middle),
            ],
        }
    }
}

const fn effort(seconds: u64, rounds: u32) -> Effort {
    Effort {
        time: Duration::from_secs(seconds),
        rounds,
    }
}

/// All that was measured.
struct Results {
    versions: Vec<String>,
    cells: Vec<Measured>,
    tests: Vec<TestDatabases>,
    rows: Vec<Row>,
    time: Duration,
}

pub(crate) fn run() -> Result<Vec<Row>> {
    let plan = Plan::asked_for()?;
    let folder = tempfile::tempdir_in(scratch()?)?;
    let results = measure(&plan, folder.path())?;
    results::write(&plan, &results)?;
    Ok(results.rows)
}

/// The databases for tests alone.
pub(crate) fn tests() -> Result<Vec<Row>> {
    let plan = Plan::asked_for()?;
    let folder = tempfile::tempdir_in(scratch()?)?;
    let databases = Databases::start(folder.path())?;
    let chain = Chain::new(
        &databases,
        folder.path(),
        Content::Table,
        plan.middle_length(),
    )?;
    let tests = test_databases::measure(&databases, folder.path(), &chain, plan.test_rounds)?;
    Ok(tests.iter().map(TestDatabases::row).collect())
}

fn measure(plan: &Plan, folder: &Path) -> Result<Results> {
    let start = Instant::now();
    let databases = Databases::start(folder)?;
    let chains = chains(plan, &databases, folder)?;
    let find = |content: Content, length: usize| {
        chains
            .iter()
            .find(|chain| chain.content == content && chain.length == length)
            .expect("there is a chain for each content and length")
    };
    let mut cells = Vec::new();
    for cell in plan.cells() {
        eprintln!("  {}, {cell}", cell.engine);
        let chain = find(cell.work.content(), cell.length);
        cells.push(cell::measure(
            &databases,
            chain,
            cell,
            plan.effort(cell, start.elapsed()),
            is_counted(plan, cell),
        )?);
    }
    eprintln!("  test databases");
    let tables = find(Content::Table, plan.middle_length());
    let tests = test_databases::measure(&databases, folder, tables, plan.test_rounds)?;
    let mut rows = bounds::rows(&cells, plan.middle_length());
    rows.extend(tests.iter().map(TestDatabases::row));
    eprintln!("  starters");
    rows.extend(starters::rows(&databases, folder, plan)?);
    eprintln!("  growth");
    rows.extend(growth::rows(&databases, folder, plan)?);
    Ok(Results {
        versions: databases.versions()?,
        cells,
        tests,
        rows,
        time: start.elapsed(),
    })
}

fn chains(plan: &Plan, databases: &Databases, folder: &Path) -> Result<Vec<Chain>> {
    let mut chains = Vec::new();
    for content in Content::ALL {
        for length in plan.lengths {
            chains.push(Chain::new(databases, folder, content, length)?);
        }
    }
    Ok(chains)
}

/// A server counts the same on each run; one of the middle length tells.
fn is_counted(plan: &Plan, cell: Cell) -> bool {
    let is_plain = cell.delay.is_zero() && cell.durability == Durability::None;
    is_plain && cell.engine != Engine::Sqlite && cell.length == plan.middle_length()
}
