//! The attribute `#[table(…)]` of a struct.

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Error, LitStr, Path, Result};

use super::attributes::of;
use super::list::{name, per_database, text, unknown};
use super::per_database::PerDatabase;

/// The options of a table.
#[derive(Clone, Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a word of the attribute"
)]
pub struct TableOptions {
    /// The schema of the table.
    pub schema: Option<String>,
    /// Whether the struct need not have a field for each column.
    pub partial: bool,
    /// Whether it is a view, which other SQL creates.
    pub view: bool,
    /// Whether every column of a view is known to hold a value.
    pub not_null: bool,
    /// The migration directory, relative to the Cargo.toml, and the place of that path.
    pub directory: Option<(String, Span)>,
    /// The path of the crate `embed-migrations`.
    pub krate: Option<Path>,
    /// The columns of the primary key.
    pub primary_key: Vec<String>,
    /// The columns of each unique constraint.
    pub unique: Vec<Vec<String>>,
    /// The indexes.
    pub indexes: Vec<Index>,
    /// The conditions of checks.
    pub checks: Vec<PerDatabase>,
    /// Whether the table is `STRICT`; SQLite only.
    pub strict: bool,
    /// Whether it is `WITHOUT ROWID`; SQLite only.
    pub without_rowid: bool,
    /// The storage engine; MySQL only.
    pub engine: Option<String>,
    /// The name that the table had before.
    pub renamed_from: Option<String>,
}

/// An index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// Its name; one is made of the table and the columns where it has none.
    pub name: Option<String>,
    /// Its columns.
    pub columns: Vec<String>,
    /// Its condition.
    pub condition: Option<PerDatabase>,
    /// Its method, such as `gin`.
    pub using: Option<String>,
    /// Whether it is unique.
    pub unique: bool,
}

/// The options, and the name of the table.
#[derive(Default)]
pub(super) struct TableAttributes {
    pub name: Option<(String, Span)>,
    pub options: TableOptions,
}

const KEYS: [&str; 15] = [
    "name",
    "schema",
    "partial",
    "view",
    "not_null",
    "directory",
    "crate",
    "primary_key",
    "unique",
    "index",
    "check",
    "strict",
    "without_rowid",
    "engine",
    "renamed_from",
];

impl TableAttributes {
    pub fn parse(attributes: &[Attribute], faults: &mut Vec<Error>) -> Self {
        let mut table = Self::default();
        for attribute in of(attributes, "table") {
            let read = attribute.parse_nested_meta(|meta| table.key(&meta));
            faults.extend(read.err());
        }
        table
    }

    fn key(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let options = &mut self.options;
        match &*name(meta)? {
            "name" => self.name = Some(spanned(meta)?),
            "schema" => options.schema = Some(text(meta)?),
            "partial" => options.partial = true,
            "view" => options.view = true,
            "not_null" => options.not_null = true,
            "directory" => options.directory = Some(spanned(meta)?),
            "crate" => options.krate = Some(meta.value()?.parse()?),
            "primary_key" => options.primary_key = columns(meta)?.columns,
            "unique" => options.unique.push(columns(meta)?.columns),
            "index" => options.indexes.push(columns(meta)?),
            "check" => options.checks.push(per_database(meta)?),
            "strict" => options.strict = true,
            "without_rowid" => options.without_rowid = true,
            "engine" => options.engine = Some(text(meta)?),
            "renamed_from" => options.renamed_from = Some(text(meta)?),
            other => return Err(unknown(meta, other, &KEYS)),
        }
        Ok(())
    }
}

fn spanned(meta: &ParseNestedMeta<'_>) -> Result<(String, Span)> {
    let literal: LitStr = meta.value()?.parse()?;
    if literal.value().is_empty() {
        return Err(Error::new(
            literal.span(),
            "a name has at least one character",
        ));
    }
    Ok((literal.value(), literal.span()))
}

/// `(a, b, where = "…", using = "gin", name = "…", unique)`.
fn columns(meta: &ParseNestedMeta<'_>) -> Result<Index> {
    let mut index = Index::default();
    let place = meta.path.clone();
    meta.parse_nested_meta(|meta| {
        let key = name(&meta)?;
        if meta.input.peek(syn::Token![=]) || meta.input.peek(syn::token::Paren) {
            match &*key {
                "where" => index.condition = Some(per_database(&meta)?),
                "using" => index.using = Some(text(&meta)?),
                "name" => index.name = Some(text(&meta)?),
                other => return Err(unknown(&meta, other, &["where", "using", "name"])),
            }
        } else if key == "unique" {
            index.unique = true;
        } else {
            index.columns.push(key.trim_start_matches("r#").to_owned());
        }
        Ok(())
    })?;
    if index.columns.is_empty() {
        return Err(Error::new_spanned(
            place,
            "name the columns, such as `(a, b)`",
        ));
    }
    Ok(index)
}
