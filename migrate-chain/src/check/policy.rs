//! What `migrate.toml` asks of each revision and of the chain as a whole.

use crate::config::Config;
use crate::diagnostic::{Diagnostic, Fault};
use crate::draft::{Body, Draft};
use crate::graph::RevisionGraph;
use crate::script::Direction;
use crate::source::Place;

/// A revision does something when it is applied.
pub(crate) fn upgrade(draft: &Draft, faults: &mut Vec<Diagnostic>) {
    let (missing, rust) = match &draft.body {
        Body::Sql(script) => (!script.upgrade.exists(), false),
        Body::Rust { upgrade, .. } => (!upgrade, true),
    };
    if missing {
        faults.push(Diagnostic::new(
            Fault::MissingUpgrade { rust },
            draft.place(),
        ));
    }
}

/// Every database that `migrate.toml` declares has SQL, in each direction that the revision has at all.
pub(crate) fn dialects(config: &Config, draft: &Draft, faults: &mut Vec<Diagnostic>) {
    let Body::Sql(script) = &draft.body else {
        return;
    };
    for (section, direction) in [
        ("upgrade", &script.upgrade),
        ("downgrade", &script.downgrade),
    ] {
        let Some(marker) = direction.first_marker() else {
            continue;
        };
        let served = direction.sections();
        for &dialect in config
            .dialects
            .iter()
            .filter(|dialect| served[dialect.index()].is_none())
        {
            let place = Place::new(&draft.source, marker.clone());
            faults.push(Diagnostic::new(
                Fault::MissingDialect { section, dialect },
                place,
            ));
        }
    }
}

/// A downgrade stands where it is required, and does not where the revision says that there is none.
pub(crate) fn downgrade(config: &Config, draft: &Draft, faults: &mut Vec<Diagnostic>) {
    let (exists, place) = match &draft.body {
        Body::Sql(script) => (
            script.downgrade.exists(),
            marker_place(draft, &script.downgrade),
        ),
        Body::Rust { downgrade, .. } => (*downgrade, draft.place()),
    };
    match &draft.header.irreversible {
        Some(reason) if exists => {
            let reason = Place::new(&draft.source, reason.range.clone());
            let fault = Diagnostic::new(Fault::IrreversibleDowngrade, place);
            faults.push(fault.with(reason, "declared irreversible here"));
        }
        None if !exists && config.downgrade_required => {
            faults.push(Diagnostic::new(Fault::MissingDowngrade, draft.place()));
        }
        _ => {}
    }
}

/// One head, unless several are allowed.
pub(crate) fn heads(
    config: &Config,
    drafts: &[Draft],
    graph: &RevisionGraph,
    faults: &mut Vec<Diagnostic>,
) {
    let heads: Vec<usize> = graph.heads().to_vec();
    if config.many_heads || heads.len() < 2 {
        return;
    }
    let fault = Fault::SeveralHeads {
        heads: ids(drafts, &heads),
    };
    faults.push(all_named(drafts, &heads, fault, "another head"));
}

/// One base, unless several are allowed.
pub(crate) fn bases(
    config: &Config,
    drafts: &[Draft],
    graph: &RevisionGraph,
    faults: &mut Vec<Diagnostic>,
) {
    let bases: Vec<usize> = graph.bases().to_vec();
    if config.many_bases || bases.len() < 2 {
        return;
    }
    let fault = Fault::SeveralBases {
        bases: ids(drafts, &bases),
    };
    faults.push(all_named(drafts, &bases, fault, "another base"));
}

/// One diagnostic at the last of several revisions, with the others beside it: the last in loading order is most
/// often the newest.
fn all_named(drafts: &[Draft], indices: &[usize], fault: Fault, note: &str) -> Diagnostic {
    let (last, others) = indices.split_last().expect("callers pass two or more");
    let diagnostic = Diagnostic::new(fault, drafts[*last].place());
    others.iter().fold(diagnostic, |diagnostic, &other| {
        diagnostic.with(drafts[other].place(), note)
    })
}

fn ids(drafts: &[Draft], indices: &[usize]) -> Vec<String> {
    indices
        .iter()
        .filter_map(|&index| drafts[index].id().map(|id| id.value.clone()))
        .collect()
}

fn marker_place(draft: &Draft, direction: &Direction) -> Place {
    let place = |marker| Place::new(&draft.source, marker);
    direction
        .first_marker()
        .map_or_else(|| draft.place(), place)
}
