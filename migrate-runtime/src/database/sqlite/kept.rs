//! The settings of a connection, kept before a revision and put back after it: each revision starts from the same ones, and
//! a connection that was passed gets its own back.

use futures_util::{FutureExt as _, TryStreamExt as _};
use migrate_chain::Dialect;
use migrate_chain::sql::sqlite::{TableName, attached_name, pragma_name};
use sqlx::{AssertSqlSafe, Either, Row as _, SqliteConnection};

use super::code::database;
use super::execute::execute;
use super::quote;
use super::words::ScriptWords;
use crate::database::{Cause, Work};
use crate::sql::{Script, inner};

/// The PRAGMAs that set up a connection. The others change the database, or only read; and `journal_mode`, which may do
/// either, is put back between modes that are the connection's.
const OF_CONNECTION: [&str; 32] = [
    "analysis_limit",
    "automatic_index",
    "busy_timeout",
    "cache_size",
    "cache_spill",
    "cell_size_check",
    "checkpoint_fullfsync",
    "defer_foreign_keys",
    "foreign_keys",
    "full_column_names",
    "fullfsync",
    "ignore_check_constraints",
    "journal_size_limit",
    "legacy_alter_table",
    "locking_mode",
    "max_page_count",
    "mmap_size",
    "query_only",
    "read_uncommitted",
    "recursive_triggers",
    "reverse_unordered_selects",
    "secure_delete",
    "short_column_names",
    "soft_heap_limit",
    "synchronous",
    "temp_store",
    "threads",
    "trusted_schema",
    "wal_autocheckpoint",
    "writable_schema",
    CASE_SENSITIVE_LIKE,
    JOURNAL_MODE,
];

/// It cannot be read, and setting it replaces a `like` that an app has registered.
const CASE_SENSITIVE_LIKE: &str = "case_sensitive_like";
const JOURNAL_MODE: &str = "journal_mode";

/// The state of a connection before a revision that may change it.
#[derive(Debug, Default)]
pub struct ConnectionState {
    /// Each PRAGMA with its value.
    pragmas: Vec<(TableName, String)>,
    names: Option<AttachedNames>,
    /// The databases that the SQL seen so far attaches.
    attaches: Vec<String>,
}

/// Attached databases and temporary objects.
#[derive(Debug)]
struct AttachedNames {
    databases: Vec<String>,
    temporary: Vec<String>,
}

impl ConnectionState {
    /// Keeps what a revision may change.
    pub async fn keep(
        &mut self,
        connection: &mut SqliteConnection,
        work: &Work<'_>,
    ) -> Result<(), Cause> {
        match work {
            Work::Nothing => Ok(()),
            Work::Sql(script) => self.keep_script(connection, script).await.map_err(keeping),
            Work::Rust(_) => self.keep_all(connection).await.map_err(keeping),
        }
    }

    /// Keeps what SQL names.
    pub async fn keep_named(
        &mut self,
        connection: &mut SqliteConnection,
        script: &str,
    ) -> Result<(), sqlx::Error> {
        self.keep_script(connection, &Script::of_text(Dialect::Sqlite, script))
            .await
    }

    async fn keep_script(
        &mut self,
        connection: &mut SqliteConnection,
        script: &Script<'_>,
    ) -> Result<(), sqlx::Error> {
        if !ScriptWords::of(script.text()).may_set_up {
            return Ok(());
        }
        let statements = script
            .statements()
            .flat_map(|outer| inner(Dialect::Sqlite, outer).map(|range| &outer[range]));
        let mut named = Vec::new();
        for statement in statements {
            self.attaches.extend(attached_name(statement));
            let pragma = pragma_name(statement);
            named.extend(pragma.filter(|pragma| OF_CONNECTION.contains(&&*pragma.name)));
        }
        self.keep_pragmas(connection, named).await?;
        self.keep_names(connection).await
    }

    /// Keeps all that can be read: the text of a Rust revision does not tell what it sets.
    async fn keep_all(&mut self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let all = OF_CONNECTION
            .iter()
            .filter(|name| ![CASE_SENSITIVE_LIKE, JOURNAL_MODE].contains(name))
            .map(|&name| TableName {
                schema: None,
                name: name.to_owned(),
            });
        self.keep_pragmas(connection, all.collect()).await?;
        self.keep_names(connection).await
    }

    async fn keep_pragmas(
        &mut self,
        connection: &mut SqliteConnection,
        mut pragmas: Vec<TableName>,
    ) -> Result<(), sqlx::Error> {
        let is_kept = |kept: &[(TableName, String)], pragma: &TableName| {
            kept.iter().any(|(other, _)| other == pragma)
        };
        pragmas.retain(|pragma| !is_kept(&self.pragmas, pragma));
        for (pragma, value) in read(connection, pragmas).await? {
            if !is_kept(&self.pragmas, &pragma) {
                self.pragmas.push((pragma, value));
            }
        }
        Ok(())
    }

    async fn keep_names(&mut self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        if self.names.is_none() {
            self.names = Some(AttachedNames {
                databases: databases(connection).await?,
                temporary: temporary(connection).await?,
            });
        }
        Ok(())
    }

    /// Puts back what a transaction can put back, and says which databases are attached since.
    pub async fn put_back(
        &mut self,
        connection: &mut SqliteConnection,
    ) -> Result<Vec<String>, Cause> {
        if self.is_empty() {
            return Ok(Vec::new());
        }
        self.put_back_inside(connection).await.map_err(putting_back)
    }

