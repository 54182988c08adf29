//! A `DROP TABLE` deletes its rows first, and with foreign keys on that deletes or changes rows of other tables.

use std::collections::HashMap;
use std::fmt;

use migrate_chain::ForeignKeys;
use migrate_chain::sql::sqlite::{TableChange, TableName};
use sqlx::{AssertSqlSafe, SqliteConnection};

use super::code::{SQLITE_ERROR, primary_code};
use super::quote::{name, text};
use crate::database::Cause;

/// The rows that a revision loses with the tables that it drops.
#[derive(Debug)]
pub struct Drops {
    policy: Policy,
    losses: Vec<RowLoss>,
}

/// When a loss is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Policy {
    /// Never: the header accepts it.
    Accept,
    /// At the end of the revision, if the table that loses rows still exists.
    AtEnd,
    /// Before the statement: what it does could not be undone.
    AtOnce,
}

/// A table that loses rows, or values in them, when another one is dropped.
#[derive(Debug)]
struct RowLoss {
    schema: String,
    table: String,
    /// The table that is dropped.
    dropped: String,
    /// The table whose rows are deleted, and to which this one refers.
    parent: String,
    action: Action,
    /// How many rows; none if that is known only for the table in between.
    rows: Option<i64>,
}

/// The action of a foreign key when the referenced row is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Cascade,
    SetNull,
    SetDefault,
}

impl Action {
    fn named(name: &str) -> Option<Self> {
        [Self::Cascade, Self::SetNull, Self::SetDefault]
            .into_iter()
            .find(|action| action.name().eq_ignore_ascii_case(name))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Cascade => "CASCADE",
            Self::SetNull => "SET NULL",
            Self::SetDefault => "SET DEFAULT",
        }
    }
}

/// A foreign key that refers to a table.
struct DroppedReference {
    child: String,
    on_delete: Option<Action>,
    on_update: Option<Action>,
    /// Its columns, each with the column of the other table; none for the primary key.
    columns: Vec<(String, Option<String>)>,
}

impl Drops {
    /// For a revision in a transaction.
    pub fn in_transaction(keys: ForeignKeys) -> Self {
        Self::new(keys, Policy::AtEnd)
    }

    /// For a revision outside a transaction.
    pub fn outside(keys: ForeignKeys) -> Self {
        Self::new(keys, Policy::AtOnce)
    }

    fn new(keys: ForeignKeys, policy: Policy) -> Self {
        Self {
            policy: if keys == ForeignKeys::Cascade {
                Policy::Accept
            } else {
                policy
            },
            losses: Vec::new(),
        }
    }

    /// Looks at what a statement that is about to run would lose, and says whether it may run.
    pub async fn allows(
        &mut self,
        connection: &mut SqliteConnection,
        change: &TableChange,
    ) -> Result<bool, sqlx::Error> {
        if let TableChange::Drop { table, .. } = change
            && self.policy != Policy::Accept
            && are_enforced(connection).await?
            && let Some((schema, name)) = found(connection, table).await?
        {
            let losses = losses(connection, &schema, &name).await?;
            self.losses.extend(losses);
        }
        Ok(self.policy != Policy::AtOnce || self.losses.is_empty())
    }

    /// Takes note of what a statement did: a table that loses rows may have another name now.
    pub fn follow(&mut self, change: &TableChange) {
        let TableChange::Rename { table, to } = change else {
            return;
        };
        for loss in &mut self.losses {
            let schema = table.schema.as_ref();
            let is_its = schema.is_none_or(|schema| schema.eq_ignore_ascii_case(&loss.schema));
            if is_its && loss.table.eq_ignore_ascii_case(&table.name) {
                loss.table.clone_from(to);
            }
        }
    }

    /// The failure of the revision at `index`, at its end: a table that has lost rows still exists.
    pub async fn at_end(
        &mut self,
        connection: &mut SqliteConnection,
        index: usize,
    ) -> Result<Option<Cause>, sqlx::Error> {
        let mut left = Vec::new();
        for loss in std::mem::take(&mut self.losses) {
            let table = TableName {
                schema: Some(loss.schema.clone()),
                name: loss.table.clone(),
            };
            if found(connection, &table).await?.is_some() {
                left.push(loss);
            }
        }
        self.losses = left;
        Ok((!self.losses.is_empty()).then(|| self.failure(index, None)))
    }

    /// The failure of a revision that loses rows.
    pub fn failure(&self, index: usize, statement: Option<usize>) -> Cause {
        let dropped = self.losses.first().map(|loss| loss.dropped.clone());
        Cause::Cascade {
            index,
            statement,
            dropped: dropped.unwrap_or_default(),
            losses: self.losses.iter().map(ToString::to_string).collect(),
        }
    }

    /// Whether a statement was refused.
    pub fn has_refused(&self) -> bool {
        self.policy == Policy::AtOnce && !self.losses.is_empty()
    }
}

impl fmt::Display for Drops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let losses: Vec<String> = self.losses.iter().map(ToString::to_string).collect();
        f.write_str(&losses.join("; "))
    }
}

impl fmt::Display for RowLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.action {
            Action::Cascade => "deletes",
            Action::SetNull | Action::SetDefault => "changes",
        };
        write!(f, "`DROP TABLE {}` {verb} ", self.dropped)?;
        match self.rows {
            Some(1) => f.write_str("1 row")?,
            Some(rows) => write!(f, "{rows} rows")?,
            None => f.write_str("rows")?,
        }
        let (table, parent, action) = (&self.table, &self.parent, self.action.name());
        write!(f, " of `{table}`, which refers to `{parent}` with {action}")
    }
}

