//! Two chains in one database, with nothing but `version_table` set apart.

use crate::support::chain::Chain;
use crate::support::{Backend, ran};

/// Revisions `<name>1` …, the last of which runs outside a transaction.
fn chain(name: &str) -> Chain {
    Chain::new().then(name, "none", 3, |chain, n| {
        let chain = if n == 3 {
            chain.header("transaction: off")
        } else {
            chain
        };
        chain
            .up(&format!("CREATE TABLE {name}{n} (id INTEGER)"))
            .down(&format!("DROP TABLE {name}{n}"))
    })
}

fn billing() -> Chain {
    chain("b").config("version_table = \"billing_version\"\n")
}

pub async fn run_at_once_and_know_nothing_of_each_other<B: Backend>() {
    let database = B::fresh().await;
    let (shop, billing) = (chain("a"), billing());
    let (shop, billing) = (shop.load(), billing.load());
    let (one, other) = tokio::join!(shop.upgrade(database.db()), billing.upgrade(database.db()));
    assert_eq!(ran(&one.unwrap()), ["a1", "a2", "a3"]);
    assert_eq!(ran(&other.unwrap()), ["b1", "b2", "b3"]);
    shop.check(database.db()).await.unwrap();
    billing.check(database.db()).await.unwrap();
    let revisions =
        |journal: &str| format!("SELECT DISTINCT revision FROM {journal} ORDER BY revision");
    let of_shop = database.column(&revisions("migrate_journal")).await;
    assert_eq!(of_shop, ["a1", "a2", "a3"]);
    let of_billing = database.column(&revisions("billing_version_journal")).await;
    assert_eq!(of_billing, ["b1", "b2", "b3"]);

    let (one, other) = tokio::join!(
        shop.downgrade(database.db(), "base"),
        billing.downgrade(database.db(), "b1")
    );
    assert_eq!(ran(&one.unwrap()), ["a3", "a2", "a1"]);
    assert_eq!(ran(&other.unwrap()), ["b3", "b2"]);
}

/// The same ids in both, and a revision of the one that has stopped half-way.
pub async fn do_not_wait_for_what_the_other_left_unfinished<B: Backend>() {
    let database = B::fresh().await;
    let shop = Chain::line(1)
        .revision("r2", "r1")
        .header("transaction: off")
        .up("DELETE FROM missing");
    let shop = shop.load();
    shop.upgrade(database.db()).await.unwrap_err();
    let billing = Chain::new()
        .config("version_table = \"billing_version\"\n")
        .then("r", "none", 2, |chain, n| {
            chain.up(&format!("CREATE TABLE other{n} (id INTEGER)"))
        });
    let billing = billing.load();
    let report = billing.upgrade(database.db()).await.unwrap();
    assert_eq!(ran(&report), ["r1", "r2"]);
    let status = shop.status(database.db()).await.unwrap();
    assert_eq!(status.unfinished.unwrap().revision, "r2");
    assert!(billing.status(database.db()).await.unwrap().is_current());
}
