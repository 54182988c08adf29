//! A real Alembic and this library on the same database, each going on where the other has stopped.
//!
//! `cargo xtask setup` installs Alembic under `target/alembic`.
#![allow(
    missing_docs,
    dead_code,
    clippy::unwrap_used,
    reason = "tests: a panic is a failure, and nobody imports them; not every helper is used"
)]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use embed_migrations::Migrations;
use support::Backend;
use support::chain::Chain;
use support::checker::assert_consistent;
use support::ran;
use tempfile::TempDir;

/// The revisions of both: an id, its parents, what it depends on.
///
/// ```text
/// r1 - a2 - m3
///    \ b2 /
/// d1           depends on b2
/// ```
const REVISIONS: [(&str, &[&str], &[&str]); 5] = [
    ("r1", &[], &[]),
    ("a2", &["r1"], &[]),
    ("b2", &["r1"], &[]),
    ("m3", &["a2", "b2"], &[]),
    ("d1", &[], &["b2"]),
];

/// An Alembic project.
struct Alembic {
    folder: TempDir,
    url: String,
}

impl Alembic {
    fn new(url: String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("alembic.ini", "[alembic]\nscript_location = %(here)s\n");
        write("env.py", include_str!("alembic/env.py"));
        fs::create_dir(folder.path().join("versions")).unwrap();
        for (id, down, depends_on) in REVISIONS {
            write(
                &format!("versions/{id}.py"),
                &revision(id, down, depends_on),
            );
        }
        Self { folder, url }
    }

    /// Runs a command of Alembic's; what it prints, a line each.
    fn run(&self, arguments: &[&str]) -> Vec<String> {
        let output = Command::new(python())
            .args(["-m", "alembic"])
            .args(arguments)
            .env("ALEMBIC_URL", &self.url)
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {text}{error}");
        text.lines().map(str::to_owned).collect()
    }

    /// The revisions that its `current` shows, sorted.
    fn current(&self) -> Vec<String> {
        let lines = self.run(&["current"]).into_iter();
        let mut current: Vec<String> = lines
            .map(|line| line.split(' ').next().unwrap().to_owned())
            .collect();
        current.sort_unstable();
        current
    }
}

fn python() -> PathBuf {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/alembic/bin/python");
    assert!(
        python.exists(),
        "there is no Alembic in target/alembic: run `cargo xtask setup`, which installs it"
    );
    python
}

/// A revision file of Alembic's.
fn revision(id: &str, down: &[&str], depends_on: &[&str]) -> String {
    let tuple = |ids: &[&str]| {
        if ids.is_empty() {
            return "None".to_owned();
        }
        let quoted = ids.iter().fold(String::new(), |mut text, id| {
            let _ = write!(text, "\"{id}\", ");
            text
        });
        format!("({quoted})")
    };
    format!(
        "\"\"\"Make {id}\"\"\"\n\nfrom alembic import op\n\nrevision = \"{id}\"\ndown_revision = {}\nbranch_labels = None\n\
         depends_on = {}\n\n\ndef upgrade():\n    op.execute(\"CREATE TABLE t_{id} (id INTEGER)\")\n\n\n\
         def downgrade():\n    op.execute(\"DROP TABLE t_{id}\")\n",
        tuple(down),
        tuple(depends_on)
    )
}

/// The same revisions as files of ours.
fn migrations() -> Migrations {
    let chain = Chain::new().config("heads = 'many'\nbases = 'many'\n");
    let chain = REVISIONS
        .iter()
        .fold(chain, |chain, (id, down, depends_on)| {
            let none = down.is_empty().then(|| "none".to_owned());
            let chain = chain.revision(id, &none.unwrap_or_else(|| down.join(", ")));
            let chain = if depends_on.is_empty() {
                chain
            } else {
                chain.header(&format!("depends_on: {}", depends_on.join(", ")))
            };
            chain
                .up(&format!("CREATE TABLE t_{id} (id INTEGER)"))
                .down(&format!("DROP TABLE t_{id}"))
        });
    chain.load()
}

