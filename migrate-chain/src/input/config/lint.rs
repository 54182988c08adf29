//! The table `[lint]`: what a review of revisions accepts, and what a build does with its findings.

use super::reader::{Reader, Value};
use super::settings::{Allowed, Lint, LintBuild};
use super::value::non_empty;

pub const TAKES: &str = "a table with `build` (\"warn\" or \"deny\", with `dialects` declared), `since` (a revision) and `allow`, \
                                such as [{ code = \"drop-column\", reason = \"…\" }]";

const KEYS: [&str; 3] = ["build", "since", "allow"];

pub fn read(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<()> {
    let mut lint = Lint::default();
    for (key, value) in value.get_ref().as_table()? {
        let name: &str = key.get_ref();
        let read = match name {
            "build" => set(&mut lint.build, build(value)),
            "since" => set(&mut lint.since, non_empty(value)),
            "allow" => allow(value).map(|allow| lint.allow = allow),
            _ => {
                reader.unknown_key(Some("lint"), name, &KEYS, key.span());
                continue;
            }
        };
        if read.is_none() {
            reader.wrong_value(&format!("lint.{name}"), takes(name), value.span());
        }
    }
    reader.settings.config.lint = lint;
    Some(())
}

/// A build asks no database which rules to read by.
pub fn needs_dialects(reader: &mut Reader<'_>, lint: Option<&Value<'_>>) {
    let config = &reader.settings.config;
    if let Some(lint) = lint.filter(|_| config.lint.build.is_some() && config.dialects.is_empty()) {
        let expected = "effect only with `dialects`: a build has no database to ask";
        reader.wrong_value("lint.build", expected, lint.span());
    }
}

fn takes(key: &str) -> &'static str {
    match key {
        "build" => "\"warn\" or \"deny\"",
        "since" => "the id of a revision",
        _ => {
            "a list of tables, each with a `code` and a `reason`, such as [{ code = \"drop-column\", reason = \"…\" }]"
        }
    }
}

fn set<T>(setting: &mut Option<T>, value: Option<T>) -> Option<()> {
    *setting = Some(value?);
    Some(())
}

fn build(value: &Value<'_>) -> Option<LintBuild> {
    match value.get_ref().as_str()? {
        "warn" => Some(LintBuild::Warn),
        "deny" => Some(LintBuild::Deny),
        _ => None,
    }
}

fn allow(value: &Value<'_>) -> Option<Vec<Allowed>> {
    let items = value.get_ref().as_array()?.iter();
    let allowed = items.map(|item| {
        let table = item.get_ref().as_table()?;
        let text = |key| non_empty(table.get(key)?).filter(|text| !text.trim().is_empty());
        let (code, reason) = (text("code")?, text("reason")?);
        (table.len() == 2).then_some(Allowed { code, reason })
    });
    allowed.collect()
}
