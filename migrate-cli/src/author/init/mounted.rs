//! The app's mounted commands, found in its sources.

use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, Fields, Item, ItemEnum, LitStr, Type, Variant};

use super::package::Package;

/// The command line that runs the mounted commands of a crate, such as `cargo run -q -- migrate`; none where no enum of its
/// sources has a variant around `Migrate`.
pub fn command(package: &Package) -> Option<Vec<String>> {
    let programs = package.root.join("src/bin");
    let mut files = rust_files(&package.root.join("src"));
    // The main program first.
    files.sort_by_key(|file| (file.starts_with(&programs), file.clone()));
    let (file, name) = files
        .into_iter()
        .find_map(|file| subcommand(&file).map(|name| (file, name)))?;
    let program = match file.strip_prefix(&programs) {
        Ok(inside) => inside.iter().next().map(PathBuf::from),
        Err(_) if programs.is_dir() => Some(PathBuf::from(&package.name)),
        Err(_) => None,
    };
    let program = program.and_then(|name| Some(name.file_stem()?.to_str()?.to_owned()));
    let bin = program.map(|name| ["--bin".to_owned(), name]);
    let words = ["cargo", "run", "-q"].map(str::to_owned).into_iter();
    let words = words.chain(bin.into_iter().flatten());
    Some(words.chain(["--".to_owned(), name]).collect())
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The name of the subcommand in a file that mounts the commands.
fn subcommand(file: &Path) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    if !text.contains("embed_migrations::cli") {
        return None;
    }
    let file = syn::parse_file(&text).ok()?;
    let mut enums = file.items.iter().filter_map(|item| match item {
        Item::Enum(found) => Some(found),
        _ => None,
    });
    enums.find_map(mounted)
}

fn mounted(found: &ItemEnum) -> Option<String> {
    let is_around = |variant: &&Variant| match &variant.fields {
        Fields::Unnamed(fields) => fields.unnamed.iter().any(|field| is_migrate(&field.ty)),
        _ => false,
    };
    let variant = found.variants.iter().find(is_around)?;
    let named = variant.attrs.iter().find_map(name);
    Some(named.unwrap_or_else(|| kebab(&variant.ident.to_string())))
}

fn is_migrate(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let last = path.path.segments.last();
    last.is_some_and(|segment| segment.ident == "Migrate")
}

/// `#[command(name = "…")]`, as clap reads it.
fn name(attribute: &Attribute) -> Option<String> {
    let mut name = None;
    if ["command", "clap"]
        .iter()
        .any(|of| attribute.path().is_ident(of))
    {
        // Any other key ends the reading, and the name of the variant is taken.
        let _ = attribute.parse_nested_meta(|meta| {
            let value: syn::Expr = meta.value()?.parse()?;
            if meta.path.is_ident("name")
                && let syn::Expr::Lit(literal) = value
                && let syn::Lit::Str(text) = literal.lit
            {
                name = Some(LitStr::value(&text));
            }
            Ok(())
        });
    }
    name
}

/// `MigrateDb` as clap writes it: `migrate-db`.
fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.extend(letter.to_lowercase());
    }
    kebab
}

#[cfg(test)]
mod tests {
    use super::*;

    const USE: &str = "use embed_migrations::cli::Migrate;\n";

    fn found(files: &[(&str, &str)]) -> Option<String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("it is inside")).expect("its folder");
            fs::write(path, format!("{USE}{text}")).expect("it is written");
        }
        let manifest = "[package]\nname = 'shop'\n";
        fs::write(folder.path().join("Cargo.toml"), manifest).expect("it is written");
        let package = Package::around(&folder.path().join("migrations"));
        let package = package.expect("a manifest").expect("a crate");
        command(&package).map(|words| words.join(" "))
    }

    #[test]
    fn the_mounted_commands_are_called_as_cargo_and_clap_call_them() {
        let app = "enum App { Serve, Migrate(Migrate) }";
        let named = "enum App { #[command(name = \"db\")] Migrate(Migrate) }";
        let long = "enum App { #[command(hide = true)] MigrateDb(embed_migrations::cli::Migrate) }";
        for (files, expected) in [
            (&[("src/main.rs", app)][..], "cargo run -q -- migrate"),
            (&[("src/cli.rs", named)], "cargo run -q -- db"),
            (&[("src/main.rs", long)], "cargo run -q -- migrate-db"),
            (
                &[("src/bin/admin.rs", app)],
                "cargo run -q --bin admin -- migrate",
            ),
            (
                &[("src/bin/admin/main.rs", app)],
                "cargo run -q --bin admin -- migrate",
            ),
            (
                &[("src/main.rs", app), ("src/bin/more.rs", "")],
                "cargo run -q --bin shop -- migrate",
            ),
        ] {
            assert_eq!(found(files).as_deref(), Some(expected), "{files:?}");
        }
        assert_eq!(found(&[("src/main.rs", "enum App { Serve(Serve) }")]), None);
        assert_eq!(found(&[("src/main.rs", "enum {")]), None);
    }
}
