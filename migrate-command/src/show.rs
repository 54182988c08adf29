use clap::Args;

use super::entry::Book;
use super::{CommandError, Cx, Exit};

/// `show`: all about one revision, and its text.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: cargo migrate show head")]
pub struct Show {
    /// The revision: an id or its beginning, `head`, `current`, `label@head` …
    #[arg(allow_negative_numbers = true)]
    revision: String,
}

impl Show {
    pub async fn run(self, cx: &mut Cx<'_>) -> Result<Exit, CommandError> {
        let mut book = Book::new(cx.migrations);
        let target = super::arguments::target(&self.revision)?;
        let mut rows = Vec::new();
        // The others are about the chain alone, and ask no database.
        if target.needs_rows() {
            let status = cx.runner(&cx.database()?).status().await?;
            book.mark_current(&status.current);
            rows = status.current;
        }
        let found = book.graph.resolve(&target, &rows)?;
        let revisions: Vec<usize> = found.into_iter().flatten().collect();
        if revisions.is_empty() {
            let what = format!(
                "`{}` is before the first revision, and there is nothing to show",
                self.revision
            );
            return Err(CommandError::new(what).help("`history` lists the revisions"));
        }
        for index in revisions {
            if cx.ui.is_json() {
                cx.ui.json(&book.json(index));
            } else {
                cx.ui.result(book.entry(index));
                cx.ui.exact(book.revision(index).text().trim_end());
            }
        }
        Ok(Exit::Done)
    }
}
