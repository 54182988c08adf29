//! The body of a SQL revision: its sections, each for some databases and one direction.

use std::ops::Range;
use std::sync::Arc;

use crate::Dialect;
use crate::diagnostic::{Diagnostic, Fault};
use crate::revision::DialectSet;
use crate::source::{Place, Source};
use crate::sql::Readings;
use crate::sql::marker::Marker;
use crate::suggest::nearest;

/// The SQL for each dialect: one range of the file for each, in the order of [`Dialect::ALL`].
pub type Sections = [Option<Range<usize>>; Dialect::ALL.len()];

/// The two directions of a SQL revision.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RevisionSections {
    pub upgrade: DirectionSections,
    pub downgrade: DirectionSections,
    /// There is a section of unknown direction or database.
    pub lost_section: bool,
    /// A `statement` or `end` marker is misspelt.
    pub lost_statement_marker: bool,
}

/// The sections of one direction.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct DirectionSections {
    named: Vec<(Dialect, Range<usize>, Range<usize>)>,
    unnamed: Option<(Range<usize>, Range<usize>)>,
}

impl DirectionSections {
    /// Whether the file has a section of it.
    pub fn exists(&self) -> bool {
        self.first_marker().is_some()
    }

    /// The marker that opens its first section.
    pub fn first_marker(&self) -> Option<Range<usize>> {
        let named = self.named.iter().map(|(_, marker, _)| marker);
        named
            .chain(self.unnamed.iter().map(|(marker, _)| marker))
            .min_by_key(|marker| marker.start)
            .cloned()
    }

    /// The range that serves each dialect: the section that names it, else the one without names.
    pub fn sections(&self) -> Sections {
        let unnamed = self.unnamed.as_ref().map(|(_, body)| body);
        let mut sections = Sections::default();
        for dialect in Dialect::ALL {
            let named = self.named.iter().find(|(named, _, _)| *named == dialect);
            let body = named.map(|(_, _, body)| body).or(unnamed);
            sections[dialect.index()] = body.cloned();
        }
        sections
    }

    /// Each range that serves a dialect, once, with all that it serves.
    pub fn served(&self) -> Vec<(DialectSet, Range<usize>)> {
        // So it is in most files, and a macro is not optimised.
        if let (Some((_, body)), []) = (&self.unnamed, &self.named[..]) {
            return vec![(DialectSet::all(), body.clone())];
        }
        let served = Dialect::ALL.into_iter().zip(self.sections());
        DialectSet::group(served.filter_map(|(dialect, range)| Some((dialect, range?))))
    }

    /// Whether one section without names is all that it has.
    pub fn served_unnamed_only(&self) -> bool {
        self.named.is_empty()
    }

    /// The dialects that only the section without names serves.
    pub fn served_unnamed(&self) -> impl Iterator<Item = Dialect> {
        Dialect::ALL
            .into_iter()
            .filter(|dialect| !self.named.iter().any(|(named, _, _)| named == dialect))
    }

    /// Each section once, with the dialects that it names; none for the section without names.
    pub fn bodies(&self) -> impl Iterator<Item = (Option<Dialect>, Range<usize>)> {
        let named = self
            .named
            .iter()
            .map(|(dialect, _, body)| (Some(*dialect), body.clone()));
        named.chain(self.unnamed.iter().map(|(_, body)| (None, body.clone())))
    }
}

/// Reads the sections of the file from byte `start`, where the header ends. `declared` are the databases that the chain is
/// for; none if it does not say.
pub fn parse(
    source: &Arc<Source>,
    start: usize,
    declared: &[Dialect],
    readings: &mut Readings<'_>,
    faults: &mut Vec<Diagnostic>,
) -> RevisionSections {
    let mut reader = Reader {
        source,
        declared,
        faults,
        script: RevisionSections::default(),
        open: None,
        unmarked: None,
        text_until: start,
        looks: 0,
    };
    let mut offset = start;
    for line in source.text()[start..].split_inclusive('\n') {
        reader.line(line, offset, readings);
        offset += line.len();
    }
    reader.close(offset);
    reader.finish()
}

