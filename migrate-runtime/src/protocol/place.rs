//! Places in the files of revisions, for errors that point at them.

use std::ops::Range;
use std::sync::Arc;

use migrate_chain::sql::split;
use migrate_chain::{Dialect, Place, Revision, Source};

use super::step::Step;
use crate::{Direction, Migrations};

/// The statement with this number, or the byte of it that the database points at.
pub(super) fn statement_place(
    migrations: &Migrations,
    step: &Step<'_>,
    dialect: Dialect,
    statement: usize,
    at: Option<usize>,
) -> Place {
    let revision = step.revision;
    let range = section(revision, dialect, step.direction).unwrap_or(0..0);
    let found = split(dialect, &revision.text()[range.clone()])
        .take(statement + 1)
        .last();
    let within = found.map_or(0..0, |statement| statement.range());
    let (start, end) = (range.start + within.start, range.start + within.end);
    let Some(at) = at else {
        return place(migrations, revision, start..end);
    };
    let start = start + in_file(&revision.text()[start..end], at);
    let word = revision.text()[start..end]
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .map_or(end, |length| start + length.max(1));
    let word = revision.text().ceil_char_boundary(word);
    place(migrations, revision, start..word)
}

/// Where a byte of the statement as it was sent, with LF line ends, is in the text of its file.
fn in_file(text: &str, at: usize) -> usize {
    let mut sent = 0;
    for (found, c) in text.char_indices() {
        if sent >= at {
            return found;
        }
        if !(c == '\r' && text[found..].starts_with("\r\n")) {
            sent += c.len_utf8();
        }
    }
    text.len()
}

/// A section as a whole.
pub(super) fn section_place(
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
pub(super) fn irreversible_place(migrations: &Migrations, revision: &Revision) -> Place {
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
pub(super) fn file_place(migrations: &Migrations, revision: &Revision) -> Place {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_found_behind_the_line_ends_of_windows() {
        assert_eq!(in_file("a\r\nb\r\nc", 0), 0);
        assert_eq!(in_file("a\r\nb\r\nc", 2), 3);
        assert_eq!(in_file("a\r\nb\r\nc", 4), 6);
        assert_eq!(in_file("\u{e4}\nb", 3), 3);
        assert_eq!(in_file("\r\r\nb", 2), 3, "a lone one is sent");
        assert_eq!(in_file("ab", 9), 2);
    }
}
