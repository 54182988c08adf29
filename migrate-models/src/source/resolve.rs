//! The type of a field as the type of a column.

use migrate_chain::Dialect;
use migrate_chain::types::{RUST_TYPES, RustType};
use proc_macro2::Ident;
use syn::{GenericArgument, PathArguments, Type};

use super::files::{DefinedType, InFile, Models};
use crate::canonical::canonical;
use crate::enumeration::HeldBy;
use crate::model::{Field, is_option, last_segment};

/// The type of a field.
pub enum Holds<'m> {
    /// A type of the table.
    Row(&'static RustType),
    /// A list of them.
    List(&'static RustType),
    /// One of some labels.
    Labels {
        ident: &'m Ident,
        name: &'m str,
        labels: &'m [String],
    },
}

/// The type of a field, and whether it can be NULL.
///
/// # Errors
/// The reason why it is unknown.
pub fn field<'m>(
    models: &'m Models,
    path: &str,
    field: &'m Field,
) -> Result<(bool, Option<Holds<'m>>), String> {
    let (mut is_nullable, held) = field.held();
    if field.is_json() {
        return Ok((is_nullable, json().map(Holds::Row)));
    }
    if Dialect::ALL.iter().all(|dialect| {
        let sql_type = field.options.sql_type.as_ref();
        sql_type.is_some_and(|sql_type| sql_type.get(*dialect).is_some())
    }) {
        return Ok((is_nullable || alias_is_option(models, path, held), None));
    }
    let mut resolver = Resolver {
        models,
        path,
        depth: 0,
    };
    let holds = resolver.resolve(held, &mut is_nullable)?;
    Ok((is_nullable, Some(holds)))
}

fn json() -> Option<&'static RustType> {
    RUST_TYPES.iter().find(|row| row.name == "Json<T>")
}

fn alias_is_option(models: &Models, path: &str, ty: &Type) -> bool {
    let name = last_segment(ty).map(|segment| segment.ident.to_string());
    let known = name.and_then(|name| known(models, path, &name).ok().flatten());
    matches!(known, Some(DefinedType::Alias(alias)) if is_option(alias).is_some())
}

struct Resolver<'m, 'p> {
    models: &'m Models,
    path: &'p str,
    depth: usize,
}

impl<'m> Resolver<'m, '_> {
    fn resolve(&mut self, ty: &'m Type, is_nullable: &mut bool) -> Result<Holds<'m>, String> {
        self.depth += 1;
        if self.depth > 16 {
            return Err(format!("`{}` leads back to itself", canonical(ty)));
        }
        if let Some(inner) = is_option(ty) {
            *is_nullable = true;
            return self.resolve(inner, is_nullable);
        }
        let name = written(ty);
        if let Some(row) = RUST_TYPES.iter().find(|row| row.name == name) {
            return Ok(Holds::Row(row));
        }
        let last = last_segment(ty)
            .map(|segment| segment.ident.to_string())
            .unwrap_or_default();
        match known(self.models, self.path, &last)? {
            Some(DefinedType::Alias(to)) => self.resolve(to, is_nullable),
            Some(DefinedType::Newtype(inner)) => self.resolve(inner, is_nullable),
            Some(DefinedType::Import(original)) => {
                let row = RUST_TYPES.iter().find(|row| row.name == original);
                row.map(Holds::Row).ok_or_else(|| unknown(ty))
            }
            Some(DefinedType::Enum(found)) => match &found.held_by {
                HeldBy::Number(number) => self.resolve(number, is_nullable),
                HeldBy::Labels { name, labels } => Ok(Holds::Labels {
                    ident: &found.ident,
                    name,
                    labels,
                }),
            },
            None => match Field::item(ty) {
                Some(item) => match self.resolve(item, &mut false)? {
                    Holds::Row(row) => Ok(Holds::List(row)),
                    _ => Err(unknown(ty)),
                },
                None => Err(unknown(ty)),
            },
        }
    }
}

fn unknown(ty: &Type) -> String {
    let written = canonical(ty);
    format!(
        "no type of a column is known for `{written}`: define it in one of the files that are read, or write \
         `#[table(type = \"…\")]` or `#[table(as = …)]`"
    )
}

/// The definition of a name: that of the same file, else the only one.
fn known<'m>(
    models: &'m Models,
    path: &str,
    name: &str,
) -> Result<Option<&'m DefinedType>, String> {
    let Some(found) = models.types.get(name) else {
        return Ok(None);
    };
    let here = found.iter().find(|found| found.path == path);
    match (here, &found[..]) {
        (Some(here), _) => Ok(Some(&here.value)),
        (None, [one]) => Ok(Some(&one.value)),
        (None, several)
            if several
                .iter()
                .all(|one| matches!(one.value, DefinedType::Import(_))) =>
        {
            Ok(Some(&several[0].value))
        }
        (None, several) => {
            let paths: Vec<&str> = several
                .iter()
                .map(|found: &InFile<DefinedType>| &*found.path)
                .collect();
            Err(format!(
                "`{name}` is defined in {}: write `#[table(type = \"…\")]` or `#[table(as = …)]`",
                paths.join(" and in ")
            ))
        }
    }
}

/// A type as the table of Rust types writes it: the last part of each path, and any type in a `Json`.
fn written(ty: &Type) -> String {
    let Some(segment) = last_segment(ty) else {
        return canonical(ty);
    };
    let name = match segment.ident.to_string() {
        name if name == "JsonValue" => "Value".to_owned(),
        name => name,
    };
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return name;
    };
    if name == "Json" {
        return "Json<T>".to_owned();
    }
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(written(ty)),
        _ => None,
    });
    format!("{name}<{}>", types.collect::<Vec<_>>().join(", "))
}
