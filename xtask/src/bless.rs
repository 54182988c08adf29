//! `cargo xtask bless`: what users see has changed, on purpose.

use xshell::{Shell, cmd};

use crate::steps::Result;

pub fn run(sh: &Shell) -> Result {
    let test = cmd!(sh, "cargo test --workspace --all-features --no-fail-fast");
    test.env("SNAPSHOTS", "overwrite")
        .env("TRYBUILD", "overwrite")
        .run()?;
    println!("\nRead every change as a user would:");
    Ok(cmd!(sh, "git status --short").run()?)
}
