//! Sequences, and columns that count by themselves: whatever changes, they go on from where they were.

use super::recreate::{bare, old_name};
use crate::model::{Kind, Object, ObjectId, Schema};
use crate::step::Step;

/// Marks an identity column that was serial; its value is the old sequence.
pub const FROM_SERIAL: &str = "from serial";

/// Marks a serial column that was an identity column; its value is the statement that creates its sequence.
pub const TO_SERIAL: &str = "to serial";

/// A serial column becomes an identity column: the new sequence often has the name of the old one, which gives way.
pub fn serial_to_identity(column: &str, serial: &str, identity: &str, to: &Object) -> Vec<Step> {
    let old = old_name(serial);
    let sequence = to.attribute("sequence").unwrap_or_default();
    vec![
        Step::new(format!("ALTER SEQUENCE {serial} RENAME TO {}", bare(&old))),
        Step::new(format!("{column} ADD GENERATED {identity}")),
        continues(sequence, &old),
        Step::new(format!("DROP SEQUENCE {old}")),
    ]
}

/// An identity column becomes a serial column.
pub fn identity_to_serial(column: &str, from: &Object, to: &Object, create: &str) -> Vec<Step> {
    let name = create
        .split_once("SEQUENCE ")
        .and_then(|(_, rest)| rest.split(" AS ").next());
    let name = name.unwrap_or_default();
    let new = old_name(name);
    let old = from.attribute("sequence").unwrap_or_default();
    let owner = format!("{}.{}", to.id.owner(), to.id.name);
    vec![
        Step::new(create.replacen(&format!("SEQUENCE {name} "), &format!("SEQUENCE {new} "), 1)),
        continues(&new, old),
        Step::new(format!("{column} DROP IDENTITY")),
        Step::new(format!("ALTER SEQUENCE {new} RENAME TO {}", bare(name))),
        Step::new(format!(
            "{column} SET DEFAULT {}",
            to.attribute("default").unwrap_or_default()
        )),
        Step::new(format!("ALTER SEQUENCE {name} OWNED BY {owner}")),
    ]
}

/// Sets a sequence to where another one is.
fn continues(sequence: &str, other: &str) -> Step {
    let sequence = super::comment::literal(sequence);
    Step::new(format!(
        "SELECT setval({sequence}, last_value, is_called) FROM {other}"
    ))
}

/// Sets a new sequence of a column to continue after the values in the column.
pub fn after_rows(sequence: &str, column: &Object) -> Step {
    let (table, name) = (column.id.owner(), &column.id.name);
    let literal = super::comment::literal(sequence);
    Step::new(format!(
        "SELECT setval({literal}, max({name})) FROM {table} HAVING max({name}) >= (SELECT last_value FROM {sequence})"
    ))
}

const OPTIONS: [(&str, &str); 6] = [
    ("INCREMENT BY ", "INCREMENT BY 1"),
    ("MINVALUE ", "NO MINVALUE"),
    ("MAXVALUE ", "NO MAXVALUE"),
    ("START WITH ", "START WITH 1"),
    ("CACHE ", "CACHE 1"),
    ("CYCLE", "NO CYCLE"),
];

/// An identity column counts otherwise. Its counter stays where it is, as far as it is within the new limits.
pub fn alter_identity(column: &str, from: &Object, to: &Object) -> Vec<Step> {
    let (old_name, new_name) = (
        from.attribute("sequence").unwrap_or_default(),
        to.attribute("sequence").unwrap_or_default(),
    );
    let mut steps = Vec::new();
    if old_name != new_name {
        steps.push(Step::new(format!(
            "ALTER SEQUENCE {old_name} RENAME TO {}",
            bare(new_name)
        )));
    }
    let (old, new) = (
        from.attribute("identity").unwrap_or_default(),
        to.attribute("identity").unwrap_or_default(),
    );
    let kind = |text: &str| text.split(" AS ").next().unwrap_or_default().to_owned();
    let mut sets = Vec::new();
    if kind(old) != kind(new) {
        sets.push(format!("SET GENERATED {}", kind(new)));
    }
    let turns = is_descending(old) != is_descending(new);
    let mut limits = [None, None];
    for (word, usual) in OPTIONS {
        let (was, is) = (option(old, word), option(new, word));
        if was == is {
            continue;
        }
        sets.push(is.map_or_else(
            || format!("SET {usual}"),
            |value| format!("SET {word}{value}"),
        ));
        match word {
            "MINVALUE " => limits[0] = is.or(Some("1")),
            "MAXVALUE " => limits[1] = is,
            _ => {}
        }
    }
    if turns {
        sets.push("RESTART".to_owned());
    } else {
        let rises = limits[0]
            .filter(|least| number(least) > number(option(old, "MINVALUE ").unwrap_or("1")));
        steps.extend(within(new_name, rises, limits[1]));
    }
    if !sets.is_empty() {
        steps.push(Step::new(format!("{column} {}", sets.join(" "))));
    }
    steps
}

fn is_descending(options: &str) -> bool {
    options.contains("INCREMENT BY -")
}

/// The value of an option; empty if it has none.
fn option<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let place = text.find(word)?;
    // `NO CYCLE` is what a sequence does without it.
    if text[..place].ends_with("NO ") {
        return None;
    }
    let rest = &text[place + word.len()..];
    if !word.ends_with(' ') {
        return Some("");
    }
    rest.split([' ', ')']).next()
}

