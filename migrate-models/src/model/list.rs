//! Lists inside an attribute: `unique(a, b)`, and values that differ from database to database.

use migrate_chain::Dialect;
use syn::meta::ParseNestedMeta;
use syn::{Error, LitStr, Result};

use super::per_database::PerDatabase;

/// A text, or one for each database: `type = "text"`, `type(postgres = "citext", sqlite = "TEXT")`.
pub fn per_database(meta: &ParseNestedMeta<'_>) -> Result<PerDatabase> {
    let mut value = PerDatabase::default();
    if meta.input.peek(syn::token::Paren) {
        meta.parse_nested_meta(|meta| {
            let name = name(&meta)?;
            let dialect: Dialect = name
                .parse()
                .map_err(|_| meta.error("the databases are `sqlite`, `postgres` and `mysql`"))?;
            value.0[dialect.index()] = Some(text(&meta)?);
            Ok(())
        })?;
    } else {
        let text = text(meta)?;
        value.0 = [Some(text.clone()), Some(text.clone()), Some(text)];
    }
    Ok(value)
}

/// The text of `key = "text"`.
pub fn text(meta: &ParseNestedMeta<'_>) -> Result<String> {
    let literal: LitStr = meta.value()?.parse()?;
    if literal.value().trim().is_empty() {
        return Err(Error::new(literal.span(), "an empty text says nothing"));
    }
    Ok(literal.value())
}

/// The name of a key, keywords included.
pub fn name(meta: &ParseNestedMeta<'_>) -> Result<String> {
    match meta.path.get_ident() {
        Some(ident) => Ok(ident.to_string()),
        None => Err(meta.error("a key is one word")),
    }
}

/// The error for a key that is not known, with the nearest that is.
pub fn unknown(meta: &ParseNestedMeta<'_>, name: &str, known: &[&str]) -> Error {
    let nearest = migrate_chain::nearest_name(name, known);
    meta.error(match nearest {
        Some(nearest) => format!("`{name}` is not a key; did you mean `{nearest}`?"),
        None => format!("`{name}` is not a key; the keys are {}", known.join(", ")),
    })
}
