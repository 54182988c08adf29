//! The settings of the session that a run needs, and those that were there before.

use std::time::Duration;

use crate::database::sealed::Limits;

/// What sets up the session for a run. What is not ours stays the app's: `sql_mode`, the character set, the time zone.
pub(super) fn set_up(limits: &Limits) -> String {
    let lock = seconds(limits.ddl_lock);
    format!(
        "SET SESSION autocommit = 1, lock_wait_timeout = {lock}, innodb_lock_wait_timeout = {lock}"
    )
}

/// What limits the statements of a revision, and not those of the bookkeeping. Each server executes the comment that is
/// its own; MySQL's limit holds for SELECT only.
pub(super) fn limit(timeout: Duration) -> String {
    let milliseconds = timeout.as_millis().clamp(1, u128::from(LONGEST) * 1000);
    let seconds = timeout.as_secs_f64().clamp(0.001, 31_536_000.0);
    format!(
        "SET SESSION lock_wait_timeout = @@SESSION.lock_wait_timeout /*M!100101 , max_statement_time = {seconds} */\
         /*!50708 , max_execution_time = {milliseconds} */"
    )
}

/// What ends that.
pub(super) const NO_LIMIT: &str = "SET SESSION lock_wait_timeout = @@SESSION.lock_wait_timeout \
    /*M!100101 , max_statement_time = 0 *//*!50708 , max_execution_time = 0 */";

/// What keeps the settings of a connection that is not ours.
pub(super) const KEEP: &str = "SET @embed_migrations_autocommit = @@SESSION.autocommit, \
    @embed_migrations_lock_wait = @@SESSION.lock_wait_timeout, \
    @embed_migrations_row_wait = @@SESSION.innodb_lock_wait_timeout\
    /*M!100101 , @embed_migrations_statement = @@SESSION.max_statement_time */\
    /*!50708 , @embed_migrations_statement = @@SESSION.max_execution_time */";

/// What gives them back.
pub(super) const GIVE_BACK: &str = "SET SESSION autocommit = @embed_migrations_autocommit, \
    lock_wait_timeout = @embed_migrations_lock_wait, innodb_lock_wait_timeout = @embed_migrations_row_wait\
    /*M!100101 , max_statement_time = @embed_migrations_statement */\
    /*!50708 , max_execution_time = @embed_migrations_statement */";

/// A year, which is the most that the server takes.
const LONGEST: u64 = 31_536_000;

/// The server counts in whole seconds, and takes 0 for no wait at all.
fn seconds(timeout: Duration) -> u64 {
    let whole = timeout
        .as_secs()
        .saturating_add(u64::from(timeout.subsec_nanos() > 0));
    whole.clamp(1, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_whole_seconds_within_bounds() {
        let of = |timeout| seconds(timeout);
        assert_eq!(of(Duration::from_millis(1)), 1);
        assert_eq!(of(Duration::from_millis(1001)), 2);
        assert_eq!(of(Duration::MAX), LONGEST);
    }
}
