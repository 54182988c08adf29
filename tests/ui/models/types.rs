use embed_migrations::{Table, TableType};

struct Email(String);

#[derive(TableType)]
struct Score(i32);

enum Mood {
    Ok,
}

type Nick = String;

#[derive(Table)]
#[table(name = "users", partial)]
struct User {
    id: String,
    email: Email,
    score: Score,
    mood: Mood,
    nickname: Nick,
}

fn main() {}
