#![doc = include_str!("../README.md")]

mod emit;
mod expand;

/// The macro that `embed_migrations!` of the crate `embed-migrations` calls, with the path of that crate before its
/// argument.
#[doc(hidden)]
#[proc_macro]
pub fn embed_migrations(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand::expand(input.into(), &expand::Surroundings::of_rustc()).into()
}
