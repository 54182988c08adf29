//! A run on a passed connection that is cancelled while an answer arrives in pieces, as it does over a network.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use embed_migrations::{ErrorKind, Resolution, Runner};
use sqlx::{Connection as _, MySqlConnection};

use crate::suite::rust::{BATCHES, filled, times};
use crate::support::chain::Chain;
use crate::support::mysql::MySql;
use crate::support::proxy::Proxy;
use crate::support::{Backend as _, Cut, cut};

/// An OK packet up to its middle: the header and a part of the rest.
const HALF_OK: usize = 7;

/// The first answer of a run up to the middle of the definition of its column: an OK packet, the number of columns, a header
/// and a byte.
const HALF_COLUMN: usize = 11 + 5 + 4 + 1;

const A_WHILE: Duration = Duration::from_millis(300);

fn slow() -> Chain {
    Chain::new()
        .revision("slow", "none")
        .up("CREATE TABLE t (id INT);\nDO SLEEP(0.5)")
}

async fn through_a_proxy(database: &MySql) -> (Proxy, MySqlConnection) {
    let url = database.server().url(&database.name);
    let proxy = Proxy::before(&url);
    let connection = MySqlConnection::connect(&proxy.url(&url)).await.unwrap();
    (proxy, connection)
}

async fn within_30_s<F: Future>(future: F) -> F::Output {
    let done = tokio::time::timeout(Duration::from_secs(30), future).await;
    done.expect("it does not hang")
}

#[tokio::test]
async fn a_run_that_is_dropped_reads_nothing_of_an_answer_that_arrives() {
    let database = MySql::fresh().await;
    let (proxy, mut passed) = through_a_proxy(&database).await;
    let migrations = slow().load();
    {
        let mut run = pin!(migrations.runner(&mut passed).upgrade());
        let sleeps = "SELECT CAST(COUNT(*) AS CHAR) FROM information_schema.processlist WHERE info LIKE '%DO SLEEP%' \
                      AND state = 'User sleep' AND db = DATABASE()";
        loop {
            tokio::select! {
                biased;
                _ = &mut run => panic!("it ended"),
                sleeping = database.column(sleeps) => if sleeping == ["1"] { break },
            }
        }
        proxy.hold_after(HALF_OK);
        // It is not polled while the first half arrives.
        tokio::time::sleep(3 * A_WHILE).await;
    }
    proxy.release();
    within_30_s(migrations.upgrade(&mut passed)).await.unwrap();
}

#[tokio::test]
async fn a_run_after_one_that_read_half_a_packet_fails_and_does_not_hang() {
    let database = MySql::fresh().await;
    let (proxy, mut passed) = through_a_proxy(&database).await;
    let migrations = slow().load();
    proxy.hold_after(HALF_COLUMN);
    let cut = tokio::time::timeout(A_WHILE, migrations.upgrade(&mut passed)).await;
    assert!(cut.is_err(), "it was cut off");
    proxy.release();
    let runner = migrations.runner(&mut passed).lock_deadline(Duration::ZERO);
    let error = within_30_s(runner.upgrade()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
    assert!(error.to_string().contains("pass another"), "{error}");
    migrations.upgrade(database.db()).await.unwrap();
}

/// sqlx cannot follow a connection on which a statement was being prepared. On a pool the batches go on.
#[tokio::test]
async fn a_run_after_one_that_was_cut_off_in_a_rust_revision_works_or_fails() {
    for polls in (0..).step_by(3) {
        let database: MySql = filled("NULL").await;
        let mut passed = database.connect().await;
        let runner = BATCHES.runner(&mut passed).to("count");
        let done = cut(Cut::Polls(polls), runner, Runner::upgrade).await;
        let runner = BATCHES.runner(&mut passed).to("count");
        let again = within_30_s(runner.lock_deadline(Duration::ZERO).upgrade()).await;
        if let Err(error) = again {
            // It cannot be told whose transaction it is if the cut was in the BEGIN of a batch.
            let is_told =
                error.kind() == ErrorKind::InDoubt || error.to_string().contains("help: pass a");
            assert!(is_told, "{polls}: {error}");
            drop(passed);
            finish(&database).await;
        }
        assert_eq!(times(&database).await, ["1"], "{polls}");
        if done.is_some() {
            return;
        }
    }
}

async fn finish(database: &MySql) {
    let finish = || BATCHES.runner(database.db()).to("count").upgrade();
    if finish()
        .await
        .is_err_and(|error| error.kind() == ErrorKind::InDoubt)
    {
        let retry = BATCHES.resolve(database.db(), "count", Resolution::Retry);
        retry.await.unwrap();
    }
    finish().await.unwrap();
}
