//! Tables: how they are created, change, join their parents and leave them.

use super::comment::comment;
use super::schemas::Schemas;
use super::{column, inherit};
use crate::model::{Kind, Object, ObjectId, Schema};
use crate::step::Step;

/// Creates a table with its columns and the constraints that need no other table to come first.
pub(super) fn create(table: &Object, to: &Schema, constraints: &[&Object]) -> Vec<Step> {
    let name = &table.id.name;
    let is_partition = table.attribute("bound").is_some();
    let is_typed = table.attribute("of type").is_some();
    let mut columns: Vec<&Object> = to.parts(Kind::Column, name).collect();
    columns.sort_by_key(|column| column.position);
    let mut lines: Vec<String> = if is_typed {
        columns
            .iter()
            .filter_map(|column| column::with_options(column))
            .collect()
    } else {
        columns
            .iter()
            .map(|column| column::definition(column))
            .collect()
    };
    lines.extend(table.attribute("own columns").map(str::to_owned));
    // A constraint that is not valid would be without its NOT VALID.
    let (apart, inside): (Vec<&Object>, Vec<&Object>) = constraints
        .iter()
        .partition(|constraint| is_partition || is_not_valid(constraint));
    lines.extend(inside.iter().map(|constraint| constraint_line(constraint)));
    let mut steps = vec![Step::new(head(table, &lines))];
    steps.extend(apart.iter().map(|constraint| Step::new(&constraint.create)));
    for (attribute, change) in ROW_SECURITY {
        if table.attribute(attribute).is_some() {
            steps.push(Step::new(format!(
                "ALTER TABLE {name} {} ROW LEVEL SECURITY",
                change[0]
            )));
        }
    }
    let commented = std::iter::once(table)
        .chain(columns)
        .chain(constraints.iter().copied());
    steps.extend(commented.filter_map(comment));
    steps
}

pub(super) fn is_not_valid(constraint: &Object) -> bool {
    constraint
        .attribute("definition")
        .is_some_and(|definition| definition.ends_with("NOT VALID"))
}

const ROW_SECURITY: [(&str, [&str; 2]); 2] = [
    ("row security", ["ENABLE", "DISABLE"]),
    ("force row security", ["FORCE", "NO FORCE"]),
];

fn head(table: &Object, lines: &[String]) -> String {
    let name = &table.id.name;
    let unlogged = if table.attribute("unlogged").is_some() {
        "UNLOGGED "
    } else {
        ""
    };
    let clause = |word: &str, attribute: &str, end: &str| {
        table
            .attribute(attribute)
            .map_or_else(String::new, |value| format!("{word}{value}{end}"))
    };
    let tail = format!(
        "{}{}",
        clause(" PARTITION BY ", "partition by", ""),
        clause(" WITH (", "options", ")")
    );
    if let (Some(bound), Some(parent)) = (table.attribute("bound"), table.attribute("parent")) {
        return format!("CREATE {unlogged}TABLE {name} PARTITION OF {parent} {bound}{tail}");
    }
    let body = if lines.is_empty() {
        String::new()
    } else {
        format!("\n    {}\n", lines.join(",\n    "))
    };
    if let Some(kind) = table.attribute("of type") {
        let body = if body.is_empty() {
            body
        } else {
            format!(" ({body})")
        };
        return format!("CREATE {unlogged}TABLE {name} OF {kind}{body}{tail}");
    }
    if let Some(server) = table.attribute("server") {
        let inherits = clause(" INHERITS (", "parent", ")");
        let (server, options) = server
            .split_once(" OPTIONS ")
            .map_or((server, String::new()), |(server, options)| {
                (server, format!(" OPTIONS {options}"))
            });
        return format!("CREATE FOREIGN TABLE {name} ({body}){inherits} SERVER {server}{options}");
    }
    format!(
        "CREATE {unlogged}TABLE {name} ({body}){}{tail}",
        clause(" INHERITS (", "parent", ")")
    )
}

fn constraint_line(constraint: &Object) -> String {
    format!(
        "CONSTRAINT {} {}",
        constraint.id.name,
        constraint.attribute("definition").unwrap_or_default()
    )
}

/// Drops a table. A partition leaves its parent first, as tables may refer to that.
pub(super) fn drop(table: &Object, schemas: Schemas<'_>) -> Vec<Step> {
    let step = Step::new(&table.drop).destructive(format!("drops {} and its rows", table.id));
    let stays = |parent: &str| schemas.to.has(Kind::Table, parent);
    let parent = table.attribute("parent").filter(|parent| stays(parent));
    let leaves = parent.filter(|_| table.attribute("bound").is_some());
    let off = leaves.map_or_else(Vec::new, |_| inheritance(table, false));
    off.into_iter().chain([step]).collect()
}