/// The databases that read a section: those that it names, else those that the chain declares, else any.
fn readers(named: &[Dialect], declared: &[Dialect]) -> Vec<Dialect> {
    let lists = [named, declared, &Dialect::ALL];
    let first = lists.into_iter().find(|list| !list.is_empty());
    first.unwrap_or_default().to_vec()
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    declared: &'a [Dialect],
    faults: &'a mut Vec<Diagnostic>,
    script: RevisionSections,
    open: Option<Open>,
    /// The SQL before the first section: the upgrade, if the file has no other.
    unmarked: Option<(Range<usize>, Range<usize>)>,
    /// Up to here, a marker is text of a string or of a stored program.
    text_until: usize,
    /// How often the open section has been read for a marker in it.
    looks: usize,
}

/// A marker that is misspelt does not end its section, and each costs a look at all before it.
const MOST_LOOKS: usize = 16;

/// The section whose end has not been seen yet.
struct Open {
    kind: SectionKind,
    dialects: Vec<Dialect>,
    marker: Range<usize>,
    body_start: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SectionKind {
    Upgrade,
    Downgrade,
    /// The SQL before the first marker.
    Unmarked,
    /// The section's purpose is unknown, and that has been reported.
    Lost,
}

/// A line of the file: its bytes, and those of its text.
struct Line {
    whole: Range<usize>,
    trimmed: Range<usize>,
}

impl Reader<'_> {
    fn line(&mut self, text: &str, offset: usize, readings: &mut Readings<'_>) {
        let after_blanks = text.trim_ascii_start();
        if self.open.is_some() && !after_blanks.starts_with("--") {
            return;
        }
        let trimmed = after_blanks.trim_ascii_end();
        let start = offset + (text.len() - after_blanks.len());
        let line = Line {
            whole: offset..offset + text.len(),
            trimmed: start..start + trimmed.len(),
        };
        if let Some(marker) = Marker::read(trimmed) {
            if !marker.is_for_statements() && !self.is_text(&line, readings) {
                self.marker(&marker, trimmed, &line);
            }
        } else if self.open.is_none() && !trimmed.is_empty() && !trimmed.starts_with("--") {
            self.fault(Fault::TextBeforeSection, line.trimmed.clone());
            let start = line.whole.start;
            self.open(SectionKind::Unmarked, Vec::new(), line.trimmed, start);
        }
    }

    /// Whether the marker on a line is only text: to end the section there would cut a string or a stored program in
    /// two, and to go on would not. Where something is never closed, markers count: then the section has the fault.
    fn is_text(&mut self, line: &Line, readings: &mut Readings<'_>) -> bool {
        if line.trimmed.start < self.text_until {
            return true;
        }
        let Some(open) = self
            .open
            .as_ref()
            .filter(|open| open.kind != SectionKind::Lost)
        else {
            return false;
        };
        let section = self.section(open, line.whole.start);
        if self.looks == MOST_LOOKS || readings.is_faultless(&section) {
            return false;
        }
        self.looks += 1;
        let readers = readers(&open.dialects, self.declared);
        if readings.cuts(&section, &readers) {
            let is_marker = |comment: &str| Marker::read(comment.trim_ascii()).is_some();
            match readings.end(&section, &readers, is_marker) {
                Some(end) => self.text_until = end,
                // It will not end before the next marker either.
                None => self.looks = MOST_LOOKS,
            }
        }
        line.trimmed.start < self.text_until
    }

    /// The bytes of a section that ends before byte `end`, white space dropped.
    fn section(&self, open: &Open, end: usize) -> Range<usize> {
        let text = &self.source.text()[open.body_start..end];
        open.body_start..open.body_start + text.trim_end().len()
    }

    fn marker(&mut self, marker: &Marker<'_>, text: &str, line: &Line) {
        self.check_marker(marker, text, line);
        let kind = match marker.meant {
            Some("upgrade") => SectionKind::Upgrade,
            Some("downgrade") => SectionKind::Downgrade,
            Some("allow") => return,
            // These are for the statement splitter, which knows only the right words.
            Some(_) => {
                self.script.lost_statement_marker = true;
                return;
            }
            None => SectionKind::Lost,
        };
        self.close(line.whole.start);
        let rest_start = line.trimmed.end - marker.rest.len();
        let (dialects, all_known) = self.dialects(marker.rest, rest_start, marker.meant);
        // A section for a database that does not exist is not one for all the others.
        let is_lost = dialects.is_empty() && !all_known;
        let kind = if is_lost { SectionKind::Lost } else { kind };
        self.open(kind, dialects, line.trimmed.clone(), line.whole.end);
    }

