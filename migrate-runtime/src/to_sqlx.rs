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
        self.to_migrator(ENABLED)
    }

    /// The same for one database, when the features of several are enabled.
    ///
    /// # Errors
    /// A revision is written in Rust, or has no SQL for this database.
    pub fn to_sqlx_for(&self, dialect: Dialect) -> Result<Migrator, Error> {
        self.to_migrator(&[dialect])
    }

    fn to_migrator(&self, dialects: &[Dialect]) -> Result<Migrator, Error> {
        let graph = self.graph();
        let revisions = graph.parents_first().into_iter();
        let revisions = revisions.map(|index| &self.revisions()[index]);
        let migrations: Result<Vec<Migration>, Error> = (1..)
            .zip(revisions)
            .map(|(version, revision)| self.to_migration(version, revision, dialects))
            .collect();
        Ok(Migrator::with_migrations(migrations?))
    }

    fn to_migration(
        &self,
        version: i64,
        revision: &Revision,
        dialects: &[Dialect],
    ) -> Result<Migration, Error> {
        let sql = unix(self.only_sql(revision, dialects)?);
        let keeps_foreign_keys = dialects != [Dialect::Sqlite] || revision.keeps_foreign_keys();
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

    /// The upgrade, if it is the same for each of the databases.
    fn only_sql<'r>(&self, revision: &'r Revision, dialects: &[Dialect]) -> Result<&'r str, Error> {
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
        let ranges = dialects
            .iter()
            .map(|&dialect| revision.upgrade_range(dialect));
        let mut ranges: Vec<_> = ranges.collect();
        ranges.dedup();
        let [range] = &ranges[..] else {
            return Err(refused(
                "it has other SQL for each database",
                "name one with `to_sqlx_for`, or use `#[embed_migrations::test]`",
            ));
        };
        let range = range
            .clone()
            .ok_or_else(|| refused("it has no SQL for the database", "write a section for it"))?;
        Ok(&revision.text()[range])
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;

    const REBUILD: &str = "-- Rebuild\n--\n-- revision: a1\n-- down_revision: none\n-- foreign_keys: off\n\n\
        -- migrate: upgrade sqlite\nCREATE TABLE t (id INTEGER);\n\n-- migrate: upgrade postgres\nCREATE TABLE t (id bigint);\n";

    fn chain(file: &str, text: &str) -> (tempfile::TempDir, Migrations) {
        let folder = tempfile::tempdir().expect("a folder");
        let versions = folder.path().join("versions");
        std::fs::create_dir(&versions).expect("a folder in it");
        std::fs::write(versions.join(file), text).expect("a file in that");
        let migrations = Migrations::load(folder.path()).expect("a sound chain");
        (folder, migrations)
    }

    #[tokio::test]
    async fn foreign_keys_are_off_while_a_revision_says_so() {
        let (_folder, migrations) = chain("a1.sql", REBUILD);
        let migrator = migrations.to_sqlx_for(Dialect::Sqlite).expect("SQL");
        let migration = migrator.iter().next().expect("one");
        assert!(
            migration.no_tx
                && migration
                    .sql
                    .as_str()
                    .starts_with("PRAGMA foreign_keys = OFF;")
        );
        let pool = sqlx::SqlitePool::connect("sqlite::memory:")
            .await
            .expect("memory");
        migrator.run(&pool).await.expect("it runs");
    }

    #[test]
    fn what_sqlx_cannot_run_is_refused_by_its_file() {
        let (_folder, migrations) = chain("a1.sql", REBUILD);
        let error = migrations.to_sqlx_for(Dialect::MySql).expect_err("no SQL");
        assert!(error.summary().contains("versions/a1.sql") && error.summary().contains("no SQL"));
        let error = migrations.to_migrator(&[Dialect::Sqlite, Dialect::Postgres]);
        let advice = error.expect_err("which one?");
        assert!(
            advice
                .advice()
                .is_some_and(|advice| advice.contains("to_sqlx_for"))
        );
        let rust = "//! Fill\n//!\n//! revision: a1\n//! down_revision: none\n\n\
            pub async fn upgrade(_: &mut Context<'_>) -> Result<()> { Ok(()) }\n";
        let (_folder, migrations) = chain("a1.rs", rust);
        let error = migrations.to_sqlx().expect_err("it is in Rust");
        assert!(error.summary().contains("versions/a1.rs"), "{error}");
    }
}
