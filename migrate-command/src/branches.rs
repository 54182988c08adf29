use clap::Args;
use serde::Serialize;

use super::entry::{Book, Parts, RevisionJson};
use super::{Cx, Exit};
use migrate_chain::target::{Range, Target};

/// `branches`: the revisions that several others build on.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: cargo migrate branches --verbose")]
pub struct Branches {}

#[derive(Serialize)]
struct Json<'a> {
    branch_points: Vec<BranchPoint<'a>>,
}

#[derive(Serialize)]
struct BranchPoint<'a> {
    #[serde(flatten)]
    revision: RevisionJson<'a>,
    branches_into: Vec<&'a str>,
}

impl Branches {
    #[allow(clippy::unused_self, reason = "each command is run in the same way")]
    pub fn run(self, cx: &mut Cx<'_>) -> Exit {
        let book = Book::new(cx.migrations);
        let points = points(&book);
        if cx.ui.is_json() {
            let branch_points = points.iter().map(|&point| json(&book, point)).collect();
            cx.ui.json(&Json { branch_points });
            return Exit::Done;
        }
        for point in points {
            let text = text(&book, point, cx.ui.is_verbose());
            cx.ui.result(text);
        }
        Exit::Done
    }
}

/// The branch points, newest first.
fn points(book: &Book<'_>) -> Vec<usize> {
    let all = Range {
        start: None,
        end: Some(Target::heads()),
    };
    let order = book.graph.history::<&str>(&[], &all).unwrap_or_default();
    order
        .into_iter()
        .filter(|&index| book.graph.is_branch_point(index))
        .collect()
}

/// The branch point, and below it what it branches into.
fn text(book: &Book<'_>, point: usize, verbose: bool) -> String {
    let parts = Parts {
        labels: true,
        points: true,
        ..Parts::default()
    };
    let mut text = if verbose {
        book.entry(point)
    } else {
        book.line(point, parts)
    };
    let indent = " ".repeat(book.graph.id(point).len());
    for &next in book.graph.next(point) {
        let line = book.line(
            next,
            Parts {
                message: verbose,
                ..parts
            },
        );
        text.push_str(&["\n", &indent, " -> ", &line].concat());
    }
    text.push('\n');
    text
}

fn json<'a>(book: &Book<'a>, point: usize) -> BranchPoint<'a> {
    let next = book.graph.next(point).iter();
    BranchPoint {
        revision: book.json(point),
        branches_into: next.map(|&next| book.revision(next).id()).collect(),
    }
}
