//! Ten groups of six tests, each of which would notice what another has left.

macro_rules! sixty {
    ($pool:ty; $($group:ident)*) => {
        async fn count(pool: &$pool, table: &str) -> i64 {
            let sql = format!("SELECT COUNT(*) FROM {table}");
            let count = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(pool);
            count.await.expect("the table is there")
        }

        async fn run(pool: &$pool, sql: &'static str) {
            sqlx::query(sql).execute(pool).await.expect(sql);
        }

        $(mod $group {
            use super::{count, run};
            use shop::MIGRATIONS;
            use sqlx::pool::PoolConnection;

            #[embed_migrations::test(MIGRATIONS)]
            async fn counts_begin_at_one(pool: $pool) {
                run(&pool, "INSERT INTO users (name) VALUES ('ada')").await;
                run(&pool, "INSERT INTO members (user_id, role_id) VALUES (1, 2)").await;
                assert_eq!(count(&pool, "users WHERE id = 1").await, 1);
            }

            #[embed_migrations::test(MIGRATIONS)]
            async fn the_rows_of_the_chain_are_there(pool: $pool) {
                assert_eq!(count(&pool, "roles").await, 3);
                assert_eq!(count(&pool, "members").await, 0);
                run(&pool, "DELETE FROM roles WHERE id = 3").await;
            }

            #[embed_migrations::test(MIGRATIONS, fixtures("users"))]
            async fn fixtures_are_there(pool: $pool) {
                assert_eq!(count(&pool, "users").await, 2);
            }

            #[embed_migrations::test(MIGRATIONS, flavor = "multi_thread", worker_threads = 2)]
            async fn several_connections_at_once(pool: $pool) {
                let tasks: Vec<_> = (0..4)
                    .map(|_| {
                        let pool = pool.clone();
                        tokio::spawn(async move { count(&pool, "roles").await })
                    })
                    .collect();
                for task in tasks {
                    assert_eq!(task.await.expect("it ends"), 3);
                }
            }

            #[embed_migrations::test(MIGRATIONS)]
            async fn a_connection(mut connection: PoolConnection<<super::Connection as sqlx::Connection>::Database>) -> sqlx::Result<()> {
                sqlx::query("INSERT INTO roles (id, name) VALUES (4, 'guest')").execute(&mut *connection).await?;
                Ok(())
            }

            #[embed_migrations::test(MIGRATIONS)]
            #[should_panic(expected = "UNIQUE or duplicate")]
            async fn what_is_hoped_to_fail(pool: $pool) {
                let again = sqlx::query("INSERT INTO roles (id, name) VALUES (1, 'again')").execute(&pool).await;
                assert!(again.is_ok(), "UNIQUE or duplicate");
            }
        })*
    };
}
pub(crate) use sixty;
