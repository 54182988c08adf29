//! The answer of this crate to a case, in the form of the recorded answers.

use std::collections::{BTreeMap, BTreeSet};

use migrate_chain::graph::{Fault, Node, RevisionGraph};
use migrate_chain::plan::{Direction, Route};
use migrate_chain::target::{Malformed, Range, Target, TargetError};
use serde_json::{Value, json};

/// The place, the kind and the text of a failure.
struct Failure {
    phase: &'static str,
    kind: &'static str,
    message: String,
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        Self {
            phase: "plan",
            kind: error.kind(),
            message: error.to_string(),
        }
    }
}

/// Answers one case.
pub(crate) fn answer(case: &Value) -> Value {
    let nodes: Vec<Node<'_>> = items(&case["revisions"]).map(node).collect();
    let graph = legal(&nodes)
        .and_then(|()| RevisionGraph::new(&nodes).map_err(|faults| broken(&nodes, &faults)));
    let mut answer = match &graph {
        Ok(graph) => {
            let mut answer = run(case, graph).unwrap_or_else(|failure| refused(&failure));
            answer["graph"] = facts(graph);
            answer
        }
        Err(failure) => refused(failure),
    };
    answer["id"] = case["id"].clone();
    answer
}

fn refused(failure: &Failure) -> Value {
    json!({"ok": false, "phase": failure.phase, "kind": failure.kind, "crash": false, "message": failure.message})
}

fn run(case: &Value, graph: &RevisionGraph) -> Result<Value, Failure> {
    let command = case["command"].as_str().unwrap_or_default();
    let target = case["target"].as_str().unwrap_or_default();
    let rows: Vec<&str> = match case["start"].as_str() {
        Some(start) => graph.rows_at(&start.parse()?)?,
        None => strings(&case["current"]).collect(),
    };
    match command {
        "upgrade" | "downgrade" if target.contains(':') => {
            let error = TargetError::Malformed {
                target: target.to_owned(),
                reason: Malformed::Character(':'),
            };
            Err(Failure {
                phase: "current",
                kind: "range_not_allowed",
                message: error.to_string(),
            })
        }
        "upgrade" => Ok(planned(
            graph,
            &rows,
            &graph.upgrade(&rows, &target.parse()?)?,
        )),
        "downgrade" => Ok(planned(
            graph,
            &rows,
            &graph.downgrade(&rows, &target.parse()?)?,
        )),
        "stamp" => stamped(case, graph, &rows),
        "resolve" => {
            let found = graph.resolve(&target.parse()?, &rows)?;
            Ok(result(found.into_iter().map(|revision| {
                revision.map(|revision| graph.id(revision))
            })))
        }
        "history" => {
            let range = if case["target"].is_null() {
                Range::default()
            } else {
                target.parse()?
            };
            Ok(result(ids(graph, &graph.history(&rows, &range)?)))
        }
        "current" => Ok(result(
            ids(graph, &graph.current(&rows)?)
                .into_iter()
                .collect::<BTreeSet<_>>(),
        )),
        "check_heads" => match &graph.check_heads(&rows)?[..] {
            [] => Ok(result(ids(graph, &graph.current(&rows)?))),
            missing => {
                let message = format!("not applied: {}", ids(graph, missing).join(", "));
                Err(Failure {
                    phase: "plan",
                    kind: "not_at_head",
                    message,
                })
            }
        },
        _ => Ok(result(ids(graph, graph.heads()))),
    }
}

fn planned(graph: &RevisionGraph, table: &[&str], plan: &Route) -> Value {
    let order: Vec<&str> = plan
        .steps()
        .iter()
        .map(|step| graph.id(step.revision))
        .collect();
    let mut rows: BTreeSet<usize> = plan.rows_before().iter().copied().collect();
    let mut steps = Vec::new();
    for step in plan.steps() {
        step.change.apply(&mut rows);
        let direction = if step.direction == Direction::Upgrade {
            "up"
        } else {
            "down"
        };
        steps.push(
            json!({"rev": graph.id(step.revision), "dir": direction, "rows": sorted(graph, &rows)}),
        );
    }
    let mut last: Vec<&str> = ids(graph, plan.rows());
    if steps.is_empty() {
        last = table.to_vec();
    }
    last.sort_unstable();
    json!({"ok": true, "plan": order, "steps": steps, "final": last})
}

fn stamped(case: &Value, graph: &RevisionGraph, table: &[&str]) -> Result<Value, Failure> {
    let texts: Vec<&str> = match case["target"].as_str() {
        Some(target) => vec![target],
        None => strings(&case["target"]).collect(),
    };
    let targets = texts
        .iter()
        .map(|text| text.parse())
        .collect::<Result<Vec<Target>, _>>()?;
    let purge = case["purge"].as_bool().unwrap_or_default();
    let stamp = graph.stamp(table, &targets, purge)?;
    let mut rows: BTreeSet<usize> = table
        .iter()
        .filter(|_| !purge)
        .filter_map(|row| graph.find(row))
        .collect();
    let mut steps = Vec::new();
    for step in &stamp.steps {
        step.change.apply(&mut rows);
        steps.push(json!({"rev": null, "dir": "stamp", "rows": sorted(graph, &rows)}));
    }
    Ok(json!({"ok": true, "steps": steps, "final": sorted(graph, &rows)}))
}

