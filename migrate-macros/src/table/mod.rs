//! `#[derive(Table)]`, `#[derive(TableEnum)]` and `#[derive(TableType)]`.

mod checks;
mod kept;
mod place;

use migrate_models::{Enumeration, HeldBy, Model, Newtype, Role, check_enum};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::meta::ParseNestedMeta;
use syn::{DeriveInput, Error, LitStr, Path};

use crate::expand::Surroundings;
use checks::{kind, type_checks};
pub use kept::LockCache;
use kept::Problem;

/// Expands `#[derive(Table)]`: the names of the table and its columns, and what is wrong with them.
pub fn table(input: TokenStream, surroundings: &Surroundings, kept: &LockCache) -> TokenStream {
    let model = match parsed(input).and_then(|input| Model::parse(&input)) {
        Ok(model) => model,
        Err(errors) => return compile_errors(errors),
    };
    let krate = krate(model.options.krate.as_ref());
    let names = names(&krate, &model);
    if LockCache::is_unlocked() {
        let watched = kept::watch_unlocked();
        return quote!(#names #watched);
    }
    let checked = match kept.lock(surroundings, model.options.directory.as_ref()) {
        Ok(found) => {
            let checks = type_checks(&krate, &model, &found.lock);
            let watched = kept.watch(&found);
            quote!(#watched #checks)
        }
        Err(problem) if kept.is_first(&problem) => problem_error(&problem, &model),
        Err(_) => TokenStream::new(),
    };
    quote!(#names #checked)
}

/// The error for a lock that is not there or not sound: once in a crate, since it is about all structs.
fn problem_error(problem: &Problem, model: &Model) -> TokenStream {
    let span = model
        .options
        .directory
        .as_ref()
        .map_or(model.table_span, |(_, span)| *span);
    Error::new(span, &problem.message).into_compile_error()
}

/// Expands `#[derive(TableEnum)]`: which columns can be read into an enum, and how its variants differ from the lock.
pub fn enumeration(
    input: TokenStream,
    surroundings: &Surroundings,
    kept: &LockCache,
) -> TokenStream {
    let read = |input: DeriveInput| Ok((Enumeration::parse(&input)?, Outer::parse(&input)?));
    let (found, outer) = match parsed(input).and_then(read) {
        Ok(found) => found,
        Err(errors) => return compile_errors(errors),
    };
    let krate = krate(outer.krate.as_ref());
    let fits = enum_fits(&krate, &found);
    if LockCache::is_unlocked() {
        let watched = kept::watch_unlocked();
        return quote!(#fits #watched);
    }
    // That there is no lock is said at the structs.
    let checked = kept
        .lock(surroundings, outer.directory.as_ref())
        .map(|lock| {
            let errors = compile_errors(check_enum(&found, &lock.lock));
            let watched = kept.watch(&lock);
            quote!(#watched #errors)
        });
    let checked = checked.unwrap_or_default();
    quote!(#fits #checked)
}

fn enum_fits(krate: &TokenStream, found: &Enumeration) -> TokenStream {
    let ident = &found.ident;
    let (name, labels) = match &found.held_by {
        HeldBy::Number(number) => {
            return quote! {
                #[diagnostic::do_not_recommend]
            impl<C> #krate::models::Fits<C> for #ident where #number: #krate::models::Fits<C> {}
            };
        }
        HeldBy::Labels { name, labels } => (name, quote!(&[#(#labels),*])),
    };
    let mut columns = vec![kind::enumeration(krate, name), quote!(#krate::models::ANY)];
    columns.push(quote!(#krate::models::sqlite::TEXT));
    for of_mysql in ["ENUM", "CHAR", "VARCHAR", "TEXT"] {
        let of_mysql = format_ident!("{of_mysql}");
        columns.push(quote!(#krate::models::mysql::#of_mysql));
    }
    quote! {
        #(
            #[diagnostic::do_not_recommend]
            impl #krate::models::Fits<#columns> for #ident {
                const LABELS: ::core::option::Option<&'static [&'static str]> = ::core::option::Option::Some(#labels);
            }
        )*
    }
}

/// Expands `#[derive(TableType)]`: a newtype fits the columns that its field fits.
pub fn newtype(input: TokenStream) -> TokenStream {
    let read = |input: DeriveInput| {
        let outer = Outer::parse(&input)?;
        let newtype = Newtype::parse(&input).map_err(|error| vec![error])?;
        Ok((krate(outer.krate.as_ref()), newtype))
    };
    match parsed(input).and_then(read) {
        Ok((krate, Newtype { ident, inner })) => quote! {
            #[diagnostic::do_not_recommend]
            impl<C> #krate::models::Fits<C> for #ident where #inner: #krate::models::Fits<C> {
                const LABELS: ::core::option::Option<&'static [&'static str]> = <#inner as #krate::models::Fits<C>>::LABELS;
            }
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

/// The attribute `#[table(…)]` of an enum or a newtype.
#[derive(Default)]
struct Outer {
    krate: Option<Path>,
    directory: Option<(String, Span)>,
}

impl Outer {
    fn parse(input: &DeriveInput) -> Result<Self, Vec<Error>> {
        let mut outer = Self::default();
        let attributes = input.attrs.iter();
        for attribute in attributes.filter(|attribute| attribute.path().is_ident("table")) {
            let read = attribute.parse_nested_meta(|meta| outer.key(&meta));
            read.map_err(|error| vec![error])?;
        }
        Ok(outer)
    }

    fn key(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        if meta.path.is_ident("crate") {
            self.krate = Some(meta.value()?.parse()?);
        } else if meta.path.is_ident("directory") {
            let directory: LitStr = meta.value()?.parse()?;
            self.directory = Some((directory.value(), directory.span()));
        } else {
            return Err(meta.error("the keys are `crate` and `directory`"));
        }
        Ok(())
    }
}

fn names(krate: &TokenStream, model: &Model) -> TokenStream {
    let (ident, table) = (&model.ident, &model.table);
    let columns = model
        .fields
        .iter()
        .filter(|field| field.role == Role::Column);
    let columns = columns.map(|field| &field.column);
    quote! {
        impl #krate::Table for #ident {
            const TABLE: &'static str = #table;
            const COLUMNS: &'static [&'static str] = &[#(#columns),*];
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use migrate_chain::lock::{Built, Column, Lock, Locked, Of, Table};
    use migrate_chain::{Dialect, Digest};

    use super::*;

    const USER: &str = "#[table(name = \"users\")] struct User { id: i64 }";

    fn lock() -> Lock {
        let column = Column {
            name: "id".to_owned(),
            sql_type: "INTEGER".to_owned(),
            is_not_null: true,
            ..Column::default()
        };
        let table = Table {
            name: "users".to_owned(),
            columns: vec![column],
            ..Table::default()
        };
        let of = Of {
            dialect: Dialect::Sqlite,
            digest: Digest::default(),
            server: "SQLite 3".to_owned(),
        };
        let built = Built {
            tables: vec![table],
            ..Built::default()
        };
        Lock {
            databases: vec![Locked { of, built }],
            ..Lock::default()
        }
    }

    /// A package with these files.
    struct Package(tempfile::TempDir, LockCache);

    impl Package {
        fn new(files: &[(&str, &str)]) -> Self {
            let folder = tempfile::tempdir().expect("a temporary folder");
            for (name, text) in files {
                let path = folder.path().join(name);
                fs::create_dir_all(path.parent().expect("it is inside")).expect("its folder");
                fs::write(path, text).expect("it is written");
            }
            Self(folder, LockCache::default())
        }

        fn surroundings(&self) -> Surroundings {
            Surroundings {
                manifest_dir: self.0.path().to_owned(),
                current_dir: self.0.path().to_owned(),
            }
        }

        fn expand(&self, text: &str) -> String {
            let input = text.parse().expect("tokens");
            table(input, &self.surroundings(), &self.1).to_string()
        }
    }

    #[test]
    fn a_struct_in_step_has_its_names_and_a_comparison_of_types() {
        let package = Package::new(&[("migrations/schema.lock", &lock().to_string())]);
        let first = package.expand(USER);
        assert!(!first.contains("compile_error"), "{first}");
        assert!(
            first.contains("sqlite :: INTEGER") && first.contains("\"users\""),
            "{first}"
        );
        assert_eq!(
            first.matches("include_bytes").count(),
            2,
            "the lock and the manifest: {first}"
        );
        assert!(
            !package.expand(USER).contains("include_bytes"),
            "once in a crate"
        );
    }

    #[test]
    fn the_directory_is_the_one_that_the_struct_or_the_manifest_names() {
        let lock = lock().to_string();
        let manifest = "[package.metadata.embed-migrations]\ndirectory = \"db\"\n";
        let package = Package::new(&[
            ("Cargo.toml", manifest),
            ("db/schema.lock", &lock),
            ("other/schema.lock", &lock),
        ]);
        assert!(!package.expand(USER).contains("compile_error"));
        let other = package
            .expand("#[table(name = \"users\", directory = \"other\")] struct User { id: i64 }");
        assert!(!other.contains("compile_error"), "{other}");
        let wrong = Package::new(&[(
            "Cargo.toml",
            "[package.metadata.embed-migrations]\ndir = \"db\"\n",
        )]);
        assert!(wrong.expand(USER).contains("`dir` is not a key"));
    }

    #[test]
    fn a_lock_that_is_of_no_use_is_told_once() {
        let sound = lock().to_string();
        let edited = sound.replace("INTEGER", "TEXT");
        let newer = sound.replace("\nformat 1\n", "\nformat 2\n");
        let conflict = sound.replace("\nsqlite", "\n<<<<<<< HEAD\nsqlite");
        for (text, reason) in [
            (None, "there is no `migrations/schema.lock`"),
            (Some(edited), "was edited by hand"),
            (Some(newer), "has format 2"),
            (Some(conflict), "conflict markers"),
        ] {
            let files: Vec<(&str, &str)> = text
                .iter()
                .map(|text| ("migrations/schema.lock", &**text))
                .collect();
            let package = Package::new(&files);
            let first = package.expand(USER);
            assert!(
                first.contains(reason) && first.contains("cargo migrate lock"),
                "{reason}: {first}"
            );
            assert!(
                first.contains("impl :: embed_migrations :: Table"),
                "rustc adds no error of its own"
            );
            assert!(!package.expand(USER).contains("compile_error"), "{reason}");
        }
    }

    #[test]
    fn an_enum_is_compared_with_the_lock_and_leaves_a_missing_lock_to_the_structs() {
        let mood = "enum Mood { Ok, Angry }";
        let expand = |package: &Package, text: &str| {
            let (input, surroundings) = (text.parse().expect("tokens"), package.surroundings());
            enumeration(input, &surroundings, &package.1).to_string()
        };
        let without = Package::new(&[]);
        assert!(!expand(&without, mood).contains("compile_error"));
        assert!(
            without
                .expand(USER)
                .contains("there is no `migrations/schema.lock`")
        );

        let mut lock = lock();
        lock.databases[0].built.enums = vec![migrate_chain::lock::Enum {
            name: "mood".to_owned(),
            labels: vec!["Ok".to_owned()],
        }];
        let package = Package::new(&[("db/schema.lock", &lock.to_string())]);
        let text = format!("#[table(directory = \"db\")] {mood}");
        let expanded = expand(&package, &text);
        assert!(expanded.contains("has no label `Angry`"), "{expanded}");
        assert!(expanded.contains("include_bytes"), "{expanded}");
        let wrong = expand(&package, &text.replace("directory", "dir"));
        assert!(wrong.contains("`crate` and `directory`"), "{wrong}");
    }

    #[test]
    fn a_lock_that_changes_is_read_again() {
        let package = Package::new(&[("migrations/schema.lock", &lock().to_string())]);
        assert!(!package.expand(USER).contains("compile_error"));
        let mut changed = lock();
        changed.databases[0].built.tables[0].name = "people".to_owned();
        let path = package.0.path().join("migrations/schema.lock");
        fs::write(&path, changed.to_string()).expect("it is written");
        let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
        let file = fs::File::options()
            .append(true)
            .open(&path)
            .expect("it is there");
        file.set_modified(later).expect("it takes a date");
        assert!(
            package
                .expand(USER)
                .contains("has no table or view `users`")
        );
    }
}
