//! `cargo xtask test`: everything that a change could break.

use serde_json::Value;
use xshell::{Shell, cmd};

use crate::servers::{self, Servers};
use crate::steps::{Result, Steps};
use crate::{examples, other_versions, setup};

pub fn run(sh: &Shell, steps: &mut Steps) -> Result {
    // Tests may be left out on a machine where nothing can be installed.
    if servers::skipped().next().is_none() {
        steps.step("what the tests need", |_| setup::run(sh));
    }
    let servers = Servers::start(steps);
    let features = tested_features(sh)?;
    let name = match &*features {
        [all] if all == "--all-features" => "tests of the workspace, with all features".to_owned(),
        features => format!("tests of the workspace, with {}", features.join(" ")),
    };
    let chosen = &features;
    let command = cmd!(sh, "cargo test --workspace {chosen...} --no-fail-fast");
    steps.tests(&name, servers.pass_to(command));
    drop(servers);
    other_versions::POSTGRES_18.test(sh, steps, &features);
    self::features(sh, steps)?;
    examples::run(sh, steps)
}

/// All of them, but for those of databases whose tests are skipped: a test that needs one is not built then.
fn tested_features(sh: &Shell) -> Result<Vec<String>> {
    let skipped: Vec<&str> = servers::skipped().collect();
    if skipped.is_empty() {
        return Ok(vec!["--all-features".to_owned()]);
    }
    let mut features = features_of_root(sh)?;
    features.retain(|feature| !skipped.contains(&&**feature));
    let features = features
        .iter()
        .map(|feature| format!("embed-migrations/{feature}"));
    let list = features.collect::<Vec<_>>().join(",");
    // These test what starts the servers.
    let exclude = ["embed-migrations-servers", "test-servers"];
    let exclude = exclude.map(|package| ["--exclude", package].map(str::to_owned));
    Ok(exclude
        .into_iter()
        .flatten()
        .chain(["--features".to_owned(), list])
        .collect())
}

/// The root package compiles without features and with each one alone.
fn features(sh: &Shell, steps: &mut Steps) -> Result {
    let names = features_of_root(sh)?;
    steps.step(
        "the root package with no feature, and with each alone",
        |_| {
            let root = [
                "check",
                "--quiet",
                "--package",
                "embed-migrations",
                "--lib",
                "--no-default-features",
            ];
            cmd!(sh, "cargo {root...}").run()?;
            for name in &names {
                cmd!(sh, "cargo {root...} --features {name}").run()?;
            }
            Ok(())
        },
    );
    Ok(())
}

fn features_of_root(sh: &Shell) -> Result<Vec<String>> {
    let metadata = cmd!(sh, "cargo metadata --no-deps --format-version 1")
        .quiet()
        .read()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"]
        .as_array()
        .ok_or("metadata lists packages")?;
    let root = packages
        .iter()
        .find(|package| package["name"] == "embed-migrations");
    let root = root.ok_or("the workspace has no package embed-migrations")?;
    let features = root["features"]
        .as_object()
        .ok_or("metadata lists features")?;
    Ok(features
        .keys()
        .filter(|name| *name != "default")
        .cloned()
        .collect())
}
