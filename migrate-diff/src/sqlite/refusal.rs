//! The rows that a change fails on, with a query that finds them before it runs.

use std::collections::BTreeSet;

use super::parse::{Column, Constraint, Table};
use super::words::{names, quote};
use crate::difference::Comparison;
use crate::model::{Details, Index, Kind, Object, ObjectId};

/// A table before and after a change.
#[derive(Clone, Copy)]
pub struct Refusals<'r> {
    pub comparison: Comparison<'r>,
    /// Its name as messages write it.
    pub table: &'r str,
    /// Its name as it was written.
    pub written: &'r str,
    pub was: &'r Table,
    pub becomes: &'r Table,
}

impl Refusals<'_> {
    /// Why a new column may fail on the rows that are there.
    pub fn of_new_column(&self, column: &Column) -> Option<String> {
        let (details, table) = (&column.details, self.table);
        if !details.not_null {
            return None;
        }
        if let Some(generated) = &details.generated {
            let expression = &generated.expression;
            let text = format!("fails if column {table}.{} would hold NULL", column.name);
            return Some(self.found(text, expression, &format!("({expression}) IS NULL")));
        }
        let default = details.default.as_deref();
        default.is_none_or(|default| default == "null").then(|| {
            format!(
                "fails if table {table} has rows: column {} is NOT NULL and has no default",
                column.name
            )
        })
    }

    /// Why a column that stays may fail.
    pub fn of_column(&self, was: &Column, column: &Column) -> Vec<String> {
        let (table, name) = (self.table, &column.name);
        let quoted = quote(name);
        let mut all = Vec::new();
        let is_computed_anew = was.details.generated != column.details.generated;
        let is_null_new = !refuses_null(self.was, was) || is_computed_anew;
        if refuses_null(self.becomes, column) && is_null_new && !is_rowid(self.becomes, column) {
            let value = match &column.details.generated {
                Some(generated) => format!("({})", generated.expression),
                None => quoted.clone(),
            };
            let text = format!("fails if column {table}.{name} holds NULL");
            all.push(self.found(text, &value, &format!("{value} IS NULL")));
        }
        if let Some(condition) = self.misfits(was, column, &quoted) {
            let text = format!(
                "fails if column {table}.{name} holds what is not {}",
                column.details.data_type
            );
            all.push(self.found(text, &quoted, &condition));
        }
        all
    }

    /// The condition of values that the column's type does not take: that of a rowid, or of a STRICT table.
    fn misfits(&self, was: &Column, column: &Column, quoted: &str) -> Option<String> {
        let (old, new) = (&was.details.data_type, &column.details.data_type);
        let becomes_rowid = is_rowid(self.becomes, column) && !is_rowid(self.was, was);
        let becomes_strict = self.becomes.strict && (!self.was.strict || old != new);
        if !becomes_rowid && !becomes_strict || is_rowid(self.was, was) {
            return None;
        }
        Some(match affinity(new) {
            Affinity::Integer => format!("CAST({quoted} AS INTEGER) <> {quoted}"),
            Affinity::Real => format!("CAST({quoted} AS REAL) <> {quoted}"),
            Affinity::Text => format!("typeof({quoted}) = 'blob'"),
            Affinity::Blob => format!("typeof({quoted}) NOT IN ('blob', 'null')"),
            Affinity::Numeric => return None,
        })
    }

    /// The rows whose NULL becomes a number, as the new rowid.
    pub fn of_rowid(&self, was: &Column, column: &Column) -> Option<String> {
        let is_new = is_rowid(self.becomes, column) && !refuses_null(self.was, was);
        is_new.then(|| {
            let quoted = quote(&column.name);
            let text = format!(
                "gives rows of table {} new numbers where column {} holds NULL",
                self.table, column.name
            );
            self.found(text, &quoted, &format!("{quoted} IS NULL"))
        })
    }

    /// Why a constraint may fail.
    pub fn of_constraint(&self, constraint: &Constraint) -> String {
        let text = format!(
            "fails if rows of table {} break {}",
            self.table, constraint.text
        );
        match &constraint.details {
            Details::Check(check) => {
                if !self.had_all(&check.expression) {
                    return text;
                }
                let source = self.converted(&check.expression);
                format!(
                    "{text}; this query finds them: SELECT * FROM {source} WHERE NOT ({})",
                    check.expression
                )
            }
            Details::Key(_) => self.not_unique(text, &constraint.columns, None),
            Details::ForeignKey(key) => {
                let parents = &key.parent_columns;
                match self.orphans(&constraint.columns, &key.table, parents) {
                    Some(query) => format!("{text}; this query finds them: {query}"),
                    None => text,
                }
            }
            _ => text,
        }
    }

    /// Why a unique index may fail.
    pub fn of_index(&self, index: &Index) -> String {
        let text = format!("fails if table {} has rows that are not unique", self.table);
        self.not_unique(text, &index.columns, index.predicate.as_deref())
    }

    fn not_unique(&self, text: String, columns: &[String], predicate: Option<&str>) -> String {
        let columns = columns.iter().map(|column| self.compared(column));
        let columns: Vec<String> = columns.collect();
        let list = columns.join(", ");
        let filled = columns.iter().map(|column| format!("{column} IS NOT NULL"));
        let filled: Vec<String> = filled
            .chain(predicate.map(|predicate| format!("({predicate})")))
            .collect();
        let all = format!("{list} {}", predicate.unwrap_or_default());
        if !self.had_all(&all) {
            return text;
        }
        format!(
            "{text}; this query finds them: SELECT {list}, count(*) FROM {} WHERE {} GROUP BY {list} HAVING count(*) > 1",
            self.converted(&all),
            filled.join(" AND ")
        )
    }

    /// The table, with the values of the columns that an expression names as they are read afterwards.
    fn converted(&self, expression: &str) -> String {
        let table = quote(self.written);
        let named = names(expression);
        let columns = self.was.columns.iter();
        let columns = columns.filter(|column| named.contains(&column.name.to_ascii_lowercase()));
        let mut is_plain = true;
        let values = columns.map(|was| {
            let name = quote(&was.name);
            match self.becomes.column(&was.name) {
                Some(column) if converts(was, column) => {
                    is_plain = false;
                    format!("CAST({name} AS {}) AS {name}", column.details.data_type)
                }
                _ => name,
            }
        });
        let values = values.collect::<Vec<_>>().join(", ");
        if is_plain {
            table
        } else {
            format!("(SELECT {values} FROM {table}) AS {table}")
        }
    }

    /// A column of a key as it is compared, without its order.
    fn compared(&self, column: &str) -> String {
        let column = column.trim_end_matches(" desc").trim_end_matches(" asc");
        let Some(known) = self.becomes.column(column) else {
            return column.to_owned();
        };
        let quoted = quote(&known.name);
        match &known.details.collation {
            Some(collation) => format!("{quoted} COLLATE {collation}"),
            None => quoted,
        }
    }

    fn orphans(&self, columns: &[String], parent: &str, parents: &[String]) -> Option<String> {
        let own = self
            .comparison
            .from
            .get(&ObjectId::new(Kind::Table, parent))?;
        let own_table = super::introspect::table_of(own);
        let parents = match parents {
            [] => &own_table.primary()?.columns,
            named => named,
        };
        let is_there = parents
            .iter()
            .all(|column| own_table.column(column).is_some());
        if !is_there || !self.had_all(&columns.join(" ")) {
            return None;
        }
        let filled = columns
            .iter()
            .map(|column| format!("child.{} IS NOT NULL", quote(column)));
        let pairs = parents.iter().zip(columns);
        let same = pairs.map(|(to, from)| format!("parent.{} = child.{}", quote(to), quote(from)));
        Some(format!(
            "SELECT * FROM {} AS child WHERE {} AND NOT EXISTS (SELECT 1 FROM {} AS parent WHERE {})",
            quote(self.written),
            filled.collect::<Vec<_>>().join(" AND "),
            quote(&own.written),
            same.collect::<Vec<_>>().join(" AND ")
        ))
    }

    /// The text with a query for the rows of a condition, if they have all columns in it.
    fn found(&self, text: String, expression: &str, condition: &str) -> String {
        if !self.had_all(expression) {
            return text;
        }
        let table = quote(self.written);
        format!("{text}; this query finds them: SELECT * FROM {table} WHERE {condition}")
    }

    /// Whether the table had all of its columns that an expression names.
    fn had_all(&self, expression: &str) -> bool {
        let named = names(expression);
        let mut named = named
            .iter()
            .filter(|name| self.becomes.column(name).is_some());
        named.all(|name| self.was.column(name).is_some())
    }

    /// Whether an object is about a column whose values are read as something else, or computed otherwise.
    pub fn is_touched(&self, columns: &[String], expression: &str) -> bool {
        let changed = self.changed();
        let named = names(&format!("{} {expression}", columns.join(" ")));
        !changed.is_disjoint(&named)
    }

    fn changed(&self) -> BTreeSet<String> {
        let changed = self.becomes.columns.iter().filter(|column| {
            let Some(was) = self.was.column(&column.name) else {
                return false;
            };
            let (old, new) = (&was.details, &column.details);
            converts(was, column)
                || old.collation != new.collation
                || old.generated != new.generated
        });
        changed
            .map(|column| column.name.to_ascii_lowercase())
            .collect()
    }
}

