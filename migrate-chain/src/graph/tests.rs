use proptest::prelude::*;

use super::testing::{any_graph, graph, nodes};
use super::*;

fn faults(text: &str) -> Vec<Fault> {
    RevisionGraph::new(&nodes(text)).expect_err("the nodes are faulty")
}

fn labels(graph: &RevisionGraph) -> Vec<String> {
    (0..graph.len())
        .map(|revision| graph.labels(revision).join(" "))
        .collect()
}

#[test]
fn an_empty_graph_is_valid() {
    let empty = graph("");
    assert!(empty.is_empty() && empty.heads().is_empty() && empty.find("a").is_none());
    assert!(empty.ancestors(&[]).is_empty() && empty.maximal(&[]).is_empty());
}

// a <- b <- d
// a <- c <- d     and e depends on c
#[test]
fn a_diamond_knows_its_points() {
    let it = graph("d < b c\n a\n b < a\n c < a\n e ~ c");
    assert_eq!(
        (it.heads(), it.real_heads(), it.bases()),
        (&[0, 4][..], &[0, 4][..], &[1, 4][..])
    );
    assert_eq!(
        (it.next(1), it.next(3), it.all_next(3)),
        (&[2, 3][..], &[0][..], &[0, 4][..])
    );
    assert!(it.is_branch_point(1) && it.is_merge_point(0) && !it.is_branch_point(3));
    assert_eq!(it.lineage(2), [true, true, true, false, false]);
    assert_eq!(it.descendants(&[3]), [true, false, false, true, true]);
    assert_eq!(it.maximal(&[1, 3, 2, 4]), [2, 4]);
}

// a <- b <- c   with lib under a and c
// x <- c        and lib under x
#[test]
fn a_dependency_of_an_ancestor_is_not_repeated() {
    let it = graph("lib\n other\n a ~ lib\n b < a ~ other\n x ~ lib\n c < b x ~ lib other");
    assert_eq!(it.dependencies(5), [0, 1]);
    assert!(it.own_dependencies(5).is_empty());
    assert_eq!(it.own_dependencies(3), [1]);
    assert_eq!(it.own_dependencies(4), [0]);
}

// a <- b <- c#up <- d        the run above a has no end: the label goes down to the base
#[test]
fn a_label_climbs_down_a_run() {
    assert_eq!(
        labels(&graph("a\n b < a\n c < b # up\n d < c")),
        ["up", "up", "up", "up"]
    );
}

// a <- b#left <- d
// a <- c#right <- d     neither goes below the branch point, both go above the merge point
#[test]
fn labels_stop_at_branch_points_and_meet_at_merge_points() {
    let it = graph("a\n b < a # left\n c < a # right\n d < b c");
    assert_eq!(labels(&it), ["", "left", "right", "left right"]);
}

// a <- b#one <- c    and x depends on a: a real branch point
#[test]
fn a_dependency_ends_the_run_of_a_label() {
    assert_eq!(
        labels(&graph("a\n b < a # one\n c < b\n x ~ a")),
        ["", "one", "one", ""]
    );
}

/// Its id means the first of that id, and yet it names itself.
#[test]
fn the_second_of_an_id_names_itself_too() {
    let found = faults("a\n a ~ a\n a < a");
    for own in [
        Fault::SelfDependency { node: 1, edge: 0 },
        Fault::SelfParent { node: 2, edge: 0 },
    ] {
        assert!(found.contains(&own), "{own:?} is not among {found:?}");
    }
}

#[test]
fn every_fault_is_reported_at_once() {
    let found = faults(
        "a < a # twin\n a\n A\n lost < gone ~ twinn\n own ~ mine # mine A twin\n two < A A ~ A\n again ~ A twin A",
    );
    assert_eq!(
        found,
        [
            Fault::SelfParent { node: 0, edge: 0 },
            Fault::SelfDependency { node: 4, edge: 0 },
            Fault::DuplicateId {
                first: 0,
                second: 1
            },
            Fault::CaseOnly {
                first: 0,
                second: 2
            },
            Fault::LabelIsId {
                node: 4,
                label: 1,
                revision: 2
            },
            Fault::DuplicateLabel {
                first: 0,
                first_label: 0,
                node: 4,
                label: 2
            },
            Fault::MissingDependency {
                node: 3,
                edge: 0,
                nearest: Some("twin".to_owned())
            },
            Fault::MissingParent {
                node: 3,
                edge: 0,
                nearest: None
            },
            Fault::RepeatedParent {
                node: 5,
                first: 0,
                second: 1
            },
            Fault::RepeatedDependency {
                node: 6,
                first: 0,
                second: 2
            },
        ]
    );
}

// a -> b -> a over parents;  c -> d over a dependency, d -> c over a parent;  e is above both
#[test]
fn each_knot_is_one_cycle() {
    let found = faults("a < b\n b < a\n c ~ d\n d < c\n e < a c");
    assert_eq!(
        found,
        [
            Fault::Cycle { path: vec![0, 1] },
            Fault::Cycle { path: vec![2, 3] }
        ]
    );
}

#[test]
fn a_dependency_can_be_listed_by_its_id_and_its_label_only_once() {
    let found = faults("a # one\n b ~ a one");
    assert_eq!(
        found,
        [Fault::RepeatedDependency {
            node: 1,
            first: 0,
            second: 1
        }]
    );
}

#[test]
fn a_parent_is_named_by_its_id_alone() {
    let found = faults("a1b2c3 # main\n b < main");
    let nearest = Some("a1b2c3".to_owned());
    assert_eq!(
        found,
        [Fault::MissingParent {
            node: 1,
            edge: 0,
            nearest
        }]
    );
}

proptest! {
    #[test]
    fn inherited_dependencies_are_those_of_ancestors(text in any_graph(20)) {
        let it = graph(&text);
        for revision in 0..it.len() {
            let mut below = it.ancestors_over_down(revision);
            below[revision] = false;
            let listed = |dependency: &usize| {
                walk::marked(&below).into_iter().any(|ancestor| it.dependencies(ancestor).contains(dependency))
            };
            let own: Vec<usize> = it.dependencies(revision).iter().copied().filter(|d| !listed(d)).collect();
            prop_assert_eq!(it.own_dependencies(revision), own);
        }
    }

    #[test]
    fn labels_belong_to_descendants_and_runs(text in any_graph(20)) {
        let it = graph(&text);
        for revision in 0..it.len() {
            let has = |label: &str| it.labels(revision).contains(&label);
            for declared in 0..it.len() {
                let is_above = walk::reach(&it.next, &[declared])[revision];
                for label in it.declared_labels(declared) {
                    prop_assert_eq!(has(label), is_above || climbs(&it, declared, revision));
                }
            }
        }
    }
}

/// Whether everything from the lower revision on is one run without branch or merge points, up to the other and on.
fn climbs(graph: &RevisionGraph, declared: usize, lower: usize) -> bool {
    let above = walk::reach(&graph.next, &[lower]);
    let is_run = |revision| graph.all_next(revision).len() < 2 && graph.down(revision).len() < 2;
    above[declared] && walk::marked(&above).into_iter().all(is_run)
}
