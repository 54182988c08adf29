//! The connection, as a Rust revision gets it.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use migrate_chain::Dialect;
use sqlx::{AssertSqlSafe, MySqlConnection};

use crate::context::Value;
use crate::context::executor::Executor;
use crate::context::executor::{QueryResult, RevisionJournal};
use crate::database::answer::answer;

/// The connection, for a Rust revision.
pub struct MySqlExecutor<'c>(pub &'c mut MySqlConnection, pub Option<RevisionJournal<'c>>);

impl Executor for MySqlExecutor<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::MySql
    }

    fn execute<'s>(&'s mut self, sql: &'s str) -> BoxFuture<'s, Result<u64, sqlx::Error>> {
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *self.0);
        done.map(|done| Ok(done?.rows_affected())).boxed()
    }

    fn journal(&self) -> Option<RevisionJournal<'_>> {
        self.1
    }

    fn query<'s>(
        &'s mut self,
        sql: &'s str,
        values: Vec<Value>,
    ) -> BoxFuture<'s, Result<QueryResult, sqlx::Error>> {
        answer::<sqlx::MySql>(self.0, sql.to_owned(), values).boxed()
    }

    fn mysql(&mut self) -> Option<&mut MySqlConnection> {
        Some(self.0)
    }
}
