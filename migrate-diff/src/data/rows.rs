//! Rows that both schemas accept.
//!
//! The value of a column depends on its type and the number of the row alone, so that a foreign key finds the row of the same
//! number in its parent.

use std::collections::BTreeMap;

use migrate_chain::Dialect;
use migrate_chain::sql::{TokenKind, quote_text, tokens};

use super::sides::Sides;
use super::table::{Filling, Table};
use crate::connection::Connection;
use crate::database;
use crate::error::{Error, database_message};

/// The rows of a table: by column, the literals.
pub struct Filled {
    /// By the column's name without quotes, in small letters.
    columns: BTreeMap<String, Vec<String>>,
    key: Vec<String>,
}

/// How many rows, and whether the last has NULL wherever it may: tried one after another.
const SHAPES: [(usize, bool); 3] = [(3, true), (2, false), (1, false)];
/// As many ways are tried to satisfy the checks.
const WAYS: usize = 8;
const NULL: &str = "NULL";

/// Fills a table; or says why no row could be made.
pub async fn fill(
    sides: &mut Sides<'_>,
    table: &Table<'_>,
    filled: &BTreeMap<String, Filled>,
) -> Result<Result<Filled, String>, Error> {
    let mut why = "no value of its types is known".to_owned();
    for (count, has_null) in SHAPES {
        for way in 0..WAYS {
            let maker = Maker {
                table,
                filled,
                count,
                has_null,
                way,
            };
            // A parent may have fewer rows.
            let Some(rows) = maker.rows() else {
                why = maker.unknown();
                break;
            };
            match try_rows(sides, table, &rows).await {
                Ok(()) => return Ok(Ok(rows)),
                Err(error) => why = error,
            }
            if table.columns.iter().all(|column| column.checks.is_empty()) {
                break;
            }
        }
    }
    Ok(Err(why))
}

