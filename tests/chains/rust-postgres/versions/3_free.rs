//! Act outside a transaction
//!
//! revision: free
//! down_revision: act
//! transaction: off

use embed_migrations::{Context, Result, RevisionError};

pub async fn upgrade(cx: &mut Context<'_>) -> Result<()> {
    cx.execute("VACUUM notes").await?;
    cx.execute("INSERT INTO notes (text) VALUES ('free')").await?;
    let mood: Option<String> = sqlx::query_scalar("SELECT what FROM mood").fetch_optional(cx.postgres()?).await?;
    match mood.as_deref() {
        Some("fail freely") => Err(RevisionError::msg("not in the mood")),
        _ => Ok(()),
    }
}

pub async fn downgrade(cx: &mut Context<'_>) -> Result<()> {
    cx.execute("DELETE FROM notes WHERE text = 'free'").await?;
    Ok(())
}
