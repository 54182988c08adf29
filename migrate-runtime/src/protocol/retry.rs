//! Retries after a lock timeout: a schema change that waits for a lock blocks everyone queued after it.

use std::time::Duration;

use tracing::debug;

use super::step::PreparedStep;
use super::wait::jitter;
use crate::Event;
use crate::database::Failure;
use crate::values::options::Options;

/// The failures that a run tries again, and how often it has.
pub struct Retries<'r> {
    options: &'r Options,
    steps: &'r [PreparedStep<'r>],
    done: u32,
}

impl<'r> Retries<'r> {
    pub fn of(options: &'r Options, steps: &'r [PreparedStep<'r>]) -> Self {
        Self {
            options,
            steps,
            done: 0,
        }
    }

    /// Pauses before another try, if the failure allows one.
    ///
    /// # Errors
    /// The failure, if it is not to be tried again, or not any more.
    pub async fn pause(&mut self, failure: Failure) -> Result<(), Failure> {
        let of = self.options.ddl_retries;
        let may_retry = failure.may_retry && self.done < of;
        let Some(step) = self.steps.get(failure.index()).filter(|_| may_retry) else {
            return Err(failure);
        };
        self.done += 1;
        let error = failure.message().unwrap_or_default();
        debug!(error, retry = self.done, of, "trying again");
        self.options.emit(&Event::Retrying {
            revision: step.revision.id().to_owned(),
            error,
            retry: self.done,
            of,
        });
        tokio::time::sleep(pause(self.done)).await;
        Ok(())
    }
}

/// From 100 ms to 2 s, twice as long each time.
fn pause(retry: u32) -> Duration {
    let factor = 1 << (retry - 1).min(5);
    jitter((Duration::from_millis(100) * factor).min(Duration::from_secs(2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound() {
        assert!(pause(1) <= Duration::from_millis(100));
        assert!(pause(4) >= Duration::from_millis(400));
        assert!((1..100).all(|retry| pause(retry) <= Duration::from_secs(2)));
    }
}
