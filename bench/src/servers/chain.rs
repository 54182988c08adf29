//! The same chain in the form that each contender reads.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use diesel_migrations::{EmbeddedMigration, EmbeddedMigrations, EmbeddedName, TomlMetadataWrapper};
use embed_migrations::{Dialect, Migrations};
use rusqlite_migration::M;
use sea_orm_migration::sea_orm::ConnectionTrait as _;
use sea_orm_migration::{
    DbErr, MigrationName, MigrationTrait, MigratorTraitSelf, SchemaManager, async_trait,
};
use sqlx::migrate::Migrator;

use super::database::Databases;
use crate::Result;
use crate::chains;

/// The contents of the revisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// One row of a table that is there.
    Row,
    /// A table and an index.
    Table,
}

impl Content {
    pub(super) const ALL: [Self; 2] = [Self::Row, Self::Table];

    fn upgrade(self, n: usize) -> String {
        match self {
            Self::Row => format!("INSERT INTO item (id, name) VALUES ({n}, 'item {n}');\n"),
            Self::Table => format!(
                "CREATE TABLE t{n} (\n    id INTEGER NOT NULL PRIMARY KEY,\n    name VARCHAR(100) NOT NULL,\n    \
                 note VARCHAR(100) NOT NULL DEFAULT '',\n    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP\n);\n\
                 CREATE INDEX t{n}_name ON t{n} (name);\n"
            ),
        }
    }

    fn downgrade(self, n: usize) -> String {
        match self {
            Self::Row => format!("DELETE FROM item WHERE id = {n};"),
            Self::Table => format!("DROP TABLE t{n};"),
        }
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Row => "one row",
            Self::Table => "table + index",
        })
    }
}

/// The chain; peers that embed have theirs in memory, as their macros would put it there.
pub(super) struct Chain {
    pub(super) content: Content,
    pub(super) length: usize,
    pub(super) ours: &'static Migrations,
    pub(super) sqlx: &'static Migrator,
    pub(super) refinery: Vec<refinery::Migration>,
    diesel: &'static [Embedded],
    pub(super) sea_orm: SeaOrm,
    pub(super) rusqlite: rusqlite_migration::Migrations<'static>,
    folder: PathBuf,
}

impl Chain {
    pub(super) fn new(
        databases: &Databases,
        parent: &Path,
        content: Content,
        length: usize,
    ) -> Result<Self> {
        let folder = parent.join(format!("{content:?}_{length}"));
        let upgrades: Vec<&'static str> =
            (0..length).map(|n| &*content.upgrade(n).leak()).collect();
        let pairs = (0..length).map(|n| (content.upgrade(n), content.downgrade(n)));
        chains::write_line(&folder.join("ours"), pairs)?;
        let chain = Self {
            content,
            length,
            ours: leak(Migrations::load(folder.join("ours"))?),
            sqlx: leak(sqlx(databases, &folder.join("sqlx"), &upgrades)?),
            refinery: refinery(&upgrades)?,
            diesel: diesel(&upgrades).leak(),
            sea_orm: SeaOrm(upgrades.clone()),
            rusqlite: rusqlite_migration::Migrations::new(
                upgrades.iter().map(|up| M::up(up)).collect(),
            ),
            folder,
        };
        chain.write_scripts(&upgrades)?;
        Ok(chain)
    }

    pub(super) fn diesel(&self) -> EmbeddedMigrations {
        EmbeddedMigrations::new(self.diesel)
    }

    /// The files as we read them.
    pub(super) fn our_folder(&self) -> PathBuf {
        self.folder.join("ours")
    }

    /// The files as sqlx reads them.
    pub(super) fn sqlx_folder(&self) -> PathBuf {
        self.folder.join("sqlx")
    }

    /// The last upgrade: it fails in a database that has it already.
    pub(super) fn last(&self) -> String {
        self.content.upgrade(self.length - 1)
    }

    /// A script for a shell.
    pub(super) fn script(&self, script: Script) -> PathBuf {
        self.folder.join(format!("{script:?}.sql"))
    }

    fn write_scripts(&self, upgrades: &[&str]) -> Result {
        let each: Vec<String> = upgrades.iter().map(|upgrade| in_one(upgrade)).collect();
        let all = upgrades.concat();
        let journal = without_transactions(&self.ours.sql(Dialect::Sqlite, "head")?);
        fs::write(self.script(Script::Each), each.concat())?;
        fs::write(self.script(Script::Single), in_one(&all))?;
        Ok(fs::write(self.script(Script::Journal), in_one(&journal))?)
    }
}

/// The input of a shell.
#[derive(Clone, Copy, Debug)]
pub(super) enum Script {
    /// The upgrades, a transaction each.
    Each,
    /// The upgrades in one transaction.
    Single,
    /// The upgrades and all that ours records, in one transaction, for SQLite.
    Journal,
}

fn in_one(statements: &str) -> String {
    format!("BEGIN;\n{statements}COMMIT;\n")
}

fn without_transactions(script: &str) -> String {
    let is_kept = |line: &&str| !line.starts_with("BEGIN") && !line.starts_with("COMMIT");
    let lines = script.split_inclusive('\n').filter(is_kept);
    lines.collect()
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn sqlx(databases: &Databases, folder: &Path, upgrades: &[&str]) -> Result<Migrator> {
    fs::create_dir_all(folder)?;
    for (n, upgrade) in upgrades.iter().enumerate() {
        fs::write(folder.join(format!("{n:04}_step.sql")), upgrade)?;
    }
    Ok(databases.runtime.block_on(Migrator::new(folder))?)
}

fn refinery(upgrades: &[&str]) -> Result<Vec<refinery::Migration>> {
    let mut migrations = Vec::new();
    for (n, upgrade) in upgrades.iter().enumerate() {
        let name = format!("V{}__step", n + 1);
        migrations.push(refinery::Migration::unapplied(&name, upgrade)?);
    }
    Ok(migrations)
}

type Embedded = EmbeddedMigration;

fn diesel(upgrades: &[&'static str]) -> Vec<Embedded> {
    let embedded = |(n, upgrade): (usize, &&'static str)| {
        let name = EmbeddedName::new(format!("{n:04}_step").leak());
        EmbeddedMigration::new(upgrade, None, name, TomlMetadataWrapper::new(true))
    };
    upgrades.iter().enumerate().map(embedded).collect()
}

/// The upgrades as migrations of `SeaORM`.
pub(super) struct SeaOrm(Vec<&'static str>);

struct SeaOrmMigration {
    name: String,
    upgrade: &'static str,
}

impl MigratorTraitSelf for SeaOrm {
    fn migrations(&self) -> Vec<Box<dyn MigrationTrait>> {
        let migration = |(n, upgrade): (usize, &&'static str)| {
            let name = format!("m{n:04}_step");
            Box::new(SeaOrmMigration { name, upgrade }) as Box<dyn MigrationTrait>
        };
        self.0.iter().enumerate().map(migration).collect()
    }
}

impl MigrationName for SeaOrmMigration {
    fn name(&self) -> &str {
        &self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for SeaOrmMigration {
    async fn up(&self, manager: &SchemaManager) -> std::result::Result<(), DbErr> {
        let connection = manager.get_connection();
        connection.execute_unprepared(self.upgrade).await.map(drop)
    }
}
