//! The changes of one table, as the clauses of one ALTER TABLE.

use super::loss;
use super::options;
use super::parse;
use crate::difference::{Change, Comparison};
use crate::model::{
    Column, ColumnDetails, Details, Generated, Kind, Object, Schema, Table, TableDetails,
};
use crate::mysql::details;
use crate::operation::{Hazard, Operation};

/// The clauses, and what they may cost.
pub struct TableChange<'c> {
    comparison: Comparison<'c>,
    old: &'c Object,
    new: &'c Object,
    dropped: Vec<String>,
    columns: Vec<String>,
    added: Vec<String>,
    options: Vec<String>,
    hazards: Vec<Hazard>,
}

impl<'c> TableChange<'c> {
    pub fn of(comparison: Comparison<'c>, old: &'c Object, new: &'c Object) -> Self {
        let mut change = Self {
            comparison,
            old,
            new,
            dropped: Vec::new(),
            columns: Vec::new(),
            added: Vec::new(),
            options: Vec::new(),
            hazards: Vec::new(),
        };
        change.keys();
        change.columns();
        if let Some((old, new)) = change.tables() {
            let spelt = parse::table(&change.new.create).map(|table| table.options);
            change.options = options::changed(old, new, &spelt.unwrap_or_default());
        }
        change
    }

    fn tables(&self) -> Option<(&'c Table, &'c Table)> {
        match (&self.old.details, &self.new.details) {
            (Details::Table(old), Details::Table(new)) => Some((old, new)),
            _ => None,
        }
    }

