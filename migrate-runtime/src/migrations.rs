use std::borrow::Cow;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use migrate_chain::config::Config;
use migrate_chain::graph::RevisionGraph;
use migrate_chain::sql::split;
use migrate_chain::{Chain, Diagnostic, Dialect, Revision, Tree};

use crate::context::RevisionFn;
use crate::database::Database;
use crate::error::{Error, ErrorKind};
use crate::run::step;
use crate::runner::{Resolution, Runner};
use crate::status::Status;
use crate::store::{Packed, Store};
use crate::{Fleet, Plan, Report, offline};

/// A chain of revisions, ready to be applied.
///
/// [`embed_migrations!`](crate::embed_migrations) makes one at build time, as a constant: parsed, checked, ordered and
/// hashed. [`Migrations::load`] makes the same from a directory at run time.
#[derive(Clone)]
pub struct Migrations {
    pub(crate) directory: Cow<'static, str>,
    /// Whether it has a `migrate.toml`.
    pub(crate) has_config_file: bool,
    pub(crate) settings: Settings,
    pub(crate) store: Store,
    /// The functions of the Rust revisions, in their order; empty when the chain was loaded at run time.
    pub(crate) functions: Cow<'static, [Functions]>,
    /// Where the directory was at build time; only in debug builds.
    pub(crate) source: Option<&'static str>,
}

/// What the runtime needs of `migrate.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) versions: Cow<'static, [Cow<'static, str>]>,
    pub(crate) recursive: bool,
    pub(crate) many_heads: bool,
    pub(crate) version_table: Cow<'static, str>,
    pub(crate) version_table_schema: Option<Cow<'static, str>>,
    pub(crate) journal_table: Cow<'static, str>,
    /// By [`Dialect::index`].
    pub(crate) connect: [Option<Cow<'static, str>>; 3],
}

impl Settings {
    /// The statements of `[connect]` for a database.
    pub(crate) fn connect(&self, dialect: Dialect) -> Vec<String> {
        let text = self.connect[dialect.index()].as_deref();
        let text = text.map(step::unix).unwrap_or_default();
        let statements = split(dialect, &text);
        statements
            .map(|statement| text[statement.range()].to_owned())
            .collect()
    }
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

/// What `embed_migrations!` writes: the parts of a [`Migrations`].
#[doc(hidden)]
#[derive(Clone, Copy)]
#[allow(
    missing_docs,
    reason = "the fields are those of Migrations and Settings, and only the macro writes them"
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
            settings: Settings {
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
        Self::from_tree(&crate::embedded_dir::EmbeddedDir::new(dir))
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

    /// Upgrades to the head, or to all heads where the chain allows many. One round trip when there is nothing to do.
    ///
    /// Any number of processes may call this at once: one applies each revision, and the others wait for it.
    ///
    /// # Errors
    /// [`Error`], whose text says what, where and what next. What had been committed before stays; nothing else changes.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// let report = migrations.upgrade(&pool).await?;
    /// assert_eq!(report.current, migrations.heads());
    /// assert!(migrations.upgrade(&pool).await?.is_empty());
    /// # Ok(()) }
    /// ```
    pub async fn upgrade<'a>(&'a self, db: impl Database<'a>) -> Result<Report, Error> {
        self.runner(db).upgrade().await
    }

