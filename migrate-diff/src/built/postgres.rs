//! The facts of a PostgreSQL database.

use std::fmt::Write as _;

use migrate_chain::lock::{Built, Column, Enum, Key, KeyKind, Named};

use super::parts::{add_column, add_table, at, one_line, some, table, yes};
use crate::connection::Connection;
use crate::error::Error;

/// A name as it is written on the search path: with its schema only if that is another than the connection's own.
const NAME: &str =
    "CASE WHEN n.nspname = current_schema() THEN {}::text ELSE n.nspname || '.' || {}::text END";

/// Not those of the system, and not those that an extension brought.
const OURS: &str = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' \
    AND NOT EXISTS (SELECT 1 FROM pg_depend AS e WHERE e.objid = {}.oid AND e.deptype = 'e')";

fn name(column: &str) -> String {
    NAME.replace("{}", column)
}

fn ours(of: &str) -> String {
    OURS.replace("{}", of)
}

pub async fn built(connection: &mut Connection) -> Result<Built, Error> {
    let home = "SELECT pg_catalog.set_config('search_path', coalesce(quote_ident(current_schema()), 'public'), false)";
    connection.execute(home).await?;
    let mut built = Built::default();
    tables(connection, &mut built).await?;
    keys(connection, &mut built).await?;
    types(connection, &mut built).await?;
    Ok(built)
}

async fn tables(connection: &mut Connection, built: &mut Built) -> Result<(), Error> {
    let relation = name("c.relname");
    let from = format!(
        "FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND {}",
        ours("c")
    );
    let sql = format!("SELECT {relation}, (c.relkind IN ('v', 'm'))::text {from} ORDER BY 1");
    for row in connection.rows(&sql).await? {
        add_table(built, at(&row, 0), yes(&row, 1));
    }
    let joined = from.replace(
        " WHERE ",
        " JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
          LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum \
          JOIN pg_type AS t ON t.oid = a.atttypid WHERE ",
    );
    // A column of a domain that refuses NULL refuses it, too. A serial column is numbered like an identity.
    let sql = format!(
        "SELECT {relation}, a.attname::text, format_type(a.atttypid, a.atttypmod), (a.attnotnull OR t.typnotnull)::text, \
         (a.attidentity <> '' OR a.attgenerated = '' AND pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%')::text, \
         CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END, \
         CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END {joined} ORDER BY 1, a.attnum"
    );
    for row in connection.rows(&sql).await? {
        let is_identity = yes(&row, 4);
        let column = Column {
            name: at(&row, 1).to_owned(),
            sql_type: at(&row, 2).to_owned(),
            is_not_null: yes(&row, 3),
            is_identity,
            generated: some(&row, 5).map(|text| one_line(&text)),
            default: some(&row, 6)
                .filter(|_| !is_identity)
                .map(|text| one_line(&text)),
        };
        add_column(built, at(&row, 0), column);
    }
    Ok(())
}

async fn keys(connection: &mut Connection, built: &mut Built) -> Result<(), Error> {
    let (relation, is_ours) = (name("c.relname"), ours("c"));
    let constraints = format!(
        "SELECT {relation}, k.contype::text, \
         ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u (num, place) \
               JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.num ORDER BY u.place)::text, \
         pg_get_constraintdef(k.oid) \
         FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace \
         WHERE k.contype IN ('p', 'u', 'f', 'c', 'x') AND {is_ours} ORDER BY 1, 2, 3, 4"
    );
    for row in connection.rows(&constraints).await? {
        let definition = one_line(at(&row, 3));
        let (kind, text) = match at(&row, 1) {
            "p" => (KeyKind::Primary, String::new()),
            "u" => (KeyKind::Unique, after_list(&definition).to_owned()),
            "f" => (
                KeyKind::Foreign,
                after_list(&definition).to_lowercase_words(),
            ),
            _ => (
                KeyKind::Check,
                definition.trim_start_matches("CHECK ").to_owned(),
            ),
        };
        let columns = match kind {
            KeyKind::Check => Vec::new(),
            _ => array(at(&row, 2)),
        };
        add(
            built,
            at(&row, 0),
            Key {
                kind,
                name: String::new(),
                columns,
                text,
            },
        );
    }
    let indexes = format!(
        "SELECT {relation}, i.relname::text, pg_get_indexdef(x.indexrelid) \
         FROM pg_index AS x JOIN pg_class AS c ON c.oid = x.indrelid JOIN pg_class AS i ON i.oid = x.indexrelid \
         JOIN pg_namespace AS n ON n.oid = c.relnamespace \
         WHERE NOT EXISTS (SELECT 1 FROM pg_constraint AS k WHERE k.conindid = x.indexrelid) AND {is_ours} ORDER BY 1, 2"
    );
    for row in connection.rows(&indexes).await? {
        let text = index_text(at(&row, 2));
        let name = at(&row, 1).to_owned();
        add(
            built,
            at(&row, 0),
            Key {
                kind: KeyKind::Index,
                name,
                columns: Vec::new(),
                text,
            },
        );
    }
    Ok(())
}

