//! Typed details of objects that have attributes only: PostgreSQL's, until they are typed.

use super::{Check, Column, Details, Enum, ForeignKey, Generated, Identity, Key, Object};

fn owned(object: &Object, name: &str) -> Option<String> {
    object.attribute(name).map(str::to_owned)
}

pub fn enumeration(object: &Object) -> Option<Enum> {
    match &object.details {
        Details::Enum(details) => Some(details.clone()),
        Details::Untyped => Some(Enum {
            labels: literals(object.attribute("labels")?),
            comment: owned(object, "comment"),
        }),
        _ => None,
    }
}

/// The values of a list of literals.
fn literals(list: &str) -> Vec<String> {
    let (mut values, mut rest) = (Vec::new(), list);
    while let Some(start) = rest.find('\'') {
        let (mut value, mut chars) = (String::new(), rest[start + 1..].char_indices().peekable());
        let mut end = rest.len();
        while let Some((at, char)) = chars.next() {
            if char == '\'' && chars.next_if(|(_, next)| *next == '\'').is_none() {
                end = start + 1 + at + 1;
                break;
            }
            value.push(char);
        }
        values.push(value);
        rest = &rest[end..];
    }
    values
}

pub fn column(object: &Object) -> Option<Column> {
    match &object.details {
        Details::Column(details) => Some(details.clone()),
        Details::Untyped => Some(Column {
            data_type: owned(object, "type")?,
            not_null: object.attribute("not null").is_some(),
            default: owned(object, "default"),
            collation: owned(object, "collation"),
            generated: object.attribute("generated").map(|expression| Generated {
                expression: expression.to_owned(),
                stored: true,
            }),
            identity: object.attribute("identity").map(identity),
            comment: owned(object, "comment"),
            ..Column::default()
        }),
        _ => None,
    }
}

fn identity(text: &str) -> Identity {
    let (word, options) = text.split_once(" AS IDENTITY").unwrap_or((text, ""));
    let options = options.trim().to_owned();
    if word == "ALWAYS" {
        Identity::Always(options)
    } else {
        Identity::ByDefault(options)
    }
}

/// The details of a constraint; untyped if its kind is unknown.
pub fn constraint(object: &Object) -> Details {
    let Some(definition) = object.attribute("definition") else {
        return object.details.clone();
    };
    let key = |word: &str, primary: bool| {
        let (columns, rest) = bracketed(definition.strip_prefix(word)?)?;
        Some(Details::Key(Key {
            primary,
            columns,
            rest: Some(rest.trim().to_owned()).filter(|rest| !rest.is_empty()),
        }))
    };
    let check = || {
        let expression = definition.strip_prefix("CHECK (")?;
        let end = expression.rfind(')')?;
        Some(Details::Check(Check {
            expression: expression[..end].to_owned(),
            column: None,
        }))
    };
    key("PRIMARY KEY", true)
        .or_else(|| key("UNIQUE", false))
        .or_else(|| foreign_key(definition))
        .or_else(check)
        .unwrap_or_default()
}

fn foreign_key(definition: &str) -> Option<Details> {
    let (columns, rest) = bracketed(definition.strip_prefix("FOREIGN KEY")?)?;
    let rest = rest.trim_start().strip_prefix("REFERENCES ")?;
    let table = rest[..rest.find('(')?].trim().to_owned();
    let (parent_columns, rest) = bracketed(&rest[table.len()..])?;
    let action = |word: &str| {
        let rest = rest.split_once(word)?.1;
        let actions = ["CASCADE", "RESTRICT", "SET NULL", "SET DEFAULT"];
        let action = actions.iter().find(|action| rest.starts_with(**action))?;
        Some((*action).to_owned())
    };
    Some(Details::ForeignKey(ForeignKey {
        columns,
        table,
        parent_columns,
        on_delete: action("ON DELETE "),
        on_update: action("ON UPDATE "),
        deferred: rest.contains("INITIALLY DEFERRED"),
    }))
}

/// The names in the brackets that a text begins with, and what comes after them.
fn bracketed(text: &str) -> Option<(Vec<String>, &str)> {
    let inside = text.trim_start().strip_prefix('(')?;
    let (names, rest) = inside.split_once(')')?;
    let names = names.split(", ").map(super::unquoted).collect();
    Some((names, rest))
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, ObjectId};
    use super::*;

    fn constraint_of(definition: &str) -> Details {
        let id = ObjectId::of(Kind::Constraint, "t", "c");
        constraint(&Object::new(id, [("definition", definition.to_owned())]))
    }

    #[test]
    fn labels_are_read_with_their_quotes() {
        assert_eq!(literals("'a', 'it''s, b', ''"), ["a", "it's, b", ""]);
    }

    #[test]
    fn a_foreign_key_is_read_with_its_actions() {
        let text = "FOREIGN KEY (a, \"B\") REFERENCES s.t(x, y) ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED";
        let Details::ForeignKey(key) = constraint_of(text) else {
            panic!("it is a foreign key")
        };
        assert_eq!(
            (key.columns, key.table),
            (vec!["a".to_owned(), "B".to_owned()], "s.t".to_owned())
        );
        assert_eq!(key.on_delete.as_deref(), Some("SET NULL"));
        assert_eq!(key.on_update.as_deref(), Some("CASCADE"));
        assert!(key.deferred);
    }

    #[test]
    fn keys_and_checks_are_told_apart() {
        assert!(matches!(
            constraint_of("PRIMARY KEY (a)"),
            Details::Key(Key { primary: true, .. })
        ));
        assert!(matches!(
            constraint_of("UNIQUE (a)"),
            Details::Key(Key { primary: false, .. })
        ));
        assert!(
            matches!(constraint_of("CHECK (a > (0))"), Details::Check(Check { expression, .. }) if expression == "a > (0)")
        );
        assert_eq!(
            constraint_of("EXCLUDE USING gist (a WITH &&)"),
            Details::Untyped
        );
    }
}
