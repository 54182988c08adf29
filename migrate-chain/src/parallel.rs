//! The same work on many files, on all processors. A macro is compiled without optimisation, and a long chain would keep
//! a build waiting.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

/// Applies `work` to each item, and gives the results in the order of the items.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    map_owned(items.iter().collect(), work)
}

/// The same for items that the work uses up.
pub(crate) fn map_owned<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let share = items.len().div_ceil(threads).max(SMALLEST_SHARE);
    if items.len() <= share {
        return items.into_iter().map(work).collect();
    }
    let work = &work;
    thread::scope(|scope| {
        let run = |share: Vec<T>| {
            scope.spawn(move || -> Vec<R> { share.into_iter().map(work).collect() })
        };
        let threads: Vec<_> = shares(items, share).into_iter().map(run).collect();
        let results = threads.into_iter().map(thread::ScopedJoinHandle::join);
        results
            .flat_map(|result| result.unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}

/// The items in shares of that length; the last may have fewer.
fn shares<T>(mut items: Vec<T>, share: usize) -> Vec<Vec<T>> {
    let mut shares = Vec::new();
    while items.len() > share {
        let rest = items.split_off(share);
        shares.push(std::mem::replace(&mut items, rest));
    }
    shares.push(items);
    shares
}

/// Below this many items a thread costs more than it saves.
const SMALLEST_SHARE: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_come_in_order_for_any_number_of_items() {
        for length in [0, 1, SMALLEST_SHARE, SMALLEST_SHARE + 1, 1_000, 1_001] {
            let items: Vec<usize> = (0..length).collect();
            let doubled: Vec<usize> = items.iter().map(|item| item * 2).collect();
            assert_eq!(map(&items, |item| item * 2), doubled);
        }
    }
}
