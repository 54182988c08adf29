//! Small graphs from text, and random ones, for the tests of this crate.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Node, RevisionGraph};

/// A revision a line: its id, after `<` its parents, after `~` its dependencies, after `#` its labels.
pub fn nodes(text: &str) -> Vec<Node<'_>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(node).collect()
}

/// The graph of such a text, which must be valid.
pub fn graph(text: &str) -> RevisionGraph {
    RevisionGraph::new(&nodes(text)).expect("the graph of a test is valid")
}

fn node(line: &str) -> Node<'_> {
    let mut words = line.split_whitespace();
    let mut node = Node::new(words.next().expect("a line starts with an id"));
    let mut list = &mut node.labels;
    for word in words {
        match word {
            "<" => list = &mut node.down,
            "~" => list = &mut node.depends_on,
            "#" => list = &mut node.labels,
            name => list.push(name),
        }
    }
    node
}

/// Random valid graphs as text, loaded in any order: up to three parents and two dependencies a revision, some labels.
pub fn any_graph(most: usize) -> impl Strategy<Value = String> {
    let revision = (
        vec(any::<prop::sample::Index>(), 0..4),
        vec(any::<prop::sample::Index>(), 0..3),
        0..6_u8,
    );
    vec(revision, 1..most)
        .prop_map(|revisions| lines(&revisions))
        .prop_shuffle()
        .prop_map(|lines| lines.join("\n"))
}

type Revision = (Vec<prop::sample::Index>, Vec<prop::sample::Index>, u8);

fn lines(revisions: &[Revision]) -> Vec<String> {
    let line = |(number, (down, depends_on, label)): (usize, &Revision)| {
        let before = |list: &[prop::sample::Index]| {
            let list = list
                .iter()
                .filter(|_| number > 0)
                .map(|index| index.index(number));
            let numbers: std::collections::BTreeSet<usize> = list.collect();
            let names: Vec<String> = numbers
                .iter()
                .map(|number| format!("r{number:03}"))
                .collect();
            names.join(" ")
        };
        let label = if *label == 0 {
            format!("label{number}")
        } else {
            String::new()
        };
        format!(
            "r{number:03} < {} ~ {} # {label}",
            before(down),
            before(depends_on)
        )
    };
    revisions.iter().enumerate().map(line).collect()
}