    async fn put_back_inside(
        &mut self,
        connection: &mut SqliteConnection,
    ) -> Result<Vec<String>, sqlx::Error> {
        let names = self.pragmas.iter().map(|(pragma, _)| pragma.clone());
        let now = read(connection, names.collect()).await?;
        for ((pragma, before), (_, now)) in self.pragmas.iter().zip(now) {
            if *before != now && !is_of_database(pragma, before, &now) {
                execute(connection, &set(pragma, before)).await?;
            }
        }
        self.pragmas.clear();
        let Some(names) = &self.names else {
            return Ok(Vec::new());
        };
        let made = temporary(connection).await?.into_iter();
        for drop in made.filter(|drop| !names.temporary.contains(drop)) {
            execute(connection, &drop).await?;
        }
        let attached = databases(connection).await?.into_iter();
        let attached: Vec<String> = attached
            .filter(|name| !names.databases.contains(name))
            .collect();
        if attached.is_empty() {
            (self.names, self.attaches) = (None, Vec::new());
        }
        Ok(attached)
    }

    fn is_empty(&self) -> bool {
        self.pragmas.is_empty() && self.names.is_none()
    }

    /// Puts back everything, outside a transaction.
    pub async fn end(&mut self, connection: &mut SqliteConnection) -> Result<(), Cause> {
        if self.is_empty() {
            return Ok(());
        }
        for name in self.put_back(connection).await? {
            let detached = execute(connection, &detach(&name)).await;
            detached.map_err(putting_back)?;
        }
        (self.names, self.attaches) = (None, Vec::new());
        Ok(())
    }

    /// Puts back what is known, for a run that was cut off. sqlx's worker does what the first poll sends it, one statement
    /// for each.
    pub fn end_unpolled(&mut self, connection: &mut SqliteConnection) {
        let pragmas = self.pragmas.drain(..);
        let pragmas = pragmas.filter(|(pragma, _)| pragma.name != JOURNAL_MODE);
        let set = pragmas.map(|(pragma, before)| set(&pragma, &before));
        let detach = self.attaches.drain(..).map(|name| detach(&name));
        for statement in set.chain(detach) {
            let _ = execute(connection, &statement).now_or_never();
        }
        self.names = None;
    }
}

fn keeping(error: sqlx::Error) -> Cause {
    database(error, "to read the settings of the connection")
}

fn putting_back(error: sqlx::Error) -> Cause {
    database(error, "to put back the settings of the connection")
}

/// A journal in WAL mode is the database's.
fn is_of_database(pragma: &TableName, before: &str, now: &str) -> bool {
    pragma.name == JOURNAL_MODE && (before == "wal" || now == "wal")
}

fn sql_name(pragma: &TableName) -> String {
    match &pragma.schema {
        Some(schema) => format!("{}.{}", quote::name(schema), pragma.name),
        None => pragma.name.clone(),
    }
}

fn set(pragma: &TableName, value: &str) -> String {
    format!("PRAGMA {} = {value}", sql_name(pragma))
}

fn detach(name: &str) -> String {
    format!("DETACH {}", quote::name(name))
}

/// The values of PRAGMAs, in one call. One that has none, such as that of a database which is not attached yet, is left out.
async fn read(
    connection: &mut SqliteConnection,
    pragmas: Vec<TableName>,
) -> Result<Vec<(TableName, String)>, sqlx::Error> {
    let mut values = Vec::with_capacity(pragmas.len());
    let attached = databases(connection).await?;
    let is_there = |pragma: &TableName| {
        let schema = pragma.schema.as_ref();
        schema.is_none_or(|schema| {
            attached
                .iter()
                .any(|name| name.eq_ignore_ascii_case(schema))
        })
    };
    let pragmas: Vec<TableName> = pragmas.into_iter().filter(is_there).collect();
    let sql: Vec<String> = pragmas.iter().map(query).collect();
    let mut results = sqlx::raw_sql(AssertSqlSafe(sql.join(";\n"))).fetch_many(connection);
    let mut pragmas = pragmas.into_iter();
    let mut value = None;
    while let Some(result) = results.try_next().await? {
        match result {
            Either::Right(row) => value = Some(row.try_get_unchecked::<String, _>(0)?),
            Either::Left(_) => {
                values.extend(
                    pragmas
                        .next()
                        .and_then(|pragma| Some((pragma, value.take()?))),
                );
            }
        }
    }
    Ok(values)
}

fn query(pragma: &TableName) -> String {
    if pragma.name == CASE_SENSITIVE_LIKE {
        "SELECT 'a' NOT LIKE 'A'".to_owned()
    } else {
        format!("PRAGMA {}", sql_name(pragma))
    }
}

async fn databases(connection: &mut SqliteConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT name FROM pragma_database_list")
        .fetch_all(connection)
        .await
        .map(|mut names: Vec<String>| {
            // SQLite makes it when it is needed.
            names.retain(|name| name != "temp");
            names.push("temp".to_owned());
            names
        })
}

/// Statements that drop all temporary objects: first dependents, then tables, the newest first.
async fn temporary(connection: &mut SqliteConnection) -> Result<Vec<String>, sqlx::Error> {
    let sql = "SELECT type, name FROM temp.sqlite_schema WHERE type IN ('trigger', 'view', 'table') AND name NOT LIKE \
               'sqlite^_%' ESCAPE '^' ORDER BY type = 'table', type = 'view', rowid DESC";
    let found: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(connection).await?;
    let drop = |(kind, name): &(String, String)| format!("DROP {kind} temp.{}", quote::name(name));
    Ok(found.iter().map(drop).collect())
}
