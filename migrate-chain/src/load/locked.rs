//! Whether `schema.lock` is that of the chain.

use std::sync::Arc;

use crate::chain::Chain;
use crate::diagnostic::{Diagnostic, Fault};
use crate::lock::{Head, LOCK_FILE, UNLOCKED};
use crate::source::{Place, Source};
use crate::{Dialect, Digest};

/// Compares the digests in the head of the lock with those of the chain. A build that a command started is not checked.
pub(super) fn check(chain: &Chain, lock: Option<Vec<u8>>) -> Option<Diagnostic> {
    if std::env::var_os(UNLOCKED).is_some() {
        return None;
    }
    let path = super::join(&chain.directory, LOCK_FILE);
    let Some(lock) = lock else {
        let required = chain.config.lock_required;
        return required.then(|| Diagnostic::new(Fault::NoLock, Place::whole(path)));
    };
    let text = match super::text(path, lock) {
        Ok(source) => source,
        Err(fault) => return Some(*fault),
    };
    let fault = fault(chain, text.text())?;
    let place = place(text, &fault);
    Some(Diagnostic::new(fault, place))
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
