//! `CREATE TABLE` as SQLite keeps it: the statement's own text is the whole truth about a table.

use std::ops::Range;

use super::details;
use super::words::{Piece, canonical, pieces, quote};
use crate::model::{self, Check, ColumnDetails, Details, ForeignKey, Generated, Key};

/// A table's statement, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The range of its name in the statement.
    pub(crate) name: Range<usize>,
    pub(crate) columns: Vec<Column>,
    /// Those of the table, and those of its columns, which mean the same.
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) without_rowid: bool,
    pub(crate) strict: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    pub(crate) name: String,
    /// The range of its definition in the statement.
    pub(crate) place: Range<usize>,
    /// Its type is in capitals, and empty if it has none.
    pub(crate) details: model::Column,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Constraint {
    pub name: Option<String>,
    /// Its contents: a key, a foreign key or a check.
    pub details: Details,
    /// The column whose definition holds it.
    pub column: Option<String>,
    /// Its text, in one spelling.
    pub text: String,
    /// The columns that a key is over, in lower case; unknown for a check.
    pub columns: Vec<String>,
    pub autoincrement: bool,
}

impl Constraint {
    pub fn is_primary(&self) -> bool {
        matches!(&self.details, Details::Key(key) if key.primary)
    }

    pub fn foreign_key(&self) -> Option<&ForeignKey> {
        match &self.details {
            Details::ForeignKey(key) => Some(key),
            _ => None,
        }
    }

    /// The columns as its definition lists them, which is inside brackets or the column that it belongs to.
    fn of_column(&self) -> Option<Vec<String>> {
        self.column
            .as_ref()
            .map(|column| vec![column.to_ascii_lowercase()])
    }
}

impl Table {
    /// The column that is another name of the rowid.
    pub(crate) fn rowid_column(&self) -> Option<&Column> {
        let primary = self.primary().filter(|_| !self.without_rowid)?;
        let [name] = &primary.columns[..] else {
            return None;
        };
        // For compatibility, a column's own PRIMARY KEY DESC is no rowid.
        let descends = primary.column.is_some() && primary.text.contains(" desc");
        let column = self.column(name)?;
        (column.details.data_type == "INTEGER" && !descends).then_some(column)
    }

    pub(crate) fn primary(&self) -> Option<&Constraint> {
        self.constraints
            .iter()
            .find(|constraint| constraint.is_primary())
    }

    pub(crate) fn autoincrement(&self) -> bool {
        self.primary().is_some_and(|primary| primary.autoincrement)
    }

    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns
            .iter()
            .find(|column| column.name.eq_ignore_ascii_case(name))
    }
}

/// Takes a statement apart; `None` when it is no `CREATE TABLE` that is known here.
pub fn table(sql: &str) -> Option<Table> {
    let pieces = pieces(sql);
    let open = pieces.iter().position(|piece| piece.text == "(")?;
    let (name, before) = pieces[..open].split_last()?;
    if !before.last()?.is_word("table")
        && !before.last()?.is_word("exists")
        && before.last()?.text != "."
    {
        return None;
    }
    let close = closing(&pieces, open)?;
    let mut table = Table {
        name: name.place.clone(),
        ..Table::default()
    };
    for item in items(&pieces[open + 1..close]) {
        read_item(&mut table, item)?;
    }
    let options = &pieces[close + 1..];
    table.without_rowid = options.iter().any(|piece| piece.is_word("rowid"));
    table.strict = options.iter().any(|piece| piece.is_word("strict"));
    Some(table)
}

