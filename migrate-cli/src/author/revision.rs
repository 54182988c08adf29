//! `cargo migrate revision`: a new revision file.

use std::path::{Path, PathBuf};

use clap::Args;
use migrate_command::parts::Globals;

use super::autogenerate::Autogenerate;
use super::directory::Directory;
use super::failure::{CommandError, Result};
use super::new_revision::{NewRevision, Revisions, Written};
use super::revision_file::{RUST_BODY, sql_body};
use super::sql_files::{self, Taken};

/// Write a new revision
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  cargo migrate revision -m \"Create users\"
  cargo migrate revision -m \"Add an index\" --autogenerate
  cargo migrate revision -m \"Fill slugs\" --rust
  cargo migrate revision -m \"Take over the schema\" --sql-file schema.sql
  cargo migrate revision -m \"Begin a branch\" --head 1975ea83b712 --splice --branch-label billing")]
pub struct Revision {
    /// A description of the revision; its first words name the file
    #[arg(short, long, value_name = "MSG")]
    message: Option<String>,

    /// Write a revision in Rust
    #[arg(long, conflicts_with = "sql_file")]
    rust: bool,

    /// Take the SQL from this file; one that ends in `.down.sql` is for the downgrade, `-` is the standard input
    #[arg(long, value_name = "FILE")]
    sql_file: Vec<PathBuf>,

    /// The parent: an id or its beginning, `label@head`, or `base` for a new base
    #[arg(long, value_name = "REV", default_value = "head")]
    head: String,

    /// Allow a parent that is not a head: the revision begins a branch
    #[arg(long)]
    splice: bool,

    /// Give the branch that begins here a label
    #[arg(long, value_name = "LABEL", value_delimiter = ',')]
    branch_label: Vec<String>,

    /// A revision or label that must be applied before, without being a parent
    #[arg(long, value_name = "REV", value_delimiter = ',')]
    depends_on: Vec<String>,

    /// The version location to write to, where migrate.toml has several
    #[arg(long, value_name = "PATH")]
    version_path: Option<PathBuf>,

    /// Take this id and make none up
    #[arg(long, value_name = "ID")]
    rev_id: Option<String>,

    /// `off` writes a revision that runs outside a transaction
    #[arg(long, value_name = "on|off", value_parser = ["on", "off"], hide_possible_values = true)]
    transaction: Option<String>,

    /// Open the new file in $VISUAL or $EDITOR
    #[arg(long)]
    pub edit: bool,

    #[command(flatten)]
    generate: Autogenerate,
}

impl Revision {
    /// Writes the revision, or what is generated: then several, or none where nothing differs.
    ///
    /// # Errors
    /// The arguments contradict each other, or the revision would break the chain.
    pub async fn run(&self, directory: &Directory, globals: &Globals) -> Result<Revisions> {
        if self.generate.autogenerate {
            return self.generate(directory, globals).await;
        }
        let mut taken = self.taken(directory)?;
        if self.transaction.as_deref() == Some("off")
            && !taken.keys.contains(&("transaction", "off"))
        {
            taken.keys.push(("transaction", "off"));
        }
        let parents = self.parents(directory)?;
        let written = self.write(directory, taken.body, taken.keys, parents)?;
        Ok(Revisions {
            notes: taken.notes,
            ..self.told(directory, vec![written])
        })
    }

    /// The revisions written, with a warning if the build will fail.
    fn told(&self, before: &Directory, written: Vec<Written>) -> Revisions {
        let (graph, config) = (&before.chain.graph, &before.chain.config);
        let is_parent = |head: &str| {
            written
                .iter()
                .any(|new| new.parents.iter().any(|parent| parent == head))
        };
        let new = written.iter().map(|new| &*new.id);
        let heads = graph.heads().iter().map(|&head| graph.id(head)).chain(new);
        let heads: Vec<&str> = heads.filter(|head| !is_parent(head)).collect();
        let splits = self.splice && heads.len() > 1 && !config.many_heads;
        let warning = splits.then(|| {
            format!(
                "the chain has {} heads now, and the build fails until they are joined: `cargo migrate merge {}`",
                heads.len(),
                heads.join(" ")
            )
        });
        Revisions {
            warnings: warning.into_iter().collect(),
            written,
            ..Revisions::default()
        }
    }

