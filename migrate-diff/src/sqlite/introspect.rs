//! `sqlite_schema` as a schema.

use std::collections::BTreeSet;

use migrate_chain::Dialect;

use super::parse::{self, Constraint, ConstraintKind, Table};
use super::words::{Piece, canonical, mentions, pieces, quote};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::model::{Kind, Object, ObjectId, Schema};
use crate::touched::Touched;

/// The parts of virtual tables belong to them.
const CATALOG: &str = "SELECT type, name, tbl_name, sql FROM sqlite_schema \
    WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
    AND NOT EXISTS (SELECT 1 FROM pragma_table_list(sqlite_schema.name) AS l WHERE l.schema = 'main' AND l.type = 'shadow')";

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
    for row in connection.rows(&format!("{sql} ORDER BY rowid")).await? {
        let [Some(kind), Some(name), Some(table), Some(sql)] = &row[..] else {
            continue;
        };
        match kind.as_str() {
            "table" if is_virtual(sql) => {
                schema.add(defined(Kind::VirtualTable, "TABLE", name, sql));
            }
            "table" => add_table(&mut schema, name, sql)?,
            "view" => schema.add(defined(Kind::View, "VIEW", name, sql)),
            "index" => schema.add(of_table(Kind::Index, "INDEX", table, name, sql)),
            _ => schema.add(of_table(Kind::Trigger, "TRIGGER", table, name, sql)),
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
    let mut object = Object::defined(
        ObjectId::new(kind, lower(name)),
        sql,
        format!("DROP {word} {}", quote(name)),
    );
    spell(&mut object);
    object
}

fn of_table(kind: Kind, word: &str, table: &str, name: &str, sql: &str) -> Object {
    let id = ObjectId::of(kind, lower(table), lower(name));
    let mut object = Object::defined(id, sql, format!("DROP {word} {}", quote(name)));
    spell(&mut object);
    object
}

fn spell(object: &mut Object) {
    let pieces = pieces(&object.create);
    // `IF NOT EXISTS` is kept in the catalog and says nothing.
    let words: Vec<_> = pieces
        .iter()
        .enumerate()
        .filter(|(n, piece)| {
            !(*n < 6
                && ["if", "not", "exists"]
                    .iter()
                    .any(|word| piece.is_word(word)))
        })
        .map(|(_, piece)| piece.clone())
        .collect();
    let definition = canonical(&words);
    object.attributes.insert("definition", definition);
}

fn lower(name: &str) -> String {
    name.to_ascii_lowercase()
}

fn add_table(schema: &mut Schema, name: &str, sql: &str) -> Result<(), Error> {
    let table = parse::table(sql).ok_or_else(|| {
        Error::new(
            ErrorKind::Unreadable,
            format!("the definition of table `{name}` cannot be read"),
        )
        .detail(sql)
    })?;
    let key = lower(name);
    let mut object = Object::new(ObjectId::new(Kind::Table, &key), options(&table));
    sql.clone_into(&mut object.create);
    object.drop = format!("DROP TABLE {}", quote(name));
    let parents = table
        .constraints
        .iter()
        .filter_map(|constraint| constraint.references.as_deref());
    object.depends_on = parents
        .filter(|parent| *parent != key)
        .map(|parent| ObjectId::new(Kind::Table, parent))
        .collect();
    schema.add(object);
    add_columns(schema, &key, &table);
    add_constraints(schema, &key, &table);
    Ok(())
}

fn options(table: &Table) -> impl Iterator<Item = (&'static str, String)> {
    let without = table
        .without_rowid
        .then(|| ("without rowid", "yes".to_owned()));
    let strict = table.strict.then(|| ("strict", "yes".to_owned()));
    without.into_iter().chain(strict)
}

fn add_columns(schema: &mut Schema, key: &str, table: &Table) {
    for column in &table.columns {
        let attributes = [
            ("type", Some(column.kind.clone())),
            ("not null", column.not_null.clone()),
            ("default", column.default.clone()),
            ("collation", column.collation.clone()),
            ("generated", column.generated.clone()),
        ];
        let attributes = attributes
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        schema.add(Object::new(
            ObjectId::of(Kind::Column, key, lower(&column.name)),
            attributes,
        ));
    }
}

fn add_constraints(schema: &mut Schema, key: &str, table: &Table) {
    for constraint in &table.constraints {
        let id = constraint_id(key, constraint);
        schema.add(Object::new(id, [("definition", constraint.text.clone())]));
    }
}

/// One without a name is called by what it says.
pub(crate) fn constraint_id(table: &str, constraint: &Constraint) -> ObjectId {
    let name = match (&constraint.name, constraint.kind) {
        (Some(name), _) => lower(name),
        (None, ConstraintKind::Primary) => "PRIMARY KEY".to_owned(),
        (None, _) => constraint.text.clone(),
    };
    ObjectId::of(Kind::Constraint, table, name)
}

/// Views and triggers know what they stand on by name only.
fn depend_views(schema: &mut Schema) {
    let names: Vec<ObjectId> = schema
        .objects
        .keys()
        .filter(|id| matches!(id.kind, Kind::Table | Kind::View | Kind::VirtualTable))
        .cloned()
        .collect();
    for object in schema.objects.values_mut() {
        if matches!(object.id.kind, Kind::View | Kind::Trigger) {
            let found: BTreeSet<ObjectId> = names
                .iter()
                .filter(|id| **id != object.id && mentions(&object.create, &id.name))
                .cloned()
                .collect();
            object.depends_on = found;
        }
    }
}

/// The parts of an introspected table, whose statement was parsed before.
pub(super) fn table_of(object: &Object) -> Table {
    parse::table(&object.create).unwrap_or_default()
}

/// The name of a table as its statement spells it.
pub(super) fn pieces_name(object: &Object) -> String {
    let place = table_of(object).name;
    pieces(&object.create)
        .iter()
        .find(|piece| piece.place == place)
        .map_or_else(|| object.id.name.clone(), Piece::name)
}
