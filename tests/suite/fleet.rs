//! Many databases with one chain.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use embed_migrations::{Dialect, ErrorKind, Event};

use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::{Backend, ran};

async fn databases<B: Backend>(count: usize) -> Vec<(String, B)> {
    let mut databases = Vec::new();
    for n in 1..=count {
        databases.push((format!("tenant_{n}"), B::fresh().await));
    }
    databases
}

fn handles<B: Backend>(
    databases: &[(String, B)],
) -> impl Iterator<Item = (&String, B::Handle<'_>)> {
    databases
        .iter()
        .map(|(name, database)| (name, database.db()))
}

pub async fn of_databases<B: Backend>() {
    let databases = databases::<B>(5).await;
    let chain = Chain::line(2);
    let migrations = chain.load();
    let at_work = Arc::new(Mutex::new((BTreeSet::new(), 0)));
    let seen = Arc::clone(&at_work);
    let fleet = migrations
        .for_each(handles(&databases))
        .concurrency(2)
        .on_event(move |name, event| {
            let (at_work, most) = &mut *seen.lock().unwrap();
            match event {
                Event::Started { .. } => at_work.insert(name.to_owned()),
                Event::Finished { revision, .. } if revision == "r2" => at_work.remove(name),
                _ => false,
            };
            *most = at_work.len().max(*most);
        })
        .upgrade()
        .await;
    let names: Vec<&str> = fleet.databases.iter().map(|one| &*one.name).collect();
    let given = ["tenant_1", "tenant_2", "tenant_3", "tenant_4", "tenant_5"];
    assert_eq!(names, given, "in the order in which they were given");
    assert!(
        fleet
            .to_string()
            .starts_with("tenant_1: upgraded 2 revisions in "),
        "{fleet}"
    );
    for (name, report) in fleet.into_result().unwrap() {
        assert_eq!(ran(&report), ["r1", "r2"], "{name}");
    }
    let (left, most) = std::mem::take(&mut *at_work.lock().unwrap());
    assert!(left.is_empty() && most <= 2, "{most} at a time");
    for (_, database) in &databases {
        assert_eq!(database.versions().await, ["r2"]);
        assert_consistent(database).await;
    }
    let checked = migrations.for_each(handles(&databases)).check().await;
    checked.into_result().unwrap();
}

pub async fn a_failure_stops_no_other<B: Backend>() {
    let databases = databases::<B>(4).await;
    let chain = Chain::line(2);
    let migrations = chain.load();
    let in_the_way = "CREATE TABLE t2 (other INTEGER)";
    databases[1].1.execute(in_the_way).await.unwrap();
    let fleet = migrations
        .for_each(handles(&databases))
        .concurrency(1)
        .upgrade()
        .await;
    let failed: Vec<(&str, &embed_migrations::Error)> = fleet.failed().collect();
    let [(name, error)] = failed[..] else {
        panic!("{failed:?}");
    };
    assert_eq!((name, error.database()), ("tenant_2", Some("tenant_2")));
    assert_eq!(error.revision(), Some("r2"));
    let text = error.to_string();
    assert!(
        text.starts_with("tenant_2: the upgrade of revision `r2` failed"),
        "{text}"
    );
    let error = fleet.into_result().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Statement);
    let text = error.to_string();
    assert!(text.starts_with("1 of 4 databases failed"), "{text}");
    assert!(text.contains("note: tenant_2: the upgrade"), "{text}");
    for (n, (_, database)) in databases.iter().enumerate() {
        let at = if n == 1 { "r1" } else { "r2" };
        assert_eq!(database.versions().await, [at]);
    }

    databases[1].1.execute("DROP TABLE t2").await.unwrap();
    let again = migrations.for_each(handles(&databases)).upgrade().await;
    let again = again.into_result().unwrap();
    let ran: Vec<usize> = again.iter().map(|(_, report)| report.steps.len()).collect();
    assert_eq!(ran, [0, 1, 0, 0]);
}

