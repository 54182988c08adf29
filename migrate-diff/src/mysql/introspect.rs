//! A database of MySQL or MariaDB as a schema.

use std::collections::{BTreeSet, HashMap};

use migrate_chain::Dialect;
use migrate_chain::sql::{TokenKind, quote_text, tokens};

use super::parse::{self, Part, PartKind, quote};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::model::{Kind, Object, ObjectId, Schema};
use crate::touched::Touched;

const TABLES: &str = "SELECT CAST(TABLE_NAME AS CHAR), CAST(TABLE_TYPE AS CHAR) FROM information_schema.TABLES \
    WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME";
/// What a column's definition leaves to its table.
const COLLATIONS: &str = "SELECT CAST(TABLE_NAME AS CHAR), CAST(COLUMN_NAME AS CHAR), CAST(COLLATION_NAME AS CHAR) FROM information_schema.COLUMNS \
    WHERE TABLE_SCHEMA = DATABASE() AND COLLATION_NAME IS NOT NULL";
const ROUTINES: &str = "SELECT CAST(ROUTINE_NAME AS CHAR), CAST(ROUTINE_TYPE AS CHAR) FROM information_schema.ROUTINES \
    WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_TYPE IN ('FUNCTION', 'PROCEDURE') ORDER BY ROUTINE_NAME";
const TRIGGERS: &str = "SELECT CAST(TRIGGER_NAME AS CHAR), CAST(EVENT_OBJECT_TABLE AS CHAR) FROM information_schema.TRIGGERS \
    WHERE TRIGGER_SCHEMA = DATABASE() AND EVENT_OBJECT_SCHEMA = DATABASE() ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER";

pub(crate) async fn introspect(
    connection: &mut Connection,
    touched: &Touched,
) -> Result<Schema, Error> {
    // ANSI_QUOTES and its like change how SHOW CREATE spells things.
    connection
        .execute("SET @migrate_sql_mode = @@SESSION.sql_mode, SESSION sql_mode = ''")
        .await?;
    let schema = read(connection, touched).await;
    connection
        .execute("SET SESSION sql_mode = @migrate_sql_mode, @migrate_sql_mode = NULL")
        .await?;
    schema
}

/// A query for what is touched alone, in one pass over the names of all.
fn among(sql: &str, column: &str, touched: &Touched) -> String {
    let Some(names) = touched.list(Dialect::MySql) else {
        return sql.to_owned();
    };
    sql.replacen(" WHERE ", &format!(" WHERE {column} IN {names} AND "), 1)
}

/// A query for the parts of some tables. The server opens one table for each name, and for other conditions all of them.
fn of_tables(sql: &str, column: &str, tables: &[(String, String)], touched: &Touched) -> String {
    if touched.is_all() {
        return sql.to_owned();
    }
    let (sql, _) = sql.split_once(" ORDER BY ").unwrap_or((sql, ""));
    let one = |name: &str| {
        format!(
            "({sql} AND {column} = {})",
            quote_text(Dialect::MySql, name)
        )
    };
    match tables {
        [] => one(""),
        tables => {
            let queries: Vec<String> = tables.iter().map(|(name, _)| one(name)).collect();
            queries.join(" UNION ALL ")
        }
    }
}

async fn read(connection: &mut Connection, touched: &Touched) -> Result<Schema, Error> {
    let mut reader = Reader {
        schema: Schema::empty(Dialect::MySql),
        database: scalar(connection, "SELECT CAST(DATABASE() AS CHAR)").await?,
        collations: HashMap::new(),
    };
    let tables = pairs(connection, &among(TABLES, "TABLE_NAME", touched)).await?;
    let collations = of_tables(COLLATIONS, "TABLE_NAME", &tables, touched);
    for (table, column, collation) in triples(connection, &collations).await? {
        reader
            .collations
            .insert((quote(&table), quote(&column)), collation);
    }
    for (name, kind) in &tables {
        match kind.as_str() {
            "BASE TABLE" => reader.table(name, &show(connection, "TABLE", name, 1).await?)?,
            "VIEW" => reader.view(name, &show(connection, "VIEW", name, 1).await?),
            _ => {}
        }
    }
    for (name, kind) in pairs(connection, &among(ROUTINES, "ROUTINE_NAME", touched)).await? {
        let create = show(connection, &kind, &name, 2).await?;
        reader.routine(&name, &kind, &create);
    }
    let triggers = of_tables(TRIGGERS, "EVENT_OBJECT_TABLE", &tables, touched);
    for (n, (name, table)) in pairs(connection, &triggers).await?.into_iter().enumerate() {
        let create = show(connection, "TRIGGER", &name, 2).await?;
        reader.trigger(&name, &table, &create, n);
    }
    reader.depend();
    Ok(reader.schema)
}

async fn scalar(connection: &mut Connection, sql: &str) -> Result<String, Error> {
    let rows = connection.rows(sql).await?;
    Ok(rows
        .into_iter()
        .flatten()
        .flatten()
        .next()
        .unwrap_or_default())
}

async fn pairs(connection: &mut Connection, sql: &str) -> Result<Vec<(String, String)>, Error> {
    let rows = connection.rows(sql).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((row.first()?.clone()?, row.get(1)?.clone()?)))
        .collect())
}

