use embed_migrations::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("fixtures/transaction-control-mysql/migrations");

fn main() {}
