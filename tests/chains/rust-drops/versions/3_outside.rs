//! Drop the parent outside a transaction, and mind no error
//!
//! revision: outside
//! down_revision: inside
//! transaction: off

use embed_migrations::{Context, Result};

pub async fn upgrade(cx: &mut Context<'_>) -> Result<()> {
    let _ = cx.execute("DROP TABLE p").await;
    Ok(())
}
