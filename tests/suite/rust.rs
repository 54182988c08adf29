//! Rust revisions that are the same on every database.

use std::time::Duration;

use embed_migrations::{ErrorKind, Migrations, Resolution, Runner, embed_migrations};

use crate::support::checker::assert_consistent;
use crate::support::{Backend, Cut, cut};

static QUERY: Migrations = embed_migrations!("tests/chains/rust-query");

/// The revision asserts what it reads.
pub async fn queries_with_values<B: Backend>() {
    let database = B::fresh().await;
    QUERY.upgrade(database.db()).await.unwrap();
    assert_consistent(&database).await;
}

pub static BATCHES: Migrations = embed_migrations!("tests/chains/rust-batches");

pub async fn filled<B: Backend>(stop_at: &str) -> B {
    let database = B::fresh().await;
    let tables = BATCHES.runner(database.db()).to("tables");
    tables.upgrade().await.unwrap();
    let numbers: Vec<String> = (1..=35).map(|n| format!("({n}, 0)")).collect();
    let numbers = numbers.join(", ");
    let fill = format!(
        "INSERT INTO numbers VALUES {numbers}; INSERT INTO words VALUES ('a', 0), ('it''s', 0), ('z', 0); \
         INSERT INTO mood VALUES ({stop_at})"
    );
    database.execute(&fill).await.unwrap();
    database
}

/// How often rows were changed, each number once.
pub async fn times<B: Backend>(database: &B) -> Vec<String> {
    let sql = "SELECT DISTINCT CONCAT(times) FROM (SELECT times FROM numbers UNION ALL SELECT times FROM words) t ORDER BY 1";
    database.column(sql).await
}

pub async fn batches_go_on_after_a_failure<B: Backend>() {
    let database = filled::<B>("25").await;
    let to = |target| BATCHES.runner(database.db()).to(target);
    let error = to("count").upgrade().await.unwrap_err();
    assert!(error.to_string().contains("it was to stop here"), "{error}");
    let done = "SELECT CONCAT(count(*)) FROM numbers WHERE times = 1";
    assert_eq!(
        database.column(done).await,
        ["20"],
        "the last batch is undone"
    );
    database.execute("DELETE FROM mood").await.unwrap();
    to("count").upgrade().await.unwrap();
    assert_eq!(times(&database).await, ["1"]);
    let error = to("inside").upgrade().await.unwrap_err();
    assert!(error.to_string().contains("`transaction: off`"), "{error}");
}

/// The transactions of the batches are transactions there too, and no savepoints outside of one.
pub async fn batches_on_a_passed_connection<B: Backend>() {
    let database = filled::<B>("NULL").await;
    let mut passed = database.connect().await;
    let before = B::session(&mut passed).await;
    let runner = BATCHES.runner(B::pass(&mut passed)).to("count");
    runner.upgrade().await.unwrap();
    assert_eq!(times(&database).await, ["1"]);
    assert_eq!(B::session(&mut passed).await, before);
}

/// Cuts a run off, and finishes it on the same database. Only before the first note of a batch is the revision in doubt.
/// Gives the result of the first run if it was done before the cut.
macro_rules! go_on_after_a_cut {
    ($database:ident, $polls:ident, $db:expr) => {{
        let runner = BATCHES.runner($db).to("count");
        let done = cut(Cut::Polls($polls), runner, Runner::upgrade).await;
        let again = BATCHES.runner($db).to("count").upgrade();
        let again = tokio::time::timeout(Duration::from_secs(30), again).await;
        let mut again = again.unwrap_or_else(|_| panic!("{}: the next run hangs", $polls));
        if again
            .as_ref()
            .is_err_and(|error| error.kind() == ErrorKind::InDoubt)
        {
            let last = "SELECT event FROM migrate_journal ORDER BY sequence DESC LIMIT 1";
            assert_eq!($database.column(last).await, ["started"], "{}", $polls);
            let resolved = BATCHES.resolve($db, "count", Resolution::Retry).await;
            resolved.unwrap();
            again = BATCHES.runner($db).to("count").upgrade().await;
        }
        again.unwrap_or_else(|error| panic!("{}: {error}", $polls));
        assert_eq!(times(&$database).await, ["1"], "{}", $polls);
        done
    }};
}

/// Each batch was done once, wherever the run was cut off.
pub async fn batches_go_on_after_a_cut<B: Backend>() {
    for polls in (0..).step_by(3) {
        let database = filled::<B>("NULL").await;
        if go_on_after_a_cut!(database, polls, database.db()).is_some() {
            return;
        }
    }
}

pub async fn batches_go_on_after_a_cut_on_a_passed_connection<B: Backend>() {
    for polls in (0..).step_by(3) {
        let database = filled::<B>("NULL").await;
        let mut passed = database.connect().await;
        if go_on_after_a_cut!(database, polls, B::pass(&mut passed)).is_some() {
            return;
        }
    }
}
