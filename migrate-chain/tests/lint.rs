//! Each rule that reads finds its bad example at its place, and not its good one.

use std::fs;

use migrate_chain::lint::{self, Allowances, EXAMPLE_TABLES, Evidence, Finding, RULES, Rule};
use migrate_chain::{Chain, Dialect, Disk, load_tree};

/// A chain of revisions for one database, each with a header key line and the SQL of its upgrade.
fn chain(settings: &str, revisions: &[(&str, &str)]) -> Chain {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let versions = folder.path().join("versions");
    fs::create_dir(&versions).expect("a folder");
    fs::write(folder.path().join("migrate.toml"), settings).expect("a file");
    let mut parent = "none".to_owned();
    for (n, (key, sql)) in revisions.iter().enumerate() {
        let id = format!("r{n}");
        let text = format!(
            "-- revision: {id}\n-- down_revision: {parent}\n{key}\n-- migrate: upgrade\n{sql}\n"
        );
        fs::write(versions.join(format!("{id}.sql")), text).expect("a file");
        parent = id;
    }
    load_tree(&Disk::new(folder.path(), "migrations")).expect("the chain is sound")
}

fn settings(dialect: Dialect) -> String {
    format!("dialects = ['{dialect}']\n")
}

/// Findings, accepted ones left out, in a revision on top of the tables of the examples.
fn found(dialect: Dialect, sql: &str) -> Vec<Finding> {
    let (_, tables) = EXAMPLE_TABLES
        .into_iter()
        .find(|(of, _)| *of == dialect)
        .expect("every database has tables");
    let key = if sql.contains("CONCURRENTLY") {
        "-- transaction: off"
    } else {
        "-- created: 2026-01-01T00:00:00Z"
    };
    let chain = chain(
        &settings(dialect),
        &[("-- created: 2026-01-01T00:00:00Z", tables), (key, sql)],
    );
    let mut findings = lint::read(&chain, &[vec![1]], &[dialect]);
    let allowances = Allowances::of(&chain.config);
    findings.retain(|finding| !allowances.accept(finding));
    findings
}

fn codes(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.rule.code).collect()
}

fn reading() -> impl Iterator<Item = &'static Rule> {
    RULES.into_iter().filter(|rule| rule.sources.read)
}

#[test]
fn each_rule_finds_its_bad_example_and_nothing_else_there() {
    for rule in reading() {
        for example in rule.examples {
            let found = found(example.dialect, example.bad);
            assert_eq!(
                codes(&found),
                [rule.code],
                "{}: {}",
                example.dialect,
                example.bad
            );
            let place = &found[0].place;
            let text = &place.source.text()[place.range.clone()];
            assert!(
                example.bad.contains(text),
                "{text:?} is not in {}",
                example.bad
            );
            assert_eq!(found[0].evidence, Evidence::Read);
        }
    }
}

#[test]
fn no_rule_finds_a_good_example() {
    for rule in RULES {
        for example in rule.examples {
            let found = found(example.dialect, example.good);
            assert_eq!(
                codes(&found),
                [""; 0],
                "{}: {}",
                example.dialect,
                example.good
            );
        }
    }
}

#[test]
fn every_rule_has_a_code_of_its_own_and_a_source() {
    for rule in RULES {
        assert_eq!(lint::rule(rule.code), Some(rule));
        let sources = rule.sources;
        assert!(
            sources.read || sources.squawk || sources.measured,
            "{}",
            rule.code
        );
        assert!(!rule.examples.is_empty(), "{}", rule.code);
    }
}

#[test]
fn a_table_that_the_deployment_creates_is_empty() {
    let created = "CREATE TABLE t (a integer);";
    let index =
        "CREATE INDEX t_a ON t (a);\nALTER TABLE t ALTER COLUMN a SET NOT NULL;\nDROP TABLE t;";
    let chain = chain(&settings(Dialect::Postgres), &[("", created), ("", index)]);
    let found =
        |deployments: &[Vec<usize>]| codes(&lint::read(&chain, deployments, &[Dialect::Postgres]));
    assert_eq!(found(&[vec![0, 1]]), [""; 0]);
    let each = ["index-blocks-writes", "not-null-scans", "drop-table"];
    assert_eq!(found(&[vec![0], vec![1]]), each);
    assert_eq!(found(&[vec![1]]), each);
    assert_eq!(found(&[vec![0]]), [""; 0]);
}

#[test]
fn a_name_is_the_same_with_and_without_quotes_schema_and_capitals() {
    for sql in [
        "CREATE INDEX i ON Public.ORDERS (total)",
        "create index on only \"orders\" using btree (total)",
        "CREATE UNIQUE INDEX IF NOT EXISTS i ON orders(total) WHERE total > 1",
    ] {
        assert_eq!(
            codes(&found(
                Dialect::Postgres,
                &format!("CREATE TABLE \"Orders\" (a int);\n{sql};")
            )),
            ["index-blocks-writes"],
            "{sql}"
        );
    }
}

