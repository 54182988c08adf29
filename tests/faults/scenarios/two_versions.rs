//! An old and a new binary start together: the new ones complete, and an old one completes too or says that the
//! database is ahead of it, as its policy is.

use crate::order::Order;
use crate::process::End;
use crate::stage::{Outcome, Stage, assert_reported_once};
use crate::{chains, ledger};

pub fn run(stage: &Stage) -> Outcome {
    let (old, new) = (chains::line(2), chains::line(4));
    old.write();
    new.write();
    // The policy depends on the seed.
    let allows_ahead = !stage.seed.is_multiple_of(2);
    let order = |n: usize| Order {
        allows_ahead,
        ..stage.order(if n.is_multiple_of(2) { &new } else { &old })
    };
    let ends = stage.run_all(order);
    for (n, end) in ends.iter().enumerate() {
        let may_be_refused = !n.is_multiple_of(2) && !allows_ahead;
        assert!(
            end.is_done() || (may_be_refused && is_refused_as_ahead(end)),
            "process {}: {end:?}",
            n + 1
        );
    }
    assert_reported_once(&ends);
    stage.place.until_nobody_is_there();
    let versions = stage.place.ask(ledger::VERSIONS);
    assert_eq!(versions, ["r4"]);
    ledger::assert_consistent(&versions, &stage.place.ask(ledger::JOURNAL));
    Outcome::Once
}

fn is_refused_as_ahead(end: &End) -> bool {
    end.kind() == "Ahead" && end.text().contains("newer version of the app")
}
