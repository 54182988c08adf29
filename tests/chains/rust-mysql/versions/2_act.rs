//! Act as the mood says
//!
//! revision: act
//! down_revision: start

use embed_migrations::{Context, Result, RevisionError};

pub async fn upgrade(cx: &mut Context<'_>) -> Result<()> {
    cx.execute("INSERT INTO notes (text) VALUES ('begun')").await?;
    let mood: Option<String> = sqlx::query_scalar("SELECT what FROM mood").fetch_optional(cx.mysql()?).await?;
    match mood.as_deref() {
        Some("fail") => Err(RevisionError::msg("not in the mood")),
        Some("change and fail") => {
            cx.execute("CREATE TABLE extra (id INT)").await?;
            Err(RevisionError::msg("too late"))
        }
        Some("change") => cx.execute("CREATE TABLE extra (id INT)").await.map(|_| ()),
        Some("commit") => cx.execute("COMMIT").await.map(|_| ()),
        Some("begin") => cx.execute("ROLLBACK; START TRANSACTION").await.map(|_| ()),
        Some("nest") => {
            let mut inner = sqlx::Connection::begin(cx.mysql()?).await?;
            sqlx::query("INSERT INTO notes (text) VALUES ('undone')").execute(&mut *inner).await?;
            inner.rollback().await?;
            let mut inner = sqlx::Connection::begin(cx.mysql()?).await?;
            sqlx::query("INSERT INTO notes (text) VALUES ('kept')").execute(&mut *inner).await?;
            Ok(inner.commit().await?)
        }
        _ => Ok(()),
    }
}

pub async fn downgrade(cx: &mut Context<'_>) -> Result<()> {
    sqlx::query("DELETE FROM notes WHERE text = ?").bind("begun").execute(cx.mysql()?).await?;
    Ok(())
}
