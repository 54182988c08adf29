use renderdag::{Ancestor, GraphRowRenderer, Renderer as _};

use super::parts::{drawn, marks};
use crate::entry::Book;
use crate::paint::{CURRENT, DIM, HEAD, ID};
use crate::width::wrapped;

/// The graph in the characters of a terminal, newest first; dashed lines are dependencies.
pub fn terminal(book: &Book<'_>, order: &[usize], columns: Option<usize>) -> String {
    let drawn = drawn(book, order);
    let mut renderer = GraphRowRenderer::new()
        .output()
        .with_min_row_height(1)
        .build_box_drawing();
    let mut out = String::new();
    for &index in order {
        let parents = parents(book, &drawn, index);
        // Two blanks are between the lines of the graph and the text.
        let lines = renderer.width(Some(&index), Some(&parents));
        let room =
            columns.map(|columns| columns.saturating_sub(usize::try_from(lines).unwrap_or(0)));
        let text = wrapped(&text(book, index), room, 2);
        let row = renderer.next_row(index, parents, glyph(book, index), text);
        for line in row.trim_end().lines() {
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    out
}

/// An edge that leaves the range is dotted.
fn parents(book: &Book<'_>, drawn: &[bool], index: usize) -> Vec<Ancestor<usize>> {
    let parents = book.graph.down(index).iter().map(|&parent| {
        if drawn[parent] {
            Ancestor::Parent(parent)
        } else {
            Ancestor::Anonymous
        }
    });
    let dependencies = book.graph.own_dependencies(index).iter();
    let dependencies = dependencies
        .filter(|&&parent| drawn[parent])
        .map(|&parent| Ancestor::Ancestor(parent));
    parents.chain(dependencies).collect()
}

fn glyph(book: &Book<'_>, index: usize) -> String {
    if book.is_current(index) {
        format!("{CURRENT}●{CURRENT:#}")
    } else if book.graph.is_head(index) {
        format!("{HEAD}○{HEAD:#}")
    } else {
        "○".to_owned()
    }
}

fn text(book: &Book<'_>, index: usize) -> String {
    let marks: Vec<String> = marks(book, index)
        .iter()
        .map(|mark| match &**mark {
            "head" | "effective head" => format!(" {HEAD}({mark}){HEAD:#}"),
            "current" => format!(" {CURRENT}({mark}){CURRENT:#}"),
            label => format!(" {DIM}({label}){DIM:#}"),
        })
        .collect();
    let revision = book.revision(index);
    format!(
        "{ID}{}{ID:#}{}  {}",
        revision.id(),
        marks.concat(),
        revision.title()
    )
}
