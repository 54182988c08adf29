//! Structs as the source of the schema: `revision --autogenerate`, what the lock keeps of them, and `models`.

use std::path::Path;

use snapbox::{assert_data_eq, str};

use super::support::Folder;

const MODELS: &str = r#"
use embed_migrations::{Table, TableEnum};

#[cfg_attr(feature = "database", derive(sqlx::FromRow, Table))]
#[table(name = "teams", unique(name))]
pub struct Team {
    #[table(primary_key)]
    pub id: i64,
    pub name: String,
}

/// Who may log in
#[derive(sqlx::FromRow, Table)]
#[table(name = "users", index(team_id, name = "users_by_team", where = "team_id > 0"))]
pub struct User {
    #[table(primary_key)]
    pub id: i64,
    #[table(unique, check = "email LIKE '%@%'")]
    pub email: Email,
    pub nickname: Option<String>,
    #[table(references = "teams(id)", on_delete = "set null")]
    pub team_id: Option<i64>,
    #[table(default = "'ok'")]
    pub mood: Mood,
    #[table(generated = "lower(email)")]
    pub key: Option<String>,
    #[sqlx(skip)]
    pub cached: u8,
}

pub struct Email(String);

#[derive(sqlx::Type, TableEnum)]
#[sqlx(rename_all = "lowercase")]
pub enum Mood { Ok, Sad }

#[derive(Table)]
#[table(name = "users", partial)]
pub struct Name { pub nickname: Option<String> }

#[cfg(test)]
mod tests {
    #[derive(Table)]
    #[table(name = "nothing")]
    struct Nothing { id: i64 }
}
"#;

/// A package with models and no revision.
fn package() -> Folder {
    let folder = Folder::new();
    folder.write("Cargo.toml", "[package]\nname = \"app\"\n");
    folder.write("src/models.rs", MODELS);
    folder.write(
        "migrations/migrate.toml",
        "dialects = [\"sqlite\"]\nlock = \"required\"\n\n[schema]\nmodels = [\"src/models.rs\"]\n",
    );
    folder.write("migrations/versions/.keep", "");
    folder
}

