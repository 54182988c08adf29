//! The digests of every revision of a sound chain.

use crate::Dialect;
use crate::digest::{Checksum, Checksums, Digest};
use crate::graph::RevisionGraph;
use crate::revision::draft::Draft;
use crate::revision::{DialectSet, Fingerprint};

/// The hashes of a revision on one database, once all its ancestors have been hashed.
#[derive(Clone, Debug, Default, PartialEq)]
struct Hashes {
    checksum: Option<Checksum>,
    digest: Digest,
    /// The digests that a database may hold from before a squash: those that the revision itself replaces, and those
    /// that it had itself before its ancestors were squashed.
    before_squash: Vec<Digest>,
}

/// A value for each dialect, in the order of [`Dialect::ALL`].
type PerDialect<T> = [T; Dialect::ALL.len()];

/// So many digests a database may have for one revision: they multiply where several parents have some.
pub const MOST_COMBINATIONS: usize = 256;

/// The hashes of a revision on all databases. Most chains are alike on all of them, and are hashed once.
enum KnownHashes {
    Alike(Hashes),
    Each(Box<PerDialect<Hashes>>),
}

impl KnownHashes {
    fn on(&self, dialect: usize) -> &Hashes {
        match self {
            Self::Alike(hashes) => hashes,
            Self::Each(hashes) => &hashes[dialect],
        }
    }
}

/// The part of its digests that a draft itself contributes.
pub struct OwnDigest {
    id: String,
    checksums: Checksums,
    is_transactional: bool,
    /// The digests of what it is a squash of.
    replaced: Vec<Digest>,
}

impl OwnDigest {
    pub fn of(draft: &Draft) -> Self {
        let header = &draft.header;
        let replaced = header.replaced_digests.iter();
        Self {
            id: draft.id().map(|id| id.value.clone()).unwrap_or_default(),
            checksums: draft.checksums(),
            is_transactional: !header.transaction_off,
            replaced: replaced.filter_map(|digest| digest.parse().ok()).collect(),
        }
    }
}

/// The fingerprints of the drafts, in their order. Each digest covers those of parents and dependencies, so
/// parents are hashed first.
///
/// # Errors
/// The first revision for which there would be more than [`MOST_COMBINATIONS`].
pub fn fingerprints(
    drafts: &[OwnDigest],
    graph: &RevisionGraph,
) -> Result<Vec<Vec<Fingerprint>>, usize> {
    let unknown = || KnownHashes::Alike(Hashes::default());
    let mut known: Vec<KnownHashes> = drafts.iter().map(|_| unknown()).collect();
    for index in graph.parents_first() {
        let are_too_many = |dialect| {
            let parents = graph.all(index).iter();
            let counts = parents.map(|&parent| 1 + known[parent].on(dialect).before_squash.len());
            counts.fold(1_usize, usize::saturating_mul) > MOST_COMBINATIONS
        };
        if (0..Dialect::ALL.len()).any(are_too_many) {
            return Err(index);
        }
        known[index] = know(&drafts[index], graph.all(index), &known);
    }
    Ok(known.into_iter().map(join).collect())
}

/// Hashes a draft on each database, given all that is known of what is under it.
fn know(draft: &OwnDigest, parents: &[usize], known: &[KnownHashes]) -> KnownHashes {
    let checksums = &draft.checksums;
    let under = |dialect: usize| -> Vec<&Hashes> {
        let parents = parents.iter();
        parents.map(|&parent| known[parent].on(dialect)).collect()
    };
    let alike = |&parent: &usize| matches!(known[parent], KnownHashes::Alike(_));
    if checksums.iter().all(|&one| one == checksums[0]) && parents.iter().all(alike) {
        return KnownHashes::Alike(hash(draft, checksums[0], &under(0)));
    }
    let mut own: Vec<Hashes> = Vec::with_capacity(checksums.len());
    for (n, &checksum) in checksums.iter().enumerate() {
        let is_same = |&earlier: &usize| {
            checksums[earlier] == checksum && are_equal(&under(earlier), &under(n))
        };
        own.push(match (0..n).find(is_same) {
            Some(earlier) => own[earlier].clone(),
            None => hash(draft, checksum, &under(n)),
        });
    }
    KnownHashes::Each(Box::new(own.try_into().unwrap_or_default()))
}

/// Whether what is under a revision is the same on two databases, its checksums aside: the digests cover them.
fn are_equal(one: &[&Hashes], other: &[&Hashes]) -> bool {
    let digests = |hashes: &Hashes| (hashes.digest, hashes.before_squash.len());
    one.iter()
        .map(|&h| digests(h))
        .eq(other.iter().map(|&h| digests(h)))
}

/// Hashes one draft on one database, given what is under it there.
fn hash(draft: &OwnDigest, checksum: Option<Checksum>, under: &[&Hashes]) -> Hashes {
    let digest =
        |under: &mut [Digest]| Digest::of(&draft.id, checksum, draft.is_transactional, under);
    if draft.replaced.is_empty() && under.iter().all(|h| h.before_squash.is_empty()) {
        let mut under: Vec<Digest> = under.iter().map(|hashes| hashes.digest).collect();
        return Hashes {
            checksum,
            digest: digest(&mut under),
            before_squash: Vec::new(),
        };
    }
    let mut digests = combinations(under)
        .into_iter()
        .map(|mut under| digest(&mut under));
    let today = digests.next().unwrap_or_default();
    let before_squash = digests.chain(draft.replaced.iter().copied());
    Hashes {
        checksum,
        digest: today,
        before_squash: before_squash.collect(),
    }
}

