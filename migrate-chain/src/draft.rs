//! A revision file that has been parsed and not yet checked against the others.

use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::Dialect;
use crate::diagnostic::{Diagnostic, Fault};
use crate::digest::{Checksum, Digest};
use crate::graph::RevisionGraph;
use crate::header::{self, CommentStyle, Header, Spanned};
use crate::revision::{DialectSet, Fingerprint, Parts, Revision, Section};
use crate::script::{self, Direction, Script, Sections};
use crate::source::{Place, Source};
use crate::sql;

/// A parsed revision file.
pub(crate) struct Draft {
    pub(crate) source: Arc<Source>,
    pub(crate) file: String,
    pub(crate) header: Header,
    pub(crate) body: Body,
    /// A merge conflict stands in the file: what else is wrong there follows from it.
    pub(crate) has_conflict: bool,
}

/// What a file does, by its kind.
pub(crate) enum Body {
    Sql(Script),
    Rust { upgrade: bool, downgrade: bool },
}

impl Draft {
    /// Parses a file; `None` when it has no header and is no revision.
    pub(crate) fn parse(
        source: &Arc<Source>,
        file: String,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let is_rust = file
            .rsplit_once('.')
            .is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("rs"));
        let conflicts = sql::conflict_markers(source.text());
        let mut ignored = Vec::new();
        let faults = if conflicts.is_empty() {
            faults
        } else {
            let conflict =
                |range| Diagnostic::new(Fault::ConflictMarker, Place::new(source, range));
            faults.extend(conflicts.iter().cloned().map(conflict));
            &mut ignored
        };
        let style = if is_rust {
            CommentStyle::Rust
        } else {
            CommentStyle::Sql
        };
        let header = header::parse(source, style, faults)?;
        let body = if is_rust {
            rust_body(source.text())
        } else {
            Body::Sql(script::parse(source, header.end, faults))
        };
        Some(Self {
            source: Arc::clone(source),
            file,
            header,
            body,
            has_conflict: !conflicts.is_empty(),
        })
    }

    /// The id, or nothing when the header lacks one.
    pub(crate) fn id(&self) -> Option<&Spanned<String>> {
        self.header.revision.as_ref()
    }

    /// Where a fault of the file as a whole is pointed at: its id, else its first line.
    pub(crate) fn place(&self) -> Place {
        let first_line = || 0..self.source.text().lines().next().map_or(0, str::len);
        Place::new(
            &self.source,
            self.id().map_or_else(first_line, |id| id.range.clone()),
        )
    }

    /// The revision that it becomes once the whole chain is known to be sound.
    pub(crate) fn finish(self, fingerprints: Vec<Fingerprint>) -> Revision {
        let header = self.header;
        let (upgrade, downgrade, rust) = match &self.body {
            Body::Sql(script) => (sections(&script.upgrade), sections(&script.downgrade), None),
            Body::Rust { downgrade, .. } => (Vec::new(), Vec::new(), Some(*downgrade)),
        };
        Parts {
            id: header.revision.map(|id| id.value).unwrap_or_default(),
            file: self.file,
            message: header.message,
            created: header.created,
            down_revision: values(header.down_revision),
            depends_on: values(header.depends_on),
            branch_labels: values(header.branch_labels),
            replaces: values(header.replaces),
            replaced_digests: header.replaced_digests,
            irreversible: header.irreversible.map(|reason| reason.value),
            transaction: !header.transaction_off,
            foreign_keys: !header.foreign_keys_off,
            rust,
            upgrade,
            downgrade,
            fingerprints,
            text: self.source.into_text(),
        }
        .into()
    }

    /// The checksum for each dialect.
    fn checksums(&self) -> [Option<Checksum>; Dialect::ALL.len()] {
        let text = self.source.text();
        let Body::Sql(script) = &self.body else {
            return [Some(Checksum::of(text)); Dialect::ALL.len()];
        };
        let sections = script.upgrade.sections();
        let mut checksums = [None; Dialect::ALL.len()];
        for n in 0..sections.len() {
            // Most files have one section for all, and it is hashed once.
            let same = (0..n).find(|&earlier| sections[earlier] == sections[n]);
            checksums[n] = match same {
                Some(earlier) => checksums[earlier],
                None => sections[n].clone().map(|range| Checksum::of(&text[range])),
            };
        }
        checksums
    }
}

