use crate::connection::Connection;
use crate::error::Error;
use crate::scratch::{PREFIX, is_stale};

/// Makes a database, and sweeps old ones: the server itself refuses to drop one that somebody is connected to.
pub(crate) async fn create(admin: &mut Connection, name: &str, now: u64) -> Result<(), Error> {
    let left = admin
        .rows(&format!(
            "SELECT datname FROM pg_database WHERE datname LIKE '{PREFIX}%'"
        ))
        .await?;
    for old in left
        .into_iter()
        .flatten()
        .flatten()
        .filter(|old| is_stale(old, now))
    {
        // In use, or another role's: then it is not ours to drop.
        let _ = admin
            .execute(&format!("DROP DATABASE IF EXISTS {old}"))
            .await;
    }
    // Nobody can be connected to template0, which would be in the way.
    admin
        .execute(&format!("CREATE DATABASE {name} TEMPLATE template0"))
        .await
}
