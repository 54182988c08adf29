//! `cargo xtask floors`: the crates that an app builds, with the oldest dependencies that their manifests allow.
//!
//! It is what the unstable `-Z direct-minimal-versions` is for. Here a small app, which has none of the dependencies of the
//! tests, asks for exactly these versions.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;
use xshell::{Shell, cmd};

use crate::steps::{Result, Steps};

const FOLDER: &str = "target/floors";

/// An app with all features.
const APP: &str = r#"[package]
name = "floors"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
embed-migrations = { path = "../..", features = ["cli", "include_dir", "mysql", "postgres", "sqlite", "test"] }
"#;

pub fn run(sh: &Shell, steps: &mut Steps) {
    steps.step("the oldest dependencies", |_| {
        sh.write_file(format!("{FOLDER}/src/lib.rs"), "")?;
        sh.copy_file("Cargo.lock", FOLDER)?;
        let _in_the_app = sh.push_dir(FOLDER);
        sh.write_file("Cargo.toml", APP)?;
        let oldest = oldest(sh)?;
        sh.write_file("Cargo.toml", with_exactly(&oldest))?;
        Ok(cmd!(sh, "cargo check").run()?)
    });
}

/// The oldest version of each dependency of our packages that comes from a registry.
fn oldest(sh: &Shell) -> Result<BTreeMap<String, String>> {
    let metadata = cmd!(sh, "cargo metadata --format-version 1");
    let metadata: Value = serde_json::from_str(&metadata.quiet().read()?)?;
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let dependencies = list(&metadata["packages"])
        .into_iter()
        .filter(|package| package["source"].is_null())
        .flat_map(|package| list(&package["dependencies"]))
        .filter(|dependency| dependency["kind"].is_null() && dependency["path"].is_null());
    let mut oldest = BTreeMap::new();
    for dependency in dependencies {
        let (name, requirement) = (&dependency["name"], &dependency["req"]);
        let (Some(name), Some(requirement)) = (name.as_str(), requirement.as_str()) else {
            return Err(format!("cargo metadata has no version of {dependency}").into());
        };
        oldest.insert(name.to_owned(), lowest(requirement));
    }
    Ok(oldest)
}

/// `1.38.0` of `^1.38`.
fn lowest(requirement: &str) -> String {
    let mut numbers: Vec<&str> = requirement.trim_start_matches('^').split('.').collect();
    numbers.resize(3, "0");
    numbers.join(".")
}

fn with_exactly(versions: &BTreeMap<String, String>) -> String {
    versions
        .iter()
        .fold(APP.to_owned(), |mut app, (name, version)| {
            let _ = writeln!(
                app,
                "{name} = {{ version = \"={version}\", default-features = false }}"
            );
            app
        })
}

#[cfg(test)]
mod tests {
    use super::lowest;

    #[test]
    fn the_lowest_version_is_the_one_that_the_requirement_names() {
        assert_eq!(lowest("^1.38"), "1.38.0");
        assert_eq!(lowest("^3"), "3.0.0");
        assert_eq!(lowest("^0.12.17"), "0.12.17");
    }
}
