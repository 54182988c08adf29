//! Act as the mood says
//!
//! revision: act
//! down_revision: mood

use embed_migrations::{Context, Result, RevisionError};
use sqlx::Connection as _;

pub async fn upgrade(cx: &mut Context<'_>) -> Result<()> {
    cx.execute("INSERT INTO notes (text) VALUES ('begun')").await?;
    let mood: Option<String> = sqlx::query_scalar("SELECT what FROM mood").fetch_optional(cx.sqlite()?).await?;
    match mood.as_deref() {
        Some("fail") => Err(RevisionError::msg("not in the mood")),
        Some("panic") => panic!("a panic inside a revision"),
        Some("commit") => cx.execute("COMMIT").await.map(|_| ()),
        Some("rows") => cx.execute("DELETE FROM alembic_version").await.map(|_| ()),
        Some("nul") => cx.execute("SELECT 1;\0SELECT 2").await.map(|_| ()),
        Some("hang") => std::future::pending().await,
        _ => with_arguments(cx).await,
    }
}

async fn with_arguments(cx: &mut Context<'_>) -> Result<()> {
    let mut kept = cx.sqlite()?.begin().await?;
    sqlx::query("INSERT INTO notes (text) VALUES (?1)").bind("it's kept").execute(&mut *kept).await?;
    kept.commit().await?;
    let mut lost = cx.sqlite()?.begin().await?;
    sqlx::query("INSERT INTO notes (text) VALUES (?1)").bind("lost").execute(&mut *lost).await?;
    lost.rollback().await?;
    Ok(())
}

pub async fn downgrade(cx: &mut Context<'_>) -> Result<()> {
    let affected = cx.execute("DELETE FROM notes").await?;
    if affected == 2 { Ok(()) } else { Err(RevisionError::msg(format!("{affected} rows"))) }
}
