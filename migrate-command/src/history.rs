use clap::Args;
use migrate_chain::target::Range;
use serde::Serialize;

use super::entry::{Book, Parts, RevisionJson};
use super::width::wrapped;
use super::{CommandError, Cx, Exit, Format, draw};

/// `history`: the revisions, newest first.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  cargo migrate history -r ae10:head           a part of it
  cargo migrate history -r -3:current          what was applied last
  cargo migrate history --graph -i             drawn, with where the database is
  cargo migrate history --format svg > history.svg")]
pub struct History {
    /// The first and the last revision, as `A:B`, `A:` or `:B`
    #[arg(short, long, value_name = "A:B", allow_hyphen_values = true)]
    rev_range: Option<String>,
    /// Mark where the database is
    #[arg(short, long)]
    indicate_current: bool,
    /// Draw the graph
    #[arg(short, long)]
    graph: bool,
}

#[derive(Serialize)]
struct Json<'a> {
    revisions: Vec<RevisionJson<'a>>,
}

impl History {
    pub async fn run(self, cx: &mut Cx<'_>) -> Result<Exit, CommandError> {
        let range = self.rev_range.as_deref().unwrap_or(":");
        let range: Range = range.parse()?;
        let mut book = Book::new(cx.migrations);
        let mut rows = Vec::new();
        if self.indicate_current || range.needs_rows() {
            rows = cx.runner(&cx.database()?).status().await?.current;
        }
        if self.indicate_current {
            book.mark_rows(&rows);
        }
        let order = book.graph.history(&rows, &range)?;
        let columns = cx.ui.columns();
        match cx.ui.format() {
            Format::Json => {
                let revisions = order.iter().map(|&index| book.json(index)).collect();
                cx.ui.json(&Json { revisions });
            }
            Format::Dot => cx.ui.result(draw::dot(&book, &order)),
            Format::Mermaid => cx.ui.result(draw::mermaid(&book, &order)),
            Format::Svg => cx.ui.result(draw::svg(&book, &order)),
            Format::Text if self.graph => {
                cx.ui
                    .result(draw::terminal(&book, &order, columns).trim_end());
            }
            _ => list(cx, &book, &order, columns),
        }
        Ok(Exit::Done)
    }
}

/// The indentation of a revision's further lines in a narrow terminal.
const INDENT: usize = 4;

fn list(cx: &mut Cx<'_>, book: &Book<'_>, order: &[usize], columns: Option<usize>) {
    let parts = Parts {
        parents: true,
        labels: true,
        points: true,
        message: true,
    };
    for &index in order {
        let text = if cx.ui.is_verbose() {
            book.entry(index)
        } else {
            book.line(index, parts)
        };
        for line in text.split('\n') {
            cx.ui.result(wrapped(line, columns, INDENT));
        }
    }
}
