use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use migrate_chain::graph::RevisionGraph;
use migrate_chain::{Chain, Checksum, Diagnostic, Dialect, Revision, Tree};

use crate::context::RevisionFn;
use crate::embedded::graph;
use crate::embedded::store::{Packed, Store};
use crate::values::error::{Error, ErrorKind};
use crate::values::settings::EmbeddedSettings;

/// A chain of revisions, ready to be applied.
///
/// [`embed_migrations!`](crate::embed_migrations) makes one at build time, as a constant: parsed, checked, ordered and
/// hashed. [`Migrations::load`] makes the same from a directory at run time.
#[derive(Clone)]
pub struct Migrations {
    pub(crate) directory: Cow<'static, str>,
    /// Whether it has a `migrate.toml`.
    pub(crate) has_config_file: bool,
    pub(crate) settings: EmbeddedSettings,
    pub(crate) store: Store,
    /// The functions of the Rust revisions, in their order; empty when the chain was loaded at run time.
    pub(crate) functions: Cow<'static, [Functions]>,
    /// The path of the directory at build time; only in debug builds.
    pub(crate) source: Option<&'static str>,
}

/// The functions of a Rust revision.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Functions {
    /// Its place in the chain.
    pub revision: u32,
    /// Its `upgrade`.
    pub upgrade: RevisionFn,
    /// Its `downgrade`, if it has one.
    pub downgrade: Option<RevisionFn>,
}

