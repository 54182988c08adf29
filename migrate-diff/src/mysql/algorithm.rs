//! How the server carries out an ALTER TABLE: asked, not guessed.

use crate::connection::Connection;
use crate::operation::Operation;

/// From the cheapest to the dearest: the clause that asks for it, and what it costs the table.
const WAYS: [(&str, Option<&str>); 5] = [
    ("ALGORITHM=INSTANT", None),
    (
        "ALGORITHM=NOCOPY, LOCK=NONE",
        Some("reads table {table}, which can be written meanwhile (ALGORITHM=NOCOPY)"),
    ),
    (
        "ALGORITHM=INPLACE, LOCK=NONE",
        Some("rebuilds table {table}, which can be written meanwhile (ALGORITHM=INPLACE)"),
    ),
    (
        "ALGORITHM=INPLACE",
        Some("rebuilds table {table}, and keeps writers off it (ALGORITHM=INPLACE)"),
    ),
    (
        "ALGORITHM=COPY",
        Some("copies table {table}, and keeps writers off it (ALGORITHM=COPY)"),
    ),
];

/// Runs a step that alters `table` in the cheapest way that the server offers, and marks it with that.
///
/// # Errors
/// The server refuses the statement whatever the way.
pub async fn execute(
    connection: &mut Connection,
    step: &mut Operation,
    table: &str,
) -> Result<(), sqlx::Error> {
    for (clause, cost) in WAYS {
        let sql = format!("{}, {clause}", step.sql);
        if connection.0.execute(&sql).await.is_ok() {
            if let Some(cost) = cost {
                *step = step.clone().blocking(cost.replace("{table}", table));
            }
            return Ok(());
        }
    }
    // Its error is the one to show.
    connection.0.execute(&step.sql).await
}
