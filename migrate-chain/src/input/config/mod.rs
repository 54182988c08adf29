//! `migrate.toml`: the settings of a migration directory.

mod adopt;
mod connect;
mod keys;
mod lint;
mod reader;
mod schema;
mod settings;
#[cfg(test)]
mod tests;
mod value;

use std::borrow::Cow;
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeTable;

use self::reader::{Reader, Value};
use self::value::MAX_TABLE_NAME;
use super::conflict;
use crate::diagnostic::{Diagnostic, Fault};
use crate::source::{BYTE_ORDER_MARK, Source};

pub use self::keys::{KEYS, Key};
pub(crate) use self::settings::Settings;
pub use self::settings::{
    Allowed, Config, DEFAULT_JOURNAL_TABLE, DEFAULT_VERSION_TABLE, Hook, Lint, LintBuild,
    SchemaSource, journal_of,
};

/// Reads `migrate.toml`. A key that is wrong is reported, and then refuses nothing itself.
pub(crate) fn parse(source: &Arc<Source>, faults: &mut Vec<Diagnostic>) -> Settings {
    let text = source
        .text()
        .strip_prefix(BYTE_ORDER_MARK)
        .unwrap_or(source.text());
    let mut reader = Reader {
        source,
        shift: source.text().len() - text.len(),
        faults,
        settings: Settings::default(),
    };
    match DeTable::parse(text) {
        Ok(read) => table(&mut reader, read.get_ref()),
        Err(error) => {
            let conflicts = conflict::conflict_markers(source.text());
            if !conflicts.is_empty() {
                faults.extend(conflict::faults(source, conflicts));
                return Settings::doubtful();
            }
            // Anything after the first error is the parser's guess.
            let cause = error.message().to_owned();
            reader.fault(Fault::ConfigSyntax { cause }, error.span().unwrap_or(0..0));
            reader.settings = Settings::doubtful();
        }
    }
    reader.settings
}

fn table(reader: &mut Reader<'_>, table: &DeTable<'_>) {
    for (name, value) in table {
        key(reader, name, value, |name| table.contains_key(name));
    }
    if !table.contains_key("journal_table") {
        journal(reader, table.get("version_table"));
    }
    one_table_each(reader, table);
    lint::needs_dialects(reader, table.get("lint"));
}

fn key(
    reader: &mut Reader<'_>,
    name: &Spanned<Cow<'_, str>>,
    value: &Value<'_>,
    is_set: impl Fn(&str) -> bool,
) {
    let known = |name: &str| KEYS.iter().find(|key| key.name == name);
    let key = known(name.get_ref()).or_else(|| {
        let nearest = reader.unknown_key(None, name.get_ref(), &keys::NAMES, name.span());
        // The value is taken for that of the key meant, so that one slip is one fault.
        nearest.filter(|meant| !is_set(meant)).and_then(known)
    });
    let Some(key) = key else { return };
    if (key.read)(reader, value).is_none() {
        reader.settings.doubt(key.name);
        reader.wrong_value(key.name, key.takes, value.span());
    }
}

/// The journal follows the name of the version table.
fn journal(reader: &mut Reader<'_>, version_table: Option<&Value<'_>>) {
    let name = journal_of(&reader.settings.config.version_table);
    if let Some(value) = version_table.filter(|_| name.len() > MAX_TABLE_NAME) {
        let expected = "a name of at most 55 bytes, since its journal is called `<version_table>_journal`; or name that in `journal_table`";
        return reader.wrong_value("version_table", expected, value.span());
    }
    reader.settings.config.journal_table = name;
}

/// The version table and the journal are two tables; some databases do not tell upper case from lower.
fn one_table_each(reader: &mut Reader<'_>, table: &DeTable<'_>) {
    let config = &reader.settings.config;
    if !config
        .version_table
        .eq_ignore_ascii_case(&config.journal_table)
    {
        return;
    }
    let named = ["journal_table", "version_table"];
    if let Some((key, value)) = named.iter().find_map(|key| Some((*key, table.get(*key)?))) {
        let expected = "a name of its own: the version table and the journal are two tables";
        reader.wrong_value(key, expected, value.span());
    }
}
