use embed_migrations::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("fixtures/not-utf8-utf16/migrations");

fn main() {}
