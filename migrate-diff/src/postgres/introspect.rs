//! PostgreSQL's catalogs as a schema.

use std::collections::{BTreeMap, HashMap};

use migrate_chain::Dialect;

use super::catalog;
use crate::connection::{Connection, TextRow};
use crate::error::Error;
use crate::model::{Kind, Object, ObjectId, Schema};
use crate::touched::Touched;

pub(crate) async fn introspect(
    connection: &mut Connection,
    touched: &Touched,
) -> Result<Schema, Error> {
    // Names in the home schema are written without it, and those elsewhere with theirs.
    connection.execute("SELECT pg_catalog.set_config('search_path', coalesce(quote_ident(current_schema()), 'public'), false)").await?;
    let mut reader = Reader {
        schema: Schema::empty(Dialect::Postgres),
        ids: HashMap::new(),
        aliases: HashMap::new(),
    };
    let steps: [(&str, Read); 13] = [
        (catalog::NAMESPACES, Reader::namespace),
        (catalog::EXTENSIONS, Reader::extension),
        (catalog::ENUMS, Reader::enumeration),
        (catalog::COMPOSITES, Reader::composite),
        (catalog::RANGES, Reader::range),
        (catalog::DOMAINS, Reader::domain),
        (catalog::RELATIONS, Reader::relation),
        (catalog::COLUMNS, Reader::column),
        (catalog::SEQUENCES, Reader::sequence),
        (catalog::CONSTRAINTS, Reader::constraint),
        (catalog::INDEXES, Reader::index),
        (catalog::FUNCTIONS, Reader::function),
        (catalog::TRIGGERS, Reader::trigger),
    ];
    for (sql, read) in steps {
        for row in connection.rows(&catalog::of(sql, touched)).await? {
            read(&mut reader, &Fields(&row));
        }
    }
    let rest: [(&str, Read); 4] = [
        (catalog::POLICIES, Reader::policy),
        (catalog::ALIASES, Reader::alias),
        (catalog::PRIVILEGES, Reader::privilege),
        (catalog::DEPENDENCIES, Reader::dependency),
    ];
    for (sql, read) in rest {
        // A part of the schema is compared, and nothing is made of it: nobody asks what depends on what.
        if !touched.is_all() && [catalog::ALIASES, catalog::DEPENDENCIES].contains(&sql) {
            continue;
        }
        for row in connection.rows(&catalog::of(sql, touched)).await? {
            read(&mut reader, &Fields(&row));
        }
    }
    Ok(reader.schema)
}

/// Takes a row into the schema.
type Read = fn(&mut Reader, &Fields<'_>);

/// A row by position; NULL and what is not there are empty.
struct Fields<'r>(&'r TextRow);

impl Fields<'_> {
    fn at(&self, n: usize) -> &str {
        self.get(n).unwrap_or_default()
    }

    fn get(&self, n: usize) -> Option<&str> {
        self.0.get(n)?.as_deref()
    }

    fn some(&self, name: &'static str, n: usize) -> Option<(&'static str, String)> {
        let value = self.get(n).filter(|value| !value.is_empty())?;
        Some((name, value.to_owned()))
    }
}

/// A catalog, an oid in it, and a column's number or 0.
type Key = (String, String, String);

struct Reader {
    schema: Schema,
    ids: HashMap<Key, ObjectId>,
    aliases: HashMap<(String, String), Key>,
}

impl Reader {
    fn add(&mut self, class: &str, oid: &str, object: Object) {
        let key = (class.to_owned(), oid.to_owned(), "0".to_owned());
        self.ids.insert(key, object.id.clone());
        self.schema.add(object);
    }

