//! `cargo migrate merge`: a revision that joins heads.

use clap::Args;

use super::directory::Directory;
use super::failure::{CommandError, Result};
use super::new_revision::{NewRevision, Revisions};
use super::revision::only_heads;
use super::revision_file::sql_body;

/// Join heads by a new revision
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cargo migrate merge heads
  cargo migrate merge 27c6a30d7c24 ae1027a6acf4 -m \"Join invoices and teams\"")]
pub struct Merge {
    /// The revisions to join: ids or their beginnings, or `heads` for all heads
    #[arg(required = true, value_name = "REVS")]
    revisions: Vec<String>,

    /// A description of the revision [default: `Merge A and B`]
    #[arg(short, long, value_name = "MSG")]
    message: Option<String>,

    /// Give the joined branch a label
    #[arg(long, value_name = "LABEL", value_delimiter = ',')]
    branch_label: Vec<String>,

    /// Take this id and make none up
    #[arg(long, value_name = "ID")]
    rev_id: Option<String>,

    /// Allow revisions that are no heads: the merge begins a branch
    #[arg(long)]
    splice: bool,
}

impl Merge {
    /// Writes the revision.
    pub fn run(&self, directory: &Directory) -> Result<Revisions> {
        let parents = self.parents(directory)?;
        let graph = &directory.chain.graph;
        let ids: Vec<&str> = parents.iter().map(|&parent| graph.id(parent)).collect();
        let message = self
            .message
            .clone()
            .unwrap_or_else(|| format!("Merge {}", listed(&ids)));
        NewRevision {
            id: self.rev_id.as_deref(),
            message: &message,
            parents,
            depends_on: Vec::new(),
            keys: Vec::new(),
            branch_labels: &self.branch_label,
            location: None,
            body: sql_body("", Some("")),
            is_rust: false,
            may_split: false,
        }
        .write(directory)
        .map(Revisions::from)
    }

    fn parents(&self, directory: &Directory) -> Result<Vec<usize>> {
        let graph = &directory.chain.graph;
        let mut parents = Vec::new();
        for target in self.revisions.iter().flat_map(|list| list.split(',')) {
            for revision in directory.resolve(target.trim())? {
                if parents.contains(&revision) {
                    return Err(CommandError::new(format!(
                        "`{}` is named twice",
                        graph.id(revision)
                    ))
                    .help("name each revision once"));
                }
                parents.push(revision);
            }
        }
        if parents.len() < 2 {
            let heads = match graph.heads() {
                [head] => format!(
                    "the chain has one head, `{}`: there is nothing to join",
                    graph.id(*head)
                ),
                heads => format!(
                    "the chain has {} heads; `cargo migrate merge heads` joins them all",
                    heads.len()
                ),
            };
            return Err(CommandError::new("a merge needs two revisions or more").help(heads));
        }
        if !self.splice {
            only_heads(directory, &parents)?;
        }
        Ok(parents)
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(ids: &[&str]) -> String {
    match ids {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
