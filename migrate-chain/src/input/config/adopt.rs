//! The table `[adopt]`: the tool whose history is taken over.

use super::reader::{Reader, Value};
use super::value::table_name;
use crate::adopt::{Adopt, Tool};

pub const TAKES: &str = "a table with the `tool` that the chain was imported from, such as { tool = \"sqlx\" }, or \"none\"; and with its `table`, \
     where the app has named that otherwise";

const KEYS: [&str; 2] = ["tool", "table"];

/// The values that `tool` takes.
const TOOLS: &str = "\"sqlx\", \"diesel\", \"refinery\", \"sea-orm\", \"goose\", \"dbmate\", \"golang-migrate\", \"flyway\", \"prisma\" or \"none\"";

pub fn read(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<()> {
    let keys = value.get_ref().as_table()?;
    for key in keys.keys() {
        if !KEYS.contains(&key.get_ref().as_ref()) {
            reader.unknown_key(Some("adopt"), key.get_ref(), &KEYS, key.span());
        }
    }
    let named = keys.get("tool")?;
    let table = keys.get("table").map(table_name);
    let tool = match named.get_ref().as_str() {
        Some("none") => None,
        Some(name) if Tool::from_name(name).is_some() => Tool::from_name(name),
        _ => {
            reader.wrong_value("adopt.tool", TOOLS, named.span());
            return Some(());
        }
    };
    reader.settings.config.adopt = Some(match (tool, table) {
        (None, _) => Adopt::Nothing,
        (Some(tool), None) => Adopt::History {
            tool,
            table: tool.table().to_owned(),
        },
        (Some(tool), Some(table)) => Adopt::History {
            tool,
            table: table?,
        },
    });
    Some(())
}
