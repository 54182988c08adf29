//! Models as the SQL that creates their tables.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use migrate_chain::Dialect;
use migrate_chain::sql::{quote_name, quote_text};

use super::files::{FileFault, InFile, Models};
use super::resolve::{self, Holds};
use crate::model::{Field, Index, Model, Role};

/// The SQL that creates the tables of the models.
///
/// # Errors
/// Each field whose column is not known, with its place.
pub fn create(models: &Models, dialect: Dialect) -> Result<String, Vec<FileFault>> {
    let mut script = DdlWriter {
        dialect,
        models,
        types: BTreeMap::new(),
        tables: String::new(),
        rest: String::new(),
    };
    let mut faults = Vec::new();
    for found in models.defining() {
        if let Err(found) = script.table(found) {
            faults.extend(found);
        }
    }
    if faults.is_empty() {
        Ok(script.finish())
    } else {
        Err(faults)
    }
}

struct DdlWriter<'m> {
    dialect: Dialect,
    models: &'m Models,
    /// The enums of PostgreSQL, by name.
    types: BTreeMap<&'m str, &'m [String]>,
    tables: String,
    /// Statements that need all tables: foreign keys, indexes, comments.
    rest: String,
}

/// A column: its definition, and what is written after all columns.
struct Column<'m> {
    field: &'m Field,
    definition: String,
    checks: Vec<String>,
}

impl<'m> DdlWriter<'m> {
    fn finish(self) -> String {
        let mut out = String::new();
        for schema in self.schemas() {
            let _ = writeln!(out, "CREATE SCHEMA IF NOT EXISTS {};", self.name(schema));
        }
        for (name, labels) in &self.types {
            let labels: Vec<String> = labels
                .iter()
                .map(|label| quote_text(self.dialect, label))
                .collect();
            let _ = writeln!(
                out,
                "CREATE TYPE {} AS ENUM ({});",
                self.name(name),
                labels.join(", ")
            );
        }
        out + &self.tables + &self.rest
    }

    /// The schemas that `PostgreSQL` does not have by itself.
    fn schemas(&self) -> BTreeSet<&str> {
        let tables = self.models.defining();
        let tables = tables.filter_map(|found| found.value.options.schema.as_deref());
        let types = self.types.keys();
        let types = types.filter_map(|name| Some(name.split_once('.')?.0));
        let is_more = |schema: &&str| self.dialect == Dialect::Postgres && *schema != "public";
        tables.chain(types).filter(is_more).collect()
    }

    fn table(&mut self, found: &'m InFile<Model>) -> Result<(), Vec<FileFault>> {
        let model = &found.value;
        let (mut columns, mut faults) = (Vec::new(), Vec::new());
        self.columns(model, &found.path, &mut columns, &mut faults);
        faults.extend(Self::names_are_known(found, &columns));
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut lines: Vec<String> = columns
            .iter()
            .map(|column| self.with_rename(column))
            .collect();
        let key: Vec<String> = match &model.options.primary_key[..] {
            [] => {
                let keys = columns
                    .iter()
                    .filter(|column| column.field.options.primary_key);
                keys.map(|column| column.field.column.clone()).collect()
            }
            named => named.to_vec(),
        };
        if !key.is_empty() && !self.is_rowid(model, &columns, &key) {
            lines.push(format!("PRIMARY KEY ({})", self.names(&key)));
        }
        let unique = columns.iter().filter(|column| column.field.options.unique);
        let unique = unique.map(|column| vec![column.field.column.clone()]);
        for columns in unique.chain(model.options.unique.iter().cloned()) {
            lines.push(format!("UNIQUE ({})", self.names(&columns)));
        }
        let checks = columns
            .iter()
            .flat_map(|column| column.checks.iter().cloned());
        let own = model
            .options
            .checks
            .iter()
            .filter_map(|check| check.get(self.dialect))
            .map(str::to_owned);
        for check in checks.chain(own) {
            lines.push(format!("CHECK ({check})"));
        }
        if self.dialect == Dialect::Sqlite {
            lines.extend(
                columns
                    .iter()
                    .filter_map(|column| self.foreign_key(column.field)),
            );
        }
        let renamed = model.options.renamed_from.as_ref();
        let renamed = renamed.map_or_else(String::new, |from| {
            format!("-- @renamed from={}\n", self.name(from))
        });
        let name = self.name(&model.table);
        let _ = writeln!(
            self.tables,
            "{renamed}CREATE TABLE {name} (\n    {}\n){};",
            lines.join(",\n    "),
            self.options(model)
        );
        self.after(model, &name, &columns);
        Ok(())
    }

