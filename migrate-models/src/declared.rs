//! The declaration of a model, as schema.lock holds it.

use migrate_chain::lock::{Declared, Named};

use crate::canonical::canonical;
use crate::model::{Field, Model};

/// The declaration of a model, as a lock holds it. Comments count where a database has them.
pub fn declared(model: &Model, has_comments: bool) -> Declared {
    let comment = |comment: &str| {
        let is_there = has_comments && !comment.is_empty();
        is_there.then(|| format!("doc({comment:?})"))
    };
    let join = |parts: Vec<String>| parts.join(" ");
    let field = |field: &Field| {
        let parts = [canonical(&field.ty)].into_iter();
        let parts = parts.chain(field.attributes.iter().cloned());
        Named {
            name: field.name(),
            text: join(parts.chain(comment(&field.comment)).collect()),
        }
    };
    let options = model.attributes.iter().cloned();
    let mut fields: Vec<Named> = model.fields.iter().map(field).collect();
    fields.sort();
    Declared {
        table: model.table.clone(),
        model: model.ident.to_string(),
        options: join(options.chain(comment(&model.comment)).collect()),
        fields,
    }
}
