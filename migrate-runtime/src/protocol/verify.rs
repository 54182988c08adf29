//! Refuses a run before anything runs.

use std::collections::{HashMap, HashSet};

use migrate_chain::graph::RevisionGraph;
use migrate_chain::target::TargetError;
use migrate_chain::{Dialect, Revision};

use super::place::{file_place, irreversible_place};
use super::step::{Code, PreparedStep};
use super::view::GraphView;
use crate::journal::state::State;
use crate::journal::tables::Tables;
use crate::journal::{JournalDirection, JournalEvent, JournalRow};
use crate::syntax;
use crate::values::error::{Error, ErrorKind};
use crate::values::options::TransactionMode;
use crate::values::status::Status;
use crate::{Direction, Migrations};

/// The rows of a database, as this binary knows them.
pub struct KnownRows {
    pub unknown: Vec<String>,
    /// Some row's digest is not the one that this binary has: it, or a revision under it, was edited.
    pub has_edits: bool,
}

pub fn rows(view: &GraphView<'_>, dialect: Dialect, state: &State) -> KnownRows {
    let mut known = KnownRows {
        unknown: Vec::new(),
        has_edits: false,
    };
    for row in &state.rows {
        match view.graph.find(&row.revision) {
            None => known.unknown.push(row.revision.clone()),
            Some(index) => {
                let revision = view.revision(index);
                known.has_edits |= row
                    .digest
                    .as_ref()
                    .is_some_and(|digest| !revision.accepts(digest, dialect));
            }
        }
    }
    known
}

/// The record that says that something is applied, though the version table has no row.
pub fn lost_rows(journal: &[JournalRow]) -> Option<&JournalRow> {
    let last = journal.iter().rfind(|row| row.event.is_record())?;
    let leaves_none = match (last.direction, last.event) {
        (JournalDirection::Downgrade, JournalEvent::Stamped) => true,
        // Its parents stay applied.
        (JournalDirection::Downgrade, _) => {
            last.down_revision.is_empty() && last.depends_on.is_empty()
        }
        _ => false,
    };
    (!leaves_none).then_some(last)
}

/// Nothing is applied by an empty version table, and the journal agrees. Otherwise all would run a second time.
///
/// # Errors
/// That it does not, and how to say what is applied.
pub fn refuse_lost_rows(journal: &[JournalRow], tables: &Tables) -> Result<(), Error> {
    let Some(last) = lost_rows(journal) else {
        return Ok(());
    };
    let (version, journal) = (&tables.version_name, &tables.journal_name);
    let applied = match last.direction {
        JournalDirection::Downgrade => last.down_revision.join(" "),
        _ => last.revision.clone(),
    };
    let summary = format!(
        "`{version}` has no row, and by the last record in `{journal}` the database is at `{applied}`"
    );
    Err(Error::new(ErrorKind::Tables, summary)
        .note("its rows were deleted, or another tool has undone the revisions; an upgrade would run them again")
        .help(format!(
            "nothing was changed; say where the database is: `cargo migrate stamp {applied}` if the revisions are applied, \
             `cargo migrate stamp base` if they are not"
        )))
}

/// No row says what another row says already.
///
/// # Errors
/// The first that does.
pub fn refuse_overlaps(
    view: &GraphView<'_>,
    tables: &Tables,
    rows: &[String],
) -> Result<(), Error> {
    let graph = &view.graph;
    let found = graph.find_all(rows.iter().map(String::as_str));
    let top = graph.maximal(&found);
    let Some(&covered) = found.iter().find(|row| !top.contains(row)) else {
        return Ok(());
    };
    let above = top.iter().find(|&&row| graph.ancestors(&[row])[covered]);
    let (covered, above) = (graph.id(covered), above.map_or("", |&row| graph.id(row)));
    let table = &tables.version_name;
    let summary =
        format!("`{table}` has the rows `{covered}` and `{above}`, which contradict each other");
    Err(Error::new(ErrorKind::Tables, summary)
        .note(format!("`{above}` has `{covered}` under it, so one row says it all"))
        .help(format!(
            "nothing was changed; if `{above}` is applied, `cargo migrate stamp {above}` removes the other row"
        )))
}

