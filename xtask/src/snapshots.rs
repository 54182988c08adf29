//! A snapshot that no test looks at any more says nothing, and must go.

use std::path::Path;

use xshell::{Shell, cmd};

use crate::steps::Result;

/// Fails when a snapshot file has no test.
pub fn check(sh: &Shell) -> Result {
    let tracked = cmd!(sh, "git ls-files --cached --others --exclude-standard")
        .quiet()
        .read()?;
    let files: Vec<&str> = tracked
        .lines()
        .filter(|file| sh.path_exists(file))
        .collect();
    let stale: Vec<&str> = files
        .iter()
        .copied()
        .filter(|file| is_stale(sh, file, &files))
        .collect();
    if stale.is_empty() {
        Ok(())
    } else {
        Err(format!("no test looks at {}", stale.join(", ")).into())
    }
}

fn is_stale(sh: &Shell, file: &str, files: &[&str]) -> bool {
    if let Some(stem) = file.strip_suffix(".stderr") {
        // trybuild puts each beside its program.
        return !files.contains(&&*format!("{stem}.rs"));
    }
    if let Some((_, name)) = file.rsplit_once("/snapshots/") {
        // snapbox names the file in the test.
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        return !files
            .iter()
            .any(|source| is_rust(source) && mentions(sh, source, stem));
    }
    false
}

fn mentions(sh: &Shell, source: &str, name: &str) -> bool {
    sh.read_file(source).is_ok_and(|text| text.contains(name))
}

/// Whether a file is Rust source, by its name.
pub fn is_rust(file: &str) -> bool {
    Path::new(file)
        .extension()
        .is_some_and(|extension| extension == "rs")
}
