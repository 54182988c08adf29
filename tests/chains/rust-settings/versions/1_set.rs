//! Set up the connection
//!
//! revision: set
//! down_revision: none

use embed_migrations::{Context, Result};

pub async fn upgrade(cx: &mut Context<'_>) -> Result<()> {
    sqlx::raw_sql("PRAGMA recursive_triggers = ON; CREATE TEMP TABLE scratch (a)").execute(cx.sqlite()?).await?;
    cx.execute("PRAGMA case_sensitive_like = ON; ATTACH ':memory:' AS other").await?;
    Ok(())
}
