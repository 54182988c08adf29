use super::statement::transaction_control;
use crate::Dialect;
use crate::sql::cursor::Cursor;

/// The index of the statement that opens a transaction still open after the last of `statements`, which do not run in a
/// transaction of the run. `None` if each transaction is closed.
///
/// ```
/// use migrate_chain::Dialect;
/// use migrate_chain::sql::open_transaction;
///
/// let statements = ["BEGIN", "DELETE FROM t", "COMMIT", "BEGIN", "DELETE FROM u"];
/// assert_eq!(open_transaction(Dialect::Sqlite, statements), Some(3));
/// assert_eq!(open_transaction(Dialect::Sqlite, &statements[..3]), None);
/// ```
pub fn open_transaction<S: AsRef<str>>(
    dialect: Dialect,
    statements: impl IntoIterator<Item = S>,
) -> Option<usize> {
    let statements = statements.into_iter().enumerate();
    statements.fold(None, |open, (n, statement)| {
        match effect(dialect, statement.as_ref()) {
            // MySQL commits at a second BEGIN, and the others stay in the first transaction.
            Some(Effect::Opens) if dialect != Dialect::MySql => open.or(Some(n)),
            Some(Effect::Opens | Effect::Chains) => Some(n),
            Some(Effect::Ends) => None,
            None => open,
        }
    })
}

/// The effect of a statement on transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Opens,
    Ends,
    /// `COMMIT AND CHAIN`: another begins at once.
    Chains,
}

pub fn effect(dialect: Dialect, statement: &str) -> Option<Effect> {
    let control = transaction_control(dialect, statement)?;
    if matches!(control, "BEGIN" | "START TRANSACTION") {
        return Some(Effect::Opens);
    }
    Some(if chains(Cursor::new(dialect, statement)) {
        Effect::Chains
    } else {
        Effect::Ends
    })
}

/// `AND CHAIN`, and not `AND NO CHAIN`.
fn chains(mut cursor: Cursor<'_>) -> bool {
    cursor.find("AND") && cursor.eat("AND") && cursor.is("CHAIN")
}
