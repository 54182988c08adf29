//! `cargo xtask lint`: what can be said about the code without running it.

use xshell::{Shell, cmd};

use crate::steps::{Result, Steps};
use crate::{book, floors, house, links, setup, snapshots};

/// The lowest Rust that the manifest promises.
const LOWEST_RUST: &str = env!("CARGO_PKG_RUST_VERSION");

pub fn run(sh: &Shell, steps: &mut Steps) -> Result {
    steps.command("rustfmt", cmd!(sh, "cargo fmt --all --check"));
    rust_revisions(sh, steps)?;
    steps.step("imports go down, and in no circle", |_| {
        house::check(&sh.current_dir())
    });
    let clippy = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ];
    steps.command("clippy", cmd!(sh, "cargo {clippy...}"));
    let rustdoc = cmd!(sh, "cargo doc --workspace --all-features --no-deps")
        .env("RUSTDOCFLAGS", "-D warnings");
    steps.command("rustdoc", rustdoc);
    steps.step("links of the documents", |_| links::check(sh));
    steps.step("the guide", |_| book::build(sh));
    steps.step("no stale snapshots", |_| snapshots::check(sh));
    deny_if_installed(sh, steps);
    lowest_rust(sh, steps);
    floors::run(sh, steps);
    Ok(())
}

/// Rust revisions are modules of no crate that rustfmt knows, since a macro names them.
fn rust_revisions(sh: &Shell, steps: &mut Steps) -> Result {
    let tracked = cmd!(sh, "git ls-files migrations examples")
        .quiet()
        .read()?;
    let is_revision = |file: &&str| snapshots::is_rust(file) && file.contains("/versions/");
    let files: Vec<&str> = tracked.lines().filter(is_revision).collect();
    steps.command(
        "rustfmt on Rust revisions",
        cmd!(sh, "rustfmt --edition 2024 --check {files...}"),
    );
    Ok(())
}

/// Advisories change by the day and need the network: they are no part of a lint, which must say the same tomorrow.
const WITHOUT_ADVISORIES: [&str; 3] = ["bans", "licenses", "sources"];

fn deny_if_installed(sh: &Shell, steps: &mut Steps) {
    if setup::is_installed("cargo-deny") {
        let command = cmd!(
            sh,
            "cargo deny --workspace --all-features check --hide-inclusion-graph {WITHOUT_ADVISORIES...}"
        );
        steps.command("cargo-deny", command);
        steps.skip(
            "advisories",
            "they need the network; `cargo xtask deny` checks them",
        );
    } else {
        steps.skip(
            "cargo-deny",
            "it is not installed; `cargo xtask deny` installs and runs it",
        );
    }
}

/// `cargo xtask deny`: licences, advisories, duplicates.
pub fn deny(sh: &Shell) -> Result {
    if !setup::is_installed("cargo-deny") {
        cmd!(sh, "cargo install --locked cargo-deny").run()?;
    }
    Ok(cmd!(
        sh,
        "cargo deny --workspace --all-features check --hide-inclusion-graph"
    )
    .run()?)
}

fn lowest_rust(sh: &Shell, steps: &mut Steps) {
    let toolchain = format!("+{LOWEST_RUST}");
    if cmd!(sh, "rustc {toolchain} --version")
        .quiet()
        .ignore_stderr()
        .ignore_stdout()
        .run()
        .is_ok()
    {
        let check = cmd!(
            sh,
            "cargo {toolchain} check --workspace --all-features --target-dir target/lowest-rust"
        );
        steps.command(&format!("Rust {LOWEST_RUST}"), check);
    } else {
        let why = format!("it is not installed; `rustup toolchain install {LOWEST_RUST}` does so");
        steps.skip(&format!("the lowest Rust, {LOWEST_RUST}"), &why);
    }
}
