//! What definitions are before a statement changes them. A later look tells by it whether the statement was done.

use migrate_chain::Checksum;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::code::number;
use super::statement::{Kind, Object, kind};

/// What a look at the definitions tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// All are as they were.
    Unchanged,
    /// All have changed, come or gone.
    Changed,
    /// Some have, or this user cannot see them.
    Partly,
    /// The statement is not the one that was in flight.
    Edited,
}

/// What is to be written down before a statement runs: a word for each definition that it changes. None for a statement
/// that changes no definitions, or whose definitions cannot be seen.
pub(super) async fn before(
    connection: &mut MySqlConnection,
    statement: &str,
) -> Result<Option<String>, sqlx::Error> {
    let Kind::Definition(objects) = kind(statement) else {
        return Ok(None);
    };
    let words = words(connection, &objects).await?;
    Ok(words.map(|words| format!("{} {}", short(statement), words.join(" "))))
}

/// Compares what was written down with what is there now.
pub(super) async fn compare(
    connection: &mut MySqlConnection,
    statement: &str,
    evidence: &str,
) -> Result<Seen, sqlx::Error> {
    let Kind::Definition(objects) = kind(statement) else {
        return Ok(Seen::Partly);
    };
    let mut before = evidence.split(' ');
    if before.next() != Some(&short(statement)) {
        return Ok(Seen::Edited);
    }
    let before: Vec<&str> = before.collect();
    let Some(now) = words(connection, &objects).await? else {
        return Ok(Seen::Partly);
    };
    let changed = before
        .iter()
        .zip(&now)
        .filter(|(before, now)| *before != now);
    Ok(match changed.count() {
        0 => Seen::Unchanged,
        all if all == now.len() => Seen::Changed,
        _ => Seen::Partly,
    })
}

async fn words(
    connection: &mut MySqlConnection,
    objects: &[Object],
) -> Result<Option<Vec<String>>, sqlx::Error> {
    let mut words = Vec::with_capacity(objects.len());
    for object in objects {
        match word(connection, object).await? {
            Some(word) => words.push(word),
            None => return Ok(None),
        }
    }
    Ok(Some(words))
}

/// The hash of a definition, or a dash for one that is not there; none if this user cannot see it.
async fn word(
    connection: &mut MySqlConnection,
    object: &Object,
) -> Result<Option<String>, sqlx::Error> {
    let sql = format!("SHOW CREATE {} {}", object.kind, object.name);
    let row = sqlx::raw_sql(AssertSqlSafe(sql))
        .fetch_one(connection)
        .await;
    let row = match row {
        Ok(row) => row,
        Err(error) if is_missing(&error) => return Ok(Some("-".to_owned())),
        Err(error) if number(&error).is_some() => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut definition = String::new();
    for column in 0..row.len() {
        // Names, modes and texts alike; what is no text is of no weight.
        let text: Option<String> = row.try_get_unchecked(column).unwrap_or_default();
        definition.push_str(&text.unwrap_or_default());
        definition.push('\n');
    }
    Ok(Some(short(&without_counter(&definition))))
}

/// A hash that is short enough for many of them.
fn short(text: &str) -> String {
    Checksum::of(text).to_string()[..32].to_owned()
}

/// No such table, trigger, routine, event or database.
fn is_missing(error: &sqlx::Error) -> bool {
    matches!(
        number(error),
        Some(1008 | 1049 | 1051 | 1146 | 1305 | 1347 | 1360 | 1539 | 4091)
    )
}

/// The counter of a table goes on with each row that an app inserts.
fn without_counter(definition: &str) -> String {
    let Some(at) = definition.rfind(" AUTO_INCREMENT=") else {
        return definition.to_owned();
    };
    let (before, counter) = definition.split_at(at);
    let rest = counter[" AUTO_INCREMENT=".len()..].trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{before}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counter_of_a_table_is_no_part_of_its_definition() {
        let table =
            |counter: &str| format!("CREATE TABLE t (id INT) ENGINE=InnoDB{counter} COMMENT='x'");
        assert_eq!(without_counter(&table(" AUTO_INCREMENT=17")), table(""));
        assert_eq!(without_counter(&table("")), table(""));
    }
}
