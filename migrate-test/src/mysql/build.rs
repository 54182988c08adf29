use std::sync::Arc;

use futures_util::FutureExt as _;
use migrate_runtime::{Dialect, Migrations};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, raw_sql};

use super::catalog::{Catalog, string};
use super::connect::connection;
use super::name::like;
use super::query::{explain, fetch, number, text};
use super::script;
use super::server::Server;
use super::template::{Template, answers};
use crate::error::Error;
use crate::name::{Name, PREFIX, is_old};
use crate::provide::Request;

/// The table that a template has once it is complete.
const MARK: &str = "migrate_test_template";

impl Server {
    /// The template for a request, built first if it is not there.
    pub async fn template(&self, request: &Request) -> Result<Arc<Template>, Error> {
        let key = request.key(Dialect::MySql, "");
        let migrations = request.migrations.as_ref();
        let find = self.find_or_build(&key, migrations).boxed();
        self.templates.get(&key, find).await
    }

    /// Forgets a template that somebody has dropped meanwhile.
    pub fn forget_templates(&self) {
        self.templates.forget_all();
    }

    async fn find_or_build(
        &self,
        key: &str,
        migrations: Option<&Migrations>,
    ) -> Result<Arc<Template>, Error> {
        if let Some(migrations) = migrations {
            migrations.check_source()?;
        }
        let mut connection = connection(&self.options()).await?;
        if let Some(found) = find(&mut connection, key).await? {
            return Ok(Arc::new(found));
        }
        // Others wait for it; the lock ends with the connection.
        let lock = format!("SELECT GET_LOCK('migrate_test_build_{key}', 600)");
        fetch(&mut connection, &lock).await?;
        if let Some(found) = find(&mut connection, key).await? {
            return Ok(Arc::new(found));
        }
        let built = self.build(&mut connection, key, migrations).await;
        let _ = connection.close().await;
        built.map(Arc::new)
    }

    async fn build(
        &self,
        admin: &mut MySqlConnection,
        key: &str,
        migrations: Option<&Migrations>,
    ) -> Result<Template, Error> {
        // A builder that was killed has left them.
        for unfinished in templates(admin, key).await? {
            self.drop_database(&unfinished).await;
        }
        let name = Name::of_template(key).to_string();
        self.create_with_chain(&name, migrations).await?;
        let failed = |error| explain("the template cannot be completed", error, self.user());
        let mut connection = connection(&self.options().database(&name)).await?;
        let catalog = Catalog::read(&mut connection).await?;
        let template = Template {
            key: key.to_owned(),
            answers: answers(&mut connection, &catalog.questions()).await?,
            reset: catalog.reset(&name),
            script: script::read(&mut connection, &catalog, &name).await?,
            is_recyclable: catalog.is_recyclable,
        };
        let mark = format!(
            "CREATE TABLE {MARK} (answers LONGTEXT, reset LONGTEXT, script LONGTEXT, is_recyclable INTEGER); \
             INSERT INTO {MARK} VALUES ({}, {}, {}, {})",
            string(&template.answers),
            string(&template.reset),
            template
                .script
                .as_deref()
                .map_or_else(|| "NULL".to_owned(), string),
            u8::from(template.is_recyclable)
        );
        // A backslash has to mean the same on each server.
        let mode = "SET SESSION sql_mode = ''; ";
        let marked = raw_sql(AssertSqlSafe(format!("{mode}{mark}")));
        marked.execute(&mut connection).await.map_err(failed)?;
        let _ = connection.close().await;
        Ok(template)
    }

    /// Creates a database and runs the chain in it.
    pub async fn create_with_chain(
        &self,
        name: &str,
        migrations: Option<&Migrations>,
    ) -> Result<(), Error> {
        self.create(name).await?;
        let Some(migrations) = migrations else {
            return Ok(());
        };
        let done = migrations.upgrade(self.options().database(name)).await;
        if let Err(error) = done {
            self.drop_database(name).await;
            return Err(error.into());
        }
        Ok(())
    }

    /// Creates an empty database.
    pub async fn create(&self, name: &str) -> Result<(), Error> {
        let sql = format!("CREATE DATABASE `{name}`");
        self.execute(sql, "no test database can be created").await
    }
}

/// The names of all templates with this key, complete or not.
async fn templates(connection: &mut MySqlConnection, key: &str) -> Result<Vec<String>, Error> {
    let sql = format!(
        "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE '{}'",
        like(&format!("{PREFIX}template_{key}_"))
    );
    let rows = fetch(connection, &sql).await?;
    Ok(rows.iter().filter_map(|row| text(row, 0)).collect())
}

/// The complete one that is not about to be swept.
async fn find(connection: &mut MySqlConnection, key: &str) -> Result<Option<Template>, Error> {
    for name in templates(connection, key).await? {
        let is_young =
            matches!(Name::parse(&name), Some(Name::Template { created, .. }) if !is_old(created));
        if !is_young {
            continue;
        }
        let sql = format!("SELECT answers, reset, script, is_recyclable FROM `{name}`.{MARK}");
        // One that is not complete has no such table.
        let rows = fetch(connection, &sql).await.unwrap_or_default();
        if let Some(row) = rows.first() {
            return Ok(Some(Template {
                key: key.to_owned(),
                answers: text(row, 0).unwrap_or_default(),
                reset: text(row, 1).unwrap_or_default(),
                script: text(row, 2),
                is_recyclable: number(row, 3) == 1,
            }));
        }
    }
    Ok(None)
}
