//! The crate that will embed a migration directory, as far as its manifest tells.

use std::fs;
use std::path::{Path, PathBuf};

use migrate_chain::Dialect;
use toml::de::{DeTable, DeValue};

use super::super::failure::{self, CommandError, Result};

/// A crate, read from its `Cargo.toml`.
#[derive(Debug)]
pub struct Package {
    /// Its folder.
    pub root: PathBuf,
    /// Its name.
    pub name: String,
    /// The databases that it uses, by the features of sqlx and embed-migrations.
    pub dialects: Vec<Dialect>,
    /// Whether it depends on embed-migrations.
    pub has_library: bool,
    /// Whether it depends on sqlx.
    pub has_sqlx: bool,
    /// Its build script, relative to its folder; none where the manifest switches it off.
    pub build_script: Option<PathBuf>,
    /// Whether its build script uses other crates.
    pub has_build_dependencies: bool,
}

/// The crates that tell which databases an app uses, and how sqlx and this library call them.
const LIBRARIES: [&str; 2] = ["embed-migrations", "embed-migrations-runtime"];
const DRIVER: &str = "sqlx";
const OTHERS: [&str; 5] = [
    "diesel",
    "refinery",
    "sea-orm",
    "sea-orm-migration",
    "rusqlite",
];

impl Package {
    /// The crate that `directory` lies in: the nearest `Cargo.toml` above it. None where that is no crate, as at the
    /// top of a workspace, or where there is none.
    ///
    /// # Errors
    /// A manifest that cannot be read.
    pub fn around(directory: &Path) -> Result<Option<Self>> {
        let Some(root) = directory
            .ancestors()
            .skip(1)
            .find(|folder| folder.join("Cargo.toml").is_file())
        else {
            return Ok(None);
        };
        let text = read(root)?;
        let manifest = parse(root, &text)?;
        let Some(package) = table(&manifest, "package") else {
            return Ok(None);
        };
        let workspace_text = workspace_above(root);
        let workspace = workspace_text
            .as_deref()
            .and_then(|text| DeTable::parse(text).ok());
        let workspace = match &workspace {
            Some(workspace) => Some(workspace.get_ref()),
            None => Some(&manifest),
        };
        let inherited = workspace.and_then(|manifest| table(manifest, "workspace"));
        let inherited = inherited.and_then(|workspace| table(workspace, "dependencies"));
        let dependencies = Dependencies::of(&manifest, inherited);
        Ok(Some(Self {
            root: root.to_owned(),
            name: name(package),
            build_script: build_script(package),
            has_build_dependencies: table(&manifest, "build-dependencies")
                .is_some_and(|table| !table.is_empty()),
            has_library: dependencies.has_library,
            has_sqlx: dependencies.has_sqlx,
            dialects: dependencies.dialects,
        }))
    }
}

/// The databases that a crate's dependencies name.
#[derive(Default)]
struct Dependencies {
    dialects: Vec<Dialect>,
    has_library: bool,
    has_sqlx: bool,
}

impl Dependencies {
    fn of(manifest: &DeTable<'_>, inherited: Option<&DeTable<'_>>) -> Self {
        let mut found = Self::default();
        let targets = table(manifest, "target")
            .into_iter()
            .flat_map(|targets| targets.values());
        let targets = targets.filter_map(|target| target.get_ref().as_table());
        for owner in std::iter::once(manifest).chain(targets) {
            for (name, value) in table(owner, "dependencies").into_iter().flatten() {
                let shared = inherited.and_then(|shared| shared.get(name.get_ref().as_ref()));
                found.add(
                    name.get_ref(),
                    value.get_ref(),
                    shared.map(toml::Spanned::get_ref),
                );
            }
        }
        found.dialects.sort_unstable();
        found.dialects.dedup();
        found
    }

    fn add(&mut self, name: &str, own: &DeValue<'_>, shared: Option<&DeValue<'_>>) {
        let package = [Some(own), shared]
            .into_iter()
            .flatten()
            .find_map(|value| value.get("package")?.get_ref().as_str());
        let package = package.unwrap_or(name);
        let (is_library, is_driver) = (LIBRARIES.contains(&package), package == DRIVER);
        self.has_library |= is_library;
        self.has_sqlx |= is_driver;
        if package == "rusqlite" {
            self.dialects.push(Dialect::Sqlite);
        }
        if is_library || is_driver || OTHERS.contains(&package) {
            let features = [Some(own), shared].into_iter().flatten().flat_map(features);
            self.dialects
                .extend(features.filter_map(|feature| dialect(&feature)));
        }
    }
}

fn features(dependency: &DeValue<'_>) -> Vec<String> {
    let list = dependency
        .get("features")
        .and_then(|features| features.get_ref().as_array());
    let names = list
        .into_iter()
        .flatten()
        .filter_map(|name| name.get_ref().as_str());
    names.map(str::to_owned).collect()
}

/// The database of a feature such as `postgres`, `sqlx-mysql` of `SeaORM`, or `rusqlite-bundled` of refinery.
fn dialect(feature: &str) -> Option<Dialect> {
    let feature = feature.strip_prefix("sqlx-").unwrap_or(feature);
    match feature {
        "rusqlite" | "rusqlite-bundled" | "returning_clauses_for_sqlite_3_35" => {
            Some(Dialect::Sqlite)
        }
        "tokio-postgres" | "postgres_backend" => Some(Dialect::Postgres),
        "mysql_async" | "mysql_backend" => Some(Dialect::MySql),
        _ => feature
            .strip_suffix("-unbundled")
            .unwrap_or(feature)
            .parse()
            .ok(),
    }
}

