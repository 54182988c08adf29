//! Rebuilds a table for changes that SQLite's ALTER TABLE cannot make, in the order of steps that its documentation
//! gives.

use migrate_chain::Dialect;
use migrate_chain::sql::quote_text;

use super::introspect::{self, table_of};
use super::parse::{Column, Constraint, Table};
use super::refusal::Refusals;
use super::words::{mentions, pieces, quote};
use crate::difference::{Change, Comparison};
use crate::model::{Details, Kind, Object};
use crate::operation::{Hazard, Operation};

/// The steps up to the table under its own name; its indexes and triggers are gone with the old one.
pub fn rebuild(comparison: Comparison<'_>, old: &Object, new: &Object) -> Vec<Operation> {
    let rebuild = Rebuild {
        comparison,
        old,
        new,
        name: new.written.clone(),
        temporary: free_name(comparison, &new.id.name),
        was: table_of(old),
        becomes: table_of(new),
    };
    let mut steps = vec![rebuild.create(new)];
    steps.extend(rebuild.copy());
    steps.extend(rebuild.sequence());
    steps.push(Operation::new(&old.drop));
    let (temporary, name) = (quote(&rebuild.temporary), quote(&rebuild.name));
    steps.push(Operation::new(format!(
        "ALTER TABLE {temporary} RENAME TO {name}"
    )));
    steps
}

/// A name that no table has before or after.
fn free_name(comparison: Comparison<'_>, table: &str) -> String {
    let mut name = format!("_migrate_new_{table}");
    let taken = |name: &str| {
        [comparison.from, comparison.to]
            .iter()
            .any(|schema| schema.has(Kind::Table, name) || schema.has(Kind::View, name))
    };
    while taken(&name) {
        name.push('_');
    }
    name
}

struct Rebuild<'s> {
    comparison: Comparison<'s>,
    old: &'s Object,
    new: &'s Object,
    name: String,
    temporary: String,
    was: Table,
    becomes: Table,
}

impl Rebuild<'_> {
    fn create(&self, new: &Object) -> Operation {
        let mut step = Operation::new(renamed(
            &new.create,
            &self.becomes,
            &self.name,
            &self.temporary,
        ));
        step.hazards = self.hazards();
        step
    }

    /// Rows keep their rowid and their values, by the columns' names.
    fn copy(&self) -> Option<Operation> {
        let common: Vec<&Column> = self
            .becomes
            .columns
            .iter()
            .filter(|column| {
                column.details.generated.is_none() && self.was.column(&column.name).is_some()
            })
            .collect();
        let mut into: Vec<String> = common.iter().map(|column| quote(&column.name)).collect();
        let mut values = into.clone();
        if let Some((to, from)) = self.rowids(&common) {
            into.insert(0, to.to_owned());
            values.insert(0, from.to_owned());
        }
        // Without a column in common nothing of a row is left.
        (!into.is_empty()).then(|| {
            let (temporary, table) = (quote(&self.temporary), quote(&self.name));
            // Otherwise a constraint may say that a row which breaks it is left out.
            let or_abort = if mentions(&self.new.create, "conflict") {
                " OR ABORT"
            } else {
                ""
            };
            Operation::new(format!(
                "INSERT{or_abort} INTO {temporary} ({}) SELECT {} FROM {table}",
                into.join(", "),
                values.join(", ")
            ))
        })
    }

    /// The names of the rowid in the new table and in the old one, if it has to be copied by itself.
    fn rowids(&self, common: &[&Column]) -> Option<(&'static str, &'static str)> {
        let both = !self.was.without_rowid && !self.becomes.without_rowid;
        let alias = self.becomes.rowid_column();
        let copied =
            alias.is_some_and(|alias| common.iter().any(|column| column.name == alias.name));
        (both && !copied).then_some(())?;
        Some((rowid(&self.becomes)?, rowid(&self.was)?))
    }

    /// AUTOINCREMENT continues where it was, also after rows that were deleted.
    fn sequence(&self) -> Vec<Operation> {
        if !self.was.autoincrement() || !self.becomes.autoincrement() {
            return Vec::new();
        }
        let (temporary, table) = (text(&self.temporary), text(&self.old.written));
        vec![
            Operation::new(format!(
                "DELETE FROM sqlite_sequence WHERE name = {temporary}"
            )),
            Operation::new(format!(
                "INSERT INTO sqlite_sequence (name, seq) SELECT {temporary}, seq FROM sqlite_sequence WHERE name = {table}"
            )),
        ]
    }

    fn hazards(&self) -> Vec<Hazard> {
        let table = &self.old.id.name;
        let mut hazards = vec![Hazard::Blocking(format!(
            "copies all rows of table {table} into a new one"
        ))];
        for column in &self.was.columns {
            if self.becomes.column(&column.name).is_none() {
                hazards.push(Hazard::Destructive(format!(
                    "drops column {table}.{} and its values",
                    column.name
                )));
            }
        }
        let refusals = self.refusals();
        for column in &self.becomes.columns {
            let Some(was) = self.was.column(&column.name) else {
                let refusal = refusals.of_new_column(column);
                hazards.extend(refusal.map(Hazard::Blocking));
                continue;
            };
            hazards.extend(changed_values(table, was, column));
            hazards.extend(refusals.of_rowid(was, column).map(Hazard::Destructive));
            let refused = refusals.of_column(was, column);
            hazards.extend(refused.into_iter().map(Hazard::Blocking));
        }
        hazards.extend(self.constraints());
        hazards
    }

    fn refusals(&self) -> Refusals<'_> {
        Refusals {
            comparison: self.comparison,
            table: &self.old.id.name,
            written: &self.old.written,
            was: &self.was,
            becomes: &self.becomes,
        }
    }

    /// Those that are new, and those of columns whose values change.
    fn constraints(&self) -> impl Iterator<Item = Hazard> {
        let refusals = self.refusals();
        let may_fail = move |constraint: &&Constraint| {
            let id = introspect::constraint_id(refusals.table, constraint);
            let change = self.comparison.difference.of(&id);
            let is_new = matches!(change, Some(Change::Created(_) | Change::Altered { .. }));
            let was = self.was.primary().filter(|_| constraint.is_primary());
            let is_same_key = was.is_some_and(|was| was.columns == constraint.columns);
            is_new && !is_same_key
                || refusals.is_touched(&constraint.columns, &expression(constraint))
        };
        let constraints = self.becomes.constraints.iter().filter(may_fail);
        constraints.map(move |constraint| Hazard::Blocking(refusals.of_constraint(constraint)))
    }
}

