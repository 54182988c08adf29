use std::fmt::Write as _;

use migrate_render::visible;

use super::parts::{drawn, edges, marks};
use crate::entry::Book;

/// The graph as a Mermaid flowchart; dotted edges are dependencies.
pub fn mermaid(book: &Book<'_>, order: &[usize]) -> String {
    let drawn = drawn(book, order);
    let mut out = String::from("flowchart BT");
    for &index in order {
        let revision = book.revision(index);
        let marks = marks(book, index);
        let marks = if marks.is_empty() {
            String::new()
        } else {
            format!(" ({})", marks.join(", "))
        };
        let label = escape(&format!("{}{marks}", revision.id()));
        let _ = write!(
            out,
            "\n  {}[\"{label}<br>{}\"]",
            node(book, index),
            escape(revision.title())
        );
    }
    for &index in order {
        for (parent, depends) in edges(book, &drawn, index) {
            let arrow = if depends { "-.->" } else { "-->" };
            let _ = write!(
                out,
                "\n  {} {arrow} {}",
                node(book, parent),
                node(book, index)
            );
        }
    }
    out
}

/// A revision may be called `end`, which ends a diagram.
fn node(book: &Book<'_>, index: usize) -> String {
    format!("rev_{}", book.graph.id(index))
}

fn escape(text: &str) -> String {
    let mut out = String::new();
    for character in visible(text).chars() {
        match character {
            '"' | '#' | '<' | '>' | '&' | ';' | '`' | '\\' => {
                let _ = write!(out, "#{};", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out
}
