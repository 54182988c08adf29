use sqlx::{AssertSqlSafe, MySqlConnection};

pub async fn execute(connection: &mut MySqlConnection, sql: &str) -> Result<(), sqlx::Error> {
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection);
    done.await.map(|_| ())
}
