//! `migrate.toml`: the settings of a migration directory.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::conflict;
use crate::Dialect;
use crate::diagnostic::{Diagnostic, Fault};
use crate::source::{BYTE_ORDER_MARK, Place, Source};
use crate::sql;
use crate::suggest::nearest;

/// The settings of a migration directory, with the defaults for what `migrate.toml` leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a key of migrate.toml with two values"
)]
pub struct Config {
    /// The version locations, relative to the migration directory, in the order in which they are read.
    pub versions: Vec<String>,
    /// Whether sub-folders of a version location are read too.
    pub recursive: bool,
    /// The databases that every revision must serve; empty when none are declared.
    pub dialects: Vec<Dialect>,
    /// Whether the chain may have more heads than one.
    pub many_heads: bool,
    /// Whether the chain may have more bases than one.
    pub many_bases: bool,
    /// Whether each revision must have a downgrade or say that it is irreversible.
    pub downgrade_required: bool,
    /// The table of version rows.
    pub version_table: String,
    /// The schema of the version table and the journal; the connection's own when none is named.
    pub version_table_schema: Option<String>,
    /// The table of the journal: see [`journal_of`] for its default.
    pub journal_table: String,
    /// How a new revision's file is called.
    pub file_template: String,
    /// The time zone of the dates in a new revision.
    pub timezone: String,
    /// The longest slug in a file name, in characters.
    pub truncate_slug_length: usize,
    /// Commands that run on each new revision file.
    pub post_write_hooks: Vec<Hook>,
    /// Patterns of the names that a comparison of schemas looks at; empty for all.
    pub include: Vec<String>,
    /// Patterns of the names that a comparison of schemas does not look at.
    pub exclude: Vec<String>,
    /// SQL that runs on each new connection of a run, by [`Dialect::index`].
    pub connect: [Option<String>; 3],
    /// The servers for scratch databases, one for each kind of database; private servers when none is named.
    pub dev_url: Vec<String>,
    /// The SQL file, relative to the migration directory, that runs first on each scratch database.
    pub scratch_prelude: Option<String>,
}

/// A command that runs on a new revision file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The name that messages use.
    pub name: String,
    /// The program and its arguments; `{file}` is replaced by the path of the new file.
    pub command: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            versions: vec!["versions".to_owned()],
            recursive: false,
            dialects: Vec::new(),
            many_heads: false,
            many_bases: false,
            downgrade_required: false,
            version_table: DEFAULT_VERSION_TABLE.to_owned(),
            version_table_schema: None,
            journal_table: DEFAULT_JOURNAL_TABLE.to_owned(),
            file_template: "{rev}_{slug}".to_owned(),
            timezone: "UTC".to_owned(),
            truncate_slug_length: 40,
            post_write_hooks: Vec::new(),
            include: Vec::new(),
            exclude: Vec::new(),
            connect: [const { None }; 3],
            dev_url: Vec::new(),
            scratch_prelude: None,
        }
    }
}

/// The name of the version table where `migrate.toml` has no other: Alembic's.
pub const DEFAULT_VERSION_TABLE: &str = "alembic_version";

/// The name of the journal of [`DEFAULT_VERSION_TABLE`] where `migrate.toml` has no other.
pub const DEFAULT_JOURNAL_TABLE: &str = "migrate_journal";

/// The name of the journal that belongs to a version table, unless `migrate.toml` says otherwise: two chains in one
/// database share none.
///
/// ```
/// use migrate_chain::config::journal_of;
///
/// assert_eq!(journal_of("alembic_version"), "migrate_journal");
/// assert_eq!(journal_of("billing_version"), "billing_version_journal");
/// ```
pub fn journal_of(version_table: &str) -> String {
    if version_table == DEFAULT_VERSION_TABLE {
        DEFAULT_JOURNAL_TABLE.to_owned()
    } else {
        format!("{version_table}_journal")
    }
}