/// Puts the rows into the scratch database, unless the desired schema refuses them.
async fn try_rows(sides: &mut Sides<'_>, table: &Table<'_>, rows: &Filled) -> Result<(), String> {
    let dialect = sides.from.dialect();
    let insert =
        |name: &str, of: &dyn Fn(&&Filling<'_>) -> bool| insertion(dialect, name, table, rows, of);
    if let Some(name) = &table.wanted {
        let sql = insert(name, &|column| {
            column.wanted.is_some() && !column.is_computed()
        });
        attempt(sides.wanted, &sql)
            .await
            .map_err(|error| format!("the desired schema refuses its rows: {error}"))?;
    }
    let sql = insert(&table.name, &|column| column.column.generated.is_none());
    attempt(sides.scratch, &sql).await
}

/// Takes the rows away again.
pub async fn clear(sides: &mut Sides<'_>, table: &Table<'_>) -> Result<(), Error> {
    let delete = |name: &str| format!("DELETE FROM {name}");
    if let Some(name) = &table.wanted {
        sides.wanted.execute(&delete(name)).await?;
    }
    sides.scratch.execute(&delete(&table.name)).await
}

/// A statement leaves nothing if it fails.
async fn attempt(connection: &mut Connection, sql: &str) -> Result<(), String> {
    let done = connection.0.execute(sql).await;
    done.map_err(|error| database_message(&error))
}

fn insertion(
    dialect: Dialect,
    name: &str,
    table: &Table<'_>,
    rows: &Filled,
    of: &dyn Fn(&&Filling<'_>) -> bool,
) -> String {
    let columns: Vec<&Filling<'_>> = table.columns.iter().filter(of).collect();
    // Otherwise a constraint of SQLite's may let a statement fail half done.
    let or_abort = if dialect == Dialect::Sqlite {
        " OR ABORT"
    } else {
        ""
    };
    if columns.is_empty() {
        return match dialect {
            Dialect::MySql => format!("INSERT INTO {name} () VALUES ()"),
            _ => format!("INSERT{or_abort} INTO {name} DEFAULT VALUES"),
        };
    }
    let names: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
    let row = |n: usize| {
        let values = columns
            .iter()
            .filter_map(|column| rows.columns.get(&key_of(column))?.get(n));
        let values: Vec<&str> = values.map(String::as_str).collect();
        format!("({})", values.join(", "))
    };
    let count = rows.columns.values().map(Vec::len).max().unwrap_or(1);
    let values: Vec<String> = (0..count).map(row).collect();
    let overriding = if dialect == Dialect::Postgres {
        " OVERRIDING SYSTEM VALUE"
    } else {
        ""
    };
    format!(
        "INSERT{or_abort} INTO {name} ({}){overriding} VALUES {}",
        names.join(", "),
        values.join(", ")
    )
}

fn key_of(column: &Filling<'_>) -> String {
    column.object.written.to_lowercase()
}

/// Makes the rows of one table in one way.
struct Maker<'m> {
    table: &'m Table<'m>,
    filled: &'m BTreeMap<String, Filled>,
    count: usize,
    has_null: bool,
    way: usize,
}

impl Maker<'_> {
    fn rows(&self) -> Option<Filled> {
        let mut columns = BTreeMap::new();
        for column in self
            .table
            .columns
            .iter()
            .filter(|column| column.column.generated.is_none())
        {
            let values: Option<Vec<String>> =
                (0..self.count).map(|n| self.value(column, n)).collect();
            columns.insert(key_of(column), values?);
        }
        Some(Filled {
            columns,
            key: self
                .table
                .key
                .iter()
                .map(|name| name.trim_matches(['"', '`']).to_lowercase())
                .collect(),
        })
    }

    /// The columns that no value is known for.
    fn unknown(&self) -> String {
        let unknown = self
            .table
            .columns
            .iter()
            .filter(|column| self.value(column, self.count - 1).is_none());
        let unknown: Vec<String> = unknown
            .map(|column| format!("{} {}", column.name, column.column.data_type))
            .collect();
        format!("no value is known for {}", unknown.join(", "))
    }

    fn value(&self, column: &Filling<'_>, n: usize) -> Option<String> {
        let is_null = column.may_be_null() && !self.is_key(column);
        let null = is_null.then(|| NULL.to_owned());
        if let Some((parent, name)) = self.table.reference(column) {
            if parent != self.table.id {
                return self
                    .of_parent(&parent.name, name.as_deref(), column, n)
                    .or(null);
            }
        } else if self.has_null && n + 1 == self.count && null.is_some() {
            return null;
        }
        if !column.labels.is_empty() {
            let label = &column.labels[(n + self.way) % column.labels.len()];
            let label = quote_text(self.dialect(), label);
            return Some(if column.column.data_type.ends_with("[]") {
                format!("ARRAY[{label}]::{}", column.column.data_type)
            } else {
                label
            });
        }
        let literals = self.checked(column);
        if !literals.is_empty() && self.way < WAYS - 2 {
            return Some(literals[(n + self.way) % literals.len()].clone());
        }
        let style = if column.checks.is_empty() {
            0
        } else {
            self.way
        };
        database::value(self.dialect(), &column.column.data_type, style, n + 1).or(null)
    }

    fn is_key(&self, column: &Filling<'_>) -> bool {
        self.table.keys.iter().any(|name| column.is_called(name))
    }

    fn of_parent(
        &self,
        parent: &str,
        name: Option<&str>,
        column: &Filling<'_>,
        n: usize,
    ) -> Option<String> {
        let rows = self.filled.get(parent)?;
        let name = match name {
            Some(name) => name.trim_matches(['"', '`']).to_lowercase(),
            None => rows.key.first().cloned().unwrap_or_else(|| key_of(column)),
        };
        rows.columns.get(&name)?.get(n).cloned()
    }

    /// The literals of the checks that may be about a column, and the numbers next to them.
    fn checked(&self, column: &Filling<'_>) -> Vec<String> {
        let mut literals = Vec::new();
        for check in &column.checks {
            for token in tokens(self.dialect(), check) {
                let text = &check[token.range()];
                match token.kind {
                    TokenKind::String => literals.push(text.to_owned()),
                    TokenKind::Number => literals.extend(around(text)),
                    _ => {}
                }
            }
        }
        literals
    }

    fn dialect(&self) -> Dialect {
        self.table.from.dialect()
    }
}

/// A whole number and its neighbours: one of them satisfies a comparison with it.
fn around(number: &str) -> Vec<String> {
    match number.parse::<i64>() {
        Ok(number) => [1, 0, -1, 2]
            .iter()
            .map(|by| (number.saturating_add(*by)).to_string())
            .collect(),
        Err(_) => vec![number.to_owned()],
    }
}
