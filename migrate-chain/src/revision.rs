//! A revision of a checked chain.

use std::borrow::Cow;
use std::ops::Range;

use crate::Dialect;
use crate::digest::{Checksum, Digest};

/// A revision of a checked chain: what its file says, and its text.
///
/// It is either embedded in a binary by `embed_migrations!`, and then borrows everything from the binary, or loaded from
/// a directory. The two are equal when the files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    id: Cow<'static, str>,
    file: Cow<'static, str>,
    text: Cow<'static, str>,
    message: Cow<'static, str>,
    created: Option<Cow<'static, str>>,
    down_revision: Names,
    depends_on: Names,
    branch_labels: Names,
    replaces: Names,
    replaced_digests: Names,
    irreversible: Option<Cow<'static, str>>,
    transaction: bool,
    foreign_keys: bool,
    body: Body,
    fingerprints: Cow<'static, [Fingerprint]>,
}

/// A list of ids, labels or other names, borrowed from the binary or owned.
///
/// ```
/// use migrate_chain::revision::Names;
///
/// assert_eq!(Names::Static(&["a", "b"]), Names::Owned(vec!["a".to_owned(), "b".to_owned()]));
/// ```
#[derive(Clone, Debug)]
pub enum Names {
    /// Borrowed from the binary.
    Static(&'static [&'static str]),
    /// Read at run time.
    Owned(Vec<String>),
}

impl Names {
    /// The names, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        let length = match self {
            Self::Static(names) => names.len(),
            Self::Owned(names) => names.len(),
        };
        (0..length).map(move |n| match self {
            Self::Static(names) => names[n],
            Self::Owned(names) => &names[n],
        })
    }
}

impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Names {}

/// What a revision does, by kind of file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Body {
    Sql {
        upgrade: Cow<'static, [Section]>,
        downgrade: Cow<'static, [Section]>,
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
    pub fn down_revision(&self) -> impl ExactSizeIterator<Item = &str> {
        self.down_revision.iter()
    }

    /// The ids and labels that it depends on, as the file names them.
    pub fn depends_on(&self) -> impl ExactSizeIterator<Item = &str> {
        self.depends_on.iter()
    }

    /// The branch labels that it declares.
    pub fn branch_labels(&self) -> impl ExactSizeIterator<Item = &str> {
        self.branch_labels.iter()
    }

    /// The ids of the revisions that it was squashed from.
    pub fn replaces(&self) -> impl ExactSizeIterator<Item = &str> {
        self.replaces.iter()
    }

    /// Whether a database whose journal holds `digest` for this id has what the revision, or the run that it was
    /// squashed from, did.
    pub fn accepts(&self, digest: &Digest, dialect: Dialect) -> bool {
        let replaced = || {
            self.replaced_digests
                .iter()
                .any(|replaced| replaced == digest.to_string())
        };
        self.digest(dialect) == *digest || replaced()
    }

    /// Why it cannot be undone, if the file says that it cannot.
    pub fn irreversible(&self) -> Option<&str> {
        self.irreversible.as_deref()
    }

    /// Whether it runs in a transaction.
    pub fn is_transactional(&self) -> bool {
        self.transaction
    }

    /// Whether SQLite enforces foreign keys while it runs.
    pub fn keeps_foreign_keys(&self) -> bool {
        self.foreign_keys
    }

    /// Whether it is a Rust file.
    pub fn is_rust(&self) -> bool {
        matches!(self.body, Body::Rust { .. })
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
        let has_upgrade = self.is_rust() || self.upgrade_range(dialect).is_some();
        has_upgrade.then(|| self.fingerprint(dialect).checksum)
    }

    /// The digest, which pins this revision and all that it stands on.
    pub fn digest(&self, dialect: Dialect) -> Digest {
        self.fingerprint(dialect).digest
    }

    /// The digests that a database may hold for it from before a squash.
    pub fn replaced_digests(&self) -> impl ExactSizeIterator<Item = &str> {
        self.replaced_digests.iter()
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

/// What the loader knows of a revision once its file has been read.
#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) id: String,
    pub(crate) file: String,
    pub(crate) text: String,
    pub(crate) message: String,
    pub(crate) created: Option<String>,
    pub(crate) down_revision: Vec<String>,
    pub(crate) depends_on: Vec<String>,
    pub(crate) branch_labels: Vec<String>,
    pub(crate) replaces: Vec<String>,
    pub(crate) replaced_digests: Vec<String>,
    pub(crate) irreversible: Option<String>,
    pub(crate) transaction: bool,
    pub(crate) foreign_keys: bool,
    pub(crate) rust: Option<bool>,
    pub(crate) upgrade: Vec<Section>,
    pub(crate) downgrade: Vec<Section>,
    pub(crate) fingerprints: Vec<Fingerprint>,
}

impl From<Parts> for Revision {
    fn from(parts: Parts) -> Self {
        Self {
            id: parts.id.into(),
            file: parts.file.into(),
            text: parts.text.into(),
            message: parts.message.into(),
            created: parts.created.map(Cow::Owned),
            down_revision: Names::Owned(parts.down_revision),
            depends_on: Names::Owned(parts.depends_on),
            branch_labels: Names::Owned(parts.branch_labels),
            replaces: Names::Owned(parts.replaces),
            replaced_digests: Names::Owned(parts.replaced_digests),
            irreversible: parts.irreversible.map(Cow::Owned),
            transaction: parts.transaction,
            foreign_keys: parts.foreign_keys,
            body: match parts.rust {
                Some(downgrade) => Body::Rust { downgrade },
                None => Body::Sql {
                    upgrade: parts.upgrade.into(),
                    downgrade: parts.downgrade.into(),
                },
            },
            fingerprints: parts.fingerprints.into(),
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
    #[doc(hidden)]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// The bits, one for each place in [`Dialect::ALL`].
    #[doc(hidden)]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether the set has `dialect`.
    pub const fn contains(self, dialect: Dialect) -> bool {
        self.0 & (1 << dialect.index()) != 0
    }
}

impl FromIterator<Dialect> for DialectSet {
    fn from_iter<I: IntoIterator<Item = Dialect>>(dialects: I) -> Self {
        Self(
            dialects
                .into_iter()
                .fold(0, |bits, dialect| bits | 1 << dialect.index()),
        )
    }
}

/// A part of a revision file, and the databases that it serves.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// The databases.
    pub dialects: DialectSet,
    /// Its first byte.
    pub start: u32,
    /// The byte after its last.
    pub end: u32,
}

impl Section {
    fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// The checksum and the digest of a revision on some databases.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// The databases.
    pub dialects: DialectSet,
    /// What the upgrade does there.
    pub checksum: Checksum,
    /// What it stands on.
    pub digest: Digest,
}

/// What `embed_migrations!` writes for a revision: the same fields, all of them borrowed from the binary.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
#[allow(
    missing_docs,
    reason = "the fields are those of Revision, and only the macro writes them"
)]
pub struct Embedded {
    pub id: &'static str,
    pub file: &'static str,
    pub text: &'static str,
    pub message: &'static str,
    pub created: Option<&'static str>,
    pub down_revision: &'static [&'static str],
    pub depends_on: &'static [&'static str],
    pub branch_labels: &'static [&'static str],
    pub replaces: &'static [&'static str],
    pub replaced_digests: &'static [&'static str],
    pub irreversible: Option<&'static str>,
    pub transaction: bool,
    pub foreign_keys: bool,
    /// Whether a Rust file has a downgrade; none for a SQL file.
    pub rust: Option<bool>,
    pub upgrade: &'static [Section],
    pub downgrade: &'static [Section],
    pub fingerprints: &'static [Fingerprint],
}

