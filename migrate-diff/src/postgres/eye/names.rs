//! Names for oids, and which objects are compared.

use std::collections::{HashMap, HashSet};

use super::line::Line;
use crate::connection::TextRow;
use crate::filter::Filter;

/// A catalog and an oid in it.
type Address = (String, String);

struct Named {
    schema: String,
    identity: String,
}

/// The names of all objects, and what they belong to.
pub struct ObjectNames {
    named: HashMap<Address, Named>,
    owners: HashMap<Address, Address>,
    /// Members of an extension.
    members: HashSet<Address>,
}

impl ObjectNames {
    /// From the rows of `PINNED` and `OWNERS`.
    pub fn of(pinned: &[TextRow], depends: &[TextRow]) -> Self {
        let value = |row: &TextRow, n: usize| row.get(n).cloned().flatten().unwrap_or_default();
        let rows = pinned.iter().map(|row| {
            let identity = value(row, 2);
            let schema = String::new();
            ((value(row, 0), value(row, 1)), Named { schema, identity })
        });
        let mut names = Self {
            named: rows.collect(),
            owners: HashMap::new(),
            members: HashSet::new(),
        };
        for row in depends {
            let from = (value(row, 0), value(row, 1));
            match value(row, 4).as_str() {
                "e" => {
                    names.members.insert(from);
                }
                // The whole that a part belongs to says more than a dependency.
                "i" => {
                    names.owners.insert(from, (value(row, 2), value(row, 3)));
                }
                _ => {
                    names
                        .owners
                        .entry(from)
                        .or_insert_with(|| (value(row, 2), value(row, 3)));
                }
            }
        }
        names
    }

    /// The rows of a catalog whose objects others may refer to.
    pub fn add(&mut self, catalog: &str, rows: &[TextRow]) {
        let value = |row: &TextRow, n: usize| row.get(n).cloned().flatten().unwrap_or_default();
        for row in rows {
            let named = Named {
                schema: value(row, 2),
                identity: value(row, 3),
            };
            self.named
                .insert((catalog.to_owned(), value(row, 0)), named);
        }
    }

    /// The names of an oid or a list of oids.
    pub fn resolve(&self, catalog: &str, value: &str) -> String {
        let list = value.trim_start_matches('{').trim_end_matches('}');
        let oids = list.split([',', ' ']).filter(|oid| !oid.is_empty());
        let names: Vec<String> = oids.map(|oid| self.name(catalog, oid)).collect();
        names.join(", ")
    }

    fn name(&self, catalog: &str, oid: &str) -> String {
        if oid == "0" {
            return "none".to_owned();
        }
        let named = self.named.get(&(catalog.to_owned(), oid.to_owned()));
        named.map_or_else(|| format!("#{oid}"), |named| named.identity.clone())
    }

    /// Whether the filter admits an object and all that it belongs to.
    pub fn admits(&self, filter: &Filter, home: &str, line: &Line<'_>) -> bool {
        if !is_admitted(filter, home, line.schema, line.identity) {
            return false;
        }
        let mut address = (line.catalog.to_owned(), line.oid.to_owned());
        // A sequence and its column may point at each other.
        for _ in 0..16 {
            if self.members.contains(&address) {
                return false;
            }
            let named = self.named.get(&address);
            if named.is_some_and(|named| !is_admitted(filter, home, &named.schema, &named.identity))
            {
                return false;
            }
            match self.owners.get(&address) {
                Some(owner) => address.clone_from(owner),
                None => break,
            }
        }
        true
    }
}

fn is_admitted(filter: &Filter, home: &str, schema: &str, identity: &str) -> bool {
    if schema.starts_with("pg_temp")
        || schema.starts_with("pg_toast")
        || identity.starts_with("pg_temp")
        || identity.starts_with("pg_toast")
    {
        return false;
    }
    // `table.column` belongs to its table, and what is on a table has the table's name at the end.
    let name = identity.split('(').next().unwrap_or(identity);
    let own = name
        .strip_prefix(home)
        .and_then(|name| name.strip_prefix('.'));
    filter.admits(own.unwrap_or(name))
}
