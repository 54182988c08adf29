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
}

#[derive(TableEnum)]
enum Data {
    A(u8),
}

#[derive(TableType)]
struct Two(u8, u8);

fn main() {}