/// The checksums and digests of every draft, in their order.
pub(crate) fn hash(drafts: &[Draft], graph: &RevisionGraph) -> Vec<Vec<Fingerprint>> {
    let mut hashes: Vec<[Option<(Option<Checksum>, Digest)>; Dialect::ALL.len()]> =
        vec![[None; 3]; drafts.len()];
    for index in graph.parents_first() {
        let draft = &drafts[index];
        let id = draft.id().map(|id| &*id.value).unwrap_or_default();
        let checksums = draft.checksums();
        let under = graph.all(index);
        for n in 0..checksums.len() {
            let mut under: Vec<Digest> = under
                .iter()
                .filter_map(|&parent| hashes[parent][n].map(|(_, digest)| digest))
                .collect();
            let digest = Digest::of(id, checksums[n], !draft.header.transaction_off, &mut under);
            hashes[index][n] = Some((checksums[n], digest));
        }
    }
    hashes.into_iter().map(fingerprints).collect()
}

/// Joins the databases for which a revision is the same.
fn fingerprints(
    hashes: [Option<(Option<Checksum>, Digest)>; Dialect::ALL.len()],
) -> Vec<Fingerprint> {
    let mut joined: Vec<((Option<Checksum>, Digest), Vec<Dialect>)> = Vec::new();
    for (dialect, hash) in Dialect::ALL
        .into_iter()
        .zip(hashes)
        .filter_map(|(d, hash)| Some((d, hash?)))
    {
        match joined.iter_mut().find(|(same, _)| *same == hash) {
            Some((_, dialects)) => dialects.push(dialect),
            None => joined.push((hash, vec![dialect])),
        }
    }
    let fingerprint =
        |((checksum, digest), dialects): ((Option<Checksum>, Digest), Vec<Dialect>)| Fingerprint {
            dialects: dialects.into_iter().collect(),
            checksum: checksum.unwrap_or(Checksum::from_bytes([0; 32])),
            digest,
        };
    joined.into_iter().map(fingerprint).collect()
}

/// The sections of a direction, each once with all the databases that it serves.
fn sections(direction: &Direction) -> Vec<Section> {
    let ranges: Sections = direction.sections();
    let mut sections: Vec<(Range<usize>, Vec<Dialect>)> = Vec::new();
    for (dialect, range) in Dialect::ALL.into_iter().zip(ranges) {
        let Some(range) = range else { continue };
        match sections.iter_mut().find(|(same, _)| *same == range) {
            Some((_, dialects)) => dialects.push(dialect),
            None => sections.push((range, vec![dialect])),
        }
    }
    let offset = |at: usize| {
        u32::try_from(at).expect("a revision file is smaller than 4 GiB: check.rs refuses others")
    };
    let section = |(range, dialects): (Range<usize>, Vec<Dialect>)| Section {
        dialects: dialects.into_iter().collect::<DialectSet>(),
        start: offset(range.start),
        end: offset(range.end),
    };
    sections.into_iter().map(section).collect()
}

fn values(names: Vec<Spanned<String>>) -> Vec<String> {
    names.into_iter().map(|name| name.value).collect()
}

/// Finds the two functions of a Rust revision among the top-level items. Text that does not lex counts as having the
/// upgrade: rustc reports such a file better than we could.
fn rust_body(text: &str) -> Body {
    let Ok(tokens) = TokenStream::from_str(text.trim_start_matches(crate::source::BYTE_ORDER_MARK))
    else {
        return Body::Rust {
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
    Body::Rust {
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
            Body::Rust { upgrade, downgrade } => (upgrade, downgrade),
            Body::Sql(_) => panic!("not SQL"),
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
