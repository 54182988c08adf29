//! A struct against the facts of a lock.

use migrate_chain::lock::{Built, Column, Lock, Locked, Table};
use migrate_chain::types::{ColumnKind, RUST_TYPES};
use migrate_chain::{Dialect, nearest_name};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};
use syn::{Error, Type};

use crate::canonical::canonical;
use crate::declared::declared;
use crate::model::{Field, Model, Role, is_option, last_segment};

/// The result of a comparison.
#[derive(Debug, Default)]
pub struct Finding {
    /// Faults in names, nullability and declarations.
    pub errors: Vec<Error>,
    /// The types that rustc has to compare.
    pub held: Vec<Held>,
    /// The columns that need a field, where fields of another struct are columns, too.
    pub required: Vec<String>,
}

/// A type that has to fit a column.
#[derive(Debug)]
pub struct Held {
    /// The type.
    pub ty: TokenStream,
    /// The database of the column.
    pub dialect: Dialect,
    /// The kind of the column.
    pub holding: Holding,
    /// Whether the type has to hold NULL as well.
    pub nullable: bool,
}

/// The kind of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holding {
    /// One of the table of Rust types, or an array of one.
    Kind(ColumnKind),
    /// An enum of the database, by name.
    Enum(String),
}

/// Compares a struct with the schema of each database in a lock.
pub fn check(model: &Model, lock: &Lock) -> Finding {
    let mut report = Report::new(lock);
    let drifted = drift(model, lock, &mut report);
    let mut finding = Finding::default();
    for locked in &lock.databases {
        let one = One {
            model,
            lock,
            locked,
            drifted: &drifted,
        };
        one.check(&mut report, &mut finding);
    }
    finding.errors = report.finish();
    finding.required.sort();
    finding.required.dedup();
    finding
}

const GENERATE: &str = "run `cargo migrate revision --autogenerate`";

/// Compares a model with its declaration in the lock, and names the fields about which something was said.
fn drift(model: &Model, lock: &Lock, report: &mut Report) -> Vec<String> {
    let models = lock.models.as_deref().unwrap_or_default();
    let Some(old) = models
        .iter()
        .find(|old| old.table == model.table)
        .filter(|_| model.defines_table())
    else {
        return Vec::new();
    };
    let has_comments = lock
        .databases
        .iter()
        .any(|locked| locked.of.dialect != Dialect::Sqlite);
    let new = declared(model, has_comments);
    let mut drifted = Vec::new();
    let name = &model.ident;
    for field in &model.fields {
        let (field_name, of) = (
            field.name(),
            |fields: &[migrate_chain::lock::Named], name: &str| {
                fields
                    .iter()
                    .find(|field| field.name == name)
                    .map(|field| field.text.clone())
            },
        );
        let problem = match (of(&old.fields, &field_name), of(&new.fields, &field_name)) {
            (None, _) => "is not in the chain yet",
            (Some(old), Some(new)) if old != new => "has changed, and the chain has not",
            _ => continue,
        };
        report.add(
            field.ident.span(),
            format!("`{name}::{field_name}` {problem}: {GENERATE}"),
            None,
        );
        drifted.push(field.column.clone());
    }
    for gone in old
        .fields
        .iter()
        .filter(|old| new.fields.iter().all(|new| new.name != old.name))
    {
        let message = format!(
            "`{name}::{}` is gone, and the chain still has it: {GENERATE}",
            gone.name
        );
        report.add(name.span(), message, None);
        drifted.push(gone.name.clone());
    }
    if old.options != new.options {
        let message =
            format!("the attributes of `{name}` have changed, and the chain has not: {GENERATE}");
        report.add(name.span(), message, None);
    }
    drifted
}

/// A struct and the schema of one database.
struct One<'c> {
    model: &'c Model,
    lock: &'c Lock,
    locked: &'c Locked,
    /// The columns about which the declaration says enough.
    drifted: &'c [String],
}

