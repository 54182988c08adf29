//! `cargo xtask setup`: what the tests need of this machine.

use std::path::PathBuf;
use std::{env, fs};

use xshell::{Shell, cmd};

use crate::other_versions::{self, Version};
use crate::steps::Result;

/// A program that something here calls.
struct Tool {
    program: &'static str,
    /// The package of Debian and Ubuntu.
    package: &'static str,
    purpose: &'static str,
}

/// A test on a server starts one of its own, private and on a free port: only the programs are needed.
const TOOLS: [Tool; 10] = [
    Tool {
        program: "cc",
        package: "build-essential",
        purpose: "building SQLite",
    },
    Tool {
        program: "sqlite3",
        package: "sqlite3",
        purpose: "cargo xtask bench",
    },
    Tool {
        program: "pg_config",
        package: "libpq-dev",
        purpose: "cargo xtask bench servers",
    },
    Tool {
        program: "mariadb_config",
        package: "libmariadb-dev",
        purpose: "cargo xtask bench servers",
    },
    Tool {
        program: "postgres",
        package: "postgresql",
        purpose: "tests on PostgreSQL",
    },
    Tool {
        program: "pgbouncer",
        package: "pgbouncer",
        purpose: "tests behind a pooler",
    },
    Tool {
        program: "mariadbd",
        package: "mariadb-server",
        purpose: "tests on MariaDB",
    },
    Tool {
        program: "/usr/lib/galera/libgalera_smm.so",
        package: "galera-4",
        purpose: "tests on a cluster of MariaDB",
    },
    Tool {
        program: "rsync",
        package: "rsync",
        purpose: "tests on a cluster of MariaDB",
    },
    Tool {
        program: "python3",
        package: "python3-venv",
        purpose: "tests beside Alembic",
    },
];

/// The Python packages of a test, and their folder.
const REQUIREMENTS: &str = "tests/alembic/requirements.txt";
const ALEMBIC: &str = "target/alembic";

const COMPONENTS: [(&str, &str); 2] = [("cargo-clippy", "clippy"), ("rustfmt", "rustfmt")];

pub fn run(sh: &Shell) -> Result {
    let missing: Vec<&Tool> = TOOLS
        .iter()
        .filter(|tool| !is_installed(tool.program))
        .collect();
    for tool in &missing {
        println!(
            "missing: {} ({}), for {}",
            tool.program, tool.package, tool.purpose
        );
    }
    let packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
    install(sh, &packages)?;
    for (program, component) in COMPONENTS {
        if !is_installed(program) {
            cmd!(sh, "rustup component add {component}").run()?;
        }
    }
    alembic(sh)?;
    version(sh, &other_versions::POSTGRES_18)?;
    println!("everything that the tests need is there");
    Ok(())
}

/// Installs Alembic, with what it needs to talk to each database, unless it is there.
fn alembic(sh: &Shell) -> Result {
    let installed = format!("{ALEMBIC}/requirements.txt");
    let is_there = |path: &str| sh.read_file(path).ok();
    if is_there(&installed).is_some_and(|there| Some(there) == is_there(REQUIREMENTS)) {
        return Ok(());
    }
    if cmd!(sh, "python3 -m venv --clear {ALEMBIC}").run().is_err() {
        // Debian's Python comes without it.
        install(sh, &["python3-venv"])?;
        cmd!(sh, "python3 -m venv --clear {ALEMBIC}").run()?;
    }
    cmd!(
        sh,
        "{ALEMBIC}/bin/pip install --quiet --requirement {REQUIREMENTS}"
    )
    .run()?;
    // Only now it is whole.
    Ok(sh.copy_file(REQUIREMENTS, installed)?)
}

/// Fetches a version of a server that Debian does not have, unless it is there.
pub fn version(sh: &Shell, version: &Version) -> Result {
    if !other_versions::is_for_this_machine() {
        return Ok(());
    }
    if !is_installed("npm") {
        install(sh, &["npm"])?;
    }
    version.install(sh)
}

/// Installs packages where this user may; else says how.
fn install(sh: &Shell, packages: &[&str]) -> Result {
    if packages.is_empty() {
        return Ok(());
    }
    let is_root = cmd!(sh, "id -u").quiet().read().is_ok_and(|id| id == "0");
    if is_root && is_installed("apt-get") {
        cmd!(sh, "apt-get update -qq").run()?;
        let install = cmd!(
            sh,
            "apt-get install -y -qq --no-install-recommends {packages...}"
        );
        return Ok(install.env("DEBIAN_FRONTEND", "noninteractive").run()?);
    }
    let packages = packages.join(" ");
    Err(format!("install them first; on Debian and Ubuntu: sudo apt-get install {packages}").into())
}

/// Whether a program is in PATH, or where Debian keeps those of a server; or whether a file is there, by its full path.
pub fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(postgres_folders())
        .chain([PathBuf::from("/usr/sbin")])
        .any(|folder| folder.join(program).is_file())
}

fn postgres_folders() -> impl Iterator<Item = PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    versions.map(|version| version.path().join("bin"))
}
