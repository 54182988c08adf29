//! Work that ends at a signal, with everything cleaned up.

use crate::error::{Error, ErrorKind};

/// Runs `work` until it is done, or a SIGINT, SIGTERM or SIGHUP ends it; then `work` is dropped, and scratch databases with it.
///
/// # Errors
/// The error of `work`, or [`ErrorKind::Interrupted`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), migrate_diff::Error> {
/// let answer = migrate_diff::until_interrupted(async { Ok(42) }).await?;
/// assert_eq!(answer, 42);
/// # Ok(()) }
/// ```
pub async fn until_interrupted<T>(
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::select! {
        done = work => done,
        () = signal() => {
            let summary = "interrupted: nothing was written, and the scratch databases are dropped";
            Err(Error::new(ErrorKind::Interrupted, summary))
        }
    }
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::SignalKind;
    tokio::select! {
        () = sent(SignalKind::terminate()) => {}
        // The terminal was closed, or the connection to it was lost.
        () = sent(SignalKind::hangup()) => {}
        () = interrupt() => {}
    }
}

#[cfg(unix)]
async fn sent(kind: tokio::signal::unix::SignalKind) {
    match tokio::signal::unix::signal(kind) {
        Ok(mut stream) => {
            stream.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn signal() {
    interrupt().await;
}

/// If no handler can be installed, the signal ends the process as usual.
async fn interrupt() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
