use crate::Dialect;
use crate::lock::Unsound;
use crate::source::Place;
use crate::sql;

/// One fault of a migration directory: what is wrong, where, and what else has to do with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// The fault.
    pub fault: Fault,
    /// Its place.
    pub place: Place,
    /// Other places that belong to it, each with a note.
    pub related: Vec<Related>,
}

impl Diagnostic {
    /// A fault at a place.
    pub fn new(fault: Fault, place: Place) -> Self {
        Self {
            fault,
            place,
            related: Vec::new(),
        }
    }

    /// Whether it is only a warning: the chain is sound.
    pub fn is_warning(&self) -> bool {
        matches!(self.fault, Fault::OutsideVersions { .. })
    }

    /// Adds another place that belongs to the fault.
    #[must_use]
    pub fn with(mut self, place: Place, note: impl Into<String>) -> Self {
        self.related.push(Related {
            place,
            note: note.into(),
        });
        self
    }
}

/// A second place of a diagnostic.
#[derive(Clone, Debug, PartialEq)]
pub struct Related {
    /// The place.
    pub place: Place,
    /// A note about it.
    pub note: String,
}

/// Sorts diagnostics as a reader goes through the files: by path, then by position.
pub fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by(|a, b| {
        let key = |d: &Diagnostic| (d.place.source.path().to_owned(), d.place.range.start);
        key(a).cmp(&key(b))
    });
}

