//! How one revision is shown: as a line of Alembic's, as an entry of several, as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use super::paint::{CURRENT, HEAD, ID};
use migrate_chain::graph::RevisionGraph;
use migrate_runtime::{Migrations, Revision};

/// A chain, and which of its revisions a database is at.
pub struct Book<'a> {
    migrations: &'a Migrations,
    pub graph: RevisionGraph,
    current: Vec<usize>,
}

/// The parts of a line besides the id. Alembic's commands differ in them.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is there or not, whatever the others are"
)]
#[derive(Clone, Copy, Default)]
pub struct Parts {
    pub parents: bool,
    pub labels: bool,
    pub points: bool,
    pub message: bool,
}

/// A revision for programs; `docs/json.md` says what the fields mean.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a field of its own in the JSON"
)]
#[derive(Serialize)]
pub struct RevisionJson<'b> {
    revision: &'b str,
    message: &'b str,
    down_revision: Vec<&'b str>,
    depends_on: Vec<&'b str>,
    branch_labels: Vec<&'b str>,
    created: Option<&'b str>,
    path: String,
    transaction: bool,
    irreversible: Option<&'b str>,
    replaces: Vec<&'b str>,
    is_head: bool,
    is_effective_head: bool,
    is_base: bool,
    is_branch_point: bool,
    is_merge_point: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_current: Option<bool>,
}

impl<'a> Book<'a> {
    pub fn new(migrations: &'a Migrations) -> Self {
        Self {
            migrations,
            graph: migrations.graph(),
            current: Vec::new(),
        }
    }

    /// Marks the revisions that the version rows stand for. Rows that the chain does not have mark nothing.
    pub fn mark_current(&mut self, rows: &[String]) {
        let known: Vec<&String> = rows
            .iter()
            .filter(|row| self.graph.find(row).is_some())
            .collect();
        self.current = self.graph.current(&known).unwrap_or_default();
    }

    /// Marks the rows of a database alone, as Alembic's `history` does.
    pub fn mark_rows(&mut self, rows: &[String]) {
        self.current = self.graph.find_all(rows.iter().map(String::as_str));
    }

    pub fn revision(&self, index: usize) -> &'a Revision {
        &self.migrations.revisions()[index]
    }

    pub fn is_current(&self, index: usize) -> bool {
        self.current.contains(&index)
    }

    /// The revisions that the version rows stand for.
    pub fn current(&self) -> &[usize] {
        &self.current
    }

    /// A line as Alembic writes it: `a1 -> b2 (shop) (head), Create users`.
    pub fn line(&self, index: usize, parts: Parts) -> String {
        let revision = self.revision(index);
        let mut line = String::new();
        if parts.parents {
            let depends_on: Vec<&str> = revision.depends_on().collect();
            line += &self.parents(index);
            if !depends_on.is_empty() {
                let _ = write!(line, " ({})", depends_on.join(", "));
            }
            line += " -> ";
        }
        let _ = write!(line, "{ID}{}{ID:#}", revision.id());
        let labels = self.graph.labels(index);
        if parts.labels && !labels.is_empty() {
            let _ = write!(line, " ({})", labels.join(", "));
        }
        line += &self.marks(index, parts.points);
        if parts.message {
            let _ = write!(line, ", {}", revision.title());
        }
        line
    }

    /// The marks after an id: ` (head) (current)`.
    pub fn marks(&self, index: usize, points: bool) -> String {
        let mut marks = String::new();
        if self.graph.is_real_head(index) {
            let _ = write!(marks, " {HEAD}(head){HEAD:#}");
        } else if self.graph.is_head(index) {
            let _ = write!(marks, " {HEAD}(effective head){HEAD:#}");
        }
        if self.is_current(index) {
            let _ = write!(marks, " {CURRENT}(current){CURRENT:#}");
        }
        if points && self.graph.is_branch_point(index) {
            marks += " (branchpoint)";
        }
        if points && self.graph.is_merge_point(index) {
            marks += " (mergepoint)";
        }
        marks
    }

    /// All about a revision, as Alembic writes it, with a blank line at the end.
    pub fn entry(&self, index: usize) -> String {
        let revision = self.revision(index);
        let mut entry = format!("Rev: {ID}{}{ID:#}", revision.id());
        if self.graph.is_head(index) {
            let _ = write!(entry, " {HEAD}(head){HEAD:#}");
        }
        if self.graph.is_branch_point(index) {
            entry += " (branchpoint)";
        }
        if self.graph.is_merge_point(index) {
            entry += " (mergepoint)";
        }
        if self.is_current(index) {
            let _ = write!(entry, " {CURRENT}(current){CURRENT:#}");
        }
        entry.push('\n');
        for (name, value) in self.fields(index) {
            let _ = writeln!(entry, "{name}: {value}");
        }
        for line in revision.message().lines() {
            let line = format!("    {line}");
            let _ = write!(entry, "\n{}", line.trim_end());
        }
        entry.push('\n');
        entry
    }

    pub fn json(&self, index: usize) -> RevisionJson<'a> {
        let revision = self.revision(index);
        RevisionJson {
            revision: revision.id(),
            message: revision.message(),
            down_revision: revision.down_revision().collect(),
            depends_on: revision.depends_on().collect(),
            branch_labels: revision.branch_labels().collect(),
            created: revision.created(),
            path: self.migrations.path_of(revision),
            transaction: revision.is_transactional(),
            irreversible: revision.irreversible(),
            replaces: revision.replaces().collect(),
            is_head: self.graph.is_real_head(index),
            is_effective_head: self.graph.is_head(index) && !self.graph.is_real_head(index),
            is_base: self.graph.is_base(index),
            is_branch_point: self.graph.is_branch_point(index),
            is_merge_point: self.graph.is_merge_point(index),
            is_current: (!self.current.is_empty()).then(|| self.is_current(index)),
        }
    }

    fn parents(&self, index: usize) -> String {
        let parents: Vec<&str> = self.revision(index).down_revision().collect();
        if parents.is_empty() {
            "<base>".to_owned()
        } else {
            parents.join(", ")
        }
    }

    fn fields(&self, index: usize) -> Vec<(&'static str, String)> {
        let revision = self.revision(index);
        let ids = |indices: &[usize]| {
            let ids: Vec<&str> = indices.iter().map(|&index| self.graph.id(index)).collect();
            ids.join(", ")
        };
        let of_parents = if self.graph.is_merge_point(index) {
            "Merges"
        } else {
            "Parent"
        };
        let branches_into = if self.graph.is_branch_point(index) {
            ids(self.graph.next(index))
        } else {
            String::new()
        };
        let depends_on: Vec<&str> = revision.depends_on().collect();
        let fields = [
            (of_parents, self.parents(index)),
            ("Also depends on", depends_on.join(", ")),
            ("Branches into", branches_into),
            ("Branch names", self.graph.labels(index).join(", ")),
            ("Path", self.migrations.path_of(revision)),
            ("Created", revision.created().unwrap_or_default().to_owned()),
        ];
        fields
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect()
    }
}
