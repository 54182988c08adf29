//! The values that must still be there.

use migrate_chain::Dialect;

use crate::connection::Connection;
use crate::database;
use crate::error::{Error, ErrorKind};
use crate::model::{ObjectId, Schema};

use super::table::{Filling, Table};

/// The rows of a table before the plan: of the columns that both schemas have and that are not generated.
#[derive(Debug)]
pub struct Kept {
    table: ObjectId,
    /// Whether the rows of tables that inherit from it are left out.
    only: bool,
    columns: Vec<KeptColumn>,
    /// The places of the key's columns; all columns if it has none.
    key: Vec<usize>,
    rows: Vec<Row>,
}

type Row = Vec<Option<String>>;

#[derive(Debug)]
struct KeptColumn {
    id: ObjectId,
    /// How SQL reads its values.
    data_type: String,
    /// Whether the desired schema gives it another type.
    is_converted: bool,
    /// Whether that type may not hold the values, which the plan claims.
    may_lose: bool,
}

impl Kept {
    /// Reads a table; none if nothing of it has to stay.
    pub async fn read(
        connection: &mut Connection,
        table: &Table<'_>,
    ) -> Result<Option<Self>, Error> {
        let stays = |column: &&Filling<'_>| {
            column.wanted.is_some() && !column.is_computed() && !column.changes_by_itself()
        };
        let fillings: Vec<&Filling<'_>> = table.columns.iter().filter(stays).collect();
        // Rows of a partition that goes are claimed with it.
        let is_claimed =
            !table.keeps_children && (table.is_partitioned || table.becomes_partitioned);
        if table.wanted.is_none() || fillings.is_empty() || is_claimed {
            return Ok(None);
        }
        let columns: Vec<KeptColumn> = fillings
            .iter()
            .map(|column| KeptColumn::of(table.from, column))
            .collect();
        let of_key = fillings
            .iter()
            .enumerate()
            .filter(|(_, column)| table.key.iter().any(|name| column.is_called(name)));
        let key: Vec<usize> = of_key.map(|(n, _)| n).collect();
        let whole = key.len() == table.key.len()
            && !key.is_empty()
            && key.iter().all(|n| !columns[*n].is_converted);
        let mut kept = Self {
            only: table.from.dialect() == Dialect::Postgres && !table.is_partitioned,
            table: table.id.clone(),
            key: if whole {
                key
            } else {
                (0..columns.len()).collect()
            },
            columns,
            rows: Vec::new(),
        };
        kept.rows = kept.rows_of(connection).await?;
        Ok(Some(kept))
    }

    /// The rows, in the order of their keys.
    async fn rows_of(&self, connection: &mut Connection) -> Result<Vec<Row>, Error> {
        let dialect = connection.dialect();
        let columns = self.columns.iter().map(|column| {
            database::shown(
                dialect,
                &database::sql_name(dialect, &column.id.name),
                &column.data_type,
            )
        });
        let columns: Vec<String> = columns.collect();
        let table = database::sql_name(dialect, &self.table.name);
        let only = if self.only { "ONLY " } else { "" };
        let sql = format!("SELECT {} FROM {only}{table}", columns.join(", "));
        let mut rows = connection.rows(&sql).await?;
        rows.sort_by(|one, other| self.key_of(one).cmp(&self.key_of(other)));
        Ok(rows)
    }

    fn key_of<'r>(&self, row: &'r Row) -> Vec<&'r Option<String>> {
        self.key.iter().filter_map(|n| row.get(*n)).collect()
    }

    /// Whether another database, which took the same rows, holds the same values: some types take a value and make another one
    /// of it, which does not come back.
    pub async fn is_held_by(&self, connection: &mut Connection) -> Result<bool, Error> {
        let rows = self.rows_of(connection).await?;
        let mut values = self.rows.iter().flatten().zip(rows.iter().flatten());
        let mut columns = self.columns.iter().cycle();
        Ok(rows.len() == self.rows.len()
            && values.all(|(before, now)| {
                let column = columns.next();
                column.is_some_and(|column| column.holds(before.as_deref(), now.as_deref()))
            }))
    }

    /// Fails unless the rows are there, with their values.
    pub async fn check(&self, connection: &mut Connection, after: &str) -> Result<(), Error> {
        let rows = self.rows_of(connection).await?;
        let mut lost = Vec::new();
        if rows.len() != self.rows.len() {
            lost.push(format!(
                "{} had {} rows, and has {}",
                self.table,
                self.rows.len(),
                rows.len()
            ));
        }
        for (before, now) in self.rows.iter().zip(&rows) {
            for ((column, before), now) in self.columns.iter().zip(before).zip(now) {
                let is_claimed = column.may_lose && now.is_some();
                if !is_claimed && !column.holds(before.as_deref(), now.as_deref()) {
                    lost.push(format!(
                        "{}: a value was {}, and is {}",
                        column.id,
                        shown(before.as_deref()),
                        shown(now.as_deref())
                    ));
                }
            }
        }
        if lost.is_empty() {
            return Ok(());
        }
        let summary =
            format!("{after} loses data that it does not claim to lose: nothing is written");
        Err(Error::new(ErrorKind::Proof, summary)
            .detail(lost.join("\n"))
            .help("write this revision by hand, and tell us about the schema"))
    }
}

fn shown(value: Option<&str>) -> String {
    value.map_or_else(|| "NULL".to_owned(), |value| format!("`{value}`"))
}

impl KeptColumn {
    fn of(from: &Schema, column: &Filling<'_>) -> Self {
        let becomes = column
            .wanted
            .as_ref()
            .map(|wanted| (&wanted.data_type, &wanted.collation));
        let is_converted = becomes != Some((&column.column.data_type, &column.column.collation));
        Self {
            id: column.id.clone(),
            data_type: column.column.data_type.clone(),
            is_converted,
            may_lose: becomes.is_some_and(|(becomes, _)| {
                database::narrows(from.dialect(), &column.column.data_type, becomes)
            }),
        }
    }

    /// Whether a value is still what it was. Another type writes it otherwise.
    fn holds(&self, before: Option<&str>, now: Option<&str>) -> bool {
        if before == now {
            return true;
        }
        let (Some(before), Some(now)) = (before, now) else {
            return false;
        };
        let plain = |value: &str| value.trim_matches(['\'', ' ', '"']).to_lowercase();
        let number = |value: &str| plain(value).parse::<f64>().ok();
        // `timestamp(6)` writes a time with its microseconds.
        let whole = |value: &str| match value.rsplit_once('.') {
            Some((whole, rest)) if rest.bytes().all(|byte| byte == b'0') => whole.to_owned(),
            _ => value.to_owned(),
        };
        let is_same = whole(&plain(before)) == whole(&plain(now))
            || number(before)
                .zip(number(now))
                .is_some_and(|(before, now)| (before - now).abs() < 1e-6);
        self.is_converted && is_same
    }
}
