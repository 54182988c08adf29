//! Comments on objects.

use migrate_chain::Dialect;
use migrate_chain::sql::quote_text;

use crate::model::{Details, Kind, Object};
use crate::operation::Operation;

pub fn literal(text: &str) -> String {
    quote_text(Dialect::Postgres, text)
}

pub fn comment(object: &Object) -> Option<Operation> {
    let text = text(&object.details)?;
    Some(Operation::new(format!(
        "COMMENT ON {} IS {}",
        comment_target(object),
        literal(text)
    )))
}

/// The comment on an object.
pub fn text(details: &Details) -> Option<&str> {
    match details {
        Details::Table(table) => table.comment.as_deref(),
        Details::Column(column) => column.comment.as_deref(),
        Details::Enum(details) => details.comment.as_deref(),
        Details::Domain(domain) => domain.comment.as_deref(),
        Details::Sequence(sequence) => sequence.comment.as_deref(),
        Details::Postgres(part) => part.comment(),
        _ => None,
    }
}

pub fn comment_target(object: &Object) -> String {
    let id = &object.id;
    match id.kind {
        Kind::Column => format!("COLUMN {}.{}", id.owner(), id.name),
        Kind::Constraint => format!("CONSTRAINT {} ON {}", id.name, id.owner()),
        _ => object.drop.trim_start_matches("DROP ").to_owned(),
    }
}