/// The settings that were read from `migrate.toml`, with or without faults.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) config: Config,
    /// The place of each version location in the file; none for the default.
    pub(crate) locations: Vec<Place>,
    /// The version locations are in doubt, and so is which files are revisions.
    pub(crate) doubtful_locations: bool,
}

impl Settings {
    /// The settings of a file that cannot be read: nothing is refused that one of its settings may allow.
    pub(crate) fn doubtful() -> Self {
        let mut settings = Self::default();
        for key in KEYS {
            settings.doubt(key);
        }
        settings
    }

    fn doubt(&mut self, key: &str) {
        match key {
            "heads" => self.config.many_heads = true,
            "bases" => self.config.many_bases = true,
            "versions" | "recursive" => self.doubtful_locations = true,
            // The defaults of the others refuse nothing.
            _ => {}
        }
    }
}

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
        Ok(table) => reader.table(table.get_ref()),
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

pub(crate) const KEYS: [&str; 18] = [
    "versions",
    "recursive",
    "dialects",
    "heads",
    "bases",
    "downgrade",
    "version_table",
    "version_table_schema",
    "journal_table",
    "file_template",
    "timezone",
    "truncate_slug_length",
    "post_write_hooks",
    "include",
    "exclude",
    "connect",
    "dev_url",
    "scratch",
];

/// The longest identifier that all three databases take.
const MAX_TABLE_NAME: usize = 63;

type Value<'i> = Spanned<DeValue<'i>>;
type Expected = &'static str;

struct Reader<'a> {
    source: &'a Arc<Source>,
    /// The bytes before the text that the TOML parser saw.
    shift: usize,
    faults: &'a mut Vec<Diagnostic>,
    settings: Settings,
}

