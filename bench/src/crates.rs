//! Small crates that are written and built to measure what a user's build costs.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use xshell::{Shell, cmd};

use crate::Result;
use crate::measure::timed;

/// Ours have a path here, and cargo would build them incrementally. It never does so with what comes from a registry, as
/// the peers do, and as ours do for a user; and an incremental build takes longer, and leaves more to link.
const AS_FROM_A_REGISTRY: &str = "[profile.dev.package.\"*\"]\nincremental = false\n";

/// A crate in a folder of its own, removed when it is dropped.
pub(crate) struct Crate {
    folder: tempfile::TempDir,
    sh: Shell,
}

impl Crate {
    /// A crate with the dependencies as they stand in Cargo.toml, and with the versions of this workspace.
    pub(crate) fn new(dependencies: &str, file: &str, source: &str) -> Result<Self> {
        let folder = tempfile::tempdir_in(scratch()?)?;
        let manifest = format!(
            "[package]\nname = \"app\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n{AS_FROM_A_REGISTRY}[dependencies]\n{dependencies}"
        );
        fs::create_dir(folder.path().join("src"))?;
        fs::write(folder.path().join("Cargo.toml"), manifest)?;
        fs::write(folder.path().join(file), source)?;
        fs::copy(
            bench_folder().join("Cargo.lock"),
            folder.path().join("Cargo.lock"),
        )?;
        let sh = Shell::new()?;
        sh.change_dir(folder.path());
        // Nothing is to be measured that is downloaded or asked for once.
        cmd!(sh, "cargo fetch").quiet().ignore_stderr().run()?;
        Ok(Self { folder, sh })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Builds it for development, and says how long cargo took.
    pub(crate) fn build(&self) -> Result<Duration> {
        let ((), time) = timed(|| {
            Ok(cmd!(self.sh, "cargo build --quiet --offline")
                .quiet()
                .run()?)
        })?;
        Ok(time)
    }

    /// Builds it again after a change of one file.
    pub(crate) fn rebuild(&self, file: &str) -> Result<Duration> {
        let path = self.path().join(file);
        let text = fs::read(&path)?;
        fs::write(path, text)?;
        self.build()
    }

    /// Builds it from nothing.
    pub(crate) fn build_anew(&self) -> Result<Duration> {
        self.sh.remove_path("target")?;
        self.build()
    }

    /// The crates that it is built from, itself included.
    pub(crate) fn tree(&self) -> Result<Vec<String>> {
        let mut names: Vec<String> = self
            .builds()?
            .iter()
            .map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "))
            .collect();
        names.dedup();
        Ok(names)
    }

    /// The same, each as often as it is built: for the crate, and for its macros where they ask for other features.
    /// The part after the name and the version tells them apart.
    pub(crate) fn builds(&self) -> Result<Vec<String>> {
        let package = "{p} [{f}]";
        let tree = cmd!(
            self.sh,
            "cargo tree --offline --edges normal,build --prefix none --no-dedupe --format {package}"
        );
        let mut lines: Vec<String> = tree.quiet().read()?.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines.dedup();
        Ok(lines)
    }
}

/// A package of the repository as a dependency, as a line of Cargo.toml.
pub(crate) fn ours(package: &str, features: &[&str]) -> String {
    let root = bench_folder().join("..");
    // The folder of `embed-migrations-chain` is `migrate-chain`; the root package has no folder of its own.
    let folder = match package.strip_prefix("embed-migrations-") {
        Some(part) => root.join(format!("migrate-{part}")),
        None => root,
    };
    format!(
        "{package} = {{ path = '{}', features = {features:?} }}\n",
        folder.display()
    )
}

/// Where everything is written that goes again: on the disk of the repository, which a folder for temporary files may
/// not be.
pub(crate) fn scratch() -> Result<PathBuf> {
    let scratch = bench_folder().join("target/scratch");
    fs::create_dir_all(&scratch)?;
    Ok(scratch)
}

pub(crate) fn bench_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
