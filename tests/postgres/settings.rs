//! Each revision begins with the same settings, whatever the one before it has set, and a connection that is passed has its
//! own back.

use embed_migrations::{Migrations, TransactionMode};
use sqlx::PgConnection;

use crate::support::Backend as _;
use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::postgres::{Postgres, column};

/// The settings that a revision may leave on its connection.
const SET: &[&str] = &[
    "SET TimeZone = 'Asia/Tokyo'",
    "SET statement_timeout = '77s'",
    "SET standard_conforming_strings = off",
    "SET default_transaction_isolation = 'serializable'",
    "SET SESSION app.tenant = 'left'",
    "SELECT set_config('app.other', 'left', false)",
    "DO 'BEGIN SET DateStyle = ''German''; END'",
    "SELECT pg_catalog.set_config('search_path', '', false)",
    "CREATE TEMP TABLE left_over (id int)",
    "PREPARE left_over AS SELECT 1",
    "DECLARE left_over CURSOR WITH HOLD FOR SELECT 1",
    "SET ROLE pg_monitor",
];

/// The same settings, as the next revision sees them.
const SEEN: &str = "concat_ws('|', current_setting('TimeZone'), current_setting('statement_timeout'), \
                    current_setting('standard_conforming_strings'), current_setting('default_transaction_isolation'), \
                    nullif(current_setting('app.tenant', true), ''), nullif(current_setting('app.other', true), ''), \
                    current_setting('DateStyle'), current_setting('search_path'), to_regclass('pg_temp.left_over'), \
                    (SELECT string_agg(name, ',') FROM pg_prepared_statements WHERE name = 'left_over'), \
                    (SELECT string_agg(name, ',') FROM pg_cursors WHERE name = 'left_over'), current_user)";

/// One revision sets `set`, in or outside a transaction, and the next one writes down what it sees.
fn chain(set: &str, is_outside: bool) -> Migrations {
    let chain = Chain::line(1).revision("set", "r1");
    let chain = if is_outside {
        chain.header("transaction: off")
    } else {
        chain
    };
    let chain = chain.up(set).revision("see", "set").up(&format!(
        "CREATE TABLE public.seen AS SELECT {SEEN} AS seen"
    ));
    chain.load()
}

async fn seen(database: &Postgres) -> Vec<String> {
    assert_consistent(database).await;
    database.column("SELECT seen FROM seen").await
}

/// In one run, in two, and in one transaction: the database is the same.
#[tokio::test]
async fn one_run_leaves_the_same_as_several() {
    let all = SET.join(";\n");
    for set in SET.iter().copied().chain([&*all]) {
        let stepwise = Postgres::fresh().await;
        let migrations = chain(set, false);
        let first = migrations.runner(stepwise.db()).to("set").upgrade();
        first.await.unwrap();
        migrations.upgrade(stepwise.db()).await.unwrap();
        let expected = seen(&stepwise).await;
        assert!(!expected[0].contains("left"), "{expected:?}");
        for (is_outside, mode) in [
            (false, TransactionMode::PerRevision),
            (false, TransactionMode::Single),
            (true, TransactionMode::PerRevision),
        ] {
            let database = Postgres::fresh().await;
            let migrations = chain(set, is_outside);
            let runner = migrations.runner(database.db()).transaction_mode(mode);
            let ran = runner.upgrade().await;
            ran.unwrap_or_else(|error| panic!("{set}, {mode:?}: {error}"));
            assert_eq!(
                seen(&database).await,
                expected,
                "{set}, {mode:?}, {is_outside}"
            );
        }
    }
}

/// The settings that an app has made on its connection.
const OF_APP: &str = "SET TimeZone = 'Europe/Rome'; SET statement_timeout = '8s'; SET DateStyle = 'SQL'; SET app.tenant = 'its own'; \
                      SET app.other = 'its own'; CREATE TEMP TABLE of_app (id int); PREPARE of_app AS SELECT 2; SET search_path = \
                      public, pg_temp; SET ROLE postgres";