/// The index of the bracket that closes the one at `open`.
pub fn closing(pieces: &[Piece<'_>], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, piece) in pieces.iter().enumerate().skip(open) {
        match piece.text {
            "(" => depth += 1,
            ")" if depth == 1 => return Some(at),
            ")" => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The parts between commas that stand in no bracket.
fn items<'p, 's>(pieces: &'p [Piece<'s>]) -> Vec<&'p [Piece<'s>]> {
    let mut depth = 0_usize;
    pieces
        .split(|piece| {
            match piece.text {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ => {}
            }
            piece.text == "," && depth == 0
        })
        .collect()
}

fn read_item(table: &mut Table, item: &[Piece<'_>]) -> Option<()> {
    let first = item.first()?;
    let is_constraint = ["constraint", "primary", "unique", "check", "foreign"]
        .iter()
        .any(|word| first.is_word(word));
    let mut clauses = Clauses {
        pieces: item,
        at: 0,
    };
    if is_constraint {
        while clauses.at < item.len() {
            let constraint = clauses.constraint(None)?;
            table.constraints.push(constraint);
        }
        return Some(());
    }
    let name = first.name();
    clauses.at = 1;
    let mut column = Column {
        name: name.clone(),
        place: first.place.start..item.last()?.place.end,
        ..Column::default()
    };
    column.details.data_type = clauses.column_type();
    while clauses.at < item.len() {
        clauses.column_clause(&mut column, &mut table.constraints)?;
    }
    table.columns.push(column);
    Some(())
}

/// Reads the clauses of an item one after another.
struct Clauses<'p, 's> {
    pieces: &'p [Piece<'s>],
    at: usize,
}

impl<'s> Clauses<'_, 's> {
    fn is(&self, word: &str) -> bool {
        self.pieces
            .get(self.at)
            .is_some_and(|piece| piece.is_word(word))
    }

    fn take(&mut self, word: &str) -> bool {
        let is = self.is(word);
        self.at += usize::from(is);
        is
    }

    fn next(&mut self) -> Option<&Piece<'s>> {
        self.at += 1;
        self.pieces.get(self.at - 1)
    }

    /// The text between the brackets that open here, in one spelling.
    fn bracketed(&mut self) -> Option<Range<usize>> {
        if self.pieces.get(self.at)?.text != "(" {
            return None;
        }
        let close = closing(self.pieces, self.at)?;
        let inside = self.at + 1..close;
        self.at = close + 1;
        Some(inside)
    }

    fn column_type(&mut self) -> String {
        let starts = [
            "constraint",
            "primary",
            "unique",
            "check",
            "references",
            "not",
            "null",
            "default",
            "collate",
            "generated",
            "as",
        ];
        let from = self.at;
        while self.at < self.pieces.len() && !starts.iter().any(|word| self.is(word)) {
            if self.bracketed().is_none() {
                self.at += 1;
            }
        }
        canonical(&self.pieces[from..self.at]).to_ascii_uppercase()
    }

    fn column_clause(
        &mut self,
        column: &mut Column,
        constraints: &mut Vec<Constraint>,
    ) -> Option<()> {
        let start = self.at;
        let _name = self.constraint_name();
        if self.take("not") {
            self.take("null").then_some(())?;
            column.details.not_null = true;
            column.details.details = ColumnDetails::Sqlite(details::Column {
                on_conflict: self.conflict()?,
            });
        } else if self.take("null") {
            self.conflict()?;
        } else if self.take("default") {
            column.details.default = Some(self.default()?);
        } else if self.take("collate") {
            column.details.collation = Some(self.next()?.name().to_ascii_lowercase());
        } else if self.is("generated") || self.is("as") {
            column.details.generated = Some(self.generated()?);
        } else {
            self.at = start;
            let constraint = self.constraint(Some(&column.name))?;
            constraints.push(constraint);
        }
        Some(())
    }

    fn constraint_name(&mut self) -> Option<String> {
        self.take("constraint")
            .then(|| self.next().map(Piece::name))?
    }

    /// The conflict action, if it is not the usual abort.
    #[allow(
        clippy::option_option,
        reason = "none if it cannot be read, and inside it none if it says nothing"
    )]
    fn conflict(&mut self) -> Option<Option<String>> {
        if !self.take("on") {
            return Some(None);
        }
        self.take("conflict").then_some(())?;
        let word = self.next()?.text.to_ascii_lowercase();
        Some((word != "abort").then_some(word))
    }

    fn default(&mut self) -> Option<String> {
        if let Some(inside) = self.bracketed() {
            return Some(format!("({})", canonical(&self.pieces[inside])));
        }
        let mut text = String::new();
        while self
            .pieces
            .get(self.at)
            .is_some_and(|piece| matches!(piece.text, "+" | "-"))
        {
            text.push_str(self.next()?.text);
        }
        let value = self.next()?;
        text.push_str(&canonical(std::slice::from_ref(value)));
        Some(text)
    }

    fn generated(&mut self) -> Option<Generated> {
        self.take("generated");
        self.take("always");
        self.take("as").then_some(())?;
        let inside = self.bracketed()?;
        let stored = self.take("stored");
        let _default = !stored && self.take("virtual");
        Some(Generated {
            expression: canonical(&self.pieces[inside]),
            stored,
        })
    }

    /// A constraint of the table, or of `column`, spelt as one of the table.
    fn constraint(&mut self, column: Option<&str>) -> Option<Constraint> {
        let name = self.constraint_name();
        let mut constraint = Constraint {
            name,
            column: column.map(str::to_owned),
            ..Constraint::default()
        };
        if self.take("check") {
            let inside = self.bracketed()?;
            self.conflict()?;
            let expression = canonical(&self.pieces[inside]);
            constraint.text = format!("CHECK ({expression})");
            constraint.details = Details::Check(Check {
                expression,
                column: None,
            });
        } else if self.take("primary") {
            self.take("key").then_some(())?;
            self.key(&mut constraint, true, "PRIMARY KEY")?;
        } else if self.take("unique") {
            self.key(&mut constraint, false, "UNIQUE")?;
        } else {
            self.foreign(&mut constraint)?;
        }
        Some(constraint)
    }

    fn key(&mut self, constraint: &mut Constraint, primary: bool, words: &str) -> Option<()> {
        let mut columns = if let Some(column) = &constraint.column {
            vec![spelt(column)]
        } else {
            let inside = self.bracketed()?;
            let last = inside.end - 1;
            // Table-level AUTOINCREMENT is inside the brackets.
            constraint.autoincrement = self.pieces[last].is_word("autoincrement");
            let inside = inside.start..inside.end - usize::from(constraint.autoincrement);
            constraint.columns = names(&self.pieces[inside.clone()]);
            each(&self.pieces[inside])
        };
        if let Some(columns) = constraint.of_column() {
            constraint.columns = columns;
        }
        if self.take("desc") {
            for column in &mut columns {
                column.push_str(" desc");
            }
        } else {
            self.take("asc");
        }
        let conflict = self.conflict()?;
        constraint.autoincrement |= self.take("autoincrement");
        let conflict = conflict.map_or_else(String::new, |word| format!(" on conflict {word}"));
        let autoincrement = if constraint.autoincrement {
            " AUTOINCREMENT"
        } else {
            ""
        };
        let rest = format!("{conflict}{autoincrement}");
        constraint.text = format!("{words} ({}){rest}", columns.join(", "));
        constraint.details = Details::Key(Key {
            primary,
            columns,
            rest: (!rest.is_empty()).then(|| rest.trim_start().to_owned()),
        });
        Some(())
    }

    fn foreign(&mut self, constraint: &mut Constraint) -> Option<()> {
        let columns = if let Some(columns) = constraint.of_column() {
            constraint.columns = columns;
            constraint.column.as_deref().map(spelt)?
        } else {
            (self.take("foreign") && self.take("key")).then_some(())?;
            let inside = self.bracketed()?;
            constraint.columns = names(&self.pieces[inside.clone()]);
            canonical(&self.pieces[inside])
        };
        self.take("references").then_some(())?;
        let mut key = ForeignKey {
            columns: constraint.columns.clone(),
            table: self.next()?.name().to_ascii_lowercase(),
            ..ForeignKey::default()
        };
        let mut target = String::new();
        if let Some(inside) = self.bracketed() {
            target = format!(" ({})", canonical(&self.pieces[inside.clone()]));
            key.parent_columns = names(&self.pieces[inside]);
        }
        self.actions(&mut key)?;
        let action = |event: &str, action: &Option<String>| {
            let action = action.as_ref();
            action.map_or_else(String::new, |action| format!(" ON {event} {action}"))
        };
        constraint.text = format!(
            "FOREIGN KEY ({columns}) REFERENCES {}{target}{}{}{}",
            spelt(&key.table),
            action("DELETE", &key.on_delete),
            action("UPDATE", &key.on_update),
            if key.deferred {
                " DEFERRABLE INITIALLY DEFERRED"
            } else {
                ""
            },
        );
        constraint.details = Details::ForeignKey(key);
        Some(())
    }

    /// The actions of a foreign key, without the defaults.
    fn actions(&mut self, key: &mut ForeignKey) -> Option<()> {
        loop {
            if self.take("on") {
                let of_delete = self.next()?.is_word("delete");
                let mut action = self.next()?.text.to_ascii_uppercase();
                if matches!(action.as_str(), "SET" | "NO") {
                    action = format!("{action} {}", self.next()?.text.to_ascii_uppercase());
                }
                let action = (action != "NO ACTION").then_some(action);
                if of_delete {
                    key.on_delete = action;
                } else {
                    key.on_update = action;
                }
            } else if self.take("match") {
                // SQLite reads it and does nothing about it.
                self.next()?;
            } else if self.is("not")
                && self
                    .pieces
                    .get(self.at + 1)
                    .is_some_and(|piece| piece.is_word("deferrable"))
            {
                self.at += 2;
                self.initially();
            } else if self.take("deferrable") {
                key.deferred = self.initially();
            } else {
                return Some(());
            }
        }
    }

    /// Whether it says `INITIALLY DEFERRED`.
    fn initially(&mut self) -> bool {
        self.take("initially") && self.next().is_some_and(|piece| piece.is_word("deferred"))
    }
}

