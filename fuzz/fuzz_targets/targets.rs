//! Any text as a target and as a range, and any rows of a version table: each plan is one that its own rows confirm.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use migrate_chain::graph::{Node, RevisionGraph};
use migrate_chain::plan::Route;
use migrate_chain::target::{Range, Target};

// a1#main ─ a2 ─┬─ a3 ──┬─ m5
//               └─ b3 ──┘
// n1#net ─ n2 (depends on a3)     x9
static GRAPH: LazyLock<RevisionGraph> = LazyLock::new(|| {
    let nodes = [
        Node::new("a1").labels(["main"]),
        Node::new("a2").down(["a1"]),
        Node::new("a3").down(["a2"]),
        Node::new("b3").down(["a2"]),
        Node::new("m5").down(["a3", "b3"]),
        Node::new("n1").labels(["net"]),
        Node::new("n2").down(["n1"]).depends_on(["a3"]),
        Node::new("x9"),
    ];
    RevisionGraph::new(&nodes).expect("a sound chain")
});

// A line with a target or a range, and a line with rows.
fuzz_target!(|text: &str| {
    let (asked, rows) = text.split_once('\n').unwrap_or((text, ""));
    let rows: Vec<&str> = rows.split(',').filter(|row| !row.is_empty()).collect();
    if let Ok(range) = asked.parse::<Range>() {
        let _ = GRAPH.history(&rows, &range);
    }
    let Ok(target) = asked.parse::<Target>() else {
        return;
    };
    assert_eq!(target.to_string(), asked);
    let _ = GRAPH.rows_at(&target);
    for route in [GRAPH.upgrade(&rows, &target), GRAPH.downgrade(&rows, &target)] {
        if let Ok(route) = route {
            ends_where_it_says(&route);
        }
    }
    if let Ok(stamp) = GRAPH.stamp(&rows, &[target], false) {
        let ids: Vec<&str> = stamp.rows.iter().map(|&row| GRAPH.id(row)).collect();
        assert!(GRAPH.current(&ids).is_ok());
    }
});

fn ends_where_it_says(route: &Route) {
    let ids: Vec<&str> = route.rows().iter().map(|&row| GRAPH.id(row)).collect();
    assert!(GRAPH.current(&ids).is_ok(), "{route:?}");
    assert_eq!(route.rows_after(route.steps().len()), route.rows());
    if route.is_empty() {
        assert_eq!(route.rows_before(), route.rows());
    }
}
