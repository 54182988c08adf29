use migrate_chain::Revision;
use migrate_chain::graph::{Node, RevisionGraph};

/// The graph of revisions that are known to be a sound chain.
pub fn of(revisions: &[Revision]) -> RevisionGraph {
    let nodes: Vec<Node<'_>> = revisions.iter().map(node).collect();
    RevisionGraph::new(&nodes).expect("only a chain without faults becomes Migrations")
}

pub fn node(revision: &Revision) -> Node<'_> {
    Node::new(revision.id())
        .down(revision.down_revision())
        .depends_on(revision.depends_on())
        .labels(revision.branch_labels())
}
