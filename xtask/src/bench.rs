//! `cargo xtask bench`: the programs of bench/, which is a workspace of its own.

use xshell::{Shell, cmd};

use crate::steps::Result;

pub(crate) fn run(sh: &Shell, names: &[String]) -> Result {
    Ok(cmd!(
        sh,
        "cargo run --release --manifest-path bench/Cargo.toml -- {names...}"
    )
    .run()?)
}
