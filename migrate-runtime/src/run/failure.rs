//! From what a database refused to an error that points into the revision file.

use std::ops::Range;
use std::sync::Arc;

use migrate_chain::sql::split;
use migrate_chain::{Dialect, Place, Revision, Source};

use super::outside::{how_to_settle, settled};
use super::step::Step;
use crate::database::{Failure, Session, database_code, database_message};
use crate::error::{BoxError, Error, ErrorKind};
use crate::journal::{NewerJournal, NullRow};
use crate::tables::Tables;
use crate::{Direction, Migrations};

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
