//! `cargo xtask bench`: the programs of bench/, which is a workspace of its own.

use xshell::{Shell, cmd};

use crate::steps::Result;

/// The feature and the bench of this name build all peers, which takes minutes and needs the libraries of two databases.
const SERVERS: &str = "servers";

pub fn run(sh: &Shell, names: &[String]) -> Result {
    let features: &[&str] = if names.is_empty() || names.iter().any(|name| name == SERVERS) {
        &["--features", SERVERS]
    } else {
        &[]
    };
    Ok(cmd!(
        sh,
        "cargo run --release --manifest-path bench/Cargo.toml {features...} -- {names...}"
    )
    .run()?)
}
