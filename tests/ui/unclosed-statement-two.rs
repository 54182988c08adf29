use embed_migrations::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("fixtures/unclosed-statement-two/migrations");

fn main() {}
