//! The servers that are installed on this machine.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::error::Error;
use crate::product::{Product, Version};

/// An installed server: its programs and its version.
///
/// ```no_run
/// use migrate_servers::{Installed, Product};
///
/// for server in Installed::all(Product::Postgres) {
///     println!("{} {} in {}", server.product(), server.version(), server.folder().display());
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    product: Product,
    version: Version,
    /// All that the program says of its version.
    full_version: String,
    daemon: PathBuf,
}

impl Installed {
    /// All that are installed, the newest first.
    pub fn all(product: Product) -> Vec<Self> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for folder in folders() {
            let daemons = product.daemons().iter().map(|name| folder.join(name));
            // One program can have several names.
            for daemon in daemons.filter_map(|daemon| fs::canonicalize(daemon).ok()) {
                if seen.insert(daemon.clone()) {
                    found.extend(Self::at(product, daemon));
                }
            }
        }
        found.sort_by_key(|server| std::cmp::Reverse(server.version));
        found
    }

    /// The server whose programs are in a folder.
    ///
    /// # Errors
    /// The folder has no server of that product.
    pub fn in_folder(product: Product, folder: &Path) -> Result<Self, Error> {
        let mut daemons = product.daemons().iter().map(|name| folder.join(name));
        let found = daemons.find_map(|daemon| Self::at(product, daemon));
        found.ok_or_else(|| Error::new(format!("{} has no {product}", folder.display())))
    }

    /// The newest one.
    ///
    /// # Errors
    /// None is installed.
    pub fn newest(product: Product) -> Result<Self, Error> {
        let newest = Self::all(product).into_iter().next();
        newest.ok_or_else(|| Error::new(format!("{product} is not installed on this machine")))
    }

    /// The newest one of the first of these products that is installed.
    ///
    /// # Errors
    /// None is installed.
    pub fn newest_of(products: &[Product]) -> Result<Self, Error> {
        let found = products
            .iter()
            .find_map(|&product| Self::newest(product).ok());
        found.ok_or_else(|| {
            let names: Vec<&str> = products.iter().map(|product| product.name()).collect();
            Error::new(format!(
                "{} is not installed on this machine",
                names.join(" or ")
            ))
        })
    }

    /// One of this version.
    ///
    /// # Errors
    /// None is installed; the message says which versions are.
    pub fn of_version(product: Product, version: Version) -> Result<Self, Error> {
        let all = Self::all(product);
        if let Some(found) = all.iter().find(|server| server.version == version) {
            return Ok(found.clone());
        }
        let versions: Vec<String> = all
            .iter()
            .map(|server| server.version.to_string())
            .collect();
        let summary = format!("{product} {version} is not installed on this machine");
        Err(Error::new(match &*versions {
            [] => summary,
            _ => format!("{summary}, only {}", versions.join(" and ")),
        }))
    }

    /// The product.
    pub fn product(&self) -> Product {
        self.product
    }

    /// Its version, as far as two servers have to agree.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The folder of its programs.
    pub fn folder(&self) -> &Path {
        self.daemon.parent().unwrap_or(Path::new("/"))
    }

    pub(crate) fn full_version(&self) -> &str {
        &self.full_version
    }

    pub(crate) fn daemon(&self) -> &Path {
        &self.daemon
    }

    /// One of its programs: beside the server, or wherever the system keeps it.
    pub(crate) fn program(&self, names: &[&str]) -> Result<PathBuf, Error> {
        let beside = names.iter().map(|name| self.folder().join(name));
        let found = beside.into_iter().find(|program| program.is_file());
        found.map_or_else(|| program(names), Ok)
    }

    fn at(product: Product, daemon: PathBuf) -> Option<Self> {
        let output = Command::new(&daemon).arg("--version").output().ok()?;
        let full_version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let version = version_of(product, &full_version)?;
        Some(Self {
            product,
            version,
            full_version,
            daemon,
        })
    }
}

/// Finds a program by one of its names, in PATH and where packages install servers.
///
/// # Errors
/// It is not installed.
pub fn program(names: &[&str]) -> Result<PathBuf, Error> {
    let folders = folders();
    let candidates = names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    let found = candidates.into_iter().find(|program| program.is_file());
    let missing = || {
        Error::new(format!(
            "the program `{}` is not installed",
            names.join("` or `")
        ))
    };
    found.ok_or_else(missing)
}

/// `postgres (PostgreSQL) 15.4`, `mysqld  Ver 10.11.6-MariaDB for …`, `mysqld  Ver 8.0.36 for Linux on x86_64 (…)`.
fn version_of(product: Product, text: &str) -> Option<Version> {
    let is_mariadb = text.contains("MariaDB");
    let number = match product {
        Product::Postgres => text.split_once("(PostgreSQL) ")?.1,
        Product::MySql if is_mariadb => return None,
        Product::MariaDb if !is_mariadb => return None,
        Product::MySql | Product::MariaDb => text.split_once("Ver ")?.1,
    };
    Version::of(product, number)
}

/// The places of programs: PATH, then the places that packages use and PATH often lacks, the newest version first.
fn folders() -> Vec<PathBuf> {
    const PLACES: [(&str, &str); 6] = [
        ("/usr/lib/postgresql", "bin"),
        ("/usr", "pgsql-/bin"),
        ("/opt/homebrew/opt", "bin"),
        ("/usr/local/opt", "bin"),
        ("/usr/local", "pgsql/bin"),
        ("/usr/local", "mysql/bin"),
    ];
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::split_paths(&path).collect();
    for (parent, rest) in PLACES {
        match rest.split_once('/') {
            Some((name, rest)) => folders.extend(versions(parent, name, rest)),
            None => folders.extend(versions(parent, "", rest)),
        }
    }
    folders.extend(["/usr/sbin", "/usr/local/sbin", "/usr/libexec"].map(PathBuf::from));
    folders
}

/// `parent/prefix…/rest`, for all that there is.
fn versions(parent: &str, prefix: &str, rest: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path().join(rest))
        .filter(|folder| folder.is_dir())
        .collect();
    folders.sort();
    folders.reverse();
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mariadb_is_never_taken_for_mysql() {
        let mariadb =
            "mysqld  Ver 10.11.6-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)";
        let mysql =
            "/usr/sbin/mysqld  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server - GPL)";
        let version = |product, text| version_of(product, text).map(|version| version.to_string());
        assert_eq!(version(Product::MySql, mariadb), None);
        assert_eq!(version(Product::MariaDb, mariadb).as_deref(), Some("10.11"));
        assert_eq!(version(Product::MySql, mysql).as_deref(), Some("8.0"));
        assert_eq!(version(Product::MariaDb, mysql), None);
        assert_eq!(version(Product::Postgres, mysql), None);
    }

    #[test]
    fn a_version_that_is_not_installed_is_named() {
        let version = Version::of(Product::Postgres, "9.6").expect("a version");
        let error = Installed::of_version(Product::Postgres, version).expect_err("it is old");
        assert!(
            error
                .summary()
                .starts_with("PostgreSQL 9 is not installed on this machine"),
            "{error}"
        );
    }
}
