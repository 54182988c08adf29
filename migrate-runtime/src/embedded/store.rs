use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use migrate_chain::Revision;
use migrate_chain::pack::unpack;

/// The storage of a chain: packed in the binary, or loaded at run time.
#[derive(Clone)]
pub(crate) enum Store {
    Packed(Packed),
    Loaded {
        revisions: Vec<Revision>,
        heads: Vec<usize>,
    },
}

/// A chain as `embed_migrations!` writes it. The table is taken apart once, when there is something to do.
#[doc(hidden)]
#[derive(Clone, Copy)]
#[allow(missing_docs, reason = "only the macro writes the fields")]
pub struct Packed {
    /// The text of each file.
    pub texts: &'static [&'static str],
    /// A line for each revision: see `migrate_chain::pack`.
    pub table: &'static str,
    /// The real heads: the place of each in the chain, and of its line in the table.
    pub heads: &'static [(usize, usize, usize)],
    /// The unpacked table. A function, since a constant cannot refer to a value that changes.
    pub unpacked: fn() -> &'static Unpacked,
}

/// Room for a table that has been taken apart.
#[doc(hidden)]
#[derive(Default)]
pub struct Unpacked(OnceLock<Vec<Revision>>);

impl Unpacked {
    /// Room that is empty still.
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }
}

impl fmt::Debug for Unpacked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unpacked").finish_non_exhaustive()
    }
}

impl Packed {
    fn all(&self) -> Vec<Revision> {
        self.table
            .lines()
            .zip(self.texts)
            .map(|(line, text)| Self::one(line, text))
            .collect()
    }

    fn head(&self, &(index, start, end): &(usize, usize, usize)) -> Revision {
        Self::one(&self.table[start..end], self.texts[index])
    }

    fn one(line: &'static str, text: &'static str) -> Revision {
        unpack(line, text).expect("the macro of the same version has packed it")
    }
}

impl Store {
    /// The revisions, in loading order.
    pub fn revisions(&self) -> &[Revision] {
        match self {
            Self::Packed(packed) => (packed.unpacked)().0.get_or_init(|| packed.all()),
            Self::Loaded { revisions, .. } => revisions,
        }
    }

    /// The real heads. From a packed chain no other revision is read.
    pub fn heads(&self) -> Vec<Cow<'_, Revision>> {
        match self {
            Self::Packed(packed) => packed
                .heads
                .iter()
                .map(|head| Cow::Owned(packed.head(head)))
                .collect(),
            Self::Loaded { revisions, heads } => heads
                .iter()
                .map(|&head| Cow::Borrowed(&revisions[head]))
                .collect(),
        }
    }
}
