use migrate_chain::Dialect;
use migrate_chain::lock::{Built, Column, Declarations, Enum, Key, KeyKind, Locked, Of, Table};
use migrate_chain::types::ColumnKind;
use syn::{DeriveInput, Error};

use super::report::GENERATE;
use super::*;
use crate::canonical::canonical;
use crate::declared::declared;
use crate::enumeration::Enumeration;

fn column(name: &str, sql_type: &str, facts: &str) -> Column {
    Column {
        name: name.to_owned(),
        sql_type: sql_type.to_owned(),
        is_not_null: facts.contains("not null"),
        is_identity: facts.contains("identity"),
        default: facts.contains("default").then(|| "0".to_owned()),
        ..Column::default()
    }
}

/// users (id, email, nickname?, mood, joined), and a view of some of it, on two databases.
fn lock() -> Lock {
    let locked = |dialect: Dialect, int: &str, mood: &str| {
        let table = Table {
            name: "users".to_owned(),
            columns: vec![
                column("id", int, "not null identity"),
                column("email", "text", "not null"),
                column("nickname", "text", ""),
                column("mood", mood, "not null default"),
            ],
            ..Table::default()
        };
        let view = Table {
            name: "names".to_owned(),
            is_view: true,
            columns: vec![column("email", "text", "")],
            ..Table::default()
        };
        Locked {
            of: Of {
                dialect,
                digest: migrate_chain::Digest::default(),
                server: String::new(),
            },
            built: Built {
                tables: vec![view, table],
                enums: vec![Enum {
                    name: "mood".to_owned(),
                    labels: vec!["ok".to_owned()],
                }],
                ..Built::default()
            },
        }
    };
    Lock {
        databases: vec![
            locked(Dialect::Sqlite, "INTEGER", "TEXT"),
            locked(Dialect::Postgres, "bigint", "mood"),
        ],
        ..Lock::default()
    }
}

fn model(text: &str) -> Model {
    let input: DeriveInput = syn::parse_str(text).expect("a struct");
    Model::parse(&input).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn errors(text: &str) -> Vec<String> {
    let finding = check(&model(text), &lock());
    finding.errors.iter().map(Error::to_string).collect()
}

#[test]
fn a_struct_that_is_in_step_leaves_its_types_to_rustc() {
    let finding = check(
        &model(
            "#[table(name = \"users\")] struct User { id: i64, email: String, nickname: Option<Nick> }",
        ),
        &lock(),
    );
    assert!(finding.errors.is_empty(), "{:?}", finding.errors);
    let held: Vec<String> = finding
        .held
        .iter()
        .map(|held| canonical(&held.ty))
        .collect();
    assert_eq!(held, ["i64", "String", "Nick", "i64", "String", "Nick"]);
    assert_eq!(
        finding.held[3].holding,
        Holding::Kind(ColumnKind::Known("bigint"))
    );
}

#[test]
fn all_that_names_tell_is_said_at_once() {
    let found = errors(
        "#[table(name = \"users\")] struct User { id: Option<i64>, nick: String, nickname: String }",
    );
    assert_eq!(
        found,
        [
            "the column `users.id` is NOT NULL: write `i64` without `Option`",
            "`users` has no column `nick`; did you mean `nickname`?",
            "the column `users.nickname` can be NULL: write `Option<String>`",
            "`User` has no field for the column `users.email`, which is NOT NULL and has no default: add one, or write \
             `#[table(partial)]`",
        ]
    );
    let found = errors("#[table(name = \"user\")] struct User { id: i64 }");
    assert_eq!(
        found,
        ["the chain has no table or view `user`; did you mean `users`?"]
    );
}

#[test]
fn an_alias_of_an_option_is_left_to_rustc() {
    let finding = check(
        &model("#[table(name = \"users\", partial)] struct User { nickname: Maybe<String> }"),
        &lock(),
    );
    assert!(finding.errors.is_empty(), "{:?}", finding.errors);
    assert!(finding.held.iter().all(|held| held.nullable));
}

#[test]
fn sqlx_attributes_are_honoured() {
    let text =
        "#[table(name = \"users\", partial)] #[sqlx(rename_all = \"lowercase\")] struct User {
        ID: i64, #[sqlx(rename = \"email\")] mail: String, #[sqlx(skip)] cached: u8,
        #[sqlx(try_from = \"String\")] #[table(column = \"email\")] domain: Domain,
        #[sqlx(json(nullable))] nickname: Tags,
    }";
    let found =
        "on postgres, the column `users.nickname` is of type `text`, which cannot hold JSON";
    assert_eq!(errors(text), [found]);
}

#[test]
fn the_columns_of_a_view_can_be_null_unless_the_struct_says_otherwise() {
    let found = errors("#[table(name = \"names\")] struct Name { email: String }");
    assert!(found[0].contains("`#[table(not_null)]`"), "{found:?}");
    assert!(errors("#[table(name = \"names\")] struct Name { email: Option<String> }").is_empty());
    assert!(
        errors("#[table(name = \"names\", not_null)] struct Name { email: String }").is_empty()
    );
}

