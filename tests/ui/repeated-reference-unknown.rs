use embed_migrations::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("fixtures/repeated-reference-unknown/migrations");

fn main() {}