impl Reader<'_> {
    fn table(&mut self, table: &DeTable<'_>) {
        for (key, value) in table {
            self.key(key, value, |name| table.contains_key(name));
        }
        if !table.contains_key("journal_table") {
            self.journal(table.get("version_table"));
        }
        self.one_table_each(table);
    }

    /// The journal follows the name of the version table.
    fn journal(&mut self, version_table: Option<&Value<'_>>) {
        let name = journal_of(&self.settings.config.version_table);
        if let Some(value) = version_table.filter(|_| name.len() > MAX_TABLE_NAME) {
            let expected = "a name of at most 55 bytes, since its journal is called `<version_table>_journal`; or name that in `journal_table`";
            let key = "version_table".to_owned();
            return self.fault(Fault::ConfigValue { key, expected }, value.span());
        }
        self.settings.config.journal_table = name;
    }

    /// The version table and the journal are two tables; some databases do not tell upper case from lower.
    fn one_table_each(&mut self, table: &DeTable<'_>) {
        let config = &self.settings.config;
        if !config
            .version_table
            .eq_ignore_ascii_case(&config.journal_table)
        {
            return;
        }
        let named = ["journal_table", "version_table"];
        if let Some((key, value)) = named.iter().find_map(|key| Some((*key, table.get(*key)?))) {
            let expected = "a name of its own: the version table and the journal are two tables";
            let key = key.to_owned();
            self.fault(Fault::ConfigValue { key, expected }, value.span());
        }
    }

    fn key(
        &mut self,
        key: &Spanned<Cow<'_, str>>,
        value: &Value<'_>,
        is_set: impl Fn(&str) -> bool,
    ) {
        let mut name: &str = key.get_ref();
        if !KEYS.contains(&name) {
            let nearest = nearest(name, &KEYS);
            let fault = Fault::ConfigUnknownKey {
                key: name.to_owned(),
                nearest,
                known: &KEYS,
            };
            self.fault(fault, key.span());
            // The value is taken for that of the key meant, so that one slip is one fault.
            match nearest.filter(|meant| !is_set(meant)) {
                Some(meant) => name = meant,
                None => return,
            }
        }
        if name == "versions" {
            self.settings.locations = self.places(value);
        }
        if name == "connect" {
            return self.connect(value);
        }
        if let Err(expected) = set(&mut self.settings.config, name, value) {
            let key = name.to_owned();
            self.settings.doubt(name);
            self.fault(Fault::ConfigValue { key, expected }, value.span());
        }
    }

    /// The table `[connect]`. Its SQL must be sound for its database, and leave transactions to the runtime.
    fn connect(&mut self, value: &Value<'_>) {
        let Some(table) = value.get_ref().as_table() else {
            let (key, expected) = ("connect".to_owned(), CONNECT);
            return self.fault(Fault::ConfigValue { key, expected }, value.span());
        };
        for (key, value) in table {
            let name: &str = key.get_ref();
            let Ok(dialect) = name.parse::<Dialect>() else {
                let fault = Fault::ConfigUnknownKey {
                    key: format!("connect.{name}"),
                    nearest: nearest(name, &Dialect::NAMES),
                    known: &Dialect::NAMES,
                };
                self.fault(fault, key.span());
                continue;
            };
            match non_empty(value, CONNECT) {
                Ok(text) => self.connect_with(dialect, text, &value.span()),
                Err(expected) => {
                    let key = format!("connect.{name}");
                    self.fault(Fault::ConfigValue { key, expected }, value.span());
                }
            }
        }
    }

    fn connect_with(&mut self, dialect: Dialect, text: String, value: &Range<usize>) {
        let written = &self.source.text()[value.start + self.shift..value.end + self.shift];
        // With an escape in it, what is read is not what is written, and the whole value is the place.
        let start = written.find(&text).map(|start| value.start + start);
        let place = |range: Range<usize>| match start {
            Some(start) => start + range.start..start + range.end,
            None => value.clone(),
        };
        let faults = sql::faults(dialect, false, &text).into_iter();
        // That it opens a transaction at all is said below.
        let is_other =
            |fault: &sql::Fault| !matches!(fault.kind, sql::FaultKind::UnclosedTransaction(_));
        for fault in faults.filter(is_other) {
            let (kind, dialect) = (fault.kind, Some(dialect));
            self.fault(Fault::Sql { kind, dialect }, place(fault.range));
        }
        for statement in sql::split(dialect, &text) {
            let control = sql::transaction_control(dialect, &text[statement.range()]);
            if let Some(keywords) = control {
                self.fault(
                    Fault::ConnectTransaction { keywords },
                    place(statement.range()),
                );
            }
        }
        self.settings.config.connect[dialect.index()] = Some(text);
    }

    fn places(&self, list: &Value<'_>) -> Vec<Place> {
        let items = list.get_ref().as_array().into_iter().flatten();
        items.map(|item| self.place(item.span())).collect()
    }

    fn place(&self, range: Range<usize>) -> Place {
        Place::new(
            self.source,
            range.start + self.shift..range.end + self.shift,
        )
    }

    fn fault(&mut self, fault: Fault, range: Range<usize>) {
        self.faults.push(Diagnostic::new(fault, self.place(range)));
    }
}

fn set(config: &mut Config, key: &str, value: &Value<'_>) -> Result<(), Expected> {
    match key {
        "versions" => config.versions = locations(value)?,
        "recursive" => config.recursive = value.get_ref().as_bool().ok_or("true or false")?,
        "dialects" => config.dialects = dialects(value)?,
        "heads" => config.many_heads = choice(value, ["one", "many"], "\"one\" or \"many\"")?,
        "bases" => config.many_bases = choice(value, ["one", "many"], "\"one\" or \"many\"")?,
        "downgrade" => {
            let expected = "\"optional\" or \"required\"";
            config.downgrade_required = choice(value, ["optional", "required"], expected)?;
        }
        "version_table" => config.version_table = table_name(value)?,
        "version_table_schema" => config.version_table_schema = Some(table_name(value)?),
        "journal_table" => config.journal_table = table_name(value)?,
        "file_template" => config.file_template = file_template(value)?,
        "timezone" => config.timezone = non_empty(value, "the name of a time zone")?,
        "truncate_slug_length" => config.truncate_slug_length = length(value)?,
        "include" => config.include = strings(value, PATTERNS)?,
        "exclude" => config.exclude = strings(value, PATTERNS)?,
        "dev_url" => config.dev_url = dev_url(value)?,
        "scratch" => config.scratch_prelude = Some(prelude(value)?),
        _ => config.post_write_hooks = hooks(value)?,
    }
    Ok(())
}