pub async fn each_with_settings_of_its_own<B: Backend>() {
    let databases = databases::<B>(2).await;
    let chain = Chain::line(3);
    let migrations = chain.load();
    migrations.for_each(handles(&databases)).upgrade().await;
    let down = migrations
        .for_each(handles(&databases))
        .configure(|name, runner| runner.to(if name == "tenant_1" { "r1" } else { "-1" }))
        .downgrade()
        .await;
    down.into_result().unwrap();
    assert_eq!(databases[0].1.versions().await, ["r1"]);
    assert_eq!(databases[1].1.versions().await, ["r2"]);
    let plans = migrations
        .for_each(handles(&databases))
        .plan_upgrade()
        .await;
    let shown = "tenant_1: upgrade r2 Make r2\nupgrade r3 Make r3\ntenant_2: upgrade r3 Make r3";
    assert_eq!(plans.to_string(), shown);
    let status = migrations.for_each(handles(&databases)).status().await;
    let status = status.into_result().unwrap();
    assert_eq!(status[1].1.current, ["r2"]);
    let none = Vec::<(String, B::Handle<'_>)>::new();
    let none = migrations.for_each(none).upgrade().await;
    assert_eq!(none.into_result().unwrap().len(), 0);
}

/// A schema for each tenant in one database, by names that have to be quoted.
pub async fn of_schemas<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(2);
    let migrations = chain.load();
    let process = std::process::id();
    let names = ["one", "Two of them", "it's", "absent"].map(|name| format!("{name} {process}"));
    let quoted = |name: &str| match B::DIALECT {
        Dialect::MySql => format!("`{name}`"),
        _ => format!("\"{name}\""),
    };
    if B::DIALECT != Dialect::Sqlite {
        for name in &names[..3] {
            let sql = format!("CREATE SCHEMA {}", quoted(name));
            database.execute(&sql).await.unwrap();
        }
    }
    let fleet = migrations.for_each(names.iter().map(|name| (name, database.db())));
    let fleet = fleet.configure(|name, runner| runner.schema(name));
    let fleet = fleet.upgrade().await;
    let outside = database.execute("SELECT * FROM t1").await;
    outside.expect_err("nothing is made outside the schemas");
    if B::DIALECT == Dialect::Sqlite {
        let kinds: Vec<ErrorKind> = fleet.failed().map(|(_, error)| error.kind()).collect();
        assert_eq!(kinds, [ErrorKind::Unsupported; 4], "it has no schemas");
        return;
    }
    let failed: Vec<_> = fleet.failed().collect();
    let [(name, error)] = failed[..] else {
        panic!("{failed:?}");
    };
    assert_eq!(name, names[3]);
    assert!(error.to_string().contains(&names[3]), "{error}");
    for name in &names[..3] {
        let schema = quoted(name);
        let versions = format!("SELECT version_num FROM {schema}.alembic_version");
        assert_eq!(database.column(&versions).await, ["r2"]);
        let made =
            format!("SELECT CONCAT_WS('', COUNT(*)) FROM {schema}.t2, {schema}.migrate_journal");
        assert_eq!(database.column(&made).await, ["0"]);
        let back = migrations.runner(database.db()).schema(name).to("base");
        assert_eq!(back.downgrade().await.unwrap().current, [""; 0]);
    }
    for name in &names[..3] {
        let cascade = if B::DIALECT == Dialect::Postgres {
            " CASCADE"
        } else {
            ""
        };
        let sql = format!("DROP SCHEMA {}{cascade}", quoted(name));
        database.execute(&sql).await.unwrap();
    }
}

/// Dropped anywhere, it leaves each database so that the next run ends.
pub async fn cut_off<B: Backend>() {
    for polls in [1, 3, 7, 15, 40, 100] {
        let databases = databases::<B>(3).await;
        let chain = Chain::line(3);
        let migrations = chain.load();
        let mut fleet = Box::pin(migrations.for_each(handles(&databases)).upgrade());
        let mut left = polls;
        std::future::poll_fn(|cx| {
            left -= 1;
            if left == 0 || fleet.as_mut().poll(cx).is_ready() {
                return std::task::Poll::Ready(());
            }
            std::task::Poll::Pending
        })
        .await;
        drop(fleet);
        let again = migrations.for_each(handles(&databases)).upgrade().await;
        again.into_result().unwrap();
        for (_, database) in &databases {
            assert_eq!(database.versions().await, ["r3"]);
            assert_consistent(database).await;
        }
    }
}
