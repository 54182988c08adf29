//! Steps on a scratch database, and whether they made what they should.

use std::fmt::Write as _;

use migrate_chain::Dialect;

use crate::connection::Connection;
use crate::database;
use crate::difference::Difference;
use crate::error::{Error, ErrorKind, refused};
use crate::eye::Facts;
use crate::model::Schema;
use crate::operation::Operation;

pub fn same(found: &Schema, expected: &Schema, otherwise: &str) -> Result<(), Error> {
    let rest = Difference::between(found, expected);
    if rest.is_empty() {
        return Ok(());
    }
    let mut details = String::from("what remains different:");
    for change in rest.changes() {
        let _ = write!(details, "\n{change}");
    }
    Err(
        Error::new(ErrorKind::Proof, format!("{otherwise}: nothing is written"))
            .detail(details)
            .help("write this revision by hand, and tell us about the schema"),
    )
}

/// Fails where the second eye sees what the introspection does not.
pub fn agree(
    found: Option<&Facts>,
    expected: Option<&Facts>,
    otherwise: &str,
) -> Result<(), Error> {
    let differences = found
        .zip(expected)
        .map(|(found, expected)| found.differences(expected));
    let Some(differences) = differences.filter(|differences| !differences.is_empty()) else {
        return Ok(());
    };
    let error = Error::new(ErrorKind::Proof, format!("{otherwise}: nothing is written"))
        .detail(format!("not understood:\n{}", differences.join("\n")));
    Err(error.help("write a revision for it by hand, and run the command again"))
}

/// A step that failed.
pub struct Failed {
    /// Its place in the list.
    pub at: usize,
    pub error: Error,
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        failed.error
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { at: 0, error }
    }
}

/// Runs steps as a revision would.
pub async fn run(
    connection: &mut Connection,
    steps: &mut [Operation],
    transactional: bool,
    foreign_keys: bool,
) -> Result<(), Failed> {
    let sqlite = connection.dialect() == Dialect::Sqlite;
    if sqlite && !foreign_keys {
        connection.execute("PRAGMA foreign_keys = OFF").await?;
    }
    if transactional {
        connection.execute("BEGIN").await?;
    }
    for (at, step) in steps.iter_mut().enumerate() {
        if let Err(error) = run_step(connection, step).await {
            // The connection is about to be closed, and the database dropped.
            let _ = connection.execute("ROLLBACK").await;
            return Err(Failed { at, error });
        }
    }
    if transactional {
        connection.execute("COMMIT").await?;
    }
    if sqlite && !foreign_keys {
        connection.execute("PRAGMA foreign_keys = ON").await?;
    }
    Ok(())
}

/// Runs a step. Where the server chooses how, it is asked, and the step is marked with the answer.
pub async fn run_step(connection: &mut Connection, step: &mut Operation) -> Result<(), Error> {
    let done = database::execute(connection, step).await;
    done.map_err(|error| {
        refused(
            ErrorKind::Proof,
            "the generated SQL failed: nothing is written",
            &step.sql,
            &error,
        )
        .of_rows(is_of_rows(&error))
    })
}

/// Whether the server says that it is about values: the classes of data exceptions and of violated constraints, and that of
/// warnings, which a strict MySQL makes errors.
fn is_of_rows(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(|error| error.code().map(std::borrow::Cow::into_owned));
    code.is_some_and(|code| {
        code.len() == 5
            && (["01", "22", "23"]
                .iter()
                .any(|class| code.starts_with(class)))
    })
}
