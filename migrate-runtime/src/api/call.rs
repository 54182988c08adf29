//! A call of a runner, without the type of its database.
//!
//! The body of an `async fn` is compiled in the crate that polls it, and again with each build of that: here each call
//! ends as a boxed future, so that all that a run does is compiled once, in this crate.

use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use migrate_chain::Digest;
use migrate_chain::target::Target;
use tracing::{Instrument as _, info_span};

use crate::database::Opened;
use crate::embedded::stale;
use crate::protocol::goal::Goal;
use crate::protocol::run::Run;
use crate::values::error::Error;
use crate::values::options::Resolution;
use crate::values::options::{Options, Replacing};
use crate::values::status::Status;
use crate::{Migrations, Plan, Report};

/// A run that has not begun: nothing is checked, and nothing is connected.
pub struct Call<'a> {
    pub migrations: &'a Migrations,
    pub options: Options,
    /// The connection, which is opened once this is polled.
    pub connection: BoxFuture<'a, Result<Opened<'a>, Error>>,
}

type CallFuture<'f, T> = BoxFuture<'f, Result<T, Error>>;

impl<'a> Call<'a> {
    pub fn go(self, goal: Goal) -> CallFuture<'a, Report> {
        in_span(goal.direction.name(), async move {
            self.start().await?.go(goal).await
        })
    }

    pub fn preview(self, goal: Goal) -> CallFuture<'a, Plan> {
        in_span(
            "plan",
            async move { self.start().await?.preview(goal).await },
        )
    }

    pub fn status(self) -> CallFuture<'a, Status> {
        in_span("status", async move { self.start().await?.status().await })
    }

    pub fn status_when_idle(self) -> CallFuture<'a, Status> {
        Box::pin(async move { self.start().await?.status_when_idle().await })
    }

    pub fn check(self) -> CallFuture<'a, ()> {
        in_span("check", async move { self.start().await?.check().await })
    }

    pub fn wait_until_current(self, timeout: Duration) -> CallFuture<'a, ()> {
        in_span("wait", async move {
            let started = Instant::now();
            let run = self.start().await?;
            run.wait_until_current(timeout, started.elapsed()).await
        })
    }

    pub fn stamp(self, targets: Vec<Target>, replacing: Replacing) -> CallFuture<'a, Report> {
        in_span("stamp", async move {
            self.start().await?.stamp(targets, replacing).await
        })
    }

    pub fn adopt(self) -> CallFuture<'a, Report> {
        in_span("adopt", async move { self.start().await?.adopt().await })
    }

    pub fn recorded_digests<'f>(self, revision: &'f str) -> CallFuture<'f, Vec<Digest>>
    where
        'a: 'f,
    {
        Box::pin(async move { self.start().await?.recorded_digests(revision).await })
    }

    pub fn ensure_version(self) -> CallFuture<'a, bool> {
        in_span("ensure_version", async move {
            self.start().await?.ensure_version().await
        })
    }

    pub fn resolve<'f>(self, revision: &'f str, resolution: Resolution) -> CallFuture<'f, Report>
    where
        'a: 'f,
    {
        in_span("resolve", async move {
            self.start().await?.resolve(revision, resolution).await
        })
    }

    async fn start(self) -> Result<Run<'a>, Error> {
        stale::check(self.migrations)?;
        let mut session = self.connection.await?.0;
        let connect = self.migrations.settings.connect(session.dialect());
        if !connect.is_empty() {
            session.connected(connect).await?;
        }
        if let Some(schema) = &self.options.schema {
            session.enter_schema(schema).await?;
        }
        Ok(Run::new(self.migrations, self.options, session))
    }
}

/// The work in the span of a run, which those of its revisions are in.
fn in_span<'f, T>(
    call: &'static str,
    work: impl Future<Output = Result<T, Error>> + Send + 'f,
) -> CallFuture<'f, T> {
    Box::pin(work.instrument(info_span!("migrate", call)))
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use std::mem::size_of_val;

    use sqlx::sqlite::SqliteConnectOptions;

    /// A future that held what a run does would be large, and a sign that apps compile it.
    #[test]
    fn a_call_holds_its_runner_and_no_run() {
        let migrations = crate::__private::EMPTY;
        let runner = migrations.runner(SqliteConnectOptions::new());
        let runner_size = size_of_val(&runner);
        let call = size_of_val(&runner.upgrade());
        assert!(
            call <= 3 * runner_size,
            "{call} bytes, and a runner has {runner_size}"
        );
    }
}
