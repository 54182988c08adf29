//! From what a database refused to an error that points into the revision file.

use migrate_chain::sql::open_transaction;
use migrate_chain::{Dialect, Place};

use super::place::{file_place, statement_place};
use super::step::Step;
use crate::Migrations;
use crate::database::{Failure, Session};
use crate::journal::tables::Tables;
use crate::journal::{NewerJournal, NullRow};
use crate::values::error::{BoxError, Error, ErrorKind};
use crate::values::error::{database_code, database_message};

/// The error for a failure of one of `steps`.
pub(super) fn error(
    migrations: &Migrations,
    session: &dyn Session,
    failure: Failure,
    steps: &[Step<'_>],
) -> Error {
    let left_no_trace = session.left_no_trace(&failure);
    match failure {
        Failure::Statement {
            index,
            statement,
            at,
            error,
        } => {
            let step = &steps[index];
            let result = statement_error(migrations, session, step, (statement, at), error);
            if left_no_trace || !step.is_outside {
                return result;
            }
            result
                .note("what the statement did before it failed stays, and is unknown")
                .help(how_to_settle(step.revision.id()))
        }
        Failure::Unsupported(error) => error,
        Failure::Rust { index, error } => {
            rust_error(migrations, &steps[index], left_no_trace, error)
        }
        Failure::ForeignKeys { index, violations } => {
            foreign_keys(migrations, &steps[index], &violations)
        }
        Failure::Cascade {
            index,
            statement,
            dropped,
            losses,
        } => cascade(
            (migrations, session.dialect()),
            &steps[index],
            statement,
            &dropped,
            &losses,
        ),
        Failure::Refused {
            index,
            statement,
            what,
            help,
        } => {
            let step = &steps[index];
            let place = statement_place(migrations, step, session.dialect(), statement, None);
            refused_statement(step, place, statement, &what, help)
        }
        Failure::Advised { failure, help } => {
            error(migrations, session, *failure, steps).help(help)
        }
        Failure::Meddled { index, what } => meddled(migrations, &steps[index], &what),
        Failure::Database { doing, error } => refused(migrations, session, doing, error),
        Failure::Busy { holder } => Error::new(
            ErrorKind::Locked,
            format!("the database is held by {holder}"),
        ),
        Failure::Fenced => Error::new(
            ErrorKind::Locked,
            "another process changed the database first",
        ),
    }
}

fn rust_error(
    migrations: &Migrations,
    step: &Step<'_>,
    left_no_trace: bool,
    error: BoxError,
) -> Error {
    let id = step.revision.id();
    let summary = format!("the {} of revision `{id}` failed: {error}", step.direction);
    let result = Error::new(ErrorKind::Revision, summary)
        .of_revision(id, step.direction)
        .at(file_place(migrations, step.revision));
    let result = if left_no_trace || !step.is_outside {
        result
            .note(ROLLED_BACK)
            .help("correct the revision, rebuild, and start again")
    } else {
        result
            .note(format!(
                "{}, and what it did before it failed is unknown",
                outside(step)
            ))
            .help(how_to_settle(id))
    };
    result.caused_by(error)
}

fn statement_error(
    migrations: &Migrations,
    session: &dyn Session,
    step: &Step<'_>,
    (statement, at): (usize, Option<usize>),
    error: sqlx::Error,
) -> Error {
    let id = step.revision.id();
    let dialect = session.dialect();
    let statements = step.split(dialect);
    let text = statements.get(statement).copied().unwrap_or_default();
    let tables = Tables::new(dialect, &migrations.settings, None);
    let advice = session.advise(&tables, &error, Some(text));
    let explained = session.explain(&error);
    let kind = match (&advice, explained.kind) {
        (Some((kind, _)), _) => *kind,
        (None, ErrorKind::Database) => ErrorKind::Statement,
        (None, kind) => kind,
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
    let help = advice.map_or_else(
        || explained.help.unwrap_or(if step.revision.is_recorded() {
            "the script is the journal's: downgrade with a version of the app that has the revision, or undo it by hand \
             and stamp the database"
        } else {
            "correct the statement, rebuild, and start again"
        }).to_owned(),
        |(_, help)| help,
    );
    let done = &statements[..statement.min(statements.len())];
    let aftermath = if is_lost(&error) {
        "the connection was lost: what became of the statement, the next start finds out".to_owned()
    } else {
        aftermath(step, settled(dialect, done))
    };
    let notes = session.notes(&error, text);
    let place = statement_place(migrations, step, dialect, statement, at);
    let result = Error::new(kind, summary)
        .of_revision(id, step.direction)
        .at(place);
    notes
        .into_iter()
        .fold(result.code(code), Error::note)
        .note(aftermath)
        .help(help)
        .caused_by(error)
}

/// Whether the database did not answer any more.
fn is_lost(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_) | sqlx::Error::Protocol(_))
}

