//! The checks of a chain that has been parsed: one function for each thing that can be wrong.

mod graph;
mod lost;
mod policy;
mod rebuild;

use crate::diagnostic::Diagnostic;
use crate::input::config::Config;
use crate::revision::draft::Draft;

pub use graph::graph;
pub use lost::Lost;

/// The faults of a revision on its own.
pub fn revision(config: &Config, draft: &Draft) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    if !draft.has_conflict {
        policy::upgrade(draft, &mut faults);
        policy::dialects(config, draft, &mut faults);
        policy::downgrade(config, draft, &mut faults);
    }
    faults
}
