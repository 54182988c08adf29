//! More about an error than its own text: the server tells it only when it is asked right after.

use sqlx::MySqlConnection;

use super::code::number;
use crate::database::rows::Columns as _;

/// The server's additions to an error of a foreign key, each a line: its warnings, and as far as the user may read it,
/// the section of the status of `InnoDB`.
pub async fn about(connection: &mut MySqlConnection, error: &sqlx::Error) -> Vec<String> {
    if !number(error).is_some_and(is_of_a_key) {
        return Vec::new();
    }
    let mut notes = warnings(connection, &error.to_string()).await;
    notes.extend(latest(connection).await);
    notes
}

/// Errors by which a table, or a key, cannot be made or changed because of a foreign key.
fn is_of_a_key(number: u16) -> bool {
    matches!(
        number,
        1005 | 1025 | 1215 | 1822 | 1823 | 1824 | 1825 | 1826 | 1828..=1834 | 3730 | 3734 | 3780
    )
}

async fn warnings(connection: &mut MySqlConnection, error: &str) -> Vec<String> {
    let rows = sqlx::raw_sql("SHOW WARNINGS").fetch_all(connection).await;
    let rows = rows.unwrap_or_default();
    let texts = rows.iter().filter_map(|row| row.text(2).ok().flatten());
    let is_new = |text: &String| !error.contains(text.trim_end_matches('.'));
    let texts = texts.filter(is_new);
    texts
        .map(|text| format!("the server adds: {text}"))
        .collect()
}

/// The section of the status of `InnoDB`. It may be about another session's error, which the text shows by its table.
async fn latest(connection: &mut MySqlConnection) -> Option<String> {
    let row = sqlx::raw_sql("SHOW ENGINE INNODB STATUS")
        .fetch_one(connection)
        .await;
    let status = row.ok()?.text(2).ok()??;
    let section = section(&status)?;
    Some(format!("InnoDB's latest foreign key error: {section}"))
}

/// The lines under the heading, without its rulers and the time, as one.
fn section(status: &str) -> Option<String> {
    let (_, rest) = status.split_once("LATEST FOREIGN KEY ERROR\n")?;
    let rest = rest.trim_start_matches(['-', '\n']);
    let section = rest.split("\n------").next()?;
    let lines = section
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let lines: Vec<&str> = lines.take(12).collect();
    Some(lines.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_ends_at_the_next_ruler() {
        let status = "x\n------------------------\nLATEST FOREIGN KEY ERROR\n------------------------\n2026 0x7f Error in \
                      `s`.`t`:\nThere is no index\n------------\nTRANSACTIONS\n------------\n";
        assert_eq!(
            section(status).unwrap(),
            "2026 0x7f Error in `s`.`t`: There is no index"
        );
        assert_eq!(section("nothing"), None);
    }
}
