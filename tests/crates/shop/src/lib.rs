//! An app whose tests have a database each: 60 on SQLite, 60 on PostgreSQL, 60 on MySQL or MariaDB.

use embed_migrations::{Migrations, embed_migrations};

pub static MIGRATIONS: Migrations = embed_migrations!();
