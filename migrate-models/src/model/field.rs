//! A field of a model.

use proc_macro2::Ident;
use syn::ext::IdentExt as _;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned as _;
use syn::{Error, Result, Type};

use super::attributes::{self, Child, Container, Json, doc, of};
use super::list::{name, per_database, text, unknown};
use super::per_database::PerDatabase;
use super::shape::{generic, is_option};

/// A field of a model.
#[derive(Clone)]
pub struct Field {
    /// Its name.
    pub ident: Ident,
    /// Its type.
    pub ty: Type,
    /// The name of its column.
    pub column: String,
    /// The part that it has in the table.
    pub role: Role,
    /// The column's options, from its attributes.
    pub options: FieldOptions,
    /// Its doc comment.
    pub comment: String,
    /// Its attributes, in a form that layout does not change.
    pub attributes: Vec<String>,
    pub(crate) json: Json,
    pub(crate) try_from: Option<Type>,
    /// Whether sqlx takes a default when the column is missing.
    pub(crate) may_be_missing: bool,
}

/// The part that a field has in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It is a column.
    Column,
    /// Its own fields are columns.
    Flatten,
    /// It has no part.
    Skip,
}

/// The options of a column.
#[derive(Clone, Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a word of the attribute"
)]
pub struct FieldOptions {
    /// The name of the column, if it is not that of the field.
    pub column: Option<String>,
    /// The type that the field's type holds.
    pub held: Option<Type>,
    /// Whether a column of a view is known to hold a value.
    pub not_null: bool,
    /// Whether it is the primary key.
    pub primary_key: bool,
    /// Whether it is unique.
    pub unique: bool,
    /// Whether it has an index.
    pub index: bool,
    /// Whether the database numbers it; if it does not say, an integer that is the primary key is.
    pub identity: Option<bool>,
    /// The expression of its default.
    pub default: Option<PerDatabase>,
    /// The condition of a check.
    pub check: Option<PerDatabase>,
    /// The expression that it is computed from.
    pub generated: Option<PerDatabase>,
    /// The column that it refers to: `teams(id)`.
    pub references: Option<String>,
    /// The action on the row when the referenced row is deleted.
    pub on_delete: Option<String>,
    /// The action on the row when the referenced row is changed.
    pub on_update: Option<String>,
    /// Its type, in the words of the database.
    pub sql_type: Option<PerDatabase>,
    /// Its collation.
    pub collate: Option<PerDatabase>,
    /// The name that the column had before.
    pub renamed_from: Option<String>,
}

const KEYS: [&str; 16] = [
    "column",
    "as",
    "not_null",
    "primary_key",
    "unique",
    "index",
    "identity",
    "default",
    "check",
    "generated",
    "references",
    "on_delete",
    "on_update",
    "type",
    "collate",
    "renamed_from",
];

impl Field {
    /// Reads a field; none where its attributes make no sense.
    pub(super) fn parse(
        field: &syn::Field,
        container: &Container,
        faults: &mut Vec<Error>,
    ) -> Option<Self> {
        let ident = field.ident.clone()?;
        let before = faults.len();
        if let Some(cfg) = of(&field.attrs, "cfg").next() {
            let message = "a column cannot depend on a `#[cfg]`: the chain has it or not";
            faults.push(Error::new_spanned(cfg, message));
        }
        let child = Child::parse(&field.attrs, faults);
        let mut options = FieldOptions::default();
        for attribute in of(&field.attrs, "table") {
            let read = attribute.parse_nested_meta(|meta| options.key(&meta));
            faults.extend(read.err());
        }
        if faults.len() > before {
            return None;
        }
        let own = ident.unraw().to_string();
        let renamed = container.rename_all.map(|case| case.apply(&own));
        let column = options.column.clone().or(child.rename).or(renamed);
        Some(Self {
            ty: field.ty.clone(),
            column: column.unwrap_or(own),
            role: match (child.skip, child.flatten) {
                (true, _) => Role::Skip,
                (false, true) => Role::Flatten,
                (false, false) => Role::Column,
            },
            comment: doc(&field.attrs),
            attributes: attributes::texts(&field.attrs),
            json: child.json,
            try_from: child.try_from,
            may_be_missing: child.default || container.default,
            options,
            ident,
        })
    }

    /// Its name, without the `r#` of a keyword.
    pub fn name(&self) -> String {
        self.ident.unraw().to_string()
    }

    /// Whether it can hold NULL, and the type that it holds otherwise.
    pub fn held(&self) -> (bool, &Type) {
        let read = self.try_from.as_ref().unwrap_or(&self.ty);
        let (is_nullable, inner) = match is_option(read) {
            // A whole `Option` may be kept in JSON, where NULL is a text.
            Some(_) if self.json == Json::Yes => (false, read),
            Some(inner) => (true, inner),
            None => (self.json == Json::Nullable, read),
        };
        (is_nullable, self.options.held.as_ref().unwrap_or(inner))
    }

    /// Whether it is read through `Json`.
    pub fn is_json(&self) -> bool {
        self.json != Json::No
    }

    /// The place of its type.
    pub(crate) fn type_span(&self) -> proc_macro2::Span {
        self.ty.span()
    }

    /// The type of an item, if it is a list of something other than bytes.
    pub(crate) fn item(ty: &Type) -> Option<&Type> {
        let item = generic(ty, "Vec")?;
        (crate::canonical::canonical(item) != "u8").then_some(item)
    }
}

impl FieldOptions {
    fn key(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        match &*name(meta)? {
            "column" => self.column = Some(text(meta)?),
            "as" => self.held = Some(meta.value()?.parse()?),
            "not_null" => self.not_null = true,
            "primary_key" => self.primary_key = true,
            "unique" => self.unique = true,
            "index" => self.index = true,
            "identity" => self.identity = Some(flag(meta)?),
            "default" => self.default = Some(per_database(meta)?),
            "check" => self.check = Some(per_database(meta)?),
            "generated" => self.generated = Some(per_database(meta)?),
            "references" => self.references = Some(text(meta)?),
            "on_delete" => self.on_delete = Some(action(meta)?),
            "on_update" => self.on_update = Some(action(meta)?),
            "type" => self.sql_type = Some(per_database(meta)?),
            "collate" => self.collate = Some(per_database(meta)?),
            "renamed_from" => self.renamed_from = Some(text(meta)?),
            other => return Err(unknown(meta, other, &KEYS)),
        }
        Ok(())
    }
}

/// `identity`, or `identity = false`.
fn flag(meta: &ParseNestedMeta<'_>) -> Result<bool> {
    if meta.input.peek(syn::Token![=]) {
        Ok(meta.value()?.parse::<syn::LitBool>()?.value)
    } else {
        Ok(true)
    }
}

fn action(meta: &ParseNestedMeta<'_>) -> Result<String> {
    let action = text(meta)?.to_lowercase().replace('_', " ");
    let known = [
        "cascade",
        "set null",
        "set default",
        "restrict",
        "no action",
    ];
    if known.contains(&&*action) {
        Ok(action)
    } else {
        Err(meta.error(format!("the actions are {}", known.join(", "))))
    }
}
