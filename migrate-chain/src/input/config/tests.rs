//! Tests of the reading of `migrate.toml`.

use super::*;
use crate::adopt::{Adopt, Tool};
use crate::{Dialect, sql};

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
         truncate_slug_length = 0x10\ninclude = ['app_*']\ndev_url = 'same-server'\nlock = 'required'\ndatabase_lock = 'lease'\napp = ['app', 'migrate']\nexclude = ['app_tmp', 'x?']\nconnect.mysql = 'SET @a = 1'\nadopt.tool = 'sqlx'\n[[post_write_hooks]]\nname = 'fmt'\ncommand = ['fmt', '{file}']\n\
         [scratch]\nprelude = 'prelude.sql'\n[schema]\nmodels = ['src/models']\nfiles = ['objects/*.sql']\n\
         program = ['ddl']\nunknown = 'drop'\n\
             [lint]\nbuild = 'warn'\nsince = 'a1'\nallow = [{ code = 'drop-column', reason = 'x' }]\n",
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
        lease: true,
        adopt: Some(Adopt::History {
            tool: Tool::Sqlx,
            table: "_sqlx_migrations".into(),
        }),
        dev_url: vec!["same-server".into()],
        scratch_prelude: Some("prelude.sql".into()),
        lock_required: true,
        app: vec!["app".into(), "migrate".into()],
        schema: SchemaSource {
            models: vec!["src/models".into()],
            files: vec!["objects/*.sql".into()],
            program: vec!["ddl".into()],
            drop_unknown: Some(true),
        },
        lint: Lint {
            build: Some(LintBuild::Warn),
            since: Some("a1".into()),
            allow: vec![Allowed {
                code: "drop-column".into(),
                reason: "x".into(),
            }],
        },
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
        known: &keys::NAMES,
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
        "lint = 'deny'",
        "lint.build = 'deny'",
        "dialects = ['sqlite']\nlint.build = 'loud'",
        "lint.since = ''",
        "lint.allow = ['drop-column']",
        "lint.allow = [{ code = 'drop-column' }]",
        "lint.allow = [{ code = 'drop-column', reason = ' ' }]",
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

#[test]
fn the_default_that_is_documented_for_a_key_is_its_default() {
    for key in KEYS.iter().filter(|key| !key.default.is_empty()) {
        let (config, faults) = read(&format!("{} = {}", key.name, key.default));
        assert_eq!(faults, [], "{}", key.name);
        assert_eq!(config, Config::default(), "{}", key.name);
    }
}

#[test]
fn a_schema_that_makes_no_sense_is_refused_key_by_key() {
    let (config, faults) = read(
        "[schema]\nmodel = ['a']\nfiles = 'schema.sql'\nprogram = []\nunknown = 'forget'\nmodels = ['b']\n",
    );
    assert_eq!(config.schema.models, ["b"]);
    let places: Vec<&str> = faults.iter().map(|(_, place)| &**place).collect();
    for place in ["model", "'schema.sql'", "[]", "'forget'"] {
        assert!(places.contains(&place), "{place}: {faults:?}");
    }
    assert_eq!(faults.len(), 4);
    assert!(!config.schema.drops_unknown());
    assert!(read("").0.schema.drops_unknown());
}
