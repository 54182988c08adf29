use embed_migrations::{Table, TableEnum, TableType};

#[derive(Table)]
struct NoName {
    id: i64,
}

#[derive(Table)]
#[table(name = "users")]
struct Tuple(i64);

#[derive(Table)]
#[table(name = "users")]
enum Enum {
    A,
}

#[derive(Table)]
#[table(name = "users")]
struct Generic<T> {
    id: T,
}

#[derive(Table)]
#[table(name = "users", partal)]
struct WrongKeys {
    #[table(uniqe)]
    id: i64,
    #[table(on_delete = "explode")]
    email: String,
    #[table(type(oracle = "NUMBER"))]
    score: f64,
    #[cfg(unix)]
    nickname: Option<String>,
    #[table(default = " ")]
    mood: String,
}

#[derive(Table)]
#[table(name = "users")]
#[sqlx(rename_all = "Train-Case")]
struct NoCase {
    id: i64,
}

#[derive(TableEnum)]
enum Data {
    A(u8),
}

#[derive(TableEnum)]
struct NoEnum;

#[derive(TableType)]
struct Two(u8, u8);

#[derive(TableType)]
struct Inner<T>(T);

fn main() {}
