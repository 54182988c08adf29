//! The settings that `migrate.toml` can hold, with their defaults.

use crate::Dialect;
use crate::adopt::Adopt;
use crate::source::Place;

/// The settings of a migration directory, with the defaults for what `migrate.toml` leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a key of migrate.toml with two values"
)]
pub struct Config {
    /// The version locations, relative to the migration directory, in the order in which they are read.
    pub versions: Vec<String>,
    /// Whether sub-folders of a version location are read too.
    pub recursive: bool,
    /// The databases that every revision must serve; empty when none are declared.
    pub dialects: Vec<Dialect>,
    /// Whether the chain may have more heads than one.
    pub many_heads: bool,
    /// Whether the chain may have more bases than one.
    pub many_bases: bool,
    /// Whether each revision must have a downgrade or say that it is irreversible.
    pub downgrade_required: bool,
    /// The table of version rows.
    pub version_table: String,
    /// The schema of the version table and the journal; the connection's own when none is named.
    pub version_table_schema: Option<String>,
    /// The table of the journal: see [`journal_of`] for its default.
    pub journal_table: String,
    /// How a new revision's file is called.
    pub file_template: String,
    /// The time zone of the dates in a new revision.
    pub timezone: String,
    /// The longest slug in a file name, in characters.
    pub truncate_slug_length: usize,
    /// Commands that run on each new revision file.
    pub post_write_hooks: Vec<Hook>,
    /// Patterns of the names that a comparison of schemas looks at; empty for all.
    pub include: Vec<String>,
    /// Patterns of the names that a comparison of schemas does not look at.
    pub exclude: Vec<String>,
    /// SQL that runs on each new connection of a run, by [`Dialect::index`].
    pub connect: [Option<String>; 3],
    /// Whether runs keep each other out by a lease even if the server has locks.
    pub lease: bool,
    /// The tool whose history is taken over; none when the chain was not imported.
    pub adopt: Option<Adopt>,
    /// The servers for scratch databases, one for each kind of database; private servers when none is named.
    pub dev_url: Vec<String>,
    /// The SQL file, relative to the migration directory, that runs first on each scratch database.
    pub scratch_prelude: Option<String>,
    /// Whether there must be a `schema.lock`.
    pub lock_required: bool,
    /// The app's own commands, as `cargo migrate` starts them: they run revisions in Rust.
    pub app: Vec<String>,
    /// The desired schema.
    pub schema: SchemaSource,
    /// The findings that a review accepts.
    pub lint: Lint,
}

/// The sources of the desired schema, in the order in which they are loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaSource {
    /// Files and folders of Rust models, relative to the package.
    pub models: Vec<String>,
    /// SQL files, relative to the migration directory, with `*` for any characters of a name.
    pub files: Vec<String>,
    /// A program that prints SQL, with its arguments.
    pub program: Vec<String>,
    /// Whether to drop what the source does not name; if it does not say, only where there are no models.
    pub drop_unknown: Option<bool>,
}

impl SchemaSource {
    /// Whether what the source does not name is dropped.
    pub fn drops_unknown(&self) -> bool {
        self.drop_unknown.unwrap_or(self.models.is_empty())
    }
}

/// The table `[lint]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lint {
    /// How a build reports the findings that need no database; `None` if the file does not say.
    pub build: Option<LintBuild>,
    /// The revision up to which, with its ancestors, nothing is reviewed.
    pub since: Option<String>,
    /// The rules whose findings are accepted everywhere.
    pub allow: Vec<Allowed>,
}

/// How a build reports findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LintBuild {
    /// It shows them as warnings.
    Warn,
    /// It fails.
    Deny,
}

/// A rule whose findings are accepted everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// The rule's code.
    pub code: String,
    /// Why it is accepted.
    pub reason: String,
}

/// A command that runs on a new revision file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The name that messages use.
    pub name: String,
    /// The program and its arguments; `{file}` is replaced by the path of the new file.
    pub command: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            versions: vec!["versions".to_owned()],
            recursive: false,
            dialects: Vec::new(),
            many_heads: false,
            many_bases: false,
            downgrade_required: false,
            version_table: DEFAULT_VERSION_TABLE.to_owned(),
            version_table_schema: None,
            journal_table: DEFAULT_JOURNAL_TABLE.to_owned(),
            file_template: "{rev}_{slug}".to_owned(),
            timezone: "UTC".to_owned(),
            truncate_slug_length: 40,
            post_write_hooks: Vec::new(),
            include: Vec::new(),
            exclude: Vec::new(),
            connect: [const { None }; 3],
            lease: false,
            adopt: None,
            dev_url: Vec::new(),
            scratch_prelude: None,
            lock_required: false,
            app: Vec::new(),
            schema: SchemaSource::default(),
            lint: Lint::default(),
        }
    }
}

/// The name of the version table where `migrate.toml` has no other: Alembic's.
pub const DEFAULT_VERSION_TABLE: &str = "alembic_version";

/// The name of the journal of [`DEFAULT_VERSION_TABLE`] where `migrate.toml` has no other.
pub const DEFAULT_JOURNAL_TABLE: &str = "migrate_journal";

/// The name of the journal that belongs to a version table, unless `migrate.toml` says otherwise: two chains in one
/// database share none.
///
/// ```
/// use migrate_chain::config::journal_of;
///
/// assert_eq!(journal_of("alembic_version"), "migrate_journal");
/// assert_eq!(journal_of("billing_version"), "billing_version_journal");
/// ```
pub fn journal_of(version_table: &str) -> String {
    if version_table == DEFAULT_VERSION_TABLE {
        DEFAULT_JOURNAL_TABLE.to_owned()
    } else {
        format!("{version_table}_journal")
    }
}

/// The settings that were read from `migrate.toml`, with or without faults.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub config: Config,
    /// The place of each version location in the file; none for the default.
    pub locations: Vec<Place>,
    /// The version locations are in doubt, and so is which files are revisions.
    pub doubtful_locations: bool,
}

impl Settings {
    /// The settings of a file that cannot be read: nothing is refused that one of its settings may allow.
    pub fn doubtful() -> Self {
        let mut settings = Self::default();
        for key in ["heads", "bases", "versions"] {
            settings.doubt(key);
        }
        settings
    }

    /// A key that cannot be read refuses nothing itself.
    pub fn doubt(&mut self, key: &str) {
        match key {
            "heads" => self.config.many_heads = true,
            "bases" => self.config.many_bases = true,
            "versions" | "recursive" => self.doubtful_locations = true,
            // The defaults of the others refuse nothing.
            _ => {}
        }
    }
}
