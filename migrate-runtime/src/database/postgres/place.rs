//! From where PostgreSQL points to a byte of the statement, and what it says beyond that.

use migrate_chain::Dialect;
use migrate_chain::sql::{TokenKind, tokens};
use sqlx::postgres::{PgDatabaseError, PgErrorPosition};

use super::code::postgres;

/// The byte of the message at which the server points. It counts characters, from 1.
pub fn byte_of(message: &str, error: &sqlx::Error) -> Option<usize> {
    match postgres(error)?.position()? {
        PgErrorPosition::Original(position) => byte_of_character(message, position),
        PgErrorPosition::Internal { .. } => None,
    }
}

fn byte_of_character(text: &str, position: usize) -> Option<usize> {
    let before = position.checked_sub(1)?;
    let mut bytes = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    bytes.nth(before)
}

/// The byte of a statement that runs other statements itself, such as `DO`, at which one of these failed: where its text
/// is, or the line that the context names.
pub fn inside(statement: &str, error: &sqlx::Error) -> Option<usize> {
    let error = postgres(error)?;
    if let Some(PgErrorPosition::Internal { position, query }) = error.position() {
        let at = byte_of_character(query, position)?;
        // `PERFORM` and an expression become a query that begins with another word.
        let rest = query.strip_prefix("SELECT ").unwrap_or(query);
        let left_out = query.len() - rest.len();
        if let (Some(start), Some(at)) = (only_place(statement, rest), at.checked_sub(left_out)) {
            return Some(start + at);
        }
    }
    let line = line_of_block(error.r#where()?)?;
    let body = body(statement)?;
    let start = line_start(&statement[body..], line)?;
    Some(body + start)
}

/// The place of a text in another, if it occurs once.
fn only_place(text: &str, wanted: &str) -> Option<usize> {
    let mut found = text.match_indices(wanted).map(|(at, _)| at);
    let place = found.next()?;
    found.next().is_none().then_some(place)
}

/// The line that the context gives for a `DO` block: `PL/pgSQL function inline_code_block line 3 at RAISE`.
fn line_of_block(context: &str) -> Option<usize> {
    let line = context
        .lines()
        .find(|line| line.contains("inline_code_block line "))?;
    let (_, behind) = line.split_once("inline_code_block line ")?;
    let digits = behind.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// The start of the text between dollar quotes, if the statement has only one such text.
fn body(statement: &str) -> Option<usize> {
    let mut quotes = tokens(Dialect::Postgres, statement)
        .filter(|token| token.kind == TokenKind::DollarQuote)
        .map(|token| token.range());
    let (quote, None) = (quotes.next()?, quotes.next()) else {
        return None;
    };
    let tag = statement[quote.start + 1..].find('$')?;
    Some(quote.start + tag + 2)
}

/// The start of the first word of a line; lines count from 1.
fn line_start(text: &str, line: usize) -> Option<usize> {
    let mut start = 0;
    for (n, content) in text.split_inclusive('\n').enumerate() {
        if n + 1 == line {
            return Some(start + (content.len() - content.trim_start().len()));
        }
        start += content.len();
    }
    None
}

/// The server's further notes: a detail, a hint, and the place in its own code where the error arose.
pub fn notes(error: &sqlx::Error, statement: &str) -> Vec<String> {
    let Some(error) = postgres(error) else {
        return Vec::new();
    };
    let detail = error.detail().map(|detail| format!("detail: {detail}"));
    let hint = error.hint().map(|hint| format!("hint: {hint}"));
    detail
        .into_iter()
        .chain(hint)
        .chain(query_inside(error, statement))
        .chain(context(error))
        .collect()
}

/// The query of a function's body that failed; if it is in the statement, it is pointed at.
fn query_inside(error: &PgDatabaseError, statement: &str) -> Option<String> {
    let Some(PgErrorPosition::Internal { query, .. }) = error.position() else {
        return None;
    };
    (!statement.contains(query)).then(|| format!("it was in the query: {}", query.trim()))
}

/// Innermost first, as the server has it.
fn context(error: &PgDatabaseError) -> Option<String> {
    let context = error.r#where()?;
    // A statement is shown anyway, and the text of one may go on over many lines.
    let is_told = |line: &&str| {
        ["PL/", "SQL function", "SQL expression", "COPY "]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let lines: Vec<&str> = context.lines().filter(is_told).take(5).collect();
    (!lines.is_empty()).then(|| format!("it came up in {}", lines.join(", called by ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_and_bytes_are_given() {
        assert_eq!(byte_of_character("\u{4e2d}\u{e4}x", 1), Some(0));
        assert_eq!(byte_of_character("\u{4e2d}\u{e4}x", 3), Some(5));
        assert_eq!(byte_of_character("ab", 3), Some(2), "behind the end");
        assert_eq!(byte_of_character("ab", 4), None);
        assert_eq!(byte_of_character("ab", 0), None);
    }

    #[test]
    fn a_line_of_a_block_is_found() {
        let statement = "DO $x$\nBEGIN\n  RAISE 'no';\nEND $x$";
        let start = body(statement).expect("a body");
        assert_eq!(&statement[start..=start], "\n");
        let line = line_start(&statement[start..], 3).expect("three lines");
        assert!(statement[start + line..].starts_with("RAISE"));
        assert_eq!(
            line_of_block("PL/pgSQL function inline_code_block line 3 at RAISE"),
            Some(3)
        );
        assert_eq!(line_of_block("PL/pgSQL function f() line 3 at RAISE"), None);
        assert_eq!(body("SELECT $$a$$, $$b$$"), None);
    }
}
