//! The same work on many files, on all processors. A macro is compiled without optimisation, and a long chain would keep
//! a build waiting.

use std::num::NonZero;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Applies `work` to each item, and gives the results in the order of the items.
pub fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    map_while(items, work, || ()).0
}

/// The same, while the calling thread does `meanwhile` first, and then joins in.
pub fn map_while<T: Sync, R: Send, B>(
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
    meanwhile: impl FnOnce() -> B,
) -> (Vec<R>, B) {
    let shares = items.chunks(share(items.len())).collect();
    map_shares(shares, work, meanwhile)
}

/// As [`map_while`], for items that the work uses up.
pub fn map_owned_while<T: Send, R: Send, B>(
    items: Vec<T>,
    work: impl Fn(T) -> R + Sync,
    meanwhile: impl FnOnce() -> B,
) -> (Vec<R>, B) {
    let share = share(items.len());
    map_shares(shares(items, share), work, meanwhile)
}

fn map_shares<S: IntoIterator + Send, R: Send, B>(
    shares: Vec<S>,
    work: impl Fn(S::Item) -> R + Sync,
    meanwhile: impl FnOnce() -> B,
) -> (Vec<R>, B) {
    let mut results: Vec<Vec<R>> = shares.iter().map(|_| Vec::new()).collect();
    let work = &work;
    let jobs = shares.into_iter().zip(&mut results);
    let jobs = jobs.map(|(share, results)| -> Job<'_> {
        Box::new(move || results.extend(share.into_iter().map(work)))
    });
    let mut answer = None;
    run(jobs.collect(), Box::new(|| answer = Some(meanwhile())));
    // Each share is moved in one piece.
    let mut all = Vec::with_capacity(results.iter().map(Vec::len).sum());
    for mut results in results {
        all.append(&mut results);
    }
    (all, answer.expect("it has been called"))
}

type Job<'a> = Box<dyn FnOnce() + Send + 'a>;

/// Does all jobs, in any order; the calling thread takes its part once it is through with `meanwhile`.
fn run(jobs: Vec<Job<'_>>, meanwhile: Box<dyn FnOnce() + '_>) {
    let threads = processors().min(jobs.len());
    let jobs = Mutex::new(jobs);
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let work = || {
        while let Some(job) = next() {
            job();
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        meanwhile();
        work();
    });
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// How many items a job has: few enough that no processor is left without at the end.
fn share(items: usize) -> usize {
    items.div_ceil(4 * processors()).max(SMALLEST_SHARE)
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

/// Fewer items than this are not worth a thread.
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
            let sum = || items.iter().sum::<usize>();
            let (meanwhile, total) = map_while(&items, |item| item * 2, sum);
            assert_eq!((&meanwhile, total), (&doubled, sum()));
            let (meanwhile, total) = map_owned_while(items.clone(), |item| item * 2, sum);
            assert_eq!((&meanwhile, total), (&doubled, sum()));
        }
    }
}
