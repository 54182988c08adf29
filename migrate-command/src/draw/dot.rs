use std::fmt::Write as _;

use migrate_render::visible;

use super::parts::{drawn, edges, marks};
use crate::entry::Book;

/// The graph in the language of Graphviz; dashed edges are dependencies.
pub fn dot(book: &Book<'_>, order: &[usize]) -> String {
    let drawn = drawn(book, order);
    let mut out = String::from(
        "digraph revisions {\n  rankdir = BT;\n  node [shape = box, style = rounded, fontname = \"sans-serif\"];\n",
    );
    for &index in order {
        let revision = book.revision(index);
        let marks = marks(book, index);
        let mut label = escape(revision.id());
        if !marks.is_empty() {
            let _ = write!(label, " ({})", escape(&marks.join(", ")));
        }
        let _ = write!(label, "\\n{}", escape(revision.title()));
        let bold = if book.is_current(index) {
            ", style = \"rounded,bold\""
        } else {
            ""
        };
        let _ = writeln!(out, "  \"{}\" [label = \"{label}\"{bold}];", revision.id());
    }
    for &index in order {
        for (parent, depends) in edges(book, &drawn, index) {
            let style = if depends { " [style = dashed]" } else { "" };
            let _ = writeln!(
                out,
                "  \"{}\" -> \"{}\"{style};",
                book.graph.id(parent),
                book.graph.id(index)
            );
        }
    }
    out.push('}');
    out
}

fn escape(text: &str) -> String {
    visible(text).replace('\\', "\\\\").replace('"', "\\\"")
}
