#![doc = include_str!("../README.md")]

mod emit;
mod expand;
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
