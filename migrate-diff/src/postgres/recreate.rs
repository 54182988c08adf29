//! Types that are recreated under their name while columns have them: the old one gets another name, the columns are
//! converted, and the old one is dropped. Labels of enums and attributes of composite types change in place where they can.

use std::collections::BTreeSet;

use crate::model::{Kind, Object, ObjectId, Schema};
use crate::step::Step;

/// Marks a column whose type is recreated under the same name.
pub const TYPE_RECREATED: &str = "recreated type";

/// Marks a type that is recreated under its name.
pub const RECREATED: &str = "recreated";

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

/// The labels of an enum, as literals.
pub fn labels(kind: &Object) -> Vec<String> {
    let mut labels = Vec::new();
    let mut rest = kind.attribute("labels").unwrap_or_default();
    while !rest.is_empty() {
        let end = literal_end(rest);
        labels.push(rest[..end].to_owned());
        rest = rest[end..].trim_start_matches(", ");
    }
    labels
}

/// The end of the literal that the text begins with; a quote inside is written twice.
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

/// The steps that add labels; `None` when some are dropped, or their order changes.
pub fn added_labels(from: &Object, to: &Object) -> Option<Vec<Step>> {
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
pub fn adds_label(step: &Step) -> bool {
    step.sql.starts_with("ALTER TYPE ") && step.sql.contains(" ADD VALUE ")
}

/// The attributes of a composite type: name, and type with collation.
pub fn fields(kind: &Object) -> Vec<(&str, &str)> {
    let lines = kind
        .attribute("attributes")
        .into_iter()
        .flat_map(str::lines);
    lines.map(field).collect()
}

fn field(line: &str) -> (&str, &str) {
    let end = match line.strip_prefix('"') {
        Some(quoted) => {
            let mut end = 1;
            let mut chars = quoted.char_indices().peekable();
            while let Some((at, char)) = chars.next() {
                if char == '"' && chars.next_if(|(_, next)| *next == '"').is_none() {
                    end = at + 2;
                    break;
                }
            }
            end
        }
        None => line.find(' ').unwrap_or(line.len()),
    };
    (&line[..end], line[end..].trim_start())
}

/// The steps that change the attributes of a composite type in place; `None` when their order changes. One of another type
/// can only change while no column has the composite type.
pub fn changed_fields(from: &Object, to: &Object, is_used: bool) -> Option<Vec<Step>> {
    let (old, new) = (fields(from), fields(to));
    let has = |fields: &[(&str, &str)], name: &str| fields.iter().any(|(other, _)| *other == name);
    let kept: Vec<&str> = old
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| has(&new, name))
        .collect();
    let first: Vec<&str> = new.iter().map(|(name, _)| *name).take(kept.len()).collect();
    if kept != first {
        return None;
    }
    let head = format!("ALTER TYPE {}", to.id.name);
    let mut steps = Vec::new();
    for (name, _) in old.iter().filter(|(name, _)| !has(&new, name)) {
        let step = Step::new(format!("{head} DROP ATTRIBUTE {name} CASCADE"));
        steps.push(step.destructive(format!(
            "drops attribute {name} of {} and its values",
            to.id
        )));
    }
    for (name, kind) in &new {
        match old.iter().find(|(other, _)| other == name) {
            None => steps.push(Step::new(format!(
                "{head} ADD ATTRIBUTE {name} {kind} CASCADE"
            ))),
            Some((_, other)) if other == kind => {}
            Some(_) if is_used => return None,
            Some(_) => steps.push(Step::new(format!(
                "{head} ALTER ATTRIBUTE {name} TYPE {kind} CASCADE"
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
        let is_enum = old.attribute("labels").is_some() && new.attribute("labels").is_some();
        let in_place = if is_enum {
            !never_in_place && added_labels(old, new).is_some()
        } else {
            let has_fields =
                old.attribute("attributes").is_some() && new.attribute("attributes").is_some();
            !is_used(from, &old.id) || has_fields && changed_fields(old, new, true).is_some()
        };
        if !in_place {
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

/// Whether two types differ in more than can always be changed in place.
fn is_other(old: &Object, new: &Object) -> bool {
    let words: &[&str] = match old.id.kind {
        Kind::Domain => &["type", "collation"],
        _ => &["labels", "attributes", "definition"],
    };
    words
        .iter()
        .any(|word| old.attribute(word) != new.attribute(word))
}

/// Says in both schemas that types get out of the way, and what becomes of the columns that have them.
pub fn recreate(from: &mut Schema, to: &mut Schema, ids: &[ObjectId]) {
    for id in ids {
        let gone = gone(id);
        for object in from.objects.values_mut() {
            let has_type = has_type(object, id);
            let needs = object.depends_on.contains(id);
            if needs || has_type {
                object.depends_on.insert(gone.clone());
            }
            if object.default_needs.contains(id) {
                object.default_needs.insert(gone.clone());
            }
            let new = to.objects.get_mut(&object.id).filter(|_| has_type);
            if let Some(new) = new {
                new.attributes.insert(TYPE_RECREATED, "yes".to_owned());
            }
        }
        if let Some(old) = from.objects.get_mut(id) {
            // The old one is there once the name is free.
            old.depends_on.insert(gone.clone());
        }
        if let Some(new) = to.objects.get_mut(id) {
            new.attributes.insert(RECREATED, "yes".to_owned());
        }
    }
    // The old ones depend on one another as before.
    for id in ids {
        let Some(old) = from.objects.get(id) else {
            continue;
        };
        let mut object = Object::new(gone(id), []);
        object.drop = format!("DROP {} {}", word(id.kind), object.id.name);
        let others = ids.iter().map(gone);
        object.depends_on = others
            .filter(|other| old.depends_on.contains(other))
            .collect();
        object.depends_on.remove(&object.id);
        from.add(object);
    }
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
pub fn steps(to: &Object) -> Vec<Step> {
    let name = &to.id.name;
    let old = old_name(name);
    vec![
        Step::new(format!(
            "ALTER {} {name} RENAME TO {}",
            word(to.id.kind),
            bare(&old)
        )),
        Step::new(&to.create),
    ]
}

fn has_type(column: &Object, id: &ObjectId) -> bool {
    if column.id.kind != Kind::Column {
        return false;
    }
    let word = if id.kind == Kind::Collation {
        "collation"
    } else {
        "type"
    };
    let kind = column.attribute(word);
    kind.is_some_and(|kind| kind.trim_end_matches("[]") == id.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(attribute: &'static str, value: &str) -> Object {
        Object::new(
            ObjectId::new(Kind::Type, "e"),
            [(attribute, value.to_owned())],
        )
    }

    fn sql(steps: &[Step]) -> Vec<&str> {
        steps.iter().map(|step| step.sql.as_str()).collect()
    }

    #[test]
    fn labels_are_added_where_they_belong() {
        let steps = added_labels(
            &kind("labels", "'b', 'd'"),
            &kind("labels", "'a', 'b', 'it''s, c', 'd', 'e'"),
        )
        .expect("only more of them");
        assert_eq!(
            sql(&steps),
            [
                "ALTER TYPE e ADD VALUE 'a' BEFORE 'b'",
                "ALTER TYPE e ADD VALUE 'it''s, c' AFTER 'b'",
                "ALTER TYPE e ADD VALUE 'e' AFTER 'd'"
            ]
        );
    }

    #[test]
    fn a_label_that_is_dropped_or_moved_is_not_added() {
        assert!(added_labels(&kind("labels", "'a', 'b'"), &kind("labels", "'a'")).is_none());
        assert!(added_labels(&kind("labels", "'a', 'b'"), &kind("labels", "'b', 'a'")).is_none());
    }

    #[test]
    fn attributes_change_in_place_while_their_order_stays() {
        let old = kind("attributes", "a integer\n\"b \"\"c\" text");
        let new = kind("attributes", "\"b \"\"c\" text\nd numeric(3,2)");
        let steps = changed_fields(&old, &new, true).expect("one is dropped, one is added");
        assert_eq!(
            sql(&steps),
            [
                "ALTER TYPE e DROP ATTRIBUTE a CASCADE",
                "ALTER TYPE e ADD ATTRIBUTE d numeric(3,2) CASCADE"
            ]
        );
        let other = kind("attributes", "a bigint\n\"b \"\"c\" text");
        assert!(changed_fields(&old, &other, true).is_none());
        assert!(changed_fields(&old, &other, false).is_some());
        assert!(changed_fields(&new, &old, true).is_none());
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
