//! `#[derive(Table)]` on structs that are in step with a chain for three databases, written in many ways: that this file
//! compiles is the test.

#![allow(dead_code, reason = "they are compared when they are compiled")]

use embed_migrations::{Table, TableEnum, TableType};
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::types::{Json, JsonValue};

type Maybe<T> = Option<T>;
type Time = DateTime<Utc>;

#[derive(TableType)]
struct Email(String);

#[derive(TableEnum)]
#[sqlx(type_name = "mood", rename_all = "lowercase")]
enum Mood {
    Ok,
    Sad,
}

#[derive(Table)]
#[table(directory = "tests/models/migrations", name = "users")]
struct User {
    id: i64,
    email: Email,
    nickname: Maybe<String>,
    mood: Mood,
    score: f64,
    settings: Option<Json<Vec<String>>>,
    avatar: Option<Vec<u8>>,
    created_at: Time,
}

#[derive(Table)]
#[table(directory = "tests/models/migrations", name = "users", partial)]
#[sqlx(rename_all = "snake_case")]
struct Part {
    #[table(as = i64)]
    id: UserId,
    #[sqlx(rename = "email")]
    mail: String,
    #[sqlx(json(nullable))]
    settings: Option<Vec<u8>>,
    #[sqlx(skip)]
    cached: u8,
    #[sqlx(try_from = "DateTime<Utc>")]
    created_at: u64,
    #[sqlx(default)]
    no_column_at_all: u8,
}

struct UserId(i64);

#[derive(Table)]
#[table(directory = "tests/models/migrations", name = "places", partial)]
struct Address {
    city: String,
    zip: Box<str>,
}

#[derive(Table)]
#[table(directory = "tests/models/migrations", name = "places")]
struct Place {
    id: i64,
    #[sqlx(flatten)]
    address: Address,
    #[table(type = "POINT")]
    spot: Option<Vec<u8>>,
}

#[derive(Table)]
#[table(directory = "tests/models/migrations", name = "names", not_null)]
struct Name {
    id: i64,
    nickname: Option<JsonText>,
}

#[derive(TableType)]
struct JsonText(String);

const _: Option<JsonValue> = None;

#[test]
fn a_struct_names_its_table_and_its_columns() {
    assert_eq!(User::TABLE, "users");
    assert_eq!(
        Part::COLUMNS,
        ["id", "email", "settings", "created_at", "no_column_at_all"]
    );
    assert_eq!(Place::COLUMNS, ["id", "spot"]);
}
