//! Tables and views with what belongs to them.

use super::{Reader, attributes, defined, state};
use crate::model::{Kind, Object, ObjectId};
use crate::postgres::name;
use crate::rows::Row;

impl Reader {
    pub fn relation(&mut self, row: Row<'_>) {
        match row.text("kind") {
            "v" => self.view(row, Kind::View, "VIEW"),
            "m" => self.view(row, Kind::MaterializedView, "MATERIALIZED VIEW"),
            _ => self.table(row),
        }
    }

    fn table(&mut self, row: Row<'_>) {
        let name = row.text("name");
        let attributes = attributes([
            ("unlogged", row.filled("unlogged")),
            ("partition by", row.filled("partition_by")),
            ("bound", row.filled("bound")),
            ("parent", row.filled("parents")),
            ("row security", row.filled("row_security")),
            ("force row security", row.filled("force_row_security")),
            ("options", row.filled("options")),
            ("of type", row.filled("of_type")),
            ("server", row.filled("server")),
            ("comment", row.filled("comment")),
        ]);
        let mut object = Object::new(ObjectId::new(Kind::Table, name), attributes);
        let foreign = row.get("server").map_or("", |_| "FOREIGN ");
        object.drop = format!("DROP {foreign}TABLE {name}");
        if row.get("bound").is_some() {
            object.owner = row
                .get("parents")
                .map(|parent| ObjectId::new(Kind::Table, parent));
        }
        self.add("pg_class", row.text("oid"), object);
    }

    fn view(&mut self, row: Row<'_>, kind: Kind, words: &str) {
        let name = row.text("name");
        let options = row
            .get("options")
            .map_or_else(String::new, |options| format!(" WITH ({options})"));
        let query = row.text("query").trim_end().trim_end_matches(';');
        let is_empty = row.get("is_empty").map_or("", |_| "\nWITH NO DATA");
        let create = format!("CREATE {words} {name}{options} AS\n{query}{is_empty}");
        let id = ObjectId::new(kind, name);
        let mut object = defined(id, create, format!("DROP {words} {name}"), row);
        let columns = row.filled("columns").map(|columns| ("columns", columns));
        object.attributes.extend(columns);
        self.add("pg_class", row.text("oid"), object);
    }

    pub fn column(&mut self, row: Row<'_>) {
        let (table_oid, place, name) = (row.text("table_oid"), row.text("place"), row.text("name"));
        let Some(table) = self.relation_id(table_oid) else {
            return;
        };
        if let Some(parent) = row.filled("parent") {
            self.inherited
                .insert((table_oid.to_owned(), place.to_owned()), name.to_owned());
            self.parents
                .insert((table_oid.to_owned(), name.to_owned()), parent);
            self.note_own(&table, row);
            return;
        }
        let generated = !row.text("generated").is_empty();
        let virtually = if row.text("generated") == "v" {
            " VIRTUAL"
        } else {
            " STORED"
        };
        let identity = match row.text("identity") {
            "a" => Some("ALWAYS"),
            "d" => Some("BY DEFAULT"),
            _ => None,
        };
        let options = row
            .filled("options")
            .map_or_else(String::new, |options| format!(" ({options})"));
        let attributes = attributes([
            ("type", row.filled("type")),
            ("not null", row.filled("not_null")),
            (
                if generated { "generated" } else { "default" },
                row.filled("default"),
            ),
            (
                "virtual",
                (virtually == " VIRTUAL").then(|| "yes".to_owned()),
            ),
            (
                "identity",
                identity.map(|identity| format!("{identity} AS IDENTITY{options}")),
            ),
            ("sequence", identity.and_then(|_| row.filled("sequence"))),
            ("collation", row.filled("collation")),
            ("comment", row.filled("comment")),
        ]);
        let id = ObjectId::of(Kind::Column, &table.name, name);
        let mut object = Object::new(id.clone(), attributes);
        object.position = place.parse().unwrap_or_default();
        object.drop = format!("ALTER TABLE {} DROP COLUMN {name}", table.name);
        object.depends_on.insert(table.clone());
        object.owner = Some(table);
        let key = (
            "pg_class".to_owned(),
            table_oid.to_owned(),
            place.to_owned(),
        );
        self.ids.insert(key, id);
        self.schema.add(object);
    }

    /// A child of INHERITS may define a column that its parents have too.
    fn note_own(&mut self, table: &ObjectId, row: Row<'_>) {
        if row.get("is_local_too").is_none() {
            return;
        }
        if let Some(table) = self.schema.objects.get_mut(table) {
            let line = format!("{} {}", row.text("name"), row.text("type"));
            let own = table.attributes.entry("own columns").or_default();
            if !own.is_empty() {
                own.push_str(", ");
            }
            own.push_str(&line);
        }
    }

