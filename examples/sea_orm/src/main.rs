//! Prints the SQL of the entities. `program` in `migrations/migrate.toml` names this program, so
//!
//! ```text
//! cargo migrate revision --autogenerate -m "Add a column"
//! ```
//!
//! writes a revision when an entity changes.

mod entity;

use sea_orm::{DbBackend, Schema};

fn main() {
    let backend = DbBackend::Sqlite;
    let schema = Schema::new(backend);
    // In the order in which they refer to each other.
    for table in [
        schema.create_table_from_entity(entity::user::Entity),
        schema.create_table_from_entity(entity::post::Entity),
    ] {
        println!("{};", backend.build(&table));
    }
    for index in schema.create_index_from_entity(entity::post::Entity) {
        println!("{};", backend.build(&index));
    }
}