#[test]
fn each_part_of_a_statement_has_a_finding_at_its_place() {
    let sql = "ALTER TABLE orders\n    DROP COLUMN note,\n    ALTER total TYPE bigint,\n    ADD CHECK (total > 0), ADD COLUMN IF NOT EXISTS n serial;";
    let found = found(Dialect::Postgres, sql);
    let at: Vec<(&str, usize)> = found
        .iter()
        .map(|finding| (finding.rule.code, finding.place.position().line - 4))
        .collect();
    assert_eq!(
        at,
        [
            ("drop-column", 2),
            ("type-rewrites", 3),
            ("check-scans", 4),
            ("column-rewrites", 4)
        ]
    );
}

#[test]
fn what_is_accepted_is_not_reported_with_a_reason_above_the_statement_or_in_the_settings() {
    let drop = "ALTER TABLE orders DROP COLUMN note;";
    let part =
        "ALTER TABLE orders\n  -- migrate: allow drop-column it is empty\n  DROP COLUMN note;";
    for accepted in [
        &format!("-- migrate: allow drop-column it is empty\n{drop}"),
        part,
    ] {
        assert_eq!(
            codes(&found(Dialect::Sqlite, accepted)),
            [""; 0],
            "{accepted}"
        );
    }
    let other = format!("-- migrate: allow drop-table it is empty\n{drop}");
    assert_eq!(codes(&found(Dialect::Sqlite, &other)), ["drop-column"]);
    let settings = format!(
        "{}lint.allow = [{{ code = 'drop-column', reason = 'r' }}, {{ code = 'drop-tabel', reason = 'r' }}]\n",
        settings(Dialect::Sqlite)
    );
    let chain = chain(
        &settings,
        &[("", "CREATE TABLE orders (note);"), ("", drop)],
    );
    let allowances = Allowances::of(&chain.config);
    let findings = lint::read(&chain, &[vec![1]], &[Dialect::Sqlite]);
    assert_eq!(codes(&findings), ["drop-column"]);
    assert!(allowances.accept(&findings[0]));
    let unknown: Vec<_> = allowances.unknown().collect();
    assert_eq!(unknown.len(), 1);
    assert_eq!(unknown[0].nearest, Some("drop-table"));
}

#[test]
fn an_allowance_in_an_applied_revision_changes_no_checksum() {
    let sql = "ALTER TABLE orders DROP COLUMN note;";
    let of = |sql: &str| {
        let chain = chain(
            "",
            &[
                ("", "CREATE TABLE orders (id INTEGER, note TEXT);"),
                ("", sql),
            ],
        );
        let digest = |dialect| chain.revisions[1].digest(dialect);
        Dialect::ALL.map(digest)
    };
    let accepted = format!("-- migrate: allow drop-column no release reads it\n{sql}");
    assert_eq!(of(sql), of(&accepted));
}

#[test]
fn a_rebuild_is_not_a_drop_in_whichever_order_it_is_written() {
    let off = ("-- foreign_keys: off", "");
    for sql in [
        "CREATE TABLE n (id INTEGER); INSERT INTO n SELECT id FROM orders; DROP TABLE orders; ALTER TABLE n RENAME TO orders; CREATE INDEX i ON orders (id);",
        "ALTER TABLE orders RENAME TO o; CREATE TABLE orders (id INTEGER); INSERT INTO orders SELECT id FROM o; DROP TABLE o;",
    ] {
        let chain = chain(
            &settings(Dialect::Sqlite),
            &[("", "CREATE TABLE orders (id INTEGER, a);"), (off.0, sql)],
        );
        let findings = lint::read(&chain, &[vec![1]], &[Dialect::Sqlite]);
        assert_eq!(codes(&findings), ["rebuild-copies"], "{sql}");
    }
}

#[test]
fn a_build_looks_at_each_revision_on_its_own_from_the_first_after_since() {
    let revisions = [
        ("", "CREATE TABLE t (a integer);"),
        ("", "CREATE INDEX t_a ON t (a);"),
        ("", "DROP TABLE t;"),
    ];
    let at_build = |since: &str| {
        let settings = format!("{}{since}", settings(Dialect::Postgres));
        codes(&lint::at_build(&chain(&settings, &revisions)))
    };
    assert_eq!(at_build(""), ["index-blocks-writes", "drop-table"]);
    assert_eq!(at_build("lint.since = 'r1'\n"), ["drop-table"]);
    assert_eq!(at_build("lint.since = 'r2'\n"), [""; 0]);
}

#[test]
fn what_several_databases_share_is_one_finding() {
    let revisions = [
        ("", "CREATE TABLE t (a integer, b integer);"),
        ("", "ALTER TABLE t DROP COLUMN b;"),
    ];
    let chain = chain("dialects = ['sqlite', 'postgres', 'mysql']\n", &revisions);
    let findings = lint::read(&chain, &[vec![1]], &Dialect::ALL);
    assert_eq!(codes(&findings), ["drop-column"]);
    assert_eq!(findings[0].dialects.len(), 3);
}

#[test]
fn a_rewrite_is_sql_that_the_rules_accept() {
    for rule in reading() {
        for example in rule.examples {
            for finding in found(example.dialect, example.bad) {
                let Some(rewrite) = finding.rewrite else {
                    continue;
                };
                let first = &rewrite.stages[0];
                let again = found(example.dialect, &first.upgrade);
                assert!(!codes(&again).contains(&rule.code), "{rewrite}");
            }
        }
    }
}
