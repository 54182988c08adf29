use crate::connection::Connection;
use crate::error::Error;
use crate::scratch::{PREFIX, is_stale};

/// Makes a database with the character set of the connection's own, and sweeps old ones. The connection holds a lock of
/// the database's name as long as it lives, taken before the database is there: what is locked is in use.
pub(crate) async fn create(admin: &mut Connection, name: &str, now: u64) -> Result<(), Error> {
    let sql = format!(
        "SELECT CAST(schema_name AS CHAR) FROM information_schema.schemata WHERE schema_name LIKE '{PREFIX}%'"
    );
    for old in admin
        .rows(&sql)
        .await?
        .into_iter()
        .flatten()
        .flatten()
        .filter(|old| is_stale(old, now))
    {
        sweep(admin, &old).await;
    }
    let locked = admin
        .rows(&format!("SELECT CAST(GET_LOCK('{name}', 10) AS CHAR)"))
        .await?;
    debug_assert_eq!(
        locked,
        [[Some("1".to_owned())]],
        "nobody else knows the name"
    );
    let charset = "SELECT CAST(default_character_set_name AS CHAR), CAST(default_collation_name AS CHAR) \
        FROM information_schema.schemata WHERE schema_name = DATABASE()";
    let options = match admin.rows(charset).await?.first().map(Vec::as_slice) {
        Some([Some(charset), Some(collation)]) => {
            format!(" CHARACTER SET {charset} COLLATE {collation}")
        }
        _ => String::new(),
    };
    admin
        .execute(&format!("CREATE DATABASE {name}{options}"))
        .await
}

async fn sweep(admin: &mut Connection, old: &str) {
    let free = admin
        .rows(&format!("SELECT CAST(GET_LOCK('{old}', 0) AS CHAR)"))
        .await;
    if free.is_ok_and(|rows| rows == [[Some("1".to_owned())]]) {
        // Another role's is not ours to drop.
        let _ = admin
            .execute(&format!("DROP DATABASE IF EXISTS {old}"))
            .await;
        let _ = admin
            .rows(&format!("SELECT CAST(RELEASE_LOCK('{old}') AS CHAR)"))
            .await;
    }
}
