use embed_migrations::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!(1);

fn main() {}
