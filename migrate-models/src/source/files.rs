//! Rust files as models, without building them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{LineColumn, Span};
use syn::spanned::Spanned as _;
use syn::{Attribute, DeriveInput, Error, File, Item, Type, UseTree};

use crate::canonical::canonical;
use crate::enumeration::{Enumeration, Newtype};
use crate::model::Model;
use crate::model::attributes::of;

/// The models of some files, with the types that their fields name.
#[derive(Clone, Default)]
pub struct Models {
    pub(super) models: Vec<InFile<Model>>,
    /// Enums, newtypes, aliases and structs inside others, by name.
    pub(super) types: BTreeMap<String, Vec<InFile<DefinedType>>>,
}

/// Something with its place.
#[derive(Clone)]
pub(super) struct InFile<T> {
    pub value: T,
    pub path: String,
}

/// A type that the files define.
#[derive(Clone)]
pub(super) enum DefinedType {
    Enum(Enumeration),
    Newtype(Type),
    Alias(Type),
    /// Another name of an imported type.
    Import(String),
}

/// Something wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFault {
    /// The path of the file.
    pub path: String,
    /// The line and the column, from 1; none where it is about the file.
    pub place: Option<(usize, usize)>,
    /// The message.
    pub message: String,
}

impl std::fmt::Display for FileFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.place {
            Some((line, column)) => write!(f, "{}:{line}:{column}: {}", self.path, self.message),
            None => write!(f, "{}: {}", self.path, self.message),
        }
    }
}

impl std::error::Error for FileFault {}

impl FileFault {
    pub(super) fn new(path: &str, span: Span, message: impl Into<String>) -> Self {
        let LineColumn { line, column } = span.start();
        Self {
            path: path.to_owned(),
            place: Some((line, column + 1)),
            message: message.into(),
        }
    }

    fn of_file(path: &Path, message: String) -> Self {
        Self {
            path: path.display().to_string(),
            place: None,
            message,
        }
    }
}

/// Reads the models of files, and of the `.rs` files in folders.
///
/// # Errors
/// Everything that is wrong with them: a file that is not there or is not Rust, a struct that is no table, two structs that
/// define one table.
pub fn read(paths: &[PathBuf]) -> Result<Models, Vec<FileFault>> {
    let (mut models, mut faults) = (Models::default(), Vec::new());
    for path in paths {
        match rust_files(path) {
            Ok(files) if files.is_empty() => {
                faults.push(FileFault::of_file(
                    path,
                    "there is no .rs file in this folder".to_owned(),
                ));
            }
            Ok(files) => files.iter().for_each(|file| models.file(file, &mut faults)),
            Err(error) => faults.push(FileFault::of_file(
                path,
                format!("it cannot be read: {error}"),
            )),
        }
    }
    models.one_each(&mut faults);
    if faults.is_empty() {
        models
            .models
            .sort_by(|a, b| a.value.table.cmp(&b.value.table));
        Ok(models)
    } else {
        Err(faults)
    }
}

/// The file, or those of a folder and the folders in it, in the order of their paths.
fn rust_files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        fs::metadata(path)?;
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

impl Models {
    /// How many tables they define.
    pub fn len(&self) -> usize {
        self.defining().count()
    }

    /// Whether they define no table.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The models that define a table.
    pub(super) fn defining(&self) -> impl Iterator<Item = &InFile<Model>> {
        self.models
            .iter()
            .filter(|found| found.value.defines_table())
    }

    fn file(&mut self, path: &Path, faults: &mut Vec<FileFault>) {
        let parsed = fs::read_to_string(path)
            .map_err(|error| FileFault::of_file(path, format!("it cannot be read: {error}")));
        let parsed: Result<File, FileFault> = parsed.and_then(|text| {
            let shown = path.display().to_string();
            syn::parse_file(&text).map_err(|error| {
                FileFault::new(&shown, error.span(), format!("this is not Rust: {error}"))
            })
        });
        match parsed {
            Ok(file) => self.items(&file.items, &path.display().to_string(), faults),
            Err(fault) => faults.push(fault),
        }
    }

