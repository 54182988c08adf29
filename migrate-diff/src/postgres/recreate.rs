//! Types that are recreated under their name while columns have them: the old one gets another name, the columns are
//! converted, and the old one is dropped. Labels of enums and attributes of composite types change in place where they can.

use std::collections::BTreeSet;

use migrate_chain::Dialect;
use migrate_chain::sql::quote_text;

use super::details::{Attribute, Part};
use super::schemas::Turns;
use crate::model::{Details, Kind, Object, ObjectId, Schema};
use crate::operation::Operation;

/// The name of the type while its columns still have it.
pub fn old_name(name: &str) -> String {
    match name.strip_suffix('"') {
        Some(quoted) => format!("{quoted}__old\""),
        None => format!("{name}__old"),
    }
}

/// A name without its schema.
pub fn bare(name: &str) -> &str {
    let quoted = name.strip_suffix('"').and_then(|name| name.rfind('"'));
    let start = quoted.unwrap_or_else(|| name.rfind('.').map_or(0, |at| at + 1));
    &name[start..]
}

/// The steps that add labels; `None` when some are dropped, or their order changes.
pub fn added_labels(name: &str, old: &[String], new: &[String]) -> Option<Vec<Operation>> {
    let kept = new.iter().filter(|label| old.contains(label));
    if !kept.eq(old) {
        return None;
    }
    let literal = |label: &String| quote_text(Dialect::Postgres, label);
    let mut steps = Vec::new();
    for (n, label) in new
        .iter()
        .enumerate()
        .filter(|(_, label)| !old.contains(label))
    {
        let place = match (n.checked_sub(1).map(|before| &new[before]), old.first()) {
            (Some(before), _) => format!(" AFTER {}", literal(before)),
            (None, Some(first)) => format!(" BEFORE {}", literal(first)),
            (None, None) => String::new(),
        };
        let label = literal(label);
        steps.push(Operation::new(format!(
            "ALTER TYPE {name} ADD VALUE {label}{place}"
        )));
    }
    Some(steps)
}

/// Whether a step adds a label, which only the next transaction may use.
pub fn adds_label(step: &Operation) -> bool {
    step.sql.starts_with("ALTER TYPE ") && step.sql.contains(" ADD VALUE ")
}

/// The steps that change the attributes of a composite type in place; `None` when their order changes. One of another type
/// can only change while no column has the composite type.
pub fn changed_fields(
    id: &ObjectId,
    old: &[Attribute],
    new: &[Attribute],
    is_used: bool,
) -> Option<Vec<Operation>> {
    let twin = |of: &[Attribute], attribute: &Attribute| {
        of.iter()
            .find(|other| other.name == attribute.name)
            .cloned()
    };
    let names = |of: &[Attribute]| -> Vec<String> {
        of.iter().map(|attribute| attribute.name.clone()).collect()
    };
    let mut kept = old.to_vec();
    kept.retain(|attribute| twin(new, attribute).is_some());
    if names(&kept) != names(&new[..kept.len().min(new.len())]) {
        return None;
    }
    let head = format!("ALTER TYPE {}", id.name);
    let mut steps = Vec::new();
    for Attribute { name, .. } in old
        .iter()
        .filter(|attribute| twin(new, attribute).is_none())
    {
        let step = Operation::new(format!("{head} DROP ATTRIBUTE {name} CASCADE"));
        steps.push(step.destructive(format!("drops attribute {name} of {id} and its values")));
    }
    for attribute in new {
        let Attribute { name, data_type } = attribute;
        match twin(old, attribute) {
            None => steps.push(Operation::new(format!(
                "{head} ADD ATTRIBUTE {attribute} CASCADE"
            ))),
            Some(old) if old == *attribute => {}
            Some(_) if is_used => return None,
            Some(_) => steps.push(Operation::new(format!(
                "{head} ALTER ATTRIBUTE {name} TYPE {data_type} CASCADE"
            ))),
        }
    }
    Some(steps)
}

