//! `#[derive(Table)]` on structs that are in step with a chain for three databases, written in many ways: that this file
//! compiles is the test.

#![allow(dead_code, reason = "they are compared when they are compiled")]

use embed_migrations::{Table, TableEnum, TableType};
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::types::{Json, JsonValue};

type Maybe<T> = Option<T>;
type Time = DateTime<Utc>;

#[derive(TableType)]
pub struct Email(String);

#[derive(TableEnum)]
#[sqlx(type_name = "mood", rename_all = "lowercase")]
pub enum Mood {
    Ok,
    Sad,
}

#[derive(Table)]
#[table(directory = "tests/models/migrations", name = "users")]
pub struct User {
    pub id: i64,
    pub email: Email,
    pub nickname: Maybe<String>,
    pub mood: Mood,
    pub score: f64,
    pub settings: Option<Json<Vec<String>>>,
    pub avatar: Option<Vec<u8>>,
    pub created_at: Time,
}

#[derive(Table)]
#[table(directory = "tests/models/migrations", name = "users", partial)]
#[sqlx(rename_all = "snake_case")]
pub struct Part {
    #[table(as = i64)]
    pub id: UserId,
    #[sqlx(rename = "email")]
    pub mail: String,
    #[sqlx(json(nullable))]
    pub settings: Option<Vec<u8>>,
    #[sqlx(skip)]
    pub cached: u8,
    #[sqlx(try_from = "DateTime<Utc>")]
    pub created_at: u64,
    #[sqlx(default)]
    pub no_column_at_all: u8,
}

pub struct UserId(pub i64);

#[derive(Table)]
#[table(directory = "tests/models/migrations", name = "places", partial)]
pub struct Address {
    pub city: String,
    pub zip: Box<str>,
}

#[derive(Table)]
#[table(directory = "tests/models/migrations", name = "places")]
pub struct Place {
    pub id: i64,
    #[sqlx(flatten)]
    pub address: Address,
    #[table(type = "POINT")]
    pub spot: Option<Vec<u8>>,
}

#[derive(Table)]
#[table(directory = "tests/models/migrations", name = "names", not_null)]
pub struct Name {
    pub id: i64,
    pub nickname: Option<JsonText>,
}

#[derive(TableType)]
pub struct JsonText(String);

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
