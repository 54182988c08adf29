//! Enums: labels are added in place, and for anything else the type is made anew.

use crate::model::{Kind, Object, ObjectId, Schema};
use crate::step::Step;

/// Marks an enum that is made anew under its name.
pub(super) const RECREATED: &str = "made anew";

/// What the type is called while its columns still have it.
pub(super) fn old_name(name: &str) -> String {
    match name.strip_suffix('"') {
        Some(quoted) => format!("{quoted}__old\""),
        None => format!("{name}__old"),
    }
}

/// The labels of an enum, as literals.
fn labels(kind: &Object) -> Vec<String> {
    let mut labels = Vec::new();
    let mut rest = kind.attribute("labels").unwrap_or_default();
    while !rest.is_empty() {
        let end = literal_end(rest);
        labels.push(rest[..end].to_owned());
        rest = rest[end..].trim_start_matches(", ");
    }
    labels
}

/// Where the literal ends that the text begins with; a quote inside is written twice.
fn literal_end(text: &str) -> usize {
    let start = text.find('\'').map_or(0, |at| at + 1);
    let bytes = text.as_bytes();
    let mut at = start;
    while at < bytes.len() {
        if bytes[at] == b'\'' {
            if bytes.get(at + 1) != Some(&b'\'') {
                return at + 1;
            }
            at += 1;
        }
        at += 1;
    }
    text.len()
}

/// The steps that add labels; `None` when some go, or their order changes.
pub(super) fn added_labels(from: &Object, to: &Object) -> Option<Vec<Step>> {
    let (old, new) = (labels(from), labels(to));
    let kept: Vec<&String> = new.iter().filter(|label| old.contains(label)).collect();
    if kept != old.iter().collect::<Vec<_>>() {
        return None;
    }
    let mut steps = Vec::new();
    for (n, label) in new
        .iter()
        .enumerate()
        .filter(|(_, label)| !old.contains(label))
    {
        let place = match (n.checked_sub(1).map(|before| &new[before]), old.first()) {
            (Some(before), _) => format!(" AFTER {before}"),
            (None, Some(first)) => format!(" BEFORE {first}"),
            (None, None) => String::new(),
        };
        steps.push(Step::new(format!(
            "ALTER TYPE {} ADD VALUE {label}{place}",
            to.id.name
        )));
    }
    Some(steps)
}

/// Whether a step adds a label, which only the next transaction may use.
pub(super) fn adds_label(step: &Step) -> bool {
    step.sql.starts_with("ALTER TYPE ") && step.sql.contains(" ADD VALUE ")
}

/// The enums that cannot be changed in place, or must not be.
pub(super) fn to_recreate(from: &Schema, to: &Schema, never_in_place: bool) -> Vec<ObjectId> {
    let changed = from
        .of_kind(Kind::Type)
        .filter_map(|old| Some((old, to.get(&old.id)?)));
    changed
        .filter(|(old, new)| old.attribute("labels").is_some() && new.attribute("labels").is_some())
        .filter(|(old, new)| old.attribute("labels") != new.attribute("labels"))
        .filter(|(old, new)| never_in_place || added_labels(old, new).is_none())
        .map(|(old, _)| old.id.clone())
        .collect()
}

/// Says in both schemas that an enum gets out of the way, and what becomes of the columns that have it.
pub(super) fn recreate(from: &mut Schema, to: &mut Schema, id: &ObjectId) {
    let old = old_name(&id.name);
    let gone = ObjectId::new(Kind::Type, &old);
    for column in from
        .objects
        .values_mut()
        .filter(|column| has_type(column, &id.name))
    {
        column.depends_on.insert(gone.clone());
        if let Some(new) = to.objects.get_mut(&column.id) {
            new.attributes
                .insert(super::column::RECREATED, "yes".to_owned());
            if has_type(new, &id.name) {
                new.depends_on.insert(id.clone());
            }
        }
    }
    let mut object = Object::new(gone, []);
    object.drop = format!("DROP TYPE {old}");
    from.add(object);
    if let Some(new) = to.objects.get_mut(id) {
        new.attributes.insert(RECREATED, "yes".to_owned());
    }
}

fn has_type(column: &Object, name: &str) -> bool {
    let kind = column
        .attribute("type")
        .filter(|_| column.id.kind == Kind::Column);
    kind.is_some_and(|kind| kind.trim_end_matches("[]") == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(labels: &str) -> Object {
        Object::new(
            ObjectId::new(Kind::Type, "e"),
            [("labels", labels.to_owned())],
        )
    }

    #[test]
    fn labels_are_added_where_they_belong() {
        let steps = added_labels(&kind("'b', 'd'"), &kind("'a', 'b', 'it''s, c', 'd', 'e'"))
            .expect("only more of them");
        let sql: Vec<&str> = steps.iter().map(|step| step.sql.as_str()).collect();
        assert_eq!(
            sql,
            [
                "ALTER TYPE e ADD VALUE 'a' BEFORE 'b'",
                "ALTER TYPE e ADD VALUE 'it''s, c' AFTER 'b'",
                "ALTER TYPE e ADD VALUE 'e' AFTER 'd'"
            ]
        );
    }

    #[test]
    fn a_label_that_goes_or_moves_makes_the_type_anew() {
        assert!(added_labels(&kind("'a', 'b'"), &kind("'a'")).is_none());
        assert!(added_labels(&kind("'a', 'b'"), &kind("'b', 'a'")).is_none());
    }
}
