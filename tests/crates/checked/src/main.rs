//! A query that is checked against the chain when the crate is built.

/// Never called: that it compiles is what counts.
#[allow(dead_code)]
async fn names(pool: &sqlx::SqlitePool) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!("SELECT name FROM users").fetch_all(pool).await
}

fn main() {
    println!("checked");
}
