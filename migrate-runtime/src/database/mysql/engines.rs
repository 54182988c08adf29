//! Finds tables without transactions. It asks once in a run, and again after a change of definitions: only of this
//! database, and of tables elsewhere that a statement names. The server never gets the text of a statement to search
//! in.

use std::collections::{HashMap, HashSet};

use migrate_chain::Dialect;
use migrate_chain::sql::{TokenKind, tokens};
use sqlx::{AssertSqlSafe, MySqlConnection};

use super::message::{Message, MessagePart};
use super::quote::text;
use crate::database::rows::Columns as _;

/// The names that lead to a table without transactions.
pub struct Engines {
    /// The other databases that there are, in lower case, as all names here.
    others: HashSet<String>,
    /// Names in this database: of such tables, and of views, triggered tables and routines that lead to one.
    plain: HashSet<String>,
    /// Whether tables of other databases are such, as far as it was asked.
    elsewhere: HashMap<(String, String), bool>,
}

impl Engines {
    pub async fn look(connection: &mut MySqlConnection) -> Result<Self, sqlx::Error> {
        let message = Message::default()
            .with(MessagePart::Show(0), "SELECT COALESCE(DATABASE(), '')")
            .with(
                MessagePart::Show(1),
                "SELECT schema_name FROM information_schema.schemata",
            )
            .with(
                MessagePart::Show(2),
                &format!("{PLAIN} AND t.table_schema = DATABASE()"),
            )
            .with(MessagePart::Show(3), DEFINITIONS);
        let answers = message.send(connection, |_| ()).await;
        let answers = answers.map_err(|stopped| stopped.error)?;
        let column = |part: usize, column: usize| -> Result<Vec<String>, sqlx::Error> {
            let rows = answers
                .iter()
                .filter(|(of, _)| *of == MessagePart::Show(part));
            rows.map(|(_, row)| Ok(row.text(column)?.unwrap_or_default()))
                .collect()
        };
        let lower = |names: Vec<String>| names.into_iter().map(|name| name.to_lowercase());
        let database = lower(column(0, 0)?).next().unwrap_or_default();
        let is_other = |name: &String| *name != database && !SYSTEM.contains(&&**name);
        let mut engines = Self {
            others: lower(column(1, 0)?).filter(is_other).collect(),
            plain: lower(column(2, 0)?).collect(),
            elsewhere: HashMap::new(),
        };
        let definitions: Vec<(String, SqlNames)> = lower(column(3, 0)?)
            .zip(column(3, 1)?.iter().map(|text| SqlNames::of(text)))
            .collect();
        engines.follow(connection, definitions).await?;
        Ok(engines)
    }

    /// Adds the views, triggers and routines that lead to a table without transactions, at any number of removes.
    async fn follow(
        &mut self,
        connection: &mut MySqlConnection,
        mut definitions: Vec<(String, SqlNames)>,
    ) -> Result<(), sqlx::Error> {
        loop {
            let before = definitions.len();
            let mut left = Vec::new();
            for (name, names) in definitions {
                if self.reach(connection, &names).await? {
                    self.plain.insert(name);
                } else {
                    left.push((name, names));
                }
            }
            if left.len() == before {
                return Ok(());
            }
            definitions = left;
        }
    }