#[test]
fn structs_become_a_revision_and_their_declarations_are_locked() {
    let folder = package();
    let created = folder
        .migrate(&["revision", "--autogenerate", "-m", "init", "--rev-id", "a1"])
        .success();
    assert!(
        created.contains("Created migrations/versions/a1_init.sql"),
        "{created}"
    );
    assert_data_eq!(
        folder.read("migrations/versions/a1_init.sql"),
        str![[r#"
-- init
--
-- revision: a1
-- down_revision: none
-- created: [..]
-- foreign_keys: off

-- migrate: upgrade
CREATE TABLE "teams" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    UNIQUE ("name")
);
CREATE TABLE "users" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "email" TEXT NOT NULL,
    "nickname" TEXT,
    "team_id" INTEGER,
    "mood" TEXT NOT NULL DEFAULT 'ok',
    "key" TEXT GENERATED ALWAYS AS (lower(email)) VIRTUAL,
    UNIQUE ("email"),
    CHECK (email LIKE '%@%'),
    CHECK ("mood" IN ('ok', 'sad')),
    FOREIGN KEY ("team_id") REFERENCES "teams" ("id") ON DELETE SET NULL
);
CREATE INDEX "users_by_team" ON "users" ("team_id") WHERE team_id > 0;

-- migrate: downgrade
DROP INDEX "users_by_team";
-- destructive: drops table users and its rows
DROP TABLE "users";
-- destructive: drops table teams and its rows
DROP TABLE "teams";

"#]]
    );
    let lock = folder.read("migrations/schema.lock");
    let (_, models) = lock
        .split_once("[models]\n")
        .expect("the models are the source");
    assert_data_eq!(
        models,
        str![[r##"
model  teams  Team  table(name="teams",unique(name))
  field  id    i64 table(primary_key)
  field  name  String
model  users  User  table(name="users",index(team_id,name="users_by_team",where="team_id > 0"))
  field  cached    u8 sqlx(skip)
  field  email     Email table(unique,check="email LIKE '%@%'")
  field  id        i64 table(primary_key)
  field  key       Option<String> table(generated="lower(email)")
  field  mood      Mood table(default="'ok'")
  field  nickname  Option<String>
  field  team_id   Option<i64> table(references="teams(id)",on_delete="set null")
enum  Mood  ok  sad

"##]]
    );
    let url = ["--database-url", "sqlite:app.db?mode=rwc"];
    folder.migrate(&["upgrade", url[0], url[1]]).success();
    folder.migrate(&["check", url[0], url[1]]).success();
    let again = folder
        .migrate(&["revision", "--autogenerate", "-m", "more"])
        .success();
    assert!(again.contains("no revision was written"), "{again}");
}

#[test]
fn a_changed_struct_differs_until_a_revision_brings_the_change() {
    let folder = package();
    folder
        .migrate(&["revision", "--autogenerate", "-m", "init", "--rev-id", "a1"])
        .success();
    folder.edit(
        "src/models.rs",
        "    pub name: String,\n",
        "    pub name: String,\n    pub code: Option<String>,\n",
    );
    folder.edit(
        "src/models.rs",
        "pub nickname: Option<String>,\n    #[table(ref",
        "#[table(renamed_from = \"nickname\")]\n    pub alias: Option<String>,\n    #[table(ref",
    );
    let url = ["--database-url", "sqlite:app.db?mode=rwc"];
    folder.migrate(&["upgrade", url[0], url[1]]).success();
    let said = folder.migrate(&["check", url[0], url[1]]);
    assert_eq!(said.code(), Some(3));
    // The lock still has what was proven: a build says which fields the chain does not have.
    let before = folder.read("migrations/schema.lock");
    folder.migrate(&["lock"]).success();
    assert_eq!(folder.read("migrations/schema.lock"), before);
    folder
        .migrate(&["revision", "--autogenerate", "-m", "more", "--rev-id", "b1"])
        .success();
    let revision = folder.read("migrations/versions/b1_more.sql");
    assert!(
        revision.contains("RENAME COLUMN \"nickname\" TO \"alias\""),
        "{revision}"
    );
    assert!(revision.contains("\"code\" TEXT"), "{revision}");
    assert!(
        folder
            .read("migrations/schema.lock")
            .contains("  field  alias ")
    );
}

#[test]
fn what_models_do_not_name_stays_unless_the_settings_say_otherwise() {
    let folder = package();
    folder.write(
        "migrations/versions/a1.sql",
        "-- revision: a1\n-- down_revision: none\n\n-- migrate: upgrade\nCREATE TABLE legacy (id INTEGER PRIMARY KEY);\n\
         CREATE VIEW old AS SELECT id FROM legacy;\nCREATE TRIGGER noted AFTER INSERT ON legacy BEGIN SELECT 1; END;\n\n\
         -- migrate: downgrade\nDROP VIEW old;\nDROP TABLE legacy;\n",
    );
    folder
        .migrate(&["revision", "--autogenerate", "-m", "init", "--rev-id", "b1"])
        .success();
    let revision = folder.read("migrations/versions/b1_init.sql");
    assert!(
        revision.contains("CREATE TABLE \"users\"") && !revision.contains("legacy"),
        "{revision}"
    );
    folder.edit(
        "migrations/migrate.toml",
        "[schema]\n",
        "[schema]\nunknown = \"drop\"\n",
    );
    folder
        .migrate(&["revision", "--autogenerate", "-m", "drop", "--rev-id", "c1"])
        .success();
    let revision = folder.read("migrations/versions/c1_drop.sql");
    assert!(revision.contains("DROP TABLE \"legacy\""), "{revision}");
}

#[test]
fn a_view_in_a_file_of_its_own_is_generated_and_pinned() {
    let folder = package();
    folder.edit(
        "migrations/migrate.toml",
        "[schema]\n",
        "[schema]\nfiles = [\"objects/*.sql\"]\n",
    );
    folder.write(
        "migrations/objects/adults.sql",
        "CREATE VIEW adults AS SELECT id FROM users;\n",
    );
    folder
        .migrate(&["revision", "--autogenerate", "-m", "init", "--rev-id", "a1"])
        .success();
    assert!(
        folder
            .read("migrations/versions/a1_init.sql")
            .contains("CREATE VIEW adults")
    );
    let url = ["--database-url", "sqlite:app.db?mode=rwc"];
    folder.migrate(&["upgrade", url[0], url[1]]).success();
    folder.edit(
        "migrations/objects/adults.sql",
        "SELECT id",
        "SELECT id, email",
    );
    assert_data_eq!(
        folder.migrate(&["upgrade", url[0], url[1]]).failure(),
        str![[r#"
error[unpinned-file]: `migrations/objects/adults.sql` has changed, and no revision of the chain brings the change
--> migrations/objects/adults.sql
 = help: run `cargo migrate revision --autogenerate`, which writes that revision and pins the file

"#]]
    );
    folder
        .migrate(&["revision", "--autogenerate", "-m", "more", "--rev-id", "b1"])
        .success();
    let revision = folder.read("migrations/versions/b1_more.sql");
    let (up, down) = revision
        .split_once("-- migrate: downgrade")
        .expect("both ways");
    assert!(up.contains("SELECT id, email"), "{revision}");
    assert!(
        down.contains("CREATE VIEW adults AS SELECT id FROM users"),
        "{revision}"
    );
    folder.migrate(&["upgrade", url[0], url[1]]).success();
}

#[test]
fn a_program_that_prints_sql_is_a_source() {
    let folder = Folder::new();
    folder.write("Cargo.toml", "[package]\nname = \"app\"\n");
    folder.write(
        "schema.py",
        "echo 'CREATE TABLE notes (id INTEGER PRIMARY KEY);'\n",
    );
    folder.write(
        "migrations/migrate.toml",
        "[schema]\nprogram = [\"sh\", \"schema.py\"]\n",
    );
    folder.write("migrations/versions/.keep", "");
    folder
        .migrate(&["revision", "--autogenerate", "-m", "init", "--rev-id", "a1"])
        .success();
    assert!(
        folder
            .read("migrations/versions/a1_init.sql")
            .contains("CREATE TABLE notes")
    );
    folder.write(
        "schema.py",
        "echo 'Traceback: no module named app' >&2\nexit 1\n",
    );
    assert_data_eq!(
        folder
            .migrate(&["revision", "--autogenerate", "-m", "more"])
            .failure(),
        str![[r#"
error: `sh schema.py` failed (exit status: 1); nothing was written
  note: Traceback: no module named app

"#]]
    );
}

/// As the guide shows it.
const SQLALCHEMY: &str = r#"from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, MetaData, String, Table, create_mock_engine

metadata = MetaData()
Table("users", metadata, Column("id", Integer, primary_key=True), Column("email", String(254), nullable=False, unique=True))
Table("notes", metadata, Column("id", Integer, primary_key=True), Column("user_id", ForeignKey("users.id"), index=True),
      CheckConstraint("id > 0"))

engine = create_mock_engine("sqlite://", lambda sql, *_, **__: print(str(sql.compile(dialect=engine.dialect)) + ";"))
metadata.create_all(engine, checkfirst=False)
"#;

#[test]
fn the_metadata_of_sqlalchemy_is_a_source() {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/alembic/bin/python");
    assert!(
        python.exists(),
        "there is no SQLAlchemy in target/alembic: run `cargo xtask setup`, which installs it"
    );
    let folder = Folder::new();
    folder.write("Cargo.toml", "[package]\nname = \"app\"\n");
    folder.write("schema.py", SQLALCHEMY);
    let settings =
        format!("dialects = [\"sqlite\"]\n\n[schema]\nprogram = [{python:?}, \"schema.py\"]\n");
    folder.write("migrations/migrate.toml", &settings);
    folder.write("migrations/versions/.keep", "");
    let generate = ["revision", "--autogenerate", "-m", "init", "--rev-id", "a1"];
    folder.migrate(&generate).success();
    let revision = folder.read("migrations/versions/a1_init.sql");
    for part in [
        "CREATE TABLE users",
        "VARCHAR(254)",
        "UNIQUE (email)",
        "CHECK (id > 0)",
        "FOREIGN KEY",
        "CREATE INDEX",
    ] {
        assert!(revision.contains(part), "{part}: {revision}");
    }
    let again = folder
        .migrate(&["revision", "--autogenerate", "-m", "more"])
        .success();
    assert!(again.contains("no revision was written"), "{again}");
}

#[test]
fn models_that_make_no_sense_are_errors_with_their_place() {
    let folder = package();
    folder.write(
        "src/models.rs",
        "use embed_migrations::Table;\n\nstruct 1;\n",
    );
    folder.edit(
        "migrations/migrate.toml",
        "\"src/models.rs\"",
        "\"src\", \"nowhere.rs\"",
    );
    folder.write(
        "src/more.rs",
        "#[derive(Table)]\n#[table(name = \"a\")]\nstruct A { id: Unknown }\n\n#[derive(Table)]\n#[table(name = \"a\")]\nstruct B { id: i64 }\n\n\
         #[derive(Table)]\n#[table(name = \"c\")]\nstruct C<T> { id: T }\n\n#[derive(Table)]\n#[cfg(unix)]\n#[table(name = \"d\")]\nstruct D { id: i64 }\n\n\
         #[derive(TableEnum)]\nenum E { F }\n",
    );
    assert_data_eq!(
        folder
            .migrate(&["revision", "--autogenerate", "-m", "init"])
            .failure(),
        str![[r#"
error: 6 things are wrong with the models
  note: src/models.rs:3:8: this is not Rust: expected identifier
  note: src/more.rs:11:9: a table has no generics: write a struct for each table
  note: src/more.rs:14:1: a table cannot depend on a `#[cfg]`: the chain has it or not
  note: src/more.rs:19:6: sqlx reads an enum only if it derives `sqlx::Type`, too
  note: nowhere.rs: it cannot be read: No such file or directory (os error 2)
  note: src/more.rs:7:8: `A` in src/more.rs defines the table `a` already: write `#[table(partial)]` at one of them

"#]]
    );
    folder.write("src/models.rs", "#[derive(Table)]\n#[table(name = \"a\", unique(name))]\nstruct A { id: Unknown, list: Vec<i32> }\n");
    folder.edit(
        "migrations/migrate.toml",
        "\"src\", \"nowhere.rs\"",
        "\"src/models.rs\"",
    );
    assert_data_eq!(
        folder
            .migrate(&["revision", "--autogenerate", "-m", "init"])
            .failure(),
        str![[r#"
error: 3 things are wrong with the models
  note: src/models.rs:3:16: no type of a column is known for `Unknown`: define it in one of the files that are read, or write `#[table(type = "…")]` or `#[table(as = …)]`
  note: src/models.rs:3:31: sqlite has no lists in columns: use `Json<Vec<…>>`
  note: src/models.rs:3:8: an attribute of `A` names the column `name`, which it does not have

"#]]
    );
}

#[test]
fn a_struct_is_printed_for_each_table() {
    let folder = package();
    folder
        .migrate(&["revision", "--autogenerate", "-m", "init", "--rev-id", "a1"])
        .success();
    assert_data_eq!(
        folder.migrate(&["models"]).success(),
        str![[r##"
#[derive(Debug, sqlx::FromRow, embed_migrations::Table)]
#[table(name = "teams")]
pub struct Team {
    #[table(primary_key)]
    pub id: i64,
    #[table(unique)]
    pub name: String,
}

#[derive(Debug, sqlx::FromRow, embed_migrations::Table)]
#[table(
    name = "users",
    index(team_id, name = "users_by_team", where = "team_id > 0"),
    check = "email like '%@%'",
    check = "mood in('ok', 'sad')"
)]
pub struct User {
    #[table(unique)]
    pub email: String,
    #[table(primary_key)]
    pub id: i64,
    #[table(generated = "lower(email)")]
    pub key: Option<String>,
    #[table(default = "'ok'")]
    pub mood: String,
    pub nickname: Option<String>,
    #[table(references = "teams(id)", on_delete = "set null")]
    pub team_id: Option<i64>,
}

"##]]
    );
    let said = folder.migrate(&["models", "--table", "user"]).failure();
    assert!(said.contains("did you mean `users`?"), "{said}");
}

/// Every attribute, in one struct or another.
const ATTRIBUTES: &str = r#"
/// Teams of users
#[derive(Table)]
#[table(name = "teams", unique(a, b), index(a, b, name = "teams_by_a", unique), check = "a > 0", strict, engine = "InnoDB")]
pub struct Team {
    #[table(primary_key, identity = false, type(sqlite = "INTEGER", postgres = "bigint", mysql = "bigint"))]
    pub id: i64,
    pub a: i32,
    /// The second
    pub b: i32,
    #[table(type(sqlite = "TEXT", postgres = "varchar(7)", mysql = "varchar(7)"), collate(sqlite = "NOCASE", postgres = "C", mysql = "utf8mb4_bin"))]
    pub code: String,
}

#[derive(Table)]
#[table(name = "users", without_rowid, primary_key(name, team_id), index(plus, where = "plus > 1"))]
pub struct User {
    #[table(index)]
    pub name: String,
    #[table(references = "teams(id)", on_delete = "cascade", on_update = "cascade")]
    pub team_id: i64,
    #[table(unique, default = "7", check = "number > 1")]
    pub number: i64,
    #[table(generated = "number + 1")]
    pub plus: Option<i64>,
    #[table(column = "state")]
    pub mood: Mood,
    pub level: Level,
}

#[derive(Table)]
#[table(name = "numbered")]
pub struct Numbered {
    #[table(primary_key)]
    pub id: i64,
    #[sqlx(flatten)]
    pub place: Place,
}

#[derive(Table)]
#[table(name = "numbered", partial)]
pub struct Place {
    pub city: Text,
    #[sqlx(json)]
    pub tags: Vec<String>,
}

pub type Text = String;

#[derive(sqlx::Type, TableEnum)]
#[sqlx(type_name = "mood", rename_all = "lowercase")]
pub enum Mood { Ok, Sad }

#[derive(sqlx::Type, TableEnum)]
#[repr(i32)]
pub enum Level { Low = 1 }
"#;

/// The lock of the chain that is generated from the structs, and the SQL of its revision.
/// The attributes that only `PostgreSQL` has.
const POSTGRES: &str = r#"
#[derive(Table)]
#[table(name = "tagged", schema = "billing", index(tags, using = "gin"))]
pub struct Tagged {
    #[table(primary_key)]
    pub id: i64,
    pub tags: Vec<String>,
    pub kind: Kind,
}

#[derive(sqlx::Type, TableEnum)]
#[sqlx(type_name = "billing.kind")]
pub enum Kind { Paid }
"#;

fn generated(dialect: &str, more: &str) -> (String, String) {
    let folder = Folder::new();
    folder.write("Cargo.toml", "[package]\nname = \"app\"\n");
    folder.write("src/models.rs", &format!("{ATTRIBUTES}{more}"));
    let settings = format!(
        "dialects = [\"{dialect}\"]\nlock = \"required\"\n\n[schema]\nmodels = [\"src\"]\n"
    );
    folder.write("migrations/migrate.toml", &settings);
    folder.write("migrations/versions/.keep", "");
    folder
        .migrate(&["revision", "--autogenerate", "-m", "init", "--rev-id", "a1"])
        .success();
    let again = folder
        .migrate(&["revision", "--autogenerate", "-m", "again"])
        .success();
    assert!(again.contains("no revision was written"), "{again}");
    (
        folder.read("migrations/schema.lock"),
        folder.read("migrations/versions/a1_init.sql"),
    )
}

#[track_caller]
fn has_all(text: &str, parts: &[&str]) {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let found = plain(text);
    for part in parts {
        assert!(found.contains(&plain(part)), "{part}\nis not in\n{text}");
    }
}

#[test]
fn each_attribute_is_in_the_schema_that_it_gives_on_sqlite() {
    let (lock, sql) = generated("sqlite", "");
    has_all(
        &lock,
        &[
            "unique (a, b)",
            "check (a > 0)",
            "index teams_by_a unique",
            "primary key (name, team_id)",
            "unique (number)",
            "check (number > 1)",
            "column number INTEGER not null default 7",
            "column plus INTEGER generated (number + 1) virtual",
            "foreign key (team_id) references teams (id) on delete cascade on update cascade",
            "index users_name_idx",
            "index users_plus_idx (\"plus\") WHERE plus > 1",
            "column state TEXT not null",
            "column level INTEGER not null",
            "column city TEXT not null",
            "column tags TEXT not null",
            "column id INTEGER not null identity",
        ],
    );
    has_all(
        &sql,
        &[
            "STRICT",
            "WITHOUT ROWID",
            "COLLATE NOCASE",
            "IN ('ok', 'sad')",
        ],
    );
}

#[test]
fn each_attribute_is_in_the_schema_that_it_gives_on_postgres() {
    let (lock, sql) = generated("postgres", POSTGRES);
    has_all(
        &lock,
        &[
            "unique (a, b)",
            "check ((a > 0))",
            "index teams_by_a unique",
            "primary key (name, team_id)",
            "unique (number)",
            "check ((number > 1))",
            "column number bigint not null default 7",
            "column plus bigint generated (number + 1)",
            "foreign key (team_id) references teams (id) on update cascade on delete cascade",
            "index users_name_idx (name)",
            "index users_plus_idx (plus) WHERE (plus > 1)",
            "column state mood not null",
            "column level integer not null",
            "column city text not null",
            "column tags jsonb not null",
            "column code character varying(7) not null",
            "enum mood ok sad",
            "table billing.tagged",
            "column tags text[] not null",
            "enum billing.kind Paid",
        ],
    );
    has_all(
        &sql,
        &[
            "COLLATE",
            "COMMENT ON TABLE",
            "Teams of users",
            "COMMENT ON COLUMN",
            "The second",
            "CREATE SCHEMA",
            "USING gin",
        ],
    );
    let numbered = lock
        .split("table  numbered")
        .nth(1)
        .expect("the table is there");
    has_all(numbered, &["column id bigint not null identity"]);
}

#[test]
fn each_attribute_is_in_the_schema_that_it_gives_on_mysql() {
    let (lock, sql) = generated("mysql", "");
    has_all(
        &lock,
        &[
            "unique (a, b)",
            "check (`a` > 0)",
            "primary key (name, team_id)",
            "unique (number)",
            "check (`number` > 1)",
            "column number bigint not null default 7",
            "generated `number` + 1",
            "foreign key (team_id) references teams (id) on delete cascade on update cascade",
            "index users_name_idx (name)",
            "index users_plus_idx (plus)",
            "column state enum('ok','sad') not null",
            "column level int not null",
            "column city text not null",
            "column code varchar(7) not null",
            "column id bigint not null identity",
        ],
    );
    has_all(
        &sql,
        &["utf8mb4_bin", "Teams of users", "The second", "InnoDB"],
    );
}
