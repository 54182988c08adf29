//! Placeholders of a query in a Rust revision.

use std::fmt::Write as _;

use migrate_chain::Dialect;
use migrate_chain::sql::{TokenKind, tokens};

use crate::context::Value;

/// The query with a `$n` for each `?`, and the values in that order. In a query that has a `$n` itself, `?` is an operator.
/// PostgreSQL wants to know the type of a value, and NULL has none: it is written into the query.
pub fn numbered(sql: &str, values: &[Value]) -> (String, Vec<Value>) {
    let has_numbers =
        tokens(Dialect::Postgres, sql).any(|token| is_number(token.kind, &sql[token.range()]));
    let mut places = Places {
        values,
        sql: String::with_capacity(sql.len() + 8),
        bound: Vec::with_capacity(values.len()),
    };
    let mut marks = 0;
    for token in tokens(Dialect::Postgres, sql) {
        let text = &sql[token.range()];
        if is_number(token.kind, text) {
            let number = text[1..].parse().unwrap_or(0_usize);
            places.place(number.wrapping_sub(1), text);
        } else if has_numbers || token.kind != TokenKind::Operator {
            places.sql.push_str(text);
        } else {
            for character in text.chars() {
                if character == '?' {
                    places.place(marks, "?");
                    marks += 1;
                } else {
                    places.sql.push(character);
                }
            }
        }
    }
    (places.sql, places.bound)
}

fn is_number(kind: TokenKind, text: &str) -> bool {
    kind == TokenKind::Parameter && text.starts_with('$')
}

struct Places<'v> {
    values: &'v [Value],
    sql: String,
    bound: Vec<Value>,
}

impl Places<'_> {
    /// Writes the place of a value; one that has none stays as it is, for PostgreSQL to complain about.
    fn place(&mut self, value: usize, text: &str) {
        match self.values.get(value) {
            None => self.sql.push_str(text),
            Some(Value::Null) => self.sql.push_str("NULL"),
            Some(value) => {
                self.bound.push(value.clone());
                let _ = write!(self.sql, "${}", self.bound.len());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn question_marks_become_numbers() {
        let values = [Value::Integer(1), Value::Null, Value::from("x")];
        for (sql, expected) in [
            (
                "SELECT '?' WHERE a=? AND b =? -- ?\nOR c IN (?)",
                "SELECT '?' WHERE a=$1 AND b =NULL -- ?\nOR c IN ($2)",
            ),
            (
                "SELECT $3, $2, $1, $3, j ? 'k'",
                "SELECT $1, NULL, $2, $3, j ? 'k'",
            ),
            (
                "SELECT \"a?\", $$?$$, ?::text",
                "SELECT \"a?\", $$?$$, $1::text",
            ),
        ] {
            assert_eq!(numbered(sql, &values).0, expected);
        }
        let (_, bound) = numbered("SELECT $3, $2, $1, $3", &values);
        assert_eq!(
            bound,
            [Value::from("x"), Value::Integer(1), Value::from("x")]
        );
    }
}
