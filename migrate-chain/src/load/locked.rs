//! Whether `schema.lock` is that of the chain.

use std::sync::Arc;

use super::bytes::{join, text};
use super::schema_files;
use crate::chain::Chain;
use crate::diagnostic::{Diagnostic, Fault};
use crate::input::tree::Tree;
use crate::lock::{self, Head, LOCK_FILE, Lock, UNLOCKED};
use crate::source::{Place, Source};
use crate::{Dialect, Digest};

/// Compares the digests in the head of the lock with those of the chain. A build that a command started is not checked.
pub fn check(tree: &dyn Tree, chain: &Chain, lock: Option<Vec<u8>>) -> Option<Diagnostic> {
    if std::env::var_os(UNLOCKED).is_some() {
        return None;
    }
    let path = join(&chain.directory, LOCK_FILE);
    let Some(lock) = lock else {
        let required = chain.config.lock_required;
        return required.then(|| Diagnostic::new(Fault::NoLock, Place::whole(path)));
    };
    let text = match text(path, lock) {
        Ok(source) => source,
        Err(fault) => return Some(*fault),
    };
    match fault(chain, text.text()) {
        Some(fault) => {
            let place = place(text, &fault);
            Some(Diagnostic::new(fault, place))
        }
        None => files(tree, chain, text.text()),
    }
}

/// Compares the files of the desired schema with those that the lock pins. Which of them differs is looked up only if one
/// does.
fn files(tree: &dyn Tree, chain: &Chain, lock: &str) -> Option<Diagnostic> {
    if chain.schema_files.is_empty() {
        return None;
    }
    let head = Head::parse(lock).ok()?;
    let mut found = Vec::new();
    for file in &chain.schema_files {
        match schema_files::checksum(tree, file) {
            Ok(checksum) => found.push((file.clone(), checksum.unwrap_or_default())),
            Err(fault) => return Some(*fault),
        }
    }
    if head.files == lock::files_checksum(&found) {
        return None;
    }
    let pinned = Lock::parse(lock).unwrap_or_default().files;
    let differs = found.iter().find(|file| !pinned.contains(file));
    let gone = pinned
        .iter()
        .find(|(path, _)| found.iter().all(|(file, _)| file != path));
    let (path, _) = differs.or(gone)?;
    let path = join(&chain.directory, path);
    let place = Place::whole(path.clone());
    Some(Diagnostic::new(Fault::UnpinnedFile { path }, place))
}

fn fault(chain: &Chain, text: &str) -> Option<Fault> {
    let head = match Head::parse(text) {
        Ok(head) => head,
        Err(reason) => return Some(Fault::UnsoundLock { reason }),
    };
    let locked = |dialect: Dialect| -> Option<Digest> {
        let mut databases = head.databases.iter();
        let of = databases.find(|of| of.dialect == dialect)?;
        Some(of.digest)
    };
    let is_old = |dialect: &Dialect| match locked(*dialect) {
        Some(digest) => digest != chain.digest(*dialect),
        None => chain.config.dialects.contains(dialect),
    };
    let dialects: Vec<Dialect> = Dialect::ALL.into_iter().filter(is_old).collect();
    (!dialects.is_empty()).then_some(Fault::LockOutOfDate { dialects })
}

/// The line of the digest that is wrong, or the file.
fn place(source: Source, fault: &Fault) -> Place {
    let Fault::LockOutOfDate { dialects } = fault else {
        return Place::whole(source.path());
    };
    let name = dialects.first().map_or("", |dialect| dialect.name());
    let at = source.text().find(&format!("\n{name} "));
    match at {
        Some(at) => Place::new(&Arc::new(source), at + 1..at + 1 + name.len()),
        None => Place::whole(source.path()),
    }
}
