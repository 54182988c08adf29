//! Compiles structs that are checked against a lock, beside structs that derive `sqlx::FromRow` alone.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use migrate_chain::lock::{Built, Column, LOCK_FILE, Lock, Locked, Of, Table};
use migrate_chain::{Dialect, Digest};
use migrate_models::source;

use crate::Result;
use crate::crates::{Crate, ours};
use crate::measure::{Row, median, timed};

const RUNS: usize = 7;
const STRUCTS: usize = 500;
const FILE: &str = "src/lib.rs";
const FIELDS: [(&str, &str, [&str; 3]); 8] = [
    ("id", "i64", ["INTEGER", "bigint", "bigint"]),
    ("name", "String", ["TEXT", "text", "varchar(255)"]),
    ("email", "String", ["TEXT", "text", "varchar(255)"]),
    ("age", "i32", ["INTEGER", "integer", "int"]),
    ("score", "f64", ["REAL", "double precision", "double"]),
    ("active", "bool", ["BOOLEAN", "boolean", "tinyint(1)"]),
    ("avatar", "Option<Vec<u8>>", ["BLOB", "bytea", "blob"]),
    ("note", "Option<String>", ["TEXT", "text", "text"]),
];

pub(crate) fn run() -> Result<Vec<Row>> {
    let apps = [app(&Dialect::ALL[..1])?, app(&Dialect::ALL)?, app(&[])?];
    for app in &apps {
        app.build()?;
    }
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..RUNS {
        // In turn, so that what else the machine does hits all of them.
        for (app, times) in apps.iter().zip(&mut times) {
            times.push(app.rebuild(FILE)?);
        }
    }
    let [one, all, peer] = times.map(median);
    let what = format!("rebuild, {STRUCTS} structs against one database");
    let further = all.saturating_sub(one) / u32::try_from((Dialect::ALL.len() - 1) * STRUCTS)?;
    Ok(vec![
        Row::ratio(what, (one, peer), "sqlx::FromRow alone", 1.5),
        Row::time(
            "a struct, for each further database",
            further,
            Duration::from_micros(400),
        ),
        read()?,
    ])
}

/// A crate with many structs, which are compared with a lock of these databases; without any, they derive `FromRow` alone.
fn app(dialects: &[Dialect]) -> Result<Crate> {
    let sqlx = "sqlx = { version = \"0.9\", default-features = false, features = [\"derive\", \"runtime-tokio\", \"sqlite\"] }\n";
    let dependencies = format!("{sqlx}{}", ours("embed-migrations", &["models", "sqlite"]));
    let app = Crate::new(&dependencies, FILE, &structs(STRUCTS, !dialects.is_empty()))?;
    if !dialects.is_empty() {
        let folder = app.path().join("migrations");
        fs::create_dir(&folder)?;
        fs::write(folder.join(LOCK_FILE), lock(dialects).to_string())?;
    }
    Ok(app)
}

/// Reading models for autogenerate, without a build.
fn read() -> Result<Row> {
    const MODELS: usize = 1_000;
    let folder = tempfile::tempdir()?;
    let path: PathBuf = folder.path().join("models.rs");
    fs::write(&path, structs(MODELS, true))?;
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let (sql, time) = timed(|| {
            let models = source::read(&[path.clone()]).map_err(|faults| faults[0].to_string())?;
            Ok(source::create(&models, Dialect::Postgres)
                .map_err(|faults| faults[0].to_string())?)
        })?;
        assert_eq!(sql.matches("CREATE TABLE").count(), MODELS);
        times.push(time);
    }
    let what = format!("read {MODELS} models as SQL");
    Ok(Row::time(what, median(times), Duration::from_secs(1)))
}

fn structs(count: usize, is_table: bool) -> String {
    let mut source = String::new();
    for n in 0..count {
        let derive = if is_table {
            ", embed_migrations::Table"
        } else {
            ""
        };
        let _ = writeln!(source, "#[derive(sqlx::FromRow{derive})]");
        if is_table {
            let _ = writeln!(source, "#[table(name = \"table_{n}\")]");
        }
        let _ = writeln!(source, "pub struct Table{n} {{");
        for (name, ty, _) in FIELDS {
            let _ = writeln!(source, "    pub {name}: {ty},");
        }
        source.push_str("}\n");
    }
    source
}

fn lock(dialects: &[Dialect]) -> Lock {
    let column = |dialect: Dialect, (name, ty, sql): (&str, &str, [&str; 3])| Column {
        name: name.to_owned(),
        sql_type: sql[dialect.index()].to_owned(),
        is_not_null: !ty.starts_with("Option"),
        ..Column::default()
    };
    let locked = |&dialect: &Dialect| {
        let table = |n| Table {
            name: format!("table_{n}"),
            columns: FIELDS.map(|field| column(dialect, field)).to_vec(),
            ..Table::default()
        };
        let mut built = Built {
            tables: (0..STRUCTS).map(table).collect(),
            ..Built::default()
        };
        built.sort();
        let of = Of {
            dialect,
            digest: Digest::default(),
            server: "a server".to_owned(),
        };
        Locked { of, built }
    };
    Lock {
        databases: dialects.iter().map(locked).collect(),
        ..Lock::default()
    }
}
