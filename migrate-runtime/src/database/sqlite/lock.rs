//! The lock that a run outside a transaction holds.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sqlx::SqliteConnection;

use super::code::database;
use super::handle::{Handle, main_file};
use crate::database::Cause;
use crate::values::error::{Error, ErrorKind};

/// Keeps others out while a revision runs outside a transaction; dropping it lets them in.
pub enum Lock {
    /// Beside the database. Closing the file gives the lock back.
    File(#[expect(dead_code, reason = "it is held, not read")] File),
    /// Of a database in memory, which no other process can see.
    Memory(String),
}

impl Lock {
    /// None for a database in memory that only its connection can see, as far as can be known: a connection that is
    /// passed does not tell its database's name.
    pub async fn of(connection: &mut Handle<'_>) -> Result<Option<Self>, Cause> {
        match connection {
            Handle::Pooled(_, name) if name == ":memory:" => Ok(None),
            Handle::Pooled(_, name) => Self::in_memory(name).map(Some),
            Handle::Own(_) | Handle::Borrowed(_) => lock_file(connection.get()).await,
        }
    }

    fn in_memory(name: &str) -> Result<Self, Cause> {
        if locked().insert(name.to_owned()) {
            return Ok(Self::Memory(name.to_owned()));
        }
        Err(Cause::Busy {
            holder: "another task, which runs a revision outside a transaction".to_owned(),
        })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Self::Memory(name) = self {
            locked().remove(name);
        }
    }
}

/// The databases in memory that are locked, by name.
static IN_MEMORY: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fn locked() -> MutexGuard<'static, BTreeSet<String>> {
    // A set of names is whole whatever its holder was at.
    IN_MEMORY.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn lock_file(connection: &mut SqliteConnection) -> Result<Option<Lock>, Cause> {
    let failed = |error| database(error, "to find the database file");
    let Some(file) = main_file(connection).await.map_err(failed)? else {
        return Ok(None);
    };
    let path = PathBuf::from(format!("{file}-migrate-lock"));
    let failed = |error| cannot_lock(&path, &error);
    // Opening a FIFO would wait for somebody at its other end, and no signal would end that.
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return Err(failed(io::Error::other("it is not a regular file")));
    }
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(Lock::File(lock))),
        Err(TryLockError::WouldBlock) => Err(Cause::Busy {
            holder: format!("another process, which holds {}", path.display()),
        }),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

fn cannot_lock(path: &Path, error: &io::Error) -> Cause {
    let kind = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ErrorKind::ReadOnly,
        _ => ErrorKind::Database,
    };
    let what = format!("the lock file {} cannot be locked: {error}", path.display());
    Cause::Unsupported(Error::new(kind, what).help(
        "it keeps others out while a revision runs outside a transaction: make it, or its folder, writable for this user, \
         or remove what is in its place",
    ))
}
