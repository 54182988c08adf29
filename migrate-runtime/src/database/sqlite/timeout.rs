//! The statement timeout: SQLite has none of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::SqliteConnection;

/// Interrupts a statement that runs for too long.
pub struct Watchdog {
    started: Instant,
    timeout: Duration,
    /// When to interrupt, in milliseconds after `started`.
    deadline: Arc<AtomicU64>,
}

impl Watchdog {
    pub async fn install(
        connection: &mut SqliteConnection,
        timeout: Duration,
    ) -> Result<Self, sqlx::Error> {
        let watchdog = Self {
            started: Instant::now(),
            timeout,
            deadline: Arc::new(AtomicU64::new(u64::MAX)),
        };
        let (started, deadline) = (watchdog.started, Arc::clone(&watchdog.deadline));
        connection
            .lock_handle()
            .await?
            .set_progress_handler(INSTRUCTIONS, move || {
                milliseconds(started.elapsed()) < deadline.load(Ordering::Relaxed)
            });
        Ok(watchdog)
    }

    /// Takes its handler off the connection.
    pub async fn remove(self, connection: &mut SqliteConnection) {
        // A connection that cannot be had runs nothing that could be interrupted.
        if let Ok(mut handle) = connection.lock_handle().await {
            handle.remove_progress_handler();
        }
    }

    /// A statement begins.
    pub fn restart(&self) {
        self.deadline.store(
            milliseconds(self.started.elapsed().saturating_add(self.timeout)),
            Ordering::Relaxed,
        );
    }

    /// The following statements are the runtime's own, and have no limit.
    pub fn stop(&self) {
        self.deadline.store(u64::MAX, Ordering::Relaxed);
    }
}

impl Drop for Watchdog {
    /// A run was cut off: the handler stays on a borrowed connection, and interrupts nothing any more.
    fn drop(&mut self) {
        self.stop();
    }
}

/// How many instructions of SQLite's machine run between two looks at the clock.
const INSTRUCTIONS: i32 = 1000;

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use sqlx::Connection as _;

    use super::*;

    #[tokio::test]
    async fn nothing_stays_on_the_connection() {
        let connection = SqliteConnection::connect("sqlite::memory:").await;
        let mut connection = connection.expect("a database");
        let watchdog = Watchdog::install(&mut connection, Duration::from_secs(1)).await;
        let watchdog = watchdog.expect("a handler");
        let deadline = Arc::clone(&watchdog.deadline);
        assert_eq!(Arc::strong_count(&deadline), 3);
        watchdog.remove(&mut connection).await;
        assert_eq!(Arc::strong_count(&deadline), 1, "the handler is dropped");
    }
}
