//! A struct against the table of one database.

use migrate_chain::lock::{Column, Table};
use migrate_chain::{Dialect, nearest_name};

use super::column::Pair;
use super::finding::Finding;
use super::one::One;
use super::report::{GENERATE, Report};
use crate::model::{Field, Model, Role};

impl One<'_> {
    pub fn check(&self, report: &mut Report, finding: &mut Finding) {
        let Some(table) = self.table() else {
            report.add(self.model.table_span, self.no_table(), Some(self.dialect()));
            return;
        };
        if self.model.options.view && !table.is_view {
            let message = format!(
                "`{}` is a table, and the struct says that it is a view",
                table.name
            );
            report.add(self.model.table_span, message, Some(self.dialect()));
        }
        for field in self.model.columns() {
            let is_told = self.drifted.contains(&field.column);
            match find(table, &field.column, self.dialect()) {
                _ if is_told => {}
                None if field.may_be_missing => {}
                None => report.add(
                    field.ident.span(),
                    Self::no_column(table, field),
                    Some(self.dialect()),
                ),
                Some(column) => {
                    let pair = Pair {
                        one: self,
                        table,
                        column,
                        field,
                    };
                    if let Err(message) = pair.check(finding) {
                        report.add(field.type_span(), message, Some(self.dialect()));
                    }
                }
            }
        }
        self.missing(table, report, finding);
    }

    fn table(&self) -> Option<&Table> {
        let name = &self.model.table;
        let folds = self.dialect() == Dialect::Sqlite;
        let tables = &self.built().tables;
        let exact = self.built().table(name);
        exact.or_else(|| {
            tables
                .iter()
                .find(|table| folds && table.name.eq_ignore_ascii_case(name))
        })
    }

    fn no_table(&self) -> String {
        let name = &self.model.table;
        if self.lock.declared.is_some() && self.model.defines_table() {
            return format!("the table `{name}` is not in the chain yet: {GENERATE}");
        }
        let names = self.built().tables.iter().map(|table| &*table.name);
        let suggestion = suggestion(name, &names.collect::<Vec<_>>());
        format!("the chain has no table or view `{name}`{suggestion}")
    }

    fn no_column(table: &Table, field: &Field) -> String {
        let names = table.columns.iter().map(|column| &*column.name);
        let suggestion = suggestion(&field.column, &names.collect::<Vec<_>>());
        format!(
            "`{}` has no column `{}`{suggestion}",
            table.name, field.column
        )
    }

    /// The columns that need a field and have none.
    fn missing(&self, table: &Table, report: &mut Report, finding: &mut Finding) {
        if self.model.options.partial || table.is_view {
            return;
        }
        let has_flattened = self
            .model
            .fields
            .iter()
            .any(|field| field.role == Role::Flatten);
        let has_field = |column: &&Column| {
            let mut fields = self.model.columns();
            fields.any(|field| same(&field.column, &column.name, self.dialect()))
        };
        for column in table
            .columns
            .iter()
            .filter(|column| column.is_required() && !has_field(column))
        {
            if self.drifted.contains(&column.name) {
                continue;
            }
            if has_flattened {
                finding.required.push(column.name.clone());
                continue;
            }
            report.add(
                self.model.ident.span(),
                missing(self.model, &column.name),
                Some(self.dialect()),
            );
        }
    }
}

fn suggestion(name: &str, known: &[&str]) -> String {
    let nearest = nearest_name(name, known);
    nearest.map_or_else(String::new, |nearest| {
        format!("; did you mean `{nearest}`?")
    })
}

/// The error for a column without a field.
fn missing(model: &Model, column: &str) -> String {
    format!(
        "`{}` has no field for the column `{}.{column}`, which is NOT NULL and has no default: add one, or write \
         `#[table(partial)]`",
        model.ident, model.table
    )
}

fn same(a: &str, b: &str, dialect: Dialect) -> bool {
    a == b || dialect != Dialect::Postgres && a.eq_ignore_ascii_case(b)
}

fn find<'t>(table: &'t Table, name: &str, dialect: Dialect) -> Option<&'t Column> {
    let mut columns = table.columns.iter();
    columns.find(|column| same(&column.name, name, dialect))
}
