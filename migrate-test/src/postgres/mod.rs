//! PostgreSQL: the template is a database, and a test gets a copy of it.

mod create;
mod keeper;
mod query;
mod server;
mod template;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, TryFutureExt as _};
use migrate_runtime::{AnyPool, Dialect};
use sqlx::{Executor as _, Postgres};

use crate::error::Error;
use crate::name::Name;
use crate::provide::{Lease, Provided, Request, TestBackend, sealed};
use crate::{office, private};

use server::Server;

impl sealed::Sealed for Postgres {}

impl TestBackend for Postgres {
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

async fn provide(request: Request) -> Result<Provided<Postgres>, Error> {
    let url = private::named_or_private(Dialect::Postgres).await?;
    let server = Server::at(&url).await?;
    server.sweep_earlier(&request.test);
    let slot = server.slot().await?;
    let name = Name::of_test(&request.test).to_string();
    let lease = TestLease {
        server: Arc::clone(&server),
        name: name.clone(),
        slot: slot.number,
    };
    if let Err(error) = server.create(&name, &request).await {
        Box::new(lease).keep();
        return Err(error);
    }
    Ok(Provided {
        options: server.options().database(&name),
        connections: slot.connections,
        url: AnyPool::with_database(&url, &name),
        lease: Box::new(lease),
    })
}

/// The database of a test, and its share of the server's connections.
struct TestLease {
    server: Arc<Server>,
    name: String,
    slot: i32,
}

impl Lease for TestLease {
    fn give_back(self: Box<Self>) {
        let (sent, is_sent) = std::sync::mpsc::channel();
        office::spawn(async move {
            self.server.drop_database(&self.name, sent).await;
            self.server.free(self.slot).await;
        });
        // The server finishes what it was sent, also if this process ends meanwhile.
        let _ = is_sent.recv_timeout(std::time::Duration::from_secs(5));
    }

    fn keep(self: Box<Self>) {
        self.server.keep(&self.name);
        office::spawn(async move { self.server.free(self.slot).await });
    }
}
