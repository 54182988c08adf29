//! Sequences, and columns that count by themselves: whatever changes, they go on from where they were.

use super::details;
use super::recreate::{bare, old_name};
use super::schemas::{Serial, Turns};
use crate::model::{Column, ColumnDetails, Identity, Kind, Object, ObjectId, Schema, Sequence};
use crate::operation::Operation;

/// The sequence of an identity column; empty if it has none.
pub fn sequence_of(column: &Column) -> &str {
    match &column.details {
        ColumnDetails::Postgres(details::Column { sequence }) => {
            sequence.as_deref().unwrap_or_default()
        }
        _ => "",
    }
}

/// The `GENERATED` clause of an identity column, and the options of its sequence.
pub fn identity_words(identity: &Identity) -> (&'static str, &str) {
    match identity {
        Identity::Always(options) => ("ALWAYS", options),
        Identity::ByDefault(options) => ("BY DEFAULT", options),
        Identity::AutoIncrement => ("BY DEFAULT", ""),
    }
}

/// The options of a sequence.
pub fn options(sequence: &Sequence) -> String {
    format!(
        "AS {} INCREMENT BY {} MINVALUE {} MAXVALUE {} START WITH {} CACHE {} {}",
        sequence.data_type,
        sequence.increment,
        sequence.minimum,
        sequence.maximum,
        sequence.start,
        sequence.cache,
        if sequence.cycles { "CYCLE" } else { "NO CYCLE" }
    )
}

/// A serial column becomes an identity column: the new sequence often has the name of the old one, which gives way.
pub fn serial_to_identity(
    column: &str,
    serial: &str,
    identity: &str,
    sequence: &str,
) -> Vec<Operation> {
    let old = old_name(serial);
    vec![
        Operation::new(format!("ALTER SEQUENCE {serial} RENAME TO {}", bare(&old))),
        Operation::new(format!("{column} ADD GENERATED {identity}")),
        continues(sequence, &old),
        Operation::new(format!("DROP SEQUENCE {old}")),
    ]
}

/// An identity column becomes a serial column.
pub fn identity_to_serial(
    column: &str,
    id: &ObjectId,
    (from, to): (&Column, &Column),
    Serial { name, create }: &Serial,
) -> Vec<Operation> {
    let new = old_name(name);
    let owner = format!("{}.{}", id.owner(), id.name);
    let default = to.default.as_deref().unwrap_or_default();
    vec![
        Operation::new(create.replacen(
            &format!("SEQUENCE {name} "),
            &format!("SEQUENCE {new} "),
            1,
        )),
        continues(&new, sequence_of(from)),
        Operation::new(format!("{column} DROP IDENTITY")),
        Operation::new(format!("ALTER SEQUENCE {new} RENAME TO {}", bare(name))),
        Operation::new(format!("{column} SET DEFAULT {default}")),
        Operation::new(format!("ALTER SEQUENCE {name} OWNED BY {owner}")),
    ]
}

/// Sets a sequence to where another one is.
fn continues(sequence: &str, other: &str) -> Operation {
    let sequence = super::comment::literal(sequence);
    Operation::new(format!(
        "SELECT setval({sequence}, last_value, is_called) FROM {other}"
    ))
}

