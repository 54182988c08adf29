use migrate_chain::Dialect;
use migrate_chain::sql::{quote_name, quote_text};

use crate::connection::Connection;
use crate::error::Error;
use crate::leftover::{MARK, PREFIX, is_stale, user_of};
use crate::like::Like;

/// Creates a database on a server that holds others, and sweeps old ones. `options` are those of CREATE DATABASE; without
/// them, it has the character set of the connection's own. The connection holds a lock of the database's name as long as it
/// lives, taken before the database is there: what is locked is in use.
pub(crate) async fn create(admin: &mut Connection, name: &str, options: &str) -> Result<(), Error> {
    let marked = format!(
        "SELECT CAST(table_schema AS CHAR) FROM information_schema.tables \
         WHERE table_schema LIKE '{}%' AND table_name = '{MARK}'",
        PREFIX.replace('_', "\\_")
    );
    let left = admin.rows(&marked).await?;
    for old in left
        .into_iter()
        .flatten()
        .flatten()
        .filter(|old| is_stale(old))
    {
        sweep(admin, &old).await;
    }
    let locked = admin
        .text(&format!("SELECT CAST(GET_LOCK('{name}', 10) AS CHAR)"))
        .await?;
    debug_assert_eq!(locked, "1", "nobody else knows the name");
    let options = match options {
        "" => own_options(admin).await?,
        options => options.to_owned(),
    };
    let database = quoted(name);
    admin
        .execute(&format!("CREATE DATABASE {database}{options}"))
        .await?;
    admin
        .execute(&format!(
            "CREATE TABLE {database}.{MARK} (created_by VARCHAR(20)) COMMENT 'embed-migrations'"
        ))
        .await
}

/// A connection to it, as a user with rights on it alone; as the role of `admin` if the server lets that create no users.
/// `url` names the database.
pub(crate) async fn connect(
    admin: &mut Connection,
    url: &str,
    name: &str,
) -> Result<Connection, Error> {
    let (user, password) = (user_of(name), crate::leftover::new_name());
    // In GRANT, the name of a database is a pattern.
    let pattern = quoted(&name.replace('_', "\\_"));
    let statements = [
        format!("CREATE USER '{user}'@'%' IDENTIFIED BY '{password}'"),
        format!("GRANT ALL PRIVILEGES ON {pattern}.* TO '{user}'@'%'"),
    ];
    for statement in statements {
        if admin.execute(&statement).await.is_err() {
            return Connection::open(url).await;
        }
    }
    match Connection::open(&with_login(url, &user, &password)).await {
        Ok(connection) => Ok(connection),
        // Another account may be in the way, such as the one without a name on localhost.
        Err(_) => Connection::open(url).await,
    }
}

/// The URL with another user.
fn with_login(url: &str, user: &str, password: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest[..end]
        .rsplit_once('@')
        .map_or(&rest[..end], |(_, host)| host);
    format!("{scheme}://{user}:{password}@{host}{}", &rest[end..])
}

/// The statement that removes it.
pub(crate) fn drop(name: &str) -> String {
    format!("DROP DATABASE IF EXISTS {}", quoted(name))
}

/// The statement that removes its user. A role that may not create users may not drop them: then it fails, and there is
/// no user.
pub(crate) fn drop_user(name: &str) -> String {
    format!("DROP USER IF EXISTS '{}'@'%'", user_of(name))
}

async fn own_options(admin: &mut Connection) -> Result<String, Error> {
    let charset = "SELECT CAST(default_character_set_name AS CHAR), CAST(default_collation_name AS CHAR) \
        FROM information_schema.schemata WHERE schema_name = DATABASE()";
    Ok(
        match admin.rows(charset).await?.first().map(Vec::as_slice) {
            Some([Some(charset), Some(collation)]) => options(charset, collation),
            _ => String::new(),
        },
    )
}

fn options(charset: &str, collation: &str) -> String {
    format!(
        " CHARACTER SET {} COLLATE {}",
        quoted(charset),
        quoted(collation)
    )
}

async fn sweep(admin: &mut Connection, old: &str) {
    let lock = quote_text(Dialect::MySql, old);
    let free = admin
        .text(&format!("SELECT CAST(GET_LOCK({lock}, 0) AS CHAR)"))
        .await;
    if free.is_ok_and(|free| free == "1") {
        // Another role's is not ours to drop.
        let _ = admin.execute(&drop(old)).await;
        let _ = admin.execute(&drop_user(old)).await;
        let _ = admin
            .text(&format!("SELECT CAST(RELEASE_LOCK({lock}) AS CHAR)"))
            .await;
    }
}

fn quoted(name: &str) -> String {
    quote_name(Dialect::MySql, name)
}

/// How the connected database and its server are set up.
pub(crate) async fn like(connection: &mut Connection) -> Result<Like, Error> {
    const VARIABLES: [&str; 4] = [
        "sql_mode",
        "character_set_server",
        "collation_server",
        "explicit_defaults_for_timestamp",
    ];
    let mut arguments = Vec::new();
    for variable in VARIABLES {
        let value = connection
            .text(&format!("SELECT CAST(@@GLOBAL.{variable} AS CHAR)"))
            .await?;
        arguments.push(format!("--{}={value}", variable.replace('_', "-")));
    }
    let names = connection
        .text("SELECT CAST(@@GLOBAL.lower_case_table_names AS CHAR)")
        .await?;
    Ok(Like {
        name: Some(connection.text("SELECT CAST(DATABASE() AS CHAR)").await?),
        options: own_options(connection).await?,
        arguments,
        lower_case_table_names: names.parse().ok(),
    })
}

/// Whether an error says that a right is missing.
pub(crate) fn is_denied(error: &str) -> bool {
    // With binary logs, functions and triggers need more than all rights on their database.
    const CODES: [&str; 5] = ["1044", "1142", "1227", "1370", "1419"];
    let named = CODES
        .iter()
        .any(|code| error.contains(&format!("code {code}")));
    named || error.contains("Access denied") || error.contains("command denied to user")
}

/// Takes all rows out of a table, if it is there: a table with system versioning cannot be truncated.
pub async fn empty(connection: &mut Connection, table: &str) -> Result<(), Error> {
    connection.execute("SET FOREIGN_KEY_CHECKS = 0").await?;
    for sql in [
        format!("TRUNCATE TABLE {table}"),
        format!("DELETE FROM {table}"),
    ] {
        // If rows stay, the statement that they are in the way of fails again.
        if connection.execute(&sql).await.is_ok() {
            break;
        }
    }
    connection.execute("SET FOREIGN_KEY_CHECKS = 1").await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_of_a_url_is_replaced() {
        for (url, expected) in [
            (
                "mysql://root@h:1/db?ssl-mode=disabled",
                "mysql://u:p@h:1/db?ssl-mode=disabled",
            ),
            ("mysql://h/db", "mysql://u:p@h/db"),
            ("mysql://a:b%40c@h/db", "mysql://u:p@h/db"),
        ] {
            assert_eq!(with_login(url, "u", "p"), expected);
        }
    }
}
