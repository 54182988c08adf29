//! The table `[schema]`: the sources of the desired schema.

use super::reader::{Reader, Value};
use super::value::{choice, command, strings};

pub const TAKES: &str = "a table with `models`, `files`, `program` and `unknown`, such as { models = [\"src/models\"] }";

const KEYS: [&str; 4] = ["models", "files", "program", "unknown"];

const PATHS: &str = "a list of paths, such as [\"src/models\"]";

pub fn read(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<()> {
    for (key, value) in value.get_ref().as_table()? {
        let name: &str = key.get_ref();
        let mut schema = reader.settings.config.schema.clone();
        let (read, takes) = match name {
            "models" => (paths(value).map(|paths| schema.models = paths), PATHS),
            "files" => (paths(value).map(|paths| schema.files = paths), PATHS),
            "program" => (
                command(value).map(|command| schema.program = command),
                "a command as a list, such as [\"cargo\", \"run\", \"--bin\", \"schema\"]",
            ),
            "unknown" => (
                choice(value, ["keep", "drop"]).map(|drop| schema.drop_unknown = Some(drop)),
                "\"keep\" or \"drop\"",
            ),
            name => {
                reader.unknown_key(Some("schema"), name, &KEYS, key.span());
                continue;
            }
        };
        match read {
            Some(()) => reader.settings.config.schema = schema,
            None => reader.wrong_value(&format!("schema.{name}"), takes, value.span()),
        }
    }
    Some(())
}

fn paths(value: &Value<'_>) -> Option<Vec<String>> {
    strings(value).filter(|paths| !paths.is_empty())
}