    async fn generate(&self, directory: &Directory, globals: &Globals) -> Result<Revisions> {
        let parents = self.parents(directory)?;
        let Some(generated) = self.generate.run(directory, globals).await? else {
            return Ok(Revisions::default());
        };
        let unproven = generated.unproven.iter();
        let unproven = unproven.map(|why| format!("unproven: {why}"));
        let empty = generated.empty.iter();
        let empty = empty.map(|table| format!("proven without rows: {table}"));
        let hazards = generated
            .hazards()
            .map(|hazard| format!("{}: {}", hazard.word(), hazard.text()))
            .chain(empty)
            .chain(unproven);
        let mut written: Vec<Written> = Vec::new();
        let hazards = hazards.collect();
        let mut parents = parents;
        for draft in &generated.drafts {
            // Each is a child of the one before, which has to be read first.
            let directory = Directory::open(directory.root())?;
            if let Some(last) = written.last() {
                parents = directory.chain.graph.find(&last.id).into_iter().collect();
            }
            let body = sql_body(&draft.upgrade_sql(), Some(&draft.downgrade_sql()));
            let keys = draft
                .header()
                .into_iter()
                .filter_map(|line| line.split_once(": "))
                .collect();
            let following;
            let this = if written.is_empty() {
                self
            } else {
                following = self.following();
                &following
            };
            written.push(this.write(&directory, body, keys, parents.clone())?);
        }
        Ok(Revisions {
            hazards,
            ..self.told(directory, written)
        })
    }

    fn write(
        &self,
        directory: &Directory,
        body: String,
        keys: Vec<(&'static str, &'static str)>,
        parents: Vec<usize>,
    ) -> Result<Written> {
        NewRevision {
            id: self.rev_id.as_deref(),
            message: self.message.as_deref().unwrap_or_default(),
            parents,
            depends_on: self.depends_on(directory)?,
            branch_labels: &self.branch_label,
            location: self.location(directory)?,
            keys,
            body,
            is_rust: self.rust,
            may_split: self.splice,
        }
        .write(directory)
    }

    /// The options of a generated revision after the first: labels, dependencies and an id are for the first alone.
    fn following(&self) -> Self {
        Self {
            branch_label: Vec::new(),
            depends_on: Vec::new(),
            rev_id: None,
            ..self.clone()
        }
    }

    fn taken(&self, directory: &Directory) -> Result<Taken> {
        let body = if self.rust {
            RUST_BODY.to_owned()
        } else if self.sql_file.is_empty() {
            sql_body("", Some(""))
        } else {
            return sql_files::take(&self.sql_file, &directory.chain.config);
        };
        Ok(Taken {
            body,
            ..Taken::default()
        })
    }

    fn parents(&self, directory: &Directory) -> Result<Vec<usize>> {
        let parents = directory.resolve(&self.head).map_err(|failure| {
            match &*heads(directory) {
                heads @ [_, _, ..] if self.head == "head" => failure.help(format!(
                    "name the parent with --head, or join the heads first: `cargo migrate merge {}`",
                    heads.join(" ")
                )),
                _ => failure,
            }
        })?;
        if !self.splice {
            only_heads(directory, &parents)?;
        }
        Ok(parents)
    }

    /// The dependencies as the file names them: a label stays one, and the beginning of an id becomes the id.
    fn depends_on(&self, directory: &Directory) -> Result<Vec<String>> {
        let graph = &directory.chain.graph;
        let resolved = self
            .depends_on
            .iter()
            .map(|name| match graph.find_name(name) {
                Some(_) => Ok(name.clone()),
                None => Ok(graph.id(directory.resolve_one(name)?).to_owned()),
            });
        resolved.collect()
    }

    /// The version location that a path means, written as in migrate.toml or as the file system has it.
    fn location<'d>(&self, directory: &'d Directory) -> Result<Option<&'d str>> {
        let Some(path) = &self.version_path else {
            return Ok(None);
        };
        let locations = &directory.chain.config.versions;
        let is_meant = |location: &&String| {
            path == Path::new(location) || same_place(path, &directory.path(location))
        };
        match locations.iter().find(is_meant) {
            Some(location) => Ok(Some(location)),
            None => Err(
                CommandError::new(format!("{} is not a version location", path.display())).help(
                    format!("`versions` in migrate.toml has {}", locations.join(", ")),
                ),
            ),
        }
    }
}

/// Whether two paths are the same place; one of them may not be there yet.
fn same_place(one: &Path, other: &Path) -> bool {
    let absolute = |path: &Path| {
        path.canonicalize()
            .or_else(|_| std::path::absolute(path))
            .ok()
    };
    absolute(one).is_some_and(|one| absolute(other) == Some(one))
}

/// Refuses parents that have children already.
pub fn only_heads(directory: &Directory, parents: &[usize]) -> Result<()> {
    let graph = &directory.chain.graph;
    match parents.iter().find(|&&parent| !graph.is_head(parent)) {
        None => Ok(()),
        Some(&parent) => Err(CommandError::new(format!(
            "the revision `{}` is not a head",
            graph.id(parent)
        ))
        .note(format!(
            "`{}` is a child of it already",
            graph.id(graph.next(parent)[0])
        ))
        .help("pass --splice to begin a branch there, or take a head")),
    }
}

/// The ids of the heads.
fn heads(directory: &Directory) -> Vec<&str> {
    let graph = &directory.chain.graph;
    graph.heads().iter().map(|&head| graph.id(head)).collect()
}
