//! The keys of `migrate.toml`, each with its value, its default and its meaning.

use super::reader::{Reader, Value};
use super::settings::Config;
use super::value::{
    choice, command, dialects, file_template, hooks, length, locations, non_empty, one_or_more,
    only, strings, table_name,
};
use super::{adopt, connect, lint, schema};

/// A key of `migrate.toml`, as the messages and the reference page describe it.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The key.
    pub name: &'static str,
    /// The values that it takes.
    pub takes: &'static str,
    /// Its default, as TOML; empty where nothing is set.
    pub default: &'static str,
    /// Its effect.
    pub meaning: &'static str,
    pub(super) read: fn(&mut Reader<'_>, &Value<'_>) -> Option<()>,
}

/// Every key, in the order of the reference page.
pub const KEYS: [Key; 24] = [
    Key {
        name: "versions",
        takes: "a list of folders inside the migration directory, such as [\"versions\"]",
        default: "[\"versions\"]",
        meaning: "The version locations, in the order in which they are read.",
        read: |reader, value| {
            reader.settings.locations = reader.places(value);
            reader.settings.config.versions = locations(value)?;
            Some(())
        },
    },
    Key {
        name: "recursive",
        takes: "true or false",
        default: "false",
        meaning: "Whether sub-folders of a version location are read too.",
        read: |reader, value| set(&mut config(reader).recursive, value.get_ref().as_bool()),
    },
    Key {
        name: "dialects",
        takes: "a list of \"sqlite\", \"postgres\" and \"mysql\"",
        default: "",
        meaning: "The databases that every revision must serve.",
        read: |reader, value| set(&mut config(reader).dialects, dialects(value)),
    },
    Key {
        name: "heads",
        takes: "\"one\" or \"many\"",
        default: "\"one\"",
        meaning: "Whether the chain may have more heads than one.",
        read: |reader, value| {
            set(
                &mut config(reader).many_heads,
                choice(value, ["one", "many"]),
            )
        },
    },
    Key {
        name: "bases",
        takes: "\"one\" or \"many\"",
        default: "\"one\"",
        meaning: "Whether the chain may have more bases than one.",
        read: |reader, value| {
            set(
                &mut config(reader).many_bases,
                choice(value, ["one", "many"]),
            )
        },
    },
    Key {
        name: "downgrade",
        takes: "\"optional\" or \"required\"",
        default: "\"optional\"",
        meaning: "Whether each revision must have a downgrade or say that it is irreversible.",
        read: |reader, value| {
            let required = choice(value, ["optional", "required"]);
            set(&mut config(reader).downgrade_required, required)
        },
    },
    Key {
        name: "version_table",
        takes: "a name of 1 to 63 bytes",
        default: "\"alembic_version\"",
        meaning: "The table of version rows.",
        read: |reader, value| set(&mut config(reader).version_table, table_name(value)),
    },
    Key {
        name: "version_table_schema",
        takes: "a name of 1 to 63 bytes",
        default: "",
        meaning: "The schema of the version table and the journal; the connection's own when none is named.",
        read: |reader, value| {
            config(reader).version_table_schema = Some(table_name(value)?);
            Some(())
        },
    },
    Key {
        name: "journal_table",
        takes: "a name of 1 to 63 bytes",
        default: "\"migrate_journal\"",
        meaning: "The journal. If you rename the version table, the default is `<version_table>_journal`.",
        read: |reader, value| set(&mut config(reader).journal_table, table_name(value)),
    },
    Key {
        name: "file_template",
        takes: "a file name with {rev} in it, of {rev} {slug} {year} {month} {day} {hour} {minute} {second} {epoch}",
        default: "\"{rev}_{slug}\"",
        meaning: "The name of a new revision's file.",
        read: |reader, value| set(&mut config(reader).file_template, file_template(value)),
    },
    Key {
        name: "timezone",
        takes: "the name of a time zone",
        default: "\"UTC\"",
        meaning: "The time zone of the dates in a new revision.",
        read: |reader, value| set(&mut config(reader).timezone, non_empty(value)),
    },
    Key {
        name: "truncate_slug_length",
        takes: "a whole number of at least 1",
        default: "40",
        meaning: "The longest slug in a file name, in characters.",
        read: |reader, value| set(&mut config(reader).truncate_slug_length, length(value)),
    },
    Key {
        name: "post_write_hooks",
        takes: "[[post_write_hooks]] tables, each with a `name` and a `command` such as [\"sqlfluff\", \"fix\", \"{file}\"]",
        default: "",
        meaning: "Commands that run on each new revision file.",
        read: |reader, value| set(&mut config(reader).post_write_hooks, hooks(value)),
    },
    Key {
        name: "include",
        takes: PATTERNS,
        default: "",
        meaning: "The names that a comparison of schemas looks at; all when none are given.",
        read: |reader, value| set(&mut config(reader).include, strings(value)),
    },
    Key {
        name: "exclude",
        takes: PATTERNS,
        default: "",
        meaning: "The names that a comparison of schemas ignores.",
        read: |reader, value| set(&mut config(reader).exclude, strings(value)),
    },
    Key {
        name: "connect",
        takes: connect::TAKES,
        default: "",
        meaning: "SQL that runs on each new connection of a run.",
        read: connect::read,
    },
    Key {
        name: "database_lock",
        takes: "\"auto\" or \"lease\"",
        default: "\"auto\"",
        meaning: "How two runs are kept apart: a lock of the server, or a row with an expiry for servers that do not share locks. \"auto\" takes the row where the server is known to need it.",
        read: |reader, value| {
            let lease = choice(value, ["auto", "lease"]);
            set(&mut config(reader).lease, lease)
        },
    },
    Key {
        name: "adopt",
        takes: adopt::TAKES,
        default: "",
        meaning: "The tool that the chain was imported from: a run takes over its history from the database. \"none\" says that such a history belongs to another component.",
        read: adopt::read,
    },
    Key {
        name: "dev_url",
        takes: "the URL of a server, such as \"docker://postgres:17\" or \"same-server\", or a list of them",
        default: "",
        meaning: "The servers for scratch databases, one for each kind of database; private servers when none is named.",
        read: |reader, value| set(&mut config(reader).dev_url, one_or_more(value)),
    },
    Key {
        name: "scratch",
        takes: "a table with one key, `prelude`: the path of a SQL file in the migration directory",
        default: "",
        meaning: "`prelude` is the SQL file that runs first on each scratch database.",
        read: |reader, value| {
            let prelude = non_empty(only(value, "prelude")?)?;
            config(reader).scratch_prelude = Some(prelude);
            Some(())
        },
    },
    Key {
        name: "lock",
        takes: "\"optional\" or \"required\"",
        default: "\"optional\"",
        meaning: "Whether a build fails without a `schema.lock`.",
        read: |reader, value| {
            let required = choice(value, ["optional", "required"]);
            set(&mut config(reader).lock_required, required)
        },
    },
    Key {
        name: "app",
        takes: "a command as a list, such as [\"cargo\", \"run\", \"-q\", \"--\", \"migrate\"]",
        default: "",
        meaning: "The app's own mounted commands, which run revisions in Rust.",
        read: |reader, value| set(&mut config(reader).app, command(value)),
    },
    Key {
        name: "schema",
        takes: schema::TAKES,
        default: "",
        meaning: "The desired schema: `models`, `files` and `program` are its sources, `unknown` says what happens to tables that they do not name.",
        read: schema::read,
    },
    Key {
        name: "lint",
        takes: lint::TAKES,
        default: "",
        meaning: "The findings of a review that are accepted, and what a build does with the others.",
        read: lint::read,
    },
];

/// The names of all keys.
pub(crate) const NAMES: [&str; KEYS.len()] = {
    let mut names = [""; KEYS.len()];
    let mut at = 0;
    while at < KEYS.len() {
        names[at] = KEYS[at].name;
        at += 1;
    }
    names
};

const PATTERNS: &str = "a list of names, with `*` for any characters, such as [\"audit_*\"]";

fn config<'r>(reader: &'r mut Reader<'_>) -> &'r mut Config {
    &mut reader.settings.config
}

fn set<T>(setting: &mut T, value: Option<T>) -> Option<()> {
    *setting = value?;
    Some(())
}