    /// Downgrades to `target`, such as `-1`, `base` or a revision.
    ///
    /// # Errors
    /// [`Error`]; a plan that crosses an irreversible revision is refused before anything runs.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// migrations.upgrade(&pool).await?;
    /// let report = migrations.downgrade(&pool, "base").await?;
    /// assert!(report.current.is_empty());
    /// # Ok(()) }
    /// ```
    pub async fn downgrade<'a>(
        &'a self,
        db: impl Database<'a>,
        target: &str,
    ) -> Result<Report, Error> {
        self.runner(db).to(target).downgrade().await
    }

    /// A run with settings of its own.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// let run = migrations.runner(&pool).lock_deadline(std::time::Duration::from_secs(30));
    /// let report = run.on_event(|event| println!("{event:?}")).upgrade().await?;
    /// assert_eq!(report.current, migrations.heads());
    /// # Ok(()) }
    /// ```
    pub fn runner<'a, D: Database<'a>>(&'a self, db: D) -> Runner<'a, D> {
        Runner::new(self, db)
    }

    /// Works on many databases with this chain, such as one for each tenant: several at a time, and a failure of one does
    /// not stop the others. Each comes with a name, which events and errors tell.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let (ada, grace) = (sqlx::SqlitePool::connect("sqlite::memory:").await?, sqlx::SqlitePool::connect("sqlite::memory:").await?);
    /// let fleet = migrations.for_each([("ada", &ada), ("grace", &grace)]).upgrade().await;
    /// assert_eq!(fleet.databases[1].name, "grace");
    /// fleet.into_result()?;
    /// # Ok(()) }
    /// ```
    pub fn for_each<'a, N: Into<String>, D: Database<'a> + 'a>(
        &'a self,
        databases: impl IntoIterator<Item = (N, D)>,
    ) -> Fleet<'a, D> {
        let databases = databases.into_iter();
        Fleet::new(
            self,
            databases.map(|(name, db)| (name.into(), db)).collect(),
        )
    }

    /// Where the database is, what is pending and what is wrong. Writes nothing.
    ///
    /// # Errors
    /// [`Error`] when the database cannot be read.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// let status = migrations.status(&pool).await?;
    /// assert!(status.current.is_empty() && !status.pending.is_empty());
    /// # Ok(()) }
    /// ```
    pub async fn status<'a>(&'a self, db: impl Database<'a>) -> Result<Status, Error> {
        self.runner(db).status().await
    }

    /// Makes sure that the database is at the head and that nothing applied was edited. Writes nothing.
    ///
    /// # Errors
    /// [`Error`] that names what is pending, unknown, edited or in doubt.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// assert!(migrations.check(&pool).await.unwrap_err().is_not_current());
    /// migrations.upgrade(&pool).await?;
    /// migrations.check(&pool).await?;
    /// # Ok(()) }
    /// ```
    pub async fn check<'a>(&'a self, db: impl Database<'a>) -> Result<(), Error> {
        self.runner(db).check().await
    }

    /// Waits until some other process has brought the database to the head. Writes nothing.
    ///
    /// # Errors
    /// [`Error`] when the time is up, with what is missing still; at once for what waiting cannot mend, such as an
    /// edited revision.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// let soon = std::time::Duration::from_millis(1);
    /// assert!(migrations.wait_until_current(&pool, soon).await.unwrap_err().is_not_current());
    /// migrations.upgrade(&pool).await?;
    /// migrations.wait_until_current(&pool, soon).await?;
    /// # Ok(()) }
    /// ```
    pub async fn wait_until_current<'a>(
        &'a self,
        db: impl Database<'a>,
        timeout: Duration,
    ) -> Result<(), Error> {
        self.runner(db).wait_until_current(timeout).await
    }

    /// What an upgrade to `target` would run, in order. Writes nothing.
    ///
    /// # Errors
    /// [`Error`] when the database cannot be read or the target cannot be reached.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// let plan = migrations.plan(&pool, "heads").await?;
    /// assert_eq!(plan.steps.len(), migrations.revisions().len());
    /// # Ok(()) }
    /// ```
    pub async fn plan<'a>(&'a self, db: impl Database<'a>, target: &str) -> Result<Plan, Error> {
        self.runner(db).to(target).plan_upgrade().await
    }

    /// The script that upgrades a database offline, for `psql`, `mysql` or `sqlite3` to run. `range` is `a:b`, or a
    /// target alone to begin at an empty database.
    ///
    /// # Errors
    /// [`Error`] when the range is wrong, or a revision in it is Rust or has no SQL for the dialect.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// let script = migrations.sql(Dialect::Sqlite, "heads")?;
    /// assert!(script.contains("BEGIN IMMEDIATE;"));
    /// # Ok(()) }
    /// ```
    pub fn sql(&self, dialect: Dialect, range: &str) -> Result<String, Error> {
        offline::upgrade(self, dialect, range)
    }

    /// The script that downgrades a database offline. `range` is `b:a`, from b down to a.
    ///
    /// # Errors
    /// [`Error`] when the range is wrong, or a revision in it cannot be undone in SQL.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// let script = migrations.sql_downgrade(Dialect::Sqlite, "heads:base")?;
    /// assert!(script.contains("DELETE FROM"));
    /// # Ok(()) }
    /// ```
    pub fn sql_downgrade(&self, dialect: Dialect, range: &str) -> Result<String, Error> {
        offline::downgrade(self, dialect, range)
    }

    /// The script that sets the version rows to `targets` without running anything. A target may be `a:b`: the rows are
    /// those of `a` then, and of an empty database otherwise. With `purge` they may be any.
    ///
    /// # Errors
    /// [`Error`] when a target is wrong.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// let script = migrations.sql_stamp(Dialect::Postgres, &["heads"], false)?;
    /// assert!(script.contains("INSERT INTO"));
    /// # Ok(()) }
    /// ```
    pub fn sql_stamp(
        &self,
        dialect: Dialect,
        targets: &[&str],
        purge: bool,
    ) -> Result<String, Error> {
        offline::stamp(self, dialect, targets, purge)
    }

    /// The script that creates the version table and the journal.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// let script = migrations.sql_ensure_version(Dialect::MySql);
    /// assert!(script.contains("CREATE TABLE IF NOT EXISTS `alembic_version`"));
    /// # Ok(()) }
    /// ```
    pub fn sql_ensure_version(&self, dialect: Dialect) -> String {
        offline::ensure_version(self, dialect)
    }

    /// Sets the version rows to `targets` without running anything. It moves a database forward only, unless a runner is
    /// told to [`force`](Runner::force) it.
    ///
    /// # Errors
    /// [`Error`] when a target is wrong, or when a revision that is applied would not be any more.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// let report = migrations.stamp(&pool, &["heads"]).await?;
    /// assert!(report.steps.is_empty());
    /// migrations.check(&pool).await?;
    /// # Ok(()) }
    /// ```
    pub async fn stamp<'a>(
        &'a self,
        db: impl Database<'a>,
        targets: &[&str],
    ) -> Result<Report, Error> {
        self.runner(db).stamp(targets).await
    }

    /// Settles a revision that stopped half-way outside a transaction.
    ///
    /// # Errors
    /// [`Error`] when no revision of this id is in doubt.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// // Nothing is half-way here.
    /// let error = migrations.resolve(&pool, "1975ea83b712", Resolution::Applied).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Unsupported);
    /// # Ok(()) }
    /// ```
    pub async fn resolve<'a>(
        &'a self,
        db: impl Database<'a>,
        revision: &str,
        resolution: Resolution,
    ) -> Result<Report, Error> {
        self.runner(db).resolve(revision, resolution).await
    }

    /// The graph of the chain. Built anew by each call, in time linear in the chain.
    pub(crate) fn graph(&self) -> RevisionGraph {
        crate::graph::of(self.revisions())
    }

    /// The SQL of `[connect]` in migrate.toml for a database.
    #[doc(hidden)]
    pub fn connect_sql(&self, dialect: Dialect) -> Option<&str> {
        self.settings.connect[dialect.index()].as_deref()
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
            settings: Settings::from(chain.config),
            store: Store::Loaded {
                revisions: chain.revisions,
                heads,
            },
            functions: Cow::Borrowed(&[]),
            source: None,
        }
    }
}

impl From<Config> for Settings {
    fn from(config: Config) -> Self {
        Self {
            versions: config.versions.into_iter().map(Cow::Owned).collect(),
            recursive: config.recursive,
            many_heads: config.many_heads,
            version_table: config.version_table.into(),
            version_table_schema: config.version_table_schema.map(Cow::Owned),
            journal_table: config.journal_table.into(),
            connect: config.connect.map(|text| text.map(Cow::Owned)),
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