async fn are_enforced(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("PRAGMA foreign_keys")
        .fetch_one(connection)
        .await
}

/// The database and the spelling of a table, as SQLite finds it: temporary tables come first.
async fn found(
    connection: &mut SqliteConnection,
    table: &TableName,
) -> Result<Option<(String, String)>, sqlx::Error> {
    let schemas: Vec<String> = if let Some(schema) = &table.schema {
        vec![schema.clone()]
    } else {
        let sql = "SELECT name FROM pragma_database_list ORDER BY name <> 'temp', seq";
        sqlx::query_scalar(sql).fetch_all(&mut *connection).await?
    };
    for schema in schemas {
        let sql = format!(
            "SELECT name FROM {}.sqlite_schema WHERE type = 'table' AND name = {} COLLATE NOCASE",
            name(&schema),
            text(&table.name)
        );
        let rows = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_optional(&mut *connection);
        // A database that does not exist has no tables; the statement itself says so.
        if let Ok(Some(found)) = rows.await {
            return Ok(Some((schema, found)));
        }
    }
    Ok(None)
}

/// The tables that lose rows when `dropped` goes.
async fn losses(
    connection: &mut SqliteConnection,
    schema: &str,
    dropped: &str,
) -> Result<Vec<RowLoss>, sqlx::Error> {
    let mut losses: Vec<RowLoss> = Vec::new();
    // The tables whose rows are deleted, or only changed.
    let mut pending = vec![(dropped.to_owned(), Action::Cascade)];
    let mut seen = vec![dropped.to_owned()];
    while let Some((parent, happens)) = pending.pop() {
        for key in keys(connection, schema, &parent).await? {
            let action = match happens {
                Action::Cascade => key.on_delete,
                Action::SetNull | Action::SetDefault => key.on_update,
            };
            let is_seen = seen
                .iter()
                .any(|seen| seen.eq_ignore_ascii_case(&key.child));
            let Some(action) = action.filter(|_| !is_seen) else {
                continue;
            };
            let rows = joining(connection, schema, &parent, &key).await?;
            if rows == 0 {
                continue;
            }
            seen.push(key.child.clone());
            pending.push((key.child.clone(), action));
            losses.push(RowLoss {
                schema: schema.to_owned(),
                table: key.child,
                dropped: dropped.to_owned(),
                rows: (parent == dropped).then_some(rows),
                parent: parent.clone(),
                action,
            });
        }
    }
    Ok(losses)
}

/// A row of `pragma_foreign_key_list`: the table, the number of the key, its column, the column that it refers to, and
/// what it does when that row is deleted or changed.
type Listed = (String, i64, String, Option<String>, String, String);

/// The foreign keys of a database that refer to a table, and do something when its rows go or change.
async fn keys(
    connection: &mut SqliteConnection,
    schema: &str,
    parent: &str,
) -> Result<Vec<DroppedReference>, sqlx::Error> {
    let sql = format!(
        "SELECT m.name, k.id, k.\"from\", k.\"to\", k.on_delete, k.on_update FROM {}.sqlite_schema m JOIN \
         pragma_foreign_key_list(m.name, {}) k WHERE m.type = 'table' AND instr(lower(m.sql), 'references') > 0 AND \
         k.\"table\" = {} COLLATE NOCASE ORDER BY m.name, k.id, k.seq",
        name(schema),
        text(schema),
        text(parent),
    );
    let rows: Vec<Listed> = sqlx::query_as(AssertSqlSafe(sql))
        .fetch_all(connection)
        .await?;
    let mut order: Vec<DroppedReference> = Vec::new();
    let mut places: HashMap<(String, i64), usize> = HashMap::new();
    for (child, id, from, to, on_delete, on_update) in rows {
        let place = *places.entry((child.clone(), id)).or_insert_with(|| {
            order.push(DroppedReference {
                child,
                on_delete: Action::named(&on_delete),
                on_update: Action::named(&on_update),
                columns: Vec::new(),
            });
            order.len() - 1
        });
        order[place].columns.push((from, to));
    }
    Ok(order)
}

/// How many rows refer to one that exists.
async fn joining(
    connection: &mut SqliteConnection,
    schema: &str,
    parent: &str,
    key: &DroppedReference,
) -> Result<i64, sqlx::Error> {
    let primary: Vec<String> = if key.columns.iter().any(|(_, to)| to.is_none()) {
        let sql = "SELECT name FROM pragma_table_info(?, ?) WHERE pk > 0 ORDER BY pk";
        sqlx::query_scalar(sql)
            .bind(parent)
            .bind(schema)
            .fetch_all(&mut *connection)
            .await?
    } else {
        Vec::new()
    };
    // The plus sign takes the type of its column off the value, so that the parent's counts, as in a foreign key.
    let pair = |(n, (from, to)): (usize, &(String, Option<String>))| {
        let to = to.as_ref().or(primary.get(n))?;
        Some(format!("p.{} = +c.{}", name(to), name(from)))
    };
    let pairs: Option<Vec<String>> = key.columns.iter().enumerate().map(pair).collect();
    // SQLite ignores a foreign key that fits no primary key when it drops the table.
    let Some(pairs) = pairs else { return Ok(0) };
    let (schema, child, parent) = (name(schema), name(&key.child), name(parent));
    let sql = format!(
        "SELECT count(*) FROM {schema}.{child} c WHERE EXISTS (SELECT 1 FROM {schema}.{parent} p WHERE {})",
        pairs.join(" AND ")
    );
    let rows = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(connection);
    match rows.await {
        // So it does one that names a column which does not exist.
        Err(error) if primary_code(&error) == Some(SQLITE_ERROR) => Ok(0),
        rows => rows,
    }
}
