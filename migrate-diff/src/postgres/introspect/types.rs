//! Schemas, extensions, collations, types and sequences.

use super::{Reader, attributes, defined};
use crate::model::{Kind, Object, ObjectId};
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
        self.add("pg_namespace", oid, defined(id, create, drop, row));
    }

    pub fn extension(&mut self, row: Row<'_>) {
        let (name, schema) = (row.text("name"), row.text("schema"));
        let id = ObjectId::new(Kind::Extension, name);
        let mut object = Object::new(id, attributes([("schema", row.filled("schema"))]));
        object.create = format!("CREATE EXTENSION {name} WITH SCHEMA {schema}");
        object.drop = format!("DROP EXTENSION {name}");
        self.add("pg_extension", row.text("oid"), object);
    }

    pub fn collation(&mut self, row: Row<'_>) {
        let name = row.text("name");
        let create = format!("CREATE COLLATION {name} ({})", row.text("options"));
        let id = ObjectId::new(Kind::Collation, name);
        let object = defined(id, create, format!("DROP COLLATION {name}"), row);
        self.add("pg_collation", row.text("oid"), object);
    }

    pub fn enumeration(&mut self, row: Row<'_>) {
        let (name, labels) = (row.text("name"), row.text("labels"));
        let attributes = attributes([
            ("labels", Some(labels.to_owned())),
            ("comment", row.filled("comment")),
        ]);
        let mut object = Object::new(ObjectId::new(Kind::Type, name), attributes);
        object.create = format!("CREATE TYPE {name} AS ENUM ({labels})");
        object.drop = format!("DROP TYPE {name}");
        self.add("pg_type", row.text("oid"), object);
    }

    pub fn composite(&mut self, row: Row<'_>) {
        let (name, fields) = (row.text("name"), row.text("attributes"));
        let id = ObjectId::new(Kind::Type, name);
        let attributes = attributes([
            ("attributes", Some(fields.to_owned())),
            ("comment", row.filled("comment")),
        ]);
        let mut object = Object::new(id.clone(), attributes);
        object.create = format!("CREATE TYPE {name} AS ({})", fields.replace('\n', ", "));
        object.drop = format!("DROP TYPE {name}");
        self.add("pg_type", row.text("oid"), object);
        // Its dependencies are those of its row.
        self.know("pg_class", row.text("class"), id);
    }

    pub fn range(&mut self, row: Row<'_>) {
        let name = row.text("name");
        let create = format!("CREATE TYPE {name} AS RANGE ({})", row.text("options"));
        let id = ObjectId::new(Kind::Type, name);
        let object = defined(id, create, format!("DROP TYPE {name}"), row);
        self.add("pg_type", row.text("oid"), object);
    }

    pub fn domain(&mut self, row: Row<'_>) {
        let name = row.text("name");
        let attributes = attributes([
            ("type", row.filled("type")),
            ("collation", row.filled("collation")),
            ("default", row.filled("default")),
            ("not null", row.filled("not_null")),
            ("checks", row.filled("checks")),
            ("comment", row.filled("comment")),
        ]);
        let mut object = Object::new(ObjectId::new(Kind::Domain, name), attributes);
        let clause = |word: &str, name: &str| {
            row.filled(name)
                .map_or_else(String::new, |value| format!(" {word}{value}"))
        };
        let not_null = row.filled("not_null").map_or("", |_| " NOT NULL");
        let checks = row.filled("checks").map_or_else(String::new, |checks| {
            format!("\n    {}", checks.replace('\n', "\n    "))
        });
        object.create = format!(
            "CREATE DOMAIN {name} AS {}{}{}{not_null}{checks}",
            row.text("type"),
            clause("COLLATE ", "collation"),
            clause("DEFAULT ", "default"),
        );
        object.drop = format!("DROP DOMAIN {name}");
        self.add("pg_type", row.text("oid"), object);
    }

    pub fn sequence(&mut self, row: Row<'_>) {
        let (name, definition) = (row.text("name"), row.text("definition"));
        let attributes = attributes([
            ("definition", Some(definition.to_owned())),
            ("unlogged", row.filled("unlogged")),
            ("comment", row.filled("comment")),
        ]);
        let id = ObjectId::new(Kind::Sequence, name);
        let mut object = Object::new(id.clone(), attributes);
        let unlogged = row.get("unlogged").map_or("", |_| "UNLOGGED ");
        object.create = format!("CREATE {unlogged}SEQUENCE {name} {definition}");
        object.drop = format!("DROP SEQUENCE {name}");
        let owner = row
            .get("owner")
            .and_then(|table| self.id("pg_class", table, row.text("owner_column")));
        object.owner.clone_from(&owner);
        self.add("pg_class", row.text("oid"), object);
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
}