/// Sets a new sequence of a column to continue after the values in the column.
pub fn after_rows(sequence: &str, column: &ObjectId) -> Operation {
    let (table, name) = (column.owner(), &column.name);
    let literal = super::comment::literal(sequence);
    Operation::new(format!(
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
pub fn alter_identity(column: &str, from: &Column, to: &Column) -> Vec<Operation> {
    let (old_name, new_name) = (sequence_of(from), sequence_of(to));
    let mut steps = Vec::new();
    if old_name != new_name {
        steps.push(Operation::new(format!(
            "ALTER SEQUENCE {old_name} RENAME TO {}",
            bare(new_name)
        )));
    }
    let words = |column: &Column| {
        let words = column.identity.as_ref().map(identity_words);
        words.map_or_else(Default::default, |(kind, options)| {
            (kind, options.to_owned())
        })
    };
    let ((old_kind, old), (kind, new)) = (words(from), words(to));
    let (old, new) = (&*old, &*new);
    let mut sets = Vec::new();
    if old_kind != kind {
        sets.push(format!("SET GENERATED {kind}"));
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
        steps.push(Operation::new(format!("{column} {}", sets.join(" "))));
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
fn within(sequence: &str, least: Option<&str>, most: Option<&str>) -> Option<Operation> {
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
    Some(Operation::new(format!(
        "SELECT setval({literal}, {value}, {is_called}) FROM {sequence}"
    )))
}

/// The steps that change a sequence; `None` where it must be recreated.
pub fn alter(name: &str, from: &Sequence, to: &Sequence) -> Option<Vec<Operation>> {
    if from.options != to.options {
        return None;
    }
    let new = options(to);
    if options(from) == new {
        return Some(Vec::new());
    }
    let descends = |sequence: &Sequence| sequence.increment.starts_with('-');
    let least = Some(&*to.minimum).filter(|least| number(least) > number(&from.minimum));
    let most = Some(&*to.maximum).filter(|most| number(most) < number(&from.maximum));
    let fits = least.is_none_or(|least| number(least) <= number(&from.maximum))
        && most.is_none_or(|most| number(most) >= number(&from.minimum));
    if descends(from) != descends(to) || !fits {
        return Some(vec![Operation::new(format!(
            "ALTER SEQUENCE {name} {new} RESTART"
        ))]);
    }
    let within = within(name, least, most).into_iter();
    Some(
        within
            .chain([Operation::new(format!("ALTER SEQUENCE {name} {new}"))])
            .collect(),
    )
}

/// Notes the columns that were serial and become identity columns, or the other way round: each changes in one go, and its
/// sequence with it.
pub fn note_serials(from: &mut Schema, to: &mut Schema, turns: &mut Turns) {
    let columns: Vec<ObjectId> = from
        .of_kind(Kind::Column)
        .map(|column| column.id.clone())
        .collect();
    for id in columns {
        let both = from.get(&id).zip(to.get(&id));
        let counts = |column: &Object| {
            column
                .column()
                .is_some_and(|column| column.identity.is_some())
        };
        let Some((was, is)) = both.map(|(old, new)| (counts(old), counts(new))) else {
            continue;
        };
        if was == is {
            continue;
        }
        if let Some(serial) = serial_of(from, &id).filter(|serial| is && to.get(serial).is_none()) {
            forget(from, &serial, &id);
            turns.from_serial.insert(id, serial.name);
        } else if let Some(serial) =
            serial_of(to, &id).filter(|serial| was && from.get(serial).is_none())
        {
            let create = to.get(&serial).map(|sequence| sequence.create.clone());
            forget(to, &serial, &id);
            let serial = Serial {
                name: serial.name,
                create: create.unwrap_or_default(),
            };
            turns.to_serial.insert(id, serial);
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

/// Takes a sequence out of a schema, and the column off it.
fn forget(schema: &mut Schema, sequence: &ObjectId, column: &ObjectId) {
    schema.objects.remove(sequence);
    schema
        .objects
        .retain(|_, object| object.owner.as_ref() != Some(sequence));
    if let Some(column) = schema.objects.get_mut(column) {
        column.default_needs.remove(sequence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_goes_on_from_where_it_is_within_its_new_limits() {
        let usual = Sequence {
            data_type: "bigint".to_owned(),
            start: "1".to_owned(),
            increment: "1".to_owned(),
            minimum: "1".to_owned(),
            maximum: "1000".to_owned(),
            cache: "1".to_owned(),
            ..Sequence::default()
        };
        let sql = |new: &Sequence| -> Vec<String> {
            let steps = alter("s", &usual, new).expect("it changes in place");
            steps.into_iter().map(|step| step.sql).collect()
        };
        let mut new = usual.clone();
        new.minimum = "100".to_owned();
        assert_eq!(
            sql(&new),
            [
                "SELECT setval('s', greatest(last_value, 100), is_called AND last_value >= 100) FROM s".to_owned(),
                format!("ALTER SEQUENCE s {}", options(&new))
            ]
        );
        new.clone_from(&usual);
        new.cache = "5".to_owned();
        assert_eq!(sql(&new), [format!("ALTER SEQUENCE s {}", options(&new))]);
        (new.minimum, new.maximum) = ("2000".to_owned(), "3000".to_owned());
        assert_eq!(
            sql(&new),
            [format!("ALTER SEQUENCE s {} RESTART", options(&new))]
        );
    }
}
