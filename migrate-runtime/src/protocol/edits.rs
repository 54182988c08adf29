//! The error about applied revisions that were edited since.

use migrate_chain::{Dialect, Revision};

use super::place::section_place;
use super::verify::quoted;
use crate::journal::JournalRow;
use crate::values::error::{Error, ErrorKind};
use crate::{Direction, Migrations};

/// `edited` may be empty: the history under a row is another, though no single revision in it was edited.
pub fn error(
    migrations: &Migrations,
    dialect: Dialect,
    edited: &[&Revision],
    rows: &[String],
    journal: &[JournalRow],
) -> Error {
    let stamp = format!(
        "to accept it on this database alone, use `stamp {}`",
        rows.join(" ")
    );
    let Some((first, others)) = edited.split_first() else {
        let summary = format!(
            "the ancestors of {} are not those that were applied",
            quoted(rows)
        );
        return Error::new(ErrorKind::Edited, summary)
            .note("a parent, a dependency or `transaction` of a revision was changed")
            .help(format!(
                "restore the files as they were when they were applied; {stamp}"
            ));
    };
    let summary = format!("revision `{}` was edited since it was applied", first.id());
    let error = Error::new(ErrorKind::Edited, summary)
        .of_revision(first.id(), Direction::Upgrade)
        .at(section_place(
            migrations,
            first,
            dialect,
            Direction::Upgrade,
        ));
    let also = |error: Error, revision: &&Revision| {
        error.note(format!(
            "so was `{}`, in {}",
            revision.id(),
            migrations.path_of(revision)
        ))
    };
    let error = others.iter().fold(error, also);
    if was_empty(first, journal) {
        return error
            .note("it had no statement when it was run")
            .help(format!(
                "run it as it is now, on each database that has run it empty: {}",
                again(first, rows)
            ));
    }
    error.help(format!(
        "if the edit is meant, `cargo migrate accept {}` lets every database have it as applied; otherwise restore the file, and \
         write a new revision for the change; {stamp}",
        first.id()
    ))
}

/// Whether a revision in SQL was run before anything was written into it.
fn was_empty(revision: &Revision, journal: &[JournalRow]) -> bool {
    let of_it = |row: &&JournalRow| row.revision == revision.id() && row.event.is_record();
    let recorded = journal.iter().rfind(of_it);
    !revision.is_rust()
        && recorded.is_some_and(|row| {
            row.direction.of_run() == Some(Direction::Upgrade) && row.statements == 0
        })
}

/// The commands that undo a revision by the script in the journal, and run it as it is now.
fn again(revision: &Revision, rows: &[String]) -> String {
    let id = revision.id();
    if rows == [id] {
        "`cargo migrate redo`".to_owned()
    } else {
        format!("`cargo migrate downgrade {id}-1`, then `cargo migrate upgrade`")
    }
}