fn expression(constraint: &Constraint) -> String {
    match &constraint.details {
        Details::Check(check) => check.expression.clone(),
        _ => String::new(),
    }
}

fn changed_values(table: &str, was: &Column, becomes: &Column) -> Option<Hazard> {
    let name = &becomes.name;
    let (was, becomes) = (&was.details, &becomes.details);
    let (old, new) = (&was.data_type, &becomes.data_type);
    let text = if was.generated.is_none() && becomes.generated.is_some() {
        format!("replaces the values of column {table}.{name} by computed ones")
    } else if narrows(old, new) {
        format!("changes values of column {table}.{name}: type {old} becomes {new}")
    } else {
        return None;
    };
    Some(Hazard::Destructive(text))
}

/// Whether values may be read as something else: text as numbers loses its zeros.
pub fn narrows(was: &str, becomes: &str) -> bool {
    let is_text = |kind: &str| {
        ["CHAR", "CLOB", "TEXT", "BLOB"]
            .iter()
            .any(|word| kind.contains(word))
            || kind.is_empty()
    };
    is_text(was) && !is_text(becomes)
}

/// A name of the rowid that is no column's.
fn rowid(table: &Table) -> Option<&'static str> {
    ["rowid", "_rowid_", "oid"]
        .into_iter()
        .find(|name| table.column(name).is_none())
}

/// The statement for a table of another name. A check may name its own table.
fn renamed(sql: &str, table: &Table, name: &str, temporary: &str) -> String {
    let pieces = pieces(sql);
    let mut text = String::with_capacity(sql.len() + temporary.len());
    let mut end = 0;
    for (n, piece) in pieces.iter().enumerate() {
        let qualifies = pieces.get(n + 1).is_some_and(|next| next.text == ".")
            && piece.name().eq_ignore_ascii_case(name);
        if piece.place == table.name || qualifies {
            text.push_str(&sql[end..piece.place.start]);
            text.push_str(&quote(temporary));
            end = piece.place.end;
        }
    }
    text.push_str(&sql[end..]);
    text
}

fn text(value: &str) -> String {
    quote_text(Dialect::Sqlite, value)
}
