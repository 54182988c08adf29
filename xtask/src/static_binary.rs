//! `cargo xtask static`: an app with its commands as one static binary, in a folder that is all it sees of the machine.

use xshell::{Shell, cmd};

use crate::servers::Servers;
use crate::setup;
use crate::steps::{Result, Steps};

const GNU: &str = "x86_64-unknown-linux-gnu";
const MUSL: &str = "x86_64-unknown-linux-musl";

pub fn run(sh: &Shell) -> Result {
    let mut steps = Steps::default();
    let servers = Servers::start(&mut steps);
    let mut targets = vec![GNU];
    if has_musl(sh)? {
        targets.push(MUSL);
    } else {
        let install = format!("`rustup target add {MUSL}` and the package musl-tools are for it");
        steps.skip(MUSL, &install);
    }
    for target in targets {
        let test = cmd!(
            sh,
            "cargo test --features cli,postgres --test own_cli -- --nocapture"
        );
        let test = test.env("MIGRATE_TEST_STATIC", target);
        steps.tests(
            &format!("a static binary for {target}"),
            servers.pass_to(test),
        );
        steps.step(
            &format!("its size, with and without symbols, for {target}"),
            |_| size(sh, target),
        );
    }
    steps.finish()
}

fn has_musl(sh: &Shell) -> Result<bool> {
    let installed = cmd!(sh, "rustup target list --installed").quiet().read()?;
    Ok(installed.lines().any(|target| target == MUSL) && setup::is_installed("musl-gcc"))
}

fn size(sh: &Shell, target: &str) -> Result {
    let binary = format!("target/{target}/release/examples/own_cli");
    let folder = tempfile::tempdir()?;
    let stripped = folder.path().join("own_cli");
    cmd!(sh, "strip -o {stripped} {binary}").run()?;
    for path in [binary.as_ref(), stripped.as_path()] {
        println!("{} bytes", std::fs::metadata(path)?.len());
    }
    Ok(())
}
