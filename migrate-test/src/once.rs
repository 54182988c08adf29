//! Values that a process makes once for each key: whoever asks meanwhile waits for the one that is being made.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

use crate::error::Error;

pub struct Once<T>(Mutex<BTreeMap<String, Arc<OnceCell<T>>>>);

impl<T: Clone> Once<T> {
    pub const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// The value of a key. One that could not be made is tried again by the next who asks.
    pub async fn get(&self, key: &str, made: BoxFuture<'_, Result<T, Error>>) -> Result<T, Error> {
        let cell = Arc::clone(self.cells().entry(key.to_owned()).or_default());
        cell.get_or_try_init(|| made).await.cloned()
    }

    pub fn forget_all(&self) {
        self.cells().clear();
    }

    fn cells(&self) -> MutexGuard<'_, BTreeMap<String, Arc<OnceCell<T>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
