//! A new file of `revision` or `merge`: checked in memory, written, and made known to cargo.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use migrate_chain::{Chain, names};
use serde::Serialize;

use super::directory::Directory;
use super::failure::{CommandError, Result};
use super::revision_file::{self, RevisionFile};
use super::{file_name, hooks, id, touch};

/// A revision to write.
pub struct NewRevision<'a> {
    /// Its id; made up where none is given.
    pub id: Option<&'a str>,
    /// Its message.
    pub message: &'a str,
    /// Its parents, as places in the chain.
    pub parents: Vec<usize>,
    /// Ids and labels that it depends on, resolved.
    pub depends_on: Vec<String>,
    /// The labels that it declares.
    pub branch_labels: &'a [String],
    /// The version location, where one was asked for.
    pub location: Option<&'a str>,
    /// Further keys of its header.
    pub keys: Vec<(&'static str, &'static str)>,
    /// The text below its header.
    pub body: String,
    /// Whether it is Rust, and not SQL.
    pub is_rust: bool,
    /// Whether it may begin a branch where the chain has one head, as its user asked: the build says so until that is
    /// joined.
    pub may_split: bool,
}

/// The revisions that a command has written.
#[derive(Debug, Default, Serialize)]
pub struct Revisions {
    /// In order; none where there was nothing to do.
    #[serde(rename = "revisions")]
    pub written: Vec<Written>,
    /// Hazards to know of before they are applied.
    pub hazards: Vec<String>,
    /// Faults for which the build will fail.
    pub warnings: Vec<String>,
    /// Parts of the files that were left out, or read in a special way.
    pub notes: Vec<String>,
}

impl From<Written> for Revisions {
    fn from(written: Written) -> Self {
        Self {
            written: vec![written],
            ..Self::default()
        }
    }
}

/// A revision that has been written.
#[derive(Debug, Serialize)]
pub struct Written {
    /// Its id.
    #[serde(rename = "revision")]
    pub id: String,
    /// Its message.
    pub message: String,
    /// The ids of its parents.
    #[serde(rename = "down_revision")]
    pub parents: Vec<String>,
    /// Its path.
    pub path: PathBuf,
}

impl NewRevision<'_> {
    /// Checks the revision with the whole chain, writes it, runs the hooks and lets cargo know.
    ///
    /// # Errors
    /// Nothing was written, except where a hook failed: the message says so.
    pub fn write(self, directory: &Directory) -> Result<Written> {
        for label in self.branch_labels {
            names::check_label(label).map_err(id::wrong)?;
        }
        let id = id::choose(self.id, directory)?;
        let config = &directory.chain.config;
        let now = now_in(&config.timezone)?;
        let file = self.file(directory, &id, &now);
        let location = self.location(directory)?;
        let name = file_name::file_name(config, &id, self.message, &now);
        let place = format!("{location}/{name}.{}", file.extension());
        directory.refuse_existing(&place)?;
        check(directory, &place, &file, &id, self.may_split)?;
        let path = directory.create(&place, &file.text())?;
        touch::touch(directory);
        hooks::run(&config.post_write_hooks, &path)?;
        check_hooks(directory, &path)?;
        let graph = &directory.chain.graph;
        Ok(Written {
            id,
            parents: self
                .parents
                .iter()
                .map(|&parent| graph.id(parent).to_owned())
                .collect(),
            message: file.message,
            path,
        })
    }

    fn file(&self, directory: &Directory, id: &str, now: &ZonedDateTime) -> RevisionFile {
        let graph = &directory.chain.graph;
        let parents: Vec<&str> = self
            .parents
            .iter()
            .map(|&parent| graph.id(parent))
            .collect();
        let file = RevisionFile::new(self.message, self.is_rust)
            .key("revision", id)
            .key("down_revision", revision_file::parents(&parents))
            .key("depends_on", self.depends_on.join(", "))
            .key("branch_labels", self.branch_labels.join(", "))
            .key("created", revision_file::created(now))
            .body(self.body.as_str());
        self.keys
            .iter()
            .fold(file, |file, (key, value)| file.key(key, *value))
    }

    /// The version location: the one that was asked for, else that of the first parent, else the only one.
    fn location<'d>(&'d self, directory: &'d Directory) -> Result<&'d str> {
        if let Some(location) = self.location {
            return Ok(location);
        }
        if let Some(&parent) = self.parents.first() {
            return Ok(directory.location_of(directory.revision(parent).file()));
        }
        match &*directory.chain.config.versions {
            [only] => Ok(only),
            several => Err(CommandError::new(format!(
                "there are {} version locations",
                several.len()
            ))
            .help(format!(
                "say which one with --version-path: {}",
                several.join(", ")
            ))),
        }
    }
}

