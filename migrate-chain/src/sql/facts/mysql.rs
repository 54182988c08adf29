use super::refusal::Refusal;
use crate::sql::cursor::Cursor;

pub fn transaction_control(mut cursor: Cursor<'_>) -> Option<&'static str> {
    if cursor.eat("ROLLBACK") {
        cursor.eat("WORK");
        return (!cursor.is("TO")).then_some("ROLLBACK");
    }
    if cursor.eat("BEGIN") {
        // BEGIN NOT ATOMIC is MariaDB's block.
        return (!cursor.is("NOT")).then_some("BEGIN");
    }
    if cursor.eat("START") {
        return cursor.is("TRANSACTION").then_some("START TRANSACTION");
    }
    cursor.is("COMMIT").then_some("COMMIT")
}

/// DDL commits implicitly and is never refused; some settings are.
pub fn refusal(mut cursor: Cursor<'_>) -> Option<Refusal> {
    const REFUSED: [(&str, &str); 3] = [
        ("sql_log_bin", "SET sql_log_bin"),
        ("binlog_format", "SET binlog_format"),
        ("gtid_next", "SET gtid_next"),
    ];
    if !cursor.eat("SET") {
        return None;
    }
    if cursor.is("TRANSACTION") {
        return Some(Refusal::new("SET TRANSACTION"));
    }
    assigns(cursor, &REFUSED).map(Refusal::new)
}

/// The name of the first of `variables` that a SET assigns to for this session.
pub fn assigns(mut cursor: Cursor<'_>, variables: &[(&str, &'static str)]) -> Option<&'static str> {
    let mut depth = 0_usize;
    loop {
        let name = session_variable(&mut cursor);
        let found = variables
            .iter()
            .find(|(variable, _)| name.eq_ignore_ascii_case(variable));
        if found.is_some() && cursor.is_any(&["=", ":="]) {
            return found.map(|(_, what)| *what);
        }
        while !(depth == 0 && cursor.is(",")) {
            match cursor.text() {
                "" => return None,
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ => {}
            }
            cursor.bump();
        }
        cursor.bump();
    }
}

/// The name of the variable, whichever way it says that it is the session's; empty for a global one.
fn session_variable<'a>(cursor: &mut Cursor<'a>) -> &'a str {
    if cursor.is_any(&["@@session", "@@local"]) {
        cursor.bump();
        cursor.eat(".");
    } else if cursor.is_any(&["SESSION", "LOCAL"]) {
        cursor.bump();
    }
    let name = cursor.text().trim_matches('`');
    cursor.bump();
    name.strip_prefix("@@").unwrap_or(name)
}