/// The output of `embed_migrations!`: the parts of a [`Migrations`].
#[doc(hidden)]
#[derive(Clone, Copy)]
#[allow(
    missing_docs,
    reason = "the fields are those of Migrations and EmbeddedSettings, and only the macro writes them"
)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a fact of the chain that the macro knows"
)]
pub struct EmbeddedMigrations {
    pub directory: &'static str,
    pub has_config_file: bool,
    pub versions: &'static [Cow<'static, str>],
    pub recursive: bool,
    pub many_heads: bool,
    pub version_table: &'static str,
    pub version_table_schema: Option<&'static str>,
    pub journal_table: &'static str,
    pub connect: [Option<&'static str>; 3],
    pub lease: bool,
    pub adopt: Option<[&'static str; 2]>,
    pub chain: Packed,
    pub functions: &'static [Functions],
    pub source: Option<&'static str>,
}

impl Migrations {
    #[doc(hidden)]
    pub const fn embedded(parts: EmbeddedMigrations) -> Self {
        Self {
            directory: Cow::Borrowed(parts.directory),
            has_config_file: parts.has_config_file,
            settings: EmbeddedSettings {
                versions: Cow::Borrowed(parts.versions),
                recursive: parts.recursive,
                many_heads: parts.many_heads,
                version_table: Cow::Borrowed(parts.version_table),
                version_table_schema: borrowed(parts.version_table_schema),
                journal_table: Cow::Borrowed(parts.journal_table),
                connect: [
                    borrowed(parts.connect[0]),
                    borrowed(parts.connect[1]),
                    borrowed(parts.connect[2]),
                ],
                lease: parts.lease,
                adopt: match parts.adopt {
                    Some([tool, table]) => Some([Cow::Borrowed(tool), Cow::Borrowed(table)]),
                    None => None,
                },
            },
            store: Store::Packed(parts.chain),
            functions: Cow::Borrowed(parts.functions),
            source: parts.source,
        }
    }

    /// Loads the migration directory at `path`, with the same checks as the macro.
    ///
    /// Rust revisions are loaded as well, but only a binary that embeds them can run them.
    ///
    /// # Errors
    /// [`LoadError`], with everything that is wrong with the directory.
    ///
    /// ```
    /// use migrate_runtime::Migrations;
    ///
    /// let error = Migrations::load("no/such/directory").unwrap_err();
    /// assert_eq!(error.diagnostics()[0].code(), "no-directory");
    /// ```
    pub fn load(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        migrate_chain::load(path.as_ref())
            .map(Self::from)
            .map_err(LoadError)
    }

    /// Loads the migration directory at `path`, with any number of heads and bases: for what shows the chain, or joins its
    /// heads.
    ///
    /// # Errors
    /// [`LoadError`], with everything else that is wrong with the directory.
    ///
    /// ```
    /// use migrate_runtime::Migrations;
    ///
    /// let directory = "../tests/fixtures/second-head/migrations";
    /// assert!(Migrations::load(directory).is_err());
    /// assert_eq!(Migrations::load_unmerged(directory)?.heads().len(), 2);
    /// # Ok::<_, migrate_runtime::LoadError>(())
    /// ```
    pub fn load_unmerged(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        let path = path.as_ref();
        let tree = migrate_chain::Disk::new(path, path.to_string_lossy());
        migrate_chain::load::load_unmerged(&tree)
            .map(Self::from)
            .map_err(LoadError)
    }

    /// Loads a migration directory that the crate `include_dir` embedded.
    ///
    /// # Errors
    /// [`LoadError`], with everything that is wrong with the directory.
    #[cfg(feature = "include_dir")]
    pub fn from_dir(dir: &include_dir::Dir<'_>) -> Result<Self, LoadError> {
        Self::from_tree(&super::directory::EmbeddedDir::new(dir))
    }

    /// Loads a migration directory from anything that can list folders and read files.
    ///
    /// # Errors
    /// [`LoadError`], with everything that is wrong with the directory.
    pub fn from_tree(tree: &dyn Tree) -> Result<Self, LoadError> {
        migrate_chain::load_tree(tree)
            .map(Self::from)
            .map_err(LoadError)
    }

    /// The revisions, in loading order: version locations in order, then files by name.
    pub fn revisions(&self) -> &[Revision] {
        self.store.revisions()
    }

    /// The ids of the real heads: the version rows of a database that is up to date.
    pub fn heads(&self) -> Vec<String> {
        self.store
            .heads()
            .iter()
            .map(|head| head.id().to_owned())
            .collect()
    }

    /// The graph of the chain. Built by each call, in time linear in the chain.
    #[doc(hidden)]
    pub fn graph(&self) -> RevisionGraph {
        graph::of(self.revisions())
    }

    /// The migration directory, as it was named.
    #[doc(hidden)]
    pub fn directory(&self) -> &str {
        &self.directory
    }

    /// Whether no Rust revision can be run: there is none, or the chain was loaded at run time.
    #[doc(hidden)]
    pub fn is_without_functions(&self) -> bool {
        self.functions.is_empty()
    }

    /// The SQL of `[connect]` in migrate.toml for a database.
    #[doc(hidden)]
    pub fn connect_sql(&self, dialect: Dialect) -> Option<&str> {
        self.settings.connect[dialect.index()].as_deref()
    }

    /// A hash of all that decides what a database of this kind holds after an upgrade: the heads with their digests, the
    /// tables of the bookkeeping, and the SQL of `[connect]`. A Rust revision may do more than its text says.
    #[doc(hidden)]
    pub fn identity(&self, dialect: Dialect) -> String {
        let mut parts: Vec<String> = self
            .store
            .heads()
            .iter()
            .map(|head| format!("{} {}", head.id(), head.digest(dialect)))
            .collect();
        parts.sort_unstable();
        let settings = &self.settings;
        parts.push(format!(
            "{:?}",
            (
                &settings.version_table,
                &settings.version_table_schema,
                &settings.journal_table,
                &settings.connect[dialect.index()],
            )
        ));
        Checksum::of(&parts.join("\n")).to_string()
    }

    /// How a file of the chain is shown to people.
    #[doc(hidden)]
    pub fn path_of(&self, revision: &Revision) -> String {
        if revision.is_recorded() {
            return format!("{}/{}", self.settings.journal_table, revision.id());
        }
        format!(
            "{}/{}",
            self.directory.trim_end_matches('/'),
            revision.file()
        )
    }
}

const fn borrowed(text: Option<&'static str>) -> Option<Cow<'static, str>> {
    match text {
        Some(text) => Some(Cow::Borrowed(text)),
        None => None,
    }
}

impl From<Chain> for Migrations {
    fn from(chain: Chain) -> Self {
        let heads = chain.graph.real_heads().to_vec();
        Self {
            directory: chain.directory.into(),
            has_config_file: chain.has_config_file,
            settings: EmbeddedSettings::from(chain.config),
            store: Store::Loaded {
                revisions: chain.revisions,
                heads,
            },
            functions: Cow::Borrowed(&[]),
            source: None,
        }
    }
}

impl PartialEq for Migrations {
    /// Two are equal when they say the same about the same revisions, wherever they were read from.
    fn eq(&self, other: &Self) -> bool {
        self.settings == other.settings
            && self.revisions() == other.revisions()
            && self.heads() == other.heads()
    }
}

impl fmt::Debug for Migrations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migrations")
            .field("directory", &self.directory)
            .field("revisions", &self.revisions().len())
            .field("heads", &self.heads())
            .finish_non_exhaustive()
    }
}

/// Everything that is wrong with a migration directory.
#[derive(Clone, PartialEq)]
pub struct LoadError(Vec<Diagnostic>);

impl LoadError {
    /// The faults, sorted by file and position.
    ///
    /// ```
    /// use migrate_runtime::{Migrations, render};
    ///
    /// let error = Migrations::load("no/such/directory").unwrap_err();
    /// for diagnostic in error.diagnostics() {
    ///     assert!(render::json(diagnostic).contains("no-directory"));
    ///     let coloured = render::text(diagnostic, render::Style::Coloured);
    ///     assert!(coloured.contains("no/such/directory"));
    /// }
    /// ```
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.0
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, diagnostic) in self.0.iter().enumerate() {
            let separator = if n == 0 { "" } else { "\n\n" };
            let text = migrate_render::text(diagnostic, migrate_render::Style::Plain);
            write!(f, "{separator}{text}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for LoadError {
    /// The same text: `main` and `unwrap` print an error by its `Debug` form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for LoadError {}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        let summary = match error.0.len() {
            1 => "the migration directory has a fault".to_owned(),
            faults => format!("the migration directory has {faults} faults"),
        };
        Self::new(ErrorKind::Chain, summary).caused_by(error)
    }
}
