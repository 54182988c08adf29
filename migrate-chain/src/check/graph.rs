use std::ops::Range;

use crate::check::{Lost, policy, rebuild};
use crate::diagnostic::{Diagnostic, Fault};
use crate::graph::{self, Node, RevisionGraph};
use crate::input::config::Config;
use crate::revision::draft::Draft;
use crate::revision::header::Spanned;
use crate::revision::names;
use crate::source::Place;
use crate::suggest;

/// Builds the graph of all drafts, or says what keeps it from being one.
///
/// Heads and bases are counted only in a sound graph: a missing parent makes another head, and to merge that would be
/// wrong advice.
pub fn graph(
    config: &Config,
    drafts: &[Draft],
    mut lost: Lost,
    faults: &mut Vec<Diagnostic>,
) -> Option<RevisionGraph> {
    lost.add_drafts(drafts);
    let known: Vec<&Draft> = drafts.iter().filter(|draft| draft.id().is_some()).collect();
    let nodes: Vec<Node<'_>> = known.iter().filter_map(|draft| node(draft)).collect();
    match RevisionGraph::new(&nodes) {
        Ok(graph) => {
            let parents_known = drafts.iter().all(|draft| draft.header.parents_known);
            if lost.is_countable() && parents_known {
                policy::heads_and_bases(config, drafts, &graph, faults);
            }
            rebuild::rebuilt_parents(config, drafts, faults);
            (known.len() == drafts.len()).then_some(graph)
        }
        Err(found) => {
            let mut found = found
                .iter()
                .filter(|fault| !follows(&known, &lost, fault))
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
    // It is not decided yet which side of a conflict holds.
    if !draft.has_conflict {
        node.down = values(&header.down_revision);
        node.depends_on = values(&header.depends_on);
        node.labels = values(&header.branch_labels);
    }
    Some(node)
}

fn values(names: &[Spanned<String>]) -> Vec<&str> {
    names.iter().map(|name| &*name.value).collect()
}

/// Whether a fault merely follows from another: the revision that is missing is in a file that cannot be read, or the
/// name has been reported before in the same list.
fn follows(drafts: &[&Draft], lost: &Lost, fault: &graph::Fault) -> bool {
    let (names, edge) = match fault {
        graph::Fault::MissingParent { node, edge, .. } => {
            (&drafts[*node].header.down_revision, *edge)
        }
        graph::Fault::MissingDependency { node, edge, .. } => {
            (&drafts[*node].header.depends_on, *edge)
        }
        _ => return false,
    };
    let name = &names[edge].value;
    lost.may_have(name) || names[..edge].iter().any(|earlier| earlier.value == *name)
}

const DOWN: &str = "down_revision";
const DEPENDS: &str = "depends_on";

/// The diagnostic for a fault of the graph, with the places of the revisions that it names by index.
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
                .with(drafts[*first].place(), "it is here first")
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
            if first == node {
                let labels = &drafts[*node].header.branch_labels;
                let (first, second) = (&labels[*first_label], &labels[*label]);
                return repeated_in(drafts[*node], "branch_labels", first, second);
            }
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
            let childless = childless.and_then(|childless| childless.only_one_outside(*node));
            let fault = unknown_parent(name.value.clone(), nearest.clone(), childless);
            Diagnostic::new(fault, at(drafts[*node], name.range.clone()))
        }
        Found::MissingDependency {
            node,
            edge,
            nearest,
        } => {
            let name = &drafts[*node].header.depends_on[*edge];
            let fault = names::check_label(&name.value).err();
            let fault = fault.unwrap_or_else(|| Fault::UnknownDependency {
                id: name.value.clone(),
                nearest: nearest.clone(),
            });
            Diagnostic::new(fault, at(drafts[*node], name.range.clone()))
        }
        Found::RepeatedParent {
            node,
            first,
            second,
        } => repeated(drafts[*node], DOWN, *first, *second),
        Found::RepeatedDependency {
            node,
            first,
            second,
        } => repeated(drafts[*node], DEPENDS, *first, *second),
        Found::Cycle { path } => cycle(drafts, path),
    }
}

