//! The line of a build script that makes cargo see a file that is added.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::super::failure::{self, Result};
use super::super::files;
use super::package::{Package, from_here};

/// The result for the build script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildScript {
    /// There was none, and now there is.
    Created(PathBuf),
    /// The line was added to it.
    Extended(PathBuf),
    /// It has the line.
    HasLine(PathBuf),
    /// Cargo runs it again for every file of the crate, and a line would end that.
    RunsAnyway(PathBuf),
    /// It has to be changed by hand, and why.
    ByHand(PathBuf, &'static str),
}

impl BuildScript {
    /// Its name for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Created(_) => "created",
            Self::Extended(_) => "extended",
            Self::HasLine(_) => "has_line",
            Self::RunsAnyway(_) => "runs_anyway",
            Self::ByHand(..) => "by_hand",
        }
    }
}

/// The line for the migration directory `directory`, relative to the crate.
pub fn line(directory: &str) -> String {
    format!("println!(\"cargo:rerun-if-changed={directory}\");")
}

/// Sees to it that the build script of a crate has the line, and spoils nothing: what cannot be changed safely is left
/// to the user.
///
/// # Errors
/// A build script that cannot be read or written.
pub fn ensure(package: &Package, directory: &str) -> Result<BuildScript> {
    let Some(script) = &package.build_script else {
        let reason = "the manifest says `build = false`";
        return Ok(BuildScript::ByHand(
            from_here(&package.root.join("build.rs")),
            reason,
        ));
    };
    let path = from_here(&package.root.join(script));
    if !path.exists() {
        let text = format!(
            "//! Makes cargo see a revision file that is added.\n\nfn main() {{\n    {}\n}}\n",
            line(directory)
        );
        files::create(&path, &text).map_err(|error| failure::file("write", &path, &error))?;
        return Ok(BuildScript::Created(path));
    }
    let text = fs::read_to_string(&path).map_err(|error| failure::file("read", &path, &error))?;
    let is_inside = !directory.starts_with("..") && !Path::new(directory).is_absolute();
    let change = ScriptChange::of(
        &text,
        directory,
        is_inside && !package.has_build_dependencies,
    );
    if let ScriptChange::Extend(text) = &change {
        files::replace(&path, text).map_err(|error| failure::file("write", &path, &error))?;
    }
    Ok(change.outcome(path))
}

/// The change that an existing script needs.
#[derive(Debug, PartialEq, Eq)]
enum ScriptChange {
    None,
    RunsAnyway,
    Extend(String),
    ByHand(&'static str),
}

impl ScriptChange {
    /// `alone` says that nothing but the text itself tells cargo what the script depends on.
    fn of(text: &str, directory: &str, alone: bool) -> Self {
        let Ok(tokens) = TokenStream::from_str(text.trim_start_matches('\u{feff}')) else {
            return Self::ByHand("it does not read as Rust");
        };
        let literals = literals(tokens.clone());
        let wanted = format!("rerun-if-changed={directory}\"");
        if literals.iter().any(|literal| literal.ends_with(&wanted)) {
            Self::None
        } else if literals.iter().any(|literal| literal.contains("rerun-if-")) {
            extended(text, &tokens, directory).map_or(
                Self::ByHand("its `main` is not plain enough to extend"),
                Self::Extend,
            )
        } else if alone {
            Self::RunsAnyway
        } else {
            Self::ByHand(
                "it may rely on cargo running it for every change, which the line would end",
            )
        }
    }

    fn outcome(&self, script: PathBuf) -> BuildScript {
        match self {
            Self::None => BuildScript::HasLine(script),
            Self::RunsAnyway => BuildScript::RunsAnyway(script),
            Self::Extend(_) => BuildScript::Extended(script),
            Self::ByHand(reason) => BuildScript::ByHand(script, reason),
        }
    }
}

/// Every string of a program, as it is written.
fn literals(tokens: TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Literal(literal) => found.push(literal.to_string()),
            TokenTree::Group(group) => found.extend(literals(group.stream())),
            _ => {}
        }
    }
    found
}

