//! The chains of the cases. Each statement leaves a trace of its own, so that one that ran twice, or never, is seen in
//! the data and not only in the records.

use crate::cells::Kind;
use crate::chain::Chain;

/// How runs are kept apart, as `database_lock` in migrate.toml says.
const LOCK: &str = "MIGRATE_FAULTS_LOCK";

/// A chain without revisions.
pub fn empty() -> Chain {
    let chain = Chain::new();
    match std::env::var(LOCK) {
        Ok(lock) => chain.config(&format!("database_lock = '{lock}'\n")),
        Err(_) => chain,
    }
}

/// The revisions whose statements a gate can hold.
pub const GATED: [&str; 2] = ["r3", "r4"];

/// Four revisions, two of them outside a transaction.
pub fn traced(kind: Kind) -> Chain {
    let what = match kind {
        Kind::MariaDb => "VARCHAR(20)",
        Kind::Sqlite | Kind::Postgres => "TEXT",
    };
    let index = match kind {
        Kind::Postgres => "CREATE INDEX CONCURRENTLY ran_what ON ran (what)",
        Kind::Sqlite | Kind::MariaDb => "CREATE INDEX ran_what ON ran (what)",
    };
    let apart = match kind {
        Kind::MariaDb => "OPTIMIZE TABLE ran",
        Kind::Sqlite | Kind::Postgres => "VACUUM",
    };
    let chain = empty();
    let chain = revision(
        chain,
        1,
        &[format!("CREATE TABLE ran (what {what})"), trace("r1.2")],
    );
    let chain = revision(chain, 2, &[trace("r2.1"), index.to_owned(), trace("r2.3")]);
    let mut gated = vec![
        trace("r3.1"),
        gate(kind, "r3", "r3.2"),
        "CREATE TABLE t3 (id INTEGER)".to_owned(),
    ];
    gated.extend(procedure(kind).map(str::to_owned));
    let chain = revision(chain, 3, &gated);
    // Nobody can look up what a procedure has done: cut off behind it, the revision is in doubt.
    let last = match kind {
        Kind::Sqlite => trace("r4.3"),
        Kind::Postgres | Kind::MariaDb => "CALL note('r4.3')".to_owned(),
    };
    let apart = [gate(kind, "r4", "r4.1"), apart.to_owned(), last];
    revision(chain, 4, &apart)
}

/// A procedure that leaves a trace; on PostgreSQL it commits by itself, and on MariaDB it could.
fn procedure(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Sqlite => None,
        Kind::Postgres => Some(
            "CREATE PROCEDURE note(what TEXT) LANGUAGE plpgsql AS $$ BEGIN INSERT INTO ran VALUES (what); COMMIT; END $$",
        ),
        Kind::MariaDb => {
            Some("CREATE PROCEDURE note(what VARCHAR(20)) INSERT INTO ran VALUES (what)")
        }
    }
}

/// The traces that `traced` leaves when each statement has run once.
pub const TRACES: [&str; 7] = [
    "r1.2 1", "r2.1 1", "r2.3 1", "r3.1 1", "r3.2 1", "r4.1 1", "r4.3 1",
];

/// Undoes a statement of `traced`, whether or not it was done, as its owner would if it is in doubt.
pub fn undo(kind: Kind, revision: &str, statement: usize) -> String {
    match (kind, revision, statement) {
        (_, "r1", 1) => "DROP TABLE IF EXISTS ran".to_owned(),
        (Kind::MariaDb, "r2", 2) => "DROP INDEX IF EXISTS ran_what ON ran".to_owned(),
        (_, "r2", 2) => "DROP INDEX IF EXISTS ran_what".to_owned(),
        (Kind::MariaDb, "r3", 4) => "DROP PROCEDURE IF EXISTS note".to_owned(),
        (_, "r3", 3) => "DROP TABLE IF EXISTS t3".to_owned(),
        _ => format!("DELETE FROM ran WHERE what = '{revision}.{statement}'"),
    }
}

/// Small revisions, every second of them outside a transaction.
pub fn line(length: usize) -> Chain {
    (1..=length).fold(empty(), |chain, n| {
        let statements = [
            format!("CREATE TABLE t{n} (id INTEGER)"),
            format!("INSERT INTO t{n} VALUES ({n})"),
        ];
        revision(chain, n, &statements)
    })
}

/// Adds revision `r<n>`; every second one is outside a transaction.
pub fn revision(chain: Chain, n: usize, statements: &[String]) -> Chain {
    let parent = if n == 1 {
        "none".to_owned()
    } else {
        format!("r{}", n - 1)
    };
    let chain = chain.revision(&format!("r{n}"), &parent);
    let chain = if n.is_multiple_of(2) {
        chain.header("transaction: off")
    } else {
        chain
    };
    chain.up(&statements.join(";\n"))
}

fn trace(what: &str) -> String {
    format!("INSERT INTO ran VALUES ('{what}')")
}

/// A statement that the test can hold while it runs.
fn gate(kind: Kind, revision: &str, what: &str) -> String {
    match kind {
        // The collation is the starter's own.
        Kind::Sqlite => format!("INSERT INTO ran SELECT '{what}' WHERE '{revision}' <> '' COLLATE gate"),
        // It asks instead of waiting for the lock: the runtime bounds how long a statement waits for one.
        Kind::Postgres => format!(
            "DO $$ BEGIN
               WHILE EXISTS (SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
                             WHERE datname = current_database() AND locktype = 'advisory'
                               AND classid = 4711 AND objid = {}) LOOP
                 PERFORM pg_sleep(0.02);
               END LOOP;
               INSERT INTO ran VALUES ('{what}');
             END $$",
            gate_number(revision)
        ),
        Kind::MariaDb => format!(
            "INSERT INTO ran SELECT '{what}' FROM (SELECT GET_LOCK(CONCAT('gate-{revision}-', DATABASE()), 60) AS got) AS gate \
             WHERE got = 1 AND RELEASE_LOCK(CONCAT('gate-{revision}-', DATABASE())) = 1"
        ),
    }
}

/// Closes the gate of a revision, for as long as the session lasts.
pub fn close_gate(kind: Kind, revision: &str) -> String {
    match kind {
        Kind::Sqlite => unreachable!("SQLite's gate is in the starter"),
        Kind::Postgres => format!("SELECT pg_advisory_lock(4711, {})", gate_number(revision)),
        Kind::MariaDb => format!("SELECT GET_LOCK(CONCAT('gate-{revision}-', DATABASE()), 0)"),
    }
}

fn gate_number(revision: &str) -> &str {
    revision.trim_start_matches('r')
}