/// A chain that Alembic began is taken over without a step, and Alembic continues ours.
async fn both_ways<B: Backend>(database: B, url: String) {
    let alembic = Alembic::new(url);
    let ours = migrations();
    alembic.run(&["upgrade", "a2"]);
    let tables = database.tables().await;
    let status = ours.status(database.db()).await.unwrap();
    assert_eq!(
        (status.current, status.pending.len()),
        (vec!["a2".to_owned()], 3)
    );
    assert_eq!(database.tables().await, tables, "a look changes nothing");
    let report = ours.upgrade(database.db()).await.unwrap();
    let mut run = ran(&report);
    run.sort_unstable();
    assert_eq!(
        run,
        ["b2", "d1", "m3"],
        "what Alembic has run does not run again"
    );
    assert_eq!(report.current, ["d1", "m3"]);

    assert_eq!(alembic.current(), ["d1", "m3"]);
    assert!(
        alembic
            .run(&["current"])
            .iter()
            .all(|line| line.contains("(head)"))
    );
    alembic.run(&["upgrade", "heads"]);
    ours.check(database.db()).await.unwrap();
    assert!(ours.upgrade(database.db()).await.unwrap().is_empty());

    alembic.run(&["downgrade", "r1"]);
    let status = ours.status(database.db()).await.unwrap();
    assert_eq!(status.current, ["r1"]);
    ours.runner(database.db()).to("m3").upgrade().await.unwrap();
    assert_eq!(alembic.current(), ["m3"]);
    ours.downgrade(database.db(), "a2").await.unwrap();
    assert_eq!(alembic.current(), database.versions().await);
    alembic.run(&["upgrade", "heads"]);
    ours.check(database.db()).await.unwrap();
    assert_eq!(
        ours.downgrade(database.db(), "base").await.unwrap().current,
        [""; 0]
    );
    assert_eq!(alembic.current(), [""; 0]);
    let left = database.tables().await;
    assert_eq!(left, ["alembic_version", "migrate_journal"]);
}

/// At the head there is nothing to take over, and nothing is written.
async fn at_the_head<B: Backend>(database: B, url: String) {
    let alembic = Alembic::new(url);
    let ours = migrations();
    alembic.run(&["upgrade", "heads"]);
    let tables = database.tables().await;
    assert!(ours.upgrade(database.db()).await.unwrap().is_empty());
    ours.check(database.db()).await.unwrap();
    assert_eq!(database.tables().await, tables);
}

/// A database that is ours from its start, read and gone on with by Alembic.
async fn ours_first<B: Backend>(database: B, url: String) {
    let alembic = Alembic::new(url);
    let ours = migrations();
    for target in ["r1", "a2", "b2", "m3", "heads"] {
        ours.runner(database.db())
            .to(target)
            .upgrade()
            .await
            .unwrap();
        assert_eq!(alembic.current(), database.versions().await, "at {target}");
        assert_consistent(&database).await;
    }
    alembic.run(&["stamp", "--purge", "r1"]);
    assert_eq!(ours.status(database.db()).await.unwrap().current, ["r1"]);
    ours.stamp(database.db(), &["heads"]).await.unwrap();
    assert_eq!(alembic.current(), ["d1", "m3"]);
}

macro_rules! on {
    ($backend:ty, $url:expr) => {
        use super::*;

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn both_ways() {
            let database = <$backend>::fresh().await;
            let url = $url(&database);
            super::both_ways(database, url).await;
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn at_the_head() {
            let database = <$backend>::fresh().await;
            let url = $url(&database);
            super::at_the_head(database, url).await;
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn ours_first() {
            let database = <$backend>::fresh().await;
            let url = $url(&database);
            super::ours_first(database, url).await;
        }
    };
}

mod on_sqlite {
    use crate::support::sqlite::Sqlite;

    fn url(database: &Sqlite) -> String {
        format!("sqlite:///{}", database.path().display())
    }

    on!(Sqlite, url);
}

#[cfg(feature = "postgres")]
mod on_postgres {
    use crate::support::postgres::Postgres;

    fn url(database: &Postgres) -> String {
        database
            .url()
            .replace("postgres://", "postgresql+pg8000://")
    }

    on!(Postgres, url);
}

#[cfg(feature = "mysql")]
mod on_mysql {
    use crate::support::mysql::MySql;

    fn url(database: &MySql) -> String {
        let url = database.server().url(&database.name);
        url.replace("mysql://", "mysql+pymysql://")
    }

    on!(MySql, url);
}
