#![doc = include_str!("../README.md")]

mod error;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use migrate_runtime::{Dialect, Migrations, Revision};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use toml::de::DeTable;

pub use error::Error;

/// Builds a database with the chain in `directory`, relative to the folder of Cargo.toml, and tells cargo to set
/// `DATABASE_URL` for this package, or the variable that `database-url-var` in sqlx.toml names.
///
/// Cargo runs the build script again when something in the directory changes.
///
/// # Errors
/// The chain has a fault, a revision of it is written in Rust or does not run on SQLite, or the database cannot be written.
///
/// ```no_run
/// // build.rs
/// fn main() -> Result<(), embed_migrations_build::Error> {
///     embed_migrations_build::database("migrations")
/// }
/// ```
#[allow(clippy::print_stdout, reason = "a build script talks to cargo so")]
pub fn database(directory: impl AsRef<Path>) -> Result<(), Error> {
    let folder = variable("CARGO_MANIFEST_DIR")?;
    let out = variable("OUT_DIR")?;
    for line in instructions(&folder, &out, directory.as_ref())? {
        println!("{line}");
    }
    Ok(())
}

fn variable(name: &str) -> Result<PathBuf, Error> {
    let value = env::var_os(name).map(PathBuf::from);
    value.ok_or_else(|| {
        Error::new(format!("{name} is not set")).help("call this in build.rs, which cargo runs")
    })
}

/// Builds the database, and says what cargo has to be told.
fn instructions(folder: &Path, out: &Path, directory: &Path) -> Result<Vec<String>, Error> {
    let config = folder.join("sqlx.toml");
    let variable = url_variable(&config)?;
    let root = folder.join(directory);
    let migrations = Migrations::load(&root)?;
    if let Some(revision) = migrations.revisions().iter().find(|one| one.is_rust()) {
        return Err(in_rust(&migrations, revision));
    }
    let database = build(&migrations, out)?;
    Ok(vec![
        format!("cargo:rerun-if-changed={}", root.display()),
        format!("cargo:rerun-if-changed={}", config.display()),
        format!("cargo:rustc-env={variable}=sqlite:{}", database.display()),
    ])
}

/// The variable that sqlx reads the URL from.
fn url_variable(config: &Path) -> Result<String, Error> {
    let usual = || "DATABASE_URL".to_owned();
    let Ok(text) = fs::read_to_string(config) else {
        return Ok(usual());
    };
    let table = DeTable::parse(&text)
        .map_err(|error| Error::new(format!("sqlx.toml cannot be read: {error}")))?;
    let common = table.get_ref().get("common");
    let variable = common.and_then(|common| common.get_ref().as_table()?.get("database-url-var"));
    let variable = variable.and_then(|variable| variable.get_ref().as_str());
    Ok(variable.map_or_else(usual, str::to_owned))
}

