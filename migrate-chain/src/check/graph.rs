use std::ops::Range;

use crate::check::policy;
use crate::config::Config;
use crate::diagnostic::{Diagnostic, Fault};
use crate::draft::Draft;
use crate::graph::{self, Node, RevisionGraph};
use crate::header::Spanned;
use crate::source::Place;

/// Builds the graph of all drafts, or says what keeps it from being one.
///
/// Heads and bases are counted only in a sound graph: a missing parent makes another head, and to merge that would be
/// wrong advice.
pub(crate) fn graph(
    config: &Config,
    drafts: &[Draft],
    faults: &mut Vec<Diagnostic>,
) -> Option<RevisionGraph> {
    let known: Vec<&Draft> = drafts.iter().filter(|draft| draft.id().is_some()).collect();
    let nodes: Vec<Node<'_>> = known.iter().filter_map(|draft| node(draft)).collect();
    let is_whole = known.len() == drafts.len();
    match RevisionGraph::new(&nodes) {
        Ok(graph) if is_whole => {
            policy::heads(config, drafts, &graph, faults);
            policy::bases(config, drafts, &graph, faults);
            Some(graph)
        }
        Ok(_) => None,
        Err(found) => {
            // Where a file has lost its id, what names that id is not to blame.
            let mut found = found
                .iter()
                .filter(|fault| is_whole || !is_missing(fault))
                .peekable();
            let orphans = found.peek().is_some().then(|| Childless::new(&known));
            faults.extend(found.map(|fault| diagnostic(&known, orphans.as_ref(), fault)));
            None
        }
    }
}

fn node(draft: &Draft) -> Option<Node<'_>> {
    let header = &draft.header;
    let mut node = Node::new(&draft.id()?.value);
    node.down = values(&header.down_revision);
    node.depends_on = values(&header.depends_on);
    node.labels = values(&header.branch_labels);
    Some(node)
}

fn values(names: &[Spanned<String>]) -> Vec<&str> {
    names.iter().map(|name| &*name.value).collect()
}

fn is_missing(fault: &graph::Fault) -> bool {
    matches!(
        fault,
        graph::Fault::MissingParent { .. } | graph::Fault::MissingDependency { .. }
    )
}

const DOWN: &str = "down_revision";
const DEPENDS: &str = "depends_on";

/// The words of a fault of the graph, with the places that its indices stand for.
fn diagnostic(
    drafts: &[&Draft],
    childless: Option<&Childless<'_>>,
    fault: &graph::Fault,
) -> Diagnostic {
    use graph::Fault as Found;
    match fault {
        Found::SelfParent { node, edge } => self_reference(drafts[*node], DOWN, *edge),
        Found::SelfDependency { node, edge } => self_reference(drafts[*node], DEPENDS, *edge),
        Found::DuplicateId { first, second } => {
            let fault = Fault::DuplicateId {
                id: id(drafts[*second]),
            };
            Diagnostic::new(fault, drafts[*second].place())
                .with(drafts[*first].place(), "it stands here first")
        }
        Found::CaseOnly { first, second } => {
            let fault = Fault::CaseCollision {
                id: id(drafts[*second]),
                other: id(drafts[*first]),
            };
            Diagnostic::new(fault, drafts[*second].place())
                .with(drafts[*first].place(), "the other one")
        }
        Found::DuplicateLabel {
            first,
            first_label,
            node,
            label,
        } => {
            let first = at(drafts[*first], label_range(drafts[*first], *first_label));
            let fault = Fault::DuplicateLabel {
                label: label_of(drafts[*node], *label),
            };
            let place = at(drafts[*node], label_range(drafts[*node], *label));
            Diagnostic::new(fault, place).with(first, "it is declared here first")
        }
        Found::LabelIsId {
            node,
            label,
            revision,
        } => {
            let fault = Fault::LabelIsRevision {
                label: label_of(drafts[*node], *label),
            };
            let place = at(drafts[*node], label_range(drafts[*node], *label));
            Diagnostic::new(fault, place).with(drafts[*revision].place(), "the revision of that id")
        }
        Found::MissingParent {
            node,
            edge,
            nearest,
        } => {
            let name = &drafts[*node].header.down_revision[*edge];
            let nearest = nearest.clone();
            let childless = childless.and_then(|childless| childless.only_one_outside(*node));
            let fault = Fault::UnknownParent {
                id: name.value.clone(),
                nearest,
                childless,
            };
            Diagnostic::new(fault, at(drafts[*node], name.range.clone()))
        }
        Found::MissingDependency {
            node,
            edge,
            nearest,
        } => {
            let name = &drafts[*node].header.depends_on[*edge];
            let fault = Fault::UnknownDependency {
                id: name.value.clone(),
                nearest: nearest.clone(),
            };
            Diagnostic::new(fault, at(drafts[*node], name.range.clone()))
        }
        Found::RepeatedParent { node, second, .. } => repeated(drafts[*node], DOWN, *second),
        Found::RepeatedDependency { node, second, .. } => repeated(drafts[*node], DEPENDS, *second),
        Found::Cycle { path } => cycle(drafts, path),
    }
}

