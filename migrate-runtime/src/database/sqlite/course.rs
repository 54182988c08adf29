use std::time::Duration;

use crate::database::Progress;

/// Tells how far a transaction is.
pub(super) struct Course<'p> {
    progress: &'p mut dyn Progress,
    /// The revision that is done, and how long it took. Of the last one, which is the only one unless all share the
    /// transaction, that is true only when this has committed.
    done: Option<(usize, Duration)>,
}

impl<'p> Course<'p> {
    pub(super) fn new(progress: &'p mut dyn Progress) -> Self {
        Self {
            progress,
            done: None,
        }
    }

    pub(super) fn started(&mut self, index: usize) {
        self.finish();
        self.progress.started(index);
    }

    pub(super) fn statement(&mut self, index: usize, statement: usize) {
        self.progress.statement(index, statement);
    }

    pub(super) fn done(&mut self, index: usize, duration: Duration) {
        self.done = Some((index, duration));
    }

    pub(super) fn committed(mut self) {
        self.finish();
    }

    fn finish(&mut self) {
        if let Some((index, duration)) = self.done.take() {
            self.progress.finished(index, duration);
        }
    }
}
