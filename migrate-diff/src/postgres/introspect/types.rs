//! Schemas, extensions, collations, types and sequences.

use super::{Reader, part, statement, typed};
use crate::model::{Details, Domain, Enum, Kind, ObjectId, Sequence};
use crate::postgres::comment::literal;
use crate::postgres::details::{Attribute, Composite, Extension, Part};
use crate::postgres::sequence;
use crate::rows::Row;

impl Reader {
    pub fn namespace(&mut self, row: Row<'_>) {
        let (oid, name) = (row.text("oid"), row.text("name"));
        let id = ObjectId::new(Kind::Namespace, name);
        if row.get("is_given").is_some() {
            return self.know("pg_namespace", oid, id);
        }
        let (create, drop) = (
            format!("CREATE SCHEMA {name}"),
            format!("DROP SCHEMA {name}"),
        );
        self.add(
            "pg_namespace",
            oid,
            statement(id, create, drop, row.filled("comment")),
        );
    }

    pub fn extension(&mut self, row: Row<'_>) {
        let (name, schema) = (row.text("name"), row.text("schema"));
        let details = Extension {
            schema: schema.to_owned(),
        };
        let object = part(
            ObjectId::new(Kind::Extension, name),
            Part::Extension(details),
            format!("CREATE EXTENSION {name} WITH SCHEMA {schema}"),
            format!("DROP EXTENSION {name}"),
        );
        self.add("pg_extension", row.text("oid"), object);
    }

    pub fn collation(&mut self, row: Row<'_>) {
        let name = row.text("name");
        let create = format!("CREATE COLLATION {name} ({})", row.text("options"));
        let id = ObjectId::new(Kind::Collation, name);
        let object = statement(
            id,
            create,
            format!("DROP COLLATION {name}"),
            row.filled("comment"),
        );
        self.add("pg_collation", row.text("oid"), object);
    }

    pub fn enumeration(&mut self, row: Row<'_>) {
        let name = row.text("name");
        let details = Enum {
            labels: row.list("labels"),
            comment: row.filled("comment"),
        };
        let labels: Vec<String> = details.labels.iter().map(|label| literal(label)).collect();
        let object = typed(
            ObjectId::new(Kind::Type, name),
            Details::Enum(details),
            format!("CREATE TYPE {name} AS ENUM ({})", labels.join(", ")),
            format!("DROP TYPE {name}"),
        );
        self.add("pg_type", row.text("oid"), object);
    }

    pub fn composite(&mut self, row: Row<'_>) {
        let name = row.text("name");
        let attributes = row.list("names").into_iter().zip(row.list("types"));
        let attributes: Vec<Attribute> = attributes
            .map(|(name, data_type)| Attribute { name, data_type })
            .collect();
        let fields = attributes.iter().map(Attribute::to_string);
        let create = format!(
            "CREATE TYPE {name} AS ({})",
            fields.collect::<Vec<_>>().join(", ")
        );
        let id = ObjectId::new(Kind::Type, name);
        let details = Composite {
            attributes,
            comment: row.filled("comment"),
        };
        let drop = format!("DROP TYPE {name}");
        let object = part(id.clone(), Part::Composite(details), create, drop);
        self.add("pg_type", row.text("oid"), object);
        // Its dependencies are those of its row.
        self.know("pg_class", row.text("class"), id);
    }

    pub fn range(&mut self, row: Row<'_>) {
        let name = row.text("name");
        let create = format!("CREATE TYPE {name} AS RANGE ({})", row.text("options"));
        let id = ObjectId::new(Kind::Type, name);
        let object = statement(
            id,
            create,
            format!("DROP TYPE {name}"),
            row.filled("comment"),
        );
        self.add("pg_type", row.text("oid"), object);
    }

    pub fn domain(&mut self, row: Row<'_>) {
        let name = row.text("name");
        let details = Domain {
            data_type: row.text("type").to_owned(),
            collation: row.filled("collation"),
            not_null: row.is("not_null"),
            default: row.filled("default"),
            checks: row.list("checks"),
            comment: row.filled("comment"),
        };
        let clause = |word: &str, value: &Option<String>| {
            let value = value.as_ref();
            value.map_or_else(String::new, |value| format!(" {word}{value}"))
        };
        let checks = details.checks.iter().map(|check| format!("\n    {check}"));
        let create = format!(
            "CREATE DOMAIN {name} AS {}{}{}{}{}",
            details.data_type,
            clause("COLLATE ", &details.collation),
            clause("DEFAULT ", &details.default),
            if details.not_null { " NOT NULL" } else { "" },
            checks.collect::<String>(),
        );
        let id = ObjectId::new(Kind::Domain, name);
        let drop = format!("DROP DOMAIN {name}");
        let object = typed(id, Details::Domain(details), create, drop);
        self.add("pg_type", row.text("oid"), object);
    }

    pub fn sequence(&mut self, row: Row<'_>) {
        let name = row.text("name");
        let text = |name: &str| row.text(name).to_owned();
        let unlogged = row.get("unlogged").map_or("", |_| "UNLOGGED ");
        let details = Sequence {
            data_type: text("type"),
            start: text("start"),
            increment: text("increment"),
            minimum: text("minimum"),
            maximum: text("maximum"),
            cache: text("cache"),
            cycles: row.is("cycles"),
            options: row.get("unlogged").map(|_| "unlogged".to_owned()),
            comment: row.filled("comment"),
        };
        let id = ObjectId::new(Kind::Sequence, name);
        let create = format!(
            "CREATE {unlogged}SEQUENCE {name} {}",
            sequence::options(&details)
        );
        let drop = format!("DROP SEQUENCE {name}");
        let mut object = typed(id.clone(), Details::Sequence(details), create, drop);
        let owner = row
            .get("owner")
            .and_then(|table| self.id("pg_class", table, row.text("owner_column")));
        object.owner.clone_from(&owner);
        self.add("pg_class", row.text("oid"), object);
        if let Some(column) = owner.filter(|owner| owner.kind == Kind::Column) {
            let target = format!("{}.{}", column.owner(), column.name);
            let mut ownership = statement(
                ObjectId::new(Kind::Ownership, name),
                format!("ALTER SEQUENCE {name} OWNED BY {target}"),
                format!("ALTER SEQUENCE {name} OWNED BY NONE"),
                None,
            );
            ownership.depends_on.extend([id.clone(), column]);
            ownership.owner = Some(id);
            self.schema.add(ownership);
        }
    }
}
