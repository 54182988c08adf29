//! Classifies a failure.

use super::code::{self, explain, gave_up};
use super::session::MySqlSession;
use crate::database::{Cause, Failure};

impl MySqlSession<'_> {
    pub fn failure(&mut self, cause: Cause) -> Failure {
        let mut failure = Failure::of(cause);
        failure.left_trace = match *failure.cause {
            Cause::Refused { .. } => false,
            Cause::Statement { .. } | Cause::Rust { .. } => self.left_trace,
            _ => true,
        };
        let Some(error) = failure.cause.error() else {
            return failure;
        };
        failure.may_retry = gave_up(error) && !self.left_trace;
        if matches!(*failure.cause, Cause::Statement { .. }) {
            // A connection that is passed may be the one from before.
            failure.is_set_up =
                self.connection.is_borrowed() && code::is(error, code::TABLE_EXISTS);
            failure.notes = std::mem::take(&mut self.notes);
            failure.notes.extend(code::grant(error));
        }
        let explained = explain(error);
        failure.explain(explained);
        failure
    }
}
