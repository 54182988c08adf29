//! Enums and newtypes: types of an app that columns are read into.

use proc_macro2::Ident;
use syn::{Attribute, Data, DeriveInput, Error, Fields, Type};

use crate::model::attributes::{Case, Child, Container, of};

/// An enum that derives `sqlx::Type`.
#[derive(Clone)]
pub struct Enumeration {
    /// Its name.
    pub ident: Ident,
    /// Its variants.
    pub variants: Vec<Ident>,
    /// The type of its column.
    pub held_by: HeldBy,
}

/// The representation of an enum in a column.
#[derive(Clone)]
#[allow(
    clippy::large_enum_variant,
    reason = "there are few, and none is kept for long"
)]
pub enum HeldBy {
    /// One of some labels.
    Labels {
        /// The name of the type in PostgreSQL.
        name: String,
        /// The labels, in order.
        labels: Vec<String>,
    },
    /// A number of this type.
    Number(Type),
}

impl Enumeration {
    /// Reads an enum.
    ///
    /// # Errors
    /// It is not one that sqlx reads.
    pub fn parse(input: &DeriveInput) -> Result<Self, Vec<Error>> {
        let Data::Enum(data) = &input.data else {
            let message = "this is for an enum; a newtype has `#[derive(TableType)]`";
            return Err(vec![Error::new(input.ident.span(), message)]);
        };
        let mut faults = Vec::new();
        let container = Container::parse(&input.attrs, &mut faults);
        let mut labels = Vec::new();
        for variant in &data.variants {
            if !matches!(variant.fields, Fields::Unit) {
                let message = "a variant with fields is in no column";
                faults.push(Error::new_spanned(variant, message));
            }
            let child = Child::parse(&variant.attrs, &mut faults);
            let own = variant.ident.to_string();
            let renamed = container.rename_all.map(|case: Case| case.apply(&own));
            labels.push(child.rename.or(renamed).unwrap_or(own));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let lower = input.ident.to_string().to_lowercase();
        let held_by = match repr(&input.attrs) {
            Some(number) => HeldBy::Number(number),
            None => HeldBy::Labels {
                name: container.type_name.unwrap_or(lower),
                labels,
            },
        };
        Ok(Self {
            ident: input.ident.clone(),
            variants: data
                .variants
                .iter()
                .map(|variant| variant.ident.clone())
                .collect(),
            held_by,
        })
    }

    /// Each variant with its label.
    pub fn labelled<'l>(&self, labels: &'l [String]) -> impl Iterator<Item = (&Ident, &'l String)> {
        self.variants.iter().zip(labels)
    }
}

/// The type in `#[repr(i32)]`.
fn repr(attributes: &[Attribute]) -> Option<Type> {
    of(attributes, "repr").find_map(|attribute| attribute.parse_args::<Type>().ok())
}

/// A struct with one field that has no name.
#[derive(Clone)]
pub struct Newtype {
    /// Its name.
    pub ident: Ident,
    /// The type inside.
    pub inner: Type,
}

impl Newtype {
    /// Reads a newtype.
    ///
    /// # Errors
    /// It is something else.
    pub fn parse(input: &DeriveInput) -> Result<Self, Error> {
        let message =
            "this is for a struct with one field that has no name, such as `struct Email(String);`";
        let fault = || Error::new(input.ident.span(), message);
        let Data::Struct(data) = &input.data else {
            return Err(fault());
        };
        let (Fields::Unnamed(fields), true) = (&data.fields, input.generics.params.is_empty())
        else {
            return Err(fault());
        };
        let mut inner = fields.unnamed.iter();
        match (inner.next(), inner.next()) {
            (Some(field), None) => Ok(Self {
                ident: input.ident.clone(),
                inner: field.ty.clone(),
            }),
            _ => Err(fault()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Result<(String, Vec<String>), String> {
        let input = syn::parse_str(text).expect("an enum");
        match Enumeration::parse(&input) {
            Ok(Enumeration {
                held_by: HeldBy::Labels { name, labels },
                ..
            }) => Ok((name, labels)),
            Ok(Enumeration {
                held_by: HeldBy::Number(number),
                ..
            }) => Ok((crate::canonical(&number), Vec::new())),
            Err(faults) => Err(faults[0].to_string()),
        }
    }

    #[test]
    fn labels_are_written_as_sqlx_writes_them() {
        let text = "#[sqlx(type_name = \"mood\", rename_all = \"snake_case\")] enum Mood { SoSo, #[sqlx(rename = \"fine\")] Ok }";
        let expected = (
            "mood".to_owned(),
            vec!["so_so".to_owned(), "fine".to_owned()],
        );
        assert_eq!(labels(text), Ok(expected));
        assert_eq!(
            labels("#[repr(i16)] enum Level { Low = 1 }"),
            Ok(("i16".to_owned(), Vec::new()))
        );
    }

    #[test]
    fn an_enum_with_fields_is_refused() {
        assert!(labels("enum Mood { Other(String) }").is_err());
    }
}
