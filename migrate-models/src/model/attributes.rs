//! The attributes of sqlx, and what all attributes are read with.

use heck::{
    ToKebabCase as _, ToLowerCamelCase as _, ToPascalCase as _, ToShoutySnakeCase as _,
    ToSnakeCase as _,
};
use proc_macro2::{TokenStream, TokenTree};
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Error, Expr, ExprLit, Lit, LitStr, Meta, Result, Type};

use crate::canonical::canonical;

/// sqlx's attributes on a struct or an enum.
#[derive(Clone, Debug, Default)]
pub struct Container {
    pub rename_all: Option<Case>,
    pub default: bool,
    pub transparent: bool,
    pub type_name: Option<String>,
}

/// sqlx's attributes on a field or a variant.
#[derive(Clone, Default)]
pub struct Child {
    pub rename: Option<String>,
    pub default: bool,
    pub flatten: bool,
    pub skip: bool,
    pub json: Json,
    pub try_from: Option<Type>,
}

/// Whether a field is read through `Json`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Json {
    #[default]
    No,
    Yes,
    Nullable,
}

impl Container {
    pub fn parse(attributes: &[Attribute], faults: &mut Vec<Error>) -> Self {
        let mut container = Self::default();
        for attribute in of(attributes, "sqlx") {
            let read = attribute.parse_nested_meta(|meta| container.key(&meta));
            faults.extend(read.err());
        }
        container
    }

    fn key(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        if meta.path.is_ident("rename_all") {
            let literal: LitStr = meta.value()?.parse()?;
            let case = Case::parse(&literal.value());
            self.rename_all =
                Some(case.ok_or_else(|| Error::new(literal.span(), "sqlx knows no such case"))?);
        } else if meta.path.is_ident("type_name") {
            self.type_name = Some(meta.value()?.parse::<LitStr>()?.value());
        } else if meta.path.is_ident("default") {
            self.default = true;
        } else if meta.path.is_ident("transparent") {
            self.transparent = true;
        } else {
            skip(meta)?;
        }
        Ok(())
    }
}

impl Child {
    pub fn parse(attributes: &[Attribute], faults: &mut Vec<Error>) -> Self {
        let mut child = Self::default();
        for attribute in of(attributes, "sqlx") {
            let read = attribute.parse_nested_meta(|meta| child.key(&meta));
            faults.extend(read.err());
        }
        child
    }

    fn key(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        if meta.path.is_ident("rename") {
            self.rename = Some(meta.value()?.parse::<LitStr>()?.value());
        } else if meta.path.is_ident("try_from") {
            self.try_from = Some(meta.value()?.parse::<LitStr>()?.parse()?);
        } else if meta.path.is_ident("default") {
            self.default = true;
        } else if meta.path.is_ident("flatten") {
            self.flatten = true;
        } else if meta.path.is_ident("skip") {
            self.skip = true;
        } else if meta.path.is_ident("json") {
            self.json = Json::Yes;
            if meta.input.peek(syn::token::Paren) {
                self.json = Json::Nullable;
                meta.parse_nested_meta(|_| Ok(()))?;
            }
        } else {
            skip(meta)?;
        }
        Ok(())
    }
}

/// Passes over the value of a key that is for sqlx alone.
fn skip(meta: &ParseNestedMeta<'_>) -> Result<()> {
    if meta.input.peek(syn::Token![=]) {
        meta.value()?.parse::<Expr>()?;
    } else if meta.input.peek(syn::token::Paren) {
        meta.parse_nested_meta(|meta| skip(&meta))?;
    }
    Ok(())
}

/// The attributes of one name.
pub fn of<'a>(attributes: &'a [Attribute], name: &'a str) -> impl Iterator<Item = &'a Attribute> {
    attributes
        .iter()
        .filter(move |attribute| attribute.path().is_ident(name))
}

/// Attributes that say something of a table, in a form that layout does not change.
pub fn texts(attributes: &[Attribute]) -> Vec<String> {
    let table = of(attributes, "table").filter_map(|attribute| match &attribute.meta {
        Meta::List(list) => lasting(list.tokens.clone()).map(|keys| format!("table({keys})")),
        meta => Some(canonical(meta)),
    });
    let sqlx = of(attributes, "sqlx").map(|attribute| canonical(&attribute.meta));
    table.chain(sqlx).collect()
}

/// The keys but `renamed_from`, which is of use for one revision, and says nothing of the table.
fn lasting(tokens: TokenStream) -> Option<String> {
    let mut keys = vec![TokenStream::new()];
    for token in tokens {
        match (&token, keys.last_mut()) {
            (TokenTree::Punct(punct), _) if punct.as_char() == ',' => keys.push(TokenStream::new()),
            (_, Some(key)) => key.extend([token]),
            (_, None) => {}
        }
    }
    let keys = keys.iter().map(canonical);
    let keys = keys.filter(|key| !key.is_empty() && !key.starts_with("renamed_from="));
    let keys: Vec<String> = keys.collect();
    (!keys.is_empty()).then(|| keys.join(","))
}

/// A doc comment.
pub fn doc(attributes: &[Attribute]) -> String {
    let line = |attribute: &Attribute| match &attribute.meta {
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    };
    let lines = of(attributes, "doc").filter_map(line);
    let lines: Vec<String> = lines.map(|line| line.trim().to_owned()).collect();
    lines.join("\n").trim().to_owned()
}

/// A way to write the words of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    Lower,
    Snake,
    Upper,
    ScreamingSnake,
    Kebab,
    Camel,
    Pascal,
}

impl Case {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "lowercase" => Self::Lower,
            "snake_case" => Self::Snake,
            "UPPERCASE" => Self::Upper,
            "SCREAMING_SNAKE_CASE" => Self::ScreamingSnake,
            "kebab-case" => Self::Kebab,
            "camelCase" => Self::Camel,
            "PascalCase" => Self::Pascal,
            _ => return None,
        })
    }

    /// Writes a name as sqlx does.
    pub fn apply(self, name: &str) -> String {
        match self {
            Self::Lower => name.to_lowercase(),
            Self::Snake => name.to_snake_case(),
            Self::Upper => name.to_uppercase(),
            Self::ScreamingSnake => name.to_shouty_snake_case(),
            Self::Kebab => name.to_kebab_case(),
            Self::Camel => name.to_lower_camel_case(),
            Self::Pascal => name.to_pascal_case(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_attributes_depends_neither_on_layout_nor_on_a_rename() {
        let text = "#[table( index ,renamed_from = \"old\", default = \"a, b\", )] #[sqlx(json)] #[table(renamed_from = \"x\")] struct S;";
        let found: syn::DeriveInput = syn::parse_str(text).expect("a struct");
        assert_eq!(
            texts(&found.attrs),
            ["table(index,default=\"a, b\")", "sqlx(json)"]
        );
    }
}
