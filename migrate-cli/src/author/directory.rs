//! The migration directory that a command works on.

use std::path::{Path, PathBuf};

use migrate_chain::load::load_unmerged;
use migrate_chain::target::Target;
use migrate_chain::{Chain, Disk, Revision};

use super::failure::{self, CommandError, Result};
use super::files;
use super::overlay::Overlay;

/// A migration directory on disk, and its chain as it is before the command.
pub struct Directory {
    disk: Disk,
    root: PathBuf,
    /// The chain, which may have more heads than it should: there are commands to end that.
    pub chain: Chain,
}

impl Directory {
    /// Reads the directory at `root`.
    ///
    /// # Errors
    /// The faults of the chain, except for the number of its heads and bases.
    pub fn open(root: &Path) -> Result<Self> {
        let disk = Disk::new(root, root.to_string_lossy());
        let chain = load_unmerged(&disk).map_err(CommandError::faults)?;
        Ok(Self {
            disk,
            root: root.to_owned(),
            chain,
        })
    }

    /// The path of a file of the directory, as the user can open it.
    pub fn path(&self, file: &str) -> PathBuf {
        self.root.join(file)
    }

    /// The path of the directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The directory as it is, to change in memory.
    pub fn overlay(&self) -> Overlay<'_> {
        Overlay::new(&self.disk)
    }

    /// The chain after a change, if that is sound.
    ///
    /// # Errors
    /// The change would break the chain. Surplus heads and bases that were there before do not count.
    pub fn check(&self, changed: &Overlay<'_>, what: &str) -> Result<Chain> {
        self.check_but_heads(changed, what, false)
    }

    /// The same for a change that may split the chain, if that is asked for.
    ///
    /// # Errors
    /// As [`check`](Self::check), except for heads that become several.
    pub fn check_but_heads(
        &self,
        changed: &Overlay<'_>,
        what: &str,
        may_split: bool,
    ) -> Result<Chain> {
        let after = load_unmerged(changed).map_err(|faults| failure::breaks(what, faults))?;
        let (before, graph, config) = (&self.chain.graph, &after.graph, &after.config);
        let counts = [
            (
                "heads",
                config.many_heads || may_split,
                before.heads(),
                graph.heads(),
            ),
            ("bases", config.many_bases, before.bases(), graph.bases()),
        ];
        let too_many = counts.iter().filter(|(_, may_be_many, before, now)| {
            !may_be_many && now.len() > before.len().max(1)
        });
        let told = too_many.clone().map(|(word, .., now)| {
            let ids: Vec<&str> = now.iter().map(|&revision| graph.id(revision)).collect();
            format!("{} {word}: {}", ids.len(), ids.join(", "))
        });
        let settings: Vec<String> = too_many
            .clone()
            .map(|(word, ..)| format!("`{word} = \"many\"`"))
            .collect();
        match told.collect::<Vec<_>>() {
            told if told.is_empty() => Ok(after),
            told => Err(CommandError::new(format!(
                "the chain would have {}; nothing was written",
                told.join(", and ")
            ))
            .help(format!(
                "if this is intended, allow it in migrate.toml: {}",
                settings.join(" and ")
            ))),
        }
    }

    /// Refuses the name of a file that is there, before the chain is read as if it were not.
    ///
    /// # Errors
    /// The file exists.
    pub fn refuse_existing(&self, file: &str) -> Result<()> {
        let path = self.path(file);
        if path.symlink_metadata().is_ok() {
            Err(exists(&path))
        } else {
            Ok(())
        }
    }

    /// Writes a file that is new, with everything in it or not at all.
    pub fn create(&self, file: &str, text: &str) -> Result<PathBuf> {
        let path = self.path(file);
        match files::create(&path, text) {
            Ok(()) => Ok(path),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(exists(&path)),
            Err(error) => Err(failure::file("write", &path, &error)),
        }
    }

    /// The revisions that a target means, each once; none for the base.
    ///
    /// # Errors
    /// Why the target means nothing.
    pub fn resolve(&self, target: &str) -> Result<Vec<usize>> {
        if target == "heads" {
            // Those that the build counts: a head that another depends on is one too, and needs to be joined.
            return Ok(self.chain.graph.heads().to_vec());
        }
        let target: Target = target.parse()?;
        let mut revisions = Vec::new();
        for revision in self
            .chain
            .graph
            .resolve::<&str>(&target, &[])?
            .into_iter()
            .flatten()
        {
            if !revisions.contains(&revision) {
                revisions.push(revision);
            }
        }
        Ok(revisions)
    }

    /// The one revision that a target means.
    ///
    /// # Errors
    /// Why the target does not mean one revision.
    pub fn resolve_one(&self, target: &str) -> Result<usize> {
        match *self.resolve(target)? {
            [revision] => Ok(revision),
            [] => Err(CommandError::new(format!("`{target}` is not a revision"))),
            ref several => {
                let ids: Vec<&str> = several
                    .iter()
                    .map(|&revision| self.chain.graph.id(revision))
                    .collect();
                Err(CommandError::new(format!(
                    "`{target}` means {} revisions: {}",
                    ids.len(),
                    ids.join(", ")
                ))
                .help("name one of them"))
            }
        }
    }

    /// A revision of the chain as it was read.
    pub fn revision(&self, index: usize) -> &Revision {
        &self.chain.revisions[index]
    }

    /// The version location that a file lies in.
    pub fn location_of(&self, file: &str) -> &str {
        let locations = self.chain.config.versions.iter().map(String::as_str);
        let holds = |location: &&str| {
            file.strip_prefix(*location)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        locations
            .filter(holds)
            .max_by_key(|location| location.len())
            .unwrap_or("versions")
    }
}

fn exists(path: &Path) -> CommandError {
    CommandError::new(format!(
        "{} exists already; nothing was written",
        path.display()
    ))
    .help("change the message or the id")
}
