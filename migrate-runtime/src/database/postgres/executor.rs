//! The connection, as a Rust revision gets it.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use migrate_chain::Dialect;
use sqlx::PgConnection;

use super::execute::execute;
use super::placeholder;
use crate::context::Value;
use crate::context::executor::Executor;
use crate::context::executor::{QueryResult, RevisionJournal};
use crate::database::answer::answer;

/// Runs SQL for a Rust revision.
pub struct PgExecutor<'c> {
    pub connection: &'c mut PgConnection,
    pub journal: Option<RevisionJournal<'c>>,
}

impl Executor for PgExecutor<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn execute<'s>(&'s mut self, sql: &'s str) -> BoxFuture<'s, Result<u64, sqlx::Error>> {
        execute(self.connection, sql).boxed()
    }

    fn journal(&self) -> Option<RevisionJournal<'_>> {
        self.journal
    }

    fn query<'s>(
        &'s mut self,
        sql: &'s str,
        values: Vec<Value>,
    ) -> BoxFuture<'s, Result<QueryResult, sqlx::Error>> {
        let (sql, values) = placeholder::numbered(sql, &values);
        answer::<sqlx::Postgres>(self.connection, sql, values).boxed()
    }

    fn postgres(&mut self) -> Option<&mut PgConnection> {
        Some(self.connection)
    }
}
