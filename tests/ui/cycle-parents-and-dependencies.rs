use embed_migrations::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("fixtures/cycle-parents-and-dependencies/migrations");

fn main() {}
