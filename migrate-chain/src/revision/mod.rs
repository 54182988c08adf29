//! A revision of a checked chain.

pub(crate) mod draft;
pub(crate) mod header;
pub(crate) mod keys;
pub mod names;
pub mod pack;
pub(crate) mod recorded;
pub(crate) mod script;
mod section;

use std::borrow::Cow;
use std::ops::Range;

use crate::Dialect;
use crate::digest::{Checksum, Digest};

/// A revision of a checked chain: what its file says, and its text.
///
/// It is either embedded in a binary by `embed_migrations!`, and then borrows everything from the binary, or loaded from
/// a directory. The two are equal when the files are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    clippy::struct_field_names,
    reason = "down_revision is what everybody calls it"
)]
pub struct Revision {
    id: Cow<'static, str>,
    file: Cow<'static, str>,
    text: Cow<'static, str>,
    message: Cow<'static, str>,
    created: Option<Cow<'static, str>>,
    down_revision: NameList,
    depends_on: NameList,
    branch_labels: NameList,
    replaces: NameList,
    replaced_digests: NameList,
    adopts: NameList,
    irreversible: Option<Cow<'static, str>>,
    transaction: bool,
    foreign_keys: ForeignKeys,
    body: Body,
    pub(crate) fingerprints: Vec<Fingerprint>,
}

/// The handling of foreign keys in SQLite while a revision runs: the header key `foreign_keys`.
///
/// ```
/// use migrate_chain::ForeignKeys;
///
/// assert_eq!(ForeignKeys::from_name("off"), Some(ForeignKeys::Off));
/// assert_eq!(ForeignKeys::default().name(), "on");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForeignKeys {
    /// It enforces them, and a revision that drops a table may not delete or change rows of another one.
    #[default]
    On,
    /// It does not enforce them, and checks them before the commit.
    Off,
    /// It enforces them, and dropping a table may delete or change rows of others.
    Cascade,
}

impl ForeignKeys {
    pub(crate) const ALL: [Self; 3] = [Self::On, Self::Off, Self::Cascade];

    /// Its name in the header.
    pub fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Cascade => "cascade",
        }
    }

    /// The one with this name in the header.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|keys| keys.name() == name)
    }
}

/// A list of ids, labels, digests or adopted versions: none of them has a comma in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NameList(Cow<'static, str>);

impl NameList {
    /// The names in one text, with commas between them; the empty text has none.
    pub fn from_joined(names: Cow<'static, str>) -> Self {
        Self(names)
    }

    pub fn joined(&self) -> &str {
        &self.0
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(',').filter(|name| !name.is_empty())
    }
}

/// The body of a revision, by kind of file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Body {
    Sql {
        upgrade: Vec<Section>,
        downgrade: Vec<Section>,
    },
    Rust {
        downgrade: bool,
    },
}

impl Revision {
    /// The revision id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The file, relative to the migration directory, with `/` between its parts.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The whole text of the file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The whole message; empty when the file has none.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The first line of the message.
    pub fn title(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }

    /// When the revision was created, as RFC 3339, if the file says so.
    pub fn created(&self) -> Option<&str> {
        self.created.as_deref()
    }

    /// The ids of the parents; none for a base.
    pub fn down_revision(&self) -> impl Iterator<Item = &str> {
        self.down_revision.iter()
    }

    /// The ids and labels that it depends on, as the file names them.
    pub fn depends_on(&self) -> impl Iterator<Item = &str> {
        self.depends_on.iter()
    }

    /// The branch labels that it declares.
    pub fn branch_labels(&self) -> impl Iterator<Item = &str> {
        self.branch_labels.iter()
    }

    /// The ids of the revisions that it was squashed from.
    pub fn replaces(&self) -> impl Iterator<Item = &str> {
        self.replaces.iter()
    }

    /// The migrations of another tool that it was imported from: the version of each, and its checksum if the tool keeps
    /// one.
    pub fn adopts(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let split = |entry| match str::split_once(entry, ' ') {
            Some((version, checksum)) => (version, Some(checksum)),
            None => (entry, None),
        };
        self.adopts.iter().map(split)
    }

