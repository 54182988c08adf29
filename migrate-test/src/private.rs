//! The server for tests if nobody names one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use migrate_runtime::Dialect;
use migrate_servers::{Installed, Product, Setup, Shared};

use crate::error::Error;
use crate::variables;

/// How long the server stays after the last process that uses it.
const IDLE: Duration = Duration::from_mins(1);

/// The URL of the server that the surroundings name, else of the private one.
pub async fn named_or_private(dialect: Dialect) -> Result<String, Error> {
    if let Some(url) = variables::database_url_of(dialect) {
        return Ok(url);
    }
    let started = tokio::task::spawn_blocking(move || url(dialect));
    started
        .await
        .map_err(|error| Error::new(error.to_string()))?
}

/// The URL of the private server that all test processes of this user share.
///
/// It blocks while the server starts.
fn url(dialect: Dialect) -> Result<String, Error> {
    static JOINED: Mutex<Option<HashMap<Dialect, Shared>>> = Mutex::new(None);
    let mut joined = JOINED.lock().unwrap_or_else(PoisonError::into_inner);
    let joined = joined.get_or_insert_default();
    let server = match joined.entry(dialect) {
        Entry::Occupied(joined) => joined.into_mut(),
        Entry::Vacant(place) => place.insert(join(dialect)?),
    };
    let database = match dialect {
        Dialect::Postgres => Product::Postgres.maintenance_database(),
        _ => "",
    };
    Ok(server.url(database))
}

fn join(dialect: Dialect) -> Result<Shared, Error> {
    let products: &[Product] = match dialect {
        Dialect::Postgres => &[Product::Postgres],
        _ => &[Product::MySql, Product::MariaDb],
    };
    let installed = Installed::newest_of(products).map_err(|error| {
        Error::new(format!(
            "there is no server for test databases: {}",
            error.summary()
        ))
        .help(format!(
            "install it, and it is started for the time of the tests; or set DATABASE_URL to a {dialect} server"
        ))
    })?;
    let setup = Setup {
        throwaway: true,
        ..Setup::default()
    };
    Ok(Shared::join(&installed, &setup, IDLE)?)
}