const CONNECT: Expected =
    "a table of SQL for `sqlite`, `postgres` and `mysql`, such as { postgres = \"SET ROLE app\" }";

const PATTERNS: Expected = "a list of names, with `*` for any characters, such as [\"audit_*\"]";

/// Whether the value is the second of two words.
fn choice(value: &Value<'_>, words: [&str; 2], expected: Expected) -> Result<bool, Expected> {
    let word = value.get_ref().as_str().ok_or(expected)?;
    if words.contains(&word) {
        Ok(word == words[1])
    } else {
        Err(expected)
    }
}

fn non_empty(value: &Value<'_>, expected: Expected) -> Result<String, Expected> {
    value
        .get_ref()
        .as_str()
        // TOML can write a NUL as `\u0000`.
        .filter(|text| !text.is_empty() && !text.contains('\0'))
        .map(str::to_owned)
        .ok_or(expected)
}

fn strings(value: &Value<'_>, expected: Expected) -> Result<Vec<String>, Expected> {
    let items = value.get_ref().as_array().ok_or(expected)?;
    items.iter().map(|item| non_empty(item, expected)).collect()
}

fn locations(value: &Value<'_>) -> Result<Vec<String>, Expected> {
    let expected = "a list of folders inside the migration directory, such as [\"versions\"]";
    let locations = strings(value, expected)?;
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
    if !locations.is_empty() && distinct && locations.iter().all(inside) {
        Ok(locations)
    } else {
        Err(expected)
    }
}

fn dialects(value: &Value<'_>) -> Result<Vec<Dialect>, Expected> {
    let expected = "a list of \"sqlite\", \"postgres\" and \"mysql\"";
    let names = strings(value, expected)?;
    let is_dialect = |name: &String| name.parse::<Dialect>().is_ok();
    if names.is_empty() || !names.iter().all(is_dialect) {
        return Err(expected);
    }
    let mut dialects = Dialect::ALL.to_vec();
    dialects.retain(|dialect| names.iter().any(|name| name == dialect.name()));
    Ok(dialects)
}

fn table_name(value: &Value<'_>) -> Result<String, Expected> {
    let expected = "a name of 1 to 63 bytes";
    let name = non_empty(value, expected)?;
    if name.len() <= MAX_TABLE_NAME {
        Ok(name)
    } else {
        Err(expected)
    }
}

fn file_template(value: &Value<'_>) -> Result<String, Expected> {
    let expected = "a file name with {rev} in it, of {rev} {slug} {year} {month} {day} {hour} {minute} {second} {epoch}";
    let template = non_empty(value, expected)?;
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
    if template.contains("{rev}") && fields_known && is_inside {
        Ok(template)
    } else {
        Err(expected)
    }
}

fn dev_url(value: &Value<'_>) -> Result<Vec<String>, Expected> {
    let expected = "the URL of a server, such as \"docker://postgres:17\" or \"same-server\", or a list of them";
    if value.get_ref().is_array() {
        return strings(value, expected);
    }
    Ok(vec![non_empty(value, expected)?])
}

/// The only key of the table `[scratch]`.
fn prelude(value: &Value<'_>) -> Result<String, Expected> {
    let expected =
        "a table with one key, `prelude`: the path of a SQL file in the migration directory";
    let table = value.get_ref().as_table().ok_or(expected)?;
    let path = non_empty(table.get("prelude").ok_or(expected)?, expected)?;
    if table.len() == 1 {
        Ok(path)
    } else {
        Err(expected)
    }
}