fn self_reference(draft: &Draft, key: &'static str, edge: usize) -> Diagnostic {
    let fault = Fault::SelfReference { id: id(draft), key };
    Diagnostic::new(fault, at(draft, reference(draft, key, edge).range.clone()))
}

fn repeated(draft: &Draft, key: &'static str, edge: usize) -> Diagnostic {
    let name = reference(draft, key, edge);
    Diagnostic::new(
        Fault::RepeatedReference {
            id: name.value.clone(),
            key,
        },
        at(draft, name.range.clone()),
    )
}

/// At the first revision of the cycle in loading order, with the others beside it.
fn cycle(drafts: &[&Draft], path: &[usize]) -> Diagnostic {
    let fault = Fault::Cycle {
        ids: path.iter().map(|&node| id(drafts[node])).collect(),
    };
    let (first, others) = path.split_first().expect("a cycle has revisions");
    let diagnostic = Diagnostic::new(fault, drafts[*first].place());
    others.iter().fold(diagnostic, |diagnostic, &other| {
        diagnostic.with(drafts[other].place(), "part of the cycle")
    })
}

fn reference<'d>(draft: &'d Draft, key: &str, edge: usize) -> &'d Spanned<String> {
    if key == DOWN {
        &draft.header.down_revision[edge]
    } else {
        &draft.header.depends_on[edge]
    }
}

fn id(draft: &Draft) -> String {
    draft.id().map(|id| id.value.clone()).unwrap_or_default()
}

fn label_of(draft: &Draft, label: usize) -> String {
    draft.header.branch_labels[label].value.clone()
}

fn label_range(draft: &Draft, label: usize) -> Range<usize> {
    draft.header.branch_labels[label].range.clone()
}

fn at(draft: &Draft, range: Range<usize>) -> Place {
    Place::new(&draft.source, range)
}

/// The revisions that are nobody's parent. When a file goes missing from the middle of a chain, its parent becomes one,
/// and is what the orphaned child most likely should name.
struct Childless<'d> {
    drafts: &'d [&'d Draft],
    /// For each draft, the places of those that name it as parent.
    children: Vec<Vec<usize>>,
}

impl<'d> Childless<'d> {
    fn new(drafts: &'d [&'d Draft]) -> Self {
        let places: std::collections::HashMap<&str, usize> = drafts
            .iter()
            .enumerate()
            .filter_map(|(n, draft)| Some((&*draft.id()?.value, n)))
            .collect();
        let mut children = vec![Vec::new(); drafts.len()];
        for (n, draft) in drafts.iter().enumerate() {
            for parent in draft
                .header
                .down_revision
                .iter()
                .filter_map(|parent| places.get(&*parent.value))
            {
                children[*parent].push(n);
            }
        }
        Self { drafts, children }
    }

    /// The one revision without children that does not descend from `orphan`, if there is exactly one.
    fn only_one_outside(&self, orphan: usize) -> Option<String> {
        let mut seen = vec![false; self.drafts.len()];
        let mut pending = vec![orphan];
        while let Some(next) = pending.pop() {
            if !std::mem::replace(&mut seen[next], true) {
                pending.extend(&self.children[next]);
            }
        }
        let mut outside =
            (0..self.drafts.len()).filter(|&n| !seen[n] && self.children[n].is_empty());
        let only = outside.next()?;
        outside.next().is_none().then(|| id(self.drafts[only]))
    }
}
