//! The comparison of a struct with the lock, as tokens.

use migrate_chain::lock::Lock;
use migrate_models::{Finding, Held, Model, Role, canonical, check};
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::Error;
use syn::spanned::Spanned as _;

/// The errors, and one closure in which rustc compares the types.
pub fn type_checks(krate: &TokenStream, model: &Model, lock: &Lock) -> TokenStream {
    let Finding {
        errors,
        held,
        required,
    } = check(model, lock);
    let errors = errors.into_iter().map(Error::into_compile_error);
    let (labelled, held): (Vec<Held>, Vec<Held>) =
        held.into_iter().partition(|held| !held.labels.is_empty());
    let labels = labelled.iter().map(|held| labels(krate, held));
    let fits = held.iter().map(|held| fits(krate, held));
    let required = required
        .iter()
        .map(|column| flattened(krate, model, column));
    quote! {
        #(#errors)*
        const _: fn() = || {
            fn fits<T: #krate::models::Fits<C>, C>() {}
            #(#fits)*
        };
        #(#labels)*
        #(#required)*
    }
}

fn fits(krate: &TokenStream, held: &Held) -> TokenStream {
    let (ty, column) = (&held.ty, column(krate, held));
    quote_spanned!(ty.span()=> fits::<#ty, #column>();)
}

fn column(krate: &TokenStream, held: &Held) -> TokenStream {
    let column = kind::of(krate, held);
    if held.nullable {
        quote!(#krate::models::Nullable<#column>)
    } else {
        column
    }
}

/// A type that fits a column with listed texts, and has their labels if it is an enum: no more and no less.
fn labels(krate: &TokenStream, held: &Held) -> TokenStream {
    let (ty, column) = (&held.ty, column(krate, held));
    let (name, place, labels) = (canonical(ty), &held.place, &held.labels);
    let list = labels.join("`, `");
    let extra =
        format!("a variant of `{name}` is not one of the texts of `{place}`, which are `{list}`");
    let missing = labels.iter().map(|label| {
        let message =
            format!("`{name}` has no variant for `{label}`, which `{place}` can hold: add one");
        quote!(::core::assert!(#krate::models::has_label(LABELS, #label), #message);)
    });
    quote_spanned! {ty.span()=>
        const _: () = {
            const LABELS: ::core::option::Option<&[&str]> = <#ty as #krate::models::Fits<#column>>::LABELS;
            ::core::assert!(#krate::models::are_among(LABELS, &[#(#labels),*]), #extra);
            #(#missing)*
        };
    }
}

/// A column that a struct inside may have.
fn flattened(krate: &TokenStream, model: &Model, column: &str) -> TokenStream {
    let inner = model
        .fields
        .iter()
        .filter(|field| field.role == Role::Flatten);
    let inner = inner.map(|field| &field.ty);
    let message = format!(
        "`{}` has no field for the column `{}.{column}`, which is NOT NULL and has no default",
        model.ident, model.table
    );
    quote_spanned! {model.ident.span()=>
        const _: () = ::core::assert!(
            #krate::models::has(&[#(<#inner as #krate::Table>::COLUMNS),*], #column), #message
        );
    }
}

/// The types that say what a column is.
pub mod kind {
    use migrate_chain::Dialect;
    use migrate_chain::types::ColumnKind;
    use migrate_models::Holding;

    use super::{Held, TokenStream, format_ident, quote};

    pub fn of(krate: &TokenStream, held: &Held) -> TokenStream {
        match &held.holding {
            Holding::Enum(name) => enumeration(krate, name),
            Holding::Kind(kind) => marker(krate, held.dialect, kind),
        }
    }

    /// An enum of PostgreSQL: a number made of its name, since a type cannot have a text in it.
    pub fn enumeration(krate: &TokenStream, name: &str) -> TokenStream {
        let name = name.rsplit('.').next().unwrap_or(name);
        // FNV-1a.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        quote!(#krate::models::postgres::Enum<#hash>)
    }

    fn marker(krate: &TokenStream, dialect: Dialect, kind: &ColumnKind) -> TokenStream {
        let database = format_ident!("{}", dialect.name());
        match kind {
            ColumnKind::Known(name) => {
                let name = format_ident!("{name}");
                quote!(#krate::models::#database::#name)
            }
            ColumnKind::Array(item) => {
                let item = marker(krate, dialect, item);
                quote!(#krate::models::postgres::Array<#item>)
            }
            ColumnKind::Any | ColumnKind::Unknown => quote!(#krate::models::ANY),
        }
    }
}
