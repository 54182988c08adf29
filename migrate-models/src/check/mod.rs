//! A struct or an enum against the facts of a lock.

mod column;
mod drift;
mod finding;
mod labels;
mod one;
mod report;
mod table;
#[cfg(test)]
mod tests;

use migrate_chain::lock::Lock;

pub use self::finding::{Finding, Held, Holding};
pub use self::labels::check_enum;
use self::one::One;
use self::report::Report;
use crate::model::Model;

/// Compares a struct with the schema of each database in a lock.
pub fn check(model: &Model, lock: &Lock) -> Finding {
    let mut report = Report::new(lock);
    let drifted = drift::model(model, lock, &mut report);
    let mut finding = Finding::default();
    for locked in &lock.databases {
        let one = One {
            model,
            lock,
            locked,
            drifted: &drifted,
        };
        one.check(&mut report, &mut finding);
    }
    finding.errors = report.finish();
    finding.required.sort();
    finding.required.dedup();
    finding
}
