//! An app on Diesel, which is synchronous: the chain runs first, in a runtime of its own.

use diesel::prelude::*;
use embed_migrations::{AnyPool, Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("../migrations");

diesel::table! {
    users (id) {
        id -> Integer,
        name -> Text,
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("DATABASE_URL")?;
    migrate(&url)?;

    let path = url.trim_start_matches("sqlite:");
    let mut connection = SqliteConnection::establish(path)?;
    diesel::insert_into(users::table)
        .values(users::name.eq("Ann"))
        .execute(&mut connection)?;
    let name: String = users::table.select(users::name).first(&mut connection)?;
    println!("{name}");
    Ok(())
}

#[tokio::main]
async fn migrate(url: &str) -> Result<(), embed_migrations::Error> {
    println!("{}", MIGRATIONS.upgrade(&AnyPool::new(url)?).await?);
    Ok(())
}