/// A stamp moves a database forward: what is applied stays under a row.
///
/// # Errors
/// The first row that would be forgotten.
pub fn refuse_forgetting(
    graph: &RevisionGraph,
    tables: &Tables,
    rows: &[String],
    after: &[usize],
) -> Result<(), Error> {
    let covered = graph.ancestors(after);
    let is_forgotten = |row: &&String| graph.find(row).is_some_and(|row| !covered[row]);
    let Some(row) = rows.iter().find(is_forgotten) else {
        return Ok(());
    };
    let after: Vec<String> = after.iter().map(|&row| graph.id(row).to_owned()).collect();
    let to = match &after[..] {
        [] => "base".to_owned(),
        after => quoted(after),
    };
    let table = &tables.version_name;
    let summary =
        format!("by `{table}` revision `{row}` is applied, and a stamp to {to} would forget it");
    Err(Error::new(ErrorKind::Target, summary)
        .note("an upgrade would run it again")
        .help(
            "nothing was changed; to undo revisions, use `downgrade`; if the revision is not applied whatever the table says, \
             use `stamp --force`",
        ))
}

/// A row of the version table that the chain does not have, for a stamp.
pub fn stamp_error(error: TargetError) -> Error {
    match &error {
        TargetError::UnknownRow { row, .. } => {
            let summary =
                format!("the database is at revision `{row}`, which this chain does not have");
            Error::new(ErrorKind::Target, summary)
                .help(
                    "nothing was changed; `stamp --purge` replaces all rows, unknown ones included",
                )
                .caused_by(error)
        }
        _ => error.into(),
    }
}

/// The rows whose recorded digest is not the one that this binary has.
pub fn changed_rows<'v>(
    view: &'v GraphView<'_>,
    dialect: Dialect,
    state: &State,
) -> impl Iterator<Item = &'v Revision> {
    state.rows.iter().filter_map(move |row| {
        let digest = row.digest.as_ref()?;
        let revision = view.revision(view.graph.find(&row.revision)?);
        (!revision.accepts(digest, dialect)).then_some(revision)
    })
}

/// The error for rows that a squash of this chain replaced, if there is one.
pub fn replaced(migrations: &Migrations, unknown: &[String]) -> Option<Error> {
    let unknown: HashSet<&str> = unknown.iter().map(String::as_str).collect();
    let find = |squash: &'_ Revision| {
        squash
            .replaces()
            .find(|id| unknown.contains(id))
            .map(str::to_owned)
    };
    let mut revisions = migrations.revisions().iter();
    let (row, squash) = revisions.find_map(|squash| Some((find(squash)?, squash)))?;
    let id = squash.id();
    let summary = format!("the database is at `{row}`, which the squash into `{id}` replaced");
    let help = format!(
        "upgrade it to `{id}` with a version of the app from before the squash, and start again"
    );
    Some(
        Error::new(ErrorKind::Replaced, summary)
            .at(file_place(migrations, squash))
            .help(help),
    )
}

/// The heads of this chain that are not under the rows, as far as the journal knows the revisions between.
pub fn not_under(
    migrations: &Migrations,
    graph: &RevisionGraph,
    rows: &[String],
    journal: &[JournalRow],
) -> Vec<String> {
    let mut above: HashMap<&str, &JournalRow> = HashMap::new();
    // A row without a digest is about an id alone, and does not know its parents.
    for row in journal.iter().filter(|row| row.digest.is_some()) {
        above.insert(&row.revision, row);
    }
    let mut seen: HashSet<&str> = HashSet::new();
    let mut pending: Vec<&str> = rows.iter().map(String::as_str).collect();
    while let Some(id) = pending.pop() {
        if !seen.insert(id) || graph.find(id).is_some() {
            continue;
        }
        if let Some(row) = above.get(id) {
            pending.extend(
                row.down_revision
                    .iter()
                    .chain(&row.depends_on)
                    .map(String::as_str),
            );
        }
    }
    let covered = graph.ancestors(&graph.find_all(seen));
    let missing = |head: &String| graph.find(head).is_some_and(|head| !covered[head]);
    migrations.heads().into_iter().filter(missing).collect()
}

