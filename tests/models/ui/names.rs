use embed_migrations::Table;

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

#[derive(Table)]
#[table(name = "names")]
struct Name {
    nickname: String,
}

fn main() {}
