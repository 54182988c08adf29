//! Builds a crate again that embeds a long chain, beside one with a hand-written table.

use std::fmt::Write as _;

use crate::Result;
use crate::chains;
use crate::crates::{Crate, ours};
use crate::measure::{Row, side_by_side};

const RUNS: usize = 9;
const LENGTHS: [usize; 2] = [1_000, 10_000];

pub(crate) fn run() -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    if !include_str!("../../README.md").contains(PROFILE) {
        return Err("the README recommends another profile than is measured here".into());
    }
    for kind in [&APP, &APP_WITH_PROFILE, &LIBRARY] {
        for (length, goal) in LENGTHS.into_iter().zip(kind.goals) {
            rows.push(measure(kind, length, goal)?);
        }
    }
    Ok(rows)
}

/// A kind of crate that embeds a chain.
struct Kind {
    name: &'static str,
    file: &'static str,
    dependencies: &'static str,
    /// The features of embed-migrations that it needs.
    features: &'static str,
    /// The end of the manifest of the crate that embeds.
    profile: &'static str,
    /// The source after the chain.
    embedded: &'static str,
    by_hand: &'static str,
    /// The highest ratio at each length.
    goals: [f64; 2],
}

/// A program with a database, which has to be linked: users build it again and again.
const APP: Kind = Kind {
    name: "app",
    file: "src/main.rs",
    dependencies: "sqlx = { version = \"0.9\", features = [\"runtime-tokio\", \"sqlite\"] }\n\
                   tokio = { version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }\n",
    features: "sqlite",
    profile: "",
    embedded: "#[tokio::main]\n\
               async fn main() {\n\
                   let pool = sqlx::SqlitePool::connect(\"sqlite::memory:\").await.unwrap();\n\
                   MIGRATIONS.upgrade(&pool).await.unwrap();\n\
               }\n",
    by_hand: "#[tokio::main]\n\
              async fn main() {\n\
                  let pool = sqlx::SqlitePool::connect(\"sqlite::memory:\").await.unwrap();\n\
                  for (_, sql) in MIGRATIONS {\n\
                      sqlx::raw_sql(*sql).execute(&pool).await.unwrap();\n\
                  }\n\
              }\n",
    goals: [1.3, 1.5],
};

/// The same, with the lines that the README has for it.
const APP_WITH_PROFILE: Kind = Kind {
    name: "app with the profile of the README",
    profile: PROFILE,
    ..APP
};

const PROFILE: &str = "\
[profile.dev.package]
embed-migrations-chain = { opt-level = 3, debug = false }
embed-migrations-runtime = { debug = false }
sha2 = { opt-level = 3 }
";

/// The chain alone, in a crate that is not linked and does nothing else.
const LIBRARY: Kind = Kind {
    name: "library of nothing else",
    file: "src/lib.rs",
    dependencies: "",
    features: "",
    profile: "",
    embedded: "",
    by_hand: "",
    goals: [1.6, 1.5],
};

fn measure(kind: &Kind, length: usize, goal: f64) -> Result<Row> {
    let features: Vec<&str> = kind.features.split_whitespace().collect();
    let library = ours("embed-migrations", &features);
    let (dependencies, profile) = (kind.dependencies, kind.profile);
    let dependencies = format!("{dependencies}{library}{profile}");
    let embedded = format!("{EMBEDDED}{}", kind.embedded);
    let by_hand = format!("{}{}", by_hand(length)?, kind.by_hand);
    let ours = Crate::new(&dependencies, kind.file, &embedded)?;
    let peer = Crate::new(kind.dependencies, kind.file, &by_hand)?;
    for app in [&ours, &peer] {
        chains::write(&app.path().join("migrations"), length)?;
        app.build()?;
    }
    let times = side_by_side(RUNS, || ours.rebuild(kind.file), || peer.rebuild(kind.file))?;
    Ok(Row::ratio(
        format!("touch and rebuild, {length} revisions, {}", kind.name),
        times,
        "include_str! by hand",
        goal,
    ))
}

const EMBEDDED: &str = "\
use embed_migrations::{Migrations, embed_migrations};
pub static MIGRATIONS: Migrations = embed_migrations!();
";

fn by_hand(length: usize) -> Result<String> {
    let mut source = "pub static MIGRATIONS: &[(&str, &str)] = &[\n".to_owned();
    for name in chains::files(length).keys() {
        writeln!(
            source,
            "    ({name:?}, include_str!(\"../migrations/versions/{name}\")),"
        )?;
    }
    source.push_str("];\n");
    Ok(source)
}
