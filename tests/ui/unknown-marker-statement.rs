use embed_migrations::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("fixtures/unknown-marker-statement/migrations");

fn main() {}
