use std::ops::Range;

use crate::diagnostic::{Diagnostic, Fault};
use crate::draft::{Body, Draft};
use crate::script::Direction;
use crate::source::Place;
use crate::{Dialect, sql};

/// The SQL of every section can be read, split, and run in the way that the header says.
///
/// A section that names databases is read as each of them. One without names is refused only for what every database
/// that it may serve would refuse: `dialects` are those that `migrate.toml` declares.
pub(crate) fn statements(dialects: &[Dialect], draft: &Draft, faults: &mut Vec<Diagnostic>) {
    let Body::Sql(script) = &draft.body else {
        return;
    };
    if script.lost_statement_marker {
        // Where a statement begins is then anybody's guess.
        return;
    }
    let transactional = !draft.header.transaction_off;
    for direction in [&script.upgrade, &script.downgrade] {
        for (body, readers) in bodies(direction, dialects) {
            let text = &draft.source.text()[body.clone()];
            if sql::is_plain(text) {
                continue;
            }
            for (fault, dialect) in found(text, &readers, transactional) {
                let range = body.start + fault.range.start..body.start + fault.range.end;
                let kind = fault.kind;
                let place = Place::new(&draft.source, range);
                let diagnostic = Diagnostic::new(Fault::Sql { kind, dialect }, place);
                faults.push(fault.related.iter().fold(diagnostic, |diagnostic, range| {
                    let range = body.start + range.start..body.start + range.end;
                    diagnostic.with(Place::new(&draft.source, range), "and this")
                }));
            }
        }
    }
}

/// Each section with the databases that read it; none where any may.
fn bodies(direction: &Direction, declared: &[Dialect]) -> Vec<(Range<usize>, Vec<Dialect>)> {
    let mut bodies: Vec<(Range<usize>, Vec<Dialect>)> = Vec::new();
    for (named, body) in direction.bodies() {
        let unnamed = || {
            let served = direction.served_unnamed();
            served
                .filter(|dialect| declared.contains(dialect))
                .collect()
        };
        let readers = named.map_or_else(unnamed, |dialect| vec![dialect]);
        match bodies.iter_mut().find(|(same, _)| *same == body) {
            Some((_, all)) => all.extend(readers),
            None => bodies.push((body, readers)),
        }
    }
    bodies
}

/// What is wrong with a text, each fault once, and with the database where only some of the readers have it.
fn found(
    text: &str,
    readers: &[Dialect],
    transactional: bool,
) -> Vec<(sql::Fault, Option<Dialect>)> {
    if readers.is_empty() {
        let common = sql::faults_common(transactional, text);
        return common.into_iter().map(|fault| (fault, None)).collect();
    }
    let each: Vec<Vec<sql::Fault>> = readers
        .iter()
        .map(|&dialect| sql::faults(dialect, transactional, text))
        .collect();
    let mut found: Vec<(sql::Fault, Option<Dialect>)> = Vec::new();
    for (n, &dialect) in readers.iter().enumerate() {
        for fault in &each[n] {
            if each[..n].iter().any(|earlier| earlier.contains(fault)) {
                continue;
            }
            let is_common = each.iter().all(|other| other.contains(fault));
            found.push((fault.clone(), (!is_common).then_some(dialect)));
        }
    }
    found
}
