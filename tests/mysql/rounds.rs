//! The cost of a revision: round trips, counted by a proxy, and statements and commits, counted by the server.

use embed_migrations::AnyPool;
use sqlx::{Connection as _, MySqlConnection, Row as _};

use crate::support::Backend as _;
use crate::support::chain::Chain;
use crate::support::mysql::MySql;
use crate::support::proxy::Proxy;

/// The cost of `count` revisions that are added to a database, on a passed connection.
async fn cost(up: impl Fn(usize) -> String, count: usize) -> [usize; 3] {
    let database = MySql::fresh().await;
    let url = database.server().url(&database.name);
    let proxy = Proxy::before(&url);
    let mut connection = MySqlConnection::connect(&proxy.url(&url)).await.unwrap();
    let chain = Chain::new()
        .revision("first", "none")
        .up("CREATE TABLE t (id INT)")
        .then("r", "first", count, |chain, n| chain.up(&up(n)));
    let migrations = chain.load();
    let first = migrations.runner(database.db()).to("first");
    first.upgrade().await.unwrap();
    let [statements, commits] = counters(&mut connection).await;
    proxy.round_trips();
    migrations.upgrade(&mut connection).await.unwrap();
    let round_trips = proxy.round_trips();
    let after = counters(&mut connection).await;
    [round_trips, after[0] - statements, after[1] - commits]
}

async fn counters(connection: &mut MySqlConnection) -> [usize; 2] {
    let sql = "SHOW SESSION STATUS WHERE Variable_name IN ('Com_commit', 'Questions')";
    let rows = sqlx::raw_sql(sql).fetch_all(connection).await.unwrap();
    let value = |at: usize| rows[at].get::<String, _>(1).parse().unwrap();
    [value(1), value(0)]
}

/// The cost of one more revision.
async fn of_each(up: impl Fn(usize) -> String) -> [usize; 3] {
    let (two, five) = (cost(&up, 2).await, cost(&up, 5).await);
    std::array::from_fn(|n| (five[n] - two[n]) / 3)
}

/// As an app does that has no pool of sqlx 0.9: on a new database, and on one that is current.
#[tokio::test]
async fn a_startup_by_url_opens_one_connection() {
    let database = MySql::fresh().await;
    let url = database.server().url(&database.name);
    let proxy = Proxy::before(&url);
    let chain = Chain::line(3);
    for count in 1..=2 {
        let pool = AnyPool::new(&proxy.url(&url)).unwrap();
        chain.load().upgrade(&pool).await.unwrap();
        assert_eq!(proxy.connections(), count);
    }
}

/// Settings, begin, version row, comparison, the row itself, another comparison, journal, commit.
#[tokio::test]
async fn a_revision_of_rows_is_one_message_and_one_commit() {
    let cost = of_each(|n| format!("INSERT INTO t VALUES ({n})")).await;
    assert_eq!(cost, [1, 8, 1], "round trips, statements, commits");
}

/// A look at what it changes, the intent with the statement, and the record.
#[tokio::test]
async fn a_schema_change_costs_three_messages() {
    let cost = of_each(|n| format!("CREATE TABLE t{n} (id INT)")).await;
    assert_eq!(cost[0], 3, "round trips");
    assert_eq!(cost[2], 2, "commits");
}

/// The record of each statement travels with the next one.
#[tokio::test]
async fn each_further_schema_change_costs_one_message() {
    let one = of_each(|n| format!("CREATE TABLE t{n} (id INT)")).await;
    let two =
        of_each(|n| format!("CREATE TABLE t{n} (id INT);\nCREATE INDEX i ON t{n} (id)")).await;
    assert_eq!(two[0] - one[0], 1, "round trips");
    assert_eq!(two[2], one[2], "commits by COMMIT");
}

/// The state; and before that a look whether the connection is inside a transaction, which its owner may have begun.
#[tokio::test]
async fn nothing_to_do_costs_two_on_a_passed_connection() {
    let database = MySql::fresh().await;
    let url = database.server().url(&database.name);
    let proxy = Proxy::before(&url);
    let mut connection = MySqlConnection::connect(&proxy.url(&url)).await.unwrap();
    let chain = Chain::line(3);
    let migrations = chain.load();
    migrations.upgrade(database.db()).await.unwrap();
    for _ in 0..2 {
        proxy.round_trips();
        migrations.upgrade(&mut connection).await.unwrap();
        assert_eq!(proxy.round_trips(), 2);
    }
}
