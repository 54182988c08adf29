//! `#[derive(Table)]`, `#[derive(TableEnum)]` and `#[derive(TableType)]`.

mod checks;
mod kept;
mod place;

use migrate_models::{Enumeration, HeldBy, Model, Newtype, Role};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Error, Path};

use crate::expand::Surroundings;
use checks::{kind, type_checks};
pub(crate) use kept::Kept;
use kept::Problem;

/// Expands `#[derive(Table)]`: the names of the table and its columns, and what is wrong with them.
pub(crate) fn table(input: TokenStream, surroundings: &Surroundings, kept: &Kept) -> TokenStream {
    let model = match parsed(input).and_then(|input| Model::parse(&input)) {
        Ok(model) => model,
        Err(errors) => return compile_errors(errors),
    };
    let krate = krate(model.options.krate.as_ref());
    let names = names(&krate, &model);
    if kept.is_unlocked() {
        return quote!(#names const _: ::core::option::Option<&str> = ::core::option_env!("EMBED_MIGRATIONS_UNLOCKED"););
    }
    let checked = match kept.lock(surroundings, model.options.directory.as_ref()) {
        Ok(found) => {
            let checks = type_checks(&krate, &model, &found.lock);
            let watched = kept.watch(&found);
            quote!(#watched #checks)
        }
        Err(problem) => problem_error(&problem, &model),
    };
    quote!(#names #checked)
}

/// The error for a lock that is not there or not sound: once in a crate, since it is about all structs.
fn problem_error(problem: &Problem, model: &Model) -> TokenStream {
    if !problem.is_first {
        return TokenStream::new();
    }
    let span = model.options.directory.as_ref().map_or(model.table_span, |(_, span)| *span);
    Error::new(span, &problem.message).into_compile_error()
}

/// Expands `#[derive(TableEnum)]`: which columns can be read into an enum.
pub(crate) fn enumeration(input: TokenStream) -> TokenStream {
    let krate_of = |input: &DeriveInput| krate(crate_path(input).as_ref());
    let (krate, found) = match parsed(input).and_then(|input| Ok((krate_of(&input), Enumeration::parse(&input)?))) {
        Ok(found) => found,
        Err(errors) => return compile_errors(errors),
    };
    let ident = &found.ident;
    match &found.held_by {
        HeldBy::Number(number) => quote! {
            impl<C> #krate::models::Fits<C> for #ident where #number: #krate::models::Fits<C> {}
        },
        HeldBy::Labels { name, .. } => {
            let holds = kind::enumeration(&krate, name);
            quote! {
                impl #krate::models::Fits<#krate::models::sqlite::TEXT> for #ident {}
                impl #krate::models::Fits<#krate::models::ANY> for #ident {}
                impl #krate::models::Fits<#krate::models::mysql::ENUM> for #ident {}
                impl #krate::models::Fits<#krate::models::mysql::CHAR> for #ident {}
                impl #krate::models::Fits<#krate::models::mysql::VARCHAR> for #ident {}
                impl #krate::models::Fits<#krate::models::mysql::TEXT> for #ident {}
                impl #krate::models::Fits<#holds> for #ident {}
            }
        }
    }
}

/// Expands `#[derive(TableType)]`: a newtype fits the columns that its field fits.
pub(crate) fn newtype(input: TokenStream) -> TokenStream {
    let krate_of = |input: &DeriveInput| krate(crate_path(input).as_ref());
    let read = |input: DeriveInput| -> Result<_, Vec<Error>> {
        let krate = krate_of(&input);
        Ok((krate, Newtype::parse(&input).map_err(|error| vec![error])?))
    };
    match parsed(input).and_then(read) {
        Ok((krate, Newtype { ident, inner })) => quote! {
            impl<C> #krate::models::Fits<C> for #ident where #inner: #krate::models::Fits<C> {}
        },
        Err(errors) => compile_errors(errors),
    }
}

fn parsed(input: TokenStream) -> Result<DeriveInput, Vec<Error>> {
    syn::parse2(input).map_err(|error| vec![error])
}

fn compile_errors(errors: Vec<Error>) -> TokenStream {
    errors.into_iter().map(Error::into_compile_error).collect()
}

/// The path of the crate that the derive comes from, or the one that the struct names.
fn krate(named: Option<&Path>) -> TokenStream {
    named.map_or_else(|| quote!(::embed_migrations), |path| quote!(#path))
}

/// `#[table(crate = path)]` of an enum or a newtype.
fn crate_path(input: &DeriveInput) -> Option<Path> {
    let mut found = None;
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("table")) {
        // What else is there is for nobody.
        let _ = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("crate") {
                found = Some(meta.value()?.parse()?);
            }
            Ok(())
        });
    }
    found
}

fn names(krate: &TokenStream, model: &Model) -> TokenStream {
    let (ident, table) = (&model.ident, &model.table);
    let columns = model.fields.iter().filter(|field| field.role == Role::Column);
    let columns = columns.map(|field| &field.column);
    quote! {
        impl #krate::Table for #ident {
            const TABLE: &'static str = #table;
            const COLUMNS: &'static [&'static str] = &[#(#columns),*];
        }
    }
}
