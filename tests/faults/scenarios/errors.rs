//! A statement of the second or third revision fails: each process says which, nothing is half done that can be undone,
//! and the next start goes on once the reason is gone.

use crate::cells::Fault;
use crate::chain::Chain;
use crate::process::End;
use crate::stage::{Outcome, Stage};
use crate::{chains, ledger};

pub fn run(stage: &Stage) -> Outcome {
    let failing = if stage.cell.fault == Fault::ErrorOutside {
        2
    } else {
        3
    };
    let chain = failing_at(failing);
    chain.write();
    for end in stage.run_all(|_| stage.order(&chain)) {
        assert_names_the_statement(&end, failing);
    }
    stage.place.until_nobody_is_there();
    let first = format!("r{failing}.1 1");
    // It changes rows only, and so a transaction holds it on every database.
    let is_rolled_back = failing == 3;
    assert_eq!(
        stage.place.traces().contains(&first),
        !is_rolled_back,
        "what the revision did before it failed"
    );
    assert_eq!(
        stage.place.ask(ledger::VERSIONS),
        [format!("r{}", failing - 1)]
    );
    stage.place.ask("CREATE TABLE missing (id INTEGER)");
    let outcome = stage.complete(&chain);
    let traces: Vec<String> = (1..=3)
        .flat_map(|n| [format!("r{n}.1 1"), format!("r{n}.3 1")])
        .collect();
    assert_eq!(stage.place.traces(), traces);
    assert_eq!(stage.place.ask("SELECT id FROM missing"), ["1"]);
    let versions = stage.place.ask(ledger::VERSIONS);
    assert_eq!(versions, ["r3"]);
    ledger::assert_consistent(&versions, &stage.place.ask(ledger::JOURNAL));
    outcome
}

/// Three revisions, the second of which is outside a transaction; one needs a table that is not there.
fn failing_at(failing: usize) -> Chain {
    (1..=3).fold(chains::empty(), |chain, n| {
        let middle = if n == failing {
            "INSERT INTO missing VALUES (1)".to_owned()
        } else {
            format!("CREATE TABLE t{n} (id INTEGER)")
        };
        let trace = |m| format!("INSERT INTO ran VALUES ('r{n}.{m}')");
        let mut statements = vec![trace(1), middle, trace(3)];
        if n == 1 {
            statements.insert(0, "CREATE TABLE ran (what VARCHAR(20))".to_owned());
        }
        chains::revision(chain, n, &statements)
    })
}

fn assert_names_the_statement(end: &End, failing: usize) {
    let End::Failed { kind, json } = end else {
        panic!("the statement fails for everybody: {end:?}");
    };
    let (location, text) = (json["location"].as_str().unwrap_or_default(), end.text());
    assert!(
        kind == "Statement"
            && location.contains(&format!("r{failing}.sql:"))
            && text.contains("INSERT INTO missing"),
        "{end:?}"
    );
}
