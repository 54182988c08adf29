use embed_migrations::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("fixtures/several-bases-and-heads/migrations");

fn main() {}
