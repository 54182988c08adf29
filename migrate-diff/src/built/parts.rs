//! Reading rows into the facts of a lock.

use migrate_chain::lock::{Built, Column, Key, KeyKind, Table};

use crate::connection::TextRow;

/// The fields of a row by position; NULL is empty.
pub fn at(row: &TextRow, n: usize) -> &str {
    row.get(n).and_then(Option::as_deref).unwrap_or_default()
}

/// A text that is not NULL and not empty.
pub fn some(row: &TextRow, n: usize) -> Option<String> {
    let text = at(row, n);
    (!text.is_empty()).then(|| text.to_owned())
}

pub fn yes(row: &TextRow, n: usize) -> bool {
    matches!(at(row, n), "1" | "t" | "true" | "YES")
}

/// Adds a table, in its place.
pub fn add_table(built: &mut Built, name: &str, is_view: bool) {
    let place = built.tables.partition_point(|table| *table.name < *name);
    let table = Table {
        name: name.to_owned(),
        is_view,
        ..Table::default()
    };
    built.tables.insert(place, table);
}

pub fn table<'b>(built: &'b mut Built, name: &str) -> Option<&'b mut Table> {
    let place = built
        .tables
        .binary_search_by(|table| (*table.name).cmp(name));
    built.tables.get_mut(place.ok()?)
}

/// Adds a column, whose table must be there.
pub fn add_column(built: &mut Built, of: &str, column: Column) {
    if let Some(table) = table(built, of) {
        table.columns.push(column);
    }
}

/// Adds a column to the last key that has the same table, kind and name, or begins one.
pub fn add_key_column(
    built: &mut Built,
    of: &str,
    id: (KeyKind, &str),
    column: &str,
    text: String,
) {
    let Some(table) = table(built, of) else {
        return;
    };
    let (kind, name) = id;
    let is_same = |key: &&mut Key| key.kind == kind && key.name == name;
    match table.keys.last_mut().filter(is_same) {
        Some(key) => key.columns.push(column.to_owned()),
        None => table.keys.push(Key {
            kind,
            name: name.to_owned(),
            columns: vec![column.to_owned()],
            text,
        }),
    }
}

/// Takes the names of constraints away: only an index keeps its name.
pub fn without_names(built: &mut Built) {
    let keys = built.tables.iter_mut().flat_map(|table| &mut table.keys);
    for key in keys.filter(|key| key.kind != KeyKind::Index) {
        key.name.clear();
    }
}

/// One line: the lock has one fact a line, and servers break theirs where they like.
pub fn one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}
