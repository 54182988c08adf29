//! `docs/tutorial.md`, as a user types it, on each database.

mod session;

use session::Session;

const TUTORIAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/tutorial.md");

#[cfg(feature = "sqlite")]
#[test]
fn on_sqlite() {
    Session::sqlite().check(TUTORIAL);
}

#[cfg(feature = "postgres")]
#[test]
fn on_postgres() {
    Session::on("postgres", session::server::postgres("tutorial")).check(TUTORIAL);
}

#[cfg(feature = "mysql")]
#[test]
fn on_mysql() {
    Session::on("mysql", session::server::mysql("tutorial")).check(TUTORIAL);
}
