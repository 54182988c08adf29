//! An app on tokio-postgres with a pool of deadpool: the chain runs first, on a connection of its own.

use deadpool_postgres::{Config, Runtime};
use embed_migrations::{AnyPool, Migrations, embed_migrations};
use tokio_postgres::NoTls;

static MIGRATIONS: Migrations = embed_migrations!("../migrations");

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("DATABASE_URL")?;
    println!("{}", MIGRATIONS.upgrade(&AnyPool::new(&url)?).await?);

    let config = Config {
        url: Some(url),
        ..Config::default()
    };
    let pool = config.create_pool(Some(Runtime::Tokio1), NoTls)?;
    let client = pool.get().await?;
    client
        .execute("INSERT INTO users (id, name) VALUES (1, $1)", &[&"Ann"])
        .await?;
    let row = client.query_one("SELECT name FROM users", &[]).await?;
    println!("{}", row.get::<_, String>(0));
    Ok(())
}
