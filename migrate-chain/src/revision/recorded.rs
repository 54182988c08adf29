use crate::Dialect;
use crate::digest::{Checksum, Digest};
use crate::revision::{DialectSet, Fingerprint, ForeignKeys, NameList, Parts, Revision, Section};

/// A revision that is known only from the journal of a database: this chain has no file for it.
///
/// It can be rolled back, and nothing else.
///
/// ```
/// use migrate_chain::{Dialect, Digest, ForeignKeys, Recorded, Revision};
///
/// let revision = Revision::from(Recorded {
///     id: "ae1027a6acf4".to_owned(),
///     message: "Create teams".to_owned(),
///     down_revision: vec!["27c6a30d7c24".to_owned()],
///     depends_on: Vec::new(),
///     transactional: true,
///     foreign_keys: ForeignKeys::On,
///     downgrade: Ok("DROP TABLE teams;".to_owned()),
///     checksum: None,
///     digest: Digest::default(),
/// });
/// assert!(revision.is_recorded() && revision.has_downgrade(Dialect::Sqlite));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its id.
    pub id: String,
    /// The first line of its message.
    pub message: String,
    /// The ids of its parents.
    pub down_revision: Vec<String>,
    /// The ids that it depends on.
    pub depends_on: Vec<String>,
    /// Whether it runs in a transaction.
    pub transactional: bool,
    /// The handling of foreign keys in SQLite while it runs.
    pub foreign_keys: ForeignKeys,
    /// Its downgrade, or the reason why it has none.
    pub downgrade: Result<String, String>,
    /// The checksum of its upgrade.
    pub checksum: Option<Checksum>,
    /// Its digest.
    pub digest: Digest,
}

impl From<Recorded> for Revision {
    fn from(recorded: Recorded) -> Self {
        let dialects = DialectSet::group(Dialect::ALL.into_iter().map(|dialect| (dialect, ())));
        let dialects = dialects.first().map(|&(all, ())| all).unwrap_or_default();
        let (text, obstacle) = match recorded.downgrade {
            Ok(script) => (script, None),
            Err(obstacle) => (String::new(), Some(obstacle)),
        };
        let section = Section {
            dialects,
            start: 0,
            end: text.len(),
        };
        let fingerprint = Fingerprint {
            dialects,
            checksum: recorded.checksum.unwrap_or_default(),
            digest: recorded.digest,
            before_squash: Vec::new(),
        };
        Self::from(Parts {
            id: recorded.id.into(),
            text: text.into(),
            message: recorded.message.into(),
            down_revision: NameList::from_joined(recorded.down_revision.join(",").into()),
            depends_on: NameList::from_joined(recorded.depends_on.join(",").into()),
            transaction: recorded.transactional,
            foreign_keys: recorded.foreign_keys,
            downgrade: obstacle.is_none().then_some(section).into_iter().collect(),
            irreversible: obstacle.map(Into::into),
            fingerprints: vec![fingerprint],
            ..Parts::default()
        })
    }
}