async fn types(connection: &mut Connection, built: &mut Built) -> Result<(), Error> {
    let (type_name, is_ours) = (name("t.typname"), ours("t"));
    let enums = format!(
        "SELECT {type_name}, e.enumlabel::text FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace \
         JOIN pg_enum AS e ON e.enumtypid = t.oid WHERE {is_ours} ORDER BY 1, e.enumsortorder"
    );
    for row in connection.rows(&enums).await? {
        let (name, label) = (at(&row, 0), at(&row, 1).to_owned());
        match built.enums.last_mut().filter(|last| last.name == name) {
            Some(last) => last.labels.push(label),
            None => built.enums.push(Enum {
                name: name.to_owned(),
                labels: vec![label],
            }),
        }
    }
    let domains = format!(
        "SELECT {type_name}, format_type(t.typbasetype, t.typtypmod) FROM pg_type AS t \
         JOIN pg_namespace AS n ON n.oid = t.typnamespace WHERE t.typtype = 'd' AND {is_ours} ORDER BY 1"
    );
    for row in connection.rows(&domains).await? {
        built.domains.push(Named {
            name: at(&row, 0).to_owned(),
            text: at(&row, 1).to_owned(),
        });
    }
    Ok(())
}

fn add(built: &mut Built, of: &str, key: Key) {
    if let Some(table) = table(built, of) {
        table.keys.push(key);
    }
}

/// The part of a constraint after its own columns.
fn after_list(definition: &str) -> &str {
    definition
        .split_once(')')
        .map_or("", |(_, rest)| rest.trim())
}

trait LowerWords {
    /// With the words of SQL in small letters; names keep theirs.
    fn to_lowercase_words(&self) -> String;
}

impl LowerWords for str {
    fn to_lowercase_words(&self) -> String {
        let lower = |word: &str| match word {
            "REFERENCES" | "ON" | "DELETE" | "UPDATE" | "CASCADE" | "SET" | "NULL" | "DEFAULT"
            | "RESTRICT" | "DEFERRABLE" | "INITIALLY" | "DEFERRED" | "MATCH" | "FULL" | "NOT"
            | "VALID" => word.to_lowercase(),
            word => word.to_owned(),
        };
        let mut out = String::new();
        for word in self.split(' ') {
            let _ = write!(
                out,
                "{}{}",
                if out.is_empty() { "" } else { " " },
                lower(word)
            );
        }
        // A list of columns stays next to its table.
        match out.split_once('(') {
            Some((table, rest)) if !table.ends_with(' ') => format!("{table} ({rest}"),
            _ => out,
        }
    }
}

/// The part of an index from its method on, with `unique` before it if it is.
fn index_text(definition: &str) -> String {
    let unique = if definition.starts_with("CREATE UNIQUE") {
        "unique "
    } else {
        ""
    };
    let rest = definition
        .split_once(" USING ")
        .map_or(definition, |(_, rest)| rest);
    format!("{unique}{}", rest.trim_start_matches("btree "))
}

/// The items of an array as PostgreSQL writes it.
fn array(text: &str) -> Vec<String> {
    let inner = text.trim_start_matches('{').trim_end_matches('}');
    let (mut items, mut item, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => is_quoted = !is_quoted,
            '\\' => item.extend(characters.next()),
            ',' if !is_quoted => items.push(std::mem::take(&mut item)),
            other => item.push(other),
        }
    }
    if !item.is_empty() || !items.is_empty() {
        items.push(item);
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_items_of_an_array_are_names() {
        assert_eq!(array("{}"), Vec::<String>::new());
        assert_eq!(array("{a,\"b,c\",\"d\\\"e\"}"), ["a", "b,c", "d\"e"]);
    }

    #[test]
    fn a_foreign_key_reads_like_sql_in_small_letters() {
        let definition = "FOREIGN KEY (a, b) REFERENCES \"Teams\"(x, y) ON DELETE SET NULL";
        let text = after_list(definition).to_lowercase_words();
        assert_eq!(text, "references \"Teams\" (x, y) on delete set null");
    }
}