#[test]
fn an_error_about_one_database_names_it() {
    let found = errors(
        "#[table(name = \"users\", partial)] struct User { #[table(type(postgres = \"citext\"))] email: Email }",
    );
    assert_eq!(
        found,
        ["on postgres, the column `users.email` is of type `text`, and the field says `citext`"]
    );
}

#[test]
fn where_models_are_the_source_what_changed_is_said_at_its_field() {
    let old = model("#[table(name = \"users\")] struct User { id: i64, email: String, age: i32 }");
    let mut lock = lock();
    lock.declared = Some(Declarations {
        models: vec![declared(&old, true)],
        enums: Vec::new(),
    });
    let new = model(
        "#[table(name = \"users\", strict)] struct User { id: i64, #[table(unique)] email: String, nickname: Option<String> }",
    );
    let found = check(&new, &lock).errors;
    let found: Vec<String> = found.iter().map(Error::to_string).collect();
    assert_eq!(
        found,
        [
            format!("`User::email` has changed, and the chain has not: {GENERATE}"),
            format!("`User::nickname` is not in the chain yet: {GENERATE}"),
            format!("`User::age` is gone, and the chain still has it: {GENERATE}"),
            format!("the attributes of `User` have changed, and the chain has not: {GENERATE}"),
        ]
    );
    let absent = model("#[table(name = \"teams\")] struct Team { id: i64 }");
    let found = check(&absent, &lock).errors;
    assert_eq!(
        found[0].to_string(),
        format!("the table `teams` is not in the chain yet: {GENERATE}")
    );
}

/// The errors of an enum, against a lock with the type `mood` and maybe with a declaration.
fn of_enum(text: &str, declared: Option<&[&str]>) -> Vec<String> {
    let input: DeriveInput = syn::parse_str(text).expect("an enum");
    let found = Enumeration::parse(&input).unwrap_or_else(|errors| panic!("{errors:?}"));
    let mut lock = lock();
    let labels = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect();
    lock.databases[0].built.enums.clear();
    lock.databases[1].built.enums[0].labels = labels(&["ok", "so_so"]);
    lock.declared = declared.map(|declared| Declarations {
        models: Vec::new(),
        enums: vec![Enum {
            name: "Mood".to_owned(),
            labels: labels(declared),
        }],
    });
    let errors = check_enum(&found, &lock);
    errors.iter().map(Error::to_string).collect()
}

#[test]
fn an_enum_has_the_labels_of_its_type_in_the_database() {
    let mood =
        |variants: &str| format!("#[sqlx(rename_all = \"snake_case\")] enum Mood {{ {variants} }}");
    assert_eq!(of_enum(&mood("SoSo, Ok"), None), [""; 0]);
    assert_eq!(
        of_enum(&mood("Ok, Sooso, Angry"), None),
        [
            "on postgres, the type `mood` has no label `sooso`; did you mean `so_so`?",
            "on postgres, the type `mood` has no label `angry`; its labels are `ok`, `so_so`",
            "on postgres, `Mood` has no variant for the label `so_so` of the type `mood`: add one, since a row may have it",
        ]
    );
    let other = mood("Angry").replace("#[sqlx(", "#[sqlx(type_name = \"text\", ");
    assert_eq!(
        of_enum(&other, None),
        [""; 0],
        "a text with a check is not that type"
    );
}

#[test]
fn where_models_are_the_source_a_changed_variant_is_said_at_it() {
    let mood =
        |variants: &str| format!("#[sqlx(rename_all = \"snake_case\")] enum Mood {{ {variants} }}");
    let declared = Some(&["ok", "so_so"][..]);
    assert_eq!(of_enum(&mood("Ok, SoSo"), declared), [""; 0]);
    assert_eq!(
        of_enum(&mood("Ok, Angry"), declared),
        [
            format!("`Mood::Angry` is not in the chain yet: {GENERATE}"),
            format!("the label `so_so` of `Mood` is gone, and the chain still has it: {GENERATE}"),
        ]
    );
    assert_eq!(
        of_enum(&mood("SoSo, Ok"), declared),
        [format!(
            "the chain has the variants of `Mood` in another order: {GENERATE}"
        )]
    );
}

#[test]
fn a_column_with_listed_texts_is_held_with_them() {
    let mut lock = lock();
    let users = &mut lock.databases[0].built.tables[1];
    users.keys.push(Key {
        kind: KeyKind::Check,
        name: String::new(),
        columns: Vec::new(),
        text: "(mood in('ok', 'sad'))".to_owned(),
    });
    let text = "#[table(name = \"users\", partial)] struct User { email: String, mood: Mood }";
    let finding = check(&model(text), &lock);
    let held = finding
        .held
        .iter()
        .map(|held| (&*held.place, held.labels.len()));
    let expected = [
        ("users.email", 0),
        ("users.mood", 2),
        ("users.email", 0),
        ("users.mood", 0),
    ];
    assert_eq!(held.collect::<Vec<_>>(), expected);
}
