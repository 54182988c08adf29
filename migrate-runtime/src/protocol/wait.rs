use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use crate::values::error::{Error, ErrorKind};

/// Waiting with pauses that grow with the time waited and vary, so that many processes do not ask all at once.
pub struct Wait {
    /// None where it is further off than the clock can tell.
    deadline: Option<Instant>,
    timeout: Duration,
    started: Instant,
}

impl Wait {
    /// Of these, [`jitter`] leaves half at least.
    const SHORTEST: Duration = Duration::from_millis(50);
    const LONGEST: Duration = Duration::from_millis(500);

    pub fn new(timeout: Duration) -> Self {
        Self {
            deadline: Instant::now().checked_add(timeout),
            timeout,
            started: Instant::now(),
        }
    }

    /// Sleeps once, unless the deadline is over.
    pub async fn pause(&mut self, holder: &str) -> Result<Duration, Error> {
        if self.is_over() {
            let summary = format!(
                "gave up after {}: the database is held by {holder}",
                seconds(self.timeout)
            );
            return Err(Error::new(ErrorKind::Locked, summary)
                .help("let it finish, or raise the lock deadline; this process changed nothing"));
        }
        Ok(self.sleep().await)
    }

    pub fn is_over(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// A tenth of the time waited: a waiting run notices the end soon, and asks seldom when it takes long.
    fn after(waited: Duration) -> Duration {
        (waited / 10).clamp(Self::SHORTEST, Self::LONGEST)
    }

    pub async fn sleep(&mut self) -> Duration {
        let left = self.deadline.map_or(Duration::MAX, |deadline| {
            deadline.saturating_duration_since(Instant::now())
        });
        let pause = Self::after(self.started.elapsed());
        let pause = jitter(pause).min(left.max(Duration::from_millis(1)));
        tokio::time::sleep(pause).await;
        pause
    }
}

/// Between half of a duration and all of it. The hasher's keys are random for each call.
pub fn jitter(duration: Duration) -> Duration {
    let random = RandomState::new().hash_one(0u8) % 1000;
    duration / 2 + duration.mul_f64(f64::from(u32::try_from(random).unwrap_or(0)) / 2000.0)
}

pub fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_vary_within_bounds() {
        let pauses: Vec<Duration> = (0..200).map(|_| jitter(Wait::LONGEST)).collect();
        assert!(
            pauses
                .iter()
                .all(|&pause| pause >= Wait::LONGEST / 2 && pause <= Wait::LONGEST)
        );
        assert!(pauses.iter().any(|pause| pause != &pauses[0]));
    }

    #[test]
    fn a_pause_is_a_tenth_of_the_time_waited_within_bounds() {
        let after = |waited| Wait::after(Duration::from_millis(waited));
        assert_eq!(after(0), Wait::SHORTEST);
        assert_eq!(after(2000), Duration::from_millis(200));
        assert_eq!(after(600_000), Duration::from_millis(500));
    }

    #[test]
    fn the_longest_wait_is_never_over() {
        assert!(!Wait::new(Duration::MAX).is_over());
        assert!(Wait::new(Duration::ZERO).is_over());
    }

    #[test]
    fn a_wait_that_is_over_says_who_holds_the_database() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        let error = runtime.expect("a runtime").block_on(async {
            let mut wait = Wait::new(Duration::ZERO);
            wait.pause("somebody")
                .await
                .expect_err("the deadline is over")
        });
        assert_eq!(
            error.summary(),
            "gave up after 0 s: the database is held by somebody"
        );
    }
}