    /// The columns of a struct, with those of the structs in it.
    fn columns(
        &mut self,
        model: &'m Model,
        path: &str,
        columns: &mut Vec<Column<'m>>,
        faults: &mut Vec<FileFault>,
    ) {
        for field in &model.fields {
            match field.role {
                Role::Skip => {}
                Role::Flatten => {
                    let inner = self.flattened(field);
                    if let Some(inner) = inner {
                        self.columns(&inner.value, &inner.path, columns, faults);
                    } else {
                        let message = "the columns of this struct are not known: let it derive `Table` with `partial`, in one of the files that are read";
                        faults.push(FileFault::new(path, field.type_span(), message));
                    }
                }
                Role::Column => match self.column(model, path, field) {
                    Ok(column) => columns.push(column),
                    Err(message) => faults.push(FileFault::new(path, field.type_span(), message)),
                },
            }
        }
    }

    fn flattened(&self, field: &Field) -> Option<&'m InFile<Model>> {
        let name = crate::model::last_segment(&field.ty)?.ident.to_string();
        self.models
            .models
            .iter()
            .find(|found| found.value.ident == name)
    }

    fn column(
        &mut self,
        model: &'m Model,
        path: &str,
        field: &'m Field,
    ) -> Result<Column<'m>, String> {
        let (is_nullable, holds) = resolve::field(self.models, path, field)?;
        let options = &field.options;
        let is_key = options.primary_key || model.options.primary_key.contains(&field.column);
        let mut checks: Vec<String> = Vec::new();
        let own = options
            .sql_type
            .as_ref()
            .and_then(|sql_type| sql_type.get(self.dialect));
        let sql_type = match (own, &holds) {
            (Some(own), _) => own.to_owned(),
            (None, Some(holds)) => self.sql_type(model, field, holds, &mut checks)?,
            (None, None) => return Err("no type of a column is known for it".to_owned()),
        };
        let is_identity = self.is_identity(model, field, is_key, holds.as_ref());
        let mut definition = format!("{} {sql_type}", self.name(&field.column));
        let clause = |text: &Option<crate::PerDatabase>| {
            text.as_ref()
                .and_then(|text| text.get(self.dialect))
                .map(str::to_owned)
        };
        if let Some(collation) = clause(&options.collate) {
            let collation = if self.dialect == Dialect::Postgres {
                self.name(&collation)
            } else {
                collation
            };
            let _ = write!(definition, " COLLATE {collation}");
        }
        if let Some(expression) = clause(&options.generated) {
            let stored = if self.dialect == Dialect::Sqlite {
                "VIRTUAL"
            } else {
                "STORED"
            };
            let _ = write!(definition, " GENERATED ALWAYS AS ({expression}) {stored}");
        }
        // MariaDB takes no NOT NULL there.
        let may_say = options.generated.is_none() || self.dialect != Dialect::MySql;
        if !is_nullable && may_say {
            definition.push_str(" NOT NULL");
        }
        if is_identity {
            definition.push_str(match self.dialect {
                Dialect::Sqlite => " PRIMARY KEY",
                Dialect::Postgres => " GENERATED BY DEFAULT AS IDENTITY",
                Dialect::MySql => " AUTO_INCREMENT",
            });
        }
        if let Some(default) = clause(&options.default) {
            let _ = write!(definition, " DEFAULT {}", self.default(&default));
        }
        if self.dialect == Dialect::MySql && !field.comment.is_empty() {
            let _ = write!(
                definition,
                " COMMENT {}",
                quote_text(self.dialect, &field.comment)
            );
        }
        checks.extend(clause(&options.check));
        Ok(Column {
            field,
            definition,
            checks,
        })
    }

    /// MySQL takes an expression in parentheses alone.
    fn default(&self, default: &str) -> String {
        let is_plain = default.starts_with(['\'', '(', '-'])
            || default.starts_with(|first: char| first.is_ascii_digit())
            || ["null", "true", "false"].contains(&&*default.to_lowercase())
            || default.to_lowercase().starts_with("current_");
        let takes_calls = self.dialect == Dialect::Postgres;
        if is_plain || takes_calls {
            default.to_owned()
        } else {
            format!("({default})")
        }
    }

    fn sql_type(
        &mut self,
        model: &Model,
        field: &Field,
        holds: &Holds<'m>,
        checks: &mut Vec<String>,
    ) -> Result<String, String> {
        let of = |row: &migrate_chain::types::RustType| match row.sql[self.dialect.index()] {
            "" => Err(format!(
                "sqlx reads no column of {} into `{}`: write `#[table(type = \"…\")]`, or take another type",
                self.dialect, row.name
            )),
            sql_type => Ok(sql_type.to_owned()),
        };
        match holds {
            Holds::Row(row)
                if self.dialect == Dialect::MySql
                    && row.sql[2] == "TEXT"
                    && needs_length(model, field) =>
            {
                Ok("VARCHAR(255)".to_owned())
            }
            Holds::Row(row)
                if self.dialect == Dialect::Sqlite
                    && model.options.strict
                    && row.name == "bool" =>
            {
                Ok("INTEGER".to_owned())
            }
            Holds::Row(row) => of(row),
            Holds::List(row) if self.dialect == Dialect::Postgres => Ok(format!("{}[]", of(row)?)),
            Holds::List(_) => Err(format!(
                "{} has no lists in columns: use `Json<Vec<…>>`",
                self.dialect
            )),
            Holds::Labels { name, labels, .. } => Ok(match self.dialect {
                Dialect::Postgres => {
                    self.types.insert(name, labels);
                    self.name(name)
                }
                Dialect::MySql => format!("ENUM({})", self.texts(labels)),
                Dialect::Sqlite => {
                    checks.push(format!(
                        "{} IN ({})",
                        self.name(&field.column),
                        self.texts(labels)
                    ));
                    "TEXT".to_owned()
                }
            }),
        }
    }

    fn texts(&self, labels: &[String]) -> String {
        let labels = labels.iter().map(|label| quote_text(self.dialect, label));
        labels.collect::<Vec<_>>().join(", ")
    }

    fn is_identity(
        &self,
        model: &Model,
        field: &Field,
        is_key: bool,
        holds: Option<&Holds<'_>>,
    ) -> bool {
        let is_alone = model.options.primary_key.is_empty()
            && model
                .fields
                .iter()
                .filter(|field| field.options.primary_key)
                .count()
                == 1;
        let is_integer =
            matches!(holds, Some(Holds::Row(row)) if row.sql[0] == "INTEGER" && row.name != "bool");
        let refers = field.options.references.is_some() || field.options.default.is_some();
        let usual = is_key && is_alone && is_integer && !refers && !model.options.without_rowid;
        let asked = field.options.identity.unwrap_or(usual);
        // On SQLite a rowid is the key itself.
        asked && (self.dialect != Dialect::Sqlite || usual)
    }

    /// Whether the key is written in the definition of its column.
    fn is_rowid(&self, model: &Model, columns: &[Column<'_>], key: &[String]) -> bool {
        let [only] = key else { return false };
        let mut columns = columns.iter();
        let column = columns.find(|column| column.field.column == *only);
        self.dialect == Dialect::Sqlite
            && !model.options.without_rowid
            && column.is_some_and(|column| column.definition.contains(" PRIMARY KEY"))
    }

    fn with_rename(&self, column: &Column<'_>) -> String {
        match &column.field.options.renamed_from {
            Some(from) => format!(
                "-- @renamed from={}\n    {}",
                self.name(from),
                column.definition
            ),
            None => column.definition.clone(),
        }
    }

    fn foreign_key(&self, field: &Field) -> Option<String> {
        let options = &field.options;
        let references = options.references.as_ref()?;
        let (table, columns) = match references.split_once('(') {
            Some((table, columns)) => (table.trim(), columns.trim_end().trim_end_matches(')')),
            None => (references.trim(), "id"),
        };
        let columns: Vec<String> = columns
            .split(',')
            .map(|column| self.name(column.trim()))
            .collect();
        let action = |word: &str, action: &Option<String>| {
            action.as_ref().map_or_else(String::new, |action| {
                format!(" ON {word} {}", action.to_uppercase())
            })
        };
        Some(format!(
            "FOREIGN KEY ({}) REFERENCES {} ({}){}{}",
            self.name(&field.column),
            self.name(table),
            columns.join(", "),
            action("DELETE", &options.on_delete),
            action("UPDATE", &options.on_update)
        ))
    }

    fn options(&self, model: &Model) -> String {
        let options = &model.options;
        match self.dialect {
            Dialect::Sqlite => {
                let words = [
                    options.without_rowid.then_some(" WITHOUT ROWID"),
                    options.strict.then_some(" STRICT"),
                ];
                words.into_iter().flatten().collect::<Vec<_>>().join(",")
            }
            Dialect::Postgres => String::new(),
            Dialect::MySql => {
                let engine = options
                    .engine
                    .as_ref()
                    .map(|engine| format!(" ENGINE={engine}"));
                let comment = (!model.comment.is_empty())
                    .then(|| format!(" COMMENT={}", quote_text(self.dialect, &model.comment)));
                engine.into_iter().chain(comment).collect()
            }
        }
    }

    /// Statements that come after all tables.
    fn after(&mut self, model: &Model, name: &str, columns: &[Column<'_>]) {
        let mut rest = String::new();
        if self.dialect != Dialect::Sqlite {
            for key in columns
                .iter()
                .filter_map(|column| self.foreign_key(column.field))
            {
                let _ = writeln!(rest, "ALTER TABLE {name} ADD {key};");
            }
        }
        let single = columns.iter().filter(|column| column.field.options.index);
        let single = single.map(|column| Index {
            columns: vec![column.field.column.clone()],
            ..Index::default()
        });
        for index in single.chain(model.options.indexes.iter().cloned()) {
            let _ = writeln!(rest, "{};", self.index(model, name, &index));
        }
        if self.dialect == Dialect::Postgres {
            if !model.comment.is_empty() {
                let _ = writeln!(
                    rest,
                    "COMMENT ON TABLE {name} IS {};",
                    quote_text(self.dialect, &model.comment)
                );
            }
            for column in columns
                .iter()
                .filter(|column| !column.field.comment.is_empty())
            {
                let comment = quote_text(self.dialect, &column.field.comment);
                let _ = writeln!(
                    rest,
                    "COMMENT ON COLUMN {name}.{} IS {comment};",
                    self.name(&column.field.column)
                );
            }
        }
        self.rest.push_str(&rest);
    }

    fn index(&self, model: &Model, table: &str, index: &Index) -> String {
        let usual = || {
            format!(
                "{}_{}_idx",
                model.table.replace('.', "_"),
                index.columns.join("_")
            )
        };
        let own = index.name.clone().unwrap_or_else(usual);
        let unique = if index.unique { "UNIQUE " } else { "" };
        // SQLite has one method, and MySQL no conditions.
        let using = index
            .using
            .as_ref()
            .filter(|_| self.dialect != Dialect::Sqlite);
        let using = using.map_or_else(String::new, |using| format!(" USING {using}"));
        let condition = index
            .condition
            .as_ref()
            .and_then(|condition| condition.get(self.dialect));
        let condition = condition.filter(|_| self.dialect != Dialect::MySql);
        let condition =
            condition.map_or_else(String::new, |condition| format!(" WHERE {condition}"));
        let (before, after) = if self.dialect == Dialect::MySql {
            (&*using, "")
        } else {
            ("", &*using)
        };
        format!(
            "CREATE {unique}INDEX {}{before} ON {table}{after} ({}){condition}",
            self.name(&own),
            self.names(&index.columns)
        )
    }

    /// Each column that an attribute of the struct names has to be one.
    fn names_are_known(found: &InFile<Model>, columns: &[Column<'_>]) -> Vec<FileFault> {
        let model = &found.value;
        let named = model
            .options
            .primary_key
            .iter()
            .chain(model.options.unique.iter().flatten());
        let named = named.chain(
            model
                .options
                .indexes
                .iter()
                .flat_map(|index| &index.columns),
        );
        let is_unknown =
            |name: &&String| columns.iter().all(|column| column.field.column != **name);
        let fault = |name: &String| {
            let message = format!(
                "an attribute of `{}` names the column `{name}`, which it does not have",
                model.ident
            );
            FileFault::new(&found.path, model.ident.span(), message)
        };
        named.filter(is_unknown).map(fault).collect()
    }

    fn name(&self, name: &str) -> String {
        let parts = name
            .split('.')
            .map(|part| quote_name(self.dialect, part).clone());
        parts.collect::<Vec<_>>().join(".")
    }

    fn names(&self, names: &[String]) -> String {
        names
            .iter()
            .map(|name| self.name(name))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// MySQL takes a text of any length neither in a key nor with a default.
fn needs_length(model: &Model, field: &Field) -> bool {
    let options = &field.options;
    let is_named = |columns: &[String]| columns.contains(&field.column);
    options.primary_key
        || options.unique
        || options.index
        || options.default.is_some()
        || options.references.is_some()
        || is_named(&model.options.primary_key)
        || model.options.unique.iter().any(|columns| is_named(columns))
        || model
            .options
            .indexes
            .iter()
            .any(|index| is_named(&index.columns))
}
