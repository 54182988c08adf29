//! How many round trips a run costs, counted by a proxy before the server.

use embed_migrations::AnyPool;
use sqlx::{Connection as _, PgConnection};

use crate::support::Backend as _;
use crate::support::chain::Chain;
use crate::support::postgres::Postgres;
use crate::support::proxy::Proxy;
use crate::support::ran;

async fn through_a_proxy() -> (Postgres, Proxy, PgConnection) {
    let database = Postgres::fresh().await;
    let proxy = Proxy::before(&database.url());
    let connection = PgConnection::connect(&proxy.url(&database.url()))
        .await
        .unwrap();
    proxy.round_trips();
    (database, proxy, connection)
}

#[tokio::test]
async fn nothing_to_do_costs_one() {
    let (database, proxy, mut connection) = through_a_proxy().await;
    let chain = Chain::line(3);
    let migrations = chain.load();
    migrations.upgrade(database.db()).await.unwrap();
    for _ in 0..2 {
        assert!(
            migrations
                .upgrade(&mut connection)
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(proxy.round_trips(), 1);
    }
    migrations.check(&mut connection).await.unwrap();
    assert_eq!(proxy.round_trips(), 1);
}

/// As an app does that has no pool of sqlx 0.9: on a new database, and on one that is current.
#[tokio::test]
async fn a_startup_by_url_opens_one_connection() {
    let database = Postgres::fresh().await;
    let proxy = Proxy::before(&database.url());
    let chain = Chain::line(3);
    for count in 1..=2 {
        let pool = AnyPool::new(&proxy.url(&database.url())).unwrap();
        chain.load().upgrade(&pool).await.unwrap();
        assert_eq!(proxy.connections(), count);
    }
}

/// No table is there, and nothing to record.
#[tokio::test]
async fn an_empty_database_costs_one() {
    let (database, proxy, mut connection) = through_a_proxy().await;
    let chain = Chain::new();
    chain.load().upgrade(&mut connection).await.unwrap();
    assert_eq!(proxy.round_trips(), 1);
    let status = Chain::line(2).load().status(&mut connection).await;
    assert_eq!(status.unwrap().pending.len(), 2);
    assert_eq!(proxy.round_trips(), 1);
    assert_eq!(database.tables().await, [""; 0]);
}

/// From Alembic, without a journal.
#[tokio::test]
async fn an_adopted_database_costs_one() {
    let (database, proxy, mut connection) = through_a_proxy().await;
    let sql = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY); INSERT INTO alembic_version VALUES ('r2')";
    database.execute(sql).await.unwrap();
    let chain = Chain::line(2);
    chain.load().upgrade(&mut connection).await.unwrap();
    assert_eq!(proxy.round_trips(), 1);
}

/// The state twice, a look at who holds the lock, and then one for each revision, with its lock, the tables, the
/// comparison and its record.
#[tokio::test]
async fn each_revision_costs_one() {
    let (_database, proxy, mut connection) = through_a_proxy().await;
    for (count, revisions) in [(1, 1), (4, 3), (10, 6)] {
        let chain = Chain::line(count);
        let report = chain.load().upgrade(&mut connection).await.unwrap();
        assert_eq!(ran(&report).len(), revisions);
        assert_eq!(proxy.round_trips(), 3 + revisions, "to r{count}");
    }
}

/// A connection of the runtime's own: what it is set to goes with its first message, and the lock is taken and given
/// back once for all.
#[tokio::test]
async fn a_pool_costs_as_much_and_the_lock() {
    let (database, proxy, mut connection) = through_a_proxy().await;
    connection.ping().await.unwrap();
    let pool = crate::support::postgres::pool(crate::support::postgres::options(
        &proxy.url(&database.url()),
    ));
    proxy.round_trips();
    let plain = PgConnection::connect(&proxy.url(&database.url())).await;
    let connecting = {
        drop(plain.unwrap());
        proxy.round_trips()
    };
    let chain = Chain::line(3);
    let migrations = chain.load();
    migrations.upgrade(&pool).await.unwrap();
    // An empty database is asked for its tables first, which costs one more.
    assert_eq!(proxy.round_trips(), connecting + 3 + 1 + 3 + 1);
    migrations.upgrade(&pool).await.unwrap();
    assert_eq!(proxy.round_trips(), connecting + 1);
}

/// All of them in one message.
#[tokio::test]
async fn a_single_transaction_costs_one() {
    let (_database, proxy, mut connection) = through_a_proxy().await;
    let chain = Chain::line(10);
    let migrations = chain.load();
    let runner = migrations.runner(&mut connection);
    let single = runner.transaction_mode(embed_migrations::TransactionMode::Single);
    assert_eq!(single.upgrade().await.unwrap().steps.len(), 10);
    assert_eq!(proxy.round_trips(), 4);
}

