//! The database servers that all tests of a run share: they are started once, and gone when this process is.

use std::panic::catch_unwind;

use test_servers::{Kind, SKIP, Server, is_skipped};
use xshell::Cmd;

use crate::steps::Steps;

const KINDS: [(Kind, &str); 2] = [(Kind::Postgres, "PostgreSQL"), (Kind::MySql, "MariaDB")];

/// The servers of a run.
pub struct Servers(Vec<Server>);

impl Servers {
    /// Starts those that are not named by their variables already. Without one its tests fail, and say what to install.
    pub fn start(steps: &mut Steps) -> Self {
        let mut servers = Vec::new();
        for (kind, name) in KINDS {
            if is_skipped(kind) {
                steps.skip(&format!("tests on {name}"), &format!("{SKIP} says so"));
            } else if std::env::var_os(kind.variable()).is_none() {
                steps.step(&format!("a server of {name} for all tests"), |_| {
                    let started = catch_unwind(|| Server::start(kind));
                    servers.push(started.map_err(|_| "it did not start; see above")?);
                    Ok(())
                });
            }
        }
        Self(servers)
    }

    /// Lets a command use them.
    pub fn pass_to<'a>(&self, command: Cmd<'a>) -> Cmd<'a> {
        let pass = |command: Cmd<'a>, server: &Server| {
            command.env(server.kind().variable(), server.admin_url())
        };
        self.0.iter().fold(command, pass)
    }
}

/// The names of the features of databases whose tests are skipped.
pub fn skipped() -> impl Iterator<Item = &'static str> {
    let kinds = KINDS.iter().map(|(kind, _)| *kind);
    kinds.filter(|&kind| is_skipped(kind)).map(Kind::name)
}