fn self_reference(draft: &Draft, key: &'static str, edge: usize) -> Diagnostic {
    let fault = Fault::SelfReference { id: id(draft), key };
    Diagnostic::new(fault, at(draft, reference(draft, key, edge).range.clone()))
}

/// A name that cannot be one is reported for that: no file could have it.
fn unknown_parent(id: String, nearest: Option<String>, childless: Option<String>) -> Fault {
    let nearest = if id.eq_ignore_ascii_case("none") {
        Some("none".to_owned())
    } else if let Err(fault) = names::check_id(&id) {
        return fault;
    } else {
        nearest.filter(|nearest| is_slip(&id, nearest))
    };
    Fault::UnknownParent {
        id,
        nearest,
        childless,
    }
}

/// Whether a slip explains the difference, or the id was cut short. Among hundreds of random ids there is always one
/// that looks a little like a missing one.
fn is_slip(written: &str, id: &str) -> bool {
    id.starts_with(written) || written.starts_with(id) || suggest::nearest(written, &[id]).is_some()
}

fn repeated(draft: &Draft, key: &'static str, first: usize, second: usize) -> Diagnostic {
    let list = references(draft, key);
    repeated_in(draft, key, &list[first], &list[second])
}

fn repeated_in(
    draft: &Draft,
    key: &'static str,
    first: &Spanned<String>,
    second: &Spanned<String>,
) -> Diagnostic {
    let same_as = (first.value != second.value).then(|| first.value.clone());
    let id = second.value.clone();
    let fault = Fault::RepeatedReference { id, key, same_as };
    Diagnostic::new(fault, at(draft, second.range.clone()))
        .with(at(draft, first.range.clone()), "it is here first")
}

/// At the place in the first revision of the cycle, in loading order, that makes it wait for the next; those of the
/// others are related places.
fn cycle(drafts: &[&Draft], path: &[usize]) -> Diagnostic {
    let fault = Fault::Cycle {
        ids: path.iter().map(|&node| id(drafts[node])).collect(),
    };
    let next = path.iter().cycle().skip(1);
    let mut steps = path.iter().zip(next).map(|(&node, &next)| {
        let (draft, next) = (drafts[node], drafts[next]);
        let note = format!("`{}` waits for `{}`", id(draft), id(next));
        (wait(draft, next), note)
    });
    let (place, _) = steps.next().expect("a cycle has revisions");
    steps.fold(
        Diagnostic::new(fault, place),
        |diagnostic, (place, note)| diagnostic.with(place, note),
    )
}

/// The place where a revision says that it waits for another: by its id, or by one of its labels.
fn wait(draft: &Draft, other: &Draft) -> Place {
    let header = &draft.header;
    let labels = || other.header.branch_labels.iter().map(|label| &*label.value);
    let by_id = |name: &&Spanned<String>| name.value == id(other);
    let by_label = |name: &&Spanned<String>| labels().any(|label| label == name.value);
    let parent = header.down_revision.iter().find(by_id);
    let parent = parent.or_else(|| header.depends_on.iter().find(by_id));
    let name = parent.or_else(|| header.depends_on.iter().find(by_label));
    name.map_or_else(|| draft.place(), |name| at(draft, name.range.clone()))
}

fn reference<'d>(draft: &'d Draft, key: &str, edge: usize) -> &'d Spanned<String> {
    &references(draft, key)[edge]
}

fn references<'d>(draft: &'d Draft, key: &str) -> &'d [Spanned<String>] {
    if key == DOWN {
        &draft.header.down_revision
    } else {
        &draft.header.depends_on
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

/// The revisions without a child. When a file goes missing from the middle of a chain, its parent becomes one,
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