/// Two tiny queries in one message; the state takes a closer look where the last row of the journal is not the head's.
#[tokio::test]
async fn nothing_to_do_on_a_pool_costs_one() {
    let (database, proxy, _connection) = through_a_proxy().await;
    let options = crate::support::postgres::options(&proxy.url(&database.url()));
    PgConnection::connect_with(&options).await.unwrap();
    let connecting = proxy.round_trips();
    let chain = Chain::line(3);
    let migrations = chain.load();
    migrations.upgrade(options.clone()).await.unwrap();
    proxy.round_trips();
    migrations.upgrade(options.clone()).await.unwrap();
    assert_eq!(proxy.round_trips(), connecting + 1);
    // The last row of the journal is not that of the head.
    migrations.downgrade(options.clone(), "-1").await.unwrap();
    proxy.round_trips();
    Chain::line(2).load().upgrade(options).await.unwrap();
    assert_eq!(proxy.round_trips(), connecting + 2);
}

/// In a fleet, a run with nothing to do leaves its connection to the next one. One that has changed something does not.
#[tokio::test]
async fn schemas_with_nothing_to_do_share_a_connection() {
    let database = Postgres::fresh().await;
    let proxy = Proxy::before(&database.url());
    let tenants: Vec<String> = (0..9).map(|n| format!("tenant_{n}")).collect();
    for tenant in &tenants {
        let sql = format!("CREATE SCHEMA {tenant}");
        database.execute(&sql).await.unwrap();
    }
    let options = crate::support::postgres::options(&proxy.url(&database.url()));
    let path = |chain: Chain, _| {
        chain.up("CREATE TABLE seen AS SELECT current_setting('search_path') AS path")
    };
    let lines = [2, 3].map(|length| Chain::line(2).then("s", "r2", length - 2, path));
    let upgraded = async |length: usize, tenants: &[String]| {
        let pool = crate::support::postgres::pool(options.clone());
        let before = proxy.connections();
        let chain = lines[length - 2].load();
        let fleet = chain.for_each(tenants.iter().map(|tenant| (tenant, &pool)));
        let fleet = fleet
            .concurrency(1)
            .configure(|tenant, runner| runner.schema(tenant));
        let reports = fleet.upgrade().await.into_result().unwrap();
        let counts = reports.iter().map(|(_, report)| report.steps.len());
        (counts.collect::<Vec<_>>(), proxy.connections() - before)
    };
    assert_eq!(upgraded(2, &tenants).await, (vec![2; 9], 9));
    assert_eq!(upgraded(2, &tenants).await, (vec![0; 9], 1));
    // Every third one is ahead of the others.
    let ahead: Vec<String> = tenants.iter().step_by(3).cloned().collect();
    assert_eq!(upgraded(3, &ahead).await, (vec![1; 3], 3));
    // Each one that was behind ends the connection that it got.
    assert_eq!(upgraded(3, &tenants).await, ([0, 1, 1].repeat(3), 6));
    for tenant in &tenants {
        let mut connection = database.connection().await;
        let sql = format!("SELECT path FROM {tenant}.seen");
        let seen = crate::support::postgres::column(&mut connection, &sql).await;
        let own = [format!("{tenant}, \"$user\", public")];
        assert_eq!(seen, own, "and not that of the run before");
    }
    assert_eq!(upgraded(3, &tenants).await, (vec![0; 9], 1));
}

/// Counted by the server: a revision comes with few statements of ours, and they do not grow in number.
#[tokio::test]
async fn statements_of_ours() {
    let server = test_servers::Server::start_with(
        test_servers::Kind::Postgres,
        &[
            "-c",
            "shared_preload_libraries=pg_stat_statements",
            "-c",
            "pg_stat_statements.track_utility=on",
        ],
    );
    let options = crate::support::postgres::options(&server.admin_url());
    let mut admin = PgConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql("CREATE EXTENSION pg_stat_statements")
        .execute(&mut admin)
        .await
        .unwrap();
    let counted = async |admin: &mut PgConnection| {
        let sql = "SELECT query || ' ' || calls FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_statements%' ORDER BY query";
        let lines = crate::support::postgres::column(admin, sql).await;
        let calls = lines
            .iter()
            .map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap());
        let calls = calls.sum::<usize>();
        sqlx::raw_sql("SELECT pg_stat_statements_reset()")
            .execute(admin)
            .await
            .unwrap();
        (calls, lines)
    };
    Chain::line(1)
        .load()
        .upgrade(options.clone())
        .await
        .unwrap();
    counted(&mut admin).await;
    let mut calls = Vec::new();
    for count in [11, 21, 41] {
        Chain::line(count)
            .load()
            .upgrade(options.clone())
            .await
            .unwrap();
        calls.push(counted(&mut admin).await);
    }
    let [(ten, _), (twenty, _), (forty, lines)] = &calls[..] else {
        unreachable!()
    };
    assert_eq!(ten, twenty, "{lines:#?}");
    // One of them is the revision's: BEGIN, compare-and-set, two for the role and the settings, the cursors, temporary
    // tables, record, COMMIT.
    assert_eq!((forty - twenty) / 10, 9, "{lines:#?}");
    let chain = Chain::line(41);
    chain.load().upgrade(options.clone()).await.unwrap();
    let (nothing, lines) = counted(&mut admin).await;
    assert_eq!(nothing, 2, "{lines:#?}");
}