    /// Whether a database whose journal has `digest` for this id has applied this revision and those below it: as they are,
    /// or as they were before a squash.
    pub fn accepts(&self, digest: &Digest, dialect: Dialect) -> bool {
        let fingerprint = self.fingerprint(dialect);
        fingerprint.digest == *digest || fingerprint.before_squash.contains(digest)
    }

    /// The digests that a database may have for this revision if it has applied it and those below it: the current one,
    /// and those from before a squash.
    pub fn accepted_digests(&self, dialect: Dialect) -> impl Iterator<Item = Digest> {
        let fingerprint = self.fingerprint(dialect);
        let before = fingerprint.before_squash.iter().copied();
        std::iter::once(fingerprint.digest).chain(before)
    }

    /// Why it cannot be undone, if the file says that it cannot.
    pub fn irreversible(&self) -> Option<&str> {
        self.irreversible.as_deref()
    }

    /// Whether it runs in a transaction.
    pub fn is_transactional(&self) -> bool {
        self.transaction
    }

    /// The handling of foreign keys in SQLite while it runs.
    pub fn foreign_keys(&self) -> ForeignKeys {
        self.foreign_keys
    }

    /// Whether SQLite enforces foreign keys while it runs.
    pub fn keeps_foreign_keys(&self) -> bool {
        self.foreign_keys != ForeignKeys::Off
    }

    /// Whether it is a Rust file.
    pub fn is_rust(&self) -> bool {
        matches!(self.body, Body::Rust { .. })
    }

    /// Whether it is known from the journal of a database alone: see [`Recorded`](crate::Recorded). It has no file then,
    /// and its text is the script that undoes it.
    pub fn is_recorded(&self) -> bool {
        self.file.is_empty()
    }

    /// Whether it has a downgrade for this database.
    pub fn has_downgrade(&self, dialect: Dialect) -> bool {
        match &self.body {
            Body::Sql { downgrade, .. } => find(downgrade, dialect).is_some(),
            Body::Rust { downgrade } => *downgrade,
        }
    }

    /// The bytes of [`text`](Self::text) that upgrade this database; none for a Rust revision, or without SQL for it.
    pub fn upgrade_range(&self, dialect: Dialect) -> Option<Range<usize>> {
        match &self.body {
            Body::Sql { upgrade, .. } => find(upgrade, dialect).map(Section::range),
            Body::Rust { .. } => None,
        }
    }

    /// The bytes of [`text`](Self::text) that downgrade this database; none for a Rust revision, or without SQL for it.
    pub fn downgrade_range(&self, dialect: Dialect) -> Option<Range<usize>> {
        match &self.body {
            Body::Sql { downgrade, .. } => find(downgrade, dialect).map(Section::range),
            Body::Rust { .. } => None,
        }
    }

    /// The checksum of what an upgrade does on this database; none without SQL for it.
    pub fn checksum(&self, dialect: Dialect) -> Option<Checksum> {
        let has_upgrade =
            self.is_rust() || self.is_recorded() || self.upgrade_range(dialect).is_some();
        has_upgrade.then(|| self.fingerprint(dialect).checksum)
    }

    /// The digest, which pins this revision and all its ancestors.
    pub fn digest(&self, dialect: Dialect) -> Digest {
        self.fingerprint(dialect).digest
    }

    /// The digests that a database may hold for it from before a squash.
    pub fn replaced_digests(&self) -> impl Iterator<Item = &str> {
        self.replaced_digests.iter()
    }

    /// Every list of names, in the order of the fields.
    pub(crate) fn all_names(&self) -> [&NameList; 6] {
        [
            &self.down_revision,
            &self.depends_on,
            &self.branch_labels,
            &self.replaces,
            &self.replaced_digests,
            &self.adopts,
        ]
    }

    #[doc(hidden)]
    pub fn upgrade_sections(&self) -> &[Section] {
        match &self.body {
            Body::Sql { upgrade, .. } => upgrade,
            Body::Rust { .. } => &[],
        }
    }

