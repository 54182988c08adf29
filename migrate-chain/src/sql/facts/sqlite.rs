use super::cursor::Cursor;
use super::{Refusal, Remedy};

pub(super) fn transaction_control(mut cursor: Cursor<'_>) -> Option<&'static str> {
    if cursor.eat("ROLLBACK") {
        cursor.eat("TRANSACTION");
        return (!cursor.is("TO")).then_some("ROLLBACK");
    }
    ["BEGIN", "COMMIT", "END"]
        .into_iter()
        .find(|keyword| cursor.is(keyword))
}

/// What fails in a transaction, or does nothing. DETACH fails for a database that takes part in it, which `BEGIN
/// IMMEDIATE` makes of all; ATTACH does not.
pub(super) fn refusal(mut cursor: Cursor<'_>) -> Option<Refusal> {
    if cursor.is("VACUUM") {
        return Some(Refusal::new("VACUUM"));
    }
    if cursor.is("DETACH") {
        return Some(Refusal::new("DETACH"));
    }
    if cursor.eat("PRAGMA") {
        pragma(cursor)
    } else {
        None
    }
}

/// A PRAGMA that only reads is fine anywhere.
fn pragma(mut cursor: Cursor<'_>) -> Option<Refusal> {
    const REFUSED: [(&str, &str); 4] = [
        ("foreign_keys", "PRAGMA foreign_keys"),
        ("journal_mode", "PRAGMA journal_mode"),
        ("synchronous", "PRAGMA synchronous"),
        ("temp_store", "PRAGMA temp_store"),
    ];
    let mut name = cursor.text();
    cursor.bump();
    if cursor.eat(".") {
        name = cursor.text();
        cursor.bump();
    }
    if name.eq_ignore_ascii_case("wal_checkpoint") {
        return Some(Refusal::new("PRAGMA wal_checkpoint"));
    }
    let (_, what) = REFUSED
        .into_iter()
        .find(|(pragma, _)| name.eq_ignore_ascii_case(pragma))?;
    let remedy = if what == "PRAGMA foreign_keys" {
        Remedy::ForeignKeysOff
    } else {
        Remedy::TransactionOff
    };
    cursor
        .is_any(&["=", "("])
        .then_some(Refusal { what, remedy })
}
