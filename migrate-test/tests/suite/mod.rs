//! Properties of test databases of every kind.
#![allow(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "each test program uses a part of it"
)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use migrate_runtime::Migrations;
use migrate_test::__test::{Fixture, Flavor, Outcome, Parameters, Test, TestFn, run};

pub(crate) static MIGRATIONS: Migrations = migrate_runtime::embed_migrations!("tests/migrations");
/// A chain with a revision in Rust.
pub(crate) static RUST: Migrations = migrate_runtime::embed_migrations!("tests/rust");

/// A test as the attribute writes it.
pub(crate) fn test(path: &'static str) -> Test {
    Test {
        path,
        migrations: Some(&MIGRATIONS),
        fixtures: &[],
        flavor: Flavor::CurrentThread,
        should_panic: false,
    }
}

pub(crate) fn with_fixtures(path: &'static str, fixtures: &'static [Fixture]) -> Test {
    Test {
        fixtures,
        ..test(path)
    }
}

/// Runs a test that may panic; whether it did.
pub(crate) fn panics<P: Parameters, F: TestFn<P>>(test: &Test, function: F) -> bool
where
    F::Output: Outcome,
{
    catch_unwind(AssertUnwindSafe(|| run(test, function))).is_err()
}

/// A place for what a test wants to tell.
pub(crate) type Told<T> = Arc<Mutex<Option<T>>>;

pub(crate) fn tell<T>(told: &Told<T>, value: T) {
    *told.lock().expect("nobody panics with it") = Some(value);
}

pub(crate) fn told<T>(told: &Told<T>) -> T {
    let mut told = told.lock().expect("nobody panics with it");
    told.take().expect("the test has run")
}