/// Whether a column has a type that is, or has in it, this one.
fn is_used(schema: &Schema, id: &ObjectId) -> bool {
    let mut seen: BTreeSet<&ObjectId> = BTreeSet::from([id]);
    loop {
        let more: Vec<&ObjectId> = schema
            .objects()
            .filter(|object| is_type(object.id.kind) && !seen.contains(&object.id))
            .filter(|object| object.depends_on.iter().any(|need| seen.contains(need)))
            .map(|object| &object.id)
            .collect();
        if more.is_empty() {
            break;
        }
        seen.extend(more);
    }
    schema
        .of_kind(Kind::Column)
        .any(|column| column.depends_on.iter().any(|need| seen.contains(need)))
}

fn is_type(kind: Kind) -> bool {
    matches!(kind, Kind::Type | Kind::Domain | Kind::Collation)
}

/// The types that cannot be changed in place, or must not be, and those that have one of them in them.
pub fn to_recreate(from: &Schema, to: &Schema, never_in_place: bool) -> Vec<ObjectId> {
    let mut found: BTreeSet<ObjectId> = BTreeSet::new();
    let both = || {
        let types = from.objects().filter(|old| is_type(old.id.kind));
        types.filter_map(|old| Some((old, to.get(&old.id)?)))
    };
    for (old, new) in both().filter(|(old, new)| is_other(old, new)) {
        if !changes_in_place(old, new, from, never_in_place) {
            found.insert(old.id.clone());
        }
    }
    loop {
        let more: Vec<ObjectId> = both()
            .filter(|(old, _)| !found.contains(&old.id))
            .filter(|(old, _)| old.depends_on.iter().any(|need| found.contains(need)))
            .map(|(old, _)| old.id.clone())
            .collect();
        if more.is_empty() {
            return found.into_iter().collect();
        }
        found.extend(more);
    }
}

fn changes_in_place(old: &Object, new: &Object, from: &Schema, never: bool) -> bool {
    if let (Some(labels), Some(wanted)) = (old.labels(), new.labels()) {
        return !never && added_labels(&old.id.name, labels, wanted).is_some();
    }
    match (old.part(), new.part()) {
        _ if !is_used(from, &old.id) => true,
        (Some(Part::Composite(was)), Some(Part::Composite(is))) => {
            changed_fields(&old.id, &was.attributes, &is.attributes, true).is_some()
        }
        _ => false,
    }
}

/// Whether two types differ in more than can always be changed in place.
fn is_other(old: &Object, new: &Object) -> bool {
    match (&old.details, &new.details) {
        (Details::Domain(old), Details::Domain(new)) => {
            old.data_type != new.data_type || old.collation != new.collation
        }
        (Details::Enum(old), Details::Enum(new)) => old.labels != new.labels,
        (Details::Postgres(Part::Composite(old)), Details::Postgres(Part::Composite(new))) => {
            old.attributes != new.attributes
        }
        (Details::Postgres(Part::Statement(old)), Details::Postgres(Part::Statement(new))) => {
            old.definition != new.definition
        }
        _ => true,
    }
}

/// Says in the first schema that types get out of the way, and which columns have them.
pub fn recreate(from: &mut Schema, to: &Schema, ids: &[ObjectId]) -> Turns {
    let mut turns = Turns::default();
    for id in ids {
        let gone = gone(id);
        for object in from.objects.values_mut() {
            let has_type = has_type(object, id);
            if has_type || object.depends_on.contains(id) {
                object.depends_on.insert(gone.clone());
            }
            if object.default_needs.contains(id) {
                object.default_needs.insert(gone.clone());
            }
            if has_type && to.get(&object.id).is_some() {
                turns.columns.insert(object.id.clone());
            }
        }
        if let Some(old) = from.objects.get_mut(id) {
            // The old one is there once the name is free.
            old.depends_on.insert(gone.clone());
        }
        if to.get(id).is_some() {
            turns.types.insert(id.clone());
        }
    }
    // The old ones depend on one another as before.
    for id in ids {
        let Some(old) = from.objects.get(id) else {
            continue;
        };
        let mut object = Object::typed(gone(id), Details::None);
        object.drop = format!("DROP {} {}", word(id.kind), object.id.name);
        let others = ids.iter().map(gone);
        object.depends_on = others
            .filter(|other| old.depends_on.contains(other))
            .collect();
        object.depends_on.remove(&object.id);
        from.add(object);
    }
    turns
}

