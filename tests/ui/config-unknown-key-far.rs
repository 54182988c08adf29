use embed_migrations::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("fixtures/config-unknown-key-far/migrations");

fn main() {}
