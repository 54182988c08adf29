//! `cargo xtask bench`: the programs of bench/, which is a workspace of its own.

use xshell::{Shell, cmd};

use crate::steps::Result;

/// The benches that are built with the feature `servers`, with all peers: it takes minutes and needs the libraries of two
/// databases.
const ON_SERVERS: [&str; 2] = ["servers", "tests"];

pub fn run(sh: &Shell, names: &[String]) -> Result {
    let features: &[&str] =
        if names.is_empty() || names.iter().any(|name| ON_SERVERS.contains(&&**name)) {
            &["--features", "servers"]
        } else {
            &[]
        };
    Ok(cmd!(
        sh,
        "cargo run --release --manifest-path bench/Cargo.toml {features...} -- {names...}"
    )
    .run()?)
}