fn number(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// The step that takes a sequence within limits that it may be beyond, since ALTER SEQUENCE refuses those.
fn within(sequence: &str, least: Option<&str>, most: Option<&str>) -> Option<Step> {
    let most =
        most.filter(|most| !matches!(*most, "32767" | "2147483647" | "9223372036854775807" | "-1"));
    if least.is_none() && most.is_none() {
        return None;
    }
    let mut value = "last_value".to_owned();
    let mut is_called = "is_called".to_owned();
    if let Some(least) = least {
        value = format!("greatest({value}, {least})");
        is_called = format!("is_called AND last_value >= {least}");
    }
    if let Some(most) = most {
        value = format!("least({value}, {most})");
    }
    let literal = super::comment::literal(sequence);
    Some(Step::new(format!(
        "SELECT setval({literal}, {value}, {is_called}) FROM {sequence}"
    )))
}

/// The steps that change a sequence; `None` where it must be recreated.
pub fn alter(from: &Object, to: &Object) -> Option<Vec<Step>> {
    if from.attribute("unlogged") != to.attribute("unlogged") {
        return None;
    }
    let (old, new) = (from.attribute("definition")?, to.attribute("definition")?);
    if old == new {
        return Some(Vec::new());
    }
    let name = &to.id.name;
    if is_descending(old) != is_descending(new) {
        return Some(vec![Step::new(format!(
            "ALTER SEQUENCE {name} {new} RESTART"
        ))]);
    }
    let changed = |word: &str| option(new, word).filter(|value| Some(*value) != option(old, word));
    let was = |word: &str| option(old, word).and_then(number);
    let least = changed("MINVALUE ").filter(|least| number(least) > was("MINVALUE "));
    let most = changed("MAXVALUE ").filter(|most| number(most) < was("MAXVALUE "));
    let fits = least.is_none_or(|least| number(least) <= was("MAXVALUE "))
        && most.is_none_or(|most| number(most) >= was("MINVALUE "));
    let mut steps = Vec::new();
    if fits {
        steps.extend(within(name, least, most));
        steps.push(Step::new(format!("ALTER SEQUENCE {name} {new}")));
    } else {
        steps.push(Step::new(format!("ALTER SEQUENCE {name} {new} RESTART")));
    }
    Some(steps)
}

/// Marks the columns that were serial and become identity columns, or the other way round: each changes in one go, and its
/// sequence with it.
pub fn mark_serials(from: &mut Schema, to: &mut Schema) {
    let columns: Vec<ObjectId> = from
        .of_kind(Kind::Column)
        .map(|column| column.id.clone())
        .collect();
    for id in columns {
        let (Some(old), Some(new)) = (from.get(&id), to.get(&id)) else {
            continue;
        };
        let (was, is) = (
            old.attribute("identity").is_some(),
            new.attribute("identity").is_some(),
        );
        if was == is {
            continue;
        }
        if let Some(serial) = serial_of(from, &id).filter(|serial| is && to.get(serial).is_none()) {
            forget(from, &serial);
            if let Some(column) = from.objects.get_mut(&id) {
                column.default_needs.remove(&serial);
            }
            mark(to, &id, FROM_SERIAL, serial.name);
        } else if let Some(serial) =
            serial_of(to, &id).filter(|serial| was && from.get(serial).is_none())
        {
            let create = to.get(&serial).map(|sequence| sequence.create.clone());
            forget(to, &serial);
            if let Some(column) = to.objects.get_mut(&id) {
                column.default_needs.remove(&serial);
            }
            mark(to, &id, TO_SERIAL, create.unwrap_or_default());
        }
    }
}

/// The sequence that belongs to a column and is its default.
fn serial_of(schema: &Schema, column: &ObjectId) -> Option<ObjectId> {
    let needs = &schema.get(column)?.default_needs;
    let owned = needs.iter().filter(|id| id.kind == Kind::Sequence);
    owned
        .filter_map(|id| schema.get(id))
        .find(|sequence| sequence.owner.as_ref() == Some(column))
        .map(|sequence| sequence.id.clone())
}

fn forget(schema: &mut Schema, sequence: &ObjectId) {
    schema.objects.remove(sequence);
    schema
        .objects
        .retain(|_, object| object.owner.as_ref() != Some(sequence));
}

fn mark(schema: &mut Schema, column: &ObjectId, word: &'static str, value: String) {
    if let Some(column) = schema.objects.get_mut(column) {
        column.attributes.insert(word, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(definition: &str) -> Object {
        Object::new(
            ObjectId::new(Kind::Sequence, "s"),
            [("definition", definition.to_owned())],
        )
    }

    #[test]
    fn a_sequence_goes_on_from_where_it_is_within_its_new_limits() {
        let usual =
            "AS bigint INCREMENT BY 1 MINVALUE 1 MAXVALUE 1000 START WITH 1 CACHE 1 NO CYCLE";
        let sql = |new: &str| -> Vec<String> {
            let steps = alter(&sequence(usual), &sequence(new)).expect("it changes in place");
            steps.into_iter().map(|step| step.sql).collect()
        };
        let higher = usual.replace("MINVALUE 1 ", "MINVALUE 100 ");
        assert_eq!(
            sql(&higher),
            [
                "SELECT setval('s', greatest(last_value, 100), is_called AND last_value >= 100) FROM s".to_owned(),
                format!("ALTER SEQUENCE s {higher}")
            ]
        );
        let cached = usual.replace("CACHE 1", "CACHE 5");
        assert_eq!(sql(&cached), [format!("ALTER SEQUENCE s {cached}")]);
        let beyond = usual.replace("MINVALUE 1 MAXVALUE 1000", "MINVALUE 2000 MAXVALUE 3000");
        assert_eq!(sql(&beyond), [format!("ALTER SEQUENCE s {beyond} RESTART")]);
    }
}