    fn items(&mut self, items: &[Item], path: &str, faults: &mut Vec<FileFault>) {
        for item in items {
            let taken = match item {
                Item::Mod(module) if !is_test(&module.attrs) => {
                    let items = module.content.as_ref().map(|(_, items)| &items[..]);
                    self.items(items.unwrap_or_default(), path, faults);
                    Ok(())
                }
                Item::Struct(found) => self.structure(&found.clone().into(), path),
                Item::Enum(found) => self.enumeration(&found.clone().into(), path),
                Item::Type(alias) => {
                    self.add(
                        alias.ident.to_string(),
                        DefinedType::Alias((*alias.ty).clone()),
                        path,
                    );
                    Ok(())
                }
                Item::Use(import) => {
                    self.imports(&import.tree, path);
                    Ok(())
                }
                _ => Ok(()),
            };
            let fault = |error: Error| FileFault::new(path, error.span(), error.to_string());
            faults.extend(taken.err().into_iter().flatten().map(fault));
        }
    }

    fn structure(&mut self, input: &DeriveInput, path: &str) -> Result<(), Vec<Error>> {
        if derives(&input.attrs, "Table") {
            if let Some(cfg) = of(&input.attrs, "cfg").next() {
                let message = "a table cannot depend on a `#[cfg]`: the chain has it or not";
                return Err(vec![Error::new(cfg.span(), message)]);
            }
            let value = Model::parse(input)?;
            self.models.push(InFile {
                value,
                path: path.to_owned(),
            });
        } else if let Ok(Newtype { ident, inner }) = Newtype::parse(input) {
            self.add(ident.to_string(), DefinedType::Newtype(inner), path);
        }
        Ok(())
    }

    fn enumeration(&mut self, input: &DeriveInput, path: &str) -> Result<(), Vec<Error>> {
        if !derives(&input.attrs, "TableEnum") && !derives(&input.attrs, "Type") {
            return Ok(());
        }
        if !derives(&input.attrs, "Type") {
            let message = "sqlx reads an enum only if it derives `sqlx::Type`, too";
            return Err(vec![Error::new(input.ident.span(), message)]);
        }
        let found = Enumeration::parse(input)?;
        self.add(found.ident.to_string(), DefinedType::Enum(found), path);
        Ok(())
    }

    fn imports(&mut self, tree: &UseTree, path: &str) {
        match tree {
            UseTree::Path(inner) => self.imports(&inner.tree, path),
            UseTree::Group(group) => group.items.iter().for_each(|item| self.imports(item, path)),
            UseTree::Rename(rename) if rename.rename != "_" => {
                let known = DefinedType::Import(rename.ident.to_string());
                self.add(rename.rename.to_string(), known, path);
            }
            _ => {}
        }
    }

    fn add(&mut self, name: String, value: DefinedType, path: &str) {
        let found = InFile {
            value,
            path: path.to_owned(),
        };
        self.types.entry(name).or_default().push(found);
    }

    /// Two structs that define one table would have to agree for ever.
    fn one_each(&self, faults: &mut Vec<FileFault>) {
        let mut first: BTreeMap<&str, &InFile<Model>> = BTreeMap::new();
        for found in self.defining() {
            let model = &found.value;
            match first.get(&*model.table) {
                None => {
                    first.insert(&model.table, found);
                }
                Some(other) => faults.push(FileFault::new(
                    &found.path,
                    model.ident.span(),
                    format!(
                        "`{}` in {} defines the table `{}` already: write `#[table(partial)]` at one of them",
                        other.value.ident, other.path, model.table
                    ),
                )),
            }
        }
    }
}

/// Whether an item has `#[cfg(test)]`.
fn is_test(attributes: &[Attribute]) -> bool {
    of(attributes, "cfg").any(|cfg| canonical(&cfg.meta) == "cfg(test)")
}

/// Whether an item derives a trait of this name, also if only under a condition.
fn derives(attributes: &[Attribute], name: &str) -> bool {
    let is_derive = |attribute: &&Attribute| {
        attribute.path().is_ident("derive") || attribute.path().is_ident("cfg_attr")
    };
    attributes.iter().filter(is_derive).any(|attribute| {
        let text = canonical(&attribute.meta);
        text.contains("derive(")
            && text
                .split([',', '(', ')'])
                .any(|path| path.rsplit("::").next() == Some(name))
    })
}