const STATE: &str = "SELECT concat_ws('|', current_setting('TimeZone'), current_setting('statement_timeout'), \
                     current_setting('standard_conforming_strings'), current_setting('default_transaction_isolation'), \
                     current_setting('app.tenant', true), current_setting('app.other', true), current_setting('DateStyle'), \
                     current_setting('search_path'), current_setting('lock_timeout'), current_setting('role'), session_user, \
                     (SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relnamespace = pg_my_temp_schema()), \
                     (SELECT string_agg(name, ',') FROM pg_prepared_statements WHERE from_sql), \
                     (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()))";

async fn of_app(database: &Postgres) -> PgConnection {
    let mut connection = database.connection().await;
    sqlx::raw_sql(OF_APP)
        .execute(&mut connection)
        .await
        .unwrap();
    connection
}

/// After a run, after one that failed, and with settings of `[connect]`.
#[tokio::test]
async fn a_connection_that_is_passed_has_its_own_back() {
    // A named setting is in the catalogs, or in the text.
    let set: Vec<&str> = SET
        .iter()
        .copied()
        .filter(|set| !set.contains("CURSOR"))
        .collect();
    let set = set.join(";\n");
    for (connect, bad) in [
        ("", ""),
        ("", ";\nSELECT 1 / 0"),
        ("SET app.more = 'x'; SET lock_timeout = '3s'", ""),
    ] {
        for is_outside in [false, true] {
            let database = Postgres::fresh().await;
            let mut connection = of_app(&database).await;
            let before = column(&mut connection, STATE).await;
            let chain = Chain::line(1);
            let chain = match connect {
                "" => chain,
                connect => chain.config(&format!("[connect]\npostgres = \"{connect}\"\n")),
            };
            let chain = chain.revision("set", "r1");
            let chain = if is_outside {
                chain.header("transaction: off")
            } else {
                chain
            };
            let chain = chain.up(&format!("{set}{bad}")).revision("see", "set");
            let chain =
                chain.up("CREATE TABLE public.seen AS SELECT current_setting('TimeZone') AS seen");
            let ran = chain.load().upgrade(&mut connection).await;
            assert_eq!(ran.is_ok(), bad.is_empty(), "{ran:?}");
            let after = column(&mut connection, STATE).await;
            // No catalog has these, and what runs outside a transaction is not looked through for them.
            let without = |state: &str| state.replace("|left|left|", "|its own|its own|");
            assert_eq!(
                after.iter().map(|state| without(state)).collect::<Vec<_>>(),
                before,
                "{connect} {bad} {is_outside}"
            );
            if ran.is_ok() {
                assert_eq!(
                    seen(&database).await,
                    ["UTC"],
                    "the settings of a new connection"
                );
            }
        }
    }
}

/// A revision begins with what `[connect]` sets, and with nothing else.
#[tokio::test]
async fn each_revision_begins_with_connect() {
    let connect = "[connect]\npostgres = \"SET TimeZone = 'Asia/Tokyo'; SET ROLE pg_monitor; RESET ROLE; SET app.tenant = 'c'\"\n";
    for mode in [TransactionMode::PerRevision, TransactionMode::Single] {
        let database = Postgres::fresh().await;
        let chain = Chain::line(1)
            .config(connect)
            .revision("set", "r1")
            .up("SET TimeZone = 'Europe/Rome'; SET app.tenant = 'x'")
            .revision("see", "set")
            .up("CREATE TABLE seen AS SELECT concat_ws('|', current_setting('TimeZone'), current_setting('app.tenant')) AS seen");
        let migrations = chain.load();
        let runner = migrations.runner(database.db()).transaction_mode(mode);
        runner.upgrade().await.unwrap();
        assert_eq!(seen(&database).await, ["Asia/Tokyo|c"]);
    }
}
