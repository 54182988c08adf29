//! PostgreSQL's catalogs as a schema.

pub(super) mod privilege;
mod program;
mod relation;
mod setting;
mod types;

use std::collections::HashMap;

use migrate_chain::Dialect;

use super::catalog;
use super::details::{self, Part};
use crate::connection::Connection;
use crate::error::Error;
use crate::model::{Details, Kind, Object, ObjectId, Schema};
use crate::rows::Row;
use crate::touched::Touched;

/// Takes a row into the schema.
type Read = fn(&mut Reader, Row<'_>);

/// The objects, in an order in which each one finds those that it belongs to.
const OBJECTS: [(&str, Read); 22] = [
    (catalog::types::NAMESPACES, Reader::namespace),
    (catalog::types::EXTENSIONS, Reader::extension),
    (catalog::types::COLLATIONS, Reader::collation),
    (catalog::types::ENUMS, Reader::enumeration),
    (catalog::types::COMPOSITES, Reader::composite),
    (catalog::types::RANGES, Reader::range),
    (catalog::types::DOMAINS, Reader::domain),
    (catalog::program::FOREIGN_DATA_WRAPPERS, Reader::wrapper),
    (catalog::program::FOREIGN_SERVERS, Reader::server),
    (catalog::relation::RELATIONS, Reader::relation),
    (catalog::relation::COLUMNS, Reader::column),
    (catalog::types::SEQUENCES, Reader::sequence),
    (catalog::relation::CONSTRAINTS, Reader::constraint),
    (catalog::relation::INDEXES, Reader::index),
    (catalog::relation::STATISTICS, Reader::statistics),
    (catalog::program::FUNCTIONS, Reader::function),
    (catalog::program::AGGREGATES, Reader::aggregate),
    (catalog::program::OPERATORS, Reader::operator),
    (catalog::program::CASTS, Reader::cast),
    (catalog::relation::TRIGGERS, Reader::trigger),
    (catalog::relation::RULES, Reader::rule),
    (catalog::program::EVENT_TRIGGERS, Reader::event_trigger),
];

/// Facts about objects, read once all objects are known.
const FACTS: [(&str, Read); 6] = [
    (catalog::relation::POLICIES, Reader::policy),
    (catalog::ALIASES, Reader::alias),
    (catalog::setting::SETTINGS, Reader::setting),
    (catalog::privilege::PRIVILEGES, Reader::privilege),
    (catalog::privilege::DEFAULTS, Reader::default_privilege),
    (catalog::DEPENDENCIES, Reader::dependency),
];

pub async fn introspect(connection: &mut Connection, touched: &Touched) -> Result<Schema, Error> {
    // Names in the home schema are written without it, and those elsewhere with theirs. A script may have left a path of its
    // own, which no later revision runs under.
    connection.execute("RESET search_path").await?;
    connection.execute("SELECT pg_catalog.set_config('search_path', coalesce(quote_ident(current_schema()), 'public'), false)").await?;
    let mut reader = Reader {
        schema: Schema::empty(Dialect::Postgres),
        ids: HashMap::new(),
        inherited: HashMap::new(),
        parents: HashMap::new(),
        aliases: HashMap::new(),
    };
    for (sql, read) in OBJECTS.into_iter().chain(FACTS) {
        // A part of the schema is compared, and no plan is made from it: dependencies do not matter.
        if !touched.is_all() && [catalog::ALIASES, catalog::DEPENDENCIES].contains(&sql) {
            continue;
        }
        for row in connection
            .named_rows(&catalog::of(sql, touched))
            .await?
            .iter()
        {
            read(&mut reader, row);
        }
    }
    reader.order_privileges();
    Ok(reader.schema)
}

/// A catalog, an oid in it, and a column's number or 0.
type Key = (String, String, String);

struct Reader {
    schema: Schema,
    ids: HashMap<Key, ObjectId>,
    /// By table and place, the name of an inherited column.
    inherited: HashMap<(String, String), String>,
    /// By table and name, the table that a column is inherited from.
    parents: HashMap<(String, String), String>,
    aliases: HashMap<(String, String), Key>,
}

impl Reader {
    fn add(&mut self, class: &str, oid: &str, object: Object) {
        self.know(class, oid, object.id.clone());
        self.schema.add(object);
    }

    /// Says which object an oid means.
    fn know(&mut self, class: &str, oid: &str, id: ObjectId) {
        let key = (class.to_owned(), oid.to_owned(), "0".to_owned());
        self.ids.insert(key, id);
    }

    fn id(&self, class: &str, oid: &str, sub: &str) -> Option<ObjectId> {
        let found = |class: &str, oid: &str, sub: &str| {
            let key = (class.to_owned(), oid.to_owned(), sub.to_owned());
            self.ids
                .get(&key)
                .cloned()
                .or_else(|| self.column_of_parent(oid, sub))
        };
        if let Some(id) = found(class, oid, sub).or_else(|| found(class, oid, "0")) {
            return Some(id);
        }
        let (class, oid, sub) = self.aliases.get(&(class.to_owned(), oid.to_owned()))?;
        found(class, oid, sub)
            .or_else(|| found(class, oid, "0"))
            .or_else(|| {
                // The array of a table's rows means the table.
                let (class, oid, sub) = self.aliases.get(&(class.clone(), oid.clone()))?;
                found(class, oid, sub)
            })
    }

    /// An inherited column is the one of the table where it is defined.
    fn column_of_parent(&self, table: &str, place: &str) -> Option<ObjectId> {
        let name = self.inherited.get(&(table.to_owned(), place.to_owned()))?;
        let mut table = table.to_owned();
        while let Some(parent) = self.parents.get(&(table, name.clone())) {
            let relation = self.relation_id(parent)?;
            let id = ObjectId::of(Kind::Column, &relation.name, name);
            if self.schema.get(&id).is_some() {
                return Some(id);
            }
            table = String::from(parent.as_str());
        }
        None
    }

    fn relation_id(&self, oid: &str) -> Option<ObjectId> {
        let key = ("pg_class".to_owned(), oid.to_owned(), "0".to_owned());
        self.ids.get(&key).cloned()
    }

    fn alias(&mut self, row: Row<'_>) {
        let text = |name: &str| row.text(name).to_owned();
        let key = (text("to_class"), text("to_oid"), text("to_sub"));
        self.aliases.insert((text("class"), text("oid")), key);
    }

    fn dependency(&mut self, row: Row<'_>) {
        let from = self.id(row.text("class"), row.text("oid"), row.text("sub"));
        let to = self.id(row.text("to_class"), row.text("to_oid"), row.text("to_sub"));
        let Some((from, to)) = from.zip(to).filter(|(from, to)| from != to) else {
            return;
        };
        // A sequence belongs to its column, and does not need it.
        let is_owned = from.kind == Kind::Sequence && to.kind == Kind::Column;
        let Some(object) = self.schema.objects.get_mut(&from).filter(|_| !is_owned) else {
            return;
        };
        let of_default = row.text("class") == "pg_attrdef"
            && object
                .column()
                .is_some_and(|column| column.default.is_some());
        if of_default {
            object.default_needs.insert(to);
        } else {
            object.depends_on.insert(to);
        }
    }
}

/// An object that is compared by the statement that creates it, and by its comment.
fn statement(id: ObjectId, create: String, drop: String, comment: Option<String>) -> Object {
    let details = details::Statement {
        definition: create.clone(),
        comment,
    };
    part(id, Part::Statement(details), create, drop)
}

/// An object of a kind that only PostgreSQL has, or has in its own way, with the statements that make and remove it.
fn part(id: ObjectId, part: Part, create: String, drop: String) -> Object {
    typed(id, Details::Postgres(part), create, drop)
}

fn typed(id: ObjectId, details: Details, create: String, drop: String) -> Object {
    let mut object = Object::typed(id, details);
    (object.create, object.drop) = (create, drop);
    object
}

/// Whether a trigger, rule or event trigger runs, as ALTER TABLE says it; nothing if it does as usual.
fn state(row: Row<'_>) -> Option<String> {
    let word = match row.text("enabled") {
        "D" => "DISABLE",
        "R" => "ENABLE REPLICA",
        "A" => "ENABLE ALWAYS",
        _ => return None,
    };
    Some(word.to_owned())
}
