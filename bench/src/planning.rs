//! Loading, checking, hashing and planning very long chains.

use std::time::Duration;

use migrate_chain::target::Target;
use migrate_chain::{Tree, load_tree};

use crate::Result;
use crate::chains::Memory;
use crate::measure::{Row, median, timed};

const RUNS: usize = 5;
const LONG: usize = 100_000;
/// Ten times the revisions may take this many times as long: linear, with room for caches that no longer hold it all.
const LINEAR: f64 = 15.0;

pub(crate) fn run() -> Result<Vec<Row>> {
    let (tenth, whole) = (times(LONG / 10)?, times(LONG)?);
    let growth = whole.total().as_secs_f64() / tenth.total().as_secs_f64();
    Ok(vec![
        Row::time(
            format!("load and plan {LONG} revisions"),
            whole.total(),
            Duration::from_secs(1),
        ),
        Row::alone(
            "  of which planning",
            format!("{:.1} ms", whole.plan.as_secs_f64() * 1e3),
            String::new(),
            true,
        ),
        Row::alone(
            "  against a tenth of them",
            format!("× {growth:.1}"),
            format!("≤ × {LINEAR}"),
            growth <= LINEAR,
        ),
    ])
}

struct Times {
    load: Duration,
    plan: Duration,
}

impl Times {
    fn total(&self) -> Duration {
        self.load + self.plan
    }
}

fn times(length: usize) -> Result<Times> {
    let memory = Memory::new(length);
    let (mut load, mut plan) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let (chain, time) =
            timed(|| load_tree(&memory as &dyn Tree).map_err(|faults| faults[0].message().into()))?;
        load.push(time);
        let (steps, time) = timed(|| Ok(chain.graph.upgrade::<&str>(&[], &Target::heads())?))?;
        plan.push(time);
        assert_eq!(steps.steps().len(), length, "every revision is in the plan");
    }
    Ok(Times {
        load: median(load),
        plan: median(plan),
    })
}
