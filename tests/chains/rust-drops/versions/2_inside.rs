//! Drop the parent in a transaction
//!
//! revision: inside
//! down_revision: family

use embed_migrations::{Context, Result};

pub async fn upgrade(cx: &mut Context<'_>) -> Result<()> {
    let mood: Option<String> = sqlx::query_scalar("SELECT what FROM mood").fetch_optional(cx.sqlite()?).await?;
    if mood.as_deref() == Some("inside") {
        cx.execute("SELECT 1; DROP TABLE p; CREATE TABLE p (id INTEGER PRIMARY KEY)").await?;
    }
    Ok(())
}
