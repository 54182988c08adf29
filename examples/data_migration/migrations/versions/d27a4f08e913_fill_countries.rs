//! Fill countries, and point each address at its own
//!
//! revision: d27a4f08e913
//! down_revision: 8e51d9b7c460
//! created: 2026-04-14T14:26:55Z

use embed_migrations::{Context, Result, RevisionError};
use include_dir::{Dir, include_dir};

static DATA: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/examples/data_migration/migrations/data");

pub async fn upgrade(cx: &mut Context<'_>) -> Result<()> {
    let file = DATA
        .get_file("countries.csv")
        .and_then(|file| file.contents_utf8());
    let text = file.ok_or_else(|| RevisionError::msg("data/countries.csv is not in the binary"))?;
    for line in text.lines().skip(1) {
        let (code, name) = line
            .split_once(',')
            .ok_or_else(|| RevisionError::msg(format!("no comma in `{line}`")))?;
        cx.query("INSERT INTO countries (code, name) VALUES (?, ?)")
            .bind(code)
            .bind(name)
            .execute()
            .await?;
    }
    point_addresses(cx).await
}

pub async fn downgrade(cx: &mut Context<'_>) -> Result<()> {
    cx.execute("UPDATE addresses SET country_code = NULL; DELETE FROM countries;")
        .await?;
    Ok(())
}

/// An address whose country is unknown keeps none: the app asks for it at the next order.
async fn point_addresses(cx: &mut Context<'_>) -> Result<()> {
    let sql = "UPDATE addresses SET country_code = (SELECT code FROM countries WHERE lower(name) = lower(trim(country)))";
    cx.execute(sql).await?;
    Ok(())
}
