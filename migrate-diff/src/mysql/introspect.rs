//! The facts about a database of MySQL or MariaDB: read from `information_schema`, in as many queries whatever the number of
//! tables. `spell` adds the statements.

use std::collections::{BTreeMap, BTreeSet};

use migrate_chain::Dialect;
use migrate_chain::sql::{TokenKind, quote_text, tokens};

use super::catalog::Catalog;
use super::details;
use super::parse::quote;
use super::words::{Extra, partition, without_database};
use crate::connection::Connection;
use crate::error::Error;
use crate::model::{
    self, Check, ColumnDetails, Details, ForeignKey, Generated, Identity, Index, Key, Kind, Object,
    ObjectId, Program, Schema, Sequence, TableDetails,
};
use crate::rows::{Row, Rows};
use crate::touched::Touched;

pub(crate) async fn introspect(
    connection: &mut Connection,
    touched: &Touched,
) -> Result<Schema, Error> {
    let mut reader = Reader {
        schema: Schema::empty(Dialect::MySql),
        database: connection.text("SELECT DATABASE()").await?,
        is_mariadb: connection
            .text("SELECT VERSION()")
            .await?
            .contains("MariaDB"),
        parts: BTreeMap::new(),
    };
    let catalog = Catalog::read(connection, touched).await?;
    for row in catalog.tables.iter() {
        reader.table(row);
    }
    for (rows, read) in parts(&catalog) {
        for row in rows.iter() {
            read(&mut reader, row);
        }
    }
    reader.add_keys();
    reader.sequences(connection).await?;
    reader.depend();
    Ok(reader.schema)
}

