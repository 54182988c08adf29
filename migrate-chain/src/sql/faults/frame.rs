//! The frame that other tools have around a file: `PRAGMA foreign_keys=OFF; BEGIN; … COMMIT;`.

use super::fault::{Fault, FaultKind};
use crate::sql::facts::Remedy;

/// A line of a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    KeysOff,
    Begin,
    Commit,
    KeysOn,
}

/// Makes one fault of the lines of a frame, where a section has just one: one mistake is one diagnostic.
pub fn join(faults: Vec<Fault>) -> Vec<Fault> {
    let parts: Vec<Part> = faults.iter().filter_map(part).collect();
    let of_frame = faults.iter().filter(|fault| is_of_frame(fault)).count();
    if parts.len() < 2 || parts.len() != of_frame || !is_frame(&parts) {
        return faults;
    }
    let (mut frame, mut others): (Vec<Fault>, Vec<Fault>) =
        faults.into_iter().partition(is_of_frame);
    let mut first = frame.remove(0);
    first.related = frame.into_iter().map(|fault| fault.range).collect();
    if parts.contains(&Part::Begin) {
        first.kind = FaultKind::OwnTransaction {
            first: keywords(first.kind),
            foreign_keys_off: parts.contains(&Part::KeysOff),
        };
    }
    others.push(first);
    others
}

/// Whether each line is there once at most, and what is opened is closed.
fn is_frame(parts: &[Part]) -> bool {
    let place = |part| parts.iter().position(|&found| found == part);
    let is_once = |&part: &Part| parts.iter().filter(|&&found| found == part).count() == 1;
    let closes = match (place(Part::Begin), place(Part::Commit)) {
        (Some(begin), Some(commit)) => begin < commit,
        (None, None) => place(Part::KeysOff) < place(Part::KeysOn),
        _ => false,
    };
    closes && parts.iter().all(is_once)
}

fn part(fault: &Fault) -> Option<Part> {
    match fault.kind {
        FaultKind::TransactionControl("BEGIN" | "START TRANSACTION") => Some(Part::Begin),
        FaultKind::TransactionControl("COMMIT" | "END") => Some(Part::Commit),
        FaultKind::NotInTransaction { remedy, .. } => match remedy {
            Remedy::ForeignKeysOff => Some(Part::KeysOff),
            Remedy::ForeignKeysOn => Some(Part::KeysOn),
            Remedy::TransactionOff => None,
        },
        _ => None,
    }
}

/// Whether it could be a line of a frame, or keeps others from being one: a ROLLBACK.
fn is_of_frame(fault: &Fault) -> bool {
    part(fault).is_some() || matches!(fault.kind, FaultKind::TransactionControl(_))
}

fn keywords(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::TransactionControl(what) | FaultKind::NotInTransaction { what, .. } => what,
        _ => "",
    }
}
