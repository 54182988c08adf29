//! A model or an enum against its declaration in the lock.

use migrate_chain::Dialect;
use migrate_chain::lock::{Lock, Named};
use proc_macro2::Ident;

use super::report::{GENERATE, Report};
use crate::declared::declared;
use crate::enumeration::Enumeration;
use crate::model::Model;

/// Compares a model with its declaration in the lock, and names the fields about which something was said.
pub fn model(model: &Model, lock: &Lock, report: &mut Report) -> Vec<String> {
    let mut models = lock.declared.iter().flat_map(|declared| &declared.models);
    let Some(old) = models
        .find(|old| old.table == model.table)
        .filter(|_| model.defines_table())
    else {
        return Vec::new();
    };
    let has_comments = lock
        .databases
        .iter()
        .any(|locked| locked.of.dialect != Dialect::Sqlite);
    let new = declared(model, has_comments);
    let mut drifted = Vec::new();
    let name = &model.ident;
    for field in &model.fields {
        let field_name = field.name();
        let known = |fields| text(fields, &field_name);
        let problem = match (known(&old.fields), known(&new.fields)) {
            (None, _) => "is not in the chain yet",
            (Some(old), Some(new)) if old != new => "has changed, and the chain has not",
            _ => continue,
        };
        report.add(
            field.ident.span(),
            format!("`{name}::{field_name}` {problem}: {GENERATE}"),
            None,
        );
        drifted.push(field.column.clone());
    }
    for gone in old
        .fields
        .iter()
        .filter(|old| new.fields.iter().all(|new| new.name != old.name))
    {
        let message = format!(
            "`{name}::{}` is gone, and the chain still has it: {GENERATE}",
            gone.name
        );
        report.add(name.span(), message, None);
        drifted.push(gone.name.clone());
    }
    if old.options != new.options {
        let message =
            format!("the attributes of `{name}` have changed, and the chain has not: {GENERATE}");
        report.add(name.span(), message, None);
    }
    drifted
}

fn text<'f>(fields: &'f [Named], name: &str) -> Option<&'f str> {
    let mut fields = fields.iter();
    let field = fields.find(|field| field.name == name)?;
    Some(&field.text)
}

/// Compares the labels of an enum with its declaration in the lock, and says whether they differ.
pub fn enumeration(
    found: &Enumeration,
    labels: &[String],
    lock: &Lock,
    report: &mut Report,
) -> bool {
    let declared = lock.declared.iter().flat_map(|declared| &declared.enums);
    // Two modules may have an enum of one name each.
    let old: Vec<_> = declared.filter(|old| found.ident == old.name).collect();
    let Some(first) = old.first() else {
        return false;
    };
    if old.iter().any(|old| old.labels == labels) {
        return false;
    }
    let name = &found.ident;
    let mut told: Vec<(&Ident, String)> = Vec::new();
    for (variant, label) in found.labelled(labels) {
        if !first.labels.contains(label) {
            told.push((
                variant,
                format!("`{name}::{variant}` is not in the chain yet"),
            ));
        }
    }
    for gone in first.labels.iter().filter(|label| !labels.contains(label)) {
        let message = format!("the label `{gone}` of `{name}` is gone, and the chain still has it");
        told.push((name, message));
    }
    if told.is_empty() {
        let message = format!("the chain has the variants of `{name}` in another order");
        told.push((name, message));
    }
    for (place, message) in told {
        report.add(place.span(), format!("{message}: {GENERATE}"), None);
    }
    true
}