/// Every way to take one digest of each revision; the first takes the digests of today.
fn combinations(under: &[&Hashes]) -> Vec<Vec<Digest>> {
    let mut combinations = vec![Vec::with_capacity(under.len())];
    for hashes in under {
        let choices: Vec<Digest> = [hashes.digest]
            .into_iter()
            .chain(hashes.before_squash.iter().copied())
            .collect();
        combinations = combinations
            .iter()
            .flat_map(|so_far: &Vec<Digest>| {
                choices
                    .iter()
                    .map(|&choice| [&so_far[..], &[choice]].concat())
            })
            .collect();
    }
    combinations
}

/// Joins the databases for which a revision is the same.
fn join(known: KnownHashes) -> Vec<Fingerprint> {
    let fingerprint = |(dialects, hashes): (DialectSet, Hashes)| Fingerprint {
        dialects,
        checksum: hashes.checksum.unwrap_or_default(),
        digest: hashes.digest,
        before_squash: hashes.before_squash,
    };
    match known {
        KnownHashes::Alike(hashes) => vec![fingerprint((DialectSet::all(), hashes))],
        KnownHashes::Each(hashes) => DialectSet::group(Dialect::ALL.into_iter().zip(*hashes))
            .into_iter()
            .map(fingerprint)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io;

    use crate::input::tree::{DirectoryEntry, Tree};
    use crate::load::load_tree;
    use crate::{Checksum, Dialect, Digest, Revision};

    /// Revision files by id.
    struct Files(BTreeMap<String, String>);

    impl Tree for Files {
        fn name(&self) -> &'static str {
            "migrations"
        }

        fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
            let id = path
                .strip_prefix("versions/")
                .and_then(|file| file.strip_suffix(".sql"));
            Ok(id
                .and_then(|id| self.0.get(id))
                .map(|text| text.clone().into_bytes()))
        }

        fn list(&self, path: &str) -> io::Result<Option<Vec<DirectoryEntry>>> {
            let file = |id: &String| DirectoryEntry {
                name: format!("{id}.sql"),
                is_directory: false,
            };
            Ok(Some(if path == "versions" {
                self.0.keys().map(file).collect()
            } else {
                Vec::new()
            }))
        }
    }

    fn load(files: &[(&str, &str, &str)]) -> Vec<Revision> {
        let text = |(id, down, more): &(&str, &str, &str)| {
            let header = format!("-- revision: {id}\n-- down_revision: {down}\n{more}\n");
            (
                id.to_string(),
                format!("{header}\n-- migrate: upgrade\nSELECT '{id}';\n"),
            )
        };
        let tree = Files(files.iter().map(text).collect());
        load_tree(&tree).expect("a sound chain").revisions
    }

    fn digest(revisions: &[Revision], id: &str) -> Digest {
        let found = revisions.iter().find(|revision| revision.id() == id);
        found.expect("it is in the chain").digest(Dialect::Sqlite)
    }

    /// a -- b, where a has SQL of its own for SQLite.
    #[test]
    fn each_database_has_the_digests_of_what_it_runs() {
        let header =
            |id: &str, down: &str| format!("-- revision: {id}\n-- down_revision: {down}\n\n");
        let sections = "-- migrate: upgrade sqlite\nSELECT 1;\n-- migrate: upgrade\nSELECT 2;\n";
        let files = [
            ("a", header("a", "none") + sections),
            ("b", header("b", "a") + "-- migrate: upgrade\nSELECT 3;\n"),
        ];
        let files = files.map(|(id, text)| (id.to_owned(), text));
        let revisions = load_tree(&Files(files.into()))
            .expect("a sound chain")
            .revisions;
        for (dialect, sql) in [
            (Dialect::Sqlite, "SELECT 1;"),
            (Dialect::Postgres, "SELECT 2;"),
            (Dialect::MySql, "SELECT 2;"),
        ] {
            let checksum = |sql| Some(Checksum::of_sql(dialect, sql));
            let a = Digest::of("a", checksum(sql), true, &mut []);
            let b = Digest::of("b", checksum("SELECT 3;"), true, &mut [a]);
            let found = [0, 1].map(|n: usize| revisions[n].digest(dialect));
            assert_eq!(found, [a, b], "{dialect:?}");
        }
    }

    /// a -- b -- c -- e
    ///        \- d -/
    #[test]
    fn what_stands_on_a_squash_is_known_by_its_digest_from_before_too() {
        let above = [("c", "b", ""), ("d", "b", ""), ("e", "c, d", "")];
        let before = load(&[&[("a", "none", ""), ("b", "a", "")][..], &above].concat());
        let replaced = format!(
            "-- replaces: a, b\n-- replaced_digest: {}",
            digest(&before, "b")
        );
        let after = load(&[&[("b", "none", &*replaced)][..], &above].concat());
        for revision in &after {
            let old = digest(&before, revision.id());
            assert_ne!(revision.digest(Dialect::Sqlite), old, "{}", revision.id());
            assert!(revision.accepts(&old, Dialect::Sqlite), "{}", revision.id());
        }
        let edited = load(
            &[
                &[("a", "none", "-- transaction: off"), ("b", "a", "")][..],
                &above,
            ]
            .concat(),
        );
        assert!(!after[3].accepts(&digest(&edited, "e"), Dialect::Sqlite));
    }
}
