//! A struct that derives `Table`, as data.

pub(crate) mod attributes;
mod field;
mod list;
mod options;
mod per_database;
mod shape;

pub use field::{Field, FieldOptions, Role};
pub use options::{Index, TableOptions};
pub use per_database::PerDatabase;
pub use shape::is_option;
pub(crate) use shape::last_segment;

use proc_macro2::{Ident, Span};
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Error, Fields};

use self::attributes::{Container, doc};
use self::options::TableAttributes;

/// A struct that derives `Table`.
#[derive(Clone)]
pub struct Model {
    /// Its name.
    pub ident: Ident,
    /// The name of its table or view, with its schema before it if one is named.
    pub table: String,
    /// The place of that name.
    pub table_span: Span,
    /// Its fields.
    pub fields: Vec<Field>,
    /// The table's options, from its attributes.
    pub options: TableOptions,
    /// Its doc comment.
    pub comment: String,
    /// Its attributes, in a form that layout does not change.
    pub attributes: Vec<String>,
}

impl Model {
    /// Reads a struct.
    ///
    /// # Errors
    /// Everything that is wrong with its attributes, or that it is not a struct with named fields.
    pub fn parse(input: &DeriveInput) -> Result<Self, Vec<Error>> {
        let mut faults = Vec::new();
        let Data::Struct(data) = &input.data else {
            let message = "a table is a struct with named fields; for an enum there is `#[derive(TableEnum)]`";
            return Err(vec![Error::new(input.ident.span(), message)]);
        };
        let Fields::Named(named) = &data.fields else {
            let message = "a table is a struct with named fields; for a newtype there is `#[derive(TableType)]`";
            return Err(vec![Error::new(input.ident.span(), message)]);
        };
        if !input.generics.params.is_empty() {
            let message = "a table has no generics: write a struct for each table";
            faults.push(Error::new(input.generics.span(), message));
        }
        let container = Container::parse(&input.attrs, &mut faults);
        let table = TableAttributes::parse(&input.attrs, &mut faults);
        let fields = named.named.iter();
        let fields = fields.filter_map(|field| Field::parse(field, &container, &mut faults));
        let fields: Vec<Field> = fields.collect();
        let Some((name, span)) = table.name else {
            let message = "which table? Write `#[table(name = \"…\")]`";
            faults.push(Error::new(input.ident.span(), message));
            return Err(faults);
        };
        if !faults.is_empty() {
            return Err(faults);
        }
        let options = table.options;
        Ok(Self {
            ident: input.ident.clone(),
            table: match &options.schema {
                Some(schema) => format!("{schema}.{name}"),
                None => name,
            },
            table_span: span,
            fields,
            options,
            comment: doc(&input.attrs),
            attributes: attributes::texts(&input.attrs),
        })
    }

    /// Whether it is the source of its table: any number of other structs can read from it.
    pub fn defines_table(&self) -> bool {
        !self.options.partial && !self.options.view
    }

    /// The fields that are columns.
    pub fn columns(&self) -> impl Iterator<Item = &Field> {
        self.fields
            .iter()
            .filter(|field| field.role == Role::Column)
    }
}