fn length(value: &Value<'_>) -> Result<usize, Expected> {
    let expected = "a whole number of at least 1";
    let number = value.get_ref().as_integer().ok_or(expected)?;
    match usize::from_str_radix(number.as_str(), number.radix()) {
        Ok(0) | Err(_) => Err(expected),
        Ok(length) => Ok(length),
    }
}

fn hooks(value: &Value<'_>) -> Result<Vec<Hook>, Expected> {
    let expected = "[[post_write_hooks]] tables, each with a `name` and a `command` such as [\"sqlfluff\", \"fix\", \"{file}\"]";
    let tables = value.get_ref().as_array().ok_or(expected)?;
    let hook = |table: &Value<'_>| -> Result<Hook, Expected> {
        let table = table.get_ref().as_table().ok_or(expected)?;
        let name = non_empty(table.get("name").ok_or(expected)?, expected)?;
        let command = strings(table.get("command").ok_or(expected)?, expected)?;
        if table.len() == 2 && !command.is_empty() {
            Ok(Hook { name, command })
        } else {
            Err(expected)
        }
    };
    tables.iter().map(hook).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Config, Vec<(Fault, String)>) {
        let source = Arc::new(Source::new("migrate.toml", text));
        let mut faults = Vec::new();
        let config = parse(&source, &mut faults).config;
        (
            config,
            faults
                .into_iter()
                .map(|d| (d.fault, text[d.place.range].to_owned()))
                .collect(),
        )
    }

    #[test]
    fn every_key_is_read() {
        let (config, faults) = read(
            "\u{feff}versions = ['a', 'b/c']\r\nrecursive = true\r\ndialects = ['postgres', 'sqlite']\nheads = 'many'\n\
             bases = 'many'\ndowngrade = 'required'\nversion_table = 'v'\nversion_table_schema = 's'\n\
             journal_table = 'j'\nfile_template = '{year}/{rev}'\ntimezone = 'Europe/Zurich'\n\
             truncate_slug_length = 0x10\ninclude = ['app_*']\ndev_url = 'same-server'\nexclude = ['app_tmp', 'x?']\nconnect.mysql = 'SET @a = 1'\n[[post_write_hooks]]\nname = 'fmt'\ncommand = ['fmt', '{file}']\n\
             [scratch]\nprelude = 'prelude.sql'\n",
        );
        assert_eq!(faults, []);
        let expected = Config {
            versions: vec!["a".into(), "b/c".into()],
            recursive: true,
            dialects: vec![Dialect::Sqlite, Dialect::Postgres],
            many_heads: true,
            many_bases: true,
            downgrade_required: true,
            version_table: "v".into(),
            version_table_schema: Some("s".into()),
            journal_table: "j".into(),
            file_template: "{year}/{rev}".into(),
            timezone: "Europe/Zurich".into(),
            truncate_slug_length: 16,
            post_write_hooks: vec![Hook {
                name: "fmt".into(),
                command: vec!["fmt".into(), "{file}".into()],
            }],
            include: vec!["app_*".into()],
            exclude: vec!["app_tmp".into(), "x?".into()],
            connect: [None, None, Some("SET @a = 1".into())],
            dev_url: vec!["same-server".into()],
            scratch_prelude: Some("prelude.sql".into()),
        };
        assert_eq!(config, expected);
    }

    #[test]
    fn each_version_table_has_a_journal_of_its_own() {
        let journal = |text: &str| {
            let (config, faults) = read(text);
            assert_eq!(faults, [], "{text}");
            config.journal_table
        };
        assert_eq!(journal(""), "migrate_journal");
        assert_eq!(
            journal("version_table = 'alembic_version'"),
            "migrate_journal"
        );
        assert_eq!(
            journal("version_table = 'migrate_journal'"),
            "migrate_journal_journal"
        );
        assert_eq!(journal("version_table = 'a'\njournal_table = 'b'"), "b");
        let longest = format!("version_table = '{}'", "v".repeat(55));
        assert_eq!(journal(&longest).len(), MAX_TABLE_NAME);
    }

    #[test]
    fn an_unknown_key_points_at_itself_after_a_byte_order_mark_too() {
        let (_, faults) = read("\u{feff}dialect = ['sqlite']\n");
        let fault = Fault::ConfigUnknownKey {
            key: "dialect".into(),
            nearest: Some("dialects"),
            known: &KEYS,
        };
        assert_eq!(faults, [(fault, "dialect".to_owned())]);
    }

    #[test]
    fn every_wrong_value_is_reported_and_the_rest_is_read() {
        let wrong = [
            "versions = ['..']",
            "versions = ['a', 'a']",
            "versions = []",
            "recursive = 'yes'",
            "dialects = ['oracle']",
            "heads = 'two'",
            "version_table = ''",
            r#"version_table = "a\u0000b""#,
            r#"versions = ["a\u0000b"]"#,
            r#"file_template = "{rev}\u0000""#,
            "file_template = '{slug}'",
            "file_template = '{rev}_{name}'",
            "file_template = '../{rev}'",
            "file_template = '/{rev}'",
            "file_template = '{rev}/'",
            "file_template = '.{rev}'",
            "truncate_slug_length = 0",
            "truncate_slug_length = -1",
            "post_write_hooks = [{ name = 'x' }]",
            "versions = ['./versions']",
            "include = 'app'",
            "exclude = ['']",
            "journal_table = 'Alembic_Version'",
            "version_table = 'vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv'",
            "dev_url = ''",
            "dev_url = [1]",
            "scratch = 'prelude.sql'",
            "[scratch]\nprelud = 'x'",
            "version_table = 'x'\njournal_table = 'X'",
            "connect = 'SET ROLE app'",
            "connect = { postgres = ['SET ROLE app'] }",
            "connect = { sqlite = '' }",
        ];
        for line in wrong {
            let (config, faults) = read(&format!("bases = 'many'\n{line}\n"));
            assert!(
                matches!(&faults[..], [(Fault::ConfigValue { .. }, _)]),
                "{line}: {faults:?}"
            );
            assert!(config.many_bases, "{line}");
        }
    }

    #[test]
    fn the_sql_of_connect_is_checked_and_its_faults_have_their_place() {
        let open = sql::FaultKind::UnterminatedString;
        let fault = |kind, dialect| Fault::Sql {
            kind,
            dialect: Some(dialect),
        };
        let keywords = "COMMIT";
        for (text, expected, at) in [
            (
                "connect.sqlite = \"SELECT 'x\"\n",
                fault(open, Dialect::Sqlite),
                "'",
            ),
            (
                "connect.mysql = '''\nSET @a = 1;\nCOMMIT;'''\n",
                Fault::ConnectTransaction { keywords },
                "COMMIT",
            ),
            (
                "connect.mysql = \"SET @a = \\\"1\\\"; COMMIT\"\n",
                Fault::ConnectTransaction { keywords },
                "\"SET @a = \\\"1\\\"; COMMIT\"",
            ),
        ] {
            assert_eq!(read(text).1, [(expected, at.to_owned())], "{text}");
        }
        let (_, faults) = read("[connect]\npostgresql = 'SET ROLE app'\n");
        assert!(
            matches!(&faults[..], [(Fault::ConfigUnknownKey { nearest: Some("postgres"), .. }, at)] if at == "postgresql"),
            "{faults:?}"
        );
    }

    #[test]
    fn broken_toml_says_where() {
        let (_, faults) = read("heads = \nbases = 'many'\n");
        assert!(
            matches!(faults[0].0, Fault::ConfigSyntax { .. }),
            "{faults:?}"
        );
    }
}