/// Loads the chain with the new file in memory: what the build would refuse is not written.
fn check(
    directory: &Directory,
    place: &str,
    file: &RevisionFile,
    id: &str,
    may_split: bool,
) -> Result<()> {
    let after = |file: &RevisionFile| {
        let changed = directory.overlay().with(place, &file.text());
        directory.check_but_heads(&changed, &format!("the new revision `{id}`"), may_split)
    };
    check_message(file, id, after)?
        .map(drop)
        .ok_or_else(|| not_read(place))
}

/// A file that lies where the loader does not look.
pub fn not_read(place: &str) -> CommandError {
    CommandError::new(format!(
        "{place} would not be read as a revision; nothing was written"
    ))
    .help("set `recursive = true` in migrate.toml for a `file_template` with folders")
}

/// The chain with a new file, if that says what it is meant to say; none where the file is not read.
///
/// # Errors
/// The file would break the chain, or its message would be read as something else.
pub fn check_message(
    file: &RevisionFile,
    id: &str,
    after: impl Fn(&RevisionFile) -> Result<Chain>,
) -> Result<Option<Chain>> {
    let chain = match after(file) {
        Ok(chain) => chain,
        // Without its message it would do.
        Err(_) if after(&file.without_message()).is_ok() => return Err(read_as_header()),
        Err(failure) => return Err(failure),
    };
    match chain.graph.find(id) {
        None => Ok(None),
        Some(index) if chain.revisions[index].message() == file.message => Ok(Some(chain)),
        Some(_) => Err(read_as_header()),
    }
}

/// A hook rewrites the file as it likes: what came of it is a chain all the same, or an error.
fn check_hooks(directory: &Directory, path: &Path) -> Result<()> {
    if directory.chain.config.post_write_hooks.is_empty() {
        return Ok(());
    }
    Directory::open(directory.root())
        .map(drop)
        .map_err(|failure| {
            failure.headline(format!(
                "the post-write hooks left {} broken",
                path.display()
            ))
        })
}

fn read_as_header() -> CommandError {
    CommandError::new(
        "a line of the message would be read as part of the header; nothing was written",
    )
    .help("change the message: none of its lines may begin like `revision: …` or `migrate: …`")
}

/// The time, in the zone of the settings.
///
/// # Errors
/// There is no such zone, or the clock of the machine is past the years that a date can have.
pub fn now_in(zone: &str) -> Result<ZonedDateTime> {
    time_in(zone, SystemTime::now())
}

fn time_in(zone: &str, time: SystemTime) -> Result<ZonedDateTime> {
    let zone = TimeZone::get(zone).map_err(|_| {
        CommandError::new(format!("there is no time zone `{zone}`"))
            .help("`timezone` in migrate.toml takes an IANA name such as \"Europe/Zurich\"")
    })?;
    let time = Timestamp::try_from(time).map_err(|_| {
        CommandError::new(
            "the clock of this machine is past the year 9999, or before the year -9999",
        )
        .help("set the clock; `created` in a revision file has a year of four digits")
    })?;
    Ok(time.to_zoned_datetime(zone))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_clock_past_the_last_year_is_an_error_and_no_panic() {
        let at = |seconds| {
            time_in(
                "Europe/Zurich",
                SystemTime::UNIX_EPOCH + Duration::from_secs(seconds),
            )
        };
        assert_eq!(at(0).expect("a date").year(), 1970);
        // 10000-01-01T00:00:00Z
        let failure = at(253_402_300_800).expect_err("no such year");
        assert!(
            failure.summary().contains("the clock of this machine"),
            "{failure:?}"
        );
    }
}