/// What the failure has left behind.
fn aftermath(step: &Step<'_>, statement: usize) -> String {
    match (step.is_outside, statement) {
        (false, _) => ROLLED_BACK.to_owned(),
        (true, 0) => format!("{}; no statement of it is known to be done", outside(step)),
        (true, done) => format!(
            "{}: statements 1 to {done} of {} are done, and the next start goes on behind them",
            outside(step),
            step.statements()
        ),
    }
}

const ROLLED_BACK: &str = "the revision was rolled back as a whole";

/// Why it is not rolled back.
pub(super) fn outside(step: &Step<'_>) -> &'static str {
    if step.revision.is_transactional() {
        "the database commits each schema change by itself"
    } else {
        "it runs outside a transaction"
    }
}

fn foreign_keys(migrations: &Migrations, step: &Step<'_>, violations: &[String]) -> Error {
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
    (migrations, dialect): (&Migrations, Dialect),
    step: &Step<'_>,
    statement: Option<usize>,
    dropped: &str,
    losses: &[String],
) -> Error {
    let id = step.revision.id();
    let summary = format!(
        "the {} of revision `{id}` drops `{dropped}`, and rows of other tables would be lost",
        step.direction
    );
    let place = match statement {
        Some(statement) => statement_place(migrations, step, dialect, statement, None),
        None => file_place(migrations, step.revision),
    };
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
    step: &Step<'_>,
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

fn meddled(migrations: &Migrations, step: &Step<'_>, what: &str) -> Error {
    let id = step.revision.id();
    let summary = format!("the {} of revision `{id}` {what}", step.direction);
    Error::new(ErrorKind::Revision, summary)
        .of_revision(id, step.direction)
        .at(file_place(migrations, step.revision))
        .note("it is not recorded; what it committed by itself stays")
        .help("leave the transaction and the version table to the runtime, or run it with `transaction: off`")
}

fn refused(
    migrations: &Migrations,
    session: &dyn Session,
    doing: &str,
    error: sqlx::Error,
) -> Error {
    let tables = Tables::new(session.dialect(), &migrations.settings, None);
    if let Some((kind, help)) = session.advise(&tables, &error, None) {
        let summary = format!("the database refused {doing}: {}", database_message(&error));
        let result = Error::new(kind, summary).code(database_code(&error));
        return result.help(help).caused_by(error);
    }
    let explained = session.explain(&error);
    let reads_tables = doing.starts_with("to read") || doing.starts_with("to record");
    let newer = is_of_newer_version(&error);
    let kind = if explained.kind == ErrorKind::Database && reads_tables {
        ErrorKind::Tables
    } else {
        explained.kind
    };
    let summary = format!("the database refused {doing}: {}", database_message(&error));
    let result = Error::new(kind, summary).code(database_code(&error));
    let help = match explained.help {
        Some(help) => Some(help),
        None if has_null_row(&error) => Some(
            "delete the row; if another one says what is applied, that is all, or else say it with `cargo migrate stamp`",
        ),
        None if newer => Some("start the version of the app that wrote it, or a newer one"),
        None if kind == ErrorKind::Tables => Some(
            "the table exists in another shape: set another `version_table` in migrate.toml; the journal follows its name",
        ),
        None => None,
    };
    let result = match help {
        Some(help) => result.help(help),
        None => result,
    };
    result.caused_by(error)
}

fn has_null_row(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::ColumnDecode { source, .. } if source.is::<NullRow>())
}

fn is_of_newer_version(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::ColumnDecode { source, .. } if source.is::<NewerJournal>())
}

/// What to do about a revision that is in doubt.
pub(super) fn how_to_settle(id: &str) -> String {
    format!(
        "settle it: `cargo migrate resolve {id} --applied`, `--not-applied` or `--retry`, or `Migrations::resolve`"
    )
}

/// How many statements stay done when the next one fails: a transaction of the revision's own is rolled back.
pub(super) fn settled(dialect: Dialect, done: &[&str]) -> usize {
    open_transaction(dialect, done).unwrap_or(done.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_that_is_open_counts_from_its_begin() {
        let settled = |done: &[&str]| settled(Dialect::Sqlite, done);
        assert_eq!(settled(&[]), 0);
        assert_eq!(settled(&["SELECT 1", "SELECT 2"]), 2);
        assert_eq!(settled(&["SELECT 1", "BEGIN", "SELECT 2"]), 1);
        assert_eq!(settled(&["BEGIN", "SELECT 1", "COMMIT"]), 3);
        assert_eq!(settled(&["BEGIN", "ROLLBACK", "BEGIN IMMEDIATE"]), 2);
        assert_eq!(settled(&["BEGIN", "SAVEPOINT s", "ROLLBACK TO s"]), 0);
    }
}
