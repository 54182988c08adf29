use embed_migrations::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("fixtures/not-utf8/migrations");

fn main() {}