    fn check_marker(&mut self, marker: &Marker<'_>, text: &str, line: &Line) {
        if !marker.is_well_formed {
            let meant = marker.corrected();
            self.fault(Fault::MalformedMarker { meant }, line.trimmed.clone());
        } else if !marker.is_known {
            let fault = Fault::UnknownMarker {
                word: marker.word.to_owned(),
                nearest: marker.meant,
            };
            let start = line.trimmed.start + offset_in(text, marker.word);
            let range = if marker.word.is_empty() {
                line.trimmed.clone()
            } else {
                start..start + marker.word.len()
            };
            self.fault(fault, range);
        }
    }

    /// The databases that a marker names, and whether it names only such as exist. One that is misspelt counts as the
    /// one meant.
    fn dialects(
        &mut self,
        names: &str,
        start: usize,
        section: Option<&'static str>,
    ) -> (Vec<Dialect>, bool) {
        let mut dialects: Vec<Dialect> = Vec::new();
        let mut all_known = true;
        for name in names.split_ascii_whitespace() {
            let at = start + offset_in(names, name);
            let range = at..at + name.len();
            let nearest = nearest(name, &Dialect::NAMES);
            let known: Option<Dialect> = name.parse().ok();
            let meant = known.or_else(|| nearest?.parse().ok());
            let name = name.to_owned();
            if known.is_none() {
                self.fault(Fault::UnknownDialect { name, nearest }, range);
            } else if let Some(key) =
                section.filter(|_| meant.is_some_and(|it| dialects.contains(&it)))
            {
                let (id, same_as) = (name, None);
                self.fault(Fault::RepeatedReference { id, key, same_as }, range);
                continue;
            }
            all_known &= meant.is_some();
            dialects.extend(meant);
        }
        (dialects, all_known)
    }

    fn open(
        &mut self,
        kind: SectionKind,
        dialects: Vec<Dialect>,
        marker: Range<usize>,
        body: usize,
    ) {
        self.script.lost_section |= kind == SectionKind::Lost;
        if self.looks < MOST_LOOKS {
            self.looks = 0;
        }
        self.open = Some(Open {
            kind,
            dialects,
            marker,
            body_start: body,
        });
    }

    /// Ends the open section before byte `end`, white space dropped.
    fn close(&mut self, end: usize) {
        let Some(open) = self.open.take() else { return };
        let body = self.section(&open, end);
        let is_upgrade = match open.kind {
            SectionKind::Lost => return,
            SectionKind::Unmarked => {
                self.unmarked = Some((open.marker, body));
                return;
            }
            kind => kind == SectionKind::Upgrade,
        };
        let direction = self.direction(is_upgrade);
        if open.dialects.is_empty() {
            match direction.unnamed.clone() {
                Some((first, _)) => self.repeated(is_upgrade, open.marker, None, first),
                None => direction.unnamed = Some((open.marker, body)),
            }
            return;
        }
        let served = |dialect: &Dialect| {
            let first = direction
                .named
                .iter()
                .find(|(named, _, _)| named == dialect);
            first.map(|(_, marker, _)| (*dialect, marker.clone()))
        };
        let repeated = open.dialects.iter().find_map(served);
        for dialect in open.dialects {
            if !direction
                .named
                .iter()
                .any(|(named, _, _)| *named == dialect)
            {
                let section = (dialect, open.marker.clone(), body.clone());
                direction.named.push(section);
            }
        }
        if let Some((dialect, first)) = repeated {
            self.repeated(is_upgrade, open.marker, Some(dialect), first);
        }
    }

    /// SQL without a marker is the upgrade if there is no other.
    fn finish(mut self) -> RevisionSections {
        if !self.script.upgrade.exists() {
            self.script.upgrade.unnamed = self.unmarked;
        }
        self.script
    }