    /// Whether the names lead to a table without transactions.
    pub async fn reach(
        &mut self,
        connection: &mut MySqlConnection,
        names: &SqlNames,
    ) -> Result<bool, sqlx::Error> {
        if names.single.iter().any(|name| self.plain.contains(name)) {
            return Ok(true);
        }
        for pair in &names.pairs {
            if self.others.contains(&pair.0) && self.is_plain_elsewhere(connection, pair).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Asks about a table of another database. A view or a routine there may lead anywhere.
    async fn is_plain_elsewhere(
        &mut self,
        connection: &mut MySqlConnection,
        pair: &(String, String),
    ) -> Result<bool, sqlx::Error> {
        if let Some(&known) = self.elsewhere.get(pair) {
            return Ok(known);
        }
        let (schema, table) = (text(&pair.0), text(&pair.1));
        let sql = format!(
            "SELECT 1 FROM information_schema.tables t LEFT JOIN information_schema.engines e ON e.engine = t.engine WHERE \
             t.table_schema = {schema} AND t.table_name = {table} AND (t.table_type = 'VIEW' OR COALESCE(e.transactions, \
             'NO') <> 'YES') UNION ALL SELECT 1 FROM information_schema.routines WHERE routine_schema = {schema} AND \
             routine_name = {table}"
        );
        let row = sqlx::raw_sql(AssertSqlSafe(sql))
            .fetch_optional(connection)
            .await?;
        self.elsewhere.insert(pair.clone(), row.is_some());
        Ok(row.is_some())
    }
}

/// Tables without transactions; a condition on the database follows.
const PLAIN: &str = "SELECT t.table_name FROM information_schema.tables t LEFT JOIN information_schema.engines e ON \
    e.engine = t.engine WHERE t.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND COALESCE(e.transactions, 'NO') <> 'YES'";

/// The definitions that a statement runs when it names a view, a table with a trigger, or a routine. By the database of
/// its table, and not by its own, the server finds a trigger without a look at all databases.
const DEFINITIONS: &str = "SELECT table_name, view_definition FROM information_schema.views WHERE table_schema = DATABASE() \
    UNION ALL SELECT event_object_table, action_statement FROM information_schema.triggers WHERE event_object_schema = DATABASE() \
    UNION ALL SELECT routine_name, routine_definition FROM information_schema.routines WHERE routine_schema = DATABASE()";

/// Databases of the server itself.
const SYSTEM: [&str; 4] = ["mysql", "information_schema", "performance_schema", "sys"];

/// The names in a piece of SQL, in lower case.
#[derive(Debug, Default)]
pub struct SqlNames {
    single: HashSet<String>,
    /// Names with a dot between: a database and a table, or a table and a column.
    pairs: HashSet<(String, String)>,
}

impl SqlNames {
    pub fn of(sql: &str) -> Self {
        let mut names = Self::default();
        let mut before: Option<String> = None;
        let mut is_dotted = false;
        for token in tokens(Dialect::MySql, sql) {
            if token.is_trivia() {
                continue;
            }
            let text = &sql[token.range()];
            if text == "." {
                is_dotted = true;
                continue;
            }
            let name = name(token.kind, text);
            if let (true, Some(schema), Some(table)) = (is_dotted, &before, &name) {
                names.pairs.insert((schema.clone(), table.clone()));
            }
            is_dotted = false;
            names.single.extend(name.clone());
            before = name;
        }
        names
    }
}

/// The name that a token may be.
fn name(kind: TokenKind, text: &str) -> Option<String> {
    match kind {
        TokenKind::Word => Some(text.to_lowercase()),
        TokenKind::QuotedIdentifier => {
            let inner = text
                .strip_prefix('`')
                .and_then(|text| text.strip_suffix('`'));
            Some(inner.unwrap_or(text).replace("``", "`").to_lowercase())
        }
        // A name too, if sql_mode has ANSI_QUOTES.
        TokenKind::String if text.starts_with('"') && text.len() < 200 => {
            Some(text.trim_matches('"').replace("\"\"", "\"").to_lowercase())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_however_they_are_written() {
        let names = SqlNames::of(
            "INSERT INTO `A b`.t SELECT x.\"Y\" FROM Ünits x -- not this\n WHERE a = 'nor this'",
        );
        let pair = |one: &str, two: &str| (one.to_owned(), two.to_owned());
        assert!(names.pairs.contains(&pair("a b", "t")) && names.pairs.contains(&pair("x", "y")));
        assert!(names.single.contains("ünits") && !names.single.contains("this"));
    }
}
