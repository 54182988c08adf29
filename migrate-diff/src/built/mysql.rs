//! The facts of a database of MySQL or MariaDB.

use migrate_chain::lock::{Built, Column, Key, KeyKind};

use super::parts::{
    add_column, add_key_column, add_table, at, one_line, some, table, without_names, yes,
};
use crate::connection::{Connection, TextRow};
use crate::error::Error;

const TABLES: &str = "SELECT CAST(TABLE_NAME AS CHAR), CAST(TABLE_TYPE AS CHAR) FROM information_schema.TABLES \
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE IN ('BASE TABLE', 'VIEW') ORDER BY TABLE_NAME";

const COLUMNS: &str = "SELECT CAST(TABLE_NAME AS CHAR), CAST(COLUMN_NAME AS CHAR), CAST(COLUMN_TYPE AS CHAR), \
    CAST(IS_NULLABLE AS CHAR), CAST(COLUMN_DEFAULT AS CHAR), CAST(EXTRA AS CHAR), CAST(GENERATION_EXPRESSION AS CHAR) \
    FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION";

/// A unique constraint is an index, and says so.
const INDEXES: &str = "SELECT CAST(TABLE_NAME AS CHAR), CAST(INDEX_NAME AS CHAR), CAST(COLUMN_NAME AS CHAR), \
    CAST(NON_UNIQUE = 0 AS CHAR), CAST(SUB_PART AS CHAR), CAST(INDEX_TYPE AS CHAR) FROM information_schema.STATISTICS \
    WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX";

const FOREIGN: &str = "SELECT CAST(k.TABLE_NAME AS CHAR), CAST(k.CONSTRAINT_NAME AS CHAR), CAST(k.COLUMN_NAME AS CHAR), \
    CAST(k.REFERENCED_TABLE_NAME AS CHAR), CAST(k.REFERENCED_COLUMN_NAME AS CHAR), CAST(r.DELETE_RULE AS CHAR), \
    CAST(r.UPDATE_RULE AS CHAR) FROM information_schema.KEY_COLUMN_USAGE AS k \
    JOIN information_schema.REFERENTIAL_CONSTRAINTS AS r ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA \
    AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME \
    WHERE k.TABLE_SCHEMA = DATABASE() ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION";

const CHECKS: &str = "SELECT CAST(t.TABLE_NAME AS CHAR), CAST(c.CHECK_CLAUSE AS CHAR) FROM information_schema.TABLE_CONSTRAINTS AS t \
    JOIN information_schema.CHECK_CONSTRAINTS AS c ON c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME{} \
    WHERE t.TABLE_SCHEMA = DATABASE() AND t.CONSTRAINT_TYPE = 'CHECK' ORDER BY t.TABLE_NAME, 2";

pub(super) async fn built(connection: &mut Connection) -> Result<Built, Error> {
    let is_maria = connection
        .text("SELECT CAST(VERSION() AS CHAR)")
        .await?
        .contains("MariaDB");
    let mut built = Built::default();
    for row in connection.rows(TABLES).await? {
        add_table(&mut built, at(&row, 0), at(&row, 1) == "VIEW");
    }
    for row in connection.rows(COLUMNS).await? {
        add_column(&mut built, at(&row, 0), column(&row));
    }
    let mut foreign: Vec<TextRow> = Vec::new();
    for row in connection.rows(FOREIGN).await? {
        if foreign.last().is_some_and(|last| last[..2] != row[..2]) {
            add_foreign(&mut built, &std::mem::take(&mut foreign));
        }
        foreign.push(row);
    }
    add_foreign(&mut built, &foreign);
    for row in connection.rows(INDEXES).await? {
        add_index(&mut built, &row);
    }
    // In MariaDB the name of a check is unique in its table, in MySQL in the database.
    let checks = CHECKS.replace(
        "{}",
        if is_maria {
            " AND c.TABLE_NAME = t.TABLE_NAME"
        } else {
            ""
        },
    );
    for row in connection.rows(&checks).await? {
        let text = one_line(at(&row, 1));
        let text = if text.starts_with('(') {
            text
        } else {
            format!("({text})")
        };
        add(
            &mut built,
            at(&row, 0),
            Key {
                kind: KeyKind::Check,
                name: String::new(),
                columns: Vec::new(),
                text,
            },
        );
    }
    without_names(&mut built);
    Ok(built)
}

