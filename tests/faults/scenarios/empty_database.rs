//! All processes start at once on an empty database, ten times in a row: none fails, and each says what it did or
//! waited for.

use crate::process::{End, Transcript};
use crate::stage::{Outcome, Stage, assert_reported_once};
use crate::{chains, ledger};

const ROUNDS: usize = 10;
const LENGTH: usize = 4;

pub fn run(stage: &Stage) -> Outcome {
    for round in 1..=ROUNDS {
        stage.transcript.note(format!("round {round}"));
        run_once(&stage.again());
    }
    Outcome::Once
}

fn run_once(stage: &Stage) {
    let chain = chains::line(LENGTH);
    chain.write();
    let ends = stage.run_all(|_| stage.order(&chain));
    for end in &ends {
        assert_says_what_it_did(end);
    }
    assert_reported_once(&ends);
    let steps: usize = ends.iter().map(|end| end.steps().len()).sum();
    assert_eq!(steps, LENGTH, "each revision is in the report of a process");
    let versions = stage.place.ask(ledger::VERSIONS);
    assert_eq!(versions, [format!("r{LENGTH}")]);
    ledger::assert_consistent(&versions, &stage.place.ask(ledger::JOURNAL));
    for n in 1..=LENGTH {
        assert_eq!(
            stage.place.ask(&format!("SELECT id FROM t{n}")),
            [n.to_string()]
        );
    }
    stage.place.until_nobody_is_there();
}

fn assert_says_what_it_did(end: &End) {
    let End::Done { steps, json } = end else {
        panic!("no start on an empty database may fail: {end:?}");
    };
    let expected = if steps.is_empty() {
        "nothing to do"
    } else {
        "upgraded"
    };
    assert!(end.text().starts_with(expected), "{end:?}");
    let holder = json["waited_for"].as_str();
    assert!(
        holder.is_none_or(|holder| !holder.is_empty())
            && (holder.is_none() || json["waited"].as_f64() > Some(0.0)),
        "who waited says for whom, and how long: {end:?}"
    );
}

impl Stage {
    /// The same on another empty database.
    fn again(&self) -> Self {
        Self::new(
            self.cell,
            self.seed,
            self.place.server,
            &Transcript::clone(&self.transcript),
        )
    }
}
