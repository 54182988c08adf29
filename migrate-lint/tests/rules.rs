//! Each rule finds its bad example and not its good one, with squawk and on a real server.

use std::fs;

use migrate_chain::lint::{EXAMPLE_TABLES, Evidence, Example, Finding, RULES, Rule};
use migrate_chain::{Chain, Dialect, Disk, load_tree};
use migrate_diff::DevServer;
use migrate_lint::{Measured, Request, Review, measure, review};
use test_servers::Kind;

/// A chain of revisions for one database, each with the SQL of its upgrade.
fn chain(dialect: Dialect, revisions: &[&str]) -> Chain {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let versions = folder.path().join("versions");
    fs::create_dir(&versions).expect("a folder");
    let settings = format!("dialects = ['{dialect}']\n");
    fs::write(folder.path().join("migrate.toml"), settings).expect("a file");
    let mut parent = "none".to_owned();
    for (n, sql) in revisions.iter().enumerate() {
        let (id, key) = (format!("r{n}"), key(sql));
        let text = format!(
            "-- revision: {id}\n-- down_revision: {parent}\n{key}-- migrate: upgrade\n{sql}\n"
        );
        fs::write(versions.join(format!("{id}.sql")), text).expect("a file");
        parent = id;
    }
    load_tree(&Disk::new(folder.path(), "migrations")).expect("the chain is sound")
}

fn key(sql: &str) -> &'static str {
    if sql.contains("CONCURRENTLY") {
        "-- transaction: off\n"
    } else if sql.contains("orders_new") {
        "-- foreign_keys: off\n"
    } else {
        ""
    }
}

fn tables(dialect: Dialect) -> &'static str {
    let tables = EXAMPLE_TABLES.into_iter().find(|(of, _)| *of == dialect);
    tables.expect("every database has tables").1
}

/// The server for a kind of database; none if its tests are to be skipped.
fn server(dialect: Dialect) -> Option<DevServer> {
    let url = match dialect {
        Dialect::Sqlite => "sqlite::memory:".to_owned(),
        Dialect::Postgres if !test_servers::is_skipped(Kind::Postgres) => {
            test_servers::postgres().url("postgres")
        }
        Dialect::MySql if !test_servers::is_skipped(Kind::MySql) => {
            test_servers::mysql().url("mysql")
        }
        _ => return None,
    };
    Some(DevServer::at(&url).expect("a server"))
}

async fn measured(chain: &Chain, deployments: &[Vec<usize>], server: &DevServer) -> Measured {
    let measured = measure(chain, deployments, server).await;
    measured.unwrap_or_else(|failed| panic!("{failed}: {failed:?}"))
}

async fn reviewed(dialect: Dialect, revisions: &[&str], server: Option<&DevServer>) -> Review {
    let chain = chain(dialect, revisions);
    let deployments = [(1..revisions.len()).collect()];
    let measured = match server {
        Some(server) => vec![measured(&chain, &deployments, server).await],
        None => Vec::new(),
    };
    review(&Request {
        chain: &chain,
        deployments: &deployments,
        dialects: &[dialect],
        measured: &measured,
    })
}

fn codes(review: &Review) -> Vec<&'static str> {
    let findings = review.findings.iter();
    findings.map(|finding| finding.rule.code).collect()
}

fn examples() -> impl Iterator<Item = (&'static Rule, &'static Example)> {
    RULES
        .into_iter()
        .flat_map(|rule| rule.examples.iter().map(move |example| (rule, example)))
}

#[tokio::test(flavor = "current_thread")]
async fn read_rules_find_the_bad_example_and_not_the_good_one() {
    let mut wrong = Vec::new();
    for (rule, Example { dialect, bad, good }) in examples() {
        let tables = tables(*dialect);
        let found = reviewed(*dialect, &[tables, good], None).await;
        if !codes(&found).is_empty() {
            wrong.push(format!("{dialect}: {good}: {:?}", codes(&found)));
        }
        let found = reviewed(*dialect, &[tables, bad], None).await;
        if (rule.sources.read || rule.sources.squawk) && codes(&found) != [rule.code] {
            wrong.push(format!("{dialect}: {bad}: {:?}", codes(&found)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "current_thread")]
async fn a_server_shows_what_the_rules_say() {
    let mut wrong = Vec::new();
    for (rule, Example { dialect, bad, good }) in examples() {
        let Some(server) = server(*dialect) else {
            continue;
        };
        let tables = tables(*dialect);
        let found = reviewed(*dialect, &[tables, bad], Some(&server)).await;
        let is_right = |finding: &Finding| {
            let is_measured = matches!(finding.evidence, Evidence::Measured { .. });
            is_measured == rule.sources.measured
                && finding.effect.is_long() == rule.effect.is_long()
        };
        if codes(&found) != [rule.code] || !found.findings.iter().all(is_right) {
            wrong.push(format!("{dialect}: {bad}: {:#?}", shown(&found)));
        }
        let found = reviewed(*dialect, &[tables, good], Some(&server)).await;
        if !codes(&found).is_empty() {
            wrong.push(format!("{dialect}: {good}: {:#?}", shown(&found)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn shown(review: &Review) -> Vec<String> {
    let shown = |finding: &Finding| {
        format!(
            "{} {} {:?}",
            finding.rule.code, finding.effect, finding.evidence
        )
    };
    review.findings.iter().map(shown).collect()
}

/// The chain that the examples of the project embed.
#[tokio::test(flavor = "current_thread")]
async fn nothing_is_found_in_the_sample_chain_that_is_not_accepted() {
    let chain = load_tree(&Disk::new("../migrations", "migrations")).expect("it is sound");
    let each: Vec<Vec<usize>> = (0..chain.revisions.len())
        .map(|revision| vec![revision])
        .collect();
    let mut measures = Vec::new();
    for server in Dialect::ALL.into_iter().filter_map(server) {
        measures.push(measured(&chain, &each, &server).await);
    }
    let found = review(&Request {
        chain: &chain,
        deployments: &each,
        dialects: &Dialect::ALL,
        measured: &measures,
    });
    assert_eq!(shown(&found), [""; 0]);
    assert!(found.accepted > 5, "{}", found.accepted);
}
