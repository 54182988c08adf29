//! Count how often each row is changed
//!
//! revision: count
//! down_revision: tables
//! transaction: off

use embed_migrations::{Context, Result, RevisionError};

pub async fn upgrade(cx: &mut Context<'_>) -> Result<()> {
    let mood: Option<(Option<i64>,)> = cx.query("SELECT stop_at FROM mood").fetch_optional().await?;
    let stop_at = mood.and_then(|(stop_at,)| stop_at).unwrap_or(i64::MAX);
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
    drop(numbers);
    let mut words = cx.batches("words", "word", 2).await?;
    while let Some(mut batch) = words.next().await? {
        let (first, last) = batch.range();
        let update = "UPDATE words SET times = times + 1 WHERE word BETWEEN ? AND ?";
        batch.query(update).bind(first).bind(last).execute().await?;
    }
    Ok(())
}
