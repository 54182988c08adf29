//! `cargo xtask test`: everything that a change could break.

use serde_json::Value;
use xshell::{Shell, cmd};

use crate::steps::Steps;
use crate::{Result, examples};

pub(crate) fn run(sh: &Shell, steps: &mut Steps) -> Result {
    steps.tests(
        "tests of the workspace, with all features",
        cmd!(sh, "cargo test --workspace --all-features --no-fail-fast"),
    );
    features(sh, steps)?;
    examples::run(sh, steps)
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
