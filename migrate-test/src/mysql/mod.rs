//! MySQL and MariaDB: creating a database is slow there, so databases are used again, one test after the other.

mod build;
mod catalog;
mod connect;
mod fingerprint;
mod keeper;
mod name;
mod query;
mod recycle;
mod script;
mod server;
mod template;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, TryFutureExt as _};
use migrate_runtime::{AnyPool, Dialect};
use sqlx::{Executor as _, MySql};

use crate::error::Error;
use crate::provide::{Lease, Provided, Request, TestBackend, sealed};
use crate::{office, private};

use server::Server;

impl sealed::Sealed for MySql {}

impl TestBackend for MySql {
    fn provide(request: Request) -> BoxFuture<'static, Result<Provided<Self>, Error>> {
        office::run(provide(request)).boxed()
    }

    fn run<'c>(
        connection: &'c mut Self::Connection,
        sql: &'static str,
    ) -> BoxFuture<'c, Result<(), sqlx::Error>> {
        connection.execute(sql).map_ok(drop).boxed()
    }
}

async fn provide(request: Request) -> Result<Provided<MySql>, Error> {
    let url = private::named_or_private(Dialect::MySql).await?;
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

/// A database that this test alone uses, because it alone has the share of connections that belongs to it.
struct TestLease {
    server: Arc<Server>,
    name: String,
    slot: u32,
    test: String,
}

impl Lease for TestLease {
    /// The next user empties it.
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
