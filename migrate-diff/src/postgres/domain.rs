//! Domains.

use super::hazard;
use super::schemas::Schemas;
use crate::model::{Domain, Kind, Object, ObjectId};
use crate::operation::Operation;

/// The steps that change a domain in place; `None` if it must be recreated.
pub fn alter(
    id: &ObjectId,
    from: &Domain,
    to: &Domain,
    schemas: Schemas<'_>,
) -> Option<Vec<Operation>> {
    if from.data_type != to.data_type || from.collation != to.collation {
        return None;
    }
    let alter = format!("ALTER DOMAIN {}", id.name);
    let mut steps = Vec::new();
    if from.default != to.default {
        let default = to.default.as_ref();
        let default = default.map_or_else(
            || "DROP DEFAULT".to_owned(),
            |default| format!("SET DEFAULT {default}"),
        );
        steps.push(Operation::new(format!("{alter} {default}")));
    }
    if from.not_null && !to.not_null {
        steps.push(Operation::new(format!("{alter} DROP NOT NULL")));
    }
    if to.not_null && !from.not_null {
        let fails = format!("fails if a column of {id} holds NULL");
        let step = Operation::new(format!("{alter} SET NOT NULL"));
        steps.push(step.blocking(found(&fails, id, schemas, |name| format!("{name} IS NULL"))));
    }
    for gone in from
        .checks
        .iter()
        .filter(|check| !to.checks.contains(check))
    {
        let name = gone.split(" CHECK ").next().unwrap_or_default();
        steps.push(Operation::new(format!("{alter} DROP {name}")));
    }
    for added in to
        .checks
        .iter()
        .filter(|check| !from.checks.contains(check))
    {
        let fails = format!("fails if a value of {id} breaks the constraint");
        let breaks = |name: &str| format!("NOT {}", hazard::of_check(added, name));
        let step = Operation::new(format!("{alter} ADD {added}"));
        steps.push(step.blocking(found(&fails, id, schemas, breaks)));
    }
    Some(steps)
}

/// A hazard with the query of the values that columns of the domain hold.
fn found(
    text: &str,
    id: &ObjectId,
    schemas: Schemas<'_>,
    condition: impl Fn(&str) -> String,
) -> String {
    let is_of = |object: &&Object| {
        object
            .column()
            .is_some_and(|column| column.data_type == id.name)
    };
    let columns = schemas.from.of_kind(Kind::Column).filter(is_of);
    let queries = columns.map(|column| {
        let (table, name) = (column.id.owner(), &column.id.name);
        format!("SELECT {name} FROM {table} WHERE {}", condition(name))
    });
    let queries: Vec<String> = queries.collect();
    match &queries[..] {
        [] => text.to_owned(),
        queries => hazard::found(text, &queries.join(" UNION ALL ")),
    }
}
