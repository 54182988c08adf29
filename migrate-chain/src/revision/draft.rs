//! A revision file that has been parsed and not yet checked against the others.

use std::borrow::Cow;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::section;
use crate::Dialect;
use crate::diagnostic::Diagnostic;
use crate::digest::{Checksum, Checksums};
use crate::input::conflict;
use crate::revision::header::{self, CommentStyle, Header, Spanned};
use crate::revision::script::{self, DirectionSections, RevisionSections};
use crate::revision::{DialectSet, NameList, Parts, Revision, Section};
use crate::source::{Place, Source};
use crate::sql::Readings;

/// A parsed revision file.
pub struct Draft {
    pub source: Arc<Source>,
    pub file: String,
    pub header: Header,
    pub body: DraftBody,
    /// Of a SQL file: that of a Rust file is not taken until the chain is read.
    checksums: Checksums,
    /// The file has a merge conflict: its other faults follow from that.
    pub has_conflict: bool,
}

/// The body of a file, by its kind.
pub enum DraftBody {
    Sql(RevisionSections),
    Rust { upgrade: bool, downgrade: bool },
}

/// Whether a revision file is Rust, and not SQL.
pub fn is_rust(file: &str) -> bool {
    let extension = file.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case("rs"))
}

impl Draft {
    /// Parses a file of a chain for the databases `declared`, if it says which; `None` when it has no header and is no
    /// revision.
    pub fn parse(
        source: &Arc<Source>,
        file: String,
        declared: &[Dialect],
        faults: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let mut conflicts = conflict::conflict_markers(source.text());
        let mut found = Vec::new();
        let parsed = if is_rust(&file) {
            rust(source, &mut conflicts, &mut found)
        } else {
            sql(source, declared, &mut conflicts, &mut found)
        };
        let has_conflict = !conflicts.is_empty();
        // Whatever else is wrong follows from it.
        faults.extend(if has_conflict {
            conflict::faults(source, conflicts)
        } else {
            found
        });
        let (header, body, checksums) = parsed?;
        Some(Self {
            source: Arc::clone(source),
            file,
            header,
            body,
            checksums,
            has_conflict,
        })
    }

    /// The id, or nothing when the header lacks one.
    pub fn id(&self) -> Option<&Spanned<String>> {
        self.header.revision.as_ref()
    }

    /// The place to show for a fault of the whole file: its id, or else its first line.
    pub fn place(&self) -> Place {
        let first_line = || 0..self.source.text().lines().next().map_or(0, str::len);
        Place::new(
            &self.source,
            self.id().map_or_else(first_line, |id| id.range.clone()),
        )
    }

    /// The revision that it becomes once the whole chain is known to be sound, but for its fingerprints.
    pub fn finish(self) -> Revision {
        let header = self.header;
        let (upgrade, downgrade, rust) = match &self.body {
            DraftBody::Sql(script) => {
                (sections(&script.upgrade), sections(&script.downgrade), None)
            }
            DraftBody::Rust { downgrade, .. } => (Vec::new(), Vec::new(), Some(*downgrade)),
        };
        Parts {
            id: header
                .revision
                .map(|id| id.value)
                .unwrap_or_default()
                .into(),
            file: self.file.into(),
            message: header.message.into(),
            created: header.created.map(Cow::Owned),
            down_revision: names(&header.down_revision),
            depends_on: names(&header.depends_on),
            branch_labels: names(&header.branch_labels),
            replaces: names(&header.replaces),
            replaced_digests: NameList::from_joined(header.replaced_digests.join(",").into()),
            adopts: NameList::from_joined(header.adopts.join(",").into()),
            irreversible: header.irreversible.map(|reason| reason.value.into()),
            transaction: !header.transaction_off,
            foreign_keys: header.foreign_keys,
            rust,
            upgrade,
            downgrade,
            fingerprints: Vec::new(),
            text: self.source.into_text().into(),
        }
        .into()
    }

    pub fn checksums(&self) -> Checksums {
        match &self.body {
            DraftBody::Sql(_) => self.checksums,
            DraftBody::Rust { .. } => [Some(Checksum::of(self.source.text())); Dialect::ALL.len()],
        }
    }
}

