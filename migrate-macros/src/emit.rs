//! The chain as the tokens of a constant.
//!
//! They are written as text and parsed in one go: in a macro that is compiled without optimisation, one call into
//! rustc's lexer costs far less than a call for each token, and a chain may have thousands of files. For the same reason
//! all but the text of the files is one literal: see `migrate_chain::pack`.

use std::fmt::Write as _;

use migrate_chain::lock::{LOCK_FILE, UNLOCKED};
use migrate_chain::{Chain, Dialect, Revision, load, pack};
use proc_macro2::TokenStream;
use quote::quote;

/// The expression for a chain that was read from the directory `root`.
pub fn chain(krate: &TokenStream, chain: &Chain, root: &str, name: &str) -> TokenStream {
    let mut text = String::new();
    modules(&mut text, chain, root);
    if chain.has_config_file {
        let _ = writeln!(
            text,
            "const _: &str = ::core::include_str!({:?});",
            path(root, load::CONFIG_FILE)
        );
    }
    lock(&mut text, chain, root);
    source(&mut text, root);
    texts(&mut text, chain, root);
    functions(&mut text, chain);
    text.push_str("fn unpacked() -> &'static p::Unpacked { static ROOM: p::Unpacked = p::Unpacked::new(); &ROOM }\n");
    let _ = write!(
        text,
        "static VERSIONS: [p::Cow<'static, str>; {}] = ",
        chain.config.versions.len()
    );
    list(&mut text, chain.config.versions.iter().map(String::as_str));
    text.push_str(";\n");
    text.push_str("p::Migrations::embedded(p::EmbeddedMigrations {");
    let _ = write!(
        text,
        "directory: {name:?}, has_config_file: {},",
        chain.has_config_file
    );
    settings(&mut text, chain);
    let (table, heads) = table(chain);
    let _ = write!(
        text,
        "chain: p::Packed {{ texts: &TEXTS, table: {}, heads: &{heads:?}, unpacked }}, functions: &FUNCTIONS, \
         source: SOURCE }})",
        literal(&table)
    );
    let body = lex(&text).expect("emit.rs writes valid tokens");
    quote!({
        use #krate::__private as p;
        #body
    })
}

/// Read by rustc alone, where it is there: `proc_macro2` would lex it first, to see whether rustc can.
fn lex(text: &str) -> Option<TokenStream> {
    if proc_macro::is_available() {
        let tokens: proc_macro::TokenStream = text.parse().ok()?;
        Some(tokens.into())
    } else {
        text.parse().ok()
    }
}

/// The text of each file. That rustc reads it, and not the macro, is what makes an edit of a file rebuild the crate.
fn texts(out: &mut String, chain: &Chain, root: &str) {
    let _ = write!(out, "static TEXTS: [&str; {}] = [", chain.revisions.len());
    for revision in &chain.revisions {
        let _ = write!(
            out,
            "::core::include_str!({:?}),",
            path(root, revision.file())
        );
    }
    out.push_str("];\n");
}

/// A line for each revision; and of each real head, its place in the chain and the place of its line.
fn table(chain: &Chain) -> (String, Vec<(usize, usize, usize)>) {
    let lines = pack::lines(&chain.revisions);
    let mut table = String::with_capacity(lines.iter().map(|line| line.len() + 1).sum());
    let mut heads = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        if chain.graph.is_real_head(index) {
            heads.push((index, table.len(), table.len() + line.len()));
        }
        table.push_str(line);
        table.push('\n');
    }
    (table, heads)
}

/// A string literal, raw if possible, so that megabytes need not be escaped here and unescaped by rustc. rustc refuses
/// some characters that are not ASCII unless they are escaped.
fn literal(text: &str) -> String {
    let has = |byte| text.as_bytes().contains(&byte);
    if has(b'"') || has(b'\r') || !text.is_ascii() {
        format!("{text:?}")
    } else {
        format!("r\"{text}\"")
    }
}

/// The Rust revisions as modules, so that rustc compiles them in their own files.
fn modules(out: &mut String, chain: &Chain, root: &str) {
    for (n, revision) in rust_revisions(chain) {
        let path = path(root, revision.file());
        let _ = writeln!(
            out,
            "#[path = {path:?}] #[allow(unreachable_pub, clippy::doc_markdown, clippy::unused_async)] mod r{n};"
        );
    }
}

