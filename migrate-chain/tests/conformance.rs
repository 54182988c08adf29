//! The recorded answers of a real Alembic to 1500 random graphs, and two real chains.

#[path = "../examples/conformance/answer.rs"]
mod answer;
#[path = "../examples/conformance/compare.rs"]
mod compare;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use flate2::read::GzDecoder;
use migrate_chain::graph::{Node, RevisionGraph};
use migrate_chain::plan::Route;
use migrate_chain::target::Target;
use serde_json::Value;

#[test]
fn every_recorded_case_is_answered_as_alembic_does() {
    let (cases, answers) = (lines("cases.jsonl.gz"), lines("answers.jsonl.gz"));
    assert_eq!((cases.len(), answers.len()), (1500, 1500));
    let mut tally = compare::Tally::default();
    for (case, theirs) in cases.iter().zip(&answers) {
        assert_eq!(case["id"], theirs["id"]);
        tally.add(case, compare::compare(case, theirs, &answer::answer(case)));
    }
    assert!(tally.differences.is_empty(), "{tally}");
    assert!(tally.miscounted().is_empty(), "{tally}");
    let expected = [("crash", 80), ("same", 1370)];
    let counted = expected.map(|(name, _)| (name, tally.counts[name]));
    assert_eq!(counted, expected, "{tally}");
}

#[test]
fn apache_airflow_goes_up_and_down() {
    up_and_down(&chain("airflow.json"), 124);
}

#[test]
fn apache_superset_goes_up_and_down() {
    up_and_down(&chain("superset.json"), 344);
}

/// Upgrades to every revision from nothing; and from every state on the way to the heads goes back to every revision
/// that the state is at, and on to the heads.
fn up_and_down(graph: &RevisionGraph, size: usize) {
    assert_eq!(graph.len(), size);
    for revision in 0..graph.len() {
        let target = named(graph, revision);
        let up = graph
            .upgrade::<&str>(&[], &target)
            .expect("every revision can be reached");
        check(graph, &up);
        assert_eq!(up.rows(), [revision]);
        let down = graph
            .downgrade(&[graph.id(revision)], &Target::base())
            .expect("and left");
        check(graph, &down);
        assert!(down.rows().is_empty());
        assert_eq!(down.steps().len(), up.steps().len());
    }
    let whole = graph
        .upgrade::<&str>(&[], &Target::heads())
        .expect("all heads can be reached");
    assert_eq!(whole.steps().len(), size);
    for (done, step) in whole.steps().iter().enumerate() {
        let rows = whole.rows_after(done + 1);
        let rows: Vec<&str> = rows.iter().map(|&row| graph.id(row)).collect();
        let up = graph
            .upgrade(&rows, &Target::heads())
            .expect("the rest can be reached");
        assert_eq!(up.steps().len(), size - done - 1);
        check(graph, &up);
        let base = graph
            .downgrade(&rows, &Target::base())
            .expect("all can be left");
        assert_eq!(base.steps().len(), done + 1);
        check(graph, &base);
        for &below in graph.down(step.revision) {
            let down = graph
                .downgrade(&rows, &named(graph, below))
                .expect("a parent can be gone back to");
            assert!(
                down.steps()
                    .iter()
                    .any(|other| other.revision == step.revision)
            );
            check(graph, &down);
        }
    }
}

/// The rows after each step are those that no other row needs.
fn check(graph: &RevisionGraph, plan: &Route) {
    let mut rows: BTreeSet<usize> = plan.rows_before().iter().copied().collect();
    for step in plan.steps() {
        step.change.apply(&mut rows);
        let in_order: Vec<usize> = rows.iter().copied().collect();
        let maximal = BTreeSet::from_iter(graph.maximal(&in_order));
        assert_eq!(rows, maximal);
    }
    assert!(rows.iter().eq(plan.rows()));
}

fn named(graph: &RevisionGraph, revision: usize) -> Target {
    graph.id(revision).parse().expect("an id is a target")
}

fn chain(name: &str) -> RevisionGraph {
    let file = File::open(data(name)).expect("the chain is part of the repository");
    let json: Value = serde_json::from_reader(file).expect("it is JSON");
    let revisions = json["revisions"].as_array().expect("it lists revisions");
    let nodes: Vec<Node<'_>> = revisions.iter().map(answer::node).collect();
    RevisionGraph::new(&nodes).expect("a real chain is valid")
}

fn lines(name: &str) -> Vec<Value> {
    let file = File::open(data(name)).expect("the cases are part of the repository");
    let lines = BufReader::new(GzDecoder::new(file)).lines();
    lines
        .map(|line| serde_json::from_str(&line.expect("it is text")).expect("it is JSON"))
        .collect()
}

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/conformance")
        .join(name)
}
