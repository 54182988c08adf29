use embed_migrations::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("fixtures/not-in-transaction-unnamed/migrations");

fn main() {}
