// Each call is reported at its own place, and a broken chain is still a `Migrations`: rustc adds no complaint.
use embed_migrations::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("fixtures/second-head/migrations");

fn main() {
    let other = embed_migrations!("fixtures/self-reference/migrations");
    assert_eq!(other.revisions().len(), MIGRATIONS.revisions().len());
}
