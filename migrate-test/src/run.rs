//! One test, from its database to its end.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::process::ExitCode;

use futures_util::FutureExt as _;
use migrate_runtime::Migrations;
use tokio::runtime::{Builder, Runtime};

use crate::database::say_kept;
use crate::fixture::Fixture;
use crate::parameter::{Ended, Given, Parameters, TestFn};
use crate::provide::Request;

/// A test, as the attribute describes it.
pub struct Test {
    /// The package's folder and the path of the function.
    pub path: &'static str,
    /// The chain; an empty database without it.
    pub migrations: Option<&'static Migrations>,
    /// Scripts that run after the chain.
    pub fixtures: &'static [Fixture],
    /// The runtime.
    pub flavor: Flavor,
    /// Whether a panic is what is hoped for.
    pub should_panic: bool,
}

/// The runtime of a test, as with `tokio::test`.
#[derive(Clone, Copy)]
pub enum Flavor {
    /// All on one thread.
    CurrentThread,
    /// On this many threads; on as many as the machine has without it.
    MultiThread(Option<usize>),
}

/// The return type of a test.
pub trait Outcome {
    /// Whether the test passed.
    fn is_success(&self) -> bool;
}

impl Outcome for () {
    fn is_success(&self) -> bool {
        true
    }
}

impl<T, E> Outcome for Result<T, E> {
    fn is_success(&self) -> bool {
        self.is_ok()
    }
}

impl Outcome for ExitCode {
    fn is_success(&self) -> bool {
        *self == Self::SUCCESS
    }
}

/// Runs a test with a database of its own.
///
/// # Panics
/// As the test does, and if there is no database for it.
pub fn run<P: Parameters, F: TestFn<P>>(test: &Test, function: F) -> F::Output
where
    F::Output: Outcome,
{
    let runtime = runtime(test.flavor);
    let request = Request {
        fixtures: test.fixtures,
        ..Request::new(test.path, test.migrations)
    };
    let (returned, given) = runtime.block_on(async {
        let (parameters, given) = P::give(request)
            .await
            .unwrap_or_else(|error| panic!("there is no database for this test: {error}"));
        let call = AssertUnwindSafe(async { function.call(parameters).await });
        (call.catch_unwind().await, given)
    });
    let ended = match &returned {
        Ok(returned) if returned.is_success() && !test.should_panic => Ended::Passed,
        Err(_) if test.should_panic => Ended::Passed,
        _ => Ended::Failed,
    };
    end(&runtime, test, given, ended);
    match returned {
        Ok(returned) => returned,
        Err(panic) => resume_unwind(panic),
    }
}

/// Closes the pool, and drops or keeps the database.
#[allow(clippy::print_stderr, reason = "a test tells what happened so")]
fn end(runtime: &Runtime, test: &Test, given: Given, ended: Ended) {
    if ended == Ended::Failed && !given.url.is_empty() {
        say_kept(&given.url);
    }
    // Tasks of a test that failed may hold connections for as long as they like.
    if !runtime.block_on(given.close) && ended == Ended::Passed {
        eprintln!(
            "the test {} holds connections of its pool after its end",
            test.path
        );
    }
    (given.end)(ended);
}

fn runtime(flavor: Flavor) -> Runtime {
    let mut builder = match flavor {
        Flavor::CurrentThread => Builder::new_current_thread(),
        Flavor::MultiThread(threads) => {
            let mut builder = Builder::new_multi_thread();
            if let Some(threads) = threads {
                builder.worker_threads(threads);
            }
            builder
        }
    };
    let runtime = builder.enable_all().build();
    runtime.expect("the system gives what a runtime needs")
}
