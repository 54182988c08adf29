use embed_migrations::Table;

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
struct User {
    #[table(type = "citext")]
    email: String,
    #[sqlx(json)]
    avatar: Option<Vec<u8>>,
    #[sqlx(json)]
    score: u8,
}

fn main() {}
