//! Tokens as text that does not depend on their layout, nor on whether rustc or `syn` has read them.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;

/// The text of some tokens, with a blank only where two words would become one.
///
/// ```
/// use migrate_models::canonical;
///
/// let tokens = "Option < Vec< u8 > >".parse::<proc_macro2::TokenStream>().expect("tokens");
/// assert_eq!(canonical(&tokens), "Option<Vec<u8>>");
/// ```
pub fn canonical(tokens: &impl ToTokens) -> String {
    let mut out = String::new();
    write(&mut out, tokens.to_token_stream());
    out
}

fn write(out: &mut String, tokens: TokenStream) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    // One around what a macro has put there.
                    Delimiter::None => ("", ""),
                };
                out.push_str(open);
                write(out, group.stream());
                out.push_str(close);
            }
            TokenTree::Punct(punct) => out.push(punct.as_char()),
            TokenTree::Ident(ident) => word(out, &ident.to_string()),
            TokenTree::Literal(literal) => word(out, &literal.to_string()),
        }
    }
}

fn word(out: &mut String, word: &str) {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    if out.ends_with(is_part) && word.starts_with(is_part) {
        out.push(' ');
    }
    out.push_str(word);
}
