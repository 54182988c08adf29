use embed_migrations::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("fixtures/label-is-revision-itself/migrations");

fn main() {}
