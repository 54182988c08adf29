//! From the macro's argument to an expression: the embedded chain, or one compile error for each fault.

use std::env;
use std::path::{Path, PathBuf};

use migrate_chain::config::LintBuild;
use migrate_chain::lint::{self, Finding, Severity};
use migrate_chain::{Chain, Diagnostic, Disk};
use migrate_render::{self as render, Style};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::{LitStr, Token};

use crate::emit;

/// The folders of a call of rustc that paths depend on.
pub struct Surroundings {
    /// The folder of the calling crate's Cargo.toml.
    pub manifest_dir: PathBuf,
    /// The folder that paths in messages are relative to: for Cargo, the workspace.
    pub current_dir: PathBuf,
}

impl Surroundings {
    pub fn of_rustc() -> Self {
        let current_dir = env::current_dir().unwrap_or_default();
        let manifest_dir =
            env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| current_dir.clone(), PathBuf::from);
        Self {
            manifest_dir,
            current_dir,
        }
    }

    /// The path as messages show it.
    pub fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.current_dir)
            .unwrap_or(path)
            .to_string_lossy()
            .replace('\\', "/")
    }
}

/// Expands a call: `crate path`, or `crate path, "directory"`.
pub fn expand(input: TokenStream, surroundings: &Surroundings) -> TokenStream {
    let call: MacroCall = match syn::parse2(input) {
        Ok(call) => call,
        Err(error) => return error.into_compile_error(),
    };
    let directory = match call.directory() {
        Ok(directory) => directory,
        Err(error) => return call.faulty(std::iter::once(error.into_compile_error())),
    };
    let root = surroundings.manifest_dir.join(&directory);
    let tree = Disk::new(&root, surroundings.shown(&root));
    match migrate_chain::load_tree(&tree) {
        Ok(chain) => {
            let emit = || {
                let root = root.to_string_lossy();
                emit::chain(&call.krate, &chain, &root, &embedded_name(&directory))
            };
            call.reviewed(&chain, emit)
        }
        Err(faults) => call.faulty(faults.iter().map(|fault| call.compile_error(fault))),
    }
}

/// The folder that is read when the call names none.
pub const DEFAULT_DIRECTORY: &str = "migrations";

const EXPECTED: &str = "embed_migrations! takes the path of the migration directory as one string literal, or nothing \
                        for `migrations`; every setting lives in migrate.toml";

struct MacroCall {
    /// The path of the runtime crate, as `$crate` of the wrapping macro.
    krate: TokenStream,
    argument: TokenStream,
}

impl Parse for MacroCall {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut krate = TokenStream::new();
        while !input.is_empty() && !input.peek(Token![,]) {
            krate.extend(std::iter::once(input.parse::<proc_macro2::TokenTree>()?));
        }
        input.parse::<Option<Token![,]>>()?;
        Ok(Self {
            krate,
            argument: input.parse()?,
        })
    }
}

