//! The connection, by who owns it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;

use super::execute::execute;

/// The connection, by who owns it.
pub enum Handle<'a> {
    Own(Box<OwnConnection>),
    Borrowed(&'a mut PgConnection),
    /// Another run may have it: this one has ended.
    HandedOn,
}

/// A connection of the runtime's own.
pub struct OwnConnection {
    pub connection: PgConnection,
    /// What opens another one like it.
    pub options: PgConnectOptions,
    /// Where it is kept for another run, if this one leaves it as it was.
    pub keep: Option<(Idle, Key)>,
}

impl Handle<'_> {
    pub fn get(&mut self) -> &mut PgConnection {
        match self {
            Self::Own(own) => &mut own.connection,
            Self::Borrowed(connection) => connection,
            Self::HandedOn => unreachable!("a run that has ended needs no connection"),
        }
    }

    /// Hands a connection of the runtime's own to the runs to come, if there may be some.
    pub fn hand_on(&mut self) {
        if let Self::Own(mut own) = std::mem::replace(self, Self::HandedOn)
            && let Some((idle, key)) = own.keep.take()
        {
            idle.lock().push((key, own));
        }
    }

    pub fn is_own(&self) -> bool {
        matches!(self, Self::Own(_))
    }
}

/// The options of the pool that a connection was opened for, and our settings.
pub struct Key {
    pub pool: Arc<PgConnectOptions>,
    pub settings: Vec<(&'static str, String)>,
}

impl Key {
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.pool, &other.pool) && self.settings == other.settings
    }
}

/// Connections of one pool or several that no run has at the moment.
#[derive(Clone, Default)]
pub struct Idle(Arc<Mutex<Kept>>);

type Kept = Vec<(Key, Box<OwnConnection>)>;

impl Idle {
    /// One that is set up as it was when it was opened.
    pub async fn take(&self, key: &Key) -> Option<Box<OwnConnection>> {
        let mut own = {
            let mut idle = self.lock();
            let at = idle.iter().position(|(one, _)| one.is(key))?;
            idle.swap_remove(at).1
        };
        // A run that has nothing to do enters a schema at most.
        let reset = execute(&mut own.connection, "RESET search_path").await;
        reset.is_ok().then_some(own)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // A list is whole whatever its holder was at.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
