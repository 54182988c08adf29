//! One measurement: all contenders in turn, several times, with the same chain in the same surroundings.

use std::fmt;
use std::time::{Duration, Instant};

use super::chain::{Chain, Content};
use super::contenders::{ALL, Access, Contender, Grouping};
use super::count::{self, Counts};
use super::database::{Database, Databases, Durability, Engine};
use super::proxy::{Proxy, authority};
use crate::Result;
use crate::measure::{median, median_ratio, timed};

/// The surroundings, and what is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) engine: Engine,
    pub(super) durability: Durability,
    /// By how much each turn is longer than on the loopback.
    pub(super) delay: Duration,
    pub(super) work: Work,
    pub(super) length: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    Nothing,
    Apply(Content),
}

pub(super) const DELAY: Duration = Duration::from_millis(1);

impl Work {
    pub(super) const ALL: [Self; 3] = [
        Self::Nothing,
        Self::Apply(Content::Row),
        Self::Apply(Content::Table),
    ];

    /// The contents of the chain that it is measured with.
    pub(super) fn content(self) -> Content {
        match self {
            Self::Nothing => Content::Row,
            Self::Apply(content) => content,
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.work {
            Work::Nothing => write!(f, "nothing to do, {} revisions", self.length)?,
            Work::Apply(content) => write!(f, "{} × {content}", self.length)?,
        }
        if !self.delay.is_zero() {
            f.write_str(", +1 ms a turn")?;
        }
        match (self.engine, self.durability) {
            (Engine::MariaDb, Durability::Default) => f.write_str(", default durability"),
            _ => Ok(()),
        }
    }
}

/// How often a cell is repeated: until it took so long, and not more often than this.
#[derive(Clone, Copy)]
pub(super) struct Effort {
    pub(super) time: Duration,
    pub(super) rounds: u32,
}

/// A cell with its results.
pub(super) struct Measured {
    pub(super) cell: Cell,
    pub(super) lines: Vec<Line>,
}

pub(super) struct Line {
    pub(super) contender: &'static Contender,
    /// One for each round: those of the same round were measured one right after the other.
    pub(super) times: Vec<Duration>,
    pub(super) counts: Option<Counts>,
}

impl Line {
    pub(super) fn median(&self) -> Duration {
        median(self.times.clone())
    }
}

impl Measured {
    pub(super) fn line(&self, name: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.contender.name == name)
    }

    /// The fastest peer that groups revisions as our default does.
    pub(super) fn best_peer(&self) -> Option<&Line> {
        let is_peer = |line: &&Line| {
            !line.contender.is_ours() && line.contender.grouping == Grouping::EachRevision
        };
        self.lines
            .iter()
            .filter(is_peer)
            .min_by_key(|line| line.median())
    }

    /// The median of the ratios of each round.
    pub(super) fn ratio(&self, ours: &str, peer: &str) -> Option<f64> {
        Some(median_ratio(
            &self.line(ours)?.times,
            &self.line(peer)?.times,
        ))
    }
}

/// Measures a cell. A contender that cannot do the work is not in the result.
pub(super) fn measure(
    databases: &Databases,
    chain: &Chain,
    cell: Cell,
    effort: Effort,
    counted: bool,
) -> Result<Measured> {
    let course = Course::new(databases, chain, cell)?;
    let mut entrants = Vec::new();
    for contender in ALL.iter().filter(|contender| enters(contender, cell)) {
        let mut entrant = course.entrant(contender)?;
        if counted {
            entrant.line.counts = Some(course.counts(contender)?);
        }
        entrants.push(entrant);
    }
    let start = Instant::now();
    let mut rounds = 0;
    while rounds == 0 || (rounds < effort.rounds && has_time(start, rounds, effort.time)) {
        for nth in order(rounds, entrants.len()) {
            course.run(&mut entrants[nth])?;
        }
        rounds += 1;
    }
    let lines = entrants.into_iter().map(|entrant| entrant.line).collect();
    Ok(Measured { cell, lines })
}

fn enters(contender: &Contender, cell: Cell) -> bool {
    contender.runs_on(cell.engine) && contender.can(cell.work)
}

/// The order of a round. Over the rounds each contender comes at each place, so that none always follows the same one.
fn order(round: u32, count: usize) -> impl Iterator<Item = usize> {
    let round = round as usize;
    let (shift, is_reversed) = (round / 2, round % 2 == 1);
    (0..count).map(move |place| {
        let place = if is_reversed {
            count - 1 - place
        } else {
            place
        };
        (place + shift) % count
    })
}

/// Whether another round like those before ends in time.
fn has_time(start: Instant, rounds: u32, time: Duration) -> bool {
    start.elapsed() + start.elapsed() / rounds <= time
}

/// The same for all contenders.
struct Course<'c> {
    databases: &'c Databases,
    chain: &'c Chain,
    cell: Cell,
    proxy: Option<Proxy>,
}

/// A contender in a cell.
struct Entrant<'c> {
    line: Line,
    /// The database that it finds up to date each time.
    current: Option<Database<'c>>,
}

impl<'c> Course<'c> {
    fn new(databases: &'c Databases, chain: &'c Chain, cell: Cell) -> Result<Self> {
        let proxy = if cell.delay.is_zero() {
            None
        } else {
            let url = databases.admin_url(cell.engine, cell.durability);
            Some(Proxy::start(authority(&url), cell.delay)?)
        };
        Ok(Self {
            databases,
            chain,
            cell,
            proxy,
        })
    }

    fn entrant(&self, contender: &'static Contender) -> Result<Entrant<'c>> {
        let current = match self.cell.work {
            Work::Nothing => Some(self.prepared(contender)?),
            Work::Apply(_) => None,
        };
        let line = Line {
            contender,
            times: Vec::new(),
            counts: None,
        };
        Ok(Entrant { line, current })
    }

    /// A database in which the work of the cell is left to do.
    fn prepared(&self, contender: &Contender) -> Result<Database<'c>> {
        let database = self
            .databases
            .fresh(self.cell.engine, self.cell.durability)?;
        if self.cell.work == Work::Nothing {
            contender.upgrade(self.chain, &self.access(&database.url))?;
        }
        Ok(database)
    }

    fn counts(&self, contender: &Contender) -> Result<Counts> {
        let database = self.prepared(contender)?;
        count::upgrade(self.databases, &database, contender, self.chain)
    }

    fn run(&self, entrant: &mut Entrant<'c>) -> Result {
        if let Some(database) = &entrant.current {
            return self.time(&mut entrant.line, database);
        }
        let database = self
            .databases
            .fresh(self.cell.engine, self.cell.durability)?;
        self.time(&mut entrant.line, &database)?;
        if entrant.line.times.len() == 1 && database.execute(&self.chain.last()).is_ok() {
            let name = entrant.line.contender.name;
            return Err(format!("{name} did not apply the last revision").into());
        }
        Ok(())
    }

    fn time(&self, line: &mut Line, database: &Database<'_>) -> Result {
        let url = match &self.proxy {
            Some(proxy) => proxy.url(&database.url),
            None => database.url.clone(),
        };
        let access = self.access(&url);
        let ((), time) = timed(|| line.contender.upgrade(self.chain, &access))?;
        line.times.push(time);
        Ok(())
    }

    fn access<'a>(&'a self, url: &'a str) -> Access<'a> {
        Access {
            runtime: self.databases.runtime.handle().clone(),
            engine: self.cell.engine,
            durability: self.cell.durability,
            url,
        }
    }
}