    fn direction(&mut self, upgrade: bool) -> &mut DirectionSections {
        if upgrade {
            &mut self.script.upgrade
        } else {
            &mut self.script.downgrade
        }
    }

    fn repeated(
        &mut self,
        is_upgrade: bool,
        marker: Range<usize>,
        dialect: Option<Dialect>,
        first: Range<usize>,
    ) {
        let section = if is_upgrade { "upgrade" } else { "downgrade" };
        let here = Place::new(self.source, marker);
        let first = Place::new(self.source, first);
        let fault = Diagnostic::new(Fault::RepeatedSection { section, dialect }, here);
        self.faults
            .push(fault.with(first, "the first such section"));
    }

    fn fault(&mut self, fault: Fault, range: Range<usize>) {
        self.faults
            .push(Diagnostic::new(fault, Place::new(self.source, range)));
    }
}

/// The offset of `part` in `text`, of which it is a piece.
fn offset_in(text: &str, part: &str) -> usize {
    part.as_ptr() as usize - text.as_ptr() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (RevisionSections, Vec<(Fault, String)>) {
        let source = Arc::new(Source::new("a.sql", text));
        let mut faults = Vec::new();
        let mut readings = Readings::new(text, true);
        let script = parse(&source, 0, &[], &mut readings, &mut faults);
        (
            script,
            faults
                .into_iter()
                .map(|d| (d.fault, text[d.place.range].to_owned()))
                .collect(),
        )
    }

    fn served<'t>(text: &'t str, direction: &DirectionSections) -> [Option<&'t str>; 3] {
        direction
            .sections()
            .map(|range| range.map(|range| &text[range]))
    }

    #[test]
    fn a_named_section_serves_its_databases_and_one_without_names_the_rest() {
        let text = "-- migrate: upgrade\nA;\n\n-- migrate: upgrade mysql sqlite\r\nB;\r\n  \n-- migrate: downgrade\n";
        let (script, faults) = read(text);
        assert_eq!(faults, []);
        assert_eq!(
            served(text, &script.upgrade),
            [Some("B;"), Some("A;"), Some("B;")]
        );
        assert_eq!(served(text, &script.downgrade), [Some(""); 3]);
    }

    #[test]
    fn statement_markers_stay_in_the_section() {
        let text = "-- migrate: upgrade\n-- migrate: statement\nA;\n-- migrate: end\n";
        let (script, faults) = read(text);
        assert_eq!(faults, []);
        assert_eq!(
            served(text, &script.upgrade)[0],
            Some("-- migrate: statement\nA;\n-- migrate: end")
        );
    }

    #[test]
    fn a_database_served_twice_is_a_fault_whichever_way() {
        let (_, faults) = read("-- migrate: upgrade\n-- migrate: upgrade\n");
        assert!(matches!(
            faults[0].0,
            Fault::RepeatedSection { dialect: None, .. }
        ));
        let (_, faults) = read("-- migrate: upgrade mysql\n-- migrate: upgrade postgres mysql\n");
        assert!(matches!(
            faults[0].0,
            Fault::RepeatedSection {
                dialect: Some(Dialect::MySql),
                ..
            }
        ));
    }

    #[test]
    fn unknown_words_are_named_with_the_nearest_known_one() {
        let (_, faults) = read("-- migrate: upgrad\n-- migrate: upgrade postgresql\n-- migrate:\n");
        assert_eq!(
            faults[0].0,
            Fault::UnknownMarker {
                word: "upgrad".into(),
                nearest: Some("upgrade")
            }
        );
        assert_eq!(
            faults[1].0,
            Fault::UnknownDialect {
                name: "postgresql".into(),
                nearest: Some("postgres")
            }
        );
        assert_eq!(faults[1].1, "postgresql");
        assert_eq!(faults[2].1, "-- migrate:");
    }

    #[test]
    fn sql_before_the_first_section_is_reported_once() {
        let (_, faults) = read("-- note\nCREATE TABLE t\n(id INT);\n-- migrate: upgrade\n");
        assert_eq!(
            faults,
            [(Fault::TextBeforeSection, "CREATE TABLE t".to_owned())]
        );
    }
}
