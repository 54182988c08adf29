//! From the macro's argument to an expression: the embedded chain, or one compile error for each fault.

use std::env;
use std::path::{Path, PathBuf};

use litrs::StringLit;
use migrate_chain::{Diagnostic, Disk};
use migrate_render::{self as render, Style};
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

use crate::emit;

/// Where rustc runs, as far as paths depend on it.
pub(crate) struct Surroundings {
    /// The folder of the calling crate's Cargo.toml.
    pub(crate) manifest_dir: PathBuf,
    /// What paths in messages are relative to: for Cargo, the workspace.
    pub(crate) current_dir: PathBuf,
}

impl Surroundings {
    pub(crate) fn of_rustc() -> Self {
        let current_dir = env::current_dir().unwrap_or_default();
        let manifest_dir =
            env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| current_dir.clone(), PathBuf::from);
        Self {
            manifest_dir,
            current_dir,
        }
    }

    /// The path as messages show it.
    fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.current_dir)
            .unwrap_or(path)
            .to_string_lossy()
            .replace('\\', "/")
    }
}

/// Expands a call: `crate path`, or `crate path, "directory"`.
pub(crate) fn expand(input: TokenStream, surroundings: &Surroundings) -> TokenStream {
    let call = Call::new(input);
    let directory = match call.directory() {
        Ok(directory) => directory,
        Err(place) => {
            let error = quote_spanned!(place=> ::core::compile_error!(#EXPECTED));
            return call.faulty(std::iter::once(error));
        }
    };
    let root = surroundings.manifest_dir.join(&directory);
    let tree = Disk::new(&root, surroundings.shown(&root));
    match migrate_chain::load_tree(&tree) {
        Ok(chain) => emit::chain(
            &call.krate,
            &chain,
            &root.to_string_lossy(),
            &embedded_name(&directory),
        ),
        Err(faults) => call.faulty(faults.iter().map(|fault| call.compile_error(fault))),
    }
}

/// The folder that is read when the call names none.
const DEFAULT_DIRECTORY: &str = "migrations";

const EXPECTED: &str = "embed_migrations! takes the path of the migration directory as one string literal, or nothing \
                        for `migrations`; every setting lives in migrate.toml";

struct Call {
    /// The path of the runtime crate, as `$crate` of the wrapping macro.
    krate: TokenStream,
    argument: TokenStream,
}

impl Call {
    /// Splits the input at its first comma.
    fn new(input: TokenStream) -> Self {
        let mut tokens = input.into_iter();
        let krate = tokens.by_ref().take_while(|token| !is_comma(token));
        Self {
            krate: krate.collect(),
            argument: tokens.collect(),
        }
    }

    /// The directory that the argument names, or else where in it something else stands.
    fn directory(&self) -> Result<String, Span> {
        let mut tokens = self.argument.clone().into_iter();
        let Some(first) = tokens.next() else {
            return Ok(DEFAULT_DIRECTORY.to_owned());
        };
        let directory = string(&first).filter(|directory| !directory.trim().is_empty());
        let directory = directory.ok_or(first.span())?;
        let mut behind = tokens.enumerate();
        match behind.find(|(n, token)| *n > 0 || !is_comma(token)) {
            Some((_, token)) => Err(token.span()),
            None => Ok(directory),
        }
    }

    fn compile_error(&self, fault: &Diagnostic) -> TokenStream {
        let message = message(fault);
        let span = self
            .argument
            .clone()
            .into_iter()
            .next()
            .map_or_else(Span::call_site, |token| token.span());
        quote_spanned!(span=> ::core::compile_error!(#message);)
    }

    /// The errors, and behind them a value of the right type, so that rustc adds no complaint of its own.
    fn faulty(&self, errors: impl Iterator<Item = TokenStream>) -> TokenStream {
        let krate = &self.krate;
        let errors = errors.map(|error| quote!(#error;));
        quote!({ #(#errors)* #krate::__private::EMPTY })
    }
}

fn is_comma(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',')
}

/// The value of a string literal. What a `macro_rules!` has matched stands in a group without delimiters.
fn string(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Literal(literal) => {
            let literal = StringLit::try_from(literal).ok()?;
            Some(literal.value().to_owned())
        }
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            let mut tokens = group.stream().into_iter();
            let value = string(&tokens.next()?)?;
            tokens.next().is_none().then_some(value)
        }
        _ => None,
    }
}

/// The rendered fault. rustc writes `error: ` before it, so the code goes to the end of the first line.
fn message(fault: &Diagnostic) -> String {
    let text = render::text(fault, Style::Plain);
    let code = fault.code();
    let text = text
        .strip_prefix(&format!("error[{code}]: "))
        .unwrap_or(&text);
    match text.split_once('\n') {
        Some((first, rest)) => format!("{first} [{code}]\n{rest}"),
        None => format!("{text} [{code}]"),
    }
}

/// How errors at run time call the directory: as written, but never by a path of the machine that built the binary.
fn embedded_name(directory: &str) -> String {
    let path = Path::new(directory);
    let relative = if path.is_absolute() {
        path.file_name().map_or(path, Path::new)
    } else {
        path
    };
    let name = relative.to_string_lossy().replace('\\', "/");
    name.trim_start_matches("./")
        .trim_end_matches('/')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const GOOD: &str = "-- a\n--\n-- revision: a\n-- down_revision: none\n\n-- migrate: upgrade\n";

    fn expanded(files: &[(&str, &str)], argument: &str) -> String {
        let dir = tempfile::tempdir().expect("a temporary directory");
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().expect("it has a parent"))
                .expect("the folder is made");
            fs::write(path, text).expect("the file is written");
        }
        let surroundings = Surroundings {
            manifest_dir: dir.path().to_owned(),
            current_dir: dir.path().to_owned(),
        };
        let input = format!("some::path {argument}").parse().expect("tokens");
        expand(input, &surroundings).to_string()
    }

    #[test]
    fn a_sound_chain_has_no_errors_and_includes_each_file() {
        let out = expanded(&[("migrations/versions/a.sql", GOOD)], "");
        assert!(!out.contains("compile_error"), "{out}");
        assert!(
            out.contains("include_str") && out.contains("versions/a.sql"),
            "{out}"
        );
    }

    #[test]
    fn each_fault_is_an_error_and_a_value_follows() {
        let bad = GOOD
            .replace("revision: a", "revision: b-c")
            .replace("none", "zz");
        let out = expanded(
            &[("m/versions/a.sql", GOOD), ("m/versions/b.sql", &bad)],
            ", \"m\"",
        );
        assert_eq!(out.matches("compile_error").count(), 2, "{out}");
        assert!(out.contains("m/versions/b.sql:3:14"), "{out}");
        assert!(
            out.ends_with("some :: path :: __private :: EMPTY }"),
            "{out}"
        );
    }

    #[test]
    fn anything_but_one_string_literal_is_refused() {
        for argument in [
            ", 1",
            ", dir",
            ", \"a\", \"b\"",
            ", dir = \"a\"",
            ", \"\"",
            ", concat!(\"a\")",
            ", b\"a\"",
            ", 'a'",
            ", \"a\",,",
            ", -\"a\"",
        ] {
            let out = expanded(&[], argument);
            assert!(out.contains("one string literal"), "{argument}: {out}");
        }
    }

    #[test]
    fn the_literal_may_be_of_any_form() {
        let files = [("m n/versions/a.sql", GOOD)];
        for argument in [
            ", \"m n\"",
            ", r#\"m n\"#",
            ", \"m\\x20n\"",
            ", \"m\\u{20}n\",",
        ] {
            let out = expanded(&files, argument);
            assert!(!out.contains("compile_error"), "{argument}: {out}");
        }
    }

    #[test]
    fn a_literal_may_come_through_a_macro_of_the_user() {
        let literal: TokenStream = "\"db\"".parse().expect("tokens");
        let group = proc_macro2::Group::new(Delimiter::None, literal);
        let call = Call::new(quote!(some::path, #group));
        assert_eq!(call.directory().ok().as_deref(), Some("db"));
    }

    #[test]
    fn a_directory_is_called_as_written_unless_that_tells_of_the_machine() {
        assert_eq!(embedded_name("./db/migrations/"), "db/migrations");
        assert_eq!(embedded_name("/home/me/app/migrations"), "migrations");
        assert_eq!(embedded_name("../shared"), "../shared");
    }
}