/// Parses a SQL file, and leaves of the conflict markers those that are not text of a string or of a stored program.
fn sql(
    source: &Arc<Source>,
    declared: &[Dialect],
    conflicts: &mut Vec<Range<usize>>,
    faults: &mut Vec<Diagnostic>,
) -> Option<(Header, DraftBody, Checksums)> {
    let header = header::parse(source, CommentStyle::Sql, faults)?;
    let mut readings = Readings::new(source.text(), !header.transaction_off);
    let script = script::parse(source, header.end, declared, &mut readings, faults);
    conflicts.retain(|marker| !section::is_text(&script, declared, &mut readings, marker.start));
    section::statements(declared, source, &script, &mut readings, faults);
    let checksums = section::checksums(&script.upgrade, &mut readings);
    Some((header, DraftBody::Sql(script), checksums))
}

/// Parses a Rust file, and leaves of the conflict markers those that are not text of a string.
fn rust(
    source: &Arc<Source>,
    conflicts: &mut Vec<Range<usize>>,
    faults: &mut Vec<Diagnostic>,
) -> Option<(Header, DraftBody, Checksums)> {
    conflicts.retain(|marker| !is_text_of_rust(source.text(), marker.start));
    let header = header::parse(source, CommentStyle::Rust, faults)?;
    Some((header, rust_body(source.text()), Checksums::default()))
}

/// Whether the conflict marker at the byte `at` is text of a string. Code of seven signs and code of one word differ in
/// their tokens; a string does not, whichever it has in it.
fn is_text_of_rust(text: &str, at: usize) -> bool {
    let word = [&text[..at], "conflict", &text[at + 7..]].concat();
    match (rust_tokens(text), rust_tokens(&word)) {
        (Some(tokens), Some(with_word)) => count(tokens) == count(with_word),
        _ => false,
    }
}

fn count(tokens: TokenStream) -> usize {
    let tokens = tokens.into_iter().map(|token| match token {
        TokenTree::Group(group) => 1 + count(group.stream()),
        _ => 1,
    });
    tokens.sum()
}

fn rust_tokens(text: &str) -> Option<TokenStream> {
    TokenStream::from_str(text.trim_start_matches(crate::source::BYTE_ORDER_MARK)).ok()
}

/// The sections of a direction, each once with all the databases that it serves.
fn sections(direction: &DirectionSections) -> Vec<Section> {
    let section = |(dialects, range): (DialectSet, Range<usize>)| Section {
        dialects,
        start: range.start,
        end: range.end,
    };
    direction.served().into_iter().map(section).collect()
}

fn names(names: &[Spanned<String>]) -> NameList {
    let names: Vec<&str> = names.iter().map(|name| &*name.value).collect();
    NameList::from_joined(names.join(",").into())
}

/// Finds the two functions of a Rust revision among the top-level items. Text that does not lex counts as having the
/// upgrade: rustc reports such a file better than we could.
fn rust_body(text: &str) -> DraftBody {
    let Some(tokens) = rust_tokens(text) else {
        return DraftBody::Rust {
            upgrade: true,
            downgrade: false,
        };
    };
    let mut names = Vec::new();
    let mut after_fn = false;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) if after_fn => {
                names.push(ident.to_string());
                after_fn = false;
            }
            TokenTree::Ident(ident) => after_fn = ident == "fn",
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {}
            _ => after_fn = false,
        }
    }
    let has = |name: &str| names.iter().any(|found| found == name);
    DraftBody::Rust {
        upgrade: has("upgrade"),
        downgrade: has("downgrade"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_of_a_rust_revision_are_found_at_the_top_level_only() {
        let found = |text| match rust_body(text) {
            DraftBody::Rust { upgrade, downgrade } => (upgrade, downgrade),
            DraftBody::Sql(_) => panic!("not SQL"),
        };
        assert_eq!(
            found("pub async fn upgrade(cx: &mut C) -> R { fn downgrade() {} }"),
            (true, false)
        );
        assert_eq!(
            found("//! a\n// fn upgrade\nconst S: &str = \"fn upgrade\"; fn downgrade() {}"),
            (false, true)
        );
        assert_eq!(found("mod m { pub async fn upgrade() {} }"), (false, false));
    }
}
