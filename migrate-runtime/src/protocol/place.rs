//! Places in the files of revisions, for errors that point at them.

use std::ops::Range;
use std::sync::Arc;

use migrate_chain::{Dialect, Place, Revision, Source};

use super::step::PreparedStep;
use crate::{Direction, Migrations};

/// The statement with this number, or the byte of it that the database points at.
pub fn statement_place(
    migrations: &Migrations,
    step: &PreparedStep<'_>,
    statement: usize,
    at: Option<usize>,
) -> Place {
    let range = step
        .script()
        .map_or(0..0, |script| script.place(statement, at));
    place(migrations, step.revision, range)
}

/// A section as a whole.
pub fn section_place(
    migrations: &Migrations,
    revision: &Revision,
    dialect: Dialect,
    direction: Direction,
) -> Place {
    match section(revision, dialect, direction) {
        Some(range) => {
            let text = &revision.text()[range.clone()];
            let start = range.start + (text.len() - text.trim_start().len());
            place(migrations, revision, start..range.end)
        }
        None => file_place(migrations, revision),
    }
}

/// The reason in the header.
pub fn irreversible_place(migrations: &Migrations, revision: &Revision) -> Place {
    let text = revision.text();
    let found = revision
        .irreversible()
        .and_then(|reason| Some((text.find("irreversible")?, reason.len())));
    match found
        .and_then(|(key, length)| Some((key + text[key..].find(revision.irreversible()?)?, length)))
    {
        Some((start, length)) => place(migrations, revision, start..start + length),
        None => file_place(migrations, revision),
    }
}

/// The first line of the file.
pub fn file_place(migrations: &Migrations, revision: &Revision) -> Place {
    place(
        migrations,
        revision,
        0..revision.text().lines().next().map_or(0, str::len),
    )
}

fn section(revision: &Revision, dialect: Dialect, direction: Direction) -> Option<Range<usize>> {
    match direction {
        Direction::Upgrade => revision.upgrade_range(dialect),
        Direction::Downgrade => revision.downgrade_range(dialect),
    }
}

fn place(migrations: &Migrations, revision: &Revision, range: Range<usize>) -> Place {
    Place::new(
        &Arc::new(Source::new(migrations.path_of(revision), revision.text())),
        range,
    )
}
