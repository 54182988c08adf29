//! The second eye on MySQL and MariaDB: the server's own statement for everything there is, line by line. The order of lines
//! means nothing, as columns may be in another order.

use std::collections::{BTreeMap, BTreeSet};

use super::parse::quote;
use super::spell::without_definer;
use super::words::without_database;
use crate::connection::Connection;
use crate::error::Error;
use crate::eye::Facts;
use crate::filter::Filter;

/// The word after `SHOW CREATE`, the field of the answer that has the statement, and the query for the names.
const KINDS: [(&str, usize, &str); 7] = [
    (
        "TABLE",
        1,
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')",
    ),
    (
        "VIEW",
        1,
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'VIEW'",
    ),
    (
        "SEQUENCE",
        1,
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'SEQUENCE'",
    ),
    (
        "FUNCTION",
        2,
        "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_TYPE = 'FUNCTION'",
    ),
    (
        "PROCEDURE",
        2,
        "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_TYPE = 'PROCEDURE'",
    ),
    (
        "TRIGGER",
        2,
        "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()",
    ),
    (
        "EVENT",
        3,
        "SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()",
    ),
];

/// As many statements go to the server at once: some 85 KB at most, as a name has 64 characters.
const BATCH: usize = 1_000;

/// Everything that the server says of what `filter` admits. What `since` has of tables that `changed` does not name is taken
/// from there: only statements that name a table change it.
pub async fn look(
    connection: &mut Connection,
    filter: &Filter,
    since: Option<(&Facts, &BTreeSet<String>)>,
) -> Result<Facts, Error> {
    connection
        .execute("SET @migrate_sql_mode = @@SESSION.sql_mode, SESSION sql_mode = ''")
        .await?;
    let facts = read(connection, filter, since).await;
    connection
        .execute("SET SESSION sql_mode = @migrate_sql_mode, @migrate_sql_mode = NULL")
        .await?;
    facts
}

async fn read(
    connection: &mut Connection,
    filter: &Filter,
    since: Option<(&Facts, &BTreeSet<String>)>,
) -> Result<Facts, Error> {
    let database = connection.text("SELECT DATABASE()").await?;
    let mut facts = Facts::default();
    for (word, field, names) in KINDS {
        let names = connection
            .rows(names)
            .await?
            .into_iter()
            .flatten()
            .flatten();
        let names: Vec<String> = names.filter(|name| filter.admits(name)).collect();
        let (known, asked): (Vec<&String>, Vec<&String>) = names.iter().partition(|name| {
            word == "TABLE" && since.is_some_and(|(_, changed)| !changed.contains(&quote(name)))
        });
        for name in known {
            if let Some((since, _)) = since {
                facts.take(since, &subject(word, name));
            }
        }
        for names in asked.chunks(BATCH) {
            let statements = names
                .iter()
                .map(|name| format!("SHOW CREATE {word} {}", quote(name)));
            let statements: Vec<String> = statements.collect();
            let rows = connection.rows(&statements.join("; ")).await?;
            for (name, row) in names.iter().zip(rows) {
                let sql = row.into_iter().nth(field).flatten().unwrap_or_default();
                let sql = without_database(&without_definer(&sql), &database);
                for line in lines(word, &sql) {
                    facts.add(
                        subject(word, name),
                        BTreeMap::from([("line".to_owned(), line)]),
                    );
                }
            }
        }
    }
    Ok(facts)
}

fn subject(word: &str, name: &str) -> (String, String) {
    let object = format!("{} {}", word.to_lowercase(), quote(name));
    (object, format!("SHOW CREATE {word}"))
}

/// A table says one thing in each line, and after them its options and its partitions. Anything else is one statement.
fn lines(word: &str, sql: &str) -> Vec<String> {
    match word {
        "TABLE" => table_lines(sql),
        // An event that does not say when it starts does so when it is created.
        "EVENT" => vec![without_times(sql)],
        _ => vec![sql.to_owned()],
    }
}

fn table_lines(sql: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = sql.lines().skip(1);
    for line in rest.by_ref() {
        if line.starts_with(')') {
            let words = line.split(' ').filter(|word| !is_counter(word));
            lines.push(words.collect::<Vec<_>>().join(" "));
            break;
        }
        lines.push(line.trim().trim_end_matches(',').to_owned());
    }
    let partitions = rest.collect::<Vec<_>>().join("\n");
    lines.extend((!partitions.is_empty()).then_some(partitions));
    lines
}

/// Whether a word says how far an `AUTO_INCREMENT` has counted.
fn is_counter(word: &str) -> bool {
    word.strip_prefix("AUTO_INCREMENT=")
        .is_some_and(|value| value.parse::<u64>().is_ok())
}

fn without_times(sql: &str) -> String {
    let Some((before, rest)) = sql.split_once(" STARTS '") else {
        return sql.to_owned();
    };
    let rest = rest.split_once('\'').map_or("", |(_, rest)| rest);
    format!("{before}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "CREATE TABLE `t` (\n  `a` int(11) NOT NULL AUTO_INCREMENT,\n  `b` varchar(9) DEFAULT 'x',\n  PRIMARY KEY (`a`)\n\
        ) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COMMENT='c'\n PARTITION BY HASH (`a`)\nPARTITIONS 4";

    #[test]
    fn each_line_says_one_thing_and_counters_say_nothing() {
        assert_eq!(
            table_lines(TABLE),
            [
                "`a` int(11) NOT NULL AUTO_INCREMENT",
                "`b` varchar(9) DEFAULT 'x'",
                "PRIMARY KEY (`a`)",
                ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='c'",
                " PARTITION BY HASH (`a`)\nPARTITIONS 4",
            ]
        );
        assert_eq!(table_lines(TABLE), table_lines(&TABLE.replace("=7", "=8")));
        for (from, to) in [
            ("'x'", "'y'"),
            ("InnoDB", "Aria"),
            ("'c'", "'d'"),
            ("PARTITIONS 4", "PARTITIONS 5"),
        ] {
            assert_ne!(
                table_lines(TABLE),
                table_lines(&TABLE.replacen(from, to, 1))
            );
        }
    }
}
