//! An app on rusqlite: the chain runs first, in a runtime of its own. Both crates must link the same SQLite.

use embed_migrations::{AnyPool, Migrations, embed_migrations};
use rusqlite::Connection;

static MIGRATIONS: Migrations = embed_migrations!("../migrations");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("DATABASE_URL")?;
    migrate(&url)?;

    let connection = Connection::open(url.trim_start_matches("sqlite:"))?;
    connection.execute("INSERT INTO users (name) VALUES (?1)", ["Ann"])?;
    let name: String = connection.query_row("SELECT name FROM users", [], |row| row.get(0))?;
    println!("{name}");
    Ok(())
}

#[tokio::main]
async fn migrate(url: &str) -> Result<(), embed_migrations::Error> {
    println!("{}", MIGRATIONS.upgrade(&AnyPool::new(url)?).await?);
    Ok(())
}
