//! A revision that is under way, as the end of the journal tells.

use migrate_chain::Checksum;

use crate::Direction;
use crate::journal::tables::Tables;
use crate::journal::{JournalEvent, JournalRow};
use crate::protocol::failure::how_to_resolve;
use crate::values::error::{Error, ErrorKind};
use crate::values::status::Unfinished;

/// A revision under way, read from the end of the journal.
pub struct UnfinishedRun {
    pub revision: String,
    pub direction: Direction,
    pub statements: usize,
    pub hash: Option<Checksum>,
    /// It is a Rust revision that goes on after its last batch.
    pub is_in_batches: bool,
    /// A statement failed and left no trace; otherwise the process, or the server, went away.
    pub failed: bool,
    pub error: Option<String>,
}

impl UnfinishedRun {
    /// The error that stops a downgrade, with the way to give this revision up.
    pub fn before_a_downgrade(&self, error: Error) -> Error {
        let id = &self.revision;
        if self.direction == Direction::Downgrade {
            return error;
        }
        error.note(format!(
            "a downgrade first finishes a revision that is interrupted; to give it up instead, undo by hand what it did, \
             and run `cargo migrate resolve {id} --not-applied`"
        ))
    }

    pub fn status(self) -> Unfinished {
        Unfinished {
            revision: self.revision,
            direction: self.direction,
            statements_done: self.statements,
            error: self.error,
        }
    }
}

/// Reads the end of the journal.
///
/// # Errors
/// That it says of a stamp that it is under way.
pub fn unfinished(journal: &[JournalRow], tables: &Tables) -> Result<Option<UnfinishedRun>, Error> {
    let Some(last) = journal.last().filter(|last| last.event.is_unfinished()) else {
        return Ok(None);
    };
    let direction = last.direction.of_run();
    Ok(Some(UnfinishedRun {
        revision: last.revision.clone(),
        direction: direction.ok_or_else(|| stamp_under_way(last, tables))?,
        statements: last.statements,
        hash: last.statements_hash,
        is_in_batches: last.event == JournalEvent::Batch,
        failed: last.event == JournalEvent::Failed,
        error: last.error.clone(),
    }))
}

fn stamp_under_way(last: &JournalRow, tables: &Tables) -> Error {
    let summary = format!(
        "the last row of `{}` has the event `{}` and the direction `{}`, which no run writes together",
        tables.journal_name,
        last.event.name(),
        last.direction.name()
    );
    Error::new(ErrorKind::Tables, summary)
        .help("nothing was changed; look at how the row came there, and delete it")
}

/// The rows cannot be set while a revision is interrupted.
pub fn not_over(run: &UnfinishedRun) -> Error {
    let id = &run.revision;
    let summary = format!(
        "the {} of revision `{id}` was interrupted, and a stamp would forget it",
        run.direction
    );
    Error::new(ErrorKind::InDoubt, summary)
        .of_revision(id, run.direction)
        .help(format!(
            "finish it by an upgrade, or {}",
            how_to_resolve(id)
        ))
}

pub fn unknown_half_way(run: &UnfinishedRun) -> Error {
    let id = &run.revision;
    Error::new(
        ErrorKind::InDoubt,
        format!(
            "the {} of revision `{id}` was interrupted, and this binary does not know it",
            run.direction
        ),
    )
    .help("start the version of the app that has the revision: it continues where the revision stopped")
}
