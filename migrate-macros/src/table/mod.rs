//! `#[derive(Table)]`, `#[derive(TableEnum)]` and `#[derive(TableType)]`.

mod checks;
mod kept;
mod place;

use migrate_models::{Enumeration, HeldBy, Model, Newtype, Role};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Error, Path};

use crate::expand::Surroundings;
use checks::{kind, type_checks};
pub use kept::Kept;
use kept::Problem;

/// Expands `#[derive(Table)]`: the names of the table and its columns, and what is wrong with them.
pub fn table(input: TokenStream, surroundings: &Surroundings, kept: &Kept) -> TokenStream {
    let model = match parsed(input).and_then(|input| Model::parse(&input)) {
        Ok(model) => model,
        Err(errors) => return compile_errors(errors),
    };
    let krate = krate(model.options.krate.as_ref());
    let names = names(&krate, &model);
    if Kept::is_unlocked() {
        return quote!(#names const _: ::core::option::Option<&str> = ::core::option_env!("EMBED_MIGRATIONS_UNLOCKED"););
    }
    let checked = match kept.lock(surroundings, model.options.directory.as_ref()) {
        Ok(found) => {
            let checks = type_checks(&krate, &model, &found.lock);
            let watched = kept.watch(&found);
            quote!(#watched #checks)
        }
        Err(problem) => problem_error(&problem, &model),
    };
    quote!(#names #checked)
}

/// The error for a lock that is not there or not sound: once in a crate, since it is about all structs.
fn problem_error(problem: &Problem, model: &Model) -> TokenStream {
    if !problem.is_first {
        return TokenStream::new();
    }
    let span = model
        .options
        .directory
        .as_ref()
        .map_or(model.table_span, |(_, span)| *span);
    Error::new(span, &problem.message).into_compile_error()
}

/// Expands `#[derive(TableEnum)]`: which columns can be read into an enum.
pub fn enumeration(input: TokenStream) -> TokenStream {
    let krate_of = |input: &DeriveInput| krate(crate_path(input).as_ref());
    let (krate, found) =
        match parsed(input).and_then(|input| Ok((krate_of(&input), Enumeration::parse(&input)?))) {
            Ok(found) => found,
            Err(errors) => return compile_errors(errors),
        };
    let ident = &found.ident;
    match &found.held_by {
        HeldBy::Number(number) => quote! {
            impl<C> #krate::models::Fits<C> for #ident where #number: #krate::models::Fits<C> {}
        },
        HeldBy::Labels { name, .. } => {
            let holds = kind::enumeration(&krate, name);
            quote! {
                impl #krate::models::Fits<#krate::models::sqlite::TEXT> for #ident {}
                impl #krate::models::Fits<#krate::models::ANY> for #ident {}
                impl #krate::models::Fits<#krate::models::mysql::ENUM> for #ident {}
                impl #krate::models::Fits<#krate::models::mysql::CHAR> for #ident {}
                impl #krate::models::Fits<#krate::models::mysql::VARCHAR> for #ident {}
                impl #krate::models::Fits<#krate::models::mysql::TEXT> for #ident {}
                impl #krate::models::Fits<#holds> for #ident {}
            }
        }
    }
}

/// Expands `#[derive(TableType)]`: a newtype fits the columns that its field fits.
pub fn newtype(input: TokenStream) -> TokenStream {
    let krate_of = |input: &DeriveInput| krate(crate_path(input).as_ref());
    let read = |input: DeriveInput| -> Result<_, Vec<Error>> {
        let krate = krate_of(&input);
        Ok((krate, Newtype::parse(&input).map_err(|error| vec![error])?))
    };
    match parsed(input).and_then(read) {
        Ok((krate, Newtype { ident, inner })) => quote! {
            impl<C> #krate::models::Fits<C> for #ident where #inner: #krate::models::Fits<C> {}
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

/// `#[table(crate = path)]` of an enum or a newtype.
fn crate_path(input: &DeriveInput) -> Option<Path> {
    let mut found = None;
    for attribute in input
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("table"))
    {
        // Other attributes are ignored.
        let _ = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("crate") {
                found = Some(meta.value()?.parse()?);
            }
            Ok(())
        });
    }
    found
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
    struct Package(tempfile::TempDir, Kept);

    impl Package {
        fn new(files: &[(&str, &str)]) -> Self {
            let folder = tempfile::tempdir().expect("a temporary folder");
            for (name, text) in files {
                let path = folder.path().join(name);
                fs::create_dir_all(path.parent().expect("it is inside")).expect("its folder");
                fs::write(path, text).expect("it is written");
            }
            Self(folder, Kept::default())
        }

        fn expand(&self, text: &str) -> String {
            let surroundings = Surroundings {
                manifest_dir: self.0.path().to_owned(),
                current_dir: self.0.path().to_owned(),
            };
            table(text.parse().expect("tokens"), &surroundings, &self.1).to_string()
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
