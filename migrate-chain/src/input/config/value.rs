//! The values that keys of `migrate.toml` take. None is a value of another kind, or one out of bounds.

use super::reader::Value;
use super::settings::Hook;
use crate::Dialect;

/// The longest identifier that all three databases take.
pub const MAX_TABLE_NAME: usize = 63;

/// Whether the value is the second of two words.
pub fn choice(value: &Value<'_>, words: [&str; 2]) -> Option<bool> {
    let word = value.get_ref().as_str()?;
    words.contains(&word).then_some(word == words[1])
}

pub fn non_empty(value: &Value<'_>) -> Option<String> {
    let text = value.get_ref().as_str()?;
    // TOML can write a NUL as `\u0000`.
    (!text.is_empty() && !text.contains('\0')).then(|| text.to_owned())
}

pub fn strings(value: &Value<'_>) -> Option<Vec<String>> {
    value.get_ref().as_array()?.iter().map(non_empty).collect()
}

pub fn locations(value: &Value<'_>) -> Option<Vec<String>> {
    let locations = strings(value)?;
    let inside = |location: &String| {
        !location.starts_with('/')
            && location
                .split('/')
                .all(|part| !matches!(part, "." | ".." | ""))
            && !location.contains('\\')
    };
    let distinct = locations
        .iter()
        .enumerate()
        .all(|(n, location)| !locations[..n].contains(location));
    (!locations.is_empty() && distinct && locations.iter().all(inside)).then_some(locations)
}

pub fn dialects(value: &Value<'_>) -> Option<Vec<Dialect>> {
    let names = strings(value)?;
    let is_dialect = |name: &String| name.parse::<Dialect>().is_ok();
    if names.is_empty() || !names.iter().all(is_dialect) {
        return None;
    }
    let mut dialects = Dialect::ALL.to_vec();
    dialects.retain(|dialect| names.iter().any(|name| name == dialect.name()));
    Some(dialects)
}

pub fn table_name(value: &Value<'_>) -> Option<String> {
    non_empty(value).filter(|name| name.len() <= MAX_TABLE_NAME)
}

pub fn file_template(value: &Value<'_>) -> Option<String> {
    let template = non_empty(value)?;
    let known = [
        "rev", "slug", "year", "month", "day", "hour", "minute", "second", "epoch",
    ];
    let fields_known = template.split('{').skip(1).all(|rest| {
        rest.split_once('}')
            .is_some_and(|(field, _)| known.contains(&field))
    });
    // A new file lies inside its version location, under a name that the loader reads.
    let is_inside = !template.contains('\\')
        && template
            .split('/')
            .all(|part| !part.is_empty() && !part.starts_with('.'));
    (template.contains("{rev}") && fields_known && is_inside).then_some(template)
}

/// One string, or a list of them.
pub fn one_or_more(value: &Value<'_>) -> Option<Vec<String>> {
    if value.get_ref().is_array() {
        return strings(value);
    }
    Some(vec![non_empty(value)?])
}

/// A program and its arguments.
pub fn command(value: &Value<'_>) -> Option<Vec<String>> {
    strings(value).filter(|words| !words.is_empty())
}

/// The only key of a table.
pub fn only<'v, 'i>(value: &'v Value<'i>, key: &str) -> Option<&'v Value<'i>> {
    let table = value.get_ref().as_table()?;
    table.get(key).filter(|_| table.len() == 1)
}

pub fn length(value: &Value<'_>) -> Option<usize> {
    let number = value.get_ref().as_integer()?;
    let length = usize::from_str_radix(number.as_str(), number.radix()).ok()?;
    (length > 0).then_some(length)
}

pub fn hooks(value: &Value<'_>) -> Option<Vec<Hook>> {
    let hook = |table: &Value<'_>| -> Option<Hook> {
        let table = table.get_ref().as_table()?;
        let name = non_empty(table.get("name")?)?;
        let command = strings(table.get("command")?)?;
        (table.len() == 2 && !command.is_empty()).then_some(Hook { name, command })
    };
    value.get_ref().as_array()?.iter().map(hook).collect()
}
