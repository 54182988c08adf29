//! The data proof: before the upgrade the tables that it may change get a few rows, and afterwards every value that the plan
//! does not claim to change must still be there, up and down.
//!
//! `rows` makes the rows, of literals that the database's own `values` offers. Rows have to satisfy the schema on both sides:
//! each is tried on the desired schema as well. A table for which no row can be made is proven empty, and the report says so.
//! Triggers are off meanwhile. `kept` compares.

mod kept;
mod quiet;
mod rows;
mod sides;
mod table;

pub use sides::Sides;
use std::collections::{BTreeMap, BTreeSet};

use self::kept::Kept;
use self::quiet::{loud, quiet};
use self::rows::Filled;
use self::table::{Heirs, Table};
use crate::connection::Connection;
use crate::database;
use crate::error::Error;
use crate::model::{Kind, ObjectId, Schema};
use crate::order::order;

/// The rows that were put into tables, and what must be left of them.
#[derive(Debug, Default)]
pub struct Data {
    kept: Vec<Kept>,
    /// The tables that have rows.
    filled: Vec<ObjectId>,
    /// The tables that stayed empty, each with why.
    pub empty: Vec<String>,
}

impl Data {
    /// Fills those of the tables that the start has, parents first.
    ///
    /// # Errors
    /// A trigger cannot be taken off or put back.
    pub async fn fill(mut sides: Sides<'_>, concerned: &BTreeSet<String>) -> Result<Self, Error> {
        let tables = tables(sides.from, sides.to, concerned);
        if tables.is_empty() {
            return Ok(Self::default());
        }
        let names: BTreeSet<&str> = tables.iter().map(|table| &*table.id.name).collect();
        let off = quiet(sides.scratch, sides.from, &names).await?;
        let off_there = quiet(sides.wanted, sides.to, &names).await?;
        let (Some(off), Some(_)) = (off, off_there) else {
            return Ok(Self {
                empty: vec!["all tables: the role may not turn triggers off".to_owned()],
                ..Self::default()
            });
        };
        let data = Self::fill_each(&mut sides, tables).await;
        loud(sides.scratch, off).await?;
        data
    }

    async fn fill_each(sides: &mut Sides<'_>, tables: Vec<Table<'_>>) -> Result<Self, Error> {
        let mut filled: BTreeMap<String, Filled> = BTreeMap::new();
        let mut data = Self::default();
        for table in tables {
            match rows::fill(sides, &table, &filled).await? {
                Ok(rows) => {
                    let kept = Kept::read(sides.scratch, &table).await?;
                    let converts = match &kept {
                        Some(kept) => kept.is_held_by(sides.wanted).await?,
                        None => true,
                    };
                    if converts {
                        data.kept.extend(kept);
                        data.filled.push(table.id.clone());
                        filled.insert(table.id.name.clone(), rows);
                    } else {
                        rows::clear(sides, &table).await?;
                        let why = "no value is the same in the desired schema";
                        data.empty.push(format!("{}: {why}", table.id));
                    }
                }
                Err(why) => data.empty.push(format!("{}: {why}", table.id)),
            }
        }
        Ok(data)
    }

    /// The tables that were given rows, under the names that they have after the upgrade.
    pub fn tables(&self) -> impl Iterator<Item = &ObjectId> {
        self.filled.iter()
    }

    /// Empties the tables, since their rows make a plan fail: it is proven without them.
    ///
    /// # Errors
    /// A table cannot be emptied.
    pub async fn give_way(
        &mut self,
        connection: &mut Connection,
        why: &Error,
        tables: &[ObjectId],
    ) -> Result<(), Error> {
        for table in tables {
            database::empty(connection, &table.name).await?;
        }
        self.kept.clear();
        self.empty
            .push(format!("all tables, from there on: {}", why.summary()));
        Ok(())
    }

    /// Fails unless every value is still there, under the names that tables and columns have after the renames.
    ///
    /// # Errors
    /// A value is gone or is another one, or a table cannot be read.
    pub async fn check(&self, connection: &mut Connection, after: &str) -> Result<(), Error> {
        for kept in &self.kept {
            kept.check(connection, after).await?;
        }
        Ok(())
    }
}

/// The tables of the start that are concerned, parents before their children.
fn tables<'s>(from: &'s Schema, to: &'s Schema, concerned: &BTreeSet<String>) -> Vec<Table<'s>> {
    let chosen = from.of_kind(Kind::Table);
    // The rows of a partition are those of its parent.
    let chosen = chosen.filter(|table| {
        concerned.contains(&table.id.name)
            && table.pg_table().is_none_or(|table| table.bound.is_none())
    });
    let heirs = Heirs::of(from, to);
    let tables: BTreeMap<ObjectId, Table<'s>> = chosen
        .map(|table| (table.id.clone(), Table::of(from, to, table, &heirs)))
        .collect();
    let needs = tables
        .iter()
        .map(|(id, table)| (id.clone(), table.parents().collect()))
        .collect();
    let mut tables = tables;
    let sorted = order(&needs);
    sorted.iter().filter_map(|id| tables.remove(id)).collect()
}
