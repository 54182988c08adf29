//! Comments on objects.

use migrate_chain::Dialect;
use migrate_chain::sql::quote_text;

use crate::model::{Kind, Object};
use crate::step::Step;

pub fn literal(text: &str) -> String {
    quote_text(Dialect::Postgres, text)
}

pub fn comment(object: &Object) -> Option<Step> {
    let text = object.attribute("comment")?;
    Some(Step::new(format!(
        "COMMENT ON {} IS {}",
        comment_target(object),
        literal(text)
    )))
}

pub fn comment_target(object: &Object) -> String {
    let id = &object.id;
    match id.kind {
        Kind::Column => format!("COLUMN {}.{}", id.owner(), id.name),
        Kind::Constraint => format!("CONSTRAINT {} ON {}", id.name, id.owner()),
        _ => object.drop.trim_start_matches("DROP ").to_owned(),
    }
}
