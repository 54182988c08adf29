//! The checksum and the digest of every revision of a sound chain.

use crate::Dialect;
use crate::digest::{Checksum, Digest};
use crate::draft::Draft;
use crate::graph::RevisionGraph;
use crate::revision::{DialectSet, Fingerprint};

/// A hash for each dialect, in the order of [`Dialect::ALL`].
type PerDialect<T> = [T; Dialect::ALL.len()];

/// The fingerprints of the drafts, in their order. Each digest stands on those of parents and dependencies, so that
/// parents are hashed first.
pub(crate) fn fingerprints(drafts: &[Draft], graph: &RevisionGraph) -> Vec<Vec<Fingerprint>> {
    let mut digests: Vec<PerDialect<Option<Digest>>> = vec![PerDialect::default(); drafts.len()];
    let mut all = vec![Vec::new(); drafts.len()];
    for index in graph.parents_first() {
        let under = |n: usize| -> Vec<Digest> {
            let parents = graph.all(index).iter();
            parents.filter_map(|&parent| digests[parent][n]).collect()
        };
        let (checksums, own) = one(&drafts[index], under);
        let hashes = checksums.into_iter().zip(own);
        let grouped = DialectSet::group(Dialect::ALL.into_iter().zip(hashes));
        digests[index] = own.map(Some);
        all[index] = grouped.into_iter().map(fingerprint).collect();
    }
    all
}

/// The checksums and digests of one draft, given the digests under it.
fn one(
    draft: &Draft,
    under: impl Fn(usize) -> Vec<Digest>,
) -> (PerDialect<Option<Checksum>>, PerDialect<Digest>) {
    let id = draft.id().map(|id| &*id.value).unwrap_or_default();
    let is_transactional = !draft.header.transaction_off;
    let checksums = draft.checksums();
    let mut digests: Vec<Digest> = Vec::with_capacity(checksums.len());
    for n in 0..checksums.len() {
        // Where the databases are alike, as they mostly are, one digest serves all.
        let is_same =
            |&earlier: &usize| checksums[earlier] == checksums[n] && under(earlier) == under(n);
        digests.push(match (0..n).find(is_same) {
            Some(earlier) => digests[earlier],
            None => Digest::of(id, checksums[n], is_transactional, &mut under(n)),
        });
    }
    (checksums, [digests[0], digests[1], digests[2]])
}

fn fingerprint(
    (dialects, (checksum, digest)): (DialectSet, (Option<Checksum>, Digest)),
) -> Fingerprint {
    Fingerprint {
        dialects,
        checksum: checksum.unwrap_or_default(),
        digest,
    }
}
