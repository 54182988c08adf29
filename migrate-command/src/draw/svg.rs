use std::fmt::Write as _;

use migrate_render::visible;
use unicode_width::UnicodeWidthStr as _;

use super::parts::{drawn, edges, marks};
use crate::entry::Book;

/// The distance of rows and of lanes, and the margin, in pixels.
const ROW: usize = 30;
const LANE: usize = 22;
const MARGIN: usize = 20;
/// The width of a character.
const CHARACTER: usize = 8;

/// Light and dark, as the reader has it.
const STYLE: &str = "\
text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#24292f}
.title{font-family:system-ui,-apple-system,Segoe UI,sans-serif}
.edge{fill:none;stroke:#8c959f;stroke-width:2}.depends{stroke-dasharray:4 4}
.node{fill:#fff;stroke:#57606a;stroke-width:2}.current{fill:#0969da;stroke:#0969da}
.mark{fill:#1a7f37;font-weight:600}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.edge{stroke:#6e7681}.node{fill:#0d1117;stroke:#9198a1}\
.current{fill:#4493f8;stroke:#4493f8}.mark{fill:#3fb950}}";

/// The graph as a picture of its own, newest first; dashed lines are dependencies.
pub fn svg(book: &Book<'_>, order: &[usize]) -> String {
    let drawn = drawn(book, order);
    let layout = Arrangement::new(book, order, &drawn);
    let left = MARGIN + layout.lanes * LANE;
    let widest = order
        .iter()
        .map(|&index| width(book, index))
        .max()
        .unwrap_or(0);
    let (width, height) = (left + widest + MARGIN, order.len() * ROW + MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" aria-label=\"history of revisions\">\n<style>{STYLE}</style>\n"
    );
    for edge in &layout.edges {
        layout.draw(&mut out, edge);
    }
    for (row, &index) in order.iter().enumerate() {
        node(&mut out, book, index, at(layout.lane[index], row), left);
    }
    out + "</svg>"
}

/// The place of each revision, and the lane of each edge.
struct Arrangement {
    row: Vec<usize>,
    lane: Vec<usize>,
    lanes: usize,
    edges: Vec<Edge>,
}

struct Edge {
    child: usize,
    parent: usize,
    lane: usize,
    depends: bool,
}

impl Arrangement {
    /// From the newest revision down: a lane is held by the revision that its edge leads to.
    fn new(book: &Book<'_>, order: &[usize], drawn: &[bool]) -> Self {
        let size = book.graph.len();
        let mut it = Self {
            row: vec![0; size],
            lane: vec![0; size],
            lanes: 1,
            edges: Vec::new(),
        };
        let mut held: Vec<Option<usize>> = Vec::new();
        for (row, &index) in order.iter().enumerate() {
            let own = held.iter().position(|lane| *lane == Some(index));
            let own = own.unwrap_or_else(|| free(&mut held));
            for lane in &mut held {
                if *lane == Some(index) {
                    *lane = None;
                }
            }
            it.row[index] = row;
            it.lane[index] = own;
            for (parent, depends) in edges(book, drawn, index) {
                let lane = held.iter().position(|lane| *lane == Some(parent));
                let lane = lane.unwrap_or_else(|| {
                    if held[own].is_none() {
                        own
                    } else {
                        free(&mut held)
                    }
                });
                held[lane] = Some(parent);
                it.edges.push(Edge {
                    child: index,
                    parent,
                    lane,
                    depends,
                });
            }
            it.lanes = it.lanes.max(held.len());
        }
        it
    }

    /// Down from the child into the lane of the edge, along it, and into the parent.
    fn draw(&self, out: &mut String, edge: &Edge) {
        let (x, y) = at(self.lane[edge.child], self.row[edge.child]);
        let (end_x, end_y) = at(self.lane[edge.parent], self.row[edge.parent]);
        let (lane, _) = at(edge.lane, 0);
        let half = ROW / 2;
        let class = if edge.depends { "edge depends" } else { "edge" };
        let _ = write!(out, "<path class=\"{class}\" d=\"M{x} {y}");
        if lane == x {
            let _ = write!(out, "V{}", end_y - ROW);
        } else {
            let _ = write!(
                out,
                "C{x} {} {lane} {} {lane} {}V{}",
                y + half,
                y + half,
                y + ROW,
                (end_y - ROW).max(y + ROW)
            );
        }
        let from = if lane == x {
            end_y - ROW
        } else {
            (end_y - ROW).max(y + ROW)
        };
        if end_x == lane {
            let _ = write!(out, "V{end_y}");
        } else if from < end_y {
            let middle = from + (end_y - from) / 2;
            let _ = write!(out, "C{lane} {middle} {end_x} {middle} {end_x} {end_y}");
        } else {
            let _ = write!(out, "L{end_x} {end_y}");
        }
        out.push_str("\"/>\n");
    }
}

/// A lane that nothing holds.
fn free(held: &mut Vec<Option<usize>>) -> usize {
    held.iter().position(Option::is_none).unwrap_or_else(|| {
        held.push(None);
        held.len() - 1
    })
}

/// The centre of a place.
fn at(lane: usize, row: usize) -> (usize, usize) {
    (MARGIN + lane * LANE, MARGIN + row * ROW)
}

fn node(out: &mut String, book: &Book<'_>, index: usize, (x, y): (usize, usize), left: usize) {
    let class = if book.is_current(index) {
        "node current"
    } else {
        "node"
    };
    let revision = book.revision(index);
    let marks = marks(book, index);
    let _ = writeln!(
        out,
        "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"6\"/>"
    );
    let _ = write!(
        out,
        "<text x=\"{left}\" y=\"{}\">{}",
        y + 4,
        escape(revision.id())
    );
    if !marks.is_empty() {
        let _ = write!(
            out,
            " <tspan class=\"mark\">{}</tspan>",
            escape(&marks.join(", "))
        );
    }
    let _ = writeln!(
        out,
        " <tspan class=\"title\">{}</tspan></text>",
        escape(revision.title())
    );
}

fn width(book: &Book<'_>, index: usize) -> usize {
    let revision = book.revision(index);
    let text = format!(
        "{} {} {}",
        revision.id(),
        marks(book, index).join(", "),
        revision.title()
    );
    text.width() * CHARACTER
}

fn escape(text: &str) -> String {
    visible(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
