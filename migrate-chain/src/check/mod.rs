//! The checks of a chain that has been parsed: one function for each thing that can be wrong.

mod graph;
mod lost;
mod policy;
mod sql;

use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::draft::Draft;

pub(crate) use graph::graph;
pub(crate) use lost::Lost;

/// Checks each revision on its own.
pub(crate) fn revisions(config: &Config, drafts: &[Draft], faults: &mut Vec<Diagnostic>) {
    for draft in drafts.iter().filter(|draft| !draft.has_conflict) {
        policy::upgrade(draft, faults);
        policy::dialects(config, draft, faults);
        policy::downgrade(config, draft, faults);
        sql::statements(&config.dialects, draft, faults);
    }
}