/// A table before and after a change; none unless it is there in both.
pub fn tables(comparison: Comparison<'_>, name: &str) -> Option<(Table, Table)> {
    let id = ObjectId::new(Kind::Table, name);
    let of = |object: &Object| super::introspect::table_of(object);
    Some((of(comparison.from.get(&id)?), of(comparison.to.get(&id)?)))
}

/// Into which kind of value a column turns what it gets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Affinity {
    Integer,
    Text,
    Blob,
    Real,
    Numeric,
}

/// Whether values are read as something else.
fn converts(was: &Column, column: &Column) -> bool {
    let becomes = affinity(&column.details.data_type);
    affinity(&was.details.data_type) != becomes && becomes != Affinity::Blob
}

/// By the rules of SQLite's documentation, of a type in capitals.
fn affinity(data_type: &str) -> Affinity {
    let has = |words: &[&str]| words.iter().any(|word| data_type.contains(word));
    if has(&["INT"]) {
        Affinity::Integer
    } else if has(&["CHAR", "CLOB", "TEXT"]) {
        Affinity::Text
    } else if has(&["BLOB"]) || data_type.is_empty() {
        Affinity::Blob
    } else if has(&["REAL", "FLOA", "DOUB"]) {
        Affinity::Real
    } else {
        Affinity::Numeric
    }
}

fn is_rowid(table: &Table, column: &Column) -> bool {
    let rowid = table.rowid_column();
    rowid.is_some_and(|rowid| rowid.name == column.name)
}

/// A primary key refuses NULL only without a rowid and in a STRICT table.
fn refuses_null(table: &Table, column: &Column) -> bool {
    let name = column.name.to_ascii_lowercase();
    let is_key = table
        .primary()
        .is_some_and(|key| key.columns.contains(&name));
    column.details.not_null
        || is_rowid(table, column)
        || is_key && (table.without_rowid || table.strict)
}
