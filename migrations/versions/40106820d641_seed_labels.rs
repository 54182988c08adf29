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
        cx.execute(&format!(
            "INSERT INTO labels (name, colour, description) VALUES ({}, {}, {})",
            quoted(name),
            quoted(colour),
            quoted(description),
        ))
        .await?;
    }
    Ok(())
}

pub async fn downgrade(cx: &mut Context<'_>) -> Result<()> {
    for [name, ..] in labels() {
        cx.execute(&format!("DELETE FROM labels WHERE name = {}", quoted(name)))
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

/// A string literal that all three databases read alike: the file holds no backslashes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
