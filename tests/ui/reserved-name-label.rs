use embed_migrations::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("fixtures/reserved-name-label/migrations");

fn main() {}
