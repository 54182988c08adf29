//! Which server a case runs on.

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
        (kind, Fault::ServerCrash | Fault::ReadOnly) => Held::Alone(alone(kind)),
        (Kind::Postgres, _) => Held::Shared(test_servers::postgres()),
        (Kind::MariaDb, _) => Held::Shared(test_servers::mysql()),
    }
}

fn alone(kind: Kind) -> MutexGuard<'static, &'static Server> {
    static POSTGRES: OnceLock<Mutex<&'static Server>> = OnceLock::new();
    static MARIADB: OnceLock<Mutex<&'static Server>> = OnceLock::new();
    let (lock, kind) = match kind {
        Kind::MariaDb => (&MARIADB, test_servers::Kind::MySql),
        Kind::Postgres | Kind::Sqlite => (&POSTGRES, test_servers::Kind::Postgres),
    };
    // Never dropped: the janitor sees to it when this process ends.
    let start = || Mutex::new(&*Box::leak(Box::new(Server::start(kind))));
    lock.get_or_init(start)
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
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
    kind == Kind::Sqlite
}