    #[doc(hidden)]
    pub fn downgrade_sections(&self) -> &[Section] {
        match &self.body {
            Body::Sql { downgrade, .. } => downgrade,
            Body::Rust { .. } => &[],
        }
    }

    #[doc(hidden)]
    pub fn fingerprints(&self) -> &[Fingerprint] {
        &self.fingerprints
    }

    fn fingerprint(&self, dialect: Dialect) -> &Fingerprint {
        let found = self
            .fingerprints
            .iter()
            .find(|fingerprint| fingerprint.dialects.contains(dialect));
        found.expect("every revision has a fingerprint for every dialect: load.rs computes them so")
    }
}

/// The facts of a revision once its file has been read.
#[derive(Default)]
pub(crate) struct Parts {
    pub id: Cow<'static, str>,
    pub file: Cow<'static, str>,
    pub text: Cow<'static, str>,
    pub message: Cow<'static, str>,
    pub created: Option<Cow<'static, str>>,
    pub irreversible: Option<Cow<'static, str>>,
    pub down_revision: NameList,
    pub depends_on: NameList,
    pub branch_labels: NameList,
    pub replaces: NameList,
    pub replaced_digests: NameList,
    pub adopts: NameList,
    pub transaction: bool,
    pub foreign_keys: ForeignKeys,
    /// Whether a Rust file has a downgrade; none for a SQL file.
    pub rust: Option<bool>,
    pub upgrade: Vec<Section>,
    pub downgrade: Vec<Section>,
    pub fingerprints: Vec<Fingerprint>,
}

impl From<Parts> for Revision {
    fn from(parts: Parts) -> Self {
        Self {
            id: parts.id,
            file: parts.file,
            text: parts.text,
            message: parts.message,
            created: parts.created,
            down_revision: parts.down_revision,
            depends_on: parts.depends_on,
            branch_labels: parts.branch_labels,
            replaces: parts.replaces,
            replaced_digests: parts.replaced_digests,
            adopts: parts.adopts,
            irreversible: parts.irreversible,
            transaction: parts.transaction,
            foreign_keys: parts.foreign_keys,
            body: match parts.rust {
                Some(downgrade) => Body::Rust { downgrade },
                None => Body::Sql {
                    upgrade: parts.upgrade,
                    downgrade: parts.downgrade,
                },
            },
            fingerprints: parts.fingerprints,
        }
    }
}

fn find(sections: &[Section], dialect: Dialect) -> Option<&Section> {
    sections
        .iter()
        .find(|section| section.dialects.contains(dialect))
}

/// A set of databases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DialectSet(u8);

impl DialectSet {
    /// The set with the given bits, one for each place in [`Dialect::ALL`].
    pub(crate) const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// The set of all dialects.
    pub(crate) const fn all() -> Self {
        Self((1 << Dialect::ALL.len()) - 1)
    }

    /// The bits, one for each place in [`Dialect::ALL`].
    pub(crate) const fn bits(self) -> u8 {
        self.0
    }

    /// Joins the dialects that have the same value, in the order of their first.
    pub(crate) fn group<T: PartialEq>(
        values: impl IntoIterator<Item = (Dialect, T)>,
    ) -> Vec<(Self, T)> {
        let mut groups: Vec<(Self, T)> = Vec::new();
        for (dialect, value) in values {
            let bit = 1 << dialect.index();
            match groups.iter_mut().find(|(_, same)| *same == value) {
                Some((dialects, _)) => dialects.0 |= bit,
                None => groups.push((Self(bit), value)),
            }
        }
        groups
    }

    /// Whether the set has `dialect`.
    pub const fn contains(self, dialect: Dialect) -> bool {
        self.0 & (1 << dialect.index()) != 0
    }
}

/// A part of a revision file, and the databases that it serves.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// The databases.
    pub dialects: DialectSet,
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
}

impl Section {
    fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// The checksum and the digest of a revision on some databases.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// The databases.
    pub dialects: DialectSet,
    /// The checksum of the upgrade there.
    pub checksum: Checksum,
    /// The digest of the revision and its ancestors.
    pub digest: Digest,
    /// The digests that a database may hold from before a squash.
    pub before_squash: Vec<Digest>,
}