impl MacroCall {
    fn directory(&self) -> syn::Result<String> {
        if self.argument.is_empty() {
            return Ok(DEFAULT_DIRECTORY.to_owned());
        }
        let literal = |input: ParseStream<'_>| -> syn::Result<LitStr> {
            let literal = input.parse()?;
            input.parse::<Option<Token![,]>>()?;
            Ok(literal)
        };
        let parsed = syn::parse::Parser::parse2(literal, self.argument.clone());
        let literal = parsed.map_err(|error| syn::Error::new(error.span(), EXPECTED))?;
        if literal.value().trim().is_empty() {
            return Err(syn::Error::new(literal.span(), EXPECTED));
        }
        Ok(literal.value())
    }

    fn compile_error(&self, fault: &Diagnostic) -> TokenStream {
        self.error(&titled(&render::text(fault, Style::Plain), fault.code()))
    }

    fn error(&self, message: &str) -> TokenStream {
        let span = self
            .argument
            .clone()
            .into_iter()
            .next()
            .map_or_else(Span::call_site, |token| token.span());
        quote_spanned!(span=> ::core::compile_error!(#message);)
    }

    /// The chain, after what `[lint] build` asks a build to report of it.
    fn reviewed(&self, chain: &Chain, emit: impl FnOnce() -> TokenStream) -> TokenStream {
        let Some(build) = chain.config.lint.build else {
            return emit();
        };
        let findings = lint::at_build(chain);
        let is_denied = |finding: &Finding| {
            build == LintBuild::Deny && finding.rule.severity == Severity::Error
        };
        if findings.iter().any(is_denied) {
            let denied = findings.iter().filter(|finding| is_denied(finding));
            return self.faulty(denied.map(|finding| {
                let (text, code) = (render::finding(finding, Style::Plain), finding.rule.code);
                self.error(&titled(&text, code))
            }));
        }
        let warnings = findings.iter().map(warning);
        let chain = emit();
        quote!({ #(#warnings)* #chain })
    }

    /// The errors, then a value of the right type, so that rustc adds no error of its own.
    fn faulty(&self, errors: impl Iterator<Item = TokenStream>) -> TokenStream {
        let krate = &self.krate;
        let errors = errors.map(|error| quote!(#error;));
        quote!({ #(#errors)* #krate::__private::EMPTY })
    }
}

/// A warning, which a macro can only give through something deprecated that is used.
fn warning(finding: &Finding) -> TokenStream {
    let note = titled(&render::finding(finding, Style::Plain), finding.rule.code);
    quote!(
        const _: () = {
            #[deprecated(note = #note)]
            #[allow(non_upper_case_globals)]
            const migration: () = ();
            migration
        };
    )
}

/// A rendered fault or finding. rustc writes a level before it, so the code goes to the end of the first line.
fn titled(text: &str, code: &str) -> String {
    let title = text.split_once(&format!("[{code}]: "));
    let text = title.map_or(text, |(_, text)| text);
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

    /// `expected.txt` holds the rendered faults of a fixture, each of which begins with `error[`.
    #[test]
    fn each_fault_of_each_fixture_is_an_error() {
        let fixtures = fs::read_dir("../tests/fixtures").expect("the fixtures");
        for fixture in fixtures.map(|entry| entry.expect("an entry").path()) {
            let expected = fs::read_to_string(fixture.join("expected.txt")).expect("its faults");
            let codes = expected.lines().filter_map(|line| {
                let (code, _) = line.strip_prefix("error[")?.split_once(']')?;
                Some(format!("[{code}]"))
            });
            let codes: Vec<String> = codes.collect();
            let surroundings = Surroundings {
                current_dir: fixture.clone(),
                manifest_dir: fixture,
            };
            let out = expand("some::path".parse().expect("tokens"), &surroundings).to_string();
            assert_eq!(out.matches("compile_error").count(), codes.len(), "{out}");
            assert!(
                codes.iter().all(|code| out.contains(code)),
                "{codes:?}: {out}"
            );
        }
    }

    const DROPS: &str = "-- revision: b\n-- down_revision: a\n-- migrate: upgrade\nALTER TABLE t DROP COLUMN c;\n\
                         -- migrate: allow drop-table it is empty\nDROP TABLE t;\n";

    fn reviewed(settings: &str) -> String {
        let settings = format!("dialects = ['postgres']\n{settings}");
        let files = [
            ("migrations/migrate.toml", &*settings),
            ("migrations/versions/a.sql", GOOD),
            ("migrations/versions/b.sql", DROPS),
        ];
        expanded(&files, "")
    }

    #[test]
    fn a_finding_is_reported_as_the_settings_ask() {
        let quiet = reviewed("");
        assert!(
            !quiet.contains("drop-column") && !quiet.contains("deprecated"),
            "{quiet}"
        );
        let warned = reviewed("lint.build = 'warn'\n");
        assert_eq!(warned.matches("# [deprecated").count(), 1, "{warned}");
        assert!(
            warned.contains("the column `t.c` is dropped [drop-column]"),
            "{warned}"
        );
        assert!(
            warned.contains("migrations/versions/b.sql:4:15"),
            "{warned}"
        );
        assert!(
            warned.contains("include_str") && !warned.contains("compile_error"),
            "{warned}"
        );
        let denied = reviewed("lint.build = 'deny'\n");
        assert_eq!(denied.matches("compile_error").count(), 1, "{denied}");
        assert!(
            denied.contains("[drop-column]") && denied.ends_with("EMPTY }"),
            "{denied}"
        );
        let old = reviewed("lint.build = 'deny'\nlint.since = 'b'\n");
        assert!(!old.contains("compile_error"), "{old}");
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
        ] {
            let out = expanded(&[], argument);
            assert!(out.contains("one string literal"), "{argument}: {out}");
        }
    }

    #[test]
    fn a_directory_is_called_as_written_unless_that_tells_of_the_machine() {
        assert_eq!(embedded_name("./db/migrations/"), "db/migrations");
        assert_eq!(embedded_name("/home/me/app/migrations"), "migrations");
        assert_eq!(embedded_name("../shared"), "../shared");
    }
}
