//! Triggers and foreign keys are off while tables are filled: a trigger may do anything, and rows come one table at a time.

use std::collections::BTreeSet;

use migrate_chain::Dialect;

use crate::connection::Connection;
use crate::database;
use crate::error::Error;
use crate::model::{Kind, Object, Schema};

/// The statements that put back what was taken off.
pub struct Quiet(Vec<String>);

/// Takes the triggers of some tables off, and stops the checks of foreign keys; nothing if the role may not.
pub async fn quiet(
    connection: &mut Connection,
    schema: &Schema,
    tables: &BTreeSet<&str>,
) -> Result<Option<Quiet>, Error> {
    match connection.dialect() {
        Dialect::Postgres => {
            // A superuser's.
            let off = connection
                .execute("SET session_replication_role = replica")
                .await;
            let on = "SET session_replication_role = DEFAULT".to_owned();
            Ok(off.is_ok().then(|| Quiet(vec![on])))
        }
        Dialect::Sqlite => {
            let on = connection.text("PRAGMA foreign_keys").await?;
            connection.execute("PRAGMA foreign_keys = OFF").await?;
            let mut back = without_triggers(connection, schema, tables).await?;
            back.push(format!("PRAGMA foreign_keys = {on}"));
            Ok(Some(Quiet(back)))
        }
        Dialect::MySql => {
            connection
                .execute("SET @migrate_filling = @@SESSION.sql_mode, SESSION sql_mode = 'STRICT_ALL_TABLES', FOREIGN_KEY_CHECKS = 0")
                .await?;
            let mut back = without_triggers(connection, schema, tables).await?;
            back.push("SET SESSION sql_mode = @migrate_filling, FOREIGN_KEY_CHECKS = 1".to_owned());
            Ok(Some(Quiet(back)))
        }
    }
}

async fn without_triggers(
    connection: &mut Connection,
    schema: &Schema,
    tables: &BTreeSet<&str>,
) -> Result<Vec<String>, Error> {
    let triggers = schema.of_kind(Kind::Trigger);
    let mut triggers: Vec<&Object> = triggers
        .filter(|trigger| tables.contains(trigger.id.owner()))
        .collect();
    triggers.sort_by_key(|trigger| trigger.position);
    let mut back = Vec::new();
    for trigger in triggers {
        back.extend(database::trigger(connection, trigger).await?);
        connection.execute(&trigger.drop).await?;
    }
    Ok(back)
}

/// Puts back what was taken off.
pub async fn loud(connection: &mut Connection, quiet: Quiet) -> Result<(), Error> {
    for statement in quiet.0 {
        connection.execute(&statement).await?;
    }
    Ok(())
}
