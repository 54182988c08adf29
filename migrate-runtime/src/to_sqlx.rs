use migrate_chain::{Dialect, Revision};
use sqlx::AssertSqlSafe;
use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use crate::Migrations;
use crate::values::error::{Error, ErrorKind};
use crate::values::settings::unix;

/// The databases whose features are enabled.
const ENABLED: &[Dialect] = &[
    #[cfg(feature = "sqlite")]
    Dialect::Sqlite,
    #[cfg(feature = "postgres")]
    Dialect::Postgres,
    #[cfg(feature = "mysql")]
    Dialect::MySql,
];

impl Migrations {
    /// The same chain for `#[sqlx::test(migrator = "…")]`: its upgrades in order, numbered from 1.
    ///
    /// sqlx then replays the whole chain for each test, which takes ten times as long as a test of this crate or more.
    ///
    /// # Errors
    /// A revision is written in Rust, has no SQL for a database whose feature is enabled, or has other SQL for each of
    /// several.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// let migrator = migrations.to_sqlx()?;
    /// assert_eq!(migrator.iter().count(), migrations.revisions().len());
    /// # Ok(()) }
    /// ```
    pub fn to_sqlx(&self) -> Result<Migrator, Error> {
        let graph = self.graph();
        let revisions = graph.parents_first().into_iter();
        let revisions = revisions.map(|index| &self.revisions()[index]);
        let migrations: Result<Vec<Migration>, Error> = (1..)
            .zip(revisions)
            .map(|(version, revision)| self.to_migration(version, revision))
            .collect();
        Ok(Migrator::with_migrations(migrations?))
    }

    fn to_migration(&self, version: i64, revision: &Revision) -> Result<Migration, Error> {
        let (sql, keeps_foreign_keys) = self.only_sql(revision)?;
        let sql = unix(sql);
        // In a transaction, SQLite does not switch foreign keys off.
        let (sql, no_tx) = if keeps_foreign_keys {
            (sql.into_owned(), !revision.is_transactional())
        } else {
            let sql = format!(
                "PRAGMA foreign_keys = OFF;\nBEGIN;\n{sql}\n;COMMIT;\nPRAGMA foreign_keys = ON;\n"
            );
            (sql, true)
        };
        Ok(Migration::new(
            version,
            revision.message().to_owned().into(),
            MigrationType::Simple,
            AssertSqlSafe(sql).into_sql_str(),
            no_tx,
        ))
    }

    /// The upgrade, the same for each database that is enabled; and whether foreign keys stay on.
    fn only_sql<'r>(&self, revision: &'r Revision) -> Result<(&'r str, bool), Error> {
        let refused = |why: &str, help: &str| {
            let summary = format!(
                "{} cannot be a migration of sqlx: {why}",
                self.path_of(revision)
            );
            Error::new(ErrorKind::Unsupported, summary).help(help)
        };
        if revision.is_rust() {
            return Err(refused(
                "it is written in Rust",
                "use `#[embed_migrations::test]`, which runs it",
            ));
        }
        let ranges = ENABLED
            .iter()
            .map(|&dialect| revision.upgrade_range(dialect));
        let mut ranges: Vec<_> = ranges.collect();
        ranges.dedup();
        let [range] = &ranges[..] else {
            return Err(refused(
                "it has other SQL for each database",
                "enable the feature of one database, or use `#[embed_migrations::test]`",
            ));
        };
        let range = range.clone().ok_or_else(|| {
            refused(
                "it has no SQL for the database whose feature is enabled",
                "write a section for it",
            )
        })?;
        let keeps = ENABLED != [Dialect::Sqlite] || revision.keeps_foreign_keys();
        Ok((&revision.text()[range], keeps))
    }
}
