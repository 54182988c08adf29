//! A role that may not create tables, and a database that takes no writes: each process says so and nothing is changed;
//! once somebody who may has migrated, all of them start.

use crate::cells::{Fault, Kind};
use crate::order::Order;
use crate::place::{Place, eventually};
use crate::process::End;
use crate::stage::{Outcome, Stage};
use crate::{chains, ledger, servers};

pub fn run(stage: &Stage) -> Outcome {
    let chain = chains::line(3);
    chain.write();
    prepare(stage);
    restrict(stage);
    let order = Order {
        url: restricted_url(stage),
        ..stage.order(&chain)
    };
    for end in stage.run_all(|_| order.clone()) {
        assert_says_so(&end);
    }
    assert_eq!(tables(stage), "0", "nothing was made");
    lift(stage);
    stage.complete(&chain);
    restrict(stage);
    eventually("what was done is seen", || {
        let versions = Place::ask_at(&order.url, ledger::VERSIONS);
        versions.is_ok_and(|versions| versions == ["r3"])
    });
    for end in stage.run_all(|_| order.clone()) {
        assert!(
            end.is_done() && end.steps().is_empty(),
            "there is nothing to do, and nobody need write: {end:?}"
        );
    }
    lift(stage);
    stage.place.until_nobody_is_there();
    Outcome::Refused
}

fn assert_says_so(end: &End) {
    let End::Failed { kind, json } = end else {
        panic!("it cannot write: {end:?}");
    };
    assert!(kind == "ReadOnly" && json["advice"].is_string(), "{end:?}");
}

fn tables(stage: &Stage) -> String {
    let sql = match stage.kind() {
        Kind::Sqlite => "SELECT COUNT(*) FROM sqlite_schema",
        Kind::Postgres => "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'",
        Kind::MariaDb => {
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()"
        }
    };
    stage.place.ask(sql).remove(0)
}

/// A role that may read and write, and create nothing.
const ROLE: &str = "faults_app";

/// Makes the database and the role.
fn prepare(stage: &Stage) {
    let statements: &[&str] = match stage.kind() {
        Kind::Sqlite => &["CREATE TABLE t (id INTEGER); DROP TABLE t"],
        Kind::Postgres => &[
            "DO $$ BEGIN CREATE ROLE faults_app LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            "ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO faults_app",
        ],
        Kind::MariaDb => &["CREATE USER IF NOT EXISTS faults_app@'127.0.0.1'"],
    };
    for statement in statements {
        stage.place.ask(statement);
    }
}

/// The URL by which the starters come: one that says it, or of the role, or of a replica.
fn restricted_url(stage: &Stage) -> String {
    let url = &stage.place.url;
    match (stage.kind(), stage.cell.fault) {
        (Kind::Sqlite, _) => url.replace("mode=rwc", "mode=ro"),
        (Kind::Postgres, Fault::ReadOnly) => {
            let replica = servers::replica_of(stage.place.server.expect("a server"));
            let url = replica.url(stage.place.name());
            eventually("the replica has the database", || {
                Place::ask_at(&url, "SELECT 1").is_ok()
            });
            url
        }
        _ => {
            let (scheme, rest) = url.split_once("://").expect("a URL");
            let (_, rest) = rest.split_once('@').expect("it has a user");
            format!("{scheme}://{ROLE}@{rest}")
        }
    }
}

/// Keeps the starters from writing, and not the test.
fn restrict(stage: &Stage) {
    if stage.kind() == Kind::MariaDb {
        let to = format!("ON {}.* TO {ROLE}@'127.0.0.1'", stage.place.name());
        stage.place.ask(&match stage.cell.fault {
            Fault::ReadOnly => format!("GRANT ALL {to}; SET GLOBAL read_only = 1"),
            _ => format!("GRANT SELECT, INSERT, UPDATE, DELETE {to}"),
        });
    }
}

/// Lets the next one write.
fn lift(stage: &Stage) {
    if (stage.kind(), stage.cell.fault) == (Kind::MariaDb, Fault::ReadOnly) {
        stage.place.ask("SET GLOBAL read_only = 0");
    }
}
