//! A library that embeds its own chain.

use embed_migrations::{Migrations, embed_migrations};

pub static MIGRATIONS: Migrations = embed_migrations!();