pub fn ahead_error(
    migrations: &Migrations,
    unknown: &[String],
    missing: &[String],
    can_be_undone: bool,
) -> Error {
    let rows = quoted(unknown);
    let error = Error::new(
        ErrorKind::Ahead,
        format!("the database is at {rows}, which this binary does not know"),
    );
    let heads = quoted(&migrations.heads());
    if missing.is_empty() {
        error
            .note(format!("all that this binary knows, up to {heads}, is applied: a newer version of the app has been here"))
            .help(match &migrations.heads()[..] {
                [head] if can_be_undone => format!(
                    "start the newer version, let this one go on as it is with `Ahead::Allow` (`--allow-ahead`), or undo \
                     what it does not know from the journal: `cargo migrate downgrade {head}`"
                ),
                _ => "start the newer version, or let this one go on as it is with `Ahead::Allow` (`--allow-ahead`)".to_owned(),
            })
    } else {
        error
            .note(format!("{} of this binary is not applied there", quoted(missing)))
            .help("check that it is the right database, and that the newer version of the app has these revisions too")
    }
}

/// Every step can run, here and in this mode.
///
/// # Errors
/// The first step that cannot.
pub fn can_run(
    migrations: &Migrations,
    dialect: Dialect,
    mode: TransactionMode,
    steps: &[PreparedStep<'_>],
) -> Result<(), Error> {
    for step in steps {
        match (&step.code, step.direction) {
            (Code::Rust(None), _) => return Err(not_embedded(step.revision)),
            (_, Direction::Downgrade) if step.revision.is_recorded() => {
                if let Some(obstacle) = step.revision.irreversible() {
                    return Err(not_in_the_journal(migrations, step.revision, obstacle));
                }
            }
            (_, Direction::Downgrade) if step.revision.irreversible().is_some() => {
                return Err(irreversible(migrations, step.revision));
            }
            (Code::Missing, Direction::Downgrade) => {
                return Err(no_downgrade(migrations, dialect, step.revision));
            }
            (Code::Missing, Direction::Upgrade) => {
                return Err(no_sql(migrations, dialect, step.revision));
            }
            _ => {}
        }
    }
    if mode == TransactionMode::Single
        && syntax::of(dialect).suspends_keys_by_transaction()
        && steps.len() > 1
        && let Some(step) = steps
            .iter()
            .find(|step| !step.revision.keeps_foreign_keys())
    {
        return Err(suspends_for_all(migrations, step));
    }
    let outside = steps.iter().find(|step| !step.revision.is_transactional());
    match outside {
        Some(step) if mode == TransactionMode::Single => Err(not_single(migrations, step.revision)),
        _ if mode == TransactionMode::Single
            && !syntax::of(dialect).has_transactional_ddl()
            && !steps.is_empty() =>
        {
            Err(Error::new(
                ErrorKind::Unsupported,
                "the database commits each schema change by itself",
            )
            .help("use `TransactionMode::PerRevision` here: leave out `--single-transaction`"))
        }
        _ => Ok(()),
    }
}

pub fn not_embedded(revision: &Revision) -> Error {
    let id = revision.id();
    Error::new(
        ErrorKind::NotEmbedded,
        format!("revision `{id}` is written in Rust, and only the app that embeds it can run it"),
    )
    .help(
        "run the migration from the app's own binary; to let `cargo migrate` do that, name its mounted commands in migrate.toml, \
         such as `app = [\"cargo\", \"run\", \"-q\", \"--\", \"migrate\"]`",
    )
}

/// A Rust revision among those of an offline script.
pub fn not_in_a_script(revision: &Revision) -> Error {
    let id = revision.id();
    Error::new(ErrorKind::Unsupported, format!("revision `{id}` is written in Rust, and cannot be part of a script"))
        .help("write a script up to the revision before it, run this one with the app's own binary, and write a script for the rest")
}

fn irreversible(migrations: &Migrations, revision: &Revision) -> Error {
    let id = revision.id();
    let error = Error::new(
        ErrorKind::Irreversible,
        format!("revision `{id}` cannot be undone"),
    );
    let reason = revision
        .irreversible()
        .map(|reason| format!("its file says: {reason}"));
    error
        .of_revision(id, Direction::Downgrade)
        .at(irreversible_place(migrations, revision))
        .note(reason.unwrap_or_default())
        .help("nothing was changed; downgrade to a revision above it, or restore a backup")
}

/// A revision that only the journal knows, and that it cannot undo.
fn not_in_the_journal(migrations: &Migrations, revision: &Revision, obstacle: &str) -> Error {
    let id = revision.id();
    let mut chain = migrations.revisions().iter();
    if let Some(edited) = chain.find(|revision| revision.id() == id) {
        let summary = format!(
            "revision `{id}` was edited since it was applied, and the journal cannot undo it"
        );
        return Error::new(ErrorKind::Edited, summary)
            .of_revision(id, Direction::Downgrade)
            .at(file_place(migrations, edited))
            .note(format!("the journal says: {obstacle}"))
            .help("nothing was changed; restore the file as it was when it was applied, and start again");
    }
    let summary = format!("revision `{id}` cannot be undone from the journal");
    Error::new(ErrorKind::Irreversible, summary)
        .of_revision(id, Direction::Downgrade)
        .note(format!("this binary does not have it, and the journal says: {obstacle}"))
        .help("nothing was changed; downgrade with a version of the app that has it, or restore a backup")
}

fn no_downgrade(migrations: &Migrations, dialect: Dialect, revision: &Revision) -> Error {
    let id = revision.id();
    Error::new(ErrorKind::Irreversible, format!("revision `{id}` has no downgrade for {dialect}"))
        .of_revision(id, Direction::Downgrade)
        .at(file_place(migrations, revision))
        .help("nothing was changed; write a `-- migrate: downgrade` section, or downgrade to a revision above it")
}

fn no_sql(migrations: &Migrations, dialect: Dialect, revision: &Revision) -> Error {
    let id = revision.id();
    Error::new(ErrorKind::MissingSql, format!("revision `{id}` has no SQL for {dialect}"))
        .of_revision(id, Direction::Upgrade)
        .at(file_place(migrations, revision))
        .help(format!(
            "write a section `-- migrate: upgrade {dialect}`; `dialects = [\"{dialect}\"]` in migrate.toml makes the \
             build ask for it"
        ))
}

fn not_single(migrations: &Migrations, revision: &Revision) -> Error {
    let id = revision.id();
    Error::new(
        ErrorKind::Unsupported,
        format!("revision `{id}` runs outside a transaction, and cannot share one"),
    )
    .of_revision(id, Direction::Upgrade)
    .at(file_place(migrations, revision))
    .help(
        "nothing was changed; use `TransactionMode::PerRevision`: leave out `--single-transaction`",
    )
}

/// SQLite suspends foreign keys for a whole transaction, and what cascades in one revision must not stop for another.
fn suspends_for_all(migrations: &Migrations, step: &PreparedStep<'_>) -> Error {
    let id = step.revision.id();
    Error::new(
        ErrorKind::Unsupported,
        format!("revision `{id}` suspends foreign keys, which would hold for every revision in its transaction"),
    )
    .of_revision(id, step.direction)
    .at(file_place(migrations, step.revision))
    .help("nothing was changed; use `TransactionMode::PerRevision` (without `--single-transaction`), or run the revisions before it, then it, then the rest")
}

/// The rows are not where the steps of this run have left them.
pub fn moved(done: usize, of: usize, rows: &[String]) -> Error {
    let at = if rows.is_empty() {
        "base".to_owned()
    } else {
        quoted(rows)
    };
    let summary =
        format!("another process moved the database to {at} while it was being downgraded");
    Error::new(ErrorKind::Locked, summary)
        .note(format!("{done} of {of} revisions were undone before that, and stay undone"))
        .help("look at `status`, and downgrade to a revision by its id: a number of steps counts from wherever the database is")
}

pub fn not_current(status: &Status) -> Error {
    let summary = match (&status.unfinished, &status.pending[..]) {
        (Some(unfinished), _) => format!(
            "the {} of revision `{}` was interrupted",
            unfinished.direction, unfinished.revision
        ),
        (None, [one]) => format!(
            "the database is not at the head: revision `{}` is pending",
            one.revision
        ),
        (None, []) => match &status.adoption {
            Some(adoption) => format!("the history of {} is not taken over yet", adoption.tool),
            None => "the database is not at the head".to_owned(),
        },
        (None, pending) => format!(
            "the database is not at the head: {} revisions are pending",
            pending.len()
        ),
    };
    let error = Error::new(ErrorKind::NotCurrent, summary);
    let shown = status.pending.iter().take(5);
    let error = shown.fold(error, |error, step| {
        error.note(format!("pending: {} {}", step.revision, step.message))
    });
    error.help("run the upgrade, or wait for the process that does")
}

pub fn quoted(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