    fn table(&self) -> &'c str {
        &self.new.id.name
    }

    /// The steps: the table's statement, and one of its own for each thing that must not be in it.
    pub fn steps(self) -> Vec<Operation> {
        let (table, details) = (self.table(), self.details());
        let lists = [&self.dropped, &self.columns, &self.added, &self.options];
        let clauses: Vec<String> = lists.into_iter().flatten().cloned().collect();
        let mut steps = Vec::new();
        if !clauses.is_empty() {
            let mut step = alter(table, &clauses).alters(table);
            step.hazards.clone_from(&self.hazards);
            steps.push(step);
        }
        if let Some((old, new)) = details {
            steps.extend(self.partitions(old, new));
            // A table that keeps its history refuses other changes.
            match versioning(table, old, new) {
                Some(step) if old.versioned => steps.insert(0, step),
                step => steps.extend(step),
            }
        }
        steps
    }

    fn details(&self) -> Option<(&'c details::Table, &'c details::Table)> {
        let (old, new) = self.tables()?;
        match (&old.details, &new.details) {
            (TableDetails::MySql(old), TableDetails::MySql(new)) => Some((old, new)),
            _ => None,
        }
    }

    fn keys(&mut self) {
        let (table, comparison) = (self.table(), self.comparison);
        let parts = |schema: &'c Schema| {
            let parts = schema
                .parts(Kind::Index, table)
                .chain(schema.parts(Kind::Constraint, table));
            parts.filter(|part| part.foreign_key().is_none())
        };
        for old in parts(comparison.from).filter(|part| comparison.goes(&part.id)) {
            match comparison.difference.of(&old.id) {
                Some(Change::Renamed { to, .. }) if old.id.kind == Kind::Index => self
                    .dropped
                    .push(format!("RENAME KEY {} TO {}", old.id.name, to.id.name)),
                _ => self.dropped.push(drop_clause(old)),
            }
        }
        for new in parts(comparison.to).filter(|part| comparison.comes(&part.id)) {
            let change = comparison.difference.of(&new.id);
            let is_renamed = matches!(change, Some(Change::Renamed { .. }));
            if is_renamed && new.id.kind == Kind::Index {
                continue;
            }
            self.added.push(format!("ADD {}", new.create));
            if let Some(fails) = refusal(change, new).filter(|_| !is_renamed) {
                let text = format!("fails if rows of table {table} {fails}");
                self.hazards.push(Hazard::Blocking(text));
            }
        }
    }

    fn columns(&mut self) {
        let (table, comparison) = (self.table(), self.comparison);
        let old = comparison.from.parts(Kind::Column, table);
        for old in old.filter(|old| comparison.to.get(&old.id).is_none()) {
            self.dropped.push(format!("DROP COLUMN {}", name_of(old)));
            let text = format!("drops {} and its values", old.id);
            self.hazards.push(Hazard::Destructive(text));
        }
        let mut columns: Vec<&Object> = comparison.to.parts(Kind::Column, table).collect();
        columns.sort_by_key(|column| column.position);
        let mut before: Option<&Object> = None;
        for column in columns {
            match comparison.difference.of(&column.id) {
                Some(Change::Created(_)) => self.add_column(column, before),
                Some(Change::Altered { from, .. }) => self.modify_column(from, column, before),
                _ => {}
            }
            before = Some(column);
        }
    }

    fn add_column(&mut self, object: &Object, before: Option<&Object>) {
        self.columns.push(add_clause(object, before));
        let Some(column) = object.column() else {
            return;
        };
        let fills =
            column.default.is_some() || column.identity.is_some() || column.generated.is_some();
        if column.not_null && !fills {
            self.hazards.push(Hazard::Blocking(format!(
                "table {} may have rows: {} is NOT NULL, has no default, and is filled with an empty value",
                self.table(),
                object.id
            )));
        }
    }

    fn modify_column(&mut self, from: &Object, to: &Object, before: Option<&Object>) {
        let (Some(was), Some(becomes)) = (from.column(), to.column()) else {
            return;
        };
        match conversion(was, becomes) {
            Conversion::None if from.written == to.written => {
                self.columns.push(format!("MODIFY COLUMN {}", to.create));
            }
            Conversion::None => {
                let name = name_of(from);
                self.columns
                    .push(format!("CHANGE COLUMN {name} {}", to.create));
            }
            Conversion::Computed => {
                self.columns.push(format!("MODIFY COLUMN {}", to.create));
                self.loses(to, "are replaced by computed ones");
            }
            Conversion::Again { loses } => {
                self.columns.push(format!("DROP COLUMN {}", name_of(from)));
                self.columns.push(add_clause(to, before));
                if let Some(loses) = loses {
                    self.loses(to, loses);
                }
            }
        }
        self.note_values(to, was, becomes);
    }

    fn loses(&mut self, column: &Object, how: &str) {
        let text = format!("the values of {} {how}", column.id);
        self.hazards.push(Hazard::Destructive(text));
    }

    fn note_values(&mut self, object: &Object, was: &Column, becomes: &Column) {
        if loss::narrows(&was.data_type, &becomes.data_type) && becomes.generated.is_none() {
            self.hazards.push(Hazard::Destructive(format!(
                "narrows {}: {} becomes {}",
                object.id, was.data_type, becomes.data_type
            )));
        }
        if becomes.not_null && !was.not_null && becomes.generated.is_none() {
            let text = format!("fails if {} holds NULL", object.id);
            self.hazards.push(Hazard::Blocking(text));
        }
        let check = |column: &Column| match &column.details {
            ColumnDetails::MySql(details) => details.check.clone(),
            _ => None,
        };
        if check(becomes).is_some() && check(becomes) != check(was) {
            let text = format!(
                "fails if rows of table {} break the constraint",
                self.table()
            );
            self.hazards.push(Hazard::Blocking(text));
        }
    }

    /// Partitions that are added at the end need no copy of the table.
    fn partitions(&self, old: &details::Table, new: &details::Table) -> Option<Operation> {
        if (&old.partitioning, &old.partitions) == (&new.partitioning, &new.partitions) {
            return None;
        }
        let table = self.table();
        let is_bounded = new
            .partitions
            .iter()
            .all(|partition| partition.contains(" VALUES "));
        if old.partitioning.is_some()
            && old.partitioning == new.partitioning
            && new.partitions.starts_with(&old.partitions)
            && is_bounded
        {
            let added = new.partitions[old.partitions.len()..].join(", ");
            return Some(Operation::new(format!(
                "ALTER TABLE {table} ADD PARTITION ({added})"
            )));
        }
        let spelt = parse::table(&self.new.create)
            .ok()
            .and_then(|table| table.partitions);
        let clause = spelt.unwrap_or_else(|| "REMOVE PARTITIONING".to_owned());
        let step = Operation::new(format!("ALTER TABLE {table} {clause}"));
        Some(match new.partitioning {
            Some(_) => step.blocking(format!(
                "copies table {table}, and fails if rows fit in none of the partitions"
            )),
            None => step.blocking(format!("copies table {table}")),
        })
    }
}

