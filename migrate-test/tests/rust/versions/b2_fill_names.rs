//! Fill the names
//!
//! revision: b2
//! down_revision: a1

use migrate_runtime::{Context, Result};

pub async fn upgrade(cx: &mut Context<'_>) -> Result<()> {
    cx.execute("INSERT INTO names (name) VALUES ('ada')").await?;
    Ok(())
}

pub async fn downgrade(cx: &mut Context<'_>) -> Result<()> {
    cx.execute("DELETE FROM names").await?;
    Ok(())
}
