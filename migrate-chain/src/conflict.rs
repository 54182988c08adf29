//! What is left of a merge that nobody finished.

use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Fault};
use crate::source::{Place, Source};

/// One fault for each conflict of which a file has these markers: at the one that opens it, with the others beside it.
pub(crate) fn faults(source: &Arc<Source>, markers: Vec<Range<usize>>) -> Vec<Diagnostic> {
    let mut faults: Vec<Diagnostic> = Vec::new();
    for range in markers {
        let note = match &source.text()[range.clone()] {
            marker if marker.starts_with('|') => "what both sides started from",
            marker if marker.starts_with('=') => "the other side",
            marker if marker.starts_with('>') => "the end of the conflict",
            _ => "",
        };
        let place = Place::new(source, range);
        match faults.pop() {
            Some(open) if !note.is_empty() => faults.push(open.with(place, note)),
            closed => {
                faults.extend(closed);
                faults.push(Diagnostic::new(Fault::ConflictMarker, place));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_conflict_is_one_fault_with_all_its_markers() {
        let conflict = "<<<<<<< a\n1\n||||||| b\n2\n=======\n3\n>>>>>>> c\n";
        let text = format!(">>>>>>> stray\n{conflict}{conflict}");
        let markers = crate::sql::conflict_markers(&text);
        let found = faults(&Arc::new(Source::new("a.sql", text)), markers);
        let starts: Vec<usize> = found.iter().map(|fault| fault.place.range.start).collect();
        assert_eq!(starts, [0, 14, 14 + conflict.len()]);
        assert_eq!(found[1].related.len(), 3);
    }
}
