use embed_migrations::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("fixtures/malformed-value-revision/migrations");

fn main() {}