/// A name as [`canonical`] spells it.
fn spelt(name: &str) -> String {
    let quoted = quote(name);
    canonical(&pieces(&quoted))
}

/// Each item between commas, spelt one way.
pub fn each(inside: &[Piece<'_>]) -> Vec<String> {
    items(inside).into_iter().map(canonical).collect()
}

/// The columns of a key, in lower case: the first name of each item.
fn names(inside: &[Piece<'_>]) -> Vec<String> {
    items(inside)
        .into_iter()
        .filter_map(|item| Some(item.first()?.name().to_ascii_lowercase()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constraints(sql: &str) -> Vec<String> {
        let table = table(sql).expect("a table");
        table
            .constraints
            .into_iter()
            .map(|constraint| constraint.text)
            .collect()
    }

    #[test]
    fn a_column_keeps_what_is_its_own_and_gives_up_its_constraints() {
        let table = table(
            "CREATE TABLE \"my t\" (id INTEGER PRIMARY KEY AUTOINCREMENT, -- first\n\
             name varchar (20) NOT NULL ON CONFLICT IGNORE DEFAULT 'a,b' COLLATE NOCASE,\n\
             n AS (length(name)) STORED, plain, t REFERENCES u ON DELETE SET NULL NOT DEFERRABLE) STRICT, WITHOUT ROWID",
        )
        .expect("a table");
        let [id, name, n, plain, t] = &table.columns[..] else {
            panic!("{:?}", table.columns)
        };
        assert_eq!(id.details.data_type, "INTEGER");
        assert!(table.autoincrement());
        let name = &name.details;
        assert_eq!((&*name.data_type, name.not_null), ("VARCHAR(20)", true));
        let on_conflict = Some("ignore".to_owned());
        assert_eq!(
            name.details,
            ColumnDetails::Sqlite(details::Column { on_conflict })
        );
        assert_eq!(name.default.as_deref(), Some("'a,b'"));
        assert_eq!(name.collation.as_deref(), Some("nocase"));
        let generated = Generated {
            expression: "length(name)".to_owned(),
            stored: true,
        };
        assert_eq!(n.details.generated, Some(generated));
        assert_eq!((&*plain.details.data_type, &*t.details.data_type), ("", ""));
        assert!(table.strict && table.without_rowid);
        assert_eq!(
            table.constraints[1].text,
            "FOREIGN KEY (t) REFERENCES u ON DELETE SET NULL"
        );
    }

    #[test]
    fn one_constraint_has_one_spelling_wherever_it_stands() {
        let inline = "CREATE TABLE t (a INT PRIMARY KEY, b INT UNIQUE CHECK (b>0), c INT REFERENCES u(id) ON UPDATE NO ACTION)";
        let apart = "CREATE TABLE t (a INT, b INT, c INT, PRIMARY KEY (\"a\"), UNIQUE (b) CHECK ( b > 0 ) \
                     FOREIGN KEY (c) REFERENCES U (id))";
        assert_eq!(constraints(inline), constraints(apart));
    }

    #[test]
    fn the_rowid_has_another_name_only_as_sqlite_has_it() {
        let alias = |sql: &str| {
            table(sql)
                .expect("a table")
                .rowid_column()
                .map(|column| column.name.clone())
        };
        assert_eq!(
            alias("CREATE TABLE t (Id INTEGER PRIMARY KEY)").as_deref(),
            Some("Id")
        );
        assert_eq!(
            alias("CREATE TABLE t (id INTEGER, PRIMARY KEY (ID DESC))").as_deref(),
            Some("id")
        );
        assert_eq!(alias("CREATE TABLE t (id INTEGER PRIMARY KEY DESC)"), None);
        assert_eq!(alias("CREATE TABLE t (id INT PRIMARY KEY)"), None);
        assert_eq!(
            alias("CREATE TABLE t (id INTEGER PRIMARY KEY) WITHOUT ROWID"),
            None
        );
    }

    #[test]
    fn what_is_no_table_is_none() {
        for sql in [
            "CREATE VIEW v AS SELECT 1",
            "CREATE TABLE t",
            "CREATE TABLE t (a",
            "CREATE TABLE t (a FOO BAR (1) DEFAULT)",
        ] {
            assert_eq!(table(sql), None, "{sql}");
        }
    }
}
