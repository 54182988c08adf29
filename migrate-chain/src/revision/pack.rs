//! A revision as one line of text: the form in which `embed_migrations!` puts a chain into a binary.
//!
//! A table of constants would say the same, but a compiler that checks and evaluates thousands of them takes seconds;
//! one string literal costs it nothing. It is taken apart when there is something to do, and never on the fast path.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::digest::{Checksum, Digest};
use crate::parallel;
use crate::revision::{DialectSet, Fingerprint, ForeignKeys, NameList, Parts, Revision, Section};

/// Writes a revision, all but its text, as one line without a line end.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = std::env::temp_dir().join("migrate-chain-pack");
/// # std::fs::create_dir_all(dir.join("versions"))?;
/// # std::fs::write(dir.join("versions/a.sql"), "-- revision: a\n-- down_revision: none\n-- migrate: upgrade\n")?;
/// use migrate_chain::pack::{pack, unpack};
///
/// let chain = migrate_chain::load(&dir).expect("a sound chain");
/// let mut line = String::new();
/// pack(&chain.revisions[0], &mut line);
/// let text = chain.revisions[0].text().to_owned();
/// assert_eq!(unpack(line.leak(), text.leak()).as_ref(), Some(&chain.revisions[0]));
/// # Ok(())
/// # }
/// ```
pub fn pack(revision: &Revision, out: &mut String) {
    for text in [revision.id(), revision.file(), revision.message()] {
        escape(text, out);
        out.push(FIELD);
    }
    escape(revision.created().unwrap_or_default(), out);
    out.push(FIELD);
    // A reason is never empty, so an empty one means none.
    escape(revision.irreversible().unwrap_or_default(), out);
    for names in revision.all_names() {
        out.push(FIELD);
        out.push_str(names.joined());
    }
    out.push(FIELD);
    flags(revision, out);
    for sections in [revision.upgrade_sections(), revision.downgrade_sections()] {
        out.push(FIELD);
        for Section {
            dialects,
            start,
            end,
        } in sections
        {
            let _ = write!(out, "{}:{start}:{end} ", dialects.bits());
        }
    }
    out.push(FIELD);
    for fingerprint in revision.fingerprints() {
        let _ = write!(
            out,
            "{}:{}:{}",
            fingerprint.dialects.bits(),
            fingerprint.checksum,
            fingerprint.digest
        );
        for digest in &fingerprint.before_squash {
            let _ = write!(out, ":{digest}");
        }
        out.push(' ');
    }
}

/// The line of each revision, in their order, written on all processors.
pub fn lines(revisions: &[Revision]) -> Vec<String> {
    parallel::map(revisions, |revision| {
        let mut line = String::with_capacity(256);
        pack(revision, &mut line);
        line
    })
}

/// Reads a line back; `text` is the text of the file. `None` if it is not such a line.
pub fn unpack(line: &'static str, text: &'static str) -> Option<Revision> {
    let mut fields = line.split(FIELD);
    let mut field = || fields.next();
    let (id, file, message) = (
        unescape(field()?)?,
        unescape(field()?)?,
        unescape(field()?)?,
    );
    let (created, irreversible) = (unescape(field()?)?, unescape(field()?)?);
    let mut names = || field().map(|names| NameList::from_joined(Cow::Borrowed(names)));
    let (down_revision, depends_on, branch_labels) = (names()?, names()?, names()?);
    let (replaces, replaced_digests, adopts) = (names()?, names()?, names()?);
    let flags = field()?;
    let parts = Parts {
        id,
        file,
        text: Cow::Borrowed(text),
        message,
        created: Some(created).filter(|created| !created.is_empty()),
        irreversible: Some(irreversible).filter(|reason| !reason.is_empty()),
        down_revision,
        depends_on,
        branch_labels,
        replaces,
        replaced_digests,
        adopts,
        transaction: !flags.contains(NO_TRANSACTION),
        foreign_keys: foreign_keys(flags),
        rust: flags.contains(RUST).then(|| flags.contains(RUST_DOWNGRADE)),
        upgrade: list(field()?, section)?,
        downgrade: list(field()?, section)?,
        fingerprints: list(field()?, fingerprint)?,
    };
    Some(parts.into())
}

const FIELD: char = '\t';

const NO_TRANSACTION: char = 't';
const NO_FOREIGN_KEYS: char = 'f';
const CASCADE: char = 'c';
const RUST: char = 'r';
const RUST_DOWNGRADE: char = 'd';

fn flags(revision: &Revision, out: &mut String) {
    let mut flag = |flag, is_set| {
        if is_set {
            out.push(flag);
        }
    };
    let rust_downgrade = revision.is_rust() && revision.has_downgrade(crate::Dialect::Sqlite);
    flag(NO_TRANSACTION, !revision.is_transactional());
    flag(NO_FOREIGN_KEYS, !revision.keeps_foreign_keys());
    flag(CASCADE, revision.foreign_keys() == ForeignKeys::Cascade);
    flag(RUST, revision.is_rust());
    flag(RUST_DOWNGRADE, rust_downgrade);
}

