//! Classifies a failure.

use super::advice;
use super::code::{explain, is_contention, is_prepared_gone, is_there};
use super::place;
use super::session::PostgresSession;
use crate::database::{Cause, Failure, Transactional, Work};
use crate::journal::tables::Tables;

impl PostgresSession<'_> {
    /// A failure in a transaction, all of which is rolled back, or in a `statement` outside of one.
    pub fn failure(&self, cause: Cause, tables: &Tables, statement: Option<&str>) -> Failure {
        let mut failure = Failure::of(cause);
        failure.left_trace = !matches!(
            *failure.cause,
            Cause::Statement { .. } | Cause::Refused { .. }
        );
        failure.may_retry = is_given_up(&failure.cause);
        failure.is_set_up = !self.connection.is_own()
            && matches!(&*failure.cause, Cause::Statement { error, .. } if is_there(error));
        let Some(error) = failure.cause.error() else {
            return failure;
        };
        let advice = match (&*failure.cause, statement) {
            (Cause::Statement { .. }, Some(statement)) => {
                failure.notes = place::notes(error, statement);
                advice::on_statement(error, statement, self.role())
            }
            _ => advice::on_ours(error, tables, self.role()),
        };
        if let Some((kind, help)) = advice {
            failure.kind = kind;
            failure.help = failure.help.or(Some(help.into()));
        } else {
            let explained = explain(error);
            failure.explain(explained);
        }
        failure
    }

    /// The same outside a transaction: what did not commit together with its record is not tried again.
    pub fn failure_outside(&self, cause: Cause, tables: &Tables, statement: &str) -> Failure {
        let mut failure = self.failure(cause, tables, Some(statement));
        failure.may_retry &= self.is_whole;
        failure
    }
}

/// Whether the server only gave up, and undid all that was tried.
fn is_given_up(cause: &Cause) -> bool {
    match cause {
        Cause::Database { error, .. } if is_prepared_gone(error) => true,
        Cause::Statement { error, .. } | Cause::Database { error, .. } => is_contention(error),
        Cause::Rust { error, .. } => error
            .downcast_ref::<sqlx::Error>()
            .is_some_and(is_contention),
        _ => false,
    }
}

/// The text of the statement of one of these that failed.
pub fn failed_statement<'r>(cause: &Cause, revisions: &[Transactional<'r>]) -> Option<&'r str> {
    let Cause::Statement {
        index, statement, ..
    } = cause
    else {
        return None;
    };
    match revisions.get(*index)?.work {
        Work::Sql(script) => script.statement(*statement),
        Work::Rust(_) | Work::Nothing => None,
    }
}
