//! An app on sqlx 0.8: the chain runs on sqlx 0.9, which links the same SQLite.

use embed_migrations::{AnyPool, Migrations, embed_migrations};
use sqlx::SqlitePool;

static MIGRATIONS: Migrations = embed_migrations!("../migrations");

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("DATABASE_URL")?;

    // `?` would not turn the error into one of sqlx 0.8: `Box<dyn Error>`, anyhow and eyre take both.
    println!("{}", MIGRATIONS.upgrade(&AnyPool::new(&url)?).await?);

    let pool = SqlitePool::connect(&url).await?;
    sqlx::query("INSERT INTO users (name) VALUES (?)")
        .bind("Ann")
        .execute(&pool)
        .await?;
    let name: String = sqlx::query_scalar("SELECT name FROM users")
        .fetch_one(&pool)
        .await?;
    println!("{name}");
    Ok(())
}