fn versioning(table: &str, old: &details::Table, new: &details::Table) -> Option<Operation> {
    match (old.versioned, new.versioned) {
        (false, true) => Some(Operation::new(format!(
            "ALTER TABLE {table} ADD SYSTEM VERSIONING"
        ))),
        (true, false) => Some(
            Operation::new(format!("ALTER TABLE {table} DROP SYSTEM VERSIONING"))
                .destructive(format!("drops the history of the rows of table {table}")),
        ),
        _ => None,
    }
}

pub fn alter(table: &str, clauses: &[String]) -> Operation {
    let separator = if clauses.len() == 1 { " " } else { "\n  " };
    Operation::new(format!(
        "ALTER TABLE {table}{separator}{}",
        clauses.join(",\n  ")
    ))
}

/// A column's name as it was written.
fn name_of(column: &Object) -> String {
    parse::quote(&column.written)
}

fn add_clause(column: &Object, before: Option<&Object>) -> String {
    let place = before.map_or_else(
        || " FIRST".to_owned(),
        |before| format!(" AFTER {}", name_of(before)),
    );
    format!("ADD COLUMN {}{place}", column.create)
}

/// Why a key or a check that is new may fail on the rows that are there.
fn refusal(change: Option<&Change>, new: &Object) -> Option<&'static str> {
    let was = match change {
        Some(Change::Altered { from, .. }) => from.index(),
        _ => None,
    };
    match &new.details {
        Details::Key(_) => Some("are not unique"),
        Details::Index(index) => {
            let was_unique = was.is_some_and(|was| was.unique && was.columns == index.columns);
            (index.unique && !was_unique).then_some("are not unique")
        }
        Details::Check(_) => Some("break the constraint"),
        _ => None,
    }
}

fn drop_clause(part: &Object) -> String {
    let name = &part.id.name;
    match &part.details {
        Details::Key(_) => "DROP PRIMARY KEY".to_owned(),
        Details::Index(_) => format!("DROP KEY {name}"),
        _ => format!("DROP CONSTRAINT {name}"),
    }
}

/// How a column's values are converted when the way they are computed changes.
enum Conversion {
    /// They stay.
    None,
    /// They are computed in place.
    Computed,
    /// No ALTER exists: the column is dropped and added again.
    Again { loses: Option<&'static str> },
}

fn conversion(was: &Column, becomes: &Column) -> Conversion {
    let stored =
        |generated: &Option<Generated>| generated.as_ref().map(|generated| generated.stored);
    match (stored(&was.generated), stored(&becomes.generated)) {
        (None | Some(true), None) => Conversion::None,
        (None, Some(true)) => Conversion::Computed,
        (None, Some(false)) => Conversion::Again {
            loses: Some("are replaced by computed ones"),
        },
        (Some(false), None) => Conversion::Again {
            loses: Some("were computed and are not kept"),
        },
        (Some(was), Some(becomes)) if was == becomes => Conversion::None,
        (Some(_), Some(_)) => Conversion::Again { loses: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(generated: Option<bool>) -> Column {
        Column {
            generated: generated.map(|stored| Generated {
                expression: "a".to_owned(),
                stored,
            }),
            ..Column::default()
        }
    }

    #[test]
    fn a_column_is_recreated_only_where_no_alter_exists() {
        let recreated = |was, becomes| {
            let conversion = conversion(&column(was), &column(becomes));
            matches!(conversion, Conversion::Again { .. })
        };
        for (was, becomes) in [
            (None, None),
            (None, Some(true)),
            (Some(true), None),
            (Some(true), Some(true)),
            (Some(false), Some(false)),
        ] {
            assert!(!recreated(was, becomes), "{was:?} {becomes:?}");
        }
        for (was, becomes) in [
            (None, Some(false)),
            (Some(false), None),
            (Some(true), Some(false)),
            (Some(false), Some(true)),
        ] {
            assert!(recreated(was, becomes), "{was:?} {becomes:?}");
        }
    }
}
