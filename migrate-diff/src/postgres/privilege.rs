//! Rights that something gets when it is created, and must not have.

use super::details::{DefaultPrivilege, Part};
use super::introspect::privilege::target;
use super::recreate::bare;
use super::schemas::Schemas;
use crate::model::{Kind, Object, ObjectId};
use crate::operation::Operation;

/// Takes back what default privileges give to a new object beyond what it is to have.
pub fn taken_back(object: &Object, schemas: Schemas<'_>) -> Vec<Operation> {
    let Some(kind) = kind(object.id.kind) else {
        return Vec::new();
    };
    let name = &object.id.name;
    let schema = &name[..name.len() - bare(name).len()];
    let applies = |default: &DefaultPrivilege| {
        let of = default.schema.as_deref();
        default.on.as_deref() == Some(kind)
            && of.is_none_or(|of| schema.trim_end_matches('.') == of || schema.is_empty())
    };
    // Those that are created or dropped themselves are not there at that time.
    let kept = schemas
        .from
        .of_kind(Kind::DefaultPrivilege)
        .filter(|old| schemas.to.get(&old.id).is_some());
    let roles = kept.filter_map(|default| {
        let Some(Part::DefaultPrivilege(details)) = default.part() else {
            return None;
        };
        let role = applies(details).then_some(&details.role)?;
        let wanted = schemas.to.get(&ObjectId::of(Kind::Privilege, name, role));
        let is_wanted = wanted.is_some_and(|wanted| rights(wanted) == rights(default));
        (!is_wanted).then_some(role)
    });
    roles
        .map(|role| Operation::new(format!("REVOKE ALL ON {} FROM {role}", target(&object.id))))
        .collect()
}

/// The rights that a statement grants.
fn rights(object: &Object) -> Option<&str> {
    let (_, grant) = object.create.split_once("GRANT ")?;
    grant.split(" ON ").next()
}

/// The word that default privileges have for a kind.
fn kind(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Table | Kind::View | Kind::MaterializedView => Some("TABLES"),
        Kind::Sequence => Some("SEQUENCES"),
        Kind::Function | Kind::Procedure | Kind::Aggregate => Some("FUNCTIONS"),
        Kind::Type | Kind::Domain => Some("TYPES"),
        Kind::Namespace => Some("SCHEMAS"),
        _ => None,
    }
}
