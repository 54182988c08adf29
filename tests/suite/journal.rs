//! The two tables as each release has left them: `tests/journal` has a dump of every one, which this release goes on with.
//!
//! A dump is never written again. That of a new version is written by `SNAPSHOTS=overwrite`, while its folder has none.

use std::path::{Path, PathBuf};
use std::{env, fs};

use embed_migrations::{ErrorKind, Migrations, embed_migrations};

use crate::support::checker::assert_consistent;
use crate::support::{Backend, ran};

static CHAIN: Migrations = embed_migrations!("tests/journal/migrations");

pub async fn of_each_release_is_read<B: Backend>() {
    let this = dump_of::<B>(env!("CARGO_PKG_VERSION"));
    if !this.exists() && env::var_os("SNAPSHOTS").is_some_and(|word| word == "overwrite") {
        write::<B>(&this).await;
    }
    assert!(
        this.exists(),
        "{} is missing: write it with SNAPSHOTS=overwrite, and never change it after the release",
        this.display()
    );
    for release in fs::read_dir(folder()).expect("the folder is there") {
        let release = release.expect("it can be read").file_name();
        if release != "migrations" {
            goes_on::<B>(&release.to_string_lossy()).await;
        }
    }
}

/// Restores what a release has left, and asks for the status, the upgrade and the downgrade.
async fn goes_on<B: Backend>(release: &str) {
    let database = B::fresh().await;
    let dump = fs::read_to_string(dump_of::<B>(release)).expect("each release has its dumps");
    database.execute(&dump).await.unwrap();
    every_column_is_filled(&database).await;

    let status = CHAIN.status(database.db()).await.unwrap();
    assert_eq!(status.current, ["again", "side"], "{release}");
    assert_eq!((status.edited.len(), status.ahead.len()), (0, 0));
    let unfinished = status.unfinished.expect("one is interrupted");
    assert_eq!(unfinished.revision, "backfill");
    let error = CHAIN.check(database.db()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotCurrent, "{error}");

    database.execute("DELETE FROM mood").await.unwrap();
    let report = CHAIN.upgrade(database.db()).await.unwrap();
    assert_eq!(ran(&report), ["backfill"]);
    let times = "SELECT DISTINCT CONCAT(times) FROM numbers";
    assert_eq!(database.column(times).await, ["1"], "each batch once");
    CHAIN.check(database.db()).await.unwrap();
    assert_consistent(&database).await;

    downgrades(&database).await;
}

/// By the app itself, and by one that is older: for the revision `again` it has only the journal.
async fn downgrades<B: Backend>(database: &B) {
    let report = CHAIN.downgrade(database.db(), "again").await.unwrap();
    assert_eq!(ran(&report), ["backfill"]);
    let older = tempfile::tempdir().unwrap();
    copy(&folder().join("migrations"), older.path());
    for file in ["backfill.rs", "again.sql"] {
        fs::remove_file(older.path().join("versions").join(file)).unwrap();
    }
    let older = Migrations::load(older.path()).unwrap_or_else(|error| panic!("{error}"));
    let ahead = older.status(database.db()).await.unwrap().ahead;
    assert_eq!(
        (&*ahead[0].revision, &*ahead[0].message),
        ("again", "Apply, roll back and apply again")
    );
    let report = older.downgrade(database.db(), "outside").await.unwrap();
    assert_eq!(ran(&report), ["again"]);

    let report = CHAIN.downgrade(database.db(), "base").await.unwrap();
    assert_eq!(ran(&report), ["outside", "side", "tables", "before"]);
    assert_eq!(
        database.tables().await,
        ["alembic_version", "later", "migrate_journal"]
    );
}

/// Leaves a database as this release does: with a stamp, a statement that failed, a downgrade, and batches that were
/// interrupted.
async fn write<B: Backend>(path: &Path) {
    let database = B::fresh().await;
    let to = |target| CHAIN.runner(database.db()).to(target);
    CHAIN.stamp(database.db(), &["before"]).await.unwrap();
    database
        .execute("CREATE TABLE kept (id INTEGER)")
        .await
        .unwrap();
    to("outside").upgrade().await.unwrap_err();
    database
        .execute("CREATE TABLE later (id INTEGER)")
        .await
        .unwrap();
    to("side").upgrade().await.unwrap();
    to("again").upgrade().await.unwrap();
    to("outside").downgrade().await.unwrap();
    to("again").upgrade().await.unwrap();
    let numbers: Vec<String> = (1..=35).map(|n| format!("({n}, 0)")).collect();
    let fill = format!(
        "INSERT INTO numbers VALUES {}; INSERT INTO mood VALUES (25)",
        numbers.join(", ")
    );
    database.execute(&fill).await.unwrap();
    to("backfill").upgrade().await.unwrap_err();

    let output = database.dump().output().expect("the client is installed");
    assert!(output.status.success(), "{output:?}");
    let dump = String::from_utf8(output.stdout).unwrap();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, without_frame(&dump)).unwrap();
}

/// The statements that create and fill tables: the others set up the session of a client.
fn without_frame(dump: &str) -> String {
    let frames = [
        "--",
        "/*",
        "\\",
        "SET ",
        "SELECT pg_catalog.set_config",
        "PRAGMA ",
    ];
    let lines = dump.lines();
    let kept = lines
        .filter(|line| !line.is_empty() && !frames.iter().any(|frame| line.starts_with(frame)));
    kept.flat_map(|line| [line, "\n"]).collect()
}

async fn every_column_is_filled<B: Backend>(database: &B) {
    let mut columns = COLUMNS.to_vec();
    if !B::DDL_IS_TRANSACTIONAL {
        columns.push("evidence");
    }
    for column in columns {
        let count = format!(
            "SELECT CONCAT(COUNT({column})) FROM migrate_journal WHERE CONCAT({column}) <> ''"
        );
        assert_ne!(database.column(&count).await, ["0"], "{column}");
    }
}

/// Those of 0.1.0, and none that came later: its dump has to fill these.
const COLUMNS: [&str; 19] = [
    "sequence",
    "event",
    "direction",
    "revision",
    "down_revision",
    "depends_on",
    "message",
    "settings",
    "checksum",
    "digest",
    "started_at",
    "finished_at",
    "duration_ms",
    "statements",
    "statements_hash",
    "downgrade",
    "tool_version",
    "error",
    "progress",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journal")
}

fn dump_of<B: Backend>(release: &str) -> PathBuf {
    let file = format!("{}.sql", B::DIALECT);
    folder().join(release).join(file)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
