//! From what a database refused to an error that points into the revision file.

use std::borrow::Cow;

use migrate_chain::Place;

use super::place::{file_place, statement_place};
use super::step::PreparedStep;
use crate::Migrations;
use crate::database::{Cause, Failure};
use crate::journal::{NewerJournal, NullRow};
use crate::values::error::{BoxError, Error, ErrorKind};
use crate::values::error::{database_code, database_message};

/// The error for a failure of one of `steps`.
pub fn error(migrations: &Migrations, failure: Failure, steps: &[PreparedStep<'_>]) -> Error {
    let at = |index: usize, statement| statement_place(migrations, &steps[index], statement, None);
    let Failure {
        cause,
        left_trace,
        kind,
        help,
        notes,
        ..
    } = failure;
    match *cause {
        Cause::Statement {
            index,
            statement,
            at,
            error,
        } => {
            let step = &steps[index];
            let told = DatabaseMessage { kind, help, notes };
            let result = statement_error(migrations, step, (statement, at), told, error);
            if !left_trace || !step.is_outside {
                return result;
            }
            result
                .note("what the statement did before it failed stays, and is unknown")
                .help(how_to_resolve(step.revision.id()))
        }
        Cause::Unsupported(error) => error,
        Cause::Rust { index, error } => rust_error(migrations, &steps[index], left_trace, error),
        Cause::ForeignKeys { index, violations } => {
            foreign_keys(migrations, &steps[index], &violations)
        }
        Cause::Cascade {
            index,
            statement,
            dropped,
            losses,
        } => {
            let step = &steps[index];
            let place = match statement {
                Some(statement) => at(index, statement),
                None => file_place(migrations, step.revision),
            };
            cascade(step, statement, place, &dropped, &losses)
        }
        Cause::Refused {
            index,
            statement,
            what,
            help,
        } => refused_statement(&steps[index], at(index, statement), statement, &what, help),
        Cause::Advised { cause, help } => error(migrations, Failure::of(*cause), steps).help(help),
        Cause::Meddled { index, what } => {
            let error = meddled(migrations, &steps[index], &what);
            match help {
                Some(help) => error.help(help),
                None => error,
            }
        }
        Cause::Database { doing, error } => refused(doing, kind, help, error),
        Cause::Busy { holder } => Error::new(
            ErrorKind::Locked,
            format!("the database is held by {holder}"),
        ),
        Cause::Fenced | Cause::NotHeld => Error::new(
            ErrorKind::Locked,
            "another process changed the database first",
        ),
    }
}

/// The database's message about an error of a statement.
struct DatabaseMessage {
    kind: ErrorKind,
    help: Option<Cow<'static, str>>,
    notes: Vec<String>,
}

fn rust_error(
    migrations: &Migrations,
    step: &PreparedStep<'_>,
    left_trace: bool,
    error: BoxError,
) -> Error {
    let id = step.revision.id();
    let summary = format!("the {} of revision `{id}` failed: {error}", step.direction);
    let result = Error::new(ErrorKind::Revision, summary)
        .of_revision(id, step.direction)
        .at(file_place(migrations, step.revision));
    let result = if !left_trace || !step.is_outside {
        result
            .note(ROLLED_BACK)
            .help("correct the revision, rebuild, and start again")
    } else {
        result
            .note(format!(
                "{}, and what it did before it failed is unknown",
                outside(step)
            ))
            .help(how_to_resolve(id))
    };
    result.caused_by(error)
}

fn statement_error(
    migrations: &Migrations,
    step: &PreparedStep<'_>,
    (statement, at): (usize, Option<usize>),
    told: DatabaseMessage,
    error: sqlx::Error,
) -> Error {
    let id = step.revision.id();
    let kind = match told.kind {
        ErrorKind::Database => ErrorKind::Statement,
        kind => kind,
    };
    let code = database_code(&error);
    let shown_code = code
        .as_ref()
        .map_or_else(String::new, |code| format!(" (code {code})"));
    let summary = format!(
        "the {} of revision `{id}` failed: {}{shown_code}",
        step.direction,
        database_message(&error)
    );
    let help = told.help.unwrap_or_else(|| how_to_correct(step).into());
    let aftermath = if is_lost(&error) {
        "the connection was lost: the next run checks whether the statement took effect".to_owned()
    } else {
        aftermath(step, step.kept_after_failure(statement))
    };
    let result = Error::new(kind, summary)
        .of_revision(id, step.direction)
        .at(statement_place(migrations, step, statement, at));
    let notes = told.notes.into_iter();
    notes
        .fold(result.code(code), Error::note)
        .note(aftermath)
        .help(help)
        .caused_by(error)
}

fn how_to_correct(step: &PreparedStep<'_>) -> &'static str {
    if step.revision.is_recorded() {
        "the script is the journal's: downgrade with a version of the app that has the revision, or undo it by hand \
         and stamp the database"
    } else {
        "correct the statement, rebuild, and start again"
    }
}

/// Whether the database did not answer any more.
fn is_lost(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_) | sqlx::Error::Protocol(_))
}

