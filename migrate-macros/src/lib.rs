#![doc = include_str!("../README.md")]

mod emit;
mod expand;
#[cfg(feature = "models")]
mod table;
mod test;

/// The macro that `embed_migrations!` of the crate `embed-migrations` calls, with the path of that crate before its
/// argument.
#[doc(hidden)]
#[proc_macro]
pub fn embed_migrations(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand::expand(input.into(), &expand::Surroundings::of_rustc()).into()
}

/// The attribute of tests that embed-migrations re-exports with its feature `test`.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn test(
    arguments: proc_macro::TokenStream,
    function: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    test::expand(arguments.into(), &function.into()).into()
}

/// Data that one rustc process keeps from one struct to the next.
#[cfg(feature = "models")]
static KEPT: std::sync::LazyLock<table::LockCache> =
    std::sync::LazyLock::new(table::LockCache::default);

/// Compares a struct with the table or view that it is read from, as `schema.lock` has it.
///
/// See the guide to models for its attributes.
#[cfg(feature = "models")]
#[proc_macro_derive(Table, attributes(table, sqlx))]
pub fn table(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    table::table(input.into(), &expand::Surroundings::of_rustc(), &KEPT).into()
}

/// Lets a field of a model have this enum as its type: one that also derives `sqlx::Type`.
#[cfg(feature = "models")]
#[proc_macro_derive(TableEnum, attributes(table, sqlx))]
pub fn table_enum(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    table::enumeration(input.into(), &expand::Surroundings::of_rustc(), &KEPT).into()
}

/// Lets a field of a model have this newtype as its type: a struct around one value, which fits what that value fits.
#[cfg(feature = "models")]
#[proc_macro_derive(TableType, attributes(table, sqlx))]
pub fn table_type(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    table::newtype(input.into()).into()
}
