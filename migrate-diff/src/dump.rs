//! A schema as SQL, or as a picture.

use std::fmt::Write as _;

use crate::database;
use crate::model::{Kind, Object, Schema};
use crate::operation::{self, Operation, PlanOptions};

/// The statements that make a schema, in an order in which they can run; [`introspect_whole`](crate::introspect_whole) has
/// read it. Two schemas that compare as equal have the same text.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use migrate_diff::{Connection, Filter, dump, introspect_whole};
///
/// let mut connection = Connection::open("sqlite::memory:").await?;
/// connection.execute("create table t (id integer primary key)").await?;
/// let sql = dump(&introspect_whole(&mut connection, &Filter::default()).await?);
/// assert!(sql.to_uppercase().starts_with("CREATE TABLE"), "{sql}");
/// # Ok(()) }
/// ```
pub fn dump(schema: &Schema) -> String {
    let empty = Schema::empty(schema.dialect());
    let options = PlanOptions {
        online: false,
        single: true,
    };
    let plan = database::plan_between(&empty, schema, options);
    let steps: Vec<Operation> = [plan.before, plan.steps, plan.online].concat();
    operation::text(schema.dialect(), &steps)
}

/// The tables of a schema with their columns and foreign keys, as an entity relationship diagram of Mermaid.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use migrate_diff::{Connection, Filter, diagram, introspect};
///
/// let mut connection = Connection::open("sqlite::memory:").await?;
/// connection.execute("CREATE TABLE a (id INTEGER PRIMARY KEY)").await?;
/// connection.execute("CREATE TABLE b (a_id INTEGER REFERENCES a (id))").await?;
/// let picture = diagram(&introspect(&mut connection, &Filter::default()).await?);
/// assert!(picture.contains("\"a\" ||--o{ \"b\""), "{picture}");
/// # Ok(()) }
/// ```
pub fn diagram(schema: &Schema) -> String {
    let mut text = "erDiagram\n".to_owned();
    for table in schema.of_kind(Kind::Table) {
        let _ = writeln!(text, "    \"{}\" {{", table.id().name);
        let mut columns: Vec<&Object> = schema.parts(Kind::Column, &table.id().name).collect();
        columns.sort_by_key(|column| column.position);
        for column in columns {
            let _ = writeln!(
                text,
                "        {} {}",
                word(&type_of(column)),
                word(&column.id().name)
            );
        }
        text.push_str("    }\n");
    }
    for key in schema.of_kind(Kind::Constraint) {
        let (Some(table), Some(other)) = (&key.id().table, target(key)) else {
            continue;
        };
        let _ = writeln!(
            text,
            "    \"{other}\" ||--o{{ \"{table}\" : \"{}\"",
            key.id().name
        );
    }
    text
}

fn type_of(column: &Object) -> String {
    let mut facts = column.attributes();
    let found = facts.find(|(name, _)| *name == "type");
    found.map_or_else(|| "any".to_owned(), |(_, value)| value)
}

/// The table that a foreign key refers to; none for another constraint.
fn target(key: &Object) -> Option<String> {
    let key = key.foreign_key()?;
    Some(key.table.trim_matches('"').to_owned())
}

/// A word as Mermaid reads one.
fn word(text: &str) -> String {
    let is_sound = |c: char| c.is_alphanumeric() || c == '_';
    text.chars()
        .map(|c| if is_sound(c) { c } else { '_' })
        .collect()
}
