//! The policies that `migrate.toml` sets for each revision and for the whole chain.

use crate::diagnostic::{Diagnostic, Fault};
use crate::graph::RevisionGraph;
use crate::input::config::Config;
use crate::revision::draft::{Draft, DraftBody};
use crate::revision::script::DirectionSections;
use crate::source::Place;

/// A revision does something when it is applied.
pub fn upgrade(draft: &Draft, faults: &mut Vec<Diagnostic>) {
    let (missing, rust) = match &draft.body {
        DraftBody::Sql(script) => (!script.upgrade.exists() && !script.lost_section, false),
        DraftBody::Rust { upgrade, .. } => (!upgrade, true),
    };
    if missing {
        faults.push(Diagnostic::new(
            Fault::MissingUpgrade { rust },
            draft.place(),
        ));
    }
}

/// Every database that `migrate.toml` declares has SQL, in each direction that the revision has at all.
pub fn dialects(config: &Config, draft: &Draft, faults: &mut Vec<Diagnostic>) {
    let DraftBody::Sql(script) = &draft.body else {
        return;
    };
    if script.lost_section {
        return;
    }
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

/// A revision has a downgrade if one is required, and has none if it says that it is irreversible.
pub fn downgrade(config: &Config, draft: &Draft, faults: &mut Vec<Diagnostic>) {
    let (exists, place, rust) = match &draft.body {
        DraftBody::Sql(script) => (
            script.downgrade.exists(),
            marker_place(draft, &script.downgrade),
            false,
        ),
        DraftBody::Rust { downgrade, .. } => (*downgrade, draft.place(), true),
    };
    let in_doubt = draft.header.irreversible_in_doubt
        || matches!(&draft.body, DraftBody::Sql(script) if script.lost_section);
    match &draft.header.irreversible {
        Some(reason) if exists => {
            let reason = Place::new(&draft.source, reason.range.clone());
            let fault = Diagnostic::new(Fault::IrreversibleDowngrade, place);
            faults.push(fault.with(reason, "declared irreversible here"));
        }
        None if !exists && config.downgrade_required && !in_doubt => {
            let fault = Fault::MissingDowngrade { rust };
            faults.push(Diagnostic::new(fault, draft.place()));
        }
        _ => {}
    }
}

/// One head and one base, unless several are allowed.
///
/// A revision that names no parent by mistake is a base too many, and its last descendant a head too many: merging that
/// would be wrong advice. So only heads on the same base count once the bases have been reported.
pub fn heads_and_bases(
    config: &Config,
    drafts: &[Draft],
    graph: &RevisionGraph,
    faults: &mut Vec<Diagnostic>,
) {
    let bases = graph.bases();
    let is_split = !config.many_bases && bases.len() > 1;
    if is_split {
        let fault = Fault::SeveralBases {
            bases: ids(drafts, bases),
        };
        faults.push(all_named(drafts, bases, fault, "another base"));
    }
    if config.many_heads {
        return;
    }
    let together = if is_split {
        connected_heads(graph)
    } else {
        vec![graph.heads().to_vec()]
    };
    for heads in together.iter().filter(|heads| heads.len() > 1) {
        let fault = Fault::SeveralHeads {
            heads: ids(drafts, heads),
        };
        faults.push(all_named(drafts, heads, fault, "another head"));
    }
}

/// The heads of each connected part of the graph.
fn connected_heads(graph: &RevisionGraph) -> Vec<Vec<usize>> {
    let mut seen = vec![false; graph.len()];
    let mut parts = Vec::new();
    for start in 0..graph.len() {
        let mut heads = Vec::new();
        let mut pending = vec![start];
        while let Some(revision) = pending.pop() {
            if std::mem::replace(&mut seen[revision], true) {
                continue;
            }
            pending.extend(graph.down(revision).iter().chain(graph.next(revision)));
            heads.extend(graph.is_head(revision).then_some(revision));
        }
        heads.sort_unstable();
        parts.push(heads);
    }
    parts
}

/// One diagnostic at the last of several revisions, with the others as related places: the last in loading order is most
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

fn marker_place(draft: &Draft, direction: &DirectionSections) -> Place {
    let place = |marker| Place::new(&draft.source, marker);
    direction
        .first_marker()
        .map_or_else(|| draft.place(), place)
}
