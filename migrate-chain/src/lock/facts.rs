//! The facts that a lock holds.

/// The tables, views and types of a database. Everything is sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Built {
    /// Its tables and views.
    pub tables: Vec<Table>,
    /// Its enums.
    pub enums: Vec<Enum>,
    /// Its domains, each with the type that it is made of.
    pub domains: Vec<Named>,
}

/// A table or a view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Its name, with its schema before it if that is not the connection's own.
    pub name: String,
    /// Whether it is a view.
    pub is_view: bool,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its keys, checks and indexes.
    pub keys: Vec<Key>,
}

/// A column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as the database writes it; empty for an expression of a view on SQLite.
    pub sql_type: String,
    /// Whether it refuses NULL.
    pub is_not_null: bool,
    /// Whether the database numbers its rows: identity, `AUTO_INCREMENT`, the rowid of SQLite.
    pub is_identity: bool,
    /// The expression that it is computed from.
    pub generated: Option<String>,
    /// The expression of its default.
    pub default: Option<String>,
}

/// A key, a check or an index of a table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The kind.
    pub kind: KeyKind,
    /// The name of an index; empty for a constraint.
    pub name: String,
    /// The columns of a key, in order; none for a check or an index.
    pub columns: Vec<String>,
    /// The rest of it, as SQL.
    pub text: String,
}

/// A kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyKind {
    /// The primary key.
    Primary,
    /// A unique constraint.
    Unique,
    /// A foreign key.
    Foreign,
    /// A check.
    Check,
    /// An index that no constraint made.
    Index,
}

/// An enum, of the database or of the app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enum {
    /// Its name.
    pub name: String,
    /// Its labels, in order.
    pub labels: Vec<String>,
}

/// A text under a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The text.
    pub text: String,
}

/// The models as they were declared when the chain was last found to be equal to them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declarations {
    /// The structs, by table.
    pub models: Vec<Declared>,
    /// The enums that their fields hold, by their names in Rust.
    pub enums: Vec<Enum>,
}

/// A model as it was declared when the chain was last found to be equal to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// The table.
    pub table: String,
    /// The name of the struct.
    pub model: String,
    /// The attributes of the struct.
    pub options: String,
    /// The type and the attributes of each field.
    pub fields: Vec<Named>,
}

impl Built {
    /// The table or view of a name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// The type that a column's type is made of: that of its domain, or itself.
    pub fn base_type<'b>(&'b self, sql_type: &'b str) -> &'b str {
        let mut at = sql_type;
        // A domain may be made of another; the catalogs allow no circle.
        while let Some(domain) = self.domains.iter().find(|domain| domain.name == at) {
            at = &domain.text;
        }
        at
    }

    /// Sorts everything, as the file has it.
    pub fn sort(&mut self) {
        self.tables.sort_by(|a, b| a.name.cmp(&b.name));
        for table in &mut self.tables {
            table.columns.sort_by(|a, b| a.name.cmp(&b.name));
            table.keys.sort();
        }
        self.enums.sort_by(|a, b| a.name.cmp(&b.name));
        self.domains.sort();
    }

    /// Takes the expressions of `old` where the facts are the same otherwise: servers of other versions write the same
    /// expression in other words.
    pub fn keep_expressions_of(&mut self, old: &Self) {
        for table in &mut self.tables {
            let Some(old) = old.table(&table.name) else {
                continue;
            };
            for column in &mut table.columns {
                let same = old.columns.iter().find(|old| old.name == column.name);
                if let Some(old) = same {
                    keep(&mut column.default, old.default.as_ref());
                    keep(&mut column.generated, old.generated.as_ref());
                }
            }
            for kind in [KeyKind::Check, KeyKind::Index] {
                let names = |keys: &[Key]| {
                    let keys = keys.iter().filter(|key| key.kind == kind);
                    keys.map(|key| key.name.clone()).collect::<Vec<_>>()
                };
                if names(&table.keys) == names(&old.keys) {
                    table.keys.retain(|key| key.kind != kind);
                    let kept = old.keys.iter().filter(|key| key.kind == kind);
                    table.keys.extend(kept.cloned());
                }
            }
            table.keys.sort();
        }
    }
}

fn keep(new: &mut Option<String>, old: Option<&String>) {
    if let (Some(new), Some(old)) = (new, old) {
        new.clone_from(old);
    }
}

impl Table {
    /// The column of a name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

impl Column {
    /// Whether a row must be given a value for it.
    pub fn is_required(&self) -> bool {
        self.is_not_null && !self.is_identity && self.generated.is_none() && self.default.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(default: &str, check: &str) -> Built {
        let key = |kind, text: &str| Key {
            kind,
            name: String::new(),
            columns: Vec::new(),
            text: text.to_owned(),
        };
        Built {
            tables: vec![Table {
                name: "t".to_owned(),
                columns: vec![Column {
                    name: "a".to_owned(),
                    sql_type: "integer".to_owned(),
                    default: Some(default.to_owned()),
                    ..Column::default()
                }],
                keys: vec![key(KeyKind::Check, check)],
                ..Table::default()
            }],
            ..Built::default()
        }
    }

    #[test]
    fn another_server_version_does_not_rewrite_expressions() {
        let mut new = built("0", "(a > 0)");
        new.keep_expressions_of(&built("(0)", "CHECK (a > 0)"));
        assert_eq!(new, built("(0)", "CHECK (a > 0)"));
        let mut more = built("0", "(a > 0)");
        more.tables[0].columns[0].default = None;
        more.tables[0].keys.clear();
        let expected = more.clone();
        more.keep_expressions_of(&built("0", "(a > 0)"));
        assert_eq!(more, expected, "a fact that is gone does not come back");
    }
}