fn column(row: &TextRow) -> Column {
    let extra = at(row, 5).to_lowercase();
    let default = some(row, 4).filter(|default| default != "NULL");
    Column {
        name: at(row, 1).to_owned(),
        sql_type: without_width(at(row, 2)),
        is_not_null: !yes(row, 3),
        is_identity: extra.contains("auto_increment"),
        generated: some(row, 6).map(|text| one_line(&text)),
        default: default.map(|text| one_line(&text)),
    }
}

/// The display width of an integer says nothing, and newer servers do not have it; `tinyint(1)` is a boolean.
fn without_width(sql_type: &str) -> String {
    let Some((name, rest)) = sql_type.split_once('(') else {
        return sql_type.to_owned();
    };
    let is_integer = ["tinyint", "smallint", "mediumint", "int", "bigint"].contains(&name);
    match rest.split_once(')') {
        Some((width, after)) if is_integer && (name, width) != ("tinyint", "1") => {
            format!("{name}{after}")
        }
        _ => sql_type.to_owned(),
    }
}

fn add_foreign(built: &mut Built, rows: &[TextRow]) {
    let Some(first) = rows.first() else { return };
    let columns = |n: usize| rows.iter().map(|row| at(row, n)).collect::<Vec<_>>();
    let action = |word: &str, n: usize| match at(first, n) {
        "NO ACTION" | "RESTRICT" => String::new(),
        action => format!(" on {word} {}", action.to_lowercase()),
    };
    let to = columns(4).join(", ");
    let text = format!(
        "references {} ({to}){}{}",
        at(first, 3),
        action("delete", 5),
        action("update", 6)
    );
    let columns = columns(2).into_iter().map(str::to_owned).collect();
    add(
        built,
        at(first, 0),
        Key {
            kind: KeyKind::Foreign,
            name: String::new(),
            columns,
            text,
        },
    );
}

fn add_index(built: &mut Built, row: &TextRow) {
    let (of, name, is_unique) = (at(row, 0), at(row, 1), yes(row, 3));
    let part = some(row, 4);
    if name == "PRIMARY" {
        return add_key_column(built, of, (KeyKind::Primary, ""), at(row, 2), String::new());
    }
    if is_unique && part.is_none() && at(row, 5) == "BTREE" {
        return add_key_column(
            built,
            of,
            (KeyKind::Unique, name),
            at(row, 2),
            String::new(),
        );
    }
    let column = part.map_or_else(
        || at(row, 2).to_owned(),
        |part| format!("{}({part})", at(row, 2)),
    );
    let column = if column.is_empty() {
        "(expression)".to_owned()
    } else {
        column
    };
    let Some(table) = table(built, of) else {
        return;
    };
    let mut keys = table.keys.iter_mut();
    if let Some(key) = keys.find(|key| key.kind == KeyKind::Index && key.name == name) {
        let end = key.text.rfind(')').unwrap_or(key.text.len());
        key.text.insert_str(end, &format!(", {column}"));
        return;
    }
    let kind = match at(row, 5) {
        "BTREE" => String::new(),
        kind => format!(" using {}", kind.to_lowercase()),
    };
    let unique = if is_unique { "unique " } else { "" };
    let text = format!("{unique}({column}){kind}");
    add(
        built,
        of,
        Key {
            kind: KeyKind::Index,
            name: name.to_owned(),
            columns: Vec::new(),
            text,
        },
    );
}

fn add(built: &mut Built, of: &str, key: Key) {
    if let Some(table) = table(built, of) {
        table.keys.push(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_width_is_no_part_of_a_type() {
        for (written, meant) in [
            ("bigint(20) unsigned", "bigint unsigned"),
            ("int(11)", "int"),
            ("tinyint(1)", "tinyint(1)"),
            ("varchar(20)", "varchar(20)"),
            ("datetime(6)", "datetime(6)"),
        ] {
            assert_eq!(without_width(written), meant);
        }
    }
}
