//! The cost of a startup with nothing to do, and its events. A binary of its own: the allocator and the subscriber see
//! the whole process.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "tests: a panic is a failure, and nobody imports them"
)]

#[path = "support/trace.rs"]
mod trace;

use std::alloc::System;

use embed_migrations::{Migrations, embed_migrations};
use sqlx::{Connection as _, SqliteConnection};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

static EMBEDDED: Migrations = embed_migrations!();

/// One test: what is counted belongs to the whole process.
#[test]
fn a_start_with_nothing_to_do() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let lines = trace::Lines::default();
    runtime.block_on(async {
        let (small, large) = (chain_of(10), chain_of(10_000));
        let few = allocated_by_a_start(&small).await;
        let many = allocated_by_a_start(&large).await;
        assert!(
            many <= few + 1024,
            "{few} bytes for 10 revisions, {many} for 10,000"
        );
    });
    tracing::subscriber::set_global_default(lines.clone()).unwrap();
    runtime.block_on(one_statement(&lines));
}

/// So many revisions in a line.
fn chain_of(revisions: usize) -> Migrations {
    let folder = tempfile::tempdir().unwrap();
    let versions = folder.path().join("versions");
    std::fs::create_dir(&versions).unwrap();
    let mut parent = "none".to_owned();
    for n in 0..revisions {
        let id = format!("r{n:05}");
        let text = format!(
            "-- Revision {n}\n--\n-- revision: {id}\n-- down_revision: {parent}\n\n-- migrate: upgrade\nSELECT {n};\n"
        );
        std::fs::write(versions.join(format!("{id}.sql")), text).unwrap();
        parent = id;
    }
    Migrations::load(folder.path()).unwrap()
}

/// The bytes that a start asks for when the database is at the head.
async fn allocated_by_a_start(migrations: &Migrations) -> usize {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    migrations.stamp(&mut connection, &["head"]).await.unwrap();
    let mut least = usize::MAX;
    for _ in 0..5 {
        let region = Region::new(ALLOCATOR);
        let report = migrations.upgrade(&mut connection).await.unwrap();
        least = least.min(region.change().bytes_allocated);
        assert!(report.is_empty());
    }
    least
}

async fn one_statement(lines: &trace::Lines) {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    EMBEDDED.upgrade(&mut connection).await.unwrap();
    let first = lines.take();
    // The module that a span is in is nobody's concern.
    let has = |span: &str| {
        let mut spans = first
            .iter()
            .filter(|line| line.starts_with("span migrate_runtime::"));
        spans.any(|line| line.ends_with(span))
    };
    assert!(has(" migrate call=\"upgrade\""), "{first:#?}");
    assert!(
        has(" revision revision=\"98d55ca98fe9\" direction=upgrade"),
        "{first:#?}"
    );
    let done = first
        .iter()
        .filter(|line| line.contains("message=revision done"));
    assert_eq!(done.count(), 13, "{first:#?}");

    EMBEDDED.upgrade(&mut connection).await.unwrap();
    let again = lines.take();
    let statements: Vec<&String> = again
        .iter()
        .filter(|line| line.starts_with("event sqlx::query"))
        .collect();
    assert_eq!(statements.len(), 1, "{again:#?}");
}
