//! `sqlite_schema` as a schema.

use std::collections::BTreeSet;

use migrate_chain::Dialect;

use super::details;
use super::parse::{self, Constraint, Table};
use super::words::{Piece, canonical, names, pieces, quote};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::model::{self, Details, Index, Kind, Object, ObjectId, Program, Schema, TableDetails};
use crate::touched::Touched;

/// The parts of virtual tables belong to them.
const CATALOG: &str = "SELECT type, name, tbl_name, sql FROM sqlite_schema \
    WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
    AND name NOT IN (SELECT l.name FROM pragma_table_list AS l WHERE l.schema = 'main' AND l.type = 'shadow')";

pub(crate) async fn introspect(
    connection: &mut Connection,
    touched: &Touched,
) -> Result<Schema, Error> {
    let mut schema = Schema::empty(Dialect::Sqlite);
    let sql = match touched.list(Dialect::Sqlite) {
        Some(names) => CATALOG.replacen(
            "WHERE ",
            &format!("WHERE (lower(name) IN {names} OR lower(tbl_name) IN {names}) AND "),
            1,
        ),
        None => CATALOG.to_owned(),
    };
    let sql = format!("{sql} ORDER BY rowid");
    for row in connection.named_rows(&sql).await?.iter() {
        let (name, table, sql) = (row.text("name"), row.text("tbl_name"), row.text("sql"));
        match row.text("type") {
            "table" if is_virtual(sql) => {
                schema.add(defined(Kind::VirtualTable, "TABLE", name, sql));
            }
            "table" => add_table(&mut schema, name, sql)?,
            "view" => schema.add(defined(Kind::View, "VIEW", name, sql)),
            "index" => schema.add(index(table, name, sql)?),
            _ => schema.add(trigger(table, name, sql)),
        }
    }
    depend_views(&mut schema);
    Ok(schema)
}

fn is_virtual(sql: &str) -> bool {
    pieces(sql)
        .get(1)
        .is_some_and(|piece| piece.is_word("virtual"))
}

/// Names mean the same in capitals and small letters, so an id is in small ones.
fn defined(kind: Kind, word: &str, name: &str, sql: &str) -> Object {
    program(ObjectId::new(kind, lower(name)), word, name, sql)
}

fn trigger(table: &str, name: &str, sql: &str) -> Object {
    let id = ObjectId::of(Kind::Trigger, lower(table), lower(name));
    program(id, "TRIGGER", name, sql)
}

fn program(id: ObjectId, word: &str, name: &str, sql: &str) -> Object {
    let pieces = pieces(sql);
    // `IF NOT EXISTS` is kept in the catalog and says nothing.
    let says_nothing = |n: usize, piece: &Piece<'_>| {
        n < 6
            && ["if", "not", "exists"]
                .iter()
                .any(|word| piece.is_word(word))
    };
    let words = pieces.iter().enumerate();
    let words: Vec<Piece<'_>> = words
        .filter(|(n, piece)| !says_nothing(*n, piece))
        .map(|(_, piece)| piece.clone())
        .collect();
    let definition = canonical(&words);
    made(
        id,
        Details::Program(Program { definition }),
        word,
        name,
        sql,
    )
}

/// An object with its statements.
fn made(id: ObjectId, details: Details, word: &str, name: &str, sql: &str) -> Object {
    let mut object = Object::typed(id, details);
    name.clone_into(&mut object.written);
    sql.clone_into(&mut object.create);
    object.drop = format!("DROP {word} {}", quote(name));
    object
}

fn index(table: &str, name: &str, sql: &str) -> Result<Object, Error> {
    let id = ObjectId::of(Kind::Index, lower(table), lower(name));
    let details = parse_index(sql).ok_or_else(|| unreadable("index", name, sql))?;
    Ok(made(id, Details::Index(details), "INDEX", name, sql))
}

/// `CREATE [UNIQUE] INDEX name ON table (columns) [WHERE predicate]`.
fn parse_index(sql: &str) -> Option<Index> {
    let pieces = pieces(sql);
    let open = pieces.iter().position(|piece| piece.text == "(")?;
    let close = parse::closing(&pieces, open)?;
    let predicate = pieces.get(close + 1).filter(|piece| piece.is_word("where"));
    Some(Index {
        unique: pieces.get(1)?.is_word("unique"),
        columns: parse::each(&pieces[open + 1..close]),
        predicate: predicate.map(|_| canonical(&pieces[close + 2..])),
        ..Index::default()
    })
}

fn unreadable(kind: &str, name: &str, sql: &str) -> Error {
    let summary = format!("the definition of {kind} `{name}` cannot be read");
    Error::new(ErrorKind::Unreadable, summary)
        .detail(sql)
        .help("leave it out with `exclude` in migrate.toml")
}

fn lower(name: &str) -> String {
    name.to_ascii_lowercase()
}

fn add_table(schema: &mut Schema, name: &str, sql: &str) -> Result<(), Error> {
    let table = parse::table(sql).ok_or_else(|| unreadable("table", name, sql))?;
    let key = lower(name);
    let details = model::Table {
        comment: None,
        details: TableDetails::Sqlite(details::Table {
            without_rowid: table.without_rowid,
            strict: table.strict,
        }),
    };
    let id = ObjectId::new(Kind::Table, &key);
    let mut object = made(id, Details::Table(details), "TABLE", name, sql);
    let parents = table
        .constraints
        .iter()
        .filter_map(|constraint| Some(&*constraint.foreign_key()?.table));
    object.depends_on = parents
        .filter(|parent| *parent != key)
        .map(|parent| ObjectId::new(Kind::Table, parent))
        .collect();
    schema.add(object);
    add_columns(schema, &key, &table);
    add_constraints(schema, &key, &table);
    Ok(())
}

fn add_columns(schema: &mut Schema, key: &str, table: &Table) {
    for (position, column) in table.columns.iter().enumerate() {
        let id = ObjectId::of(Kind::Column, key, lower(&column.name));
        let mut object = Object::typed(id, Details::Column(column.details.clone()));
        object.written.clone_from(&column.name);
        object.position = position;
        schema.add(object);
    }
}

fn add_constraints(schema: &mut Schema, key: &str, table: &Table) {
    for constraint in &table.constraints {
        let id = constraint_id(key, constraint);
        schema.add(Object::typed(id, constraint.details.clone()));
    }
}

/// One without a name is called by what it says.
pub(crate) fn constraint_id(table: &str, constraint: &Constraint) -> ObjectId {
    let name = match &constraint.name {
        Some(name) => lower(name),
        None if constraint.is_primary() => "PRIMARY KEY".to_owned(),
        None => constraint.text.clone(),
    };
    ObjectId::of(Kind::Constraint, table, name)
}

/// Views and triggers know what they stand on by name only.
fn depend_views(schema: &mut Schema) {
    let known: BTreeSet<ObjectId> = schema
        .objects
        .keys()
        .filter(|id| id.table.is_none())
        .cloned()
        .collect();
    for object in schema.objects.values_mut() {
        if matches!(object.id.kind, Kind::View | Kind::Trigger) {
            let kinds = [Kind::Table, Kind::View, Kind::VirtualTable];
            let ids = names(&object.create)
                .into_iter()
                .flat_map(|name| kinds.map(|kind| ObjectId::new(kind, &name)));
            object.depends_on = ids
                .filter(|id| *id != object.id && known.contains(id))
                .collect();
        }
    }
}

/// The parts of an introspected table, whose statement was parsed before.
pub(super) fn table_of(object: &Object) -> Table {
    parse::table(&object.create).unwrap_or_default()
}