/// A fault of a chain.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// There is no such migration directory, or no such version location in it.
    NoDirectory {
        /// Its path as it is shown to people.
        path: String,
        /// Whether `migrate.toml` names it.
        is_named: bool,
    },
    /// The file or directory cannot be read.
    Unreadable {
        /// Its path as it is shown to people.
        path: String,
        /// The error of the operating system.
        cause: String,
    },
    /// A link leads to a folder that is read already.
    RepeatedFolder {
        /// The link, as it is shown to people.
        path: String,
        /// The folder that it leads to, likewise.
        same_as: String,
    },
    /// The file is not UTF-8.
    NotUtf8 {
        /// How many bytes are valid before the first that is not.
        valid_up_to: usize,
    },
    /// The file has a NUL byte, where databases stop reading.
    NulByte {
        /// Whether the file reads like UTF-16.
        is_wide: bool,
    },
    /// A `.sql` or `.rs` file in a version location has no header.
    NotARevision,
    /// A file outside the version locations looks like a revision, and no chain has it. This is a warning.
    OutsideVersions {
        /// Its path as it is shown to people.
        path: String,
        /// The version location to move it to, likewise.
        location: String,
    },
    /// A merge-conflict marker was left in the file.
    ConflictMarker,

    /// `migrate.toml` is not valid TOML.
    ConfigSyntax {
        /// The error of the TOML parser.
        cause: String,
    },
    /// `migrate.toml` has an unknown key.
    ConfigUnknownKey {
        /// The key.
        key: String,
        /// The nearest key that exists.
        nearest: Option<&'static str>,
        /// Every key that exists there.
        known: &'static [&'static str],
    },
    /// A key of `migrate.toml` has an invalid value.
    ConfigValue {
        /// The key.
        key: String,
        /// The values that it takes.
        expected: &'static str,
    },

    /// The SQL of `[connect]` in `migrate.toml` begins or ends a transaction.
    ConnectTransaction {
        /// The keywords that do.
        keywords: &'static str,
    },

    /// A required header key is missing.
    MissingKey {
        /// The key.
        key: &'static str,
    },
    /// A header line is not `key: value`.
    MalformedLine,
    /// A header key has an invalid value.
    MalformedValue {
        /// The key.
        key: &'static str,
        /// The values that it takes.
        expected: &'static str,
    },
    /// The header has a key twice.
    RepeatedKey {
        /// The key.
        key: &'static str,
    },
    /// The header has an unknown key.
    UnknownKey {
        /// The key.
        key: String,
        /// The nearest key that exists.
        nearest: Option<&'static str>,
        /// Every key that exists there.
        known: &'static [&'static str],
    },
    /// An id or a label has a character that is not allowed.
    IllegalCharacter {
        /// The id or label.
        id: String,
        /// The first such character.
        character: char,
    },
    /// An id is longer than the version table's column.
    TooLong {
        /// The id.
        id: String,
        /// The most characters that fit.
        most: usize,
    },
    /// A branch label that a target would read as a number of steps, or a shell as an option.
    AmbiguousLabel {
        /// The label.
        label: String,
    },
    /// An id or a label is a word that targets use.
    Reserved {
        /// The id or label.
        id: String,
        /// Every such word.
        reserved: &'static [&'static str],
    },

    /// `-- migrate:` is followed by a word that opens nothing.
    UnknownMarker {
        /// The word.
        word: String,
        /// The nearest word that exists.
        nearest: Option<&'static str>,
    },
    /// A comment that is nearly a marker.
    MalformedMarker {
        /// The marker that was likely meant.
        meant: String,
    },
    /// A section names a database that does not exist.
    UnknownDialect {
        /// The name.
        name: String,
        /// The nearest name that exists.
        nearest: Option<&'static str>,
    },
    /// Two sections of a revision serve the same database.
    RepeatedSection {
        /// `upgrade` or `downgrade`.
        section: &'static str,
        /// The database served twice; `None` for two sections without names.
        dialect: Option<Dialect>,
    },
    /// There is something other than a comment before the first section.
    TextBeforeSection,
    /// A SQL revision has no upgrade section, a Rust revision no `upgrade` function.
    MissingUpgrade {
        /// Whether the revision is a Rust file.
        rust: bool,
    },
    /// The revision says that it is irreversible and has a downgrade.
    IrreversibleDowngrade,
    /// A downgrade is required by `migrate.toml` and missing.
    MissingDowngrade {
        /// Whether the revision is a Rust file.
        rust: bool,
    },
    /// There is no SQL for a database that `migrate.toml` declares.
    MissingDialect {
        /// `upgrade` or `downgrade`.
        section: &'static str,
        /// The database.
        dialect: Dialect,
    },
    /// Something is wrong in the SQL itself.
    Sql {
        /// The kind of fault.
        kind: sql::FaultKind,
        /// The database that reads it so, where another that the section serves does not.
        dialect: Option<Dialect>,
    },

    /// A table of SQLite that others refer to is dropped and recreated with foreign keys on.
    RebuiltParent {
        /// The table.
        table: String,
        /// A table that refers to it.
        child: String,
    },

    /// Two files have the same revision id.
    DuplicateId {
        /// The id.
        id: String,
    },
    /// Two ids differ only in case.
    CaseCollision {
        /// The id here.
        id: String,
        /// The id of the other file.
        other: String,
    },
    /// A parent that no file has.
    UnknownParent {
        /// The id written.
        id: String,
        /// The nearest id that exists.
        nearest: Option<String>,
        /// The one revision elsewhere in the chain that has no child, if there is just one.
        childless: Option<String>,
    },
    /// A dependency that no file has.
    UnknownDependency {
        /// The id or label written.
        id: String,
        /// The nearest id or label that exists.
        nearest: Option<String>,
    },
    /// A revision that names itself.
    SelfReference {
        /// The revision.
        id: String,
        /// `down_revision` or `depends_on`.
        key: &'static str,
    },
    /// Revisions that wait for each other.
    Cycle {
        /// The ids in order; the last waits for the first.
        ids: Vec<String>,
    },
    /// More heads than one.
    SeveralHeads {
        /// The heads, in loading order.
        heads: Vec<String>,
    },
    /// More bases than one.
    SeveralBases {
        /// The bases, in loading order.
        bases: Vec<String>,
    },
    /// Two revisions declare the same branch label.
    DuplicateLabel {
        /// The label.
        label: String,
    },
    /// A branch label that is also the id of a revision.
    LabelIsRevision {
        /// The label.
        label: String,
    },
    /// `schema.lock` is of another chain.
    LockOutOfDate {
        /// The databases for which it is.
        dialects: Vec<Dialect>,
    },
    /// A file of the desired schema was edited, and no revision brings the change.
    UnpinnedFile {
        /// Its path as it is shown to people.
        path: String,
    },
    /// `schema.lock` is not sound.
    UnsoundLock {
        /// The reason.
        reason: Unsound,
    },
    /// `migrate.toml` requires a `schema.lock`, and there is none.
    NoLock,
    /// The digests that databases may have for it from before edits and squashes multiply to too many.
    TooManyDigests {
        /// The revision.
        id: String,
        /// How many there may be.
        most: usize,
    },
    /// A list has a name twice.
    RepeatedReference {
        /// The id or label.
        id: String,
        /// `down_revision`, `depends_on` or `branch_labels`.
        key: &'static str,
        /// The other name, where a revision is listed by its id and by its label.
        same_as: Option<String>,
    },
}