fn functions(out: &mut String, chain: &Chain) {
    let _ = write!(
        out,
        "static FUNCTIONS: [p::Functions; {}] = [",
        rust_revisions(chain).count()
    );
    for (n, revision) in rust_revisions(chain) {
        let _ = write!(
            out,
            "p::Functions {{ revision: {n}, upgrade: |cx| p::boxed(r{n}::upgrade(cx)), downgrade: "
        );
        // Whether there is a downgrade does not depend on the database in a Rust revision.
        if revision.has_downgrade(Dialect::Sqlite) {
            let _ = write!(
                out,
                "::core::option::Option::Some(|cx| p::boxed(r{n}::downgrade(cx))) }},"
            );
        } else {
            out.push_str("::core::option::Option::None },");
        }
    }
    out.push_str("];\n");
}

fn rust_revisions(chain: &Chain) -> impl Iterator<Item = (usize, &Revision)> {
    chain
        .revisions
        .iter()
        .enumerate()
        .filter(|(_, revision)| revision.is_rust())
}

/// Makes cargo build again when the lock changes, and when a build that was not checked is followed by one that is.
fn lock(out: &mut String, chain: &Chain, root: &str) {
    if chain.has_lock {
        let files = chain.schema_files.iter().map(String::as_str);
        for file in files.chain([LOCK_FILE]) {
            let path = path(root, file);
            let _ = writeln!(out, "const _: &[u8] = ::core::include_bytes!({path:?});");
        }
    }
    if chain.has_lock || chain.config.lock_required {
        let _ = writeln!(
            out,
            "const _: ::core::option::Option<&str> = ::core::option_env!({UNLOCKED:?});"
        );
    }
}

/// The path of the files, for the stale-binary check; a release build must not have it.
fn source(out: &mut String, root: &str) {
    let _ = writeln!(
        out,
        "#[cfg(debug_assertions)] const SOURCE: ::core::option::Option<&str> = ::core::option::Option::Some({root:?});"
    );
    out.push_str("#[cfg(not(debug_assertions))] const SOURCE: ::core::option::Option<&str> = ::core::option::Option::None;\n");
}

fn settings(out: &mut String, chain: &Chain) {
    let config = &chain.config;
    out.push_str("versions: &VERSIONS");
    let _ = write!(
        out,
        ", recursive: {}, many_heads: {}, version_table: {:?}, version_table_schema: {}, journal_table: {:?},",
        config.recursive,
        config.many_heads,
        config.version_table,
        optional(config.version_table_schema.as_deref()),
        config.journal_table
    );
    let _ = write!(out, "lease: {},", config.lease);
    out.push_str("connect: [");
    for text in &config.connect {
        let _ = write!(out, "{},", optional(text.as_deref()));
    }
    out.push_str("],");
    match config
        .adopt
        .as_ref()
        .map(migrate_chain::adopt::Adopt::words)
    {
        Some([tool, table]) => {
            let _ = write!(
                out,
                "adopt: ::core::option::Option::Some([{tool:?}, {table:?}]),"
            );
        }
        None => out.push_str("adopt: ::core::option::Option::None,"),
    }
}

/// The full path, since the caller may have a `Some` of its own.
fn optional(value: Option<&str>) -> String {
    match value {
        Some(value) => format!("::core::option::Option::Some({value:?})"),
        None => "::core::option::Option::None".to_owned(),
    }
}

/// The path of a file below the migration directory.
fn path(root: &str, file: &str) -> String {
    format!("{root}/{file}")
}

fn list<'a>(out: &mut String, values: impl Iterator<Item = &'a str>) {
    out.push('[');
    for value in values {
        let _ = write!(out, "p::Cow::Borrowed({value:?}),");
    }
    out.push(']');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_says_what_the_text_says() {
        for text in [
            "",
            "a\tb\\n\n",
            "a\"b",
            "a\rb",
            "é",
            "\u{202e}\u{feff}\0",
            "\"#\\",
        ] {
            let literal: syn::LitStr = syn::parse_str(&literal(text)).expect("a literal");
            assert_eq!(literal.value(), text);
        }
        assert!(literal("\u{202e}").is_ascii());
    }
}
