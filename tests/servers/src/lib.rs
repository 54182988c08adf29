//! Private database servers for tests: those of `migrate-servers`, each on a free port of the loopback. A test cannot go on
//! without its server, so every function panics if there is none.
//!
//! [`postgres`] and [`mysql`] give the one that the tests of this process share. `MIGRATE_TEST_POSTGRES_URL` and
//! `MIGRATE_TEST_MYSQL_URL` name an existing server instead.

mod galera;
mod server;

use std::sync::OnceLock;

pub use galera::cluster;
pub use migrate_servers::Product;
pub use server::{Kind, Server};

/// The PostgreSQL server that the tests of this process share.
///
/// # Panics
/// When it cannot be started; the message says what to install.
pub fn postgres() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| shared(Kind::Postgres))
}

/// The MySQL or MariaDB server that the tests of this process share.
///
/// # Panics
/// When it cannot be started; the message says what to install.
pub fn mysql() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| shared(Kind::MySql))
}

/// The variable that names servers whose tests are to be skipped, for a machine that lacks them: `postgres`, `mysql`, or
/// both with a comma between.
pub const SKIP: &str = "MIGRATE_TEST_SKIP";

/// Whether the tests on a server are to be skipped. Whoever skips them says so where it is counted.
pub fn is_skipped(kind: Kind) -> bool {
    std::env::var(SKIP).is_ok_and(|names| names.split(',').any(|name| name.trim() == kind.name()))
}

fn shared(kind: Kind) -> Server {
    match std::env::var(kind.variable()) {
        Ok(url) => Server::existing(kind, &url),
        Err(_) => Server::start(kind),
    }
}
