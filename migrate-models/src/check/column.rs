//! A field against its column.

use migrate_chain::Dialect;
use migrate_chain::lock::{Column, Table};
use migrate_chain::types::{ColumnKind, RUST_TYPES};
use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote_spanned};
use syn::Type;

use super::finding::{Finding, Held, Holding};
use super::labels;
use super::one::One;
use crate::canonical::canonical;
use crate::model::{Field, is_option, last_segment};

/// A field and its column.
pub struct Pair<'c> {
    pub one: &'c One<'c>,
    pub table: &'c Table,
    pub column: &'c Column,
    pub field: &'c Field,
}

impl Pair<'_> {
    /// Compares what names tell, and notes the type for rustc to compare.
    ///
    /// # Errors
    /// The message about the type of the field.
    pub fn check(&self, finding: &mut Finding) -> Result<(), String> {
        let (is_nullable, held) = self.field.held();
        match (is_nullable, self.column.is_not_null) {
            (true, true) => Err(format!(
                "the column `{}` is NOT NULL: write `{}` without `Option`",
                self.place(),
                canonical(held)
            )),
            (false, false) if !self.is_known_not_null() => {
                // Another name may be that of an `Option`.
                if is_known(held) || self.field.options.held.is_some() || self.field.is_json() {
                    return Err(self.can_be_null(held));
                }
                self.fits(held, true, finding)
            }
            _ => self.fits(held, false, finding),
        }
    }

    fn place(&self) -> String {
        format!("{}.{}", self.table.name, self.column.name)
    }

    fn is_known_not_null(&self) -> bool {
        let is_said = self.one.model.options.not_null || self.field.options.not_null;
        self.table.is_view && is_said
    }

    fn can_be_null(&self, held: &Type) -> String {
        let otherwise = if self.table.is_view {
            ", or `#[table(not_null)]` if no row of the view has one"
        } else {
            ""
        };
        let (place, written) = (self.place(), canonical(held));
        format!("the column `{place}` can be NULL: write `Option<{written}>`{otherwise}")
    }

    fn fits(&self, held: &Type, nullable: bool, finding: &mut Finding) -> Result<(), String> {
        let (dialect, built) = (self.one.dialect(), self.one.built());
        let sql_type = &self.column.sql_type;
        let base = built.base_type(sql_type);
        let kind = ColumnKind::of(dialect, base);
        let options = &self.field.options;
        let said = options.sql_type.as_ref().and_then(|said| said.get(dialect));
        if let Some(said) = said {
            return same_type(dialect, said, sql_type, &kind, &self.place());
        }
        if self.field.is_json() {
            return json_fits(dialect, &kind, &self.place(), sql_type);
        }
        let holding = match built.enums.iter().find(|found| found.name == base) {
            Some(found) if is_known(held) => {
                return Err(format!(
                    "the column `{}` is of the enum `{}`, which sqlx reads into an enum with `#[derive(sqlx::Type, TableEnum)]` \
                     and `#[sqlx(type_name = \"{}\")]`",
                    self.place(),
                    found.name,
                    found.name
                ));
            }
            Some(found) => Holding::Enum(found.name.clone()),
            None if kind == ColumnKind::Unknown => {
                return Err(format!(
                    "the column `{}` is of type `{sql_type}`, which is not one that sqlx reads into a type known here: \
                     write `#[table(type = \"{sql_type}\")]` to take it as it is",
                    self.place()
                ));
            }
            None => Holding::Kind(kind),
        };
        let is_array = matches!(holding, Holding::Kind(ColumnKind::Array(_)));
        finding.held.push(Held {
            ty: spanned(held, self.field, is_array),
            dialect,
            holding,
            nullable,
            place: self.place(),
            labels: labels::of_column(dialect, self.table, self.column),
        });
        Ok(())
    }
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
