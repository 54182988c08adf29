//! The statements that make things, as the server writes them: asked for what differs, one object at a time.

use std::collections::BTreeSet;

use migrate_chain::Dialect;
use migrate_chain::sql::quote_text;

use super::parse::{self, quote};
use super::words::without_database;
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::model::{Details, Kind, Object, ObjectId, Schema};

/// Adds the statements of the tables, and of the other objects, that `wanted` names.
///
/// # Errors
/// A definition is hidden, or holds what is not known.
pub async fn spell(
    connection: &mut Connection,
    schema: &mut Schema,
    wanted: &BTreeSet<ObjectId>,
) -> Result<(), Error> {
    // ANSI_QUOTES and its like change how SHOW CREATE spells things.
    connection
        .execute("SET @migrate_sql_mode = @@SESSION.sql_mode, SESSION sql_mode = ''")
        .await?;
    let done = read(connection, schema, wanted).await;
    connection
        .execute("SET SESSION sql_mode = @migrate_sql_mode, @migrate_sql_mode = NULL")
        .await?;
    done
}

async fn read(
    connection: &mut Connection,
    schema: &mut Schema,
    wanted: &BTreeSet<ObjectId>,
) -> Result<(), Error> {
    let database = connection.text("SELECT DATABASE()").await?;
    let ids: Vec<ObjectId> = wanted
        .iter()
        .filter(|id| schema.get(id).is_some())
        .cloned()
        .collect();
    for id in ids {
        let Some((word, field)) = word(id.kind) else {
            continue;
        };
        let sql = show(connection, word, &id.name, field).await?;
        let sql = without_database(&sql, &database);
        if id.kind == Kind::Table {
            table(schema, &id, &sql)?;
        } else if let Some(object) = schema.objects.get_mut(&id) {
            object.create = without_definer(&without_start(object, sql));
        }
    }
    Ok(())
}

/// The statements that make a trigger as it is, with the modes that its body is read in.
pub async fn trigger(connection: &mut Connection, object: &Object) -> Result<Vec<String>, Error> {
    let mode = show(connection, "TRIGGER", &object.id.name, 1).await?;
    let sql = show(connection, "TRIGGER", &object.id.name, 2).await?;
    let mode = quote_text(Dialect::MySql, &mode);
    Ok(vec![
        format!("SET SESSION sql_mode = {mode}"),
        without_definer(&sql),
    ])
}

/// The word after `SHOW CREATE`, and the field of the answer that has the statement.
fn word(kind: Kind) -> Option<(&'static str, usize)> {
    Some(match kind {
        Kind::Table => ("TABLE", 1),
        Kind::View => ("VIEW", 1),
        Kind::Function => ("FUNCTION", 2),
        Kind::Procedure => ("PROCEDURE", 2),
        Kind::Trigger => ("TRIGGER", 2),
        Kind::Event => ("EVENT", 3),
        _ => return None,
    })
}

/// The statement that makes something, in the field of that number.
pub async fn show(
    connection: &mut Connection,
    word: &str,
    name: &str,
    field: usize,
) -> Result<String, Error> {
    let rows = connection
        .rows(&format!("SHOW CREATE {word} {name}"))
        .await?;
    let statement = rows
        .into_iter()
        .next()
        .and_then(|row| row.into_iter().nth(field))
        .flatten();
    statement.ok_or_else(|| {
        let summary = format!(
            "the definition of the {} {name} is hidden from this user",
            word.to_lowercase()
        );
        Error::new(ErrorKind::Unreadable, summary).help("connect as the user who made it")
    })
}

/// Each line of a table's statement belongs to a part.
fn table(schema: &mut Schema, id: &ObjectId, sql: &str) -> Result<(), Error> {
    let table = parse::table(sql).map_err(|line| {
        Error::new(
            ErrorKind::Unreadable,
            format!("the definition of table {} cannot be read", id.name),
        )
        .detail(line)
        .help("leave the table out with `exclude` in migrate.toml")
    })?;
    for (position, part) in table.parts.iter().enumerate() {
        let kind = match part.kind {
            parse::PartKind::Column => Kind::Column,
            parse::PartKind::Key => Kind::Index,
            parse::PartKind::Primary
            | parse::PartKind::Foreign
            | parse::PartKind::Check
            | parse::PartKind::Period => Kind::Constraint,
        };
        let name = match kind {
            // A column has one name whatever its case.
            Kind::Column => part.name.to_lowercase(),
            _ => part.name.clone(),
        };
        if let Some(object) = schema.objects.get_mut(&ObjectId::of(kind, &id.name, name)) {
            object.create.clone_from(&part.line);
            object.position = position;
        }
    }
    if let Some(object) = schema.objects.get_mut(id) {
        sql.clone_into(&mut object.create);
    }
    Ok(())
}

/// An event without a STARTS begins when it is created; the server writes that time.
fn without_start(object: &Object, sql: String) -> String {
    let is_said = match &object.details {
        Details::Program(program) => !program.definition.contains("starts when created"),
        _ => true,
    };
    let start = sql.find(" STARTS '").filter(|_| !is_said);
    let end = start.and_then(|start| Some(start + 9 + sql[start + 9..].find('\'')? + 1));
    match start.zip(end) {
        Some((start, end)) => format!("{}{}", &sql[..start], &sql[end..]),
        None => sql,
    }
}

/// The definer is not part of a definition.
pub fn without_definer(sql: &str) -> String {
    let Some(start) = sql.find("DEFINER=") else {
        return sql.to_owned();
    };
    let rest = &sql[start..];
    let end = rest.find("` ").map_or(0, |end| end + 2);
    format!("{}{}", &sql[..start], &rest[end..])
}

/// The statement of a foreign key, from its facts: it may have to come back though it does not change.
pub fn foreign_key(object: &Object) -> String {
    let Some(key) = object.foreign_key() else {
        return object.create.clone();
    };
    let list = |names: &[String]| {
        let names: Vec<String> = names.iter().map(|name| quote(name)).collect();
        names.join(", ")
    };
    let action = |word: &str, action: &Option<String>| {
        action
            .as_ref()
            .map_or_else(String::new, |action| format!(" ON {word} {action}"))
    };
    let table = match key.table.split_once('.') {
        Some((schema, table)) => format!("{}.{}", quote(schema), quote(table)),
        None => quote(&key.table),
    };
    format!(
        "CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {table} ({}){}{}",
        object.id.name,
        list(&key.columns),
        list(&key.parent_columns),
        action("DELETE", &key.on_delete),
        action("UPDATE", &key.on_update),
    )
}