/// Refuses the characters that mean something in a target. The files of this project have a smaller alphabet still.
fn legal(nodes: &[Node<'_>]) -> Result<(), Failure> {
    let is_legal = |id: &str| !id.is_empty() && !id.contains(['@', '-', '+', ':']);
    match nodes.iter().find(|node| !is_legal(node.id)) {
        Some(node) => {
            let message = format!(
                "`{}` is no id: `@`, `-`, `+` and `:` mean something in a target",
                node.id
            );
            Err(Failure {
                phase: "load",
                kind: "illegal_char",
                message,
            })
        }
        None => Ok(()),
    }
}

fn broken(nodes: &[Node<'_>], faults: &[Fault]) -> Failure {
    Failure {
        phase: "load",
        kind: fault_kind(nodes, &faults[0]),
        message: format!("{faults:?}"),
    }
}

fn fault_kind(nodes: &[Node<'_>], fault: &Fault) -> &'static str {
    match fault {
        Fault::SelfParent { .. } => "self_loop",
        Fault::SelfDependency { .. } => "dependency_self_loop",
        Fault::DuplicateId { .. } => "duplicate_id",
        Fault::CaseOnly { .. } => "case_only",
        Fault::DuplicateLabel { .. } | Fault::LabelIsId { .. } => "duplicate_label",
        Fault::MissingDependency { .. } => "missing_dependency",
        Fault::MissingParent { .. } => "missing_parent",
        Fault::RepeatedParent { .. } | Fault::RepeatedDependency { .. } => "repeated",
        Fault::Cycle { path } if is_over_down(nodes, path) => "cycle",
        Fault::Cycle { .. } => "dependency_cycle",
        _ => "other",
    }
}

fn is_over_down(nodes: &[Node<'_>], path: &[usize]) -> bool {
    let needed = path.iter().cycle().skip(1);
    path.iter()
        .zip(needed)
        .all(|(&node, &parent)| nodes[node].down.contains(&nodes[parent].id))
}

/// The facts that the graph gives about itself.
fn facts(graph: &RevisionGraph) -> Value {
    let revisions = 0..graph.len();
    let lone = |&revision: &usize| graph.all(revision).is_empty();
    let nodes: BTreeMap<&str, Value> = revisions
        .map(|revision| (graph.id(revision), fact(graph, revision)))
        .collect();
    json!({
        "heads": ids(graph, graph.heads()),
        "bases": ids(graph, graph.bases()),
        "effective_heads": ids(graph, graph.real_heads()),
        "effective_bases": ids(graph, &(0..graph.len()).filter(lone).collect::<Vec<_>>()),
        "nodes": nodes,
    })
}

fn fact(graph: &RevisionGraph, revision: usize) -> Value {
    let flags = [
        ("head", graph.is_head(revision)),
        ("effective_head", graph.is_real_head(revision)),
        ("base", graph.is_base(revision)),
        ("branchpoint", graph.is_branch_point(revision)),
        ("mergepoint", graph.is_merge_point(revision)),
    ];
    json!({
        "next": sorted(graph, graph.next(revision)),
        "all_next": sorted(graph, graph.all_next(revision)),
        "deps": sorted(graph, graph.dependencies(revision)),
        "normalized_deps": sorted(graph, graph.own_dependencies(revision)),
        "labels": graph.labels(revision),
        "flags": flags.iter().filter(|(_, set)| *set).map(|(flag, _)| *flag).collect::<Vec<_>>(),
    })
}

pub(crate) fn node(revision: &Value) -> Node<'_> {
    Node::new(revision["revision"].as_str().unwrap_or_default())
        .down(strings(&revision["down_revision"]))
        .depends_on(strings(&revision["depends_on"]))
        .labels(strings(&revision["branch_labels"]))
}

fn result<T: Into<Value>>(items: impl IntoIterator<Item = T>) -> Value {
    json!({"ok": true, "result": items.into_iter().map(Into::into).collect::<Vec<Value>>()})
}

fn ids<'g>(graph: &'g RevisionGraph, revisions: &[usize]) -> Vec<&'g str> {
    revisions
        .iter()
        .map(|&revision| graph.id(revision))
        .collect()
}

fn sorted<'g, 'r>(
    graph: &'g RevisionGraph,
    revisions: impl IntoIterator<Item = &'r usize>,
) -> Vec<&'g str> {
    let mut ids: Vec<&str> = revisions
        .into_iter()
        .map(|&revision| graph.id(revision))
        .collect();
    ids.sort_unstable();
    ids
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn strings(list: &Value) -> impl Iterator<Item = &str> {
    items(list).filter_map(Value::as_str)
}
