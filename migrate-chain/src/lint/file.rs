//! The files of revisions.

use std::ops::Range;
use std::sync::Arc;

use crate::chain::Chain;
use crate::revision::Revision;
use crate::source::Source;
use crate::{Dialect, sql};

/// The file of a revision, with a path that can be shown.
#[derive(Clone, Debug)]
pub struct File {
    /// The file.
    pub source: Arc<Source>,
    /// The revision, by its index in the chain.
    pub revision: usize,
}

impl File {
    /// The file of a revision.
    pub fn of(chain: &Chain, revision: usize) -> Self {
        let (folder, file) = (&chain.directory, &chain.revisions[revision]);
        let path = format!("{}/{}", folder.trim_end_matches('/'), file.file());
        Self {
            source: Arc::new(Source::new(path, file.text())),
            revision,
        }
    }

    /// The statements that upgrade a database: their bytes in the file.
    pub fn statements(&self, chain: &Chain, dialect: Dialect) -> Vec<Range<usize>> {
        statements(&chain.revisions[self.revision], dialect)
    }
}

/// The statements that upgrade a database: their bytes in the file.
pub(super) fn statements(revision: &Revision, dialect: Dialect) -> Vec<Range<usize>> {
    let Some(section) = revision.upgrade_range(dialect) else {
        return Vec::new();
    };
    let statements = sql::split(dialect, &revision.text()[section.clone()]);
    statements
        .map(|statement| {
            let range = statement.range();
            section.start + range.start..section.start + range.end
        })
        .collect()
}