macro_rules! suite {
    ($database:ty, $pool:ty, $connection:ty, $options:ty, $name:literal) => {
        use migrate_runtime::AnyPool;
        use migrate_test::TestDatabase;
        use sqlx::pool::{PoolConnection, PoolOptions};
        use sqlx::{ConnectOptions as _, Connection as _};
        use $crate::suite::{MIGRATIONS, RUST, Told, panics, tell, test, told, with_fixtures};

        async fn count(pool: &$pool, table: &str) -> i64 {
            let sql = format!("SELECT COUNT(*) FROM {table}");
            let count = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(pool);
            count.await.expect("the table is there")
        }

        async fn add_user(pool: &$pool) {
            let sql = "INSERT INTO users (name) VALUES ('ada')";
            sqlx::query(sql).execute(pool).await.expect("it is added");
        }

        /// The number that the next user gets.
        async fn next_user(pool: &$pool) -> i64 {
            add_user(pool).await;
            let id = sqlx::query_scalar("SELECT CAST(MAX(id) AS CHAR(9)) FROM users").fetch_one(pool);
            let id: String = id.await.expect("there are users");
            id.trim().parse().expect("a number")
        }

        /// Whether a database can be connected.
        fn is_there(options: &$options) -> bool {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let connected = runtime.expect("a runtime").block_on(async {
                let connection = existing(options.clone()).connect().await?;
                connection.close().await
            });
            connected.is_ok()
        }

        fn is_gone_soon(options: &$options) -> bool {
            (0..100).any(|_| {
                std::thread::sleep(std::time::Duration::from_millis(50));
                !is_there(options)
            })
        }

        #[migrate_test::test(MIGRATIONS, crate = migrate_test)]
        async fn a_test_has_the_chain_with_its_rows_and_nothing_else(pool: $pool) {
            assert_eq!(count(&pool, "roles").await, 3);
            assert_eq!(next_user(&pool).await, 1);
            MIGRATIONS.check(&pool).await.expect("the database is at the head");
        }

        #[migrate_test::test(RUST, crate = migrate_test)]
        async fn a_test_has_what_a_revision_in_rust_has_done(pool: $pool) {
            assert_eq!(count(&pool, "names").await, 1);
            RUST.check(&pool).await.expect("the database is at the head");
        }

        #[test]
        fn the_next_test_sees_nothing_of_the_one_before() {
            let change = async |pool: $pool| {
                add_user(&pool).await;
                for sql in ["DELETE FROM roles WHERE id = 2", "INSERT INTO members VALUES (1, 1)"] {
                    sqlx::query(sql).execute(&pool).await.expect("it runs");
                }
            };
            migrate_test::__test::run(&test(concat!($name, "-rows")), change);
            let look = async |pool: $pool| {
                assert_eq!(count(&pool, "roles").await, 3);
                assert_eq!(count(&pool, "members").await, 0);
                assert_eq!(next_user(&pool).await, 1);
            };
            migrate_test::__test::run(&test(concat!($name, "-rows")), look);
        }

        #[test]
        fn a_test_that_changes_the_schema_changes_it_for_itself() {
            for sql in [
                "ALTER TABLE users ADD COLUMN age INTEGER",
                "CREATE INDEX by_name ON users (name)",
                "CREATE TABLE mine (id INTEGER)",
                "CREATE VIEW mine AS SELECT id FROM users",
                "DROP TABLE members",
            ] {
                let change = async |pool: $pool| {
                    sqlx::query(sql).execute(&pool).await.expect(sql);
                };
                migrate_test::__test::run(&test(concat!($name, "-schema")), change);
                let again = async |pool: $pool| {
                    sqlx::query(sql).execute(&pool).await.expect(sql);
                };
                migrate_test::__test::run(&test(concat!($name, "-schema")), again);
            }
        }

        #[migrate_test::test(MIGRATIONS, fixtures("users"), crate = migrate_test)]
        async fn fixtures_run_after_the_chain(pool: $pool) {
            assert_eq!(count(&pool, "users").await, 2);
            assert_eq!(count(&pool, "members").await, 1);
        }

        #[migrate_test::test(MIGRATIONS, fixtures("users", path = "fixtures"), crate = migrate_test)]
        async fn a_connection(mut connection: PoolConnection<$database>) {
            let sql = "SELECT COUNT(*) FROM users";
            let users: i64 = sqlx::query_scalar(sql).fetch_one(&mut *connection).await.expect("users");
            assert_eq!(users, 2);
        }

        #[migrate_test::test(MIGRATIONS, crate = migrate_test)]
        async fn a_connection_of_its_own(mut connection: $connection) {
            sqlx::query("SELECT name FROM roles").execute(&mut connection).await.expect("roles");
        }

        type Options = $options;

        #[migrate_test::test(MIGRATIONS, crate = migrate_test)]
        async fn options(pool: PoolOptions<$database>, connect: Options) -> Result<(), sqlx::Error> {
            let pool = pool.max_connections(2).connect_with(connect).await?;
            assert_eq!(count(&pool, "roles").await, 3);
            Ok(())
        }

        #[migrate_test::test(MIGRATIONS, crate = migrate_test)]
        async fn a_database(database: TestDatabase<$database>) {
            assert_eq!(count(database.pool(), "roles").await, 3);
            let pool = AnyPool::existing(database.url()).expect("a URL");
            MIGRATIONS.check(&pool).await.expect("it is the same database");
        }

        #[migrate_test::test(MIGRATIONS, flavor = "multi_thread", worker_threads = 2, crate = migrate_test)]
        async fn on_several_threads(pool: $pool) {
            let counted = tokio::spawn(async move { count(&pool, "roles").await });
            assert_eq!(counted.await.expect("it ends"), 3);
        }

        #[migrate_test::test(migrations = false, crate = migrate_test)]
        async fn an_empty_database(pool: $pool) {
            sqlx::query("CREATE TABLE users (id INTEGER)").execute(&pool).await.expect("no table is there");
        }

        #[migrate_test::test(MIGRATIONS, crate = migrate_test)]
        #[should_panic(expected = "as hoped")]
        async fn a_panic_that_is_hoped_for(_pool: $pool) {
            panic!("as hoped");
        }

        #[test]
        fn the_database_of_a_test_that_failed_stays_until_the_test_runs_again() {
            let path = concat!($name, "-failed");
            let place: Told<Options> = Told::default();
            let fail = async |pool: $pool| -> () {
                add_user(&pool).await;
                tell(&place, pool.connect_options().as_ref().clone());
                panic!("it fails");
            };
            assert!(panics(&test(path), fail));
            let kept = told(&place);
            assert!(is_there(&kept));
            let other = async |pool: $pool| assert_eq!(count(&pool, "users").await, 0);
            migrate_test::__test::run(&test(concat!($name, "-other")), other);
            assert!(is_there(&kept), "another test has nothing to do with it");
            assert_kept_rows(&kept);

            let error = async |_: $pool| -> Result<(), &str> { Err("it fails again") };
            migrate_test::__test::run(&test(path), error).expect_err("it fails");
            assert!(is_gone_after_another_process(&kept, path));
        }

        fn assert_kept_rows(options: &$options) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let pool = PoolOptions::<$database>::new().connect_with(existing(options.clone())).await;
                let pool = pool.expect("it is there");
                assert_eq!(count(&pool, "users").await, 1);
                pool.close().await;
            });
        }

        #[test]
        fn a_database_is_dropped_with_its_value() {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.expect("a runtime");
            let options = runtime.block_on(async {
                let database = TestDatabase::<$database>::new(&MIGRATIONS).await.expect("a database");
                assert_eq!(count(database.pool(), "roles").await, 3);
                database.connect_options().clone()
            });
            assert!(is_dropped(&options));
        }

        #[test]
        fn who_asks_for_a_database_holds_a_small_future() {
            let future = TestDatabase::<$database>::new(&MIGRATIONS);
            assert!(size_of_val(&future) <= 2 * size_of::<usize>());
        }

        #[test]
        fn a_test_that_leaks_its_pool_or_a_connection_disturbs_no_other() {
            let leak = async |pool: $pool| {
                add_user(&pool).await;
                let mut transaction = pool.begin().await.expect("a transaction");
                let sql = "INSERT INTO users (name) VALUES ('grace')";
                sqlx::query(sql).execute(&mut *transaction).await.expect("it is added");
                let options = pool.connect_options().as_ref().clone();
                let own = PoolOptions::<$database>::new().connect_with(options).await;
                // Out of reach of the pool that the test was given.
                std::mem::forget((transaction, own.expect("a pool of its own")));
            };
            migrate_test::__test::run(&test(concat!($name, "-leak")), leak);
            let look = async |pool: $pool| assert_eq!(count(&pool, "users").await, 0);
            migrate_test::__test::run(&test(concat!($name, "-leak")), look);
        }

        #[test]
        fn a_fixture_that_does_not_run_is_named() {
            static FIXTURES: [migrate_test::__test::Fixture; 1] = [migrate_test::__test::Fixture {
                path: "fixtures/broken.sql",
                sql: "INSERT INTO nothing VALUES (1)",
            }];
            let never = async |_: $pool| -> () { unreachable!("there is no database for it") };
            let ran = std::panic::catch_unwind(|| {
                migrate_test::__test::run(&with_fixtures(concat!($name, "-fixture"), &FIXTURES), never);
            });
            let panic = ran.expect_err("the fixture is broken");
            let message = panic.downcast_ref::<String>().expect("a message");
            assert!(message.contains("the fixture fixtures/broken.sql cannot be applied"), "{message}");
        }
    };
}
pub(crate) use suite;
