//! `cargo xtask book`: the guide in `docs/`, built by mdBook.

use xshell::{Shell, cmd};

use crate::steps::Result;

const VERSION: &str = "0.5.4";
const TOOLS: &str = "target/tools";

/// Builds the guide into `target/book`. mdBook is installed first if this clone does not have it.
pub fn build(sh: &Shell) -> Result {
    let mdbook = sh.current_dir().join(TOOLS).join("bin/mdbook");
    if !mdbook.exists() {
        let install = [
            "install",
            "mdbook",
            "--version",
            VERSION,
            "--locked",
            "--debug",
            "--root",
            TOOLS,
            "--no-default-features",
            "--features",
            "search",
        ];
        cmd!(sh, "cargo {install...}").run()?;
    }
    Ok(cmd!(sh, "{mdbook} build docs").run()?)
}
