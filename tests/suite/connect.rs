//! `[connect]` of migrate.toml.

use embed_migrations::Dialect;

use crate::support::Backend;
use crate::support::chain::Chain;

/// SQL that sets a connection up, and an expression that gives 1 there and nowhere else.
fn setting(dialect: Dialect) -> (&'static str, &'static str) {
    match dialect {
        Dialect::Sqlite => ("PRAGMA case_sensitive_like = ON", "'A' NOT LIKE 'a'"),
        Dialect::Postgres => (
            "SET app.team = 'red'; SET app.team = '1'",
            "current_setting('app.team')",
        ),
        Dialect::MySql => ("SET @team = 0; SET @team = 1", "@team"),
    }
}

fn chain<B: Backend>() -> Chain {
    let (connect, value) = setting(B::DIALECT);
    Chain::new()
        .config(&format!("[connect]\n{} = \"{connect}\"\n", B::DIALECT))
        .then("r", "none", 2, |chain, n| {
            chain.up(&format!("CREATE TABLE t{n} AS SELECT {value} AS team"))
        })
}

pub async fn reaches_each_revision<B: Backend>() {
    let database = B::fresh().await;
    let migrations = chain::<B>().load();
    for target in ["r1", "r2"] {
        let runner = migrations.runner(database.db()).to(target);
        runner.upgrade().await.unwrap();
    }
    for table in ["t1", "t2"] {
        let team = format!("SELECT CONCAT(team) FROM {table}");
        assert_eq!(database.column(&team).await, ["1"], "{table}");
    }
}

pub async fn is_no_part_of_a_digest<B: Backend>() {
    let database = B::fresh().await;
    let chain = chain::<B>();
    chain.load().upgrade(database.db()).await.unwrap();
    let chain = chain.config("");
    chain.reload().check(database.db()).await.unwrap();
}

pub async fn is_named_when_it_fails<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(1).config(&format!(
        "[connect]\n{} = \"SELECT 1; SELECT * FROM missing\"\n",
        B::DIALECT
    ));
    let error = chain.load().upgrade(database.db()).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("`SELECT * FROM missing`"), "{text}");
    assert!(text.contains("`[connect]` in migrate.toml"), "{text}");
    assert!(text.contains("missing"), "{text}");
    assert_eq!(database.tables().await, [""; 0]);
}