fn name(package: &DeTable<'_>) -> String {
    let name = package.get("name").and_then(|name| name.get_ref().as_str());
    name.unwrap_or_default().to_owned()
}

fn build_script(package: &DeTable<'_>) -> Option<PathBuf> {
    match package.get("build").map(toml::Spanned::get_ref) {
        Some(DeValue::Boolean(false)) => None,
        Some(DeValue::String(path)) => Some(PathBuf::from(path.as_ref())),
        _ => Some(PathBuf::from("build.rs")),
    }
}

/// The manifest of the workspace above a crate, if it is in one.
fn workspace_above(root: &Path) -> Option<String> {
    let manifests = root
        .ancestors()
        .skip(1)
        .map(|folder| folder.join("Cargo.toml"));
    let texts = manifests.filter_map(|manifest| fs::read_to_string(manifest).ok());
    let mut workspaces = texts.filter(|text| {
        DeTable::parse(text).is_ok_and(|manifest| table(manifest.get_ref(), "workspace").is_some())
    });
    workspaces.next()
}

/// A path as it is shown: relative to where the user is, if it lies below, or in the crate around.
pub fn from_here(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let mut up = PathBuf::new();
    for folder in here.ancestors() {
        if let Ok(inside) = path.strip_prefix(folder) {
            return up.join(inside);
        }
        if folder.join("Cargo.toml").is_file() {
            break;
        }
        up.push("..");
    }
    path.to_owned()
}

fn read(root: &Path) -> Result<String> {
    let path = root.join("Cargo.toml");
    fs::read_to_string(&path).map_err(|error| failure::file("read", &from_here(&path), &error))
}

fn parse<'t>(root: &Path, text: &'t str) -> Result<DeTable<'t>> {
    let parsed = DeTable::parse(text).map_err(|error| {
        CommandError::new(format!(
            "{} is not TOML: {}",
            from_here(&root.join("Cargo.toml")).display(),
            error.message()
        ))
        .help("correct it; `cargo check` shows the place")
    })?;
    Ok(parsed.into_inner())
}

fn table<'m>(manifest: &'m DeTable<'_>, key: &str) -> Option<&'m DeTable<'m>> {
    manifest.get(key)?.get_ref().as_table()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Crates(tempfile::TempDir);

    impl Crates {
        fn new(manifests: &[(&str, &str)]) -> Self {
            let folder = tempfile::tempdir().expect("a temporary folder");
            for (path, text) in manifests {
                let path = folder.path().join(path);
                fs::create_dir_all(path.parent().expect("it is inside")).expect("a folder");
                fs::write(path, text).expect("it is written");
            }
            Self(folder)
        }

        fn package(&self, directory: &str) -> Option<Package> {
            Package::around(&self.0.path().join(directory)).expect("the manifest is sound")
        }
    }

    #[test]
    fn the_databases_are_those_of_sqlx_and_of_the_library() {
        let crates = Crates::new(&[(
            "Cargo.toml",
            "[package]\nname = 'app'\n[dependencies]\nsqlx = { version = '0.9', features = ['runtime-tokio', 'postgres'] }\n\
             migrations = { package = 'embed-migrations', version = '0.1', features = ['sqlite'] }\n\
             [target.'cfg(unix)'.dependencies]\nsqlx-more = { package = 'sqlx', version = '0.9', features = ['mysql'] }\n",
        )]);
        let package = crates.package("migrations").expect("a crate");
        assert_eq!(package.dialects, Dialect::ALL);
        assert!(package.has_library && package.has_sqlx && !package.has_build_dependencies);
        assert_eq!(package.build_script.as_deref(), Some(Path::new("build.rs")));
    }

    #[test]
    fn what_a_member_inherits_from_its_workspace_counts() {
        let crates = Crates::new(&[
            (
                "Cargo.toml",
                "[workspace]\nmembers = ['app']\n[workspace.dependencies]\nsqlx = { version = '0.9', features = ['sqlite-unbundled'] }\n",
            ),
            (
                "app/Cargo.toml",
                "[package]\nname = 'app'\nbuild = false\n[dependencies]\nsqlx = { workspace = true, features = ['mysql'] }\n",
            ),
        ]);
        let package = crates.package("app/db/migrations").expect("a crate");
        assert_eq!(package.dialects, [Dialect::Sqlite, Dialect::MySql]);
        assert_eq!(package.root, crates.0.path().join("app"));
        assert_eq!(package.build_script, None);
        assert!(!package.has_library);
    }

    #[test]
    fn a_workspace_without_a_package_is_no_crate() {
        let crates = Crates::new(&[("Cargo.toml", "[workspace]\nmembers = []\n")]);
        assert!(crates.package("migrations").is_none());
    }

    #[test]
    fn a_manifest_that_is_not_toml_is_an_error() {
        let crates = Crates::new(&[("Cargo.toml", "[package\n")]);
        let failure =
            Package::around(&crates.0.path().join("migrations")).expect_err("it is broken");
        assert!(failure.summary().contains("is not TOML"), "{failure:?}");
    }
}