/// Writes the database under another name first: what rustc has opened does not change.
fn build(migrations: &Migrations, out: &Path) -> Result<PathBuf, Error> {
    let key = migrations.identity(Dialect::Sqlite);
    let database = out.join(format!("embed-migrations-{}.sqlite", &key[..16]));
    if database.exists() {
        return Ok(database);
    }
    remove_earlier(out);
    let unfinished = database.with_extension("new");
    let failed = |error: std::io::Error| Error::new(format!("{}: {error}", unfinished.display()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(failed)?;
    runtime.block_on(run(migrations, &unfinished))?;
    fs::rename(&unfinished, &database).map_err(failed)?;
    Ok(database)
}

async fn run(migrations: &Migrations, path: &Path) -> Result<(), Error> {
    let failed = |error: sqlx::Error| Error::new(format!("{}: {error}", path.display()));
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true);
    let mut connection = options.connect().await.map_err(failed)?;
    migrations.upgrade(&mut connection).await?;
    connection.close().await.map_err(failed)
}

/// Removes the databases of chains from before.
fn remove_earlier(out: &Path) {
    for entry in fs::read_dir(out).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if name.to_string_lossy().starts_with("embed-migrations-") {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn in_rust(migrations: &Migrations, revision: &Revision) -> Error {
    let path = migrations.path_of(revision);
    Error::new(format!("{path} is written in Rust, which a build script cannot run"))
        .help("check the queries against a database that your program has upgraded: set DATABASE_URL, or run `cargo sqlx prepare`")
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "-- Users\n--\n-- revision: a1\n-- down_revision: none\n\n-- migrate: upgrade\nCREATE TABLE users (id INTEGER);\n";

    struct Package(tempfile::TempDir);

    impl Package {
        fn new(files: &[(&str, &str)]) -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            fs::create_dir(folder.path().join("out")).expect("a folder");
            let package = Self(folder);
            for (name, text) in files {
                package.write(name, text);
            }
            package
        }

        fn write(&self, name: &str, text: &str) {
            let path = self.0.path().join(name);
            fs::create_dir_all(path.parent().expect("it is inside")).expect("a folder");
            fs::write(path, text).expect("it is written");
        }

        fn instructions(&self) -> Result<Vec<String>, Error> {
            let folder = self.0.path();
            instructions(folder, &folder.join("out"), Path::new("migrations"))
        }

        /// The variable, and the path of the database.
        fn database(&self) -> (String, PathBuf) {
            let lines = self.instructions().expect("it is built");
            let set = lines
                .iter()
                .find_map(|line| line.strip_prefix("cargo:rustc-env="));
            let (name, url) = set.and_then(|set| set.split_once('=')).expect("a variable");
            let path = url.strip_prefix("sqlite:").expect("a URL");
            (name.to_owned(), path.into())
        }
    }

    #[test]
    fn a_changed_chain_gives_another_database_and_the_old_one_goes() {
        let package = Package::new(&[("migrations/versions/a1.sql", USERS)]);
        let (name, first) = package.database();
        assert_eq!(name, "DATABASE_URL");
        assert_eq!(package.database().1, first, "nothing has changed");
        package.write("migrations/versions/a1.sql", &USERS.replace("id", "key"));
        let (_, second) = package.database();
        assert_ne!(first, second);
        assert!(second.exists() && !first.exists());
    }

    #[test]
    fn sqlx_toml_names_another_variable() {
        let package = Package::new(&[
            ("migrations/versions/a1.sql", USERS),
            ("sqlx.toml", "[common]\ndatabase-url-var = 'SHOP_URL'\n"),
        ]);
        assert_eq!(package.database().0, "SHOP_URL");
        package.write("sqlx.toml", "[common\n");
        let error = package.instructions().expect_err("it cannot be read");
        assert!(
            error.to_string().starts_with("sqlx.toml cannot be read"),
            "{error}"
        );
    }

    #[test]
    fn a_rust_revision_is_refused_with_a_way_out() {
        let rust = "//! Fill\n//!\n//! revision: b2\n//! down_revision: a1\n\n\
            pub async fn upgrade(_: &mut Context<'_>) -> Result<()> { Ok(()) }\n";
        let package = Package::new(&[
            ("migrations/versions/a1.sql", USERS),
            ("migrations/versions/b2.rs", rust),
        ]);
        let error = package
            .instructions()
            .expect_err("it is in Rust")
            .to_string();
        assert!(
            error.contains("versions/b2.rs is written in Rust"),
            "{error}"
        );
        assert!(error.contains("cargo sqlx prepare"), "{error}");
    }

    #[test]
    fn a_faulty_chain_is_shown_as_the_macro_shows_it() {
        let package = Package::new(&[(
            "migrations/versions/a1.sql",
            &USERS.replace("down_revision: none", "down_revision: zz"),
        )]);
        let error = package.instructions().expect_err("it is faulty");
        assert!(format!("{error:?}").contains("unknown-parent"), "{error:?}");
    }
}
