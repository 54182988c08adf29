use migrate_chain::Dialect;
use migrate_chain::sql::{quote_name, quote_text};

use crate::connection::Connection;
use crate::error::Error;
use crate::leftover::{MARK, PREFIX, is_stale};
use crate::like::Like;

/// Creates a database on a server that holds others, and sweeps old ones. `options` are those of CREATE DATABASE.
pub(crate) async fn create(admin: &mut Connection, name: &str, options: &str) -> Result<(), Error> {
    let left = admin
        .rows(&format!(
            "SELECT datname::text FROM pg_database WHERE starts_with(datname::text, '{PREFIX}') \
             AND shobj_description(oid, 'pg_database') = '{MARK}'"
        ))
        .await?;
    for old in left
        .into_iter()
        .flatten()
        .flatten()
        .filter(|old| is_stale(old))
    {
        // The server refuses it while somebody is connected, and another role's is not ours to drop.
        let _ = admin
            .execute(&format!("DROP DATABASE IF EXISTS {}", quoted(&old)))
            .await;
    }
    let database = quoted(name);
    // Nobody can be connected to template0, which would be in the way.
    admin
        .execute(&format!(
            "CREATE DATABASE {database} TEMPLATE template0{options}"
        ))
        .await?;
    admin
        .execute(&format!("COMMENT ON DATABASE {database} IS '{MARK}'"))
        .await
}

/// The statement that removes it.
pub(crate) fn drop(name: &str) -> String {
    format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(name))
}

fn quoted(name: &str) -> String {
    quote_name(Dialect::Postgres, name)
}

/// How the connected database is set up. The columns for its locale have other names in each version.
pub(crate) async fn like(connection: &mut Connection) -> Result<Like, Error> {
    const SETUP: &str = "SELECT datname::text, pg_encoding_to_char(encoding)::text, datcollate::text, datctype::text, \
        to_jsonb(d) ->> 'datlocprovider', coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') \
        FROM pg_database d WHERE datname = current_database()";
    let rows = connection.rows(SETUP).await?;
    let row = rows.into_iter().next().unwrap_or_default();
    let value = |n: usize| row.get(n).cloned().flatten();
    let text = |n: usize| quote_text(Dialect::Postgres, &value(n).unwrap_or_default());
    let options = format!(
        " ENCODING {} LC_COLLATE {} LC_CTYPE {}",
        text(1),
        text(2),
        text(3)
    );
    let provider = match (value(4).as_deref(), value(5)) {
        (Some("i"), Some(_)) => format!(" LOCALE_PROVIDER icu ICU_LOCALE {}", text(5)),
        (Some("b"), Some(_)) => format!(" LOCALE_PROVIDER builtin BUILTIN_LOCALE {}", text(5)),
        _ => String::new(),
    };
    Ok(Like {
        name: value(0),
        options: options + &provider,
        ..Like::default()
    })
}

/// The extension that a server says it does not have.
pub(crate) fn missing_extension(error: &str) -> Option<&str> {
    let named = |before: &str, after: &str| {
        let rest = &error[error.find(before)? + before.len()..];
        let name = &rest[..rest.find(after)?];
        (!name.contains('\n')).then_some(name.rsplit('/').next().unwrap_or(name))
    };
    named("extension \"", "\" is not available")
        .or_else(|| named("could not open extension control file \"", ".control"))
        .or_else(|| named("could not access file \"$libdir/", "\""))
}

/// Takes all rows out of a table, and out of those that refer to it, if it is there.
pub async fn empty(connection: &mut Connection, table: &str) -> Result<(), Error> {
    let literal = quote_text(Dialect::Postgres, table);
    let is_there = format!("SELECT to_regclass({literal})::text");
    if connection.rows(&is_there).await? == [[None]] {
        return Ok(());
    }
    connection
        .execute(&format!("TRUNCATE {table} CASCADE"))
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_that_is_missing_is_named() {
        for error in [
            "ERROR: extension \"postgis\" is not available",
            "could not open extension control file \"/usr/share/postgresql/15/extension/postgis.control\": No such file",
            "could not access file \"$libdir/postgis\": No such file or directory",
        ] {
            assert_eq!(missing_extension(error), Some("postgis"), "{error}");
        }
        assert_eq!(missing_extension("relation \"t\" does not exist"), None);
    }
}
