use clap::Args;
use serde::Serialize;

use super::entry::{Book, Parts, RevisionJson};
use super::{Cx, Exit};

/// `heads`: the revisions that no other builds on.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: cargo migrate heads --verbose")]
pub struct Heads {
    /// Leave out heads that another head depends on: what remains are the version rows of an up-to-date database
    #[arg(long)]
    resolve_dependencies: bool,
}

#[derive(Serialize)]
struct Json<'a> {
    heads: Vec<RevisionJson<'a>>,
}

impl Heads {
    pub fn run(self, cx: &mut Cx<'_>) -> Exit {
        let book = Book::new(cx.migrations);
        let heads = if self.resolve_dependencies {
            book.graph.real_heads()
        } else {
            book.graph.heads()
        };
        if cx.ui.is_json() {
            let heads = heads.iter().map(|&head| book.json(head)).collect();
            cx.ui.json(&Json { heads });
            return Exit::Done;
        }
        for &head in heads {
            let text = if cx.ui.is_verbose() {
                book.entry(head)
            } else {
                book.line(
                    head,
                    Parts {
                        labels: true,
                        ..Parts::default()
                    },
                )
            };
            cx.ui.result(text);
        }
        Exit::Done
    }
}