/// The traces that the failure has left.
fn aftermath(step: &PreparedStep<'_>, statement: usize) -> String {
    match (step.is_outside, statement) {
        (false, _) => ROLLED_BACK.to_owned(),
        (true, 0) => format!("{}; no statement of it is known to be done", outside(step)),
        (true, done) => format!(
            "{}: statements 1 to {done} of {} are done, and the next run continues after them",
            outside(step),
            step.statements()
        ),
    }
}

const ROLLED_BACK: &str = "the revision was rolled back as a whole";

/// Why it is not rolled back.
pub fn outside(step: &PreparedStep<'_>) -> &'static str {
    if step.revision.is_transactional() {
        "the database commits each schema change by itself"
    } else {
        "it runs outside a transaction"
    }
}

fn foreign_keys(migrations: &Migrations, step: &PreparedStep<'_>, violations: &[String]) -> Error {
    let id = step.revision.id();
    let summary = format!(
        "the {} of revision `{id}` leaves {} rows that refer to nothing",
        step.direction,
        violations.len()
    );
    let error = Error::new(ErrorKind::Statement, summary)
        .of_revision(id, step.direction)
        .at(file_place(migrations, step.revision));
    let error = violations.iter().take(5).fold(error, Error::note);
    let help = if step.is_outside {
        "correct the rows in the database, and start again: only the record of the revision is missing"
    } else {
        "correct the revision so that every reference leads somewhere"
    };
    error.note(aftermath(step, step.statements())).help(help)
}

/// A table is dropped, and others would lose rows with it.
fn cascade(
    step: &PreparedStep<'_>,
    statement: Option<usize>,
    place: Place,
    dropped: &str,
    losses: &[String],
) -> Error {
    let id = step.revision.id();
    let summary = format!(
        "the {} of revision `{id}` drops `{dropped}`, and rows of other tables would be lost",
        step.direction
    );
    let error = Error::new(ErrorKind::Statement, summary)
        .of_revision(id, step.direction)
        .at(place);
    let error = losses.iter().take(5).fold(error, Error::note);
    error
        .note(aftermath(step, statement.unwrap_or_default()))
        .help(
            "write `foreign_keys: off` in the header if the table comes back; `foreign_keys: cascade` if the rows may go; or \
             drop the tables that refer to it first",
        )
}

/// A statement that was never sent.
fn refused_statement(
    step: &PreparedStep<'_>,
    place: Place,
    statement: usize,
    what: &str,
    help: &'static str,
) -> Error {
    let id = step.revision.id();
    let summary = format!("the {} of revision `{id}` {what}", step.direction);
    Error::new(ErrorKind::Revision, summary)
        .of_revision(id, step.direction)
        .at(place)
        .note("the statement was not sent")
        .note(aftermath(step, statement))
        .help(help)
}

fn meddled(migrations: &Migrations, step: &PreparedStep<'_>, what: &str) -> Error {
    let id = step.revision.id();
    let summary = format!("the {} of revision `{id}` {what}", step.direction);
    Error::new(ErrorKind::Revision, summary)
        .of_revision(id, step.direction)
        .at(file_place(migrations, step.revision))
        .note("it is not recorded; what it committed by itself stays")
        .help("leave the transaction and the version table to the runtime, or run it with `transaction: off`")
}

fn refused(
    doing: &str,
    kind: ErrorKind,
    help: Option<Cow<'static, str>>,
    error: sqlx::Error,
) -> Error {
    let reads_tables = doing.starts_with("to read") || doing.starts_with("to record");
    let kind = match kind {
        ErrorKind::Database if reads_tables => ErrorKind::Tables,
        kind => kind,
    };
    let summary = format!("the database refused {doing}: {}", database_message(&error));
    let result = Error::new(kind, summary).code(database_code(&error));
    let result = match help.or_else(|| help_of_tables(kind, &error).map(Cow::Borrowed)) {
        Some(help) => result.help(help),
        None => result,
    };
    result.caused_by(error)
}

fn help_of_tables(kind: ErrorKind, error: &sqlx::Error) -> Option<&'static str> {
    if has_null_row(error) {
        return Some(
            "delete the row; if another one says what is applied, that is all, or else say it with `cargo migrate stamp`",
        );
    }
    if is_of_newer_version(error) {
        return Some("start the version of the app that wrote it, or a newer one");
    }
    (kind == ErrorKind::Tables).then_some(
        "the table exists in another shape: set another `version_table` in migrate.toml; the journal follows its name",
    )
}

fn has_null_row(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::ColumnDecode { source, .. } if source.is::<NullRow>())
}

fn is_of_newer_version(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::ColumnDecode { source, .. } if source.is::<NewerJournal>())
}

/// Advice about a revision that is in doubt.
pub fn how_to_resolve(id: &str) -> String {
    format!(
        "resolve it: `cargo migrate resolve {id} --applied`, `--not-applied` or `--retry`, or `Migrations::resolve`"
    )
}
