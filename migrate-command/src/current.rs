use clap::Args;
use serde::Serialize;

use super::entry::{Book, Parts, RevisionJson};
use super::{CommandError, Cx, Exit};

/// `current`: the revisions that the database is at.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: cargo migrate current --check-heads")]
pub struct Current {
    /// Fail unless every head is applied
    #[arg(long)]
    check_heads: bool,
}

#[derive(Serialize)]
struct Json<'a> {
    current: Vec<RevisionJson<'a>>,
    /// Rows that the chain does not have.
    unknown: Vec<String>,
    missing_heads: Vec<&'a str>,
}

impl Current {
    pub async fn run(self, cx: &mut Cx<'_>) -> Result<Exit, CommandError> {
        let status = cx.runner(&cx.database()?).status().await?;
        let mut book = Book::new(cx.migrations);
        let known: Vec<&String> = status
            .current
            .iter()
            .filter(|row| book.graph.find(row).is_some())
            .collect();
        let missing = book.graph.check_heads(&known).unwrap_or_default();
        let missing: Vec<&str> = missing
            .iter()
            .map(|&head| book.revision(head).id())
            .collect();
        // Each line is about a current revision: to say so would be noise.
        let plain = Book::new(cx.migrations);
        book.mark_current(&status.current);
        if cx.ui.is_json() {
            let current = book
                .current()
                .iter()
                .map(|&index| book.json(index))
                .collect();
            cx.ui.json(&Json {
                current,
                unknown: status.unknown.clone(),
                missing_heads: missing.clone(),
            });
        } else {
            if cx.ui.is_verbose() {
                let title = format!("Current revision(s) for {}:", cx.shown());
                cx.ui.result(title);
            }
            for &index in book.current() {
                let text = if cx.ui.is_verbose() {
                    plain.entry(index)
                } else {
                    plain.line(
                        index,
                        Parts {
                            points: true,
                            ..Parts::default()
                        },
                    )
                };
                cx.ui.result(text);
            }
        }
        unknown(&status.unknown)?;
        if self.check_heads && !missing.is_empty() {
            let what = format!(
                "the database is not at all heads: {} missing",
                listed(&missing)
            );
            return Err(CommandError::new(what).help("run `upgrade heads`"));
        }
        Ok(Exit::Done)
    }
}

/// An error for rows that the chain does not have.
fn unknown(rows: &[String]) -> Result<(), CommandError> {
    if rows.is_empty() {
        return Ok(());
    }
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let what = format!(
        "the database is at {}, which this chain does not have",
        listed(&rows)
    );
    Err(CommandError::new(what)
        .help("use the version of the app that has it, or check that it is the right database"))
}

pub fn listed(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