async fn triples(
    connection: &mut Connection,
    sql: &str,
) -> Result<Vec<(String, String, String)>, Error> {
    let rows = connection.rows(sql).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some((
                row.first()?.clone()?,
                row.get(1)?.clone()?,
                row.get(2)?.clone()?,
            ))
        })
        .collect())
}

/// The statement that makes something, in the field of that number.
async fn show(
    connection: &mut Connection,
    kind: &str,
    name: &str,
    field: usize,
) -> Result<String, Error> {
    let rows = connection
        .rows(&format!("SHOW CREATE {kind} {}", quote(name)))
        .await?;
    let statement = rows
        .into_iter()
        .next()
        .and_then(|row| row.into_iter().nth(field))
        .flatten();
    statement.ok_or_else(|| {
        let summary = format!(
            "the definition of the {} {} is hidden from this user",
            kind.to_lowercase(),
            quote(name)
        );
        Error::new(ErrorKind::Unreadable, summary).help("connect as the user who made it")
    })
}

struct Reader {
    schema: Schema,
    database: String,
    /// By table and column.
    collations: HashMap<(String, String), String>,
}

impl Reader {
    fn table(&mut self, name: &str, sql: &str) -> Result<(), Error> {
        let table = parse::table(sql).map_err(|line| {
            Error::new(
                ErrorKind::Unreadable,
                format!("the definition of table {} cannot be read", quote(name)),
            )
            .detail(line)
            .help("leave the table out with `exclude` in migrate.toml")
        })?;
        let name = quote(name);
        let id = ObjectId::new(Kind::Table, &name);
        let attributes = [
            Some(("options", table.options.clone())),
            table
                .partitions
                .clone()
                .map(|partitions| ("partitions", partitions)),
        ];
        let mut object = Object::new(id.clone(), attributes.into_iter().flatten());
        object.drop = format!("DROP TABLE {name}");
        let parents = table
            .parts
            .iter()
            .filter_map(Part::references)
            .filter(|parent| *parent != name);
        object.depends_on = parents
            .map(|parent| ObjectId::new(Kind::Table, parent))
            .collect();
        self.schema.add(object);
        for (position, part) in table.parts.iter().enumerate() {
            self.part(&name, part, position);
        }
        Ok(())
    }

    fn part(&mut self, table: &str, part: &Part, position: usize) {
        let kind = match part.kind {
            PartKind::Column => Kind::Column,
            PartKind::Key => Kind::Index,
            PartKind::Primary | PartKind::Foreign | PartKind::Check => Kind::Constraint,
        };
        let mut object = Object::new(
            ObjectId::of(kind, table, &part.name),
            [("definition", part.definition().to_owned())],
        );
        if part.kind == PartKind::Column {
            let collation = self.collations.get(&(table.to_owned(), part.name.clone()));
            object
                .attributes
                .extend(collation.map(|collation| ("collation", collation.clone())));
        }
        object.create.clone_from(&part.line);
        object.position = position;
        self.schema.add(object);
    }

    fn view(&mut self, name: &str, sql: &str) {
        let create = self.without_definer(sql);
        let name = quote(name);
        self.schema.add(Object::defined(
            ObjectId::new(Kind::View, &name),
            create,
            format!("DROP VIEW {name}"),
        ));
    }

    fn routine(&mut self, name: &str, word: &str, sql: &str) {
        let kind = if word == "FUNCTION" {
            Kind::Function
        } else {
            Kind::Procedure
        };
        let name = quote(name);
        let create = self.without_definer(sql);
        self.schema.add(Object::defined(
            ObjectId::new(kind, &name),
            create,
            format!("DROP {word} {name}"),
        ));
    }

    fn trigger(&mut self, name: &str, table: &str, sql: &str, position: usize) {
        let name = quote(name);
        let create = self.without_definer(sql);
        let mut object = Object::defined(
            ObjectId::of(Kind::Trigger, quote(table), &name),
            create,
            format!("DROP TRIGGER {name}"),
        );
        object.position = position;
        self.schema.add(object);
    }

    /// Who made something, and in which database, is not what it is.
    fn without_definer(&self, sql: &str) -> String {
        let sql = sql.replace(&format!("{}.", quote(&self.database)), "");
        let Some(start) = sql.find("DEFINER=") else {
            return sql;
        };
        let rest = &sql[start..];
        let end = rest.find("` ").map_or(0, |end| end + 2);
        format!("{}{}", &sql[..start], &rest[end..])
    }

    /// Views know what they stand on by name only.
    fn depend(&mut self) {
        let names: Vec<ObjectId> = self
            .schema
            .objects
            .keys()
            .filter(|id| matches!(id.kind, Kind::View | Kind::Function))
            .cloned()
            .collect();
        for object in self
            .schema
            .objects
            .values_mut()
            .filter(|object| object.id.kind == Kind::View)
        {
            let words: BTreeSet<String> = tokens(Dialect::MySql, &object.create)
                .filter(|token| matches!(token.kind, TokenKind::QuotedIdentifier | TokenKind::Word))
                .map(|token| quote(object.create[token.range()].trim_matches('`')))
                .collect();
            object.depends_on = names
                .iter()
                .filter(|id| **id != object.id && words.contains(&id.name))
                .cloned()
                .collect();
        }
    }
}
