//! The parts of every case: a database, a chain, its starters, and the judgement at the end.

use std::time::Duration;

use test_servers::Server;

use crate::cells::{Cell, Kind};
use crate::chain::Chain;
use crate::order::Order;
use crate::place::Place;
use crate::process::{End, Starter, Transcript};
use crate::{chains, ledger};

/// A case under way.
pub struct Stage {
    pub cell: Cell,
    /// The number by which a case makes its choices.
    pub seed: usize,
    pub place: Place,
    pub transcript: Transcript,
}

/// How a case came out, beyond that it passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Each statement ran exactly once.
    Once,
    /// A statement was reported in doubt, precisely, and was resolved.
    InDoubt,
    /// Every process was refused with the error that it should be, and nothing was changed.
    Refused,
}

impl Outcome {
    pub fn word(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::InDoubt => "in doubt",
            Self::Refused => "refused",
        }
    }
}

impl Stage {
    pub fn new(
        cell: Cell,
        seed: usize,
        server: Option<&'static Server>,
        transcript: &Transcript,
    ) -> Self {
        let place = Place::fresh(cell.kind, server);
        if cell.kind == Kind::Sqlite && seed % 4 >= 2 {
            place.ask("PRAGMA journal_mode = WAL");
        }
        Self {
            cell,
            seed,
            place,
            transcript: transcript.clone(),
        }
    }

    pub fn kind(&self) -> Kind {
        self.cell.kind
    }

    /// An order to bring this database up to date.
    pub fn order(&self, chain: &Chain) -> Order {
        Order::new(&chain.path().display().to_string(), &self.place.url)
    }

    pub fn start(&self, name: &str, order: &Order) -> Starter {
        Starter::start(name, order, &self.transcript)
    }

    /// Starts the processes of the cell but for one.
    pub fn start_others(&self, order: &Order) -> Vec<Starter> {
        let others = 2..=self.cell.processes;
        others.map(|n| self.start(&n.to_string(), order)).collect()
    }

    /// Starts all processes of the cell so that they begin at once, and waits for their ends.
    pub fn run_all(&self, order: impl Fn(usize) -> Order) -> Vec<End> {
        let start = |n: usize| {
            let order = Order {
                waits: true,
                ..order(n)
            };
            self.start(&(n + 1).to_string(), &order)
        };
        let mut starters: Vec<Starter> = (0..self.cell.processes).map(start).collect();
        for starter in &mut starters {
            starter.until(|line| line == "ready");
        }
        starters.iter_mut().for_each(Starter::go);
        starters.into_iter().map(Starter::end).collect()
    }

    /// Starts processes one after the other until one completes; in between a statement that is in doubt is resolved as
    /// its owner would do it.
    pub fn complete(&self, chain: &Chain) -> Outcome {
        let mut outcome = Outcome::Once;
        for attempt in 1..=4 {
            let end = self
                .start(&format!("next {attempt}"), &self.order(chain))
                .end();
            match end.kind() {
                "done" => return outcome,
                "InDoubt" => {
                    assert_precise(&end);
                    self.resolve(chain);
                    outcome = Outcome::InDoubt;
                }
                _ => panic!("the next start must complete or be in doubt: {end:?}"),
            }
        }
        panic!("it is in doubt again and again");
    }

    /// Undoes the statement that was in flight, and has it run again.
    fn resolve(&self, chain: &Chain) {
        let last = "SELECT CONCAT_WS(' ', revision, statements) FROM migrate_journal ORDER BY sequence DESC LIMIT 1";
        let last = self.place.ask(last).remove(0);
        let (revision, done) = last.split_once(' ').expect("two columns");
        let done: usize = done.parse().expect("a number");
        self.place
            .ask(&chains::undo(self.kind(), revision, done + 1));
        let order = Order {
            retry: Some(revision.to_owned()),
            ..self.order(chain)
        };
        let end = self.start("resolve", &order).end();
        assert!(end.is_done(), "the doubt is resolved: {end:?}");
    }

    /// The traced chain is complete: each statement ran once, and the records fit.
    pub fn assert_complete(&self) {
        assert_eq!(self.place.traces(), chains::TRACES);
        let versions = self.place.ask(ledger::VERSIONS);
        assert_eq!(versions, ["r4"]);
        ledger::assert_consistent(&versions, &self.place.ask(ledger::JOURNAL));
    }
}

/// The error says what, where and what next.
fn assert_precise(end: &End) {
    let End::Failed { json, .. } = end else {
        panic!("not an error: {end:?}");
    };
    let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
    assert!(
        text("location").contains(".sql:")
            && text("advice").contains("resolve")
            && !text("revision").is_empty(),
        "an error in doubt names the statement and the way out: {json}"
    );
}

/// Each revision is in the report of at most one process.
pub fn assert_reported_once<'e>(ends: impl IntoIterator<Item = &'e End>) {
    let mut steps: Vec<&String> = ends.into_iter().flat_map(End::steps).collect();
    steps.sort();
    let all = steps.len();
    steps.dedup();
    assert_eq!(
        steps.len(),
        all,
        "two processes say that they ran the same revision"
    );
}

/// How long those wait that must give up while somebody does not go on.
pub const SHORT: Duration = Duration::from_millis(1500);
