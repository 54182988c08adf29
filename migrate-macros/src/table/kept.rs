//! Data that one rustc process keeps from one struct to the next: the lock is parsed once.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use migrate_chain::lock::{LOCK_FILE, Lock, UNLOCKED};
use proc_macro2::{Span, TokenStream};
use quote::quote;

use super::place;
use crate::expand::Surroundings;

/// The locks that were read, and the files that cargo watches already.
#[derive(Default)]
pub struct LockCache(Mutex<KeptFiles>);

#[derive(Default)]
struct KeptFiles {
    /// By the directory that the struct names, and the package.
    directories: HashMap<(PathBuf, Option<String>), Dated<PathBuf>>,
    locks: HashMap<PathBuf, Dated<Lock>>,
    watched: Vec<(String, PathBuf)>,
    told: Vec<(String, PathBuf)>,
}

/// Something read from a file, with the date of that file: a server of macros lives longer than a build.
struct Dated<T> {
    date: Option<SystemTime>,
    value: Result<Arc<T>, String>,
}

/// A lock, with the files that it depends on.
pub struct FoundLock {
    pub lock: Arc<Lock>,
    pub files: Vec<PathBuf>,
}

/// The reason why there is no lock.
pub struct Problem {
    pub message: String,
    /// The file that it is about.
    path: PathBuf,
}

impl LockCache {
    /// Whether a command has started this build, to write the lock itself.
    pub fn is_unlocked() -> bool {
        std::env::var_os(UNLOCKED).is_some()
    }

    /// The lock of a struct.
    pub fn lock(
        &self,
        surroundings: &Surroundings,
        named: Option<&(String, Span)>,
    ) -> Result<FoundLock, Problem> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let named = named.map(|(named, _)| named.clone());
        let root = &surroundings.manifest_dir;
        let manifest = place::manifest(root);
        let read = || place::directory(surroundings, named.as_deref());
        let key = (root.clone(), named.clone());
        let directory = dated(&mut state.directories, key, &manifest, read);
        let directory = match directory {
            Ok(directory) => directory,
            Err(message) => {
                let path = manifest;
                return Err(Problem { message, path });
            }
        };
        let path = directory.join(LOCK_FILE);
        let read = || parsed(&path, &surroundings.shown(&path));
        match dated(&mut state.locks, path.clone(), &path, read) {
            Ok(lock) => {
                let manifest = named.is_none().then_some(manifest);
                let files = [path].into_iter().chain(manifest).collect();
                Ok(FoundLock { lock, files })
            }
            Err(message) => Err(Problem { message, path }),
        }
    }

    /// Whether a problem was not told in this crate before.
    pub fn is_first(&self, problem: &Problem) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        is_new(&mut state.told, &problem.path)
    }

    /// Makes cargo watch the files: once in a crate. A constant that nothing uses reaches no binary.
    pub fn watch(&self, found: &FoundLock) -> TokenStream {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let files = found.files.iter();
        let new: Vec<String> = files
            .filter(|file| is_new(&mut state.watched, file))
            .map(|file| file.to_string_lossy().into_owned())
            .collect();
        if new.is_empty() {
            return TokenStream::new();
        }
        let unlocked = watch_unlocked();
        quote! {
            #(const _: &[u8] = ::core::include_bytes!(#new);)*
            #unlocked
        }
    }
}

/// Makes cargo build the crate again when a command that turns the checks off starts the build, or no longer does.
pub fn watch_unlocked() -> TokenStream {
    quote!(
        const _: ::core::option::Option<&str> = ::core::option_env!(#UNLOCKED);
    )
}

/// Notes a file of the crate that is being compiled, and says whether it was not noted before.
fn is_new(noted: &mut Vec<(String, PathBuf)>, path: &Path) -> bool {
    let key = (
        std::env::var("CARGO_CRATE_NAME").unwrap_or_default(),
        path.to_owned(),
    );
    if noted.contains(&key) {
        return false;
    }
    noted.push(key);
    true
}

fn dated<K: Eq + std::hash::Hash, T>(
    kept: &mut HashMap<K, Dated<T>>,
    key: K,
    file: &Path,
    read: impl FnOnce() -> Result<T, String>,
) -> Result<Arc<T>, String> {
    let date = fs::metadata(file)
        .and_then(|metadata| metadata.modified())
        .ok();
    let is_current = kept.get(&key).is_some_and(|known| known.date == date);
    if !is_current {
        let value = read().map(Arc::new);
        kept.insert(
            key,
            Dated {
                date,
                value: value.clone(),
            },
        );
        return value;
    }
    kept[&key].value.clone()
}

fn parsed(path: &Path, shown: &str) -> Result<Lock, String> {
    let Ok(text) = fs::read_to_string(path) else {
        return Err(format!(
            "there is no `{shown}`: run `cargo migrate lock`, which writes it"
        ));
    };
    Lock::parse(&text).map_err(|unsound| format!("{unsound} ({shown}): {}", unsound.help()))
}
