//! The facts of a SQLite database.

use std::collections::HashMap;

use migrate_chain::lock::{Built, Column, Key, KeyKind};

use super::parts::{
    add_column, add_key_column, add_table, at, one_line, some, table, without_names, yes,
};
use crate::connection::{Connection, TextRow};
use crate::error::Error;
use crate::model::Details;
use crate::sqlite::parse;

const TABLES: &str = "SELECT l.name, l.type, s.sql FROM pragma_table_list AS l \
    LEFT JOIN sqlite_schema AS s ON s.name = l.name AND s.type IN ('table', 'view') \
    WHERE l.schema = 'main' AND l.type IN ('table', 'view', 'virtual') \
    AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY l.name";

/// Without the hidden columns of virtual tables.
const COLUMNS: &str = "SELECT t.name, c.name, c.type, CAST(c.\"notnull\" AS TEXT), c.dflt_value \
    FROM pragma_table_list AS t, pragma_table_xinfo(t.name) AS c \
    WHERE t.schema = 'main' AND t.type IN ('table', 'view', 'virtual') AND c.hidden <> 1 ORDER BY t.name, c.cid";

const PRIMARY: &str = "SELECT t.name, c.name FROM pragma_table_list AS t, pragma_table_info(t.name) AS c \
    WHERE t.schema = 'main' AND t.type = 'table' AND c.pk > 0 ORDER BY t.name, c.pk";

const FOREIGN: &str = "SELECT t.name, CAST(f.id AS TEXT), f.\"from\", f.\"table\", f.\"to\", f.on_update, f.on_delete \
    FROM pragma_table_list AS t, pragma_foreign_key_list(t.name) AS f \
    WHERE t.schema = 'main' AND t.type = 'table' ORDER BY t.name, f.id, f.seq";

const UNIQUE: &str = "SELECT t.name, i.name, c.name FROM pragma_table_list AS t, pragma_index_list(t.name) AS i, \
    pragma_index_info(i.name) AS c WHERE t.schema = 'main' AND t.type = 'table' AND i.origin = 'u' \
    ORDER BY t.name, i.name, c.seqno";

const INDEXES: &str = "SELECT tbl_name, name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name";

pub(super) async fn built(connection: &mut Connection) -> Result<Built, Error> {
    let mut built = Built::default();
    let mut statements = HashMap::new();
    for row in connection.rows(TABLES).await? {
        add_table(&mut built, at(&row, 0), at(&row, 1) == "view");
        statements.insert(
            at(&row, 0).to_owned(),
            parse::table(at(&row, 2)).unwrap_or_default(),
        );
    }
    for row in connection.rows(COLUMNS).await? {
        let statement = statements.get(at(&row, 0));
        add_column(&mut built, at(&row, 0), column(&row, statement));
    }
    for row in connection.rows(PRIMARY).await? {
        add_key_column(
            &mut built,
            at(&row, 0),
            (KeyKind::Primary, ""),
            at(&row, 1),
            String::new(),
        );
    }
    let mut foreign: Vec<TextRow> = Vec::new();
    for row in connection.rows(FOREIGN).await? {
        let same = foreign.last().is_some_and(|last| last[..2] == row[..2]);
        if !same {
            add_foreign(&mut built, &std::mem::take(&mut foreign));
        }
        foreign.push(row);
    }
    add_foreign(&mut built, &foreign);
    for row in connection.rows(UNIQUE).await? {
        add_key_column(
            &mut built,
            at(&row, 0),
            (KeyKind::Unique, at(&row, 1)),
            at(&row, 2),
            String::new(),
        );
    }
    for row in connection.rows(INDEXES).await? {
        add(
            &mut built,
            at(&row, 0),
            KeyKind::Index,
            at(&row, 1),
            definition(at(&row, 2)),
        );
    }
    for (name, statement) in &statements {
        let constraints = statement.constraints.iter();
        for check in
            constraints.filter(|constraint| matches!(constraint.details, Details::Check(_)))
        {
            let text = one_line(&check.text);
            let text = text.split_once('(').map_or("", |(_, rest)| rest);
            add(&mut built, name, KeyKind::Check, "", format!("({text}"));
        }
    }
    without_names(&mut built);
    Ok(built)
}

fn column(row: &TextRow, statement: Option<&parse::Table>) -> Column {
    let name = at(row, 1);
    let is_rowid = statement
        .and_then(parse::Table::rowid_column)
        .is_some_and(|rowid| rowid.name.eq_ignore_ascii_case(name));
    // A primary key refuses NULL only without a rowid.
    let is_key = statement.is_some_and(|table| {
        let primary = table.primary().filter(|_| table.without_rowid);
        primary.is_some_and(|primary| primary.columns.contains(&name.to_ascii_lowercase()))
    });
    let parsed = statement.and_then(|table| {
        let mut columns = table.columns.iter();
        columns.find(|column| column.name.eq_ignore_ascii_case(name))
    });
    Column {
        name: name.to_owned(),
        sql_type: one_line(at(row, 2)),
        is_not_null: yes(row, 3) || is_rowid || is_key,
        is_identity: is_rowid,
        generated: parsed
            .and_then(|column| column.details.generated.as_ref())
            .map(|generated| one_line(&generated.to_string())),
        default: some(row, 4).map(|text| one_line(&text)),
    }
}

/// The rows of one foreign key, a column each.
fn add_foreign(built: &mut Built, rows: &[TextRow]) {
    let Some(first) = rows.first() else { return };
    let columns = |n: usize| rows.iter().map(move |row| at(row, n));
    let to: Vec<&str> = columns(4).filter(|column| !column.is_empty()).collect();
    let to = if to.is_empty() {
        String::new()
    } else {
        format!(" ({})", to.join(", "))
    };
    let action = |word: &str, n: usize| match at(first, n) {
        "NO ACTION" => String::new(),
        action => format!(" on {word} {}", action.to_lowercase()),
    };
    let text = format!(
        "references {}{to}{}{}",
        at(first, 3),
        action("delete", 6),
        action("update", 5)
    );
    let Some(table) = table(built, at(first, 0)) else {
        return;
    };
    table.keys.push(Key {
        kind: KeyKind::Foreign,
        name: String::new(),
        columns: columns(2).map(str::to_owned).collect(),
        text,
    });
}

fn add(built: &mut Built, of: &str, kind: KeyKind, name: &str, text: String) {
    if let Some(table) = table(built, of) {
        table.keys.push(Key {
            kind,
            name: name.to_owned(),
            columns: Vec::new(),
            text,
        });
    }
}

/// The part of a `CREATE INDEX` from its columns on, with `unique` before it if it is.
fn definition(sql: &str) -> String {
    let is_unique = sql
        .get(..20)
        .is_some_and(|start| start.to_uppercase().contains("UNIQUE"));
    let rest = sql.find('(').map_or("", |at| &sql[at..]);
    let unique = if is_unique { "unique " } else { "" };
    format!("{unique}{}", one_line(rest))
}
