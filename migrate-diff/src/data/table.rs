//! A table that gets rows: its columns on both sides, and what they have to satisfy.

use std::collections::{BTreeMap, BTreeSet};

use migrate_chain::Dialect;

use crate::model::{Column, ColumnDetails, ForeignKey, Kind, Object, ObjectId, Schema};

pub(super) struct Table<'s> {
    pub(super) id: ObjectId,
    pub(super) from: &'s Schema,
    /// Its name as SQL writes it.
    pub(super) name: String,
    /// The same in the desired schema; none if it goes.
    pub(super) wanted: Option<String>,
    pub(super) columns: Vec<Filling<'s>>,
    /// Those of both sides.
    foreign_keys: Vec<ForeignKey>,
    /// The columns of its primary key.
    pub(super) key: Vec<String>,
    /// Whether the tables that inherit from it still do: then its rows are theirs, too.
    pub(super) keeps_children: bool,
    /// Whether it is dropped, and one with partitions is created.
    pub(super) becomes_partitioned: bool,
    /// Whether its rows are those of its partitions.
    pub(super) is_partitioned: bool,
    /// Those of either side's, which get no NULL.
    pub(super) keys: Vec<String>,
}

/// A column that gets values.
pub(super) struct Filling<'s> {
    pub id: ObjectId,
    /// Its name as SQL writes it.
    pub name: String,
    pub column: Column,
    /// As the desired schema has it; none if it goes.
    pub wanted: Option<Column>,
    /// The expressions of the checks that may be about it.
    pub checks: Vec<String>,
    /// Its type's labels, if it has any.
    pub labels: Vec<String>,
    pub object: &'s Object,
}

impl<'s> Table<'s> {
    pub(super) fn of(
        from: &'s Schema,
        to: &'s Schema,
        object: &'s Object,
        heirs: &Heirs<'_>,
    ) -> Self {
        let id = &object.id;
        let constraints = || {
            [from, to]
                .into_iter()
                .flat_map(|schema| schema.parts(Kind::Constraint, &id.name))
        };
        let checks = constraints().filter_map(Object::check);
        let checks: Vec<String> = checks.map(|check| check.expression.clone()).collect();
        let foreign_keys = constraints().filter_map(Object::foreign_key);
        let foreign_keys = foreign_keys.cloned().collect();
        let key = key(from, &id.name);
        let keys = key.iter().cloned().chain(self::key(to, &id.name));
        let mut columns: Vec<&Object> = from.parts(Kind::Column, &id.name).collect();
        columns.sort_by_key(|column| column.position);
        Self {
            id: id.clone(),
            from,
            name: from.sql_name(object),
            wanted: to.get(id).map(|object| to.sql_name(object)),
            columns: columns
                .into_iter()
                .filter_map(|column| Filling::of(from, to, column, &checks))
                .collect(),
            foreign_keys,
            keeps_children: heirs.stay(from, to, id),
            becomes_partitioned: to.get(id).is_some_and(is_partitioned),
            is_partitioned: is_partitioned(object),
            keys: keys.collect(),
            key,
        }
    }

    /// The tables whose rows its rows refer to.
    pub(super) fn parents(&self) -> impl Iterator<Item = ObjectId> {
        let parents = self.foreign_keys.iter().map(|key| self.parent(key));
        parents.filter(|parent| *parent != self.id)
    }

    fn parent(&self, key: &ForeignKey) -> ObjectId {
        let name = match self.from.dialect() {
            Dialect::MySql => crate::mysql::quote(&key.table),
            Dialect::Sqlite | Dialect::Postgres => key.table.clone(),
        };
        ObjectId::new(Kind::Table, name)
    }

    /// The column of a parent that a column takes its values from. Without a name it is that of the parent's key.
    pub(super) fn reference(&self, column: &Filling<'_>) -> Option<(ObjectId, Option<String>)> {
        self.foreign_keys.iter().find_map(|key| {
            let place = key.columns.iter().position(|name| column.is_called(name))?;
            Some((self.parent(key), key.parent_columns.get(place).cloned()))
        })
    }
}

/// The tables of PostgreSQL that inherit from each, on both sides.
pub(super) struct Heirs<'s>([BTreeMap<&'s str, BTreeSet<&'s str>>; 2]);

