use embed_migrations::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("fixtures/missing-dialect-downgrade/migrations");

fn main() {}
