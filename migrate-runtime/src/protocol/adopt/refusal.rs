//! The errors for a history that cannot be taken over.

use migrate_chain::Revision;

use super::super::place::file_place;
use super::history::FoundHistory;
use crate::Migrations;
use crate::foreign::applied::AdoptRefusal;
use crate::foreign::find::HistoryTable;
use crate::values::error::{Error, ErrorKind};

/// The database belongs to another tool, and the chain says nothing about it.
pub fn foreign(found: &HistoryTable) -> Error {
    let (table, name) = (&found.table, found.name);
    let summary = format!(
        "the database has the history of {name} in `{table}`, and this chain was not imported from it"
    );
    let error = Error::new(ErrorKind::Foreign, summary)
        .note("its tables may be there already, and the first revisions would run on them");
    error.help(match found.tool {
        Some(tool) => format!(
            "nothing was changed; take the history over: `cargo migrate import {}`; if it belongs to another component, write \
             `[adopt] tool = \"none\"` into migrate.toml",
            tool.name()
        ),
        None => "nothing was changed; if the history belongs to another component, write `[adopt] tool = \"none\"` into \
                 migrate.toml; otherwise begin with `cargo migrate init --from-database`"
            .to_owned(),
    })
}

/// A version that no revision adopts.
pub fn unknown(history: &FoundHistory, version: &str) -> Error {
    let (table, tool) = (&history.found.table, history.tool.name());
    let summary = format!("`{table}` has the version `{version}`, which no revision adopts");
    Error::new(ErrorKind::Foreign, summary)
        .note(format!("{tool} has run a migration that was not imported"))
        .help(format!(
            "nothing was changed; import the migrations as they were deployed: `cargo migrate import {tool}`"
        ))
}

pub fn refused(migrations: &Migrations, history: &FoundHistory, refusal: AdoptRefusal) -> Error {
    let (table, tool) = (&history.found.table, history.tool.name());
    let revision = |index: usize| &migrations.revisions()[index];
    let of = |revision: &Revision, summary: String| {
        Error::new(ErrorKind::Foreign, summary).at(file_place(migrations, revision))
    };
    match refusal {
        AdoptRefusal::Failed { version } => Error::new(
            ErrorKind::Foreign,
            format!("by `{table}` the migration `{version}` failed, or is under way"),
        )
        .help(format!(
            "nothing was changed; repair it with {tool}, and start again"
        )),
        AdoptRefusal::Edited {
            revision: index,
            version,
        } => {
            let revision = revision(index);
            let id = revision.id();
            of(revision, format!("the checksum of `{version}` in `{table}` is not the one that revision `{id}` adopts"))
                .note("the file was edited after it was applied, or the import read another version of it")
                .help("nothing was changed; import the file as it was applied, or write the checksum of the database into the `adopts` line")
        }
        AdoptRefusal::Gap { applied, missing } => {
            let (applied, missing) = (revision(applied), revision(missing));
            let (id, under) = (applied.id(), missing.id());
            of(applied, format!("by `{table}` revision `{id}` is applied, and `{under}` under it is not"))
                .note(format!("{tool} has run them in another order, or has skipped one"))
                .help(format!(
                    "nothing was changed; run the missing migration with {tool}, or move the revision: `cargo migrate rebase`"
                ))
        }
        AdoptRefusal::Partly {
            revision: index,
            missing,
        } => {
            let revision = revision(index);
            let id = revision.id();
            of(
                revision,
                format!(
                    "revision `{id}` adopts several migrations, and `{missing}` is not in `{table}`"
                ),
            )
            .help(format!(
                "nothing was changed; run the migrations up to it with {tool}, and start again"
            ))
        }
    }
}
