//! The SQL of a revision's sections: what is wrong with it, and its checksum.

use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Fault};
use crate::digest::{Checksum, Checksums};
use crate::revision::script::{DirectionSections, RevisionSections};
use crate::source::{Place, Source};
use crate::sql::Readings;
use crate::{Dialect, sql};

/// The SQL of every section can be read, split, and run in the way that the header says.
///
/// A section that names databases is read as each of them. One without names is refused only for what every database
/// that it may serve would refuse: `dialects` are those that `migrate.toml` declares.
pub fn statements(
    dialects: &[Dialect],
    source: &Arc<Source>,
    script: &RevisionSections,
    readings: &mut Readings<'_>,
    faults: &mut Vec<Diagnostic>,
) {
    if script.lost_statement_marker {
        // The starts of statements are then a guess.
        return;
    }
    for direction in [&script.upgrade, &script.downgrade] {
        for (body, readers) in bodies(direction, dialects) {
            if readings.is_faultless(&body) {
                continue;
            }
            for (fault, dialect) in found(source.text(), &body, &readers, readings) {
                let place = |range: &Range<usize>| {
                    Place::new(source, body.start + range.start..body.start + range.end)
                };
                let kind = fault.kind;
                let diagnostic = Diagnostic::new(Fault::Sql { kind, dialect }, place(&fault.range));
                faults.push(fault.related.iter().fold(diagnostic, |diagnostic, range| {
                    diagnostic.with(place(range), "and this")
                }));
            }
        }
    }
}

/// The checksum of what upgrades each database. Most sections come to the same for all that they serve, and are hashed
/// once: a macro is not optimised.
pub fn checksums(upgrade: &DirectionSections, readings: &mut Readings<'_>) -> Checksums {
    let mut checksums = Checksums::default();
    for (dialects, section) in upgrade.served() {
        let served = || Dialect::ALL.into_iter().filter(|&it| dialects.contains(it));
        let mut known: Vec<(Vec<u8>, Checksum)> = Vec::new();
        let is_alike = readings.is_alike(&section);
        for dialect in served() {
            let canonical = readings.canonical(&section, dialect);
            let same = |(known, _): &&(Vec<u8>, Checksum)| is_alike || known == canonical;
            let checksum = known.iter().find(same).map(|(_, checksum)| *checksum);
            let checksum = checksum.unwrap_or_else(|| {
                let checksum = Checksum::of_canonical(canonical);
                known.push((canonical.to_vec(), checksum));
                checksum
            });
            checksums[dialect.index()] = Some(checksum);
        }
    }
    checksums
}

/// Whether the byte `at` is text of a string or of a stored program in one of the sections.
pub fn is_text(
    script: &RevisionSections,
    declared: &[Dialect],
    readings: &mut Readings<'_>,
    at: usize,
) -> bool {
    let directions = [&script.upgrade, &script.downgrade];
    let mut sections = directions.into_iter().flat_map(|it| bodies(it, declared));
    let Some((section, readers)) = sections.find(|(section, _)| section.contains(&at)) else {
        return false;
    };
    let readers = if readers.is_empty() {
        Dialect::ALL.to_vec()
    } else {
        readers
    };
    readings.is_text(&section, &readers, at)
}

/// Each section with the databases that read it; none if any may.
fn bodies(
    direction: &DirectionSections,
    declared: &[Dialect],
) -> Vec<(Range<usize>, Vec<Dialect>)> {
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

/// The faults of a section, each once, and with the database if only some of the readers have it.
fn found(
    text: &str,
    section: &Range<usize>,
    readers: &[Dialect],
    readings: &mut Readings<'_>,
) -> Vec<(sql::Fault, Option<Dialect>)> {
    if readers.is_empty() {
        let each = Dialect::ALL.map(|dialect| readings.of(section, dialect).faults.clone());
        let common = sql::common(&each, &text[section.clone()]);
        return common.into_iter().map(|fault| (fault, None)).collect();
    }
    let each: Vec<Vec<sql::Fault>> = readers
        .iter()
        .map(|&dialect| readings.of(section, dialect).faults.clone())
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