impl<'s> Heirs<'s> {
    pub(super) fn of(from: &'s Schema, to: &'s Schema) -> Self {
        Self([from, to].map(|schema| {
            let mut heirs = BTreeMap::<_, BTreeSet<_>>::new();
            for table in schema.of_kind(Kind::Table) {
                let parents = table.pg_table().into_iter();
                for parent in parents.flat_map(|table| &table.parents) {
                    heirs.entry(&**parent).or_default().insert(&*table.id.name);
                }
            }
            heirs
        }))
    }

    /// Whether both sides partition a table alike, and those that inherit from it still do. A partition more takes no row
    /// away.
    fn stay(&self, from: &Schema, to: &Schema, id: &ObjectId) -> bool {
        let partitioned =
            [from, to].map(|schema| schema.get(id)?.pg_table()?.partition_by.as_ref());
        let [old, new] = self.0.each_ref().map(|heirs| heirs.get(&*id.name));
        let is_more = partitioned[0].is_some()
            && old.is_none_or(|old| new.is_some_and(|new| old.is_subset(new)));
        partitioned[0] == partitioned[1] && (old == new || is_more)
    }
}

impl<'s> Filling<'s> {
    fn of(from: &Schema, to: &Schema, object: &'s Object, checks: &[String]) -> Option<Self> {
        let column = object.column()?.clone();
        let wanted = to.get(&object.id).and_then(Object::column).cloned();
        let own = [Some(&column), wanted.as_ref()].into_iter().flatten();
        let own = own.filter_map(|column| match &column.details {
            ColumnDetails::MySql(details) => details.check.clone(),
            _ => None,
        });
        let domains = [from, to]
            .into_iter()
            .flat_map(|schema| domain_checks(schema, &column.data_type));
        let named = checks.iter().filter(|check| {
            check
                .to_lowercase()
                .contains(&object.written.to_lowercase())
        });
        let labels = labels(from, &column.data_type);
        let kept = wanted
            .as_ref()
            .map(|wanted| labels_kept(&labels, &self::labels(to, &wanted.data_type)));
        Some(Self {
            id: object.id.clone(),
            name: from.sql_name(object),
            checks: named.cloned().chain(own).chain(domains).collect(),
            labels: kept.unwrap_or(labels),
            column,
            wanted,
            object,
        })
    }

    /// Whether it is computed on either side.
    pub fn is_computed(&self) -> bool {
        let columns = [Some(&self.column), self.wanted.as_ref()];
        columns
            .into_iter()
            .flatten()
            .any(|column| column.generated.is_some())
    }

    /// Whether the database changes it on its own.
    pub fn changes_by_itself(&self) -> bool {
        matches!(&self.column.details, ColumnDetails::MySql(details) if details.on_update.is_some())
    }

    pub fn may_be_null(&self) -> bool {
        let columns = [Some(&self.column), self.wanted.as_ref()];
        columns.into_iter().flatten().all(|column| !column.not_null)
    }

    pub fn is_called(&self, name: &str) -> bool {
        let plain = |name: &str| name.trim_matches(['"', '`']).to_lowercase();
        plain(name) == self.object.written.to_lowercase()
    }
}

fn is_partitioned(table: &Object) -> bool {
    let table = table.pg_table();
    table.is_some_and(|table| table.partition_by.is_some())
}

/// The columns of a table's primary key.
fn key(schema: &Schema, table: &str) -> Vec<String> {
    let constraints = schema.parts(Kind::Constraint, table);
    let mut keys = constraints.filter_map(Object::key);
    let key = keys.find(|key| key.primary);
    key.map_or_else(Vec::new, |key| key.columns.clone())
}

/// The labels that both schemas know; all if they share none.
fn labels_kept(old: &[String], new: &[String]) -> Vec<String> {
    let new: BTreeSet<&String> = new.iter().collect();
    let kept: Vec<String> = old
        .iter()
        .filter(|label| new.contains(label))
        .cloned()
        .collect();
    if kept.is_empty() { old.to_vec() } else { kept }
}

fn labels(schema: &Schema, data_type: &str) -> Vec<String> {
    let name = data_type.trim_end_matches("[]");
    let kind = schema.get(&ObjectId::new(Kind::Type, name));
    let labels = kind.and_then(Object::labels);
    labels.map_or_else(Vec::new, <[String]>::to_vec)
}

fn domain_checks(schema: &Schema, data_type: &str) -> Vec<String> {
    let domain = schema.get(&ObjectId::new(Kind::Domain, data_type));
    let domain = domain.and_then(Object::domain);
    domain.map_or_else(Vec::new, |domain| domain.checks.clone())
}
