//! Tables and views with what belongs to them.

use super::{Reader, part, state, statement, typed};
use crate::model::{
    self, Check, ColumnDetails, Details, ForeignKey, Generated, Identity, Key, Kind, Object,
    ObjectId, TableDetails,
};
use crate::postgres::details::{
    Column, Constraint, ConstraintKind, Index, Part, Shape, Statistics, Table, Trigger, View,
};
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
        let foreign = row.get("server").map_or("", |_| "FOREIGN ");
        let table = Table {
            unlogged: row.is("unlogged"),
            partition_by: row.filled("partition_by"),
            bound: row.filled("bound"),
            parents: row.list("parents"),
            row_security: row.is("row_security"),
            force_row_security: row.is("force_row_security"),
            options: row.list("options"),
            of_type: row.filled("of_type"),
            server: row.filled("server"),
            own_columns: Vec::new(),
        };
        let details = model::Table {
            comment: row.filled("comment"),
            details: TableDetails::Postgres(table),
        };
        let id = ObjectId::new(Kind::Table, name);
        let drop = format!("DROP {foreign}TABLE {name}");
        let mut object = typed(id, Details::Table(details), String::new(), drop);
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
        let details = View {
            definition: create.clone(),
            columns: row.list("columns"),
            comment: row.filled("comment"),
        };
        let object = part(
            id,
            Part::View(details),
            create,
            format!("DROP {words} {name}"),
        );
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
        let details = model::Column {
            data_type: row.text("type").to_owned(),
            not_null: row.is("not_null"),
            collation: row.filled("collation"),
            identity: identity(row),
            comment: row.filled("comment"),
            details: ColumnDetails::Postgres(Column {
                sequence: row.filled("sequence"),
            }),
            ..computed(row)
        };
        let id = ObjectId::of(Kind::Column, &table.name, name);
        let drop = format!("ALTER TABLE {} DROP COLUMN {name}", table.name);
        let mut object = typed(id.clone(), Details::Column(details), String::new(), drop);
        object.position = place.parse().unwrap_or_default();
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
        let table = self.schema.objects.get_mut(table);
        if let Some(Details::Table(model::Table {
            details: TableDetails::Postgres(table),
            ..
        })) = table.map(|table| &mut table.details)
        {
            let line = format!("{} {}", row.text("name"), row.text("type"));
            table.own_columns.push(line);
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
        let (attached, chosen_name) = attached(&id, row, label);
        let details = Constraint {
            definition: definition.to_owned(),
            kind: constraint_kind(row),
            attached,
            chosen_name,
            comment: row.filled("comment"),
        };
        let alter = format!("ALTER TABLE {}", table.name);
        let mut object = part(
            id,
            Part::Constraint(details),
            format!("{alter} ADD CONSTRAINT {name} {definition}"),
            format!("{alter} DROP CONSTRAINT {name}"),
        );
        object.depends_on.insert(table.clone());
        object.owner = Some(table.clone());
        self.attach(&mut object, &table);
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
        let (attached, chosen_name) = attached(&id, row, "idx");
        let details = Index {
            definition: definition.clone(),
            shape: Shape {
                unique: row.is("is_unique"),
                columns: row.list("keys"),
                predicate: row.filled("predicate"),
            },
            invalid: row.is("invalid"),
            attached,
            chosen_name,
            comment: row.filled("comment"),
        };
        let mut object = part(id, Part::Index(details), definition, drop);
        object.depends_on.insert(table.clone());
        object.owner = Some(table.clone());
        self.attach(&mut object, &table);
        self.add("pg_class", row.text("oid"), object);
    }

    /// An index or a key of a partition that is part of its parent's is created and dropped with it.
    fn attach(&self, object: &mut Object, table: &ObjectId) {
        if let Some((attached, _)) = object.part().and_then(Part::attached) {
            let parent = self.schema.get(table).and_then(|table| table.owner.clone());
            object.owner =
                parent.map(|parent| ObjectId::of(object.id.kind, &parent.name, attached));
        }
    }

    pub fn statistics(&mut self, row: Row<'_>) {
        let Some(table) = self.relation_id(row.text("table_oid")) else {
            return;
        };
        let name = row.text("full_name");
        let id = ObjectId::of(Kind::Statistics, &table.name, name);
        let create = row.text("definition").to_owned();
        let details = Statistics {
            definition: create.clone(),
            target: row.filled("target"),
            comment: row.filled("comment"),
        };
        let drop = format!("DROP STATISTICS {name}");
        let mut object = part(id, Part::Statistics(details), create, drop);
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
        let details = Trigger {
            definition: definition.clone(),
            state: state(row),
            comment: row.filled("comment"),
        };
        let mut object = part(id, Part::Trigger(details), definition, drop);
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
        let mut object = statement(id, create, drop, row.filled("comment"));
        object.depends_on.insert(table.clone());
        object.owner = Some(table);
        self.add("pg_policy", row.text("oid"), object);
    }
}

/// How a column counts by itself.
fn identity(row: Row<'_>) -> Option<Identity> {
    let options = row.text("options").to_owned();
    match row.text("identity") {
        "a" => Some(Identity::Always(options)),
        "d" => Some(Identity::ByDefault(options)),
        _ => None,
    }
}

/// A column that has its default, or what computes it, and nothing else.
fn computed(row: Row<'_>) -> model::Column {
    let expression = row.filled("default");
    let mut column = model::Column::default();
    if row.text("generated").is_empty() {
        column.default = expression;
    } else {
        column.generated = expression.map(|expression| Generated {
            expression,
            stored: row.text("generated") != "v",
        });
    }
    column
}

fn constraint_kind(row: Row<'_>) -> ConstraintKind {
    let columns = row.list("own");
    match row.text("kind") {
        kind @ ("p" | "u") => ConstraintKind::Key(Key {
            primary: kind == "p",
            columns,
            ..Key::default()
        }),
        "f" => ConstraintKind::ForeignKey(ForeignKey {
            columns,
            table: row.text("parent").to_owned(),
            parent_columns: row.list("parent_columns"),
            on_delete: action(row.text("on_delete")),
            on_update: action(row.text("on_update")),
            deferred: row.is("deferred"),
        }),
        "c" => ConstraintKind::Check(Check {
            expression: row.text("expression").to_owned(),
            ..Check::default()
        }),
        _ => ConstraintKind::Exclusion,
    }
}

/// An action of a foreign key; none if it does nothing.
fn action(code: &str) -> Option<String> {
    let action = match code {
        "r" => "RESTRICT",
        "c" => "CASCADE",
        "n" => "SET NULL",
        "d" => "SET DEFAULT",
        _ => return None,
    };
    Some(action.to_owned())
}

/// The index or key that one of a partition is a part of, and the name that the server would choose for it, if that is another.
fn attached(id: &ObjectId, row: Row<'_>, label: &str) -> (Option<String>, Option<String>) {
    let attached = row.filled("attached");
    let chosen = name::chosen(row.text("table_name"), row.text("columns"), label);
    let is_chosen = name::is_chosen(&model::unquoted(&id.name), &chosen);
    let chosen = attached
        .as_ref()
        .filter(|_| !is_chosen)
        .map(|_| name::qualified(&chosen));
    (attached, chosen)
}
