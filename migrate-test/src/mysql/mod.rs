//! MySQL and MariaDB: creating a database is slow there, so databases are used again, one test after the other.

mod build;
mod catalog;
mod fingerprint;
mod keeper;
mod name;
mod query;
mod recycle;
mod server;
mod template;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use migrate_runtime::{AnyPool, Dialect};
use sqlx::MySql;

use crate::error::Error;
use crate::provide::{Lease, Provided, Request, TestBackend, sealed};
use crate::{office, private, variables};

use server::Server;

impl sealed::Sealed for MySql {}

impl TestBackend for MySql {
    fn provide(request: Request) -> BoxFuture<'static, Result<Provided<Self>, Error>> {
        office::run(provide(request)).boxed()
    }
}

async fn provide(request: Request) -> Result<Provided<MySql>, Error> {
    let url = url().await?;
    let server = Server::at(&url).await?;
    server.sweep_earlier(&request.test);
    let slot = server.slot().await?;
    let name = match server.ready(slot.number, &request).await {
        Ok(name) => name,
        Err(error) => {
            server.free(slot.number).await;
            return Err(error);
        }
    };
    Ok(Provided {
        options: server.options().database(&name),
        connections: slot.connections,
        url: AnyPool::with_database(&url, &name),
        lease: Box::new(TestLease {
            server,
            name,
            slot: slot.number,
            test: request.test,
        }),
    })
}

/// The server that the surroundings name, else the private one.
async fn url() -> Result<String, Error> {
    if let Some(url) = variables::database_url_of(Dialect::MySql) {
        return Ok(url);
    }
    let started = tokio::task::spawn_blocking(|| private::url(Dialect::MySql));
    started
        .await
        .map_err(|error| Error::new(error.to_string()))?
}

/// A database that this test alone uses, because it alone has the share of connections that belongs to it.
struct TestLease {
    server: Arc<Server>,
    name: String,
    slot: u32,
    test: String,
}

impl Lease for TestLease {
    /// Whoever uses it next empties it.
    fn give_back(self: Box<Self>) {
        office::spawn(async move { self.server.free(self.slot).await });
    }

    fn keep(self: Box<Self>) {
        let (done, is_done) = std::sync::mpsc::channel();
        office::spawn(async move {
            self.server.keep(&self.name, &self.test).await;
            self.server.free(self.slot).await;
            let _ = done.send(());
        });
        // A process that ended before would leave a database that is used again.
        let _ = is_done.recv_timeout(Duration::from_secs(5));
    }
}