    pub fn constraint(&mut self, row: Row<'_>) {
        let Some(table) = self.relation_id(row.text("table_oid")) else {
            return;
        };
        let (name, definition) = (row.text("name"), row.text("definition"));
        let label = match row.text("kind") {
            "p" => "pkey",
            _ => "key",
        };
        let id = ObjectId::of(Kind::Constraint, &table.name, name);
        let attributes = attributes([
            ("definition", Some(definition.to_owned())),
            ("comment", row.filled("comment")),
        ]);
        let mut object = Object::new(id, attributes);
        object.create = format!(
            "ALTER TABLE {} ADD CONSTRAINT {name} {definition}",
            table.name
        );
        object.drop = format!("ALTER TABLE {} DROP CONSTRAINT {name}", table.name);
        object.depends_on.insert(table.clone());
        object.owner = Some(table.clone());
        self.attach(&mut object, &table, Kind::Constraint, label, row);
        self.add("pg_constraint", row.text("oid"), object);
    }

    pub fn index(&mut self, row: Row<'_>) {
        let Some(table) = self.relation_id(row.text("table_oid")) else {
            return;
        };
        // An index of a partitioned table is one of its partitions as well, unless it is invalid: then some have none.
        let definition = match row.get("invalid") {
            Some(_) => row.text("definition").to_owned(),
            None => row.text("definition").replacen(" ON ONLY ", " ON ", 1),
        };
        let id = ObjectId::of(Kind::Index, &table.name, row.text("name"));
        let drop = format!("DROP INDEX {}", row.text("full_name"));
        let mut object = defined(id, definition, drop, row);
        let invalid = row.filled("invalid").map(|invalid| ("invalid", invalid));
        object.attributes.extend(invalid);
        object.depends_on.insert(table.clone());
        object.owner = Some(table.clone());
        self.attach(&mut object, &table, Kind::Index, "idx", row);
        self.add("pg_class", row.text("oid"), object);
    }

    /// Notes that an index or a key of a partition is part of its parent's, with which it is created and dropped.
    fn attach(&self, object: &mut Object, table: &ObjectId, kind: Kind, label: &str, row: Row<'_>) {
        let Some(attached) = row.filled("attached") else {
            return;
        };
        let parent = self.schema.get(table).and_then(|table| table.owner.clone());
        let chosen = name::chosen(row.text("table_name"), row.text("columns"), label);
        let is_chosen = name::is_chosen(&crate::model::unquoted(&object.id.name), &chosen);
        object.attributes.insert("attached", attached.clone());
        if !is_chosen {
            object
                .attributes
                .insert("chosen name", name::qualified(&chosen));
        }
        object.owner = parent.map(|parent| ObjectId::of(kind, &parent.name, attached));
    }

    pub fn statistics(&mut self, row: Row<'_>) {
        let Some(table) = self.relation_id(row.text("table_oid")) else {
            return;
        };
        let name = row.text("full_name");
        let id = ObjectId::of(Kind::Statistics, &table.name, name);
        let create = row.text("definition").to_owned();
        let mut object = defined(id, create, format!("DROP STATISTICS {name}"), row);
        let target = row.filled("target").map(|target| ("target", target));
        object.attributes.extend(target);
        object.depends_on.insert(table.clone());
        object.owner = Some(table);
        self.add("pg_statistic_ext", row.text("oid"), object);
    }

    pub fn trigger(&mut self, row: Row<'_>) {
        self.of_relation(row, Kind::Trigger, "TRIGGER", "pg_trigger");
    }

    pub fn rule(&mut self, row: Row<'_>) {
        self.of_relation(row, Kind::Rule, "RULE", "pg_rewrite");
    }

    /// A trigger or a rule.
    fn of_relation(&mut self, row: Row<'_>, kind: Kind, word: &str, class: &str) {
        let Some(table) = self.relation_id(row.text("table_oid")) else {
            return;
        };
        let name = row.text("name");
        let id = ObjectId::of(kind, &table.name, name);
        let definition = row.text("definition").trim_end_matches(';').to_owned();
        let drop = format!("DROP {word} {name} ON {}", table.name);
        let mut object = defined(id, definition, drop, row);
        object
            .attributes
            .extend(state(row).map(|state| ("state", state)));
        object.depends_on.insert(table.clone());
        object.owner = Some(table);
        self.add(class, row.text("oid"), object);
    }

    pub fn policy(&mut self, row: Row<'_>) {
        let Some(table) = self.relation_id(row.text("table_oid")) else {
            return;
        };
        let name = row.text("name");
        let create = format!(
            "CREATE POLICY {name} ON {}{}",
            table.name,
            row.text("definition")
        );
        let id = ObjectId::of(Kind::Policy, &table.name, name);
        let drop = format!("DROP POLICY {name} ON {}", table.name);
        let mut object = defined(id, create, drop, row);
        object.depends_on.insert(table.clone());
        object.owner = Some(table);
        self.add("pg_policy", row.text("oid"), object);
    }
}
