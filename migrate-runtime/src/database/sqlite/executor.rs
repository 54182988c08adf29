//! The connection, as a Rust revision gets it.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use migrate_chain::Dialect;
use migrate_chain::sql::sqlite::table_change;
use sqlx::SqliteConnection;

use super::drops::Drops;
use super::execute::sound;
use super::kept::ConnectionState;
use super::script::run_script;
use super::timeout::Watchdog;
use crate::context::Value;
use crate::context::executor::Executor;
use crate::context::executor::{QueryResult, RevisionJournal};
use crate::database::answer::answer;
use crate::sql::Script;

/// A connection whose statements the watchdog times, and which does not drop a table unseen.
pub struct Timed<'c> {
    pub connection: &'c mut SqliteConnection,
    pub watchdog: Option<&'c Watchdog>,
    pub drops: &'c mut Drops,
    pub kept: &'c mut ConnectionState,
    pub journal: Option<RevisionJournal<'c>>,
}

impl Timed<'_> {
    fn restart(&self) {
        self.watchdog.inspect(|watchdog| watchdog.restart());
    }
}

impl Executor for Timed<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn execute<'s>(&'s mut self, sql: &'s str) -> BoxFuture<'s, Result<u64, sqlx::Error>> {
        async move {
            self.kept.keep_named(self.connection, sql).await?;
            let script = Script::of_text(Dialect::Sqlite, sql);
            let ran = run_script(
                self.connection,
                None,
                &script,
                self.drops,
                self.watchdog,
                |_| {},
            );
            ran.await.map_err(|stop| stop.into_error(self.drops))
        }
        .boxed()
    }

    fn journal(&self) -> Option<RevisionJournal<'_>> {
        self.journal
    }

    fn query<'s>(
        &'s mut self,
        sql: &'s str,
        values: Vec<Value>,
    ) -> BoxFuture<'s, Result<QueryResult, sqlx::Error>> {
        async move {
            let change = table_change(sound(sql)?);
            self.kept.keep_named(self.connection, sql).await?;
            self.restart();
            if let Some(change) = &change
                && !self.drops.allows(self.connection, change).await?
            {
                return Err(sqlx::Error::InvalidArgument(self.drops.to_string()));
            }
            let answer = answer::<sqlx::Sqlite>(self.connection, sql.to_owned(), values).await?;
            change.inspect(|change| self.drops.follow(change));
            Ok(answer)
        }
        .boxed()
    }

    fn sqlite(&mut self) -> Option<&mut SqliteConnection> {
        self.restart();
        Some(self.connection)
    }
}
