//! Finds the new revisions, and which of them reach a database together.

use migrate_chain::target::Range;
use migrate_runtime::AnyPool;

use super::super::directory::Directory;
use super::super::failure::Result;
use super::super::version_rows;
use super::base;

/// The options that say what is new.
#[derive(Clone, Copy)]
pub struct Said<'o> {
    pub range: Option<&'o str>,
    pub since: Option<&'o str>,
    pub base: Option<&'o str>,
}

/// The revisions to review.
pub struct New {
    /// A list for each deployment, in the order of an upgrade.
    pub deployments: Vec<Vec<usize>>,
    /// Whether somebody has said that they are new, so that they may be changed.
    pub is_said: bool,
    /// The range that was looked at, in a sentence.
    pub shown: String,
}

impl New {
    /// The revisions that the options name; else those that the database has not applied; else each revision on its
    /// own, from `[lint] since` on.
    ///
    /// # Errors
    /// A target that means nothing, a git ref that git does not know, or a database that does not answer.
    pub async fn find(said: Said<'_>, directory: &Directory, url: Option<&str>) -> Result<Self> {
        if let Some(range) = said.range {
            return Self::range(directory, range);
        }
        if let Some(base) = said.base {
            let files = base::added(directory, base)?;
            let is_new = |revision| files.contains(directory.revision(revision).file());
            return Ok(Self::together(
                directory,
                is_new,
                &format!("new since {base}"),
            ));
        }
        if let Some(since) = said.since {
            let old = directory.chain.graph.ancestors(&directory.resolve(since)?);
            return Ok(Self::together(
                directory,
                |revision| !old[revision],
                &format!("after `{since}`"),
            ));
        }
        if let Some(url) = url {
            let rows = version_rows::read(directory, url).await?;
            let graph = &directory.chain.graph;
            let old = graph.ancestors(&graph.find_all(rows.iter().map(String::as_str)));
            let shown = format!("new to {}", AnyPool::shown_url(url));
            return Ok(Self::together(directory, |revision| !old[revision], &shown));
        }
        Self::each(directory)
    }

    pub fn is_empty(&self) -> bool {
        self.deployments.iter().all(Vec::is_empty)
    }

    /// One revision, or those that an upgrade from A to B runs.
    fn range(directory: &Directory, text: &str) -> Result<Self> {
        let graph = &directory.chain.graph;
        if !text.contains(':') {
            let meant = directory.resolve(text)?;
            return Ok(Self::together(
                directory,
                |revision| meant.contains(&revision),
                &format!("`{text}`"),
            ));
        }
        let Range { start, end } = text.parse()?;
        let end = end.map_or_else(|| "heads".to_owned(), |end| end.to_string());
        let upto = graph.ancestors(&directory.resolve(&end)?);
        let start = start.map_or_else(|| "base".to_owned(), |start| start.to_string());
        let old = graph.ancestors(&directory.resolve(&start)?);
        Ok(Self::together(
            directory,
            |revision| upto[revision] && !old[revision],
            &format!("in {text}"),
        ))
    }

    fn together(directory: &Directory, is_new: impl Fn(usize) -> bool, what: &str) -> Self {
        let order = directory.chain.graph.parents_first().into_iter();
        let revisions: Vec<usize> = order.filter(|&revision| is_new(revision)).collect();
        let shown = format!(
            "{} {what}",
            migrate_lint::counted(revisions.len(), "revision")
        );
        Self {
            deployments: vec![revisions],
            is_said: true,
            shown,
        }
    }

    fn each(directory: &Directory) -> Result<Self> {
        let graph = &directory.chain.graph;
        let (old, after) = match &directory.chain.config.lint.since {
            Some(since) => (directory.resolve(since)?, format!(" after `{since}`")),
            None => (Vec::new(), String::new()),
        };
        let old = graph.ancestors(&old);
        let new = graph
            .parents_first()
            .into_iter()
            .filter(|&revision| !old[revision]);
        let deployments: Vec<Vec<usize>> = new.map(|revision| vec![revision]).collect();
        let shown = format!(
            "{}{after}, each as a deployment of its own, since no database says what is new",
            migrate_lint::counted(deployments.len(), "revision")
        );
        Ok(Self {
            deployments,
            is_said: false,
            shown,
        })
    }
}
