//! Definitions before a statement changes them. A later look compares them, and tells whether the statement was done.

use migrate_chain::Checksum;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{AssertSqlSafe, Row as _};

use super::code::number;
use super::message::{Answers, Message, MessagePart};
use super::statement::{DefinedObject, StatementKind, kind};

/// The result of a look at the definitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefinitionChange {
    /// All are as they were.
    Unchanged,
    /// All have changed, come or gone.
    Changed,
    /// Some have, or this user cannot see them.
    Partly,
    /// The statement is not the one that was in flight.
    Edited,
}

/// The note that is written down before a statement runs: a word for each definition that it changes. None for a statement
/// that changes no definitions, or whose definitions cannot be seen.
pub async fn before(
    connection: &mut MySqlConnection,
    statement: &str,
) -> Result<Option<String>, sqlx::Error> {
    let objects = objects(statement);
    let words = words(connection, &objects, Vec::new()).await?;
    Ok(words.and_then(|words| note(statement, &words)))
}

/// The definitions that a statement changes.
pub fn objects(statement: &str) -> Vec<DefinedObject> {
    match kind(statement) {
        StatementKind::Definition(objects) => objects,
        _ => Vec::new(),
    }
}

/// Adds the questions for the definitions to a message. The first that is missing ends it.
pub fn ask(objects: &[DefinedObject], message: &mut Message) {
    for (n, object) in objects.iter().enumerate() {
        message.push(MessagePart::Show(n), &show(object));
    }
}

/// The same note as [`before`], from the answers to [`ask`] and the error that ended them.
pub async fn answered(
    connection: &mut MySqlConnection,
    statement: &str,
    answers: &Answers,
    error: Option<&sqlx::Error>,
) -> Result<Option<String>, sqlx::Error> {
    let shown = answers
        .iter()
        .filter(|(part, _)| matches!(part, MessagePart::Show(_)));
    let mut known: Vec<Option<String>> = shown.map(|(_, row)| Some(hash(row))).collect();
    known.extend(error.map(absent));
    let words = words(connection, &objects(statement), known).await?;
    Ok(words.and_then(|words| note(statement, &words)))
}

fn note(statement: &str, words: &[String]) -> Option<String> {
    (!words.is_empty()).then(|| format!("{} {}", short(statement), words.join(" ")))
}

/// Compares what was written down with what is there now.
pub async fn compare(
    connection: &mut MySqlConnection,
    statement: &str,
    evidence: &str,
) -> Result<DefinitionChange, sqlx::Error> {
    let StatementKind::Definition(objects) = kind(statement) else {
        return Ok(DefinitionChange::Partly);
    };
    let mut before = evidence.split(' ');
    if before.next() != Some(&short(statement)) {
        return Ok(DefinitionChange::Edited);
    }
    let before: Vec<&str> = before.collect();
    let Some(now) = words(connection, &objects, Vec::new()).await? else {
        return Ok(DefinitionChange::Partly);
    };
    let changed = before
        .iter()
        .zip(&now)
        .filter(|(before, now)| *before != now);
    Ok(match changed.count() {
        0 => DefinitionChange::Unchanged,
        all if all == now.len() => DefinitionChange::Changed,
        _ => DefinitionChange::Partly,
    })
}

/// The words for the definitions, some of which are known; none if this user cannot see one.
async fn words(
    connection: &mut MySqlConnection,
    objects: &[DefinedObject],
    known: Vec<Option<String>>,
) -> Result<Option<Vec<String>>, sqlx::Error> {
    let asked = known.len();
    let mut words: Option<Vec<String>> = known.into_iter().collect();
    for object in objects.iter().skip(asked) {
        let word = word(connection, object).await?;
        words = words.and_then(|words| Some([words, vec![word?]].concat()));
    }
    Ok(words)
}

fn show(object: &DefinedObject) -> String {
    format!("SHOW CREATE {} {}", object.kind, object.name)
}

/// The hash of a definition, or a dash for one that is not there; none if this user cannot see it.
async fn word(
    connection: &mut MySqlConnection,
    object: &DefinedObject,
) -> Result<Option<String>, sqlx::Error> {
    let row = sqlx::raw_sql(AssertSqlSafe(show(object)))
        .fetch_one(connection)
        .await;
    match row {
        Ok(row) => Ok(Some(hash(&row))),
        Err(error) if number(&error).is_some() => Ok(absent(&error)),
        Err(error) => Err(error),
    }
}

/// The word for a definition that the server does not show.
fn absent(error: &sqlx::Error) -> Option<String> {
    is_missing(error).then(|| "-".to_owned())
}

fn hash(row: &MySqlRow) -> String {
    let mut definition = String::new();
    for column in 0..row.len() {
        // Names, modes and texts alike; a number is of no weight.
        let text: Option<String> = row.try_get_unchecked(column).unwrap_or_default();
        definition.push_str(&text.unwrap_or_default());
        definition.push('\n');
    }
    short(&without_counter(&definition))
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
