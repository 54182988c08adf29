//! A second look at a database, which shares nothing with the introspection that makes plans: all catalogs but for the
//! exceptions of a list, so that no kind of object is overlooked.

mod exceptions;
mod line;
#[cfg(all(test, feature = "postgres"))]
mod mutations;
mod names;
mod query;

use crate::connection::Connection;
use crate::error::Error;
use crate::eye::Facts;
use crate::filter::Filter;
use names::ObjectNames;
use query::{Catalog, Reference};

/// The first version that says which columns of its catalogs refer to which catalogs.
const FIRST_VERSION: u32 = 140_000;

/// Everything that the catalogs say of what `filter` admits; nothing on a server too old to be read this way.
///
/// The `search_path` is as before afterwards.
pub async fn look(connection: &mut Connection, filter: &Filter) -> Result<Option<Facts>, Error> {
    let version = connection
        .text("SELECT current_setting('server_version_num')")
        .await?;
    if version.parse::<u32>().unwrap_or_default() < FIRST_VERSION {
        return Ok(None);
    }
    let home = connection
        .text("SELECT quote_ident(current_schema())")
        .await?;
    let path = connection
        .text("SELECT set_config('migrate.path', current_setting('search_path'), false)")
        .await?;
    // Every name is written with its schema.
    connection
        .execute("SELECT set_config('search_path', '', false)")
        .await?;
    let facts = read(connection, filter, &home).await;
    let restore = format!(
        "SELECT set_config('search_path', {}, false)",
        query::text(&path)
    );
    connection.execute(&restore).await?;
    facts.map(Some)
}

async fn read(connection: &mut Connection, filter: &Filter, home: &str) -> Result<Facts, Error> {
    let references: Vec<Reference> = connection
        .rows(query::REFERENCES)
        .await?
        .iter()
        .map(Reference::of)
        .collect();
    let catalogs = Catalog::all(&connection.rows(query::COLUMNS).await?, &references);
    let mut names = ObjectNames::of(
        &connection.rows(query::PINNED).await?,
        &connection.rows(query::OWNERS).await?,
    );
    let mut rows = Vec::new();
    for catalog in &catalogs {
        let found = connection.rows(&catalog.sql()).await?;
        if catalog.has_oid() {
            names.add(catalog.name(), &found);
        }
        rows.push(found);
    }
    let mut facts = Facts::default();
    for (catalog, found) in catalogs.iter().zip(&rows) {
        for row in found {
            let line = catalog.line(row);
            if names.admits(filter, home, &line) {
                facts.add(line.subject(), catalog.values(&line, &names));
            }
        }
    }
    Ok(facts)
}
