use futures_util::FutureExt as _;
use migrate_runtime::{Dialect, Migrations};
use sqlx::{Connection as _, PgConnection};

use super::keeper::{databases, lock};
use super::query::{execute, explain, fetch};
use super::server::Server;
use crate::error::Error;
use crate::name::{Name, is_old};
use crate::provide::Request;

impl Server {
    /// The name of the template with the chain of a request; none for an empty database.
    pub async fn template(&self, request: &Request) -> Result<Option<String>, Error> {
        let Some(migrations) = &request.migrations else {
            return Ok(None);
        };
        // Another role may not copy it.
        let key = request.key(Dialect::Postgres, self.role());
        let find = self.find_or_build(&key, migrations).boxed();
        self.templates.get(&key, find).await.map(Some)
    }

    /// Forgets a template that somebody has dropped meanwhile.
    pub fn forget_templates(&self) {
        self.templates.forget_all();
    }

    async fn find_or_build(&self, key: &str, migrations: &Migrations) -> Result<String, Error> {
        migrations.check_source()?;
        let mut connection = self.connection(&self.options()).await?;
        if let Some(found) = find(&mut connection, key).await? {
            return Ok(found);
        }
        // Others wait for it; the lock ends with the connection.
        fetch(
            &mut connection,
            format!("SELECT pg_advisory_lock({})", lock(key)),
        )
        .await?;
        if let Some(found) = find(&mut connection, key).await? {
            return Ok(found);
        }
        let built = self.build(&mut connection, key, migrations).await;
        let _ = connection.close().await;
        built
    }

    async fn build(
        &self,
        connection: &mut PgConnection,
        key: &str,
        migrations: &Migrations,
    ) -> Result<String, Error> {
        let building = Name::of_build().to_string();
        self.create_empty(connection, &building).await?;
        let name = Name::of_template(key).to_string();
        let built = match self.run_chain(&building, migrations).await {
            Ok(()) => self.publish(connection, &building, &name).await,
            failed => failed,
        };
        if built.is_err() {
            let remove = format!("DROP DATABASE IF EXISTS \"{building}\"");
            let _ = execute(connection, remove).await;
        }
        built.map(|()| name)
    }

    /// Gives a database that is complete the name of a template. Nobody may be connected to it then: whoever looks into it is
    /// sent away.
    async fn publish(
        &self,
        connection: &mut PgConnection,
        building: &str,
        name: &str,
    ) -> Result<(), Error> {
        let failed = |error| explain("the template cannot be completed", error, self.role());
        let close = format!("ALTER DATABASE \"{building}\" WITH ALLOW_CONNECTIONS false");
        execute(connection, close).await.map_err(failed)?;
        let end = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{building}'"
        );
        // If this role may not, the next statement says so.
        let _ = execute(connection, end).await;
        let rename = format!("ALTER DATABASE \"{building}\" RENAME TO \"{name}\"");
        execute(connection, rename).await.map_err(failed)
    }

    async fn run_chain(&self, database: &str, migrations: &Migrations) -> Result<(), Error> {
        let mut connection = self.connection(&self.options().database(database)).await?;
        migrations.upgrade(&mut connection).await?;
        // Nobody may be connected to what is renamed.
        let closed = connection.close().await;
        closed.map_err(|error| Error::database("the template cannot be completed", error))
    }
}

/// The newest template with this key that is not about to be swept.
async fn find(connection: &mut PgConnection, key: &str) -> Result<Option<String>, Error> {
    let names = databases(connection).await?.into_iter();
    let fitting = names.filter_map(|name| match &name {
        Name::Template { key: of, created } if of == key && !is_old(*created) => {
            Some((*created, name.to_string()))
        }
        _ => None,
    });
    Ok(fitting.max().map(|(_, name)| name))
}
