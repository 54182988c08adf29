//! A runtime that outlives a single test: each test has one of its own that ends with it.

use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// Runs work that may go on after the test that asked for it.
///
/// # Panics
/// If the system gives no thread.
pub fn spawn<W>(work: W) -> JoinHandle<W::Output>
where
    W: Future<Output: Send> + Send + 'static,
{
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("embed-migrations test databases")
            .enable_all()
            .build()
            .expect("the system gives a thread")
    });
    runtime.spawn(work)
}

/// Runs work there, and waits for it.
pub async fn run<W>(work: W) -> W::Output
where
    W: Future<Output: Send> + Send + 'static,
{
    match spawn(work).await {
        Ok(output) => output,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => unreachable!("nobody aborts it: {error}"),
        },
    }
}
