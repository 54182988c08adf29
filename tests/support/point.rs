//! Cutting a run off at a named place of the protocol.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Runs a future until it comes to a place for the time `nth`, counted from 0, and drops it there. What it gave if it
/// never came there. The runtime must have one thread.
pub async fn cut_at<F: Future>(point: &'static str, nth: usize, future: F) -> Option<F::Output> {
    let _guard = tracing::subscriber::set_default(Cut {
        point,
        nth,
        seen: AtomicUsize::new(0),
    });
    let mut future = Some(Box::pin(future));
    std::future::poll_fn(move |cx| {
        let running = future.as_mut().expect("it is not polled once it is ready");
        if let Ok(poll) = catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(cx))) {
            return poll.map(Some);
        }
        future = None;
        Poll::Ready(None)
    })
    .await
}

struct Cut {
    point: &'static str,
    nth: usize,
    seen: AtomicUsize,
}

struct Is<'p>(&'p str, bool);

impl Visit for Is<'_> {
    fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
        self.1 |= format!("{value:?}").trim_matches('"') == self.0;
    }
}

impl Subscriber for Cut {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "migrate_runtime::point"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        let mut is = Is(self.point, false);
        event.record(&mut is);
        let is_there = is.1 && self.seen.fetch_add(1, Ordering::Relaxed) == self.nth;
        assert!(!is_there, "the run is cut off here");
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