impl One<'_> {
    fn dialect(&self) -> Dialect {
        self.locked.of.dialect
    }

    fn built(&self) -> &Built {
        &self.locked.built
    }

    fn check(&self, report: &mut Report, finding: &mut Finding) {
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
                Some(column) => self.column(table, column, field, report, finding),
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
        if self.lock.models.is_some() && self.model.defines_table() {
            return format!("the table `{name}` is not in the chain yet: {GENERATE}");
        }
        let names = self.built().tables.iter().map(|table| &*table.name);
        let nearest = nearest_name(name, &names.collect::<Vec<_>>());
        let suggestion = nearest.map_or_else(String::new, |nearest| {
            format!("; did you mean `{nearest}`?")
        });
        format!("the chain has no table or view `{name}`{suggestion}")
    }

    fn no_column(table: &Table, field: &Field) -> String {
        let names = table.columns.iter().map(|column| &*column.name);
        let nearest = nearest_name(&field.column, &names.collect::<Vec<_>>());
        let suggestion = nearest.map_or_else(String::new, |nearest| {
            format!("; did you mean `{nearest}`?")
        });
        format!(
            "`{}` has no column `{}`{suggestion}",
            table.name, field.column
        )
    }

    fn column(
        &self,
        table: &Table,
        column: &Column,
        field: &Field,
        report: &mut Report,
        finding: &mut Finding,
    ) {
        let (is_nullable, held) = field.held();
        let written = canonical(held);
        let place = format!("{}.{}", table.name, column.name);
        let known = self.model.options.not_null || field.options.not_null;
        let mut must_hold_null = false;
        match (is_nullable, column.is_not_null) {
            (true, true) => {
                let message =
                    format!("the column `{place}` is NOT NULL: write `{written}` without `Option`");
                return report.add(field.type_span(), message, Some(self.dialect()));
            }
            (false, false) if !(table.is_view && known) => {
                if !is_known(held) && field.options.held.is_none() && !field.is_json() {
                    must_hold_null = true;
                } else {
                    let otherwise = if table.is_view {
                        ", or `#[table(not_null)]` if no row of the view has one"
                    } else {
                        ""
                    };
                    let message = format!(
                        "the column `{place}` can be NULL: write `Option<{written}>`{otherwise}"
                    );
                    return report.add(field.type_span(), message, Some(self.dialect()));
                }
            }
            _ => {}
        }
        if let Err(message) = self.fits(column, &place, field, held, must_hold_null, finding) {
            report.add(field.type_span(), message, Some(self.dialect()));
        }
    }

    /// Notes the type for rustc to compare.
    fn fits(
        &self,
        column: &Column,
        place: &str,
        field: &Field,
        held: &Type,
        nullable: bool,
        finding: &mut Finding,
    ) -> Result<(), String> {
        let (dialect, base) = (self.dialect(), self.built().base_type(&column.sql_type));
        let kind = ColumnKind::of(dialect, base);
        let said = field
            .options
            .sql_type
            .as_ref()
            .and_then(|sql_type| sql_type.get(dialect));
        if let Some(said) = said {
            return same_type(dialect, said, &column.sql_type, &kind, place);
        }
        if field.is_json() {
            return json_fits(dialect, &kind, place, &column.sql_type);
        }
        let holding = match self.built().enums.iter().find(|found| found.name == base) {
            Some(found) => Holding::Enum(found.name.clone()),
            None if kind == ColumnKind::Unknown => {
                return Err(format!(
                    "the column `{place}` is of type `{}`, which is not one that sqlx reads into a type known here: write \
                     `#[table(type = \"{}\")]` to take it as it is",
                    column.sql_type, column.sql_type
                ));
            }
            None => Holding::Kind(kind),
        };
        let ty = spanned(
            held,
            field,
            matches!(holding, Holding::Kind(ColumnKind::Array(_))),
        );
        finding.held.push(Held {
            ty,
            dialect,
            holding,
            nullable,
        });
        Ok(())
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

/// The error for a column without a field.
pub(crate) fn missing(model: &Model, column: &str) -> String {
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

/// Whether a type is one of the table, and so cannot be another name for an `Option`.
fn is_known(ty: &Type) -> bool {
    let Some(segment) = last_segment(ty) else {
        return false;
    };
    let name = segment.ident.to_string();
    name == "Vec"
        || RUST_TYPES
            .iter()
            .any(|row| row.name.split('<').next() == Some(&name))
}

/// The type with the place of the field's type, so that rustc's error is there. Items of an array may be NULL.
fn spanned(held: &Type, field: &Field, is_array: bool) -> TokenStream {
    let span = field.type_span();
    let item = is_array
        .then(|| Field::item(held).and_then(is_option))
        .flatten();
    let tokens = match item {
        Some(item) => quote_spanned!(span=> ::std::vec::Vec<#item>),
        None => held.to_token_stream(),
    };
    let respan = |mut token: proc_macro2::TokenTree| {
        token.set_span(token.span().located_at(span));
        token
    };
    // The parts of the type keep where their names are looked up.
    tokens.into_iter().map(respan).collect()
}

/// Compares what a field says of its column's type.
fn same_type(
    dialect: Dialect,
    said: &str,
    found: &str,
    kind: &ColumnKind,
    place: &str,
) -> Result<(), String> {
    let plain = |text: &str| {
        text.to_lowercase()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let said_kind = ColumnKind::of(dialect, said);
    if plain(said) == plain(found) || said_kind != ColumnKind::Unknown && said_kind == *kind {
        return Ok(());
    }
    Err(format!(
        "the column `{place}` is of type `{found}`, and the field says `{said}`"
    ))
}

fn json_fits(
    dialect: Dialect,
    kind: &ColumnKind,
    place: &str,
    sql_type: &str,
) -> Result<(), String> {
    let mut rows = RUST_TYPES.iter();
    let json = rows.find(|row| row.name == "Json<T>");
    let fits = json.is_some_and(|row| match kind {
        ColumnKind::Known(kind) => row.fits[dialect.index()].contains(kind),
        ColumnKind::Any => true,
        _ => false,
    });
    if fits {
        Ok(())
    } else {
        Err(format!(
            "the column `{place}` is of type `{sql_type}`, which cannot hold JSON"
        ))
    }
}

/// Errors by place, each once for all the databases that it is about.
struct Report {
    databases: usize,
    errors: Vec<(Span, String, Vec<Dialect>)>,
}

impl Report {
    fn new(lock: &Lock) -> Self {
        Self {
            databases: lock.databases.len(),
            errors: Vec::new(),
        }
    }

    /// Adds an error about one database, or about the chain.
    fn add(&mut self, span: Span, message: String, dialect: Option<Dialect>) {
        match self
            .errors
            .iter_mut()
            .find(|(_, known, _)| *known == message)
        {
            Some((.., dialects)) => dialects.extend(dialect),
            None => self
                .errors
                .push((span, message, dialect.into_iter().collect())),
        }
    }

    fn finish(self) -> Vec<Error> {
        let databases = self.databases;
        let error = |(span, message, dialects): (Span, String, Vec<Dialect>)| {
            if dialects.is_empty() || dialects.len() == databases {
                return Error::new(span, message);
            }
            let names: Vec<&str> = dialects.iter().map(|dialect| dialect.name()).collect();
            Error::new(span, format!("on {}, {message}", names.join(" and ")))
        };
        self.errors.into_iter().map(error).collect()
    }
}

#[cfg(test)]
mod tests {
    use migrate_chain::lock::{Enum, Of};
    use syn::DeriveInput;

    use super::*;

    fn column(name: &str, sql_type: &str, facts: &str) -> Column {
        Column {
            name: name.to_owned(),
            sql_type: sql_type.to_owned(),
            is_not_null: facts.contains("not null"),
            is_identity: facts.contains("identity"),
            default: facts.contains("default").then(|| "0".to_owned()),
            ..Column::default()
        }
    }

    /// users (id, email, nickname?, mood, joined), and a view of some of it, on two databases.
    fn lock() -> Lock {
        let locked = |dialect: Dialect, int: &str, mood: &str| {
            let table = Table {
                name: "users".to_owned(),
                columns: vec![
                    column("id", int, "not null identity"),
                    column("email", "text", "not null"),
                    column("nickname", "text", ""),
                    column("mood", mood, "not null default"),
                ],
                ..Table::default()
            };
            let view = Table {
                name: "names".to_owned(),
                is_view: true,
                columns: vec![column("email", "text", "")],
                ..Table::default()
            };
            Locked {
                of: Of {
                    dialect,
                    digest: migrate_chain::Digest::default(),
                    server: String::new(),
                },
                built: Built {
                    tables: vec![view, table],
                    enums: vec![Enum {
                        name: "mood".to_owned(),
                        labels: vec!["ok".to_owned()],
                    }],
                    ..Built::default()
                },
            }
        };
        Lock {
            databases: vec![
                locked(Dialect::Sqlite, "INTEGER", "TEXT"),
                locked(Dialect::Postgres, "bigint", "mood"),
            ],
            ..Lock::default()
        }
    }

    fn model(text: &str) -> Model {
        let input: DeriveInput = syn::parse_str(text).expect("a struct");
        Model::parse(&input).unwrap_or_else(|errors| panic!("{errors:?}"))
    }

    fn errors(text: &str) -> Vec<String> {
        let finding = check(&model(text), &lock());
        finding.errors.iter().map(Error::to_string).collect()
    }

    #[test]
    fn a_struct_that_is_in_step_leaves_its_types_to_rustc() {
        let finding = check(
            &model(
                "#[table(name = \"users\")] struct User { id: i64, email: String, nickname: Option<Nick> }",
            ),
            &lock(),
        );
        assert!(finding.errors.is_empty(), "{:?}", finding.errors);
        let held: Vec<String> = finding
            .held
            .iter()
            .map(|held| canonical(&held.ty))
            .collect();
        assert_eq!(held, ["i64", "String", "Nick", "i64", "String", "Nick"]);
        assert_eq!(
            finding.held[3].holding,
            Holding::Kind(ColumnKind::Known("bigint"))
        );
    }

    #[test]
    fn all_that_names_tell_is_said_at_once() {
        let found = errors(
            "#[table(name = \"users\")] struct User { id: Option<i64>, nick: String, nickname: String }",
        );
        assert_eq!(
            found,
            [
                "the column `users.id` is NOT NULL: write `i64` without `Option`",
                "`users` has no column `nick`; did you mean `nickname`?",
                "the column `users.nickname` can be NULL: write `Option<String>`",
                "`User` has no field for the column `users.email`, which is NOT NULL and has no default: add one, or write \
                 `#[table(partial)]`",
            ]
        );
        let found = errors("#[table(name = \"user\")] struct User { id: i64 }");
        assert_eq!(
            found,
            ["the chain has no table or view `user`; did you mean `users`?"]
        );
    }

    #[test]
    fn an_alias_of_an_option_is_left_to_rustc() {
        let finding = check(
            &model("#[table(name = \"users\", partial)] struct User { nickname: Maybe<String> }"),
            &lock(),
        );
        assert!(finding.errors.is_empty(), "{:?}", finding.errors);
        assert!(finding.held.iter().all(|held| held.nullable));
    }

    #[test]
    fn sqlx_attributes_are_honoured() {
        let text =
            "#[table(name = \"users\", partial)] #[sqlx(rename_all = \"lowercase\")] struct User {
            ID: i64, #[sqlx(rename = \"email\")] mail: String, #[sqlx(skip)] cached: u8,
            #[sqlx(try_from = \"String\")] #[table(column = \"email\")] domain: Domain,
            #[sqlx(json(nullable))] nickname: Tags,
        }";
        let found =
            "on postgres, the column `users.nickname` is of type `text`, which cannot hold JSON";
        assert_eq!(errors(text), [found]);
    }

    #[test]
    fn the_columns_of_a_view_can_be_null_unless_the_struct_says_otherwise() {
        let found = errors("#[table(name = \"names\")] struct Name { email: String }");
        assert!(found[0].contains("`#[table(not_null)]`"), "{found:?}");
        assert!(
            errors("#[table(name = \"names\")] struct Name { email: Option<String> }").is_empty()
        );
        assert!(
            errors("#[table(name = \"names\", not_null)] struct Name { email: String }").is_empty()
        );
    }

    #[test]
    fn an_error_about_one_database_names_it() {
        let found = errors(
            "#[table(name = \"users\", partial)] struct User { #[table(type(postgres = \"citext\"))] email: Email }",
        );
        assert_eq!(
            found,
            [
                "on postgres, the column `users.email` is of type `text`, and the field says `citext`"
            ]
        );
    }

    #[test]
    fn where_models_are_the_source_what_changed_is_said_at_its_field() {
        let old =
            model("#[table(name = \"users\")] struct User { id: i64, email: String, age: i32 }");
        let mut lock = lock();
        lock.models = Some(vec![declared(&old, true)]);
        let new = model(
            "#[table(name = \"users\", strict)] struct User { id: i64, #[table(unique)] email: String, nickname: Option<String> }",
        );
        let found = check(&new, &lock).errors;
        let found: Vec<String> = found.iter().map(Error::to_string).collect();
        assert_eq!(
            found,
            [
                format!("`User::email` has changed, and the chain has not: {GENERATE}"),
                format!("`User::nickname` is not in the chain yet: {GENERATE}"),
                format!("`User::age` is gone, and the chain still has it: {GENERATE}"),
                format!("the attributes of `User` have changed, and the chain has not: {GENERATE}"),
            ]
        );
        let absent = model("#[table(name = \"teams\")] struct Team { id: i64 }");
        let found = check(&absent, &lock).errors;
        assert_eq!(
            found[0].to_string(),
            format!("the table `teams` is not in the chain yet: {GENERATE}")
        );
    }
}