/// The text with the line as the first of `main`; none unless the tokens prove that this is all that changes.
fn extended(text: &str, tokens: &TokenStream, directory: &str) -> Option<String> {
    let line = line(directory);
    let mut candidates = text.lines().filter(|line| opens_main(line));
    let (opening, None) = (candidates.next()?, candidates.next()) else {
        return None;
    };
    let end = opening.as_ptr() as usize - text.as_ptr() as usize + opening.len();
    let newline = if text[end..].starts_with('\r') {
        "\r\n"
    } else {
        "\n"
    };
    let changed = format!("{}{newline}    {line}{}", &text[..end], &text[end..]);
    let expected = with_line(tokens, &TokenStream::from_str(&line).ok()?)?;
    let found = TokenStream::from_str(changed.trim_start_matches('\u{feff}')).ok()?;
    (found.to_string() == expected).then_some(changed)
}

fn opens_main(line: &str) -> bool {
    let start = line.strip_prefix("pub ").unwrap_or(line);
    start.starts_with("fn main()") && line.trim_end().ends_with('{')
}

/// The tokens with those of the line as the first of `main`, as text.
fn with_line(tokens: &TokenStream, line: &TokenStream) -> Option<String> {
    let mut in_main = false;
    let mut done = false;
    let mut before = String::new();
    let changed: TokenStream = tokens
        .clone()
        .into_iter()
        .map(|token| {
            let text = token.to_string();
            in_main = (in_main || (text == "main" && before == "fn")) && !done;
            before = text;
            match token {
                TokenTree::Group(group) if in_main && group.delimiter() == Delimiter::Brace => {
                    done = true;
                    let body = line.clone().into_iter().chain(group.stream()).collect();
                    TokenTree::Group(proc_macro2::Group::new(Delimiter::Brace, body))
                }
                token => token,
            }
        })
        .collect();
    done.then(|| changed.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extended(text: &str) -> String {
        match ScriptChange::of(text, "migrations", true) {
            ScriptChange::Extend(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_line_becomes_the_first_of_main() {
        let text = "// fn main() {\nfn main() -> Result<(), E> {\n    println!(\"cargo:rerun-if-changed=a.c\");\n    f()?;\n}\n\nfn f() {}\n";
        let expected = text.replace(
            "E> {\n",
            "E> {\n    println!(\"cargo:rerun-if-changed=migrations\");\n",
        );
        assert_eq!(extended(text), expected);
        assert_eq!(
            ScriptChange::of(&expected, "migrations", true),
            ScriptChange::None
        );
        assert_eq!(
            extended(&text.replace('\n', "\r\n")),
            expected.replace('\n', "\r\n")
        );
    }

    #[test]
    fn a_script_that_cargo_runs_for_every_file_is_left_alone() {
        let text =
            "// rerun-if-changed=x\nfn main() {\n    println!(\"cargo:rustc-link-lib=z\");\n}\n";
        assert_eq!(
            ScriptChange::of(text, "migrations", true),
            ScriptChange::RunsAnyway
        );
        // Another crate may print lines of its own.
        assert!(matches!(
            ScriptChange::of(text, "migrations", false),
            ScriptChange::ByHand(_)
        ));
    }

    #[test]
    fn what_cannot_be_changed_safely_is_not() {
        let rerun = "println!(\"cargo::rerun-if-env-changed=X\");";
        let scripts = [
            format!("fn main() {{ {rerun} }}\n"),
            format!("fn main()\n{{\n    {rerun}\n}}\n"),
            format!("fn main() {{\n    {rerun}\n}}\nconst S: &str = r\"\nfn main() {{\n\";\n"),
            format!("const S: &str = r\"\nfn main() {{\n\";\nfn main()\n{{\n    {rerun}\n}}\n"),
            format!("mod m;\npub use m::main;\nfn f() {{ {rerun} }}\n"),
            format!("fn main() {{\n    {rerun}\n"),
        ];
        for script in scripts {
            assert!(
                matches!(
                    ScriptChange::of(&script, "migrations", true),
                    ScriptChange::ByHand(_)
                ),
                "{script}"
            );
        }
    }
}
