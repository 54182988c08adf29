//! The keys of a revision's header.

/// A key of a header, as the reference page describes it.
#[derive(Clone, Copy, Debug)]
pub struct HeaderKey {
    /// The key.
    pub name: &'static str,
    /// The values that it takes.
    pub takes: &'static str,
    /// Its effect.
    pub meaning: &'static str,
}

/// Every key, in the order of the reference page.
pub const HEADER_KEYS: [HeaderKey; 11] = [
    key(
        "revision",
        "one id: 1 to 32 of `A-Z`, `a-z`, `0-9` and `_`",
        "The id of the revision. Required.",
    ),
    key(
        "down_revision",
        "`none`, or ids with commas between them",
        "The parents. Required; `none` is for the first revision, several ids are for a merge.",
    ),
    key(
        "depends_on",
        "ids or branch labels with commas between them",
        "The revisions that must be applied before it, without being parents.",
    ),
    key(
        "branch_labels",
        "labels with commas between them",
        "Names for the branch that begins here.",
    ),
    key(
        "created",
        "a time such as 2026-11-22T08:00:00Z",
        "When the file was written. Nothing depends on it.",
    ),
    key(
        "transaction",
        "`on` or `off`",
        "`off` runs the statements one by one outside a transaction. After a failure the next run continues after the last one that is done.",
    ),
    key(
        "foreign_keys",
        "`on`, `off` or `cascade`",
        "SQLite only. `off` suspends foreign keys while the revision runs, and checks them before the commit; `cascade` lets dropping a table delete or change rows of others.",
    ),
    key(
        "irreversible",
        "the reason, in words",
        "The revision cannot be undone, and has no downgrade.",
    ),
    key(
        "replaces",
        "ids with commas between them",
        "The revisions that were squashed into this one. `squash` writes it.",
    ),
    key(
        "replaced_digest",
        "digests of 64 hexadecimal digits, with commas between them",
        "The digests that databases may have for it from before. `squash` and `accept` write it.",
    ),
    key(
        "adopts",
        "versions with commas between them, each followed by its checksum if there is one; with a bar between two, either counts",
        "The migrations of another tool that it was imported from. `import` writes it.",
    ),
];

const fn key(name: &'static str, takes: &'static str, meaning: &'static str) -> HeaderKey {
    HeaderKey {
        name,
        takes,
        meaning,
    }
}

/// The names of all keys.
pub const NAMES: [&str; HEADER_KEYS.len()] = {
    let mut names = [""; HEADER_KEYS.len()];
    let mut at = 0;
    while at < HEADER_KEYS.len() {
        names[at] = HEADER_KEYS[at].name;
        at += 1;
    }
    names
};
