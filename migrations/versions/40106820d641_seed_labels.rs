//! Seed the labels that every project begins with
//!
//! revision: 40106820d641
//! down_revision: d89c70c1e023
//! created: 2026-03-11T09:06:37Z

use embed_migrations::{Context, Result};

/// Part of the binary. An applied revision is not run again: new labels need a new revision with a file of its own.
const LABELS: &str = include_str!("../seeds/labels.csv");

pub async fn upgrade(cx: &mut Context<'_>) -> Result<()> {
    for [name, colour, description] in labels() {
        cx.query("INSERT INTO labels (name, colour, description) VALUES (?, ?, ?)")
            .bind(name)
            .bind(colour)
            .bind(description)
            .execute()
            .await?;
    }
    Ok(())
}

pub async fn downgrade(cx: &mut Context<'_>) -> Result<()> {
    for [name, ..] in labels() {
        cx.query("DELETE FROM labels WHERE name = ?")
            .bind(name)
            .execute()
            .await?;
    }
    Ok(())
}

/// The rows of the file, whose fields hold neither commas nor quotation marks.
fn labels() -> impl Iterator<Item = [&'static str; 3]> {
    LABELS.lines().skip(1).map(|line| {
        let mut fields = line.splitn(3, ',');
        std::array::from_fn(|_| fields.next().unwrap_or_default())
    })
}