/// Takes a row into the schema.
type Read = fn(&mut Reader, Row<'_>);

/// The rows of the parts, and what takes each into the schema.
fn parts(catalog: &Catalog) -> [(&Rows, Read); 12] {
    [
        (&catalog.columns, Reader::column),
        (&catalog.indexes, Reader::index),
        (&catalog.references, Reader::reference),
        (&catalog.references_to, Reader::reference_to),
        (&catalog.constraints, Reader::constraint),
        (&catalog.checks, Reader::check),
        (&catalog.partitions, Reader::partition),
        (&catalog.views, Reader::view),
        (&catalog.routines, Reader::routine),
        (&catalog.parameters, Reader::parameter),
        (&catalog.triggers, Reader::trigger),
        (&catalog.events, Reader::event),
    ]
}

struct Reader {
    schema: Schema,
    database: String,
    is_mariadb: bool,
    /// Keys, foreign keys and checks, whose facts come in several rows; by table and name.
    parts: BTreeMap<(String, String), Part>,
}

/// A key, a foreign key or a check, while its rows are read.
#[derive(Default)]
struct Part {
    index: Option<Index>,
    foreign_key: Option<ForeignKey>,
    check: Option<Check>,
}

impl Reader {
    fn table(&mut self, row: Row<'_>) {
        let versioned = row.text("table_type") == "SYSTEM VERSIONED";
        if !versioned && row.text("table_type") != "BASE TABLE" {
            return;
        }
        let name = quote(row.text("table_name"));
        let options = row.text("create_options").split(' ');
        let options: Vec<&str> = options.filter(|option| *option != "partitioned").collect();
        let details = model::Table {
            comment: row.filled("table_comment"),
            details: TableDetails::MySql(details::Table {
                engine: row.text("engine").to_owned(),
                collation: row.text("table_collation").to_owned(),
                options: options.join(" "),
                versioned,
                ..details::Table::default()
            }),
        };
        let mut object = Object::typed(ObjectId::new(Kind::Table, &name), Details::Table(details));
        object.drop = format!("DROP TABLE {name}");
        self.schema.add(object);
    }

    /// Whether a row is about a table, and no view or sequence.
    fn table_of(&self, row: Row<'_>) -> Option<String> {
        let table = quote(row.text("table_name"));
        self.schema.has(Kind::Table, &table).then_some(table)
    }

    fn column(&mut self, row: Row<'_>) {
        let Some(table) = self.table_of(row) else {
            return;
        };
        let name = row.text("column_name");
        let extra = Extra::of(row.text("extra"));
        let generated = row
            .filled("generation_expression")
            .map(|expression| Generated {
                expression: self.at_home(&expression),
                stored: extra.stored,
            });
        let column = model::Column {
            data_type: row.text("column_type").to_owned(),
            not_null: row.text("is_nullable") == "NO",
            default: self.default(row, &extra),
            collation: row.filled("collation_name"),
            generated,
            identity: extra.auto_increment.then_some(Identity::AutoIncrement),
            comment: row.filled("column_comment"),
            details: ColumnDetails::MySql(details::Column {
                name: name.to_owned(),
                on_update: extra.on_update,
                check: None,
                invisible: extra.invisible,
                extra: extra.rest,
            }),
        };
        let mut object = Object::typed(column_id(&table, name), Details::Column(column));
        name.clone_into(&mut object.written);
        object.position = row.text("ordinal_position").parse().unwrap_or_default();
        self.schema.add(object);
    }

    /// MariaDB writes an expression. MySQL writes the text of a literal, and says if it is an expression.
    fn default(&self, row: Row<'_>, extra: &Extra) -> Option<String> {
        let default = row.get("column_default")?;
        if self.is_mariadb {
            return (default != "NULL").then(|| self.at_home(default));
        }
        let is_plain = default.parse::<f64>().is_ok() || default.starts_with("CURRENT_TIMESTAMP");
        Some(if extra.expression {
            format!("({})", self.at_home(default))
        } else if is_plain {
            default.to_owned()
        } else {
            quote_text(Dialect::MySql, default)
        })
    }

    fn part(&mut self, table: String, name: &str) -> &mut Part {
        self.parts.entry((table, quote(name))).or_default()
    }

    fn index(&mut self, row: Row<'_>) {
        let Some(table) = self.table_of(row) else {
            return;
        };
        let column = row.get("column_name").map(str::to_lowercase);
        let column = column.or_else(|| Some(format!("({})", row.maybe("expression")?)));
        let length = row
            .get("sub_part")
            .map_or_else(String::new, |length| format!("({length})"));
        let order = if row.text("collation") == "D" {
            " DESC"
        } else {
            ""
        };
        let method = row.filled("index_type").filter(|method| method != "BTREE");
        let ignored = row.maybe("ignored") == Some("YES") || row.maybe("is_visible") == Some("NO");
        let unique = row.text("non_unique") == "0";
        let comment = row.filled("index_comment");
        let part = self.part(table, row.text("index_name"));
        let index = part.index.get_or_insert_with(|| Index {
            unique,
            method,
            comment,
            ignored,
            ..Index::default()
        });
        index
            .columns
            .push(format!("{}{length}{order}", column.unwrap_or_default()));
    }

    fn reference(&mut self, row: Row<'_>) {
        let (Some(table), Some(parent)) = (self.table_of(row), row.get("referenced_table_name"))
        else {
            return;
        };
        let parent = match row.text("referenced_table_schema") {
            schema if schema == self.database => parent.to_owned(),
            schema => format!("{schema}.{parent}"),
        };
        let (column, parent_column) = (
            row.text("column_name").to_lowercase(),
            row.text("referenced_column_name").to_lowercase(),
        );
        let part = self.part(table, row.text("constraint_name"));
        let key = part.foreign_key.get_or_insert_default();
        key.table = parent;
        key.columns.push(column);
        key.parent_columns.push(parent_column);
    }

    fn reference_to(&mut self, row: Row<'_>) {
        let Some(table) = self.table_of(row) else {
            return;
        };
        // The server's default for the action of a foreign key.
        let usual = if self.is_mariadb {
            "RESTRICT"
        } else {
            "NO ACTION"
        };
        let rule = |name: &str| row.filled(name).filter(|rule| rule != usual);
        let part = self.part(table, row.text("constraint_name"));
        if let Some(key) = &mut part.foreign_key {
            (key.on_delete, key.on_update) = (rule("delete_rule"), rule("update_rule"));
        }
    }

    /// MySQL's checks have no table's name.
    fn constraint(&mut self, row: Row<'_>) {
        let Some(table) = self.table_of(row) else {
            return;
        };
        if !self.is_mariadb && row.text("constraint_type") == "CHECK" {
            self.part(table, row.text("constraint_name"))
                .check
                .get_or_insert_default();
        }
    }

    fn check(&mut self, row: Row<'_>) {
        let name = row.text("constraint_name");
        let expression = self.at_home(row.text("check_clause"));
        let Some(table) = row.maybe("table_name").map(quote) else {
            let mut parts = self.parts.iter_mut();
            let part =
                parts.find(|((_, other), part)| *other == quote(name) && part.check.is_some());
            if let Some(check) = part.and_then(|(_, part)| part.check.as_mut()) {
                check.expression = expression;
            }
            return;
        };
        if row.maybe("level") != Some("Column") {
            let check = Check {
                expression,
                column: None,
            };
            self.part(table, name).check = Some(check);
        } else if let Some(Details::Column(column)) = self.details(&column_id(&table, name))
            && let ColumnDetails::MySql(details) = &mut column.details
        {
            details.check = Some(expression);
        }
    }

    fn details(&mut self, id: &ObjectId) -> Option<&mut Details> {
        self.schema
            .objects
            .get_mut(id)
            .map(|object| &mut object.details)
    }

    fn partition(&mut self, row: Row<'_>) {
        let (Some(table), Some(method)) = (self.table_of(row), row.get("partition_method")) else {
            return;
        };
        let Some(Details::Table(table)) = self.details(&ObjectId::new(Kind::Table, table)) else {
            return;
        };
        let TableDetails::MySql(details) = &mut table.details else {
            return;
        };
        let sub = row.get("subpartition_method").map(|method| {
            format!(
                " subpartitioned by {method} ({})",
                row.text("subpartition_expression")
            )
        });
        let by = format!(
            "{method} ({}){}",
            row.text("partition_expression"),
            sub.unwrap_or_default()
        );
        details.partitioning = Some(by);
        let partition = partition(method, row);
        if !details.partitions.contains(&partition) {
            details.partitions.push(partition);
        }
    }

    fn program(
        &mut self,
        id: ObjectId,
        drop: String,
        definition: String,
        written: &str,
    ) -> &mut Object {
        let mut object = Object::typed(id.clone(), Details::Program(Program { definition }));
        object.drop = drop;
        written.clone_into(&mut object.written);
        self.schema
            .objects
            .entry(id)
            .insert_entry(object)
            .into_mut()
    }

    fn view(&mut self, row: Row<'_>) {
        let name = quote(row.text("table_name"));
        let definition = format!(
            "{} SQL SECURITY {} AS {} WITH {} CHECK OPTION",
            row.maybe("algorithm").unwrap_or_default(),
            row.text("security_type"),
            self.at_home(row.text("view_definition")),
            row.text("check_option")
        );
        let drop = format!("DROP VIEW {name}");
        self.program(
            ObjectId::new(Kind::View, &name),
            drop,
            definition,
            row.text("table_name"),
        );
    }

    fn routine(&mut self, row: Row<'_>) {
        let word = row.text("routine_type");
        let kind = match word {
            "FUNCTION" => Kind::Function,
            "PROCEDURE" => Kind::Procedure,
            _ => return,
        };
        let name = quote(row.text("routine_name"));
        let definition = format!(
            "deterministic {}, {}, SQL SECURITY {}, comment {}, {}",
            row.text("is_deterministic"),
            row.text("sql_data_access"),
            row.text("security_type"),
            row.text("routine_comment"),
            self.at_home(row.text("routine_definition"))
        );
        let drop = format!("DROP {word} {name}");
        self.program(
            ObjectId::new(kind, &name),
            drop,
            definition,
            row.text("routine_name"),
        );
    }

    fn parameter(&mut self, row: Row<'_>) {
        let kind = match row.text("routine_type") {
            "FUNCTION" => Kind::Function,
            _ => Kind::Procedure,
        };
        let id = ObjectId::new(kind, quote(row.text("specific_name")));
        let parameter = format!(
            "{} {} {} {}, ",
            row.get("parameter_mode").unwrap_or("RETURNS"),
            row.text("parameter_name"),
            row.text("dtd_identifier"),
            row.text("collation_name"),
        );
        if let Some(Details::Program(program)) = self.details(&id) {
            program.definition.insert_str(0, &parameter);
        }
    }

    fn trigger(&mut self, row: Row<'_>) {
        let (name, table) = (
            quote(row.text("trigger_name")),
            quote(row.text("event_object_table")),
        );
        let definition = format!(
            "{} {}, {}",
            row.text("action_timing"),
            row.text("event_manipulation"),
            self.at_home(row.text("action_statement"))
        );
        let position = row.text("action_order").parse().unwrap_or_default();
        let id = ObjectId::of(Kind::Trigger, table, &name);
        let drop = format!("DROP TRIGGER {name}");
        let object = self.program(id, drop, definition, row.text("trigger_name"));
        object.position = position;
    }

    fn event(&mut self, row: Row<'_>) {
        let name = quote(row.text("event_name"));
        // Without a STARTS it begins when it is created, which is another time in each database.
        let starts = row
            .get("starts")
            .filter(|starts| Some(*starts) != row.get("created"));
        let fields = [
            "execute_at",
            "interval_value",
            "interval_field",
            "ends",
            "status",
            "on_completion",
            "event_comment",
        ];
        let fields: Vec<String> = fields
            .iter()
            .filter_map(|field| Some(format!("{field} {}", row.get(field)?)))
            .collect();
        let definition = format!(
            "{}, starts {}, {}",
            fields.join(", "),
            starts.unwrap_or("when created"),
            self.at_home(row.text("event_definition"))
        );
        let drop = format!("DROP EVENT {name}");
        self.program(
            ObjectId::new(Kind::Event, &name),
            drop,
            definition,
            row.text("event_name"),
        );
    }

    fn add_keys(&mut self) {
        for ((table, name), part) in std::mem::take(&mut self.parts) {
            if let Some(index) = part.index {
                self.schema.add(key(&table, &name, index));
            }
            if let Some(key) = part.foreign_key {
                let parent = ObjectId::new(Kind::Table, quote(&key.table));
                if parent.name != table
                    && let Some(object) = self
                        .schema
                        .objects
                        .get_mut(&ObjectId::new(Kind::Table, &table))
                {
                    object.depends_on.insert(parent);
                }
                let id = ObjectId::of(Kind::Constraint, &table, &name);
                self.schema.add(Object::typed(id, Details::ForeignKey(key)));
            }
            if let Some(check) = part.check {
                let id = ObjectId::of(Kind::Constraint, &table, &name);
                self.schema.add(Object::typed(id, Details::Check(check)));
            }
        }
    }

    /// MariaDB's sequences are tables of one row.
    async fn sequences(&mut self, connection: &mut Connection) -> Result<(), Error> {
        let list = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'SEQUENCE'";
        let names: Vec<String> = connection
            .rows(list)
            .await?
            .into_iter()
            .flatten()
            .flatten()
            .collect();
        if names.is_empty() {
            return Ok(());
        }
        let one = |name: &String| {
            format!(
                "SELECT {} AS name, start_value, minimum_value, maximum_value, increment, cache_size, cycle_option FROM {}",
                quote_text(Dialect::MySql, name),
                quote(name)
            )
        };
        let queries: Vec<String> = names.iter().map(one).collect();
        for row in connection
            .named_rows(&queries.join(" UNION ALL "))
            .await?
            .iter()
        {
            self.schema.add(sequence(row));
        }
        Ok(())
    }

    /// Names of this database are written without the database: the next one has another name.
    fn at_home(&self, sql: &str) -> String {
        without_database(sql, &self.database)
    }

    /// Programs know what they use by name only.
    fn depend(&mut self) {
        let known: BTreeSet<ObjectId> = self
            .schema
            .objects
            .keys()
            .filter(|id| id.table.is_none())
            .cloned()
            .collect();
        for object in self.schema.objects.values_mut() {
            if let Details::Program(program) = &object.details
                && object.id.kind == Kind::View
            {
                object.depends_on = mentioned(&program.definition, &object.id, &known);
            }
        }
    }
}

fn mentioned(definition: &str, own: &ObjectId, known: &BTreeSet<ObjectId>) -> BTreeSet<ObjectId> {
    let words = tokens(Dialect::MySql, definition)
        .filter(|token| matches!(token.kind, TokenKind::QuotedIdentifier | TokenKind::Word))
        .map(|token| quote(definition[token.range()].trim_matches('`')));
    let ids =
        words.flat_map(|name| [Kind::View, Kind::Function].map(|kind| ObjectId::new(kind, &name)));
    ids.filter(|id| id != own && known.contains(id)).collect()
}

fn key(table: &str, name: &str, index: Index) -> Object {
    if name == "`PRIMARY`" {
        let key = Key {
            primary: true,
            columns: index.columns,
            rest: index.method.or(index.comment),
        };
        return Object::typed(
            ObjectId::of(Kind::Constraint, table, "PRIMARY"),
            Details::Key(key),
        );
    }
    Object::typed(
        ObjectId::of(Kind::Index, table, name),
        Details::Index(index),
    )
}

fn sequence(row: Row<'_>) -> Object {
    let name = quote(row.text("name"));
    let text = |column: &str| row.text(column).to_owned();
    let details = Sequence {
        start: text("start_value"),
        increment: text("increment"),
        minimum: text("minimum_value"),
        maximum: text("maximum_value"),
        cache: text("cache_size"),
        cycles: row.is("cycle_option"),
        ..Sequence::default()
    };
    let mut object = Object::typed(
        ObjectId::new(Kind::Sequence, &name),
        Details::Sequence(details.clone()),
    );
    object.create = format!(
        "CREATE SEQUENCE {name} {}",
        super::sequence::options(&details)
    );
    object.drop = format!("DROP SEQUENCE {name}");
    object
}

/// A column has one name whatever its case.
pub(super) fn column_id(table: &str, name: &str) -> ObjectId {
    ObjectId::of(Kind::Column, table, quote(&name.to_lowercase()))
}
