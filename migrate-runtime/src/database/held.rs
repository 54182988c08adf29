use std::time::Duration;

use super::Progress;

/// Tells how far a transaction is, and holds back that its last revision is done until it has committed.
pub struct UntilCommit<'p> {
    progress: &'p mut dyn Progress,
    /// The last revision that has started, and how long it took. Of those before it, which share the transaction, it is
    /// told when the next one starts.
    last: Option<(usize, Duration)>,
    /// The revision of which it is told already that it starts.
    announced: Option<usize>,
}

impl<'p> UntilCommit<'p> {
    pub fn new(progress: &'p mut dyn Progress) -> Self {
        Self {
            progress,
            last: None,
            announced: None,
        }
    }

    /// Whether anybody wants to know of each statement.
    #[cfg(feature = "postgres")]
    pub fn is_watched(&self) -> bool {
        self.progress.is_watched()
    }

    /// Tells that a revision starts before the database has said so.
    #[cfg(feature = "postgres")]
    pub fn announce(&mut self, index: usize) {
        self.progress.started(index);
        self.announced = Some(index);
    }

    pub fn started(&mut self, index: usize) {
        self.finish();
        self.last = Some((index, Duration::ZERO));
        if self.announced != Some(index) {
            self.progress.started(index);
        }
    }

    pub fn statement(&mut self, index: usize, statement: usize) {
        self.progress.statement(index, statement);
    }

    /// The last revision is recorded, and took so long.
    pub fn took(&mut self, duration: Duration) {
        self.last = self.last.map(|(index, _)| (index, duration));
    }

    /// The transaction is rolled back, and begins again.
    #[cfg(feature = "postgres")]
    pub fn rolled_back(&mut self) {
        self.last = None;
    }

    pub fn committed(mut self) {
        self.finish();
    }

    fn finish(&mut self) {
        if let Some((index, duration)) = self.last.take() {
            self.progress.finished(index, duration);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keeps the revisions that are done, each with its duration.
    #[derive(Default)]
    struct Finished(Vec<(usize, Duration)>);

    impl Progress for Finished {
        fn is_watched(&self) -> bool {
            false
        }
        fn started(&mut self, _: usize) {}
        fn statement(&mut self, _: usize, _: usize) {}
        fn finished(&mut self, index: usize, duration: Duration) {
            self.0.push((index, duration));
        }
    }

    const SHORT: Duration = Duration::from_millis(3);
    const LONG: Duration = Duration::from_millis(7);

    /// Two revisions in one transaction, up to its commit.
    fn two_revisions(progress: &mut Finished) -> UntilCommit<'_> {
        let mut held = UntilCommit::new(progress);
        for (index, duration) in [(0, SHORT), (1, LONG)] {
            held.started(index);
            held.took(duration);
        }
        held
    }

    #[test]
    fn each_revision_is_done_with_its_own_duration() {
        let mut told = Finished::default();
        two_revisions(&mut told).committed();
        assert_eq!(told.0, [(0, SHORT), (1, LONG)]);
    }

    #[test]
    fn the_last_revision_is_not_done_without_a_commit() {
        let mut told = Finished::default();
        let _ = two_revisions(&mut told);
        assert_eq!(told.0, [(0, SHORT)]);
    }
}
