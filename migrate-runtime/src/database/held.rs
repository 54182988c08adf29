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
