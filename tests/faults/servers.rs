//! Chooses the server of a case.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use test_servers::Server;

use crate::cells::{Cell, Fault, Kind};

/// The server of a case; none on SQLite.
pub enum Held {
    None,
    Shared(&'static Server),
    /// Nobody else uses it meanwhile.
    Alone(MutexGuard<'static, &'static Server>),
}

impl Held {
    pub fn get(&self) -> Option<&'static Server> {
        match self {
            Self::None => None,
            Self::Shared(server) => Some(server),
            Self::Alone(server) => Some(server),
        }
    }
}

/// The server that all cases share, or one that a case may kill or close to writers.
pub fn of(cell: Cell) -> Held {
    match (cell.kind, cell.fault) {
        (Kind::Sqlite, _) => Held::None,
        // A replica follows the one that nobody kills.
        (Kind::Postgres, Fault::ReadOnly) => Held::Alone(primary()),
        (kind, Fault::ServerCrash | Fault::ReadOnly) => Held::Alone(alone(kind)),
        (Kind::Postgres, _) => Held::Shared(test_servers::postgres()),
        (Kind::MariaDb, _) => Held::Shared(test_servers::mysql()),
    }
}

fn alone(kind: Kind) -> MutexGuard<'static, &'static Server> {
    static POSTGRES: Alone = Alone::new();
    static MARIADB: Alone = Alone::new();
    match kind {
        Kind::MariaDb => held(&MARIADB, test_servers::Kind::MySql),
        Kind::Postgres | Kind::Sqlite => held(&POSTGRES, test_servers::Kind::Postgres),
    }
}

fn primary() -> MutexGuard<'static, &'static Server> {
    static PRIMARY: Alone = Alone::new();
    held(&PRIMARY, test_servers::Kind::Postgres)
}

type Alone = OnceLock<Mutex<&'static Server>>;

fn held(server: &'static Alone, kind: test_servers::Kind) -> MutexGuard<'static, &'static Server> {
    // Never dropped: the janitor sees to it when this process ends.
    let start = || Mutex::new(&*Box::leak(Box::new(Server::start(kind))));
    // A case that failed leaves a server that can be used; one that it killed is started again by the next.
    let server = server.get_or_init(start);
    server.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A server that follows one of PostgreSQL.
pub fn replica_of(primary: &'static Server) -> &'static Server {
    static REPLICA: OnceLock<&'static Server> = OnceLock::new();
    REPLICA.get_or_init(|| Box::leak(Box::new(primary.start_replica())))
}

/// Whether the variable that skips tests names the database.
pub fn is_skipped(kind: Kind) -> bool {
    match kind {
        Kind::Sqlite => false,
        Kind::Postgres => test_servers::is_skipped(test_servers::Kind::Postgres),
        Kind::MariaDb => test_servers::is_skipped(test_servers::Kind::MySql),
    }
}

/// Whether the features of the database are on.
pub fn is_built_for(kind: Kind) -> bool {
    match kind {
        Kind::Sqlite => true,
        Kind::Postgres => cfg!(feature = "postgres"),
        Kind::MariaDb => cfg!(feature = "mysql"),
    }
}