pub(super) fn alter(from: &Object, to: &Object, schemas: Schemas<'_>) -> Option<Vec<Step>> {
    let name = &to.id.name;
    let changed = |attribute: &str| from.attribute(attribute) != to.attribute(attribute);
    if changed("partition by") || changed("server") {
        return None;
    }
    let mut steps = Vec::new();
    if changed("bound") || changed("parent") {
        // A column that two tables share for a moment stays an inherited one.
        let is_partition = from.attribute("bound").is_some() || to.attribute("bound").is_some();
        if is_partition {
            steps.extend(inheritance(from, false));
            steps.extend(inheritance(to, true));
        } else {
            steps.extend(inherit::change(from, to, schemas));
        }
    }
    if changed("of type") {
        let kind = to.attribute("of type");
        let word = kind.map_or_else(|| "NOT OF".to_owned(), |kind| format!("OF {kind}"));
        steps.push(Step::new(format!("ALTER TABLE {name} {word}")));
    }
    if changed("unlogged") {
        let word = if to.attribute("unlogged").is_some() {
            "UNLOGGED"
        } else {
            "LOGGED"
        };
        steps.push(
            Step::new(format!("ALTER TABLE {name} SET {word}"))
                .blocking(format!("rewrites table {name}")),
        );
    }
    for (attribute, words) in ROW_SECURITY {
        if changed(attribute) {
            let word = words[usize::from(to.attribute(attribute).is_none())];
            steps.push(Step::new(format!(
                "ALTER TABLE {name} {word} ROW LEVEL SECURITY"
            )));
        }
    }
    if changed("options") {
        steps.extend(options(
            name,
            from.attribute("options"),
            to.attribute("options"),
        ));
    }
    Some(steps)
}

/// The steps that take a table to its parents, or off them.
pub(super) fn inheritance(table: &Object, joins: bool) -> Vec<Step> {
    let name = &table.id.name;
    let Some(parents) = table.attribute("parent") else {
        return Vec::new();
    };
    match (table.attribute("bound"), joins) {
        (Some(bound), true) => {
            let attach = format!("ALTER TABLE {parents} ATTACH PARTITION {name} {bound}");
            vec![Step::new(attach).blocking(format!("reads the rows of table {name}"))]
        }
        (Some(_), false) => {
            let detach = format!("ALTER TABLE {parents} DETACH PARTITION {name}");
            vec![Step::new(detach)]
        }
        (None, joins) => inherit::steps(name, parents.split(", "), joins),
    }
}

/// The names of the columns of a table, with those that it inherits.
pub(super) fn column_names(table: &str, schema: &Schema) -> Vec<String> {
    let columns = columns_of(table, schema).into_iter();
    columns.map(|column| column.id.name.clone()).collect()
}

/// The columns of a table with those that it inherits.
pub(super) fn columns_of<'s>(table: &str, schema: &'s Schema) -> Vec<&'s Object> {
    let mut found = Vec::new();
    let mut open = vec![table.to_owned()];
    while let Some(table) = open.pop() {
        let columns = schema.of_kind(Kind::Column);
        found.extend(columns.filter(|column| column.id.owner() == table));
        let parents = schema.get(&ObjectId::new(Kind::Table, &table));
        let parents = parents.and_then(|table| table.attribute("parent"));
        open.extend(
            parents
                .into_iter()
                .flat_map(|parents| parents.split(", ").map(str::to_owned)),
        );
    }
    found
}

fn options(name: &str, from: Option<&str>, to: Option<&str>) -> Vec<Step> {
    let keys = |options: Option<&str>| -> Vec<String> {
        options
            .into_iter()
            .flat_map(|options| options.split(", "))
            .filter_map(|option| Some(option.split_once('=')?.0.to_owned()))
            .collect()
    };
    let kept = keys(to);
    let gone: Vec<String> = keys(from)
        .into_iter()
        .filter(|key| !kept.contains(key))
        .collect();
    let reset = (!gone.is_empty())
        .then(|| Step::new(format!("ALTER TABLE {name} RESET ({})", gone.join(", "))));
    let set = to.map(|options| Step::new(format!("ALTER TABLE {name} SET ({options})")));
    reset.into_iter().chain(set).collect()
}
