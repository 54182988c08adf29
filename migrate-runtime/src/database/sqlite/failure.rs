//! Classifies a failure.

use super::code::explain;
use super::handle::Handle;
use super::session::SqliteSession;
use crate::database::{Cause, Failure};
use crate::values::error::database_message;

impl SqliteSession<'_> {
    /// It has one lock, and a run that finds it taken is busy: nothing is retried.
    pub fn failure(&self, cause: Cause) -> Failure {
        let mut failure = Failure::of(cause);
        failure.left_trace = !matches!(
            *failure.cause,
            Cause::Statement { .. }
                | Cause::Cascade {
                    statement: Some(_),
                    ..
                }
        );
        failure.is_set_up = self.is_set_up(&failure.cause);
        if let Some(explained) = failure.cause.error().map(explain) {
            failure.explain(explained);
        }
        failure
    }

    /// A connection that is passed may be the one from before.
    fn is_set_up(&self, cause: &Cause) -> bool {
        let Cause::Statement { error, .. } = cause else {
            return false;
        };
        let message = database_message(error);
        !matches!(self.connection, Handle::Own(_))
            && (message.ends_with(" already exists") || message.ends_with(" is already in use"))
    }
}
