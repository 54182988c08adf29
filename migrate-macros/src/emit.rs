//! The chain as the tokens of a constant.
//!
//! The table is written as text and parsed in one go: in a macro that is compiled without optimisation, one call into
//! rustc's lexer costs far less than a call for each token, and a chain may have thousands of files.

use std::fmt::Write as _;
use std::path::Path;

use migrate_chain::revision::{Fingerprint, Section};
use migrate_chain::{Chain, Dialect, Revision, load};
use proc_macro2::TokenStream;
use quote::quote;

/// The expression for a chain that was read from `root`.
pub(crate) fn chain(krate: &TokenStream, chain: &Chain, root: &Path, name: &str) -> TokenStream {
    let mut text = String::with_capacity(chain.revisions.len() * 512);
    modules(&mut text, chain, root);
    if chain.has_config_file {
        let _ = writeln!(
            text,
            "const _: &str = include_str!({:?});",
            root.join(load::CONFIG_FILE)
        );
    }
    source(&mut text, root);
    revisions(&mut text, chain, root);
    functions(&mut text, chain);
    text.push_str("p::Migrations::embedded(p::EmbeddedMigrations {");
    let _ = write!(text, "directory: {name:?},");
    settings(&mut text, chain);
    let _ = write!(
        text,
        "revisions: &REVISIONS, heads: &{:?},",
        chain.graph.real_heads()
    );
    text.push_str("functions: &FUNCTIONS, source: SOURCE })");
    let body: TokenStream = text.parse().expect("emit.rs writes valid tokens");
    quote!({
        use #krate::__private as p;
        #body
    })
}

/// The Rust revisions as modules, so that rustc compiles them in their own files.
fn modules(out: &mut String, chain: &Chain, root: &Path) {
    for (n, revision) in rust_revisions(chain) {
        let path = root.join(revision.file());
        let _ = writeln!(
            out,
            "#[path = {path:?}] #[allow(unreachable_pub, missing_docs)] mod r{n};"
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
            let _ = write!(out, "Some(|cx| p::boxed(r{n}::downgrade(cx))) }},");
        } else {
            out.push_str("None },");
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

/// Where the files are, for the stale-binary check; a release build must not know.
fn source(out: &mut String, root: &Path) {
    let _ = writeln!(
        out,
        "#[cfg(debug_assertions)] const SOURCE: Option<&str> = Some({root:?});"
    );
    out.push_str("#[cfg(not(debug_assertions))] const SOURCE: Option<&str> = None;\n");
}

fn settings(out: &mut String, chain: &Chain) {
    let config = &chain.config;
    out.push_str("versions: &");
    list(out, config.versions.iter().map(String::as_str));
    let _ = write!(
        out,
        ", recursive: {}, many_heads: {}, version_table: {:?}, version_table_schema: {:?}, journal_table: {:?},",
        config.recursive,
        config.many_heads,
        config.version_table,
        config.version_table_schema,
        config.journal_table
    );
}

fn revisions(out: &mut String, chain: &Chain, root: &Path) {
    let _ = write!(
        out,
        "static REVISIONS: [p::Revision; {}] = [",
        chain.revisions.len()
    );
    for revision in &chain.revisions {
        self::revision(out, revision, root);
    }
    out.push_str("];\n");
}

fn revision(out: &mut String, revision: &Revision, root: &Path) {
    let _ = write!(
        out,
        "p::Embedded {{ id: {:?}, file: {:?}, text: include_str!({:?}), message: {:?},",
        revision.id(),
        revision.file(),
        root.join(revision.file()),
        revision.message()
    );
    optional(out, "created", revision.created());
    optional(out, "irreversible", revision.irreversible());
    names(out, "down_revision", revision.down_revision());
    names(out, "depends_on", revision.depends_on());
    names(out, "branch_labels", revision.branch_labels());
    names(out, "replaces", revision.replaces());
    names(out, "replaced_digests", revision.replaced_digests());
    if !revision.is_transactional() {
        out.push_str("transaction: false,");
    }
    if !revision.keeps_foreign_keys() {
        out.push_str("foreign_keys: false,");
    }
    if revision.is_rust() {
        let _ = write!(
            out,
            "rust: Some({}),",
            revision.has_downgrade(Dialect::Sqlite)
        );
    }
    sections(out, "upgrade", revision.upgrade_sections());
    sections(out, "downgrade", revision.downgrade_sections());
    fingerprints(out, revision.fingerprints());
    out.push_str("..p::Embedded::DEFAULT }.revision(),");
}

fn optional(out: &mut String, field: &str, value: Option<&str>) {
    if let Some(value) = value {
        let _ = write!(out, "{field}: Some({value:?}),");
    }
}

fn names<'a>(out: &mut String, field: &str, values: impl ExactSizeIterator<Item = &'a str>) {
    if values.len() > 0 {
        let _ = write!(out, "{field}: &");
        list(out, values);
        out.push(',');
    }
}

fn list<'a>(out: &mut String, values: impl Iterator<Item = &'a str>) {
    out.push('[');
    for value in values {
        let _ = write!(out, "{value:?},");
    }
    out.push(']');
}

fn sections(out: &mut String, field: &str, sections: &[Section]) {
    if sections.is_empty() {
        return;
    }
    let _ = write!(out, "{field}: &[");
    for section in sections {
        let _ = write!(
            out,
            "p::section({}, {}, {}),",
            section.dialects.bits(),
            section.start,
            section.end
        );
    }
    out.push_str("],");
}

fn fingerprints(out: &mut String, fingerprints: &[Fingerprint]) {
    out.push_str("fingerprints: &[");
    for fingerprint in fingerprints {
        let _ = write!(out, "p::fingerprint({}, b\"", fingerprint.dialects.bits());
        for byte in fingerprint
            .checksum
            .as_bytes()
            .iter()
            .chain(fingerprint.digest.as_bytes())
        {
            let _ = write!(out, "{}", std::ascii::escape_default(*byte));
        }
        out.push_str("\"),");
    }
    out.push_str("],");
}