fn gone(id: &ObjectId) -> ObjectId {
    ObjectId::new(id.kind, old_name(&id.name))
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Domain => "DOMAIN",
        Kind::Collation => "COLLATION",
        _ => "TYPE",
    }
}

/// The steps that give way to a type of the same name, and create that.
pub fn steps(to: &Object) -> Vec<Operation> {
    let name = &to.id.name;
    let old = old_name(name);
    vec![
        Operation::new(format!(
            "ALTER {} {name} RENAME TO {}",
            word(to.id.kind),
            bare(&old)
        )),
        Operation::new(&to.create),
    ]
}

fn has_type(object: &Object, id: &ObjectId) -> bool {
    let Some(column) = object.column() else {
        return false;
    };
    let kind = match id.kind {
        Kind::Collation => column.collation.as_deref(),
        _ => Some(&*column.data_type),
    };
    kind.is_some_and(|kind| kind.trim_end_matches("[]") == id.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql(steps: &[Operation]) -> Vec<&str> {
        steps.iter().map(|step| step.sql.as_str()).collect()
    }

    #[test]
    fn labels_are_added_where_they_belong() {
        let labels = |labels: &[&str]| {
            labels
                .iter()
                .map(|&label| label.to_owned())
                .collect::<Vec<_>>()
        };
        let added = |old: &[&str], new: &[&str]| added_labels("e", &labels(old), &labels(new));
        let steps =
            added(&["b", "d"], &["a", "b", "it's, c", "d", "e"]).expect("only more of them");
        assert_eq!(
            sql(&steps),
            [
                "ALTER TYPE e ADD VALUE 'a' BEFORE 'b'",
                "ALTER TYPE e ADD VALUE 'it''s, c' AFTER 'b'",
                "ALTER TYPE e ADD VALUE 'e' AFTER 'd'"
            ]
        );
        assert!(added(&["a", "b"], &["a"]).is_none());
        assert!(added(&["a", "b"], &["b", "a"]).is_none());
    }

    #[test]
    fn attributes_change_in_place_while_their_order_stays() {
        let attributes = |all: &[(&str, &str)]| {
            let all = all.iter().map(|&(name, kind)| Attribute {
                name: name.to_owned(),
                data_type: kind.to_owned(),
            });
            all.collect::<Vec<_>>()
        };
        let id = ObjectId::new(Kind::Type, "e");
        let old = attributes(&[("a", "integer"), ("\"b c\"", "text")]);
        let new = attributes(&[("\"b c\"", "text"), ("d", "numeric(3,2)")]);
        let steps = changed_fields(&id, &old, &new, true).expect("one is dropped, one is added");
        assert_eq!(
            sql(&steps),
            [
                "ALTER TYPE e DROP ATTRIBUTE a CASCADE",
                "ALTER TYPE e ADD ATTRIBUTE d numeric(3,2) CASCADE"
            ]
        );
        let other = attributes(&[("a", "bigint"), ("\"b c\"", "text")]);
        assert!(changed_fields(&id, &old, &other, true).is_none());
        assert!(changed_fields(&id, &old, &other, false).is_some());
        assert!(changed_fields(&id, &new, &old, true).is_none());
    }

    #[test]
    fn a_bare_name_has_no_schema() {
        for (name, expected) in [
            ("t", "t"),
            ("s.t", "t"),
            ("s.\"A.b\"", "\"A.b\""),
            ("\"S\".t", "t"),
        ] {
            assert_eq!(bare(name), expected);
        }
    }
}
