//! The tables that the chain has created so far, as far as its text tells.

use std::collections::{HashMap, HashSet};

use super::ddl::{ChangeKind, Column, Ddl, Name};
use super::words::Reader;
use crate::Dialect;
use crate::sql::sqlite::{TableChange, references, table_change};

/// The tables of a chain while it is walked along.
#[derive(Default)]
pub struct KnownTables {
    /// The deployment that created a table: for itself, the table is new and empty.
    created: HashMap<String, Option<usize>>,
    /// The names that tables had before the deployment renamed them.
    originals: HashMap<String, String>,
    partitioned: HashSet<String>,
    /// The types of columns, by table and column.
    types: HashMap<(String, String), String>,
    /// The tables that refer to others, in SQLite: the child, and the table that it refers to.
    references: Vec<(String, String)>,
}

impl KnownTables {
    /// Whether a table was there before the deployment.
    pub fn is_old(&self, table: &Name, deployment: Option<usize>) -> bool {
        deployment.is_none() || self.created.get(&table.key) != Some(&deployment)
    }

    /// Whether a table is what is left of one that the deployment has renamed and created again.
    pub fn is_remnant(&self, table: &Name, deployment: Option<usize>) -> bool {
        let original = self.originals.get(&table.key);
        original.is_some_and(|name| self.created.get(name) == Some(&deployment))
    }

    /// Whether a table has partitions.
    pub fn is_partitioned(&self, table: &Name) -> bool {
        self.partitioned.contains(&table.key)
    }

    /// The type of a column, if the chain says it.
    pub fn type_of(&self, table: &Name, column: &Name) -> Option<&str> {
        let key = (table.key.clone(), column.key.clone());
        self.types.get(&key).map(String::as_str)
    }

    /// A table other than this one that refers to it.
    pub fn child_of(&self, table: &Name) -> Option<&str> {
        let found = self.references.iter().find(|(child, parent)| {
            parent.eq_ignore_ascii_case(&table.key) && !child.eq_ignore_ascii_case(&table.key)
        });
        found.map(|(child, _)| child.as_str())
    }

    /// Takes note of a statement of a deployment.
    pub fn note(&mut self, statement: &Reader<'_>, ddl: &Ddl<'_>, deployment: Option<usize>) {
        if statement.dialect == Dialect::Sqlite {
            self.note_references(statement.whole());
        }
        match ddl {
            Ddl::CreateIndex {
                index: Some(index), ..
            } => {
                self.created.insert(index.key.clone(), deployment);
            }
            Ddl::CreateDomain { domain } => {
                self.created.insert(domain.key.clone(), deployment);
            }
            Ddl::CreateTable {
                table,
                columns,
                rest,
            } => {
                if rest.has(&["PARTITION", "BY"]) {
                    self.partitioned.insert(table.key.clone());
                }
                self.created.insert(table.key.clone(), deployment);
                for column in columns {
                    self.column(table, column);
                }
            }
            Ddl::DropTable { tables } => {
                for table in tables {
                    self.created.remove(&table.key);
                    self.types.retain(|(of, _), _| *of != table.key);
                }
            }
            Ddl::RenameTable { table, to } => self.rename(table, to),
            Ddl::AlterTable { table, changes } => {
                for change in changes {
                    match &change.kind {
                        ChangeKind::AddColumn(column) => self.column(table, column),
                        ChangeKind::Redefine { to, .. } => self.column(table, to),
                        ChangeKind::SetType { column, ty } => self.set_type(table, column, ty),
                        ChangeKind::RenameTable { to } => self.rename(table, to),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    fn column(&mut self, table: &Name, column: &Column<'_>) {
        self.set_type(table, &column.name, &column.ty);
    }

    fn set_type(&mut self, table: &Name, column: &Name, ty: &Reader<'_>) {
        let key = (table.key.clone(), column.key.clone());
        self.types.insert(key, ty.text().to_owned());
    }

    fn rename(&mut self, table: &Name, to: &Name) {
        self.originals.insert(to.key.clone(), table.key.clone());
        if let Some(deployment) = self.created.remove(&table.key) {
            self.created.insert(to.key.clone(), deployment);
        } else {
            self.created.remove(&to.key);
        }
        let moved: Vec<_> = self
            .types
            .extract_if(|(of, _), _| *of == table.key)
            .collect();
        for ((_, column), ty) in moved {
            self.types.insert((to.key.clone(), column), ty);
        }
    }

    fn note_references(&mut self, statement: &str) {
        let found = references(statement).into_iter();
        self.references
            .extend(found.map(|reference| (reference.child, reference.parent)));
        match table_change(statement) {
            Some(TableChange::Drop { table, .. }) => {
                self.references
                    .retain(|(child, _)| !child.eq_ignore_ascii_case(&table.name));
            }
            Some(TableChange::Rename { table, to }) => {
                for (child, _) in &mut self.references {
                    if child.eq_ignore_ascii_case(&table.name) {
                        child.clone_from(&to);
                    }
                }
            }
            _ => {}
        }
    }
}
