//! Changes that fail on some rows, with the query that finds them.

use migrate_chain::Dialect;
use migrate_chain::sql::{TokenKind, quote_text, tokens};

use super::details::{Constraint, ConstraintKind, Index};
use super::schemas::Schemas;
use crate::model::{Domain, ForeignKey, Kind, Object, ObjectId};

/// A hazard of some rows, with the query that finds them.
pub fn found(text: &str, query: &str) -> String {
    format!("{text}; this query finds them: {query}")
}

/// The rows of a column that hold NULL.
pub fn nulls(column: &ObjectId) -> String {
    format!(
        "SELECT * FROM {} WHERE {} IS NULL",
        column.owner(),
        column.name
    )
}

/// The values of a column that are not among the labels.
pub fn other_labels(column: &ObjectId, data_type: &str, labels: &[String]) -> String {
    let labels = labels
        .iter()
        .map(|label| quote_text(Dialect::Postgres, label));
    let labels = labels.collect::<Vec<_>>().join(", ");
    let (name, table) = (&column.name, column.owner());
    if data_type.ends_with("[]") {
        return format!(
            "SELECT DISTINCT {name} FROM {table} WHERE NOT {name}::text[] <@ ARRAY[{labels}]::text[]"
        );
    }
    format!(
        "SELECT DISTINCT {name} FROM {table} WHERE {name}::text <> ALL (ARRAY[{labels}]::text[])"
    )
}

/// The values of a column that another type has no room for; none if no query tells.
pub fn beyond(column: &ObjectId, old: &str, new: &str) -> Option<String> {
    let (name, table) = (&column.name, column.owner());
    let is_number = |kind: &str| {
        let numbers = [
            "smallint",
            "integer",
            "bigint",
            "numeric",
            "real",
            "double precision",
        ];
        numbers.iter().any(|number| kind.starts_with(number))
    };
    let is_text = |kind: &str| kind == "text" || kind.starts_with("character");
    let condition = match new {
        "smallint" if is_number(old) => format!("{name} NOT BETWEEN -32768 AND 32767"),
        "integer" if is_number(old) => format!("{name} NOT BETWEEN -2147483648 AND 2147483647"),
        "bigint" if is_number(old) => {
            format!("{name} NOT BETWEEN -9223372036854775808 AND 9223372036854775807")
        }
        "smallint" | "integer" | "bigint" if is_text(old) => {
            format!("{name} !~ '^\\s*[-+]?\\d+\\s*$'")
        }
        "uuid" => format!("{name}::text !~* '^[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$'"),
        "boolean" if is_text(old) => {
            format!(
                "lower({name}) <> ALL (ARRAY['true', 'false', 't', 'f', 'yes', 'no', 'y', 'n', 'on', 'off', '1', '0'])"
            )
        }
        _ if new.starts_with("character") => {
            let length = new.split_once('(')?.1.strip_suffix(')')?;
            format!("length({name}::text) > {length}")
        }
        _ if new.starts_with("numeric(") && is_number(old) => {
            let (precision, scale) = new
                .strip_prefix("numeric(")?
                .strip_suffix(')')?
                .split_once(',')?;
            let digits = precision.parse::<i32>().ok()? - scale.parse::<i32>().ok()?;
            format!("abs({name}) >= 1e{digits}")
        }
        _ => return None,
    };
    Some(format!("SELECT {name} FROM {table} WHERE {condition}"))
}

/// The values of a column that a domain refuses; none if it takes all.
pub fn outside(column: &ObjectId, domain: &Domain) -> Option<String> {
    let (name, table) = (&column.name, column.owner());
    let checks = domain
        .checks
        .iter()
        .map(|check| format!("NOT {}", of_check(check, name)));
    let nulls = domain.not_null.then(|| format!("{name} IS NULL"));
    let conditions: Vec<String> = nulls.into_iter().chain(checks).collect();
    let condition = conditions.join(" OR ");
    (!conditions.is_empty()).then(|| format!("SELECT {name} FROM {table} WHERE {condition}"))
}

/// The condition of a domain's check on a column.
pub fn of_check(check: &str, column: &str) -> String {
    let condition = check
        .split_once(" CHECK ")
        .map_or("", |(_, condition)| condition);
    let condition = condition.trim_end_matches(" NOT VALID");
    let mut text = String::new();
    let mut end = 0;
    for token in tokens(Dialect::Postgres, condition) {
        if token.kind == TokenKind::Word && condition[token.range()].eq_ignore_ascii_case("value") {
            text.push_str(&condition[end..token.range().start]);
            text.push_str(column);
            end = token.range().end;
        }
    }
    text + &condition[end..]
}

/// The rows that break a constraint that is to be added; none if no query tells.
pub fn breaking(id: &ObjectId, constraint: &Constraint) -> Option<String> {
    let table = id.owner();
    match &constraint.kind {
        ConstraintKind::Key(key) => Some(duplicates(table, &key.columns, None)),
        ConstraintKind::ForeignKey(key) => Some(orphans(table, key)),
        ConstraintKind::Check(check) => Some(format!(
            "SELECT * FROM {table} WHERE NOT ({})",
            check.expression
        )),
        ConstraintKind::Exclusion => None,
    }
}

/// The rows that a unique index refuses.
pub fn duplicates_of(id: &ObjectId, index: &Index) -> String {
    duplicates(
        id.owner(),
        &index.shape.columns,
        index.shape.predicate.as_deref(),
    )
}

