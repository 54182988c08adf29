use embed_migrations::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("fixtures/several-bases-unconnected/migrations");

fn main() {}
