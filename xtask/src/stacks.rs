//! Apps that reach their database by something else than sqlx 0.9: each is built, and run on a new database.

use std::collections::BTreeSet;

use test_servers::{Kind, Server, is_skipped};
use xshell::{Shell, cmd};

use crate::steps::{Result, Steps};

/// A folder of `examples/stacks`, and the crate by which the app reaches its database.
const STACKS: [(&str, &str); 5] = [
    ("diesel", "diesel"),
    ("rusqlite", "rusqlite"),
    ("sea_orm", "sea-orm"),
    ("sqlx_0_8", "sqlx@0.8"),
    ("tokio_postgres", "deadpool-postgres"),
];

/// Builds and runs each of them.
pub fn run(sh: &Shell, steps: &mut Steps) -> Result {
    let target = sh.current_dir().join("target/stacks");
    for (name, _) in STACKS {
        let databases = tempfile::tempdir()?;
        let (url, _server) = if name != "tokio_postgres" {
            let file = databases.path().join("app.db");
            (format!("sqlite:{}", file.display()), None)
        } else if is_skipped(Kind::Postgres) {
            steps.skip(name, "it needs PostgreSQL");
            continue;
        } else {
            let server = Server::start(Kind::Postgres);
            (server.admin_url(), Some(server))
        };
        let manifest = manifest(name);
        let command = cmd!(
            sh,
            "cargo run --quiet --manifest-path {manifest} --target-dir {target}"
        );
        let output = steps.output(name, command.env("DATABASE_URL", &url));
        if output.is_some_and(|output| {
            !output.contains("upgraded 1 revision") || !output.ends_with("Ann\n")
        }) {
            steps.step(&format!("{name}: its output"), |_| {
                Err("it has not upgraded and read `Ann`".into())
            });
        }
    }
    Ok(())
}

/// Prints for each how many crates it builds, and how many seconds of a processor a first build takes: by itself, and with
/// the chain.
pub fn measure(sh: &Shell) -> Result {
    println!(
        "| example | crates | with the chain | seconds | with the chain |\n|---|---:|---:|---:|---:|"
    );
    for (name, package) in STACKS {
        let manifest = manifest(name);
        let all = crates(sh, &manifest, &[])?;
        let without = crates(sh, &manifest, &["--prune", "embed-migrations"])?;
        let alone = build(sh, &manifest, &["--package", package])?;
        let whole = build(sh, &manifest, &[])?;
        println!("| {name} | {without} | {all} | {alone} | {whole} |");
    }
    Ok(())
}

fn manifest(name: &str) -> String {
    format!("examples/stacks/{name}/Cargo.toml")
}

/// How many crates a build has, but for the app itself.
fn crates(sh: &Shell, manifest: &str, more: &[&str]) -> Result<usize> {
    let tree = cmd!(
        sh,
        "cargo tree --quiet --manifest-path {manifest} --prefix none --edges normal,build {more...}"
    );
    let tree = tree.quiet().read()?;
    let lines = tree.lines().map(|line| line.trim_end_matches(" (*)"));
    Ok(lines.collect::<BTreeSet<_>>().len() - 1)
}

/// The seconds that a processor works on a build in an empty target folder: how long it takes depends on the machine.
fn build(sh: &Shell, manifest: &str, more: &[&str]) -> Result<String> {
    let target = tempfile::tempdir()?;
    let target = target.path();
    let script = "TIMEFORMAT=%0U; time cargo build --quiet \"$@\" 2>/dev/null";
    let command = cmd!(
        sh,
        "bash -c {script} build --manifest-path {manifest} --target-dir {target} {more...}"
    );
    Ok(command.quiet().read_stderr()?.trim().to_owned())
}