fn duplicates(table: &str, columns: &[String], predicate: Option<&str>) -> String {
    let list = columns.join(", ");
    let filled = columns.iter().map(|column| format!("{column} IS NOT NULL"));
    let conditions = filled.chain(predicate.map(|predicate| format!("({predicate})")));
    let conditions = conditions.collect::<Vec<_>>().join(" AND ");
    format!("SELECT {list} FROM {table} WHERE {conditions} GROUP BY {list} HAVING count(*) > 1")
}

/// The rows of a table whose parent is missing.
fn orphans(table: &str, key: &ForeignKey) -> String {
    let filled = key
        .columns
        .iter()
        .map(|column| format!("{table}.{column} IS NOT NULL"));
    let filled = filled.collect::<Vec<_>>().join(" AND ");
    format!(
        "SELECT * FROM {table} WHERE {filled} AND NOT EXISTS ({})",
        parents(table, &key.table, key)
    )
}

/// The rows of `parent` that a row of `table` refers to.
fn parents(table: &str, parent: &str, key: &ForeignKey) -> String {
    let pairs = key.columns.iter().zip(&key.parent_columns);
    let pairs = pairs.map(|(own, other)| format!("parent.{other} = {table}.{own}"));
    let pairs = pairs.collect::<Vec<_>>().join(" AND ");
    format!("SELECT FROM {parent} AS parent WHERE {pairs}")
}

/// The reasons why a partition cannot leave its table: rows elsewhere that refer to its own, foreign key by foreign key.
pub fn referring(partition: &str, parent: &str, schemas: Schemas<'_>) -> Vec<String> {
    let keys = schemas.from.of_kind(Kind::Constraint);
    let keys = keys.filter(|key| schemas.to.get(&key.id).is_some());
    let keys = keys.filter_map(|object| Some((object.id.owner(), object.foreign_key()?)));
    let keys = keys.filter(|(_, key)| key.table == parent);
    keys.map(|(table, key)| {
        let query = format!(
            "SELECT * FROM {table} WHERE EXISTS ({})",
            parents(table, partition, key)
        );
        found(
            &format!("fails if rows of table {table} refer to those of table {partition}"),
            &query,
        )
    })
    .collect()
}

/// The reasons why a new partition cannot join its table: rows of the default partition that belong to it.
pub fn in_default(partition: &Object, schemas: Schemas<'_>) -> Option<String> {
    let new = partition.pg_table()?;
    let parent = new.parents.first()?;
    let bound = new.bound.as_deref()?;
    let is_default = |table: &&Object| {
        let table = table.pg_table();
        table.is_some_and(|table| {
            table.bound.as_deref() == Some("DEFAULT") && table.parents.first() == Some(parent)
        })
    };
    let default = schemas.from.of_kind(Kind::Table).find(is_default)?;
    let default = &schemas.to.get(&default.id)?.id;
    let text = format!(
        "fails if {default} has rows that belong to table {}",
        partition.id.name
    );
    let parent = schemas.to.get(&ObjectId::new(Kind::Table, parent))?;
    let key = parent.pg_table()?.partition_by.as_deref()?;
    Some(match within(key, bound) {
        Some(condition) => found(
            &text,
            &format!("SELECT * FROM {} WHERE {condition}", default.name),
        ),
        None => text,
    })
}

/// The condition on the rows of a partition; none if it is not about one column.
fn within(key: &str, bound: &str) -> Option<String> {
    let (method, column) = key.split_once(" (")?;
    let column = column.strip_suffix(')')?;
    if column.contains([',', '(']) {
        return None;
    }
    let bound = bound.strip_prefix("FOR VALUES ")?;
    match method {
        "LIST" => Some(format!("{column} {bound}")),
        "RANGE" => {
            let (from, to) = bound
                .strip_prefix("FROM (")?
                .strip_suffix(')')?
                .split_once(") TO (")?;
            let from = (from != "MINVALUE").then(|| format!("{column} >= {from}"));
            let to = (to != "MAXVALUE").then(|| format!("{column} < {to}"));
            let both: Vec<String> = from.into_iter().chain(to).collect();
            (!both.is_empty()).then(|| both.join(" AND "))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_of_a_partition_are_those_within_its_bound() {
        for (key, bound, expected) in [
            ("LIST (a)", "FOR VALUES IN (1, 2)", Some("a IN (1, 2)")),
            (
                "RANGE (a)",
                "FOR VALUES FROM (1) TO (10)",
                Some("a >= 1 AND a < 10"),
            ),
            (
                "RANGE (a)",
                "FOR VALUES FROM (MINVALUE) TO (10)",
                Some("a < 10"),
            ),
            ("RANGE (a, b)", "FOR VALUES FROM (1, 2) TO (3, 4)", None),
            ("HASH (a)", "FOR VALUES WITH (modulus 2, remainder 0)", None),
            ("LIST (lower(a))", "FOR VALUES IN ('x')", None),
        ] {
            assert_eq!(within(key, bound).as_deref(), expected, "{key} {bound}");
        }
    }

    #[test]
    fn values_without_room_are_found() {
        let column = ObjectId::of(Kind::Column, "t", "a");
        let found = |old, new| beyond(&column, old, new).unwrap_or_default();
        assert_eq!(
            found("bigint", "integer"),
            "SELECT a FROM t WHERE a NOT BETWEEN -2147483648 AND 2147483647"
        );
        assert_eq!(
            found("text", "character varying(5)"),
            "SELECT a FROM t WHERE length(a::text) > 5"
        );
        assert_eq!(
            found("numeric", "numeric(10,2)"),
            "SELECT a FROM t WHERE abs(a) >= 1e8"
        );
        assert_eq!(found("jsonb", "date"), "");
    }
}
