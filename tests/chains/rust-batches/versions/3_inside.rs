//! Ask for batches in a transaction
//!
//! revision: inside
//! down_revision: count

use embed_migrations::{Context, Result};

pub async fn upgrade(cx: &mut Context<'_>) -> Result<()> {
    cx.batches("numbers", "id", 10).await.map(|_| ())
}
