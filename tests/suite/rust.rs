//! Rust revisions that are the same on every database.

use embed_migrations::{Migrations, embed_migrations};

use crate::support::Backend;
use crate::support::checker::assert_consistent;

static QUERY: Migrations = embed_migrations!("tests/chains/rust-query");

/// The revision asserts what it reads.
pub async fn queries_with_values<B: Backend>() {
    let database = B::fresh().await;
    QUERY.upgrade(database.db()).await.unwrap();
    assert_consistent(&database).await;
}
