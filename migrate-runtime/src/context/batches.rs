//! A backfill in batches: each commits on its own, and a run that was cut off goes on after the last one.

use std::fmt;

use migrate_chain::sql::quote_name;

use super::transact;
use crate::RevisionError;
use crate::context::executor::Executor;
use crate::context::{Query, Value};

/// The rows of a table in batches, each in a transaction of its own: [`Context::batches`](crate::Context::batches) begins
/// them.
pub struct Batches<'q> {
    executor: &'q mut dyn Executor,
    /// The number of these batches in their revision, from 0.
    number: usize,
    table: String,
    key: String,
    size: u32,
    /// The key of the last row that is done.
    after: Option<Value>,
    rows: u64,
    /// The last key of the batch that is under way, in a transaction.
    open: Option<Value>,
    is_done: bool,
}

impl<'q> Batches<'q> {
    pub(super) async fn begin(
        executor: &'q mut dyn Executor,
        number: usize,
        table: &str,
        key: &str,
        size: u32,
    ) -> Result<Self, RevisionError> {
        let Some(journal) = executor.journal() else {
            return Err(RevisionError::msg(
                "batches commit on their own, and the revision runs in a transaction: write `transaction: off` in its header",
            ));
        };
        let last = journal.read_progress();
        let last: Option<(String,)> = Query::new(&mut *executor, &last).fetch_optional().await?;
        let position = Position::before(number, last.map(|(text,)| text));
        let dialect = executor.dialect();
        let table = table.split('.').map(|part| quote_name(dialect, part));
        let mut batches = Self {
            executor,
            number,
            table: table.collect::<Vec<_>>().join("."),
            key: quote_name(dialect, key),
            size: size.max(1),
            is_done: position == Position::Done,
            after: match &position {
                Position::After(key) => Some(key.clone()),
                Position::Start | Position::Done => None,
            },
            rows: 0,
            open: None,
        };
        if position == Position::Start {
            batches.note(&Position::Start).await?;
        }
        Ok(batches)
    }

    /// Commits the batch before it, and begins the next one; none after the last row.
    ///
    /// # Errors
    /// The database's error; and [`RevisionError`] when the key is neither an integer nor text.
    pub async fn next(&mut self) -> Result<Option<Batch<'_>>, RevisionError> {
        self.commit().await?;
        if self.is_done {
            return Ok(None);
        }
        let Some((first, last, rows)) = self.bounds().await? else {
            self.note(&Position::Done).await?;
            self.is_done = true;
            return Ok(None);
        };
        transact::begin(self.executor).await?;
        self.open = Some(last.clone());
        self.rows += rows;
        Ok(Some(Batch {
            executor: &mut *self.executor,
            first,
            last,
        }))
    }

    /// How many rows the batches so far have had, in this run.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The first and the last key of the next batch, and how many rows it has.
    async fn bounds(&mut self) -> Result<Option<(Value, Value, u64)>, RevisionError> {
        let (table, key, size) = (&self.table, &self.key, self.size);
        let condition = match self.after {
            Some(_) => format!("{key} > ?"),
            None => format!("{key} IS NOT NULL"),
        };
        let sql = format!(
            "SELECT min(b.k), max(b.k), count(*) FROM (SELECT {key} AS k FROM {table} WHERE {condition} ORDER BY {key} LIMIT \
             {size}) b"
        );
        let mut query = Query::new(&mut *self.executor, &sql);
        if let Some(after) = &self.after {
            query = query.bind(after.clone());
        }
        let (first, last, rows): (Value, Value, u64) = query.fetch_one().await?;
        Ok((rows > 0).then_some((first, last, rows)))
    }

    async fn commit(&mut self) -> Result<(), RevisionError> {
        let Some(last) = self.open.clone() else {
            return Ok(());
        };
        self.note(&Position::After(last.clone())).await?;
        transact::commit(self.executor).await?;
        tracing::info!(batches = self.number, rows = self.rows, "batch done");
        (self.open, self.after) = (None, Some(last));
        Ok(())
    }

    /// Writes down how far the batches are.
    async fn note(&mut self, position: &Position) -> Result<(), RevisionError> {
        let text = position.text(self.number)?;
        let journal = self.executor.journal();
        let record = journal.map(|journal| journal.add_progress(&text));
        self.executor.execute(&record.unwrap_or_default()).await?;
        Ok(())
    }
}

impl Drop for Batches<'_> {
    /// A batch that was not finished is rolled back.
    fn drop(&mut self) {
        if self.open.is_some() {
            transact::start_rollback(self.executor);
        }
    }
}

impl fmt::Debug for Batches<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches")
            .field("table", &self.table)
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}

/// Some rows of a table, in a transaction that commits with the next call of [`Batches::next`].
pub struct Batch<'b> {
    executor: &'b mut dyn Executor,
    first: Value,
    last: Value,
}

impl Batch<'_> {
    /// The first and the last key, both of which belong to it.
    pub fn range(&self) -> (Value, Value) {
        (self.first.clone(), self.last.clone())
    }

    /// A query inside its transaction: see [`Context::query`](crate::Context::query).
    pub fn query<'q>(&'q mut self, sql: &'q str) -> Query<'q> {
        Query::new(&mut *self.executor, sql)
    }
}

/// How far batches are, as the journal has it.
#[derive(Debug, PartialEq)]
enum Position {
    Start,
    After(Value),
    Done,
}

impl Position {
    /// The position of the batches with this number, as the last entry of the journal tells: those before it are done.
    fn before(number: usize, last: Option<String>) -> Self {
        let last = last.unwrap_or_default();
        let (noted, text) = last.split_once(' ').unwrap_or_default();
        match noted.parse::<usize>() {
            Ok(noted) if noted > number => Self::Done,
            Ok(noted) if noted == number => Self::read(text),
            _ => Self::Start,
        }
    }

    fn read(text: &str) -> Self {
        if text == "done" {
            return Self::Done;
        }
        let integer = text.strip_prefix("integer ");
        let integer = integer
            .and_then(|text| text.parse().ok())
            .map(Value::Integer);
        let value = integer.or_else(|| text.strip_prefix("text ").map(Value::from));
        value.map_or(Self::Start, Self::After)
    }

    fn text(&self, number: usize) -> Result<String, RevisionError> {
        Ok(match self {
            Self::Start => format!("{number} start"),
            Self::Done => format!("{number} done"),
            Self::After(Value::Integer(key)) => format!("{number} integer {key}"),
            Self::After(Value::Text(key)) => format!("{number} text {key}"),
            Self::After(_) => {
                return Err(RevisionError::msg(
                    "the key of batches is neither an integer nor text",
                ));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_comes_back_as_it_was_noted() {
        for position in [
            Position::Start,
            Position::Done,
            Position::After(Value::Integer(-7)),
            Position::After(Value::from("it's done")),
        ] {
            let text = position.text(3).expect("it can be noted");
            assert_eq!(Position::before(3, Some(text.clone())), position);
            assert_eq!(Position::before(2, Some(text.clone())), Position::Done);
            assert_eq!(Position::before(4, Some(text)), Position::Start);
        }
        assert_eq!(Position::before(0, None), Position::Start);
        assert!(Position::After(Value::Bool(true)).text(0).is_err());
    }
}