    fn id(&self, class: &str, oid: &str, sub: &str) -> Option<&ObjectId> {
        let found = |class: &str, oid: &str, sub: &str| {
            self.ids
                .get(&(class.to_owned(), oid.to_owned(), sub.to_owned()))
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

    fn relation_id(&self, oid: &str) -> Option<ObjectId> {
        self.id("pg_class", oid, "0").cloned()
    }

    fn namespace(&mut self, row: &Fields<'_>) {
        let name = row.at(1);
        let id = ObjectId::new(Kind::Namespace, name);
        let object = defined(
            id,
            format!("CREATE SCHEMA {name}"),
            format!("DROP SCHEMA {name}"),
            row.some("comment", 2),
        );
        self.add("pg_namespace", row.at(0), object);
    }

    fn extension(&mut self, row: &Fields<'_>) {
        let (name, schema) = (row.at(1), row.at(2));
        let mut object = Object::new(ObjectId::new(Kind::Extension, name), row.some("schema", 2));
        object.create = format!("CREATE EXTENSION {name} WITH SCHEMA {schema}");
        object.drop = format!("DROP EXTENSION {name}");
        self.add("pg_extension", row.at(0), object);
    }

    fn enumeration(&mut self, row: &Fields<'_>) {
        let (name, labels) = (row.at(1), row.at(2));
        let attributes = [Some(("labels", labels.to_owned())), row.some("comment", 3)];
        let mut object = Object::new(
            ObjectId::new(Kind::Type, name),
            attributes.into_iter().flatten(),
        );
        object.create = format!("CREATE TYPE {name} AS ENUM ({labels})");
        object.drop = format!("DROP TYPE {name}");
        self.add("pg_type", row.at(0), object);
    }

    fn composite(&mut self, row: &Fields<'_>) {
        let name = row.at(1);
        let create = format!("CREATE TYPE {name} AS ({})", row.at(2));
        let object = defined(
            ObjectId::new(Kind::Type, name),
            create,
            format!("DROP TYPE {name}"),
            row.some("comment", 3),
        );
        let id = object.id.clone();
        self.add("pg_type", row.at(0), object);
        // What it depends on is said of its row.
        self.ids.insert(
            ("pg_class".to_owned(), row.at(4).to_owned(), "0".to_owned()),
            id,
        );
    }

    fn range(&mut self, row: &Fields<'_>) {
        let name = row.at(1);
        let create = format!("CREATE TYPE {name} AS RANGE ({})", row.at(2));
        let object = defined(
            ObjectId::new(Kind::Type, name),
            create,
            format!("DROP TYPE {name}"),
            row.some("comment", 3),
        );
        self.add("pg_type", row.at(0), object);
    }

    fn domain(&mut self, row: &Fields<'_>) {
        let name = row.at(1);
        let attributes = [
            row.some("type", 2),
            row.some("collation", 3),
            row.some("default", 4),
            row.some("not null", 5),
            row.some("checks", 6),
            row.some("comment", 7),
        ];
        let mut object = Object::new(
            ObjectId::new(Kind::Domain, name),
            attributes.into_iter().flatten(),
        );
        let clause = |word: &str, name: &str| {
            object
                .attribute(name)
                .map_or_else(String::new, |value| format!(" {word}{value}"))
        };
        let not_null = if object.attribute("not null").is_some() {
            " NOT NULL"
        } else {
            ""
        };
        let checks = object
            .attribute("checks")
            .map_or_else(String::new, |checks| {
                format!("\n    {}", checks.replace('\n', "\n    "))
            });
        object.create = format!(
            "CREATE DOMAIN {name} AS {}{}{}{not_null}{checks}",
            row.at(2),
            clause("COLLATE ", "collation"),
            clause("DEFAULT ", "default"),
        );
        object.drop = format!("DROP DOMAIN {name}");
        self.add("pg_type", row.at(0), object);
    }

    fn relation(&mut self, row: &Fields<'_>) {
        let name = row.at(2);
        match row.at(1) {
            "v" => self.view(row, Kind::View, "VIEW"),
            "m" => self.view(row, Kind::MaterializedView, "MATERIALIZED VIEW"),
            _ => {
                let attributes = [
                    row.some("unlogged", 3),
                    row.some("partition by", 4),
                    row.some("bound", 5),
                    row.some("parent", 6),
                    row.some("row security", 7),
                    row.some("force row security", 8),
                    row.some("options", 9),
                    row.some("comment", 10),
                ];
                let mut object = Object::new(
                    ObjectId::new(Kind::Table, name),
                    attributes.into_iter().flatten(),
                );
                object.drop = format!("DROP TABLE {name}");
                if let (Some(_), Some(parent)) = (object.attribute("bound"), row.get(6)) {
                    object.owner = Some(ObjectId::new(Kind::Table, parent));
                }
                self.add("pg_class", row.at(0), object);
            }
        }
    }

    fn view(&mut self, row: &Fields<'_>, kind: Kind, words: &str) {
        let name = row.at(2);
        let options = row
            .get(9)
            .map_or_else(String::new, |options| format!(" WITH ({options})"));
        let query = row.at(11).trim_end().trim_end_matches(';');
        let create = format!("CREATE {words} {name}{options} AS\n{query}");
        let mut object = defined(
            ObjectId::new(kind, name),
            create,
            format!("DROP {words} {name}"),
            row.some("comment", 10),
        );
        object.attributes.extend(row.some("columns", 12));
        self.add("pg_class", row.at(0), object);
    }

    fn column(&mut self, row: &Fields<'_>) {
        let Some(table) = self.relation_id(row.at(0)) else {
            return;
        };
        let generated = !row.at(6).is_empty();
        let identity = match row.at(7) {
            "a" => Some("ALWAYS"),
            "d" => Some("BY DEFAULT"),
            _ => None,
        };
        let options = if row.at(10).is_empty() {
            String::new()
        } else {
            format!(" ({})", row.at(10))
        };
        let attributes = [
            row.some("type", 3),
            row.some("not null", 4),
            row.some(if generated { "generated" } else { "default" }, 5),
            identity.map(|identity| ("identity", format!("{identity} AS IDENTITY{options}"))),
            row.some("collation", 8),
            row.some("comment", 9),
        ];
        let id = ObjectId::of(Kind::Column, &table.name, row.at(2));
        let mut object = Object::new(id.clone(), attributes.into_iter().flatten());
        object.position = row.at(1).parse().unwrap_or_default();
        object.drop = format!("ALTER TABLE {} DROP COLUMN {}", table.name, row.at(2));
        object.depends_on.insert(table.clone());
        object.owner = Some(table);
        self.ids.insert(
            (
                "pg_class".to_owned(),
                row.at(0).to_owned(),
                row.at(1).to_owned(),
            ),
            id,
        );
        self.schema.add(object);
    }

    fn sequence(&mut self, row: &Fields<'_>) {
        let name = row.at(1);
        let definition = format!(
            "AS {} INCREMENT BY {} MINVALUE {} MAXVALUE {} START WITH {} CACHE {} {}CYCLE",
            row.at(2),
            row.at(3),
            row.at(4),
            row.at(5),
            row.at(6),
            row.at(7),
            if row.at(8) == "t" { "" } else { "NO " }
        );
        let attributes = [
            Some(("definition", definition.clone())),
            row.some("unlogged", 12),
            row.some("comment", 11),
        ];
        let id = ObjectId::new(Kind::Sequence, name);
        let mut object = Object::new(id.clone(), attributes.into_iter().flatten());
        let unlogged = if row.get(12).is_some() {
            "UNLOGGED "
        } else {
            ""
        };
        object.create = format!("CREATE {unlogged}SEQUENCE {name} {definition}");
        object.drop = format!("DROP SEQUENCE {name}");
        let owner = row
            .get(9)
            .and_then(|table| self.id("pg_class", table, row.at(10)).cloned());
        object.owner.clone_from(&owner);
        self.add("pg_class", row.at(0), object);
        if let Some(column) = owner.filter(|owner| owner.kind == Kind::Column) {
            let target = format!("{}.{}", column.owner(), column.name);
            let mut ownership = Object::defined(
                ObjectId::new(Kind::Ownership, name),
                format!("ALTER SEQUENCE {name} OWNED BY {target}"),
                format!("ALTER SEQUENCE {name} OWNED BY NONE"),
            );
            ownership.depends_on.extend([id.clone(), column]);
            ownership.owner = Some(id);
            self.schema.add(ownership);
        }
    }

    fn constraint(&mut self, row: &Fields<'_>) {
        let Some(table) = self.relation_id(row.at(1)) else {
            return;
        };
        let (name, definition) = (row.at(2), row.at(3));
        let id = ObjectId::of(Kind::Constraint, &table.name, name);
        let attributes = [
            Some(("definition", definition.to_owned())),
            row.some("comment", 5),
        ];
        let mut object = Object::new(id, attributes.into_iter().flatten());
        object.create = format!(
            "ALTER TABLE {} ADD CONSTRAINT {name} {definition}",
            table.name
        );
        object.drop = format!("ALTER TABLE {} DROP CONSTRAINT {name}", table.name);
        object.depends_on.insert(table.clone());
        object.owner = Some(table);
        self.add("pg_constraint", row.at(0), object);
    }

    fn index(&mut self, row: &Fields<'_>) {
        let Some(table) = self.relation_id(row.at(1)) else {
            return;
        };
        // An index of a partitioned table is one of its partitions as well.
        let definition = row.at(4).replacen(" ON ONLY ", " ON ", 1);
        let id = ObjectId::of(Kind::Index, &table.name, row.at(3));
        let mut object = defined(
            id,
            definition,
            format!("DROP INDEX {}", row.at(2)),
            row.some("comment", 6),
        );
        object.attributes.extend(row.some("invalid", 5));
        object.depends_on.insert(table.clone());
        object.owner = Some(table);
        self.add("pg_class", row.at(0), object);
    }

    fn function(&mut self, row: &Fields<'_>) {
        let name = row.at(1);
        let (kind, word) = if row.at(2) == "p" {
            (Kind::Procedure, "PROCEDURE")
        } else {
            (Kind::Function, "FUNCTION")
        };
        let mut create = row.at(3).trim_end().to_owned();
        if row.get(7).is_some() {
            let qualified = format!("{word} {}.", row.at(6));
            create = create.replacen(&qualified, &format!("{word} "), 1);
        }
        let mut object = defined(
            ObjectId::new(kind, name),
            create,
            format!("DROP {word} {name}"),
            row.some("comment", 8),
        );
        let signature = format!("({}) returns {}", row.at(4), row.at(5));
        object.attributes.insert("signature", signature);
        self.add("pg_proc", row.at(0), object);
    }

    fn trigger(&mut self, row: &Fields<'_>) {
        let Some(table) = self.relation_id(row.at(1)) else {
            return;
        };
        let name = row.at(2);
        let id = ObjectId::of(Kind::Trigger, &table.name, name);
        let mut object = defined(
            id,
            row.at(3).to_owned(),
            format!("DROP TRIGGER {name} ON {}", table.name),
            row.some("comment", 5),
        );
        let enabled = match row.at(4) {
            "D" => Some("DISABLE"),
            "R" => Some("ENABLE REPLICA"),
            "A" => Some("ENABLE ALWAYS"),
            _ => None,
        };
        object
            .attributes
            .extend(enabled.map(|enabled| ("state", enabled.to_owned())));
        object.depends_on.insert(table.clone());
        object.owner = Some(table);
        self.add("pg_trigger", row.at(0), object);
    }

    fn policy(&mut self, row: &Fields<'_>) {
        let Some(table) = self.relation_id(row.at(1)) else {
            return;
        };
        let name = row.at(2);
        let clause = |word: &str, n: usize| {
            row.get(n)
                .map_or_else(String::new, |value| format!("\n    {word} ({value})"))
        };
        let create = format!(
            "CREATE POLICY {name} ON {} AS {} FOR {} TO {}{}{}",
            table.name,
            row.at(3),
            row.at(4),
            row.at(5),
            clause("USING", 6),
            clause("WITH CHECK", 7)
        );
        let id = ObjectId::of(Kind::Policy, &table.name, name);
        let mut object = defined(
            id,
            create,
            format!("DROP POLICY {name} ON {}", table.name),
            row.some("comment", 8),
        );
        object.depends_on.insert(table.clone());
        object.owner = Some(table);
        self.add("pg_policy", row.at(0), object);
    }

    fn alias(&mut self, row: &Fields<'_>) {
        let key = (
            row.at(2).to_owned(),
            row.at(3).to_owned(),
            row.at(4).to_owned(),
        );
        self.aliases
            .insert((row.at(0).to_owned(), row.at(1).to_owned()), key);
    }

    fn privilege(&mut self, row: &Fields<'_>) {
        let (plain, grantable, usual) = (row.at(4), row.at(5), row.at(6));
        if plain == usual && grantable.is_empty() {
            return;
        }
        let Some(on) = self.id(row.at(0), row.at(1), row.at(2)).cloned() else {
            return;
        };
        let role = row.at(3);
        let (target, columns) = privilege_target(&on);
        let with_columns = |privileges: &str| match &columns {
            Some(column) => privileges
                .split(", ")
                .map(|privilege| format!("{privilege} ({column})"))
                .collect::<Vec<_>>()
                .join(", "),
            None => privileges.to_owned(),
        };
        let grant = |privileges: &str, option: &str| {
            (!privileges.is_empty()).then(|| {
                format!(
                    "GRANT {} ON {target} TO {role}{option}",
                    with_columns(privileges)
                )
            })
        };
        let revoke = format!("REVOKE {} ON {target} FROM {role}", with_columns("ALL"));
        let statements = |first: Option<String>, grants: [Option<String>; 2]| {
            first
                .into_iter()
                .chain(grants.into_iter().flatten())
                .collect::<Vec<_>>()
                .join(";\n")
        };
        let name = columns
            .as_ref()
            .map_or_else(|| role.to_owned(), |column| format!("{role} ({column})"));
        let create = statements(
            (!usual.is_empty()).then(|| revoke.clone()),
            [grant(plain, ""), grant(grantable, " WITH GRANT OPTION")],
        );
        let drop = statements(Some(revoke), [grant(usual, ""), None]);
        let mut object = Object::defined(
            ObjectId::of(Kind::Privilege, on.owner(), name),
            create,
            drop,
        );
        object.depends_on.insert(on.clone());
        object.owner = Some(on);
        self.schema.add(object);
    }

    fn dependency(&mut self, row: &Fields<'_>) {
        let from = self.id(row.at(0), row.at(1), row.at(2)).cloned();
        let to = self.id(row.at(3), row.at(4), row.at(5)).cloned();
        if let (Some(from), Some(to)) = (from, to) {
            // A sequence goes with its column, and does not need it.
            let is_owned = from.kind == Kind::Sequence && to.kind == Kind::Column;
            if let Some(object) = self
                .schema
                .objects
                .get_mut(&from)
                .filter(|_| from != to && !is_owned)
            {
                object.depends_on.insert(to);
            }
        }
    }
}

fn defined(
    id: ObjectId,
    create: String,
    drop: String,
    comment: Option<(&'static str, String)>,
) -> Object {
    let mut object = Object::defined(id, create, drop);
    object
        .attributes
        .extend(comment.into_iter().collect::<BTreeMap<_, _>>());
    object
}

/// What GRANT calls an object, and the column if it is one.
fn privilege_target(on: &ObjectId) -> (String, Option<String>) {
    let name = on.owner();
    match on.kind {
        Kind::Column => (format!("TABLE {name}"), Some(on.name.clone())),
        Kind::Sequence => (format!("SEQUENCE {name}"), None),
        Kind::Function => (format!("FUNCTION {name}"), None),
        Kind::Procedure => (format!("PROCEDURE {name}"), None),
        Kind::Type => (format!("TYPE {name}"), None),
        Kind::Domain => (format!("DOMAIN {name}"), None),
        Kind::Namespace => (format!("SCHEMA {name}"), None),
        _ => (format!("TABLE {name}"), None),
    }
}
