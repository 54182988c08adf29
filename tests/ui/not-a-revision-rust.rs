use embed_migrations::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("fixtures/not-a-revision-rust/migrations");

fn main() {}