fn foreign_keys(flags: &str) -> ForeignKeys {
    if flags.contains(NO_FOREIGN_KEYS) {
        ForeignKeys::Off
    } else if flags.contains(CASCADE) {
        ForeignKeys::Cascade
    } else {
        ForeignKeys::On
    }
}

/// Keeps fields and lines apart whatever a message or a file name holds.
fn escape(text: &str, out: &mut String) {
    // Without optimisation, a search for several characters at once costs as much as all the rest.
    if ![b'\\', b'\t', b'\n']
        .iter()
        .any(|special| text.as_bytes().contains(special))
    {
        return out.push_str(text);
    }
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
}

fn unescape(text: &'static str) -> Option<Cow<'static, str>> {
    if !text.contains('\\') {
        return Some(Cow::Borrowed(text));
    }
    let mut chars = text.chars();
    let mut out = String::with_capacity(text.len());
    while let Some(c) = chars.next() {
        out.push(match c {
            '\\' => match chars.next()? {
                't' => '\t',
                'n' => '\n',
                '\\' => '\\',
                _ => return None,
            },
            c => c,
        });
    }
    Some(Cow::Owned(out))
}

fn list<T>(text: &str, item: fn(&str) -> Option<T>) -> Option<Vec<T>> {
    text.split_ascii_whitespace().map(item).collect()
}

fn section(text: &str) -> Option<Section> {
    let mut parts = text.split(':');
    let dialects = DialectSet::from_bits(parts.next()?.parse().ok()?);
    Some(Section {
        dialects,
        start: parts.next()?.parse().ok()?,
        end: parts.next()?.parse().ok()?,
    })
}

fn fingerprint(text: &str) -> Option<Fingerprint> {
    let mut parts = text.split(':');
    let dialects = DialectSet::from_bits(parts.next()?.parse().ok()?);
    let checksum: Checksum = parts.next()?.parse().ok()?;
    let digest: Digest = parts.next()?.parse().ok()?;
    Some(Fingerprint {
        dialects,
        checksum,
        digest,
        before_squash: parts
            .map(|digest| digest.parse().ok())
            .collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_comes_back() {
        let parts = Parts {
            id: "b".into(),
            file: "ver\tsions/\\b.sql".into(),
            text: "-- text".into(),
            message: "one\ntwo\\n\tthree".into(),
            created: Some("2026-11-22T08:00:00Z".into()),
            irreversible: Some("data\\is gone".into()),
            down_revision: NameList::from_joined("a,a0".into()),
            depends_on: NameList::from_joined("x".into()),
            branch_labels: NameList::from_joined("shop-eu,shop".into()),
            replaces: NameList::from_joined("r1,r2".into()),
            replaced_digests: NameList::from_joined("0".repeat(64).into()),
            adopts: NameList::from_joined("1 abc,2".into()),
            transaction: false,
            foreign_keys: ForeignKeys::Off,
            rust: None,
            upgrade: vec![Section {
                dialects: DialectSet::from_bits(5),
                start: 1,
                end: 7,
            }],
            downgrade: vec![Section {
                dialects: DialectSet::from_bits(7),
                start: 7,
                end: 7,
            }],
            fingerprints: vec![Fingerprint {
                dialects: DialectSet::from_bits(7),
                checksum: Checksum::of("x"),
                digest: Digest::of("b", None, true, &mut []),
                before_squash: vec![
                    Digest::of("c", None, true, &mut []),
                    Digest::of("d", None, true, &mut []),
                ],
            }],
        };
        let revision: Revision = parts.into();
        let mut line = String::new();
        pack(&revision, &mut line);
        assert!(!line.contains('\n'), "{line}");
        assert_eq!(unpack(line.leak(), "-- text"), Some(revision));
    }

    #[test]
    fn every_value_of_foreign_keys_comes_back() {
        for foreign_keys in ForeignKeys::ALL {
            let revision: Revision = Parts {
                foreign_keys,
                ..Parts::default()
            }
            .into();
            let mut line = String::new();
            pack(&revision, &mut line);
            let back = unpack(line.leak(), "").expect("it was packed");
            assert_eq!(back.foreign_keys(), foreign_keys);
        }
    }

    #[test]
    fn a_rust_revision_comes_back_with_and_without_a_downgrade() {
        for downgrade in [false, true] {
            let revision: Revision = Parts {
                rust: Some(downgrade),
                transaction: true,
                ..Parts::default()
            }
            .into();
            let mut line = String::new();
            pack(&revision, &mut line);
            let back = unpack(line.leak(), "").expect("it was packed");
            assert_eq!(back, revision);
            assert_eq!(back.has_downgrade(crate::Dialect::MySql), downgrade);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for wrong in ["", "a", "a\tb\tc", "\\x\t\t\t\t\t\t\t\t\t\t\t\t\t"] {
            assert_eq!(unpack(wrong, ""), None, "{wrong:?}");
        }
    }
}
