//! A revision builds an index CONCURRENTLY, which waits for every transaction on the table, while the other processes
//! wait for the revision. One that waited inside a transaction, or in a blocking call, would deadlock with it.

use crate::chain::Chain;
use crate::place::{Gate, eventually};
use crate::process::{End, Starter};
use crate::stage::{Outcome, Stage, assert_reported_once};
use crate::{chains, ledger};

const BUILDING: &str = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
                        AND query LIKE '%CREATE INDEX CONCURRENTLY%' AND wait_event_type = 'Lock'";

pub fn run(stage: &Stage) -> Outcome {
    let first = chain(1);
    first.write();
    let chain = chain(2);
    chain.write();
    assert!(stage.start("first", &stage.order(&first)).end().is_done());
    let reader = Gate::of(&stage.place.url, "BEGIN; INSERT INTO ran VALUES ('open')");
    let order = stage.order(&chain);
    let builder = stage.start("1", &order);
    eventually("the index waits for the open transaction", || {
        !stage.place.ask(BUILDING).is_empty()
    });
    let mut others = stage.start_others(&order);
    for other in &mut others {
        other.until(|line| line.starts_with("waiting "));
    }
    drop(reader);
    let ends: Vec<End> = [builder]
        .into_iter()
        .chain(others)
        .map(Starter::end)
        .collect();
    assert!(ends.iter().all(End::is_done), "{ends:?}");
    assert_reported_once(&ends);
    stage.place.until_nobody_is_there();
    let valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ran_what'::regclass";
    assert_eq!(stage.place.ask(valid), ["t"]);
    let versions = stage.place.ask(ledger::VERSIONS);
    assert_eq!(versions, ["r2"]);
    ledger::assert_consistent(&versions, &stage.place.ask(ledger::JOURNAL));
    Outcome::Once
}

fn chain(length: usize) -> Chain {
    let statements = [
        "CREATE TABLE ran (what TEXT)",
        "CREATE INDEX CONCURRENTLY ran_what ON ran (what)",
    ];
    let numbered = (1..).zip(&statements[..length]);
    numbered.fold(chains::empty(), |chain, (n, statement)| {
        chains::revision(chain, n, &[(*statement).to_owned()])
    })
}