impl Embedded {
    /// What the macro leaves out.
    pub const DEFAULT: Self = Self {
        id: "",
        file: "",
        text: "",
        message: "",
        created: None,
        down_revision: &[],
        depends_on: &[],
        branch_labels: &[],
        replaces: &[],
        replaced_digests: &[],
        irreversible: None,
        transaction: true,
        foreign_keys: true,
        rust: None,
        upgrade: &[],
        downgrade: &[],
        fingerprints: &[],
    };

    /// The revision that it stands for.
    pub const fn revision(self) -> Revision {
        Revision {
            id: Cow::Borrowed(self.id),
            file: Cow::Borrowed(self.file),
            text: Cow::Borrowed(self.text),
            message: Cow::Borrowed(self.message),
            created: borrowed(self.created),
            down_revision: Names::Static(self.down_revision),
            depends_on: Names::Static(self.depends_on),
            branch_labels: Names::Static(self.branch_labels),
            replaces: Names::Static(self.replaces),
            replaced_digests: Names::Static(self.replaced_digests),
            irreversible: borrowed(self.irreversible),
            transaction: self.transaction,
            foreign_keys: self.foreign_keys,
            body: match self.rust {
                Some(downgrade) => Body::Rust { downgrade },
                None => Body::Sql {
                    upgrade: Cow::Borrowed(self.upgrade),
                    downgrade: Cow::Borrowed(self.downgrade),
                },
            },
            fingerprints: Cow::Borrowed(self.fingerprints),
        }
    }
}

const fn borrowed(text: Option<&'static str>) -> Option<Cow<'static, str>> {
    match text {
        Some(text) => Some(Cow::Borrowed(text)),
        None => None,
    }
}
