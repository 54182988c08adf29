use embed_migrations::{Table, TableEnum};

#[derive(Table)]
#[table(name = "user")]
struct NoTable {
    id: i64,
}

#[derive(Table)]
#[table(name = "users")]
struct User {
    id: Option<i64>,
    nick: Option<String>,
    nickname: String,
    mood: String,
}

// The columns of a view can be NULL.
#[derive(Table)]
#[table(name = "names")]
struct Name {
    nickname: String,
}

#[derive(Table)]
#[table(name = "users", view, partial)]
struct NoView {
    id: i64,
}

// Its type is not one that sqlx reads.
#[derive(Table)]
#[table(name = "places")]
struct Place {
    id: i64,
    city: String,
    zip: String,
    spot: Option<Vec<u8>>,
}

#[derive(Table)]
#[table(name = "users", partial)]
struct Types {
    #[table(type = "citext")]
    email: String,
    #[sqlx(json)]
    score: u8,
}

#[derive(TableEnum)]
#[sqlx(type_name = "mood", rename_all = "lowercase")]
enum Mood {
    Ok,
    Angry,
}

fn main() {}
