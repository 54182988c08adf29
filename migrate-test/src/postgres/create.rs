use std::time::Duration;

use sqlx::PgConnection;

use super::query::{code, execute, explain};
use super::server::Server;
use crate::error::Error;
use crate::provide::Request;

/// How often a copy is tried again while something is in the way.
const TRIES: u32 = 20;

impl Server {
    /// Creates a database with what was asked for in it.
    pub async fn create(&self, name: &str, request: &Request) -> Result<(), Error> {
        let doing = "no test database can be created";
        let mut tries = 0;
        loop {
            let template = self.template(request).await?;
            let mut connection = self.helpers.acquire().await.map_err(|error| {
                Error::database("the PostgreSQL server cannot be reached", error)
            })?;
            let created = copy(&mut connection, name, template.as_deref()).await;
            let Err(error) = created else {
                return Ok(());
            };
            tries += 1;
            if tries >= TRIES {
                return Err(explain(doing, error, self.role()));
            }
            match code(&error).as_deref() {
                // Somebody has dropped it: after a day, or by hand.
                Some(NO_SUCH_DATABASE) => self.forget_templates(),
                Some(IN_USE) => tokio::time::sleep(Duration::from_millis(50)).await,
                _ => return Err(explain(doing, error, self.role())),
            }
        }
    }

    /// Creates an empty database.
    pub async fn create_empty(
        &self,
        connection: &mut PgConnection,
        name: &str,
    ) -> Result<(), Error> {
        let mut tries = 0;
        loop {
            match copy(connection, name, None).await {
                Ok(()) => return Ok(()),
                // Somebody is connected to template1.
                Err(error) if code(&error).as_deref() == Some(IN_USE) && tries < TRIES => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(error) => {
                    return Err(explain(
                        "no test database can be created",
                        error,
                        self.role(),
                    ));
                }
            }
        }
    }
}

const NO_SUCH_DATABASE: &str = "3D000";
const IN_USE: &str = "55006";
const SYNTAX_ERROR: &str = "42601";

async fn copy(
    connection: &mut PgConnection,
    name: &str,
    template: Option<&str>,
) -> Result<(), sqlx::Error> {
    let Some(template) = template else {
        return execute(connection, format!("CREATE DATABASE \"{name}\"")).await;
    };
    let plain = format!("CREATE DATABASE \"{name}\" TEMPLATE \"{template}\"");
    // By default, a server writes every block of the copy to its log.
    let done = execute(connection, format!("{plain} STRATEGY FILE_COPY")).await;
    match done {
        // A server from before version 15 knows no other way.
        Err(error) if code(&error).as_deref() == Some(SYNTAX_ERROR) => {
            execute(connection, plain).await
        }
        done => done,
    }
}
