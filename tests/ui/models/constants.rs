use embed_migrations::{Table, TableEnum};

// The column `zip` has no field in either.
#[derive(Table)]
#[table(name = "places", partial)]
struct Address {
    city: String,
}

#[derive(Table)]
#[table(name = "places")]
struct Place {
    id: i64,
    #[sqlx(flatten)]
    address: Address,
}

// The name is not that of the enum in PostgreSQL; MySQL and SQLite list the texts with the column.
#[derive(TableEnum)]
#[sqlx(type_name = "other.mood", rename_all = "lowercase")]
enum Mood {
    Ok,
    Angry,
}

#[derive(Table)]
#[table(name = "users", partial)]
struct User {
    mood: Mood,
}

fn main() {}
