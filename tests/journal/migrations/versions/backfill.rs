//! Count how often each row is changed
//!
//! revision: backfill
//! down_revision: again
//! created: 2026-11-29T08:05:00Z
//! transaction: off

use embed_migrations::{Context, Result, RevisionError};

pub async fn upgrade(cx: &mut Context<'_>) -> Result<()> {
    let mood: Option<(i64,)> = cx.query("SELECT stop_at FROM mood").fetch_optional().await?;
    let stop_at = mood.map_or(i64::MAX, |(stop_at,)| stop_at);
    let mut numbers = cx.batches("numbers", "id", 10).await?;
    while let Some(mut batch) = numbers.next().await? {
        let (first, last) = batch.range();
        let update = "UPDATE numbers SET times = times + 1 WHERE id BETWEEN ? AND ?";
        batch.query(update).bind(first).bind(last).execute().await?;
        let (done,): (i64,) = batch.query("SELECT count(*) FROM numbers WHERE times > 0").fetch_one().await?;
        if done >= stop_at {
            return Err(RevisionError::msg("it was to stop here"));
        }
    }
    Ok(())
}

pub async fn downgrade(cx: &mut Context<'_>) -> Result<()> {
    cx.execute("UPDATE numbers SET times = 0").await?;
    Ok(())
}
