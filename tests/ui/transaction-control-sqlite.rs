use embed_migrations::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("fixtures/transaction-control-sqlite/migrations");

fn main() {}
