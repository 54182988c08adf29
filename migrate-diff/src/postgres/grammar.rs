//! PostgreSQL's DDL.

use migrate_chain::Dialect;
use migrate_chain::sql::quote_text;

use super::column;
use crate::ddl::{Grammar, Schemas};
use crate::model::{Kind, Object, Schema};
use crate::step::Step;

/// PostgreSQL, and whether indexes and constraints are made while others go on.
pub(super) struct Postgres {
    pub(super) online: bool,
}

impl Grammar for Postgres {
    fn create_table(&self, table: &Object, to: &Schema, constraints: &[&Object]) -> Vec<Step> {
        let name = &table.id.name;
        let is_partition = table.attribute("bound").is_some();
        let mut columns: Vec<&Object> = to.parts(Kind::Column, name).collect();
        columns.sort_by_key(|column| column.position);
        let mut lines: Vec<String> = columns
            .iter()
            .map(|column| column::definition(column))
            .collect();
        if !is_partition {
            lines.extend(
                constraints
                    .iter()
                    .map(|constraint| constraint_line(constraint)),
            );
        }
        let mut steps = vec![Step::new(table_head(table, &lines))];
        if is_partition {
            steps.extend(
                constraints
                    .iter()
                    .map(|constraint| Step::new(&constraint.create)),
            );
        }
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

    fn create(&self, object: &Object, is_new: bool) -> Vec<Step> {
        let mut steps = match object.id.kind {
            Kind::Column => vec![column::add(object)],
            Kind::Constraint => self.add_constraint(object, is_new),
            Kind::Index => vec![self.create_index(object, is_new)],
            Kind::Privilege => statements(&object.create),
            Kind::Trigger => {
                let state = object
                    .attribute("state")
                    .map(|state| trigger_state(object, state));
                std::iter::once(Step::new(&object.create))
                    .chain(state)
                    .collect()
            }
            _ => vec![Step::new(&object.create)],
        };
        steps.extend(comment(object));
        steps
    }

    fn drop(&self, object: &Object) -> Vec<Step> {
        let id = &object.id;
        let step = Step::new(&object.drop);
        match id.kind {
            Kind::Table => vec![step.destructive(format!("drops {id} and its rows"))],
            Kind::Column if object.attribute("generated").is_none() => {
                vec![step.destructive(format!("drops {id} and its values"))]
            }
            Kind::Sequence => vec![step.destructive(format!("drops {id} and where it stood"))],
            Kind::Extension => vec![step.destructive(format!("drops {id} and what it holds"))],
            Kind::Index if self.online => {
                vec![
                    Step::new(
                        object
                            .drop
                            .replacen("DROP INDEX ", "DROP INDEX CONCURRENTLY ", 1),
                    )
                    .online(),
                ]
            }
            Kind::Privilege => statements(&object.drop),
            _ => vec![step],
        }
    }

    fn alter(&self, from: &Object, to: &Object, schemas: Schemas<'_>) -> Option<Vec<Step>> {
        let mut steps = match to.id.kind {
            Kind::Table => alter_table(from, to)?,
            Kind::Column => column::alter(from, to, schemas, self.online)?,
            Kind::Type => alter_type(from, to)?,
            Kind::Domain => alter_domain(from, to)?,
            Kind::Sequence => alter_sequence(from, to)?,
            Kind::Extension => vec![Step::new(format!(
                "ALTER EXTENSION {} SET SCHEMA {}",
                to.id.name,
                to.attribute("schema")?
            ))],
            _ if from.attribute("definition") == to.attribute("definition")
                && from.attribute("invalid").is_none() =>
            {
                Vec::new()
            }
            Kind::Constraint => validate(from, to)?,
            Kind::Function | Kind::Procedure
                if from.attribute("signature") == to.attribute("signature") =>
            {
                vec![Step::new(&to.create)]
            }
            Kind::View if keeps_columns(from, to) => vec![Step::new(to.create.replacen(
                "CREATE VIEW",
                "CREATE OR REPLACE VIEW",
                1,
            ))],
            _ => return None,
        };
        if from.attribute("state") != to.attribute("state") {
            steps.push(trigger_state(to, to.attribute("state").unwrap_or("ENABLE")));
        }
        if from.attribute("comment") != to.attribute("comment") {
            steps.push(comment(to).unwrap_or_else(|| {
                Step::new(format!("COMMENT ON {} IS NULL", comment_target(to)))
            }));
        }
        Some(steps)
    }

    fn disturbs(&self, (from, to): (&Object, &Object), dependent: &Object) -> bool {
        if from.id.kind != Kind::Column || !column::changes_type(from, to) {
            return false;
        }
        let is_recreated = to.attribute(column::RECREATED).is_some();
        match dependent.id.kind {
            Kind::View
            | Kind::MaterializedView
            | Kind::Policy
            | Kind::Trigger
            | Kind::Function
            | Kind::Procedure
            | Kind::Column => true,
            // An index of expressions and a check are not read anew with another type of the same name.
            Kind::Index => is_recreated,
            Kind::Constraint => {
                is_recreated
                    && dependent.attribute("definition").is_some_and(|text| {
                        text.starts_with("CHECK") || text.starts_with("EXCLUDE")
                    })
            }
            _ => false,
        }
    }

    fn detach(&self, object: &Object) -> Option<(Vec<Step>, Vec<Step>)> {
        let default = object
            .attribute("default")
            .filter(|_| object.id.kind == Kind::Column)?;
        let column = format!(
            "ALTER TABLE {} ALTER COLUMN {}",
            object.id.owner(),
            object.id.name
        );
        Some((
            vec![Step::new(format!("{column} DROP DEFAULT"))],
            vec![Step::new(format!("{column} SET DEFAULT {default}"))],
        ))
    }

    fn rename(&self, from: &Object, to: &Object) -> Option<Step> {
        let (old, new) = (&from.id.name, &to.id.name);
        let comment = |object: &Object| object.attribute("comment").map(str::to_owned);
        if comment(from) != comment(to) {
            return None;
        }
        match to.id.kind {
            Kind::Constraint if from.attributes == to.attributes => Some(Step::new(format!(
                "ALTER TABLE {} RENAME CONSTRAINT {old} TO {new}",
                to.id.owner()
            ))),
            Kind::Index
                if unnamed_index(from) == unnamed_index(to)
                    && from.attribute("invalid").is_none() =>
            {
                let name = from.drop.trim_start_matches("DROP INDEX ");
                Some(Step::new(format!("ALTER INDEX {name} RENAME TO {new}")))
            }
            // Only where both belong to the same column.
            Kind::Sequence
                if from.attributes == to.attributes
                    && from.owner.is_some()
                    && from.owner == to.owner =>
            {
                let bare = new.rsplit_once('.').map_or(new.as_str(), |(_, name)| name);
                Some(Step::new(format!("ALTER SEQUENCE {old} RENAME TO {bare}")))
            }
            _ => None,
        }
    }
}

const ROW_SECURITY: [(&str, [&str; 2]); 2] = [
    ("row security", ["ENABLE", "DISABLE"]),
    ("force row security", ["FORCE", "NO FORCE"]),
];

fn table_head(table: &Object, lines: &[String]) -> String {
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

fn statements(text: &str) -> Vec<Step> {
    text.split(";\n").map(Step::new).collect()
}

fn trigger_state(trigger: &Object, state: &str) -> Step {
    Step::new(format!(
        "ALTER TABLE {} {state} TRIGGER {}",
        trigger.id.owner(),
        trigger.id.name
    ))
}

/// The statement of an index without its name.
fn unnamed_index(index: &Object) -> Option<String> {
    let definition = index.attribute("definition")?;
    Some(definition.replacen(&format!(" {} ON ", index.id.name), " ON ", 1))
}

pub(super) fn literal(text: &str) -> String {
    quote_text(Dialect::Postgres, text)
}

pub(super) fn comment(object: &Object) -> Option<Step> {
    let text = object.attribute("comment")?;
    Some(Step::new(format!(
        "COMMENT ON {} IS {}",
        comment_target(object),
        literal(text)
    )))
}

fn comment_target(object: &Object) -> String {
    let id = &object.id;
    match id.kind {
        Kind::Column => format!("COLUMN {}.{}", id.owner(), id.name),
        Kind::Constraint => format!("CONSTRAINT {} ON {}", id.name, id.owner()),
        _ => object.drop.trim_start_matches("DROP ").to_owned(),
    }
}

impl Postgres {
    fn add_constraint(&self, constraint: &Object, is_new: bool) -> Vec<Step> {
        let (table, name) = (constraint.id.owner(), &constraint.id.name);
        let definition = constraint.attribute("definition").unwrap_or_default();
        let validates = definition.starts_with("CHECK") || definition.starts_with("FOREIGN KEY");
        let step = Step::new(&constraint.create);
        if is_new || definition.ends_with("NOT VALID") {
            return vec![step];
        }
        if !self.online {
            let text = format!(
                "locks table {table} while its rows are read, and fails if they break the constraint"
            );
            return vec![step.blocking(text)];
        }
        if validates {
            let validate = format!("ALTER TABLE {table} VALIDATE CONSTRAINT {name}");
            let text = format!("fails if rows of table {table} break the constraint");
            return vec![
                Step::new(format!("{} NOT VALID", constraint.create)),
                Step::new(validate).blocking(text).online(),
            ];
        }
        unique_online(constraint).unwrap_or_else(|| {
            vec![step.blocking(format!("locks table {table} while its rows are read"))]
        })
    }

    fn create_index(&self, index: &Object, is_new: bool) -> Step {
        let table = index.id.owner();
        if is_new {
            return Step::new(&index.create);
        }
        let fails = index
            .create
            .starts_with("CREATE UNIQUE")
            .then(|| format!("fails if rows of table {table} are not unique"));
        let step = if self.online {
            Step::new(index.create.replacen("INDEX ", "INDEX CONCURRENTLY ", 1)).online()
        } else {
            Step::new(&index.create).blocking(format!(
                "keeps writers off {table} while the index is built"
            ))
        };
        match fails {
            Some(text) => step.blocking(text),
            None => step,
        }
    }
}

/// A unique constraint takes over an index that was made concurrently.
fn unique_online(constraint: &Object) -> Option<Vec<Step>> {
    let (table, name) = (constraint.id.owner(), &constraint.id.name);
    let definition = constraint.attribute("definition")?;
    let word = ["PRIMARY KEY", "UNIQUE"]
        .into_iter()
        .find(|word| definition.starts_with(word))?;
    let columns = &definition[word.len()..];
    let (columns, rest) = columns.split_at(columns.find(')')? + 1);
    if !rest.is_empty() && !rest.trim_start().starts_with("DEFERRABLE") {
        return None;
    }
    let index = format!("CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table}{columns}");
    let adopt =
        format!("ALTER TABLE {table} ADD CONSTRAINT {name} {word} USING INDEX {name}{rest}");
    let text = format!("fails if rows of table {table} are not unique");
    Some(vec![
        Step::new(index).blocking(text).online(),
        Step::new(adopt).online(),
    ])
}

fn validate(from: &Object, to: &Object) -> Option<Vec<Step>> {
    let old = from.attribute("definition")?.strip_suffix(" NOT VALID")?;
    (Some(old) == to.attribute("definition")).then(|| {
        let (table, name) = (to.id.owner(), &to.id.name);
        vec![
            Step::new(format!("ALTER TABLE {table} VALIDATE CONSTRAINT {name}")).blocking(format!(
                "fails if rows of table {table} break the constraint"
            )),
        ]
    })
}

/// A view can be replaced while it keeps its columns and adds behind them.
fn keeps_columns(from: &Object, to: &Object) -> bool {
    match (from.attribute("columns"), to.attribute("columns")) {
        (Some(old), Some(new)) => new == old || new.starts_with(&format!("{old}, ")),
        _ => false,
    }
}

fn alter_table(from: &Object, to: &Object) -> Option<Vec<Step>> {
    let name = &to.id.name;
    let changed = |attribute: &str| from.attribute(attribute) != to.attribute(attribute);
    if changed("partition by") {
        return None;
    }
    let mut steps = Vec::new();
    if changed("bound") || changed("parent") {
        steps.extend(inheritance(from, false));
        steps.extend(inheritance(to, true));
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
fn inheritance(table: &Object, joins: bool) -> Vec<Step> {
    let name = &table.id.name;
    let Some(parents) = table.attribute("parent") else {
        return Vec::new();
    };
    let step = |sql: String| Step::new(sql);
    match (table.attribute("bound"), joins) {
        (Some(bound), true) => vec![
            step(format!(
                "ALTER TABLE {parents} ATTACH PARTITION {name} {bound}"
            ))
            .blocking(format!("reads the rows of table {name}")),
        ],
        (Some(_), false) => vec![step(format!(
            "ALTER TABLE {parents} DETACH PARTITION {name}"
        ))],
        (None, _) => {
            let word = if joins { "INHERIT" } else { "NO INHERIT" };
            parents
                .split(", ")
                .map(|parent| step(format!("ALTER TABLE {name} {word} {parent}")))
                .collect()
        }
    }
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

/// New labels of an enum are added in place.
fn alter_type(from: &Object, to: &Object) -> Option<Vec<Step>> {
    if to.attribute(super::enums::RECREATED).is_some() {
        let name = &to.id.name;
        let old = super::enums::old_name(name);
        let bare = old.rsplit_once('.').map_or(old.as_str(), |(_, name)| name);
        return Some(vec![
            Step::new(format!("ALTER TYPE {name} RENAME TO {bare}")),
            Step::new(&to.create),
        ]);
    }
    if from.attribute("definition").is_some() || to.attribute("definition").is_some() {
        return (from.attribute("definition") == to.attribute("definition")).then(Vec::new);
    }
    super::enums::added_labels(from, to)
}

fn alter_domain(from: &Object, to: &Object) -> Option<Vec<Step>> {
    let same = |name: &str| from.attribute(name) == to.attribute(name);
    if !same("type") || !same("collation") {
        return None;
    }
    let domain = format!("ALTER DOMAIN {}", to.id.name);
    let mut steps = Vec::new();
    if !same("default") {
        let default = to.attribute("default").map_or_else(
            || "DROP DEFAULT".to_owned(),
            |default| format!("SET DEFAULT {default}"),
        );
        steps.push(Step::new(format!("{domain} {default}")));
    }
    if !same("not null") {
        let sets = to.attribute("not null").is_some();
        let step = Step::new(format!(
            "{domain} {} NOT NULL",
            if sets { "SET" } else { "DROP" }
        ));
        steps.push(if sets {
            step.blocking(format!("fails if a column of {} holds NULL", to.id))
        } else {
            step
        });
    }
    let checks = |object: &Object| -> Vec<String> {
        object
            .attribute("checks")
            .into_iter()
            .flat_map(str::lines)
            .map(str::to_owned)
            .collect()
    };
    let (old, new) = (checks(from), checks(to));
    for gone in old.iter().filter(|check| !new.contains(check)) {
        let name = gone.split(" CHECK ").next().unwrap_or_default();
        steps.push(Step::new(format!("{domain} DROP {name}")));
    }
    for added in new.iter().filter(|check| !old.contains(check)) {
        steps.push(Step::new(format!("{domain} ADD {added}")).blocking(format!(
            "fails if a value of {} breaks the constraint",
            to.id
        )));
    }
    Some(steps)
}

fn alter_sequence(from: &Object, to: &Object) -> Option<Vec<Step>> {
    if from.attribute("unlogged") != to.attribute("unlogged") {
        return None;
    }
    let definition = to
        .attribute("definition")
        .filter(|_| from.attribute("definition") != to.attribute("definition"));
    Some(
        definition
            .map(|definition| Step::new(format!("ALTER SEQUENCE {} {definition}", to.id.name)))
            .into_iter()
            .collect(),
    )
}
