//! A role that may not create tables, and a database that takes no writes: each process says so and nothing is changed;
//! once somebody who may has migrated, all of them start.

use crate::cells::{Fault, Kind};
use crate::chains;
use crate::order::Order;
use crate::process::End;
use crate::stage::{Outcome, Stage};

pub fn run(stage: &Stage) -> Outcome {
    let chain = chains::line(3);
    chain.write();
    make_role(stage);
    restrict(stage);
    let order = Order {
        url: url_of_role(stage),
        ..stage.order(&chain)
    };
    for end in stage.run_all(|_| order.clone()) {
        assert_says_so(&end);
    }
    assert_eq!(tables(stage), "0", "nothing was made");
    lift(stage);
    stage.complete(&chain);
    restrict(stage);
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

/// On a server, a role that may read and write, and create nothing.
const ROLE: &str = "faults_app";

fn make_role(stage: &Stage) {
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

/// The URL by which the starters come.
fn url_of_role(stage: &Stage) -> String {
    let url = &stage.place.url;
    if stage.kind() == Kind::Sqlite {
        return url.replace("mode=rwc", "mode=ro");
    }
    let (scheme, rest) = url.split_once("://").expect("a URL");
    let (_, rest) = rest.split_once('@').expect("it has a user");
    format!("{scheme}://{ROLE}@{rest}")
}

/// Keeps the starters from writing, and not the test.
fn restrict(stage: &Stage) {
    let database = stage.place.name();
    let sql = match (stage.kind(), stage.cell.fault) {
        (Kind::Postgres, Fault::ReadOnly) => format!(
            "GRANT CREATE ON SCHEMA public TO {ROLE}; ALTER DATABASE {database} SET default_transaction_read_only = on"
        ),
        (Kind::MariaDb, Fault::ReadOnly) => {
            format!("GRANT ALL ON {database}.* TO {ROLE}@'127.0.0.1'; SET GLOBAL read_only = 1")
        }
        (Kind::MariaDb, _) => {
            format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.* TO {ROLE}@'127.0.0.1'")
        }
        // The URL says it, or the role.
        (Kind::Sqlite | Kind::Postgres, _) => return,
    };
    stage.place.ask(&sql);
}

/// Lets the next one write.
fn lift(stage: &Stage) {
    let sql = match (stage.kind(), stage.cell.fault) {
        (Kind::Postgres, Fault::ReadOnly) => format!(
            "SET default_transaction_read_only = off; ALTER DATABASE {} RESET default_transaction_read_only",
            stage.place.name()
        ),
        (Kind::MariaDb, Fault::ReadOnly) => "SET GLOBAL read_only = 0".to_owned(),
        _ => return,
    };
    stage.place.ask(&sql);
}
