//! The body of a SQL revision: which part of the file serves which database, in which direction.

use std::ops::Range;
use std::sync::Arc;

use crate::Dialect;
use crate::diagnostic::{Diagnostic, Fault};
use crate::source::{Place, Source};
use crate::suggest::nearest;

/// Where the SQL for a dialect stands in a file: one range for each dialect, in the order of [`Dialect::ALL`].
pub(crate) type Sections = [Option<Range<usize>>; Dialect::ALL.len()];

/// The two directions of a SQL revision.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Script {
    pub(crate) upgrade: Direction,
    pub(crate) downgrade: Direction,
}

/// The sections of one direction.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Direction {
    named: Vec<(Dialect, Range<usize>, Range<usize>)>,
    unnamed: Option<(Range<usize>, Range<usize>)>,
}

impl Direction {
    /// Whether any section of it stands in the file.
    pub(crate) fn exists(&self) -> bool {
        self.first_marker().is_some()
    }

    /// The marker that opens its first section.
    pub(crate) fn first_marker(&self) -> Option<Range<usize>> {
        let named = self.named.iter().map(|(_, marker, _)| marker);
        named
            .chain(self.unnamed.iter().map(|(marker, _)| marker))
            .min_by_key(|marker| marker.start)
            .cloned()
    }

    /// The range that serves each dialect: the section that names it, else the one without names.
    pub(crate) fn sections(&self) -> Sections {
        Dialect::ALL.map(|dialect| {
            let named = self
                .named
                .iter()
                .find(|(named, _, _)| *named == dialect)
                .map(|(_, _, body)| body);
            named
                .or(self.unnamed.as_ref().map(|(_, body)| body))
                .cloned()
        })
    }

    /// The dialects that only the section without names serves.
    pub(crate) fn served_unnamed(&self) -> impl Iterator<Item = Dialect> {
        Dialect::ALL
            .into_iter()
            .filter(|dialect| !self.named.iter().any(|(named, _, _)| named == dialect))
    }

    /// Each section once, with the dialects that it names; none for the section without names.
    pub(crate) fn bodies(&self) -> impl Iterator<Item = (Option<Dialect>, Range<usize>)> {
        let named = self
            .named
            .iter()
            .map(|(dialect, _, body)| (Some(*dialect), body.clone()));
        named.chain(self.unnamed.iter().map(|(_, body)| (None, body.clone())))
    }
}

/// Whether a line, trimmed, is a `-- migrate:` marker of any kind.
pub(crate) fn is_marker(line: &str) -> bool {
    marker_words(line).is_some()
}

/// Reads the sections of the file from byte `start`, where the header ends.
pub(crate) fn parse(source: &Arc<Source>, start: usize, faults: &mut Vec<Diagnostic>) -> Script {
    let mut reader = Reader {
        source,
        faults,
        script: Script::default(),
        open: None,
    };
    let mut offset = start;
    for line in source.text()[start..].split_inclusive('\n') {
        reader.line(line, offset);
        offset += line.len();
    }
    reader.close(offset);
    reader.script
}

const WORDS: [&str; 4] = ["upgrade", "downgrade", "statement", "end"];
const DIALECTS: [&str; 3] = [
    Dialect::Sqlite.name(),
    Dialect::Postgres.name(),
    Dialect::MySql.name(),
];

/// What follows `-- migrate:` on a marker line.
fn marker_words(line: &str) -> Option<&str> {
    line.strip_prefix("--")?
        .trim_start()
        .strip_prefix("migrate:")
        .map(str::trim)
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    faults: &'a mut Vec<Diagnostic>,
    script: Script,
    open: Option<Open>,
}

/// The section whose end has not been seen yet.
struct Open {
    upgrade: bool,
    dialects: Vec<Dialect>,
    marker: Range<usize>,
    body_start: usize,
}

impl Reader<'_> {
    fn line(&mut self, line: &str, offset: usize) {
        let trimmed = line.trim();
        let start = offset + (line.len() - line.trim_start().len());
        if let Some(words) = marker_words(trimmed) {
            let words_start = start + trimmed.len() - words.len();
            self.marker(
                words,
                words_start,
                start..start + trimmed.len(),
                offset,
                offset + line.len(),
            );
        } else if self.open.is_none() && !trimmed.is_empty() && !trimmed.starts_with("--") {
            self.text_before_section(start..start + trimmed.len());
        }
    }

    fn marker(
        &mut self,
        words: &str,
        words_start: usize,
        marker: Range<usize>,
        line_start: usize,
        line_end: usize,
    ) {
        let mut split = words.split_ascii_whitespace();
        let word = split.next().unwrap_or_default();
        match word {
            "upgrade" | "downgrade" => {
                self.close(line_start);
                let dialects = self.dialects(split, words, words_start);
                let upgrade = word == "upgrade";
                self.open = Some(Open {
                    upgrade,
                    dialects,
                    marker,
                    body_start: line_end,
                });
            }
            // These belong to the statement splitter.
            "statement" | "end" => {}
            _ => {
                let fault = Fault::UnknownMarker {
                    word: word.to_owned(),
                    nearest: nearest(word, WORDS),
                };
                let range = if word.is_empty() {
                    marker
                } else {
                    words_start..words_start + word.len()
                };
                self.fault(fault, range);
            }
        }
    }

    fn dialects<'w>(
        &mut self,
        names: impl Iterator<Item = &'w str>,
        words: &str,
        start: usize,
    ) -> Vec<Dialect> {
        let mut dialects = Vec::new();
        for name in names {
            if let Ok(dialect) = name.parse() {
                dialects.push(dialect);
                continue;
            }
            let at = start + (name.as_ptr() as usize - words.as_ptr() as usize);
            let fault = Fault::UnknownDialect {
                name: name.to_owned(),
                nearest: nearest(name, DIALECTS),
            };
            self.fault(fault, at..at + name.len());
        }
        dialects
    }

    /// Ends the open section before byte `end`, white space dropped.
    fn close(&mut self, end: usize) {
        let Some(open) = self.open.take() else { return };
        let text = &self.source.text()[open.body_start..end];
        let body = open.body_start..open.body_start + text.trim_end().len();
        if open.dialects.is_empty() {
            if let Some((first, _)) = &self.direction(open.upgrade).unnamed {
                let first = first.clone();
                return self.repeated(&open, None, first);
            }
            self.direction(open.upgrade).unnamed = Some((open.marker, body));
            return;
        }
        for &dialect in &open.dialects {
            let named = &self.direction(open.upgrade).named;
            match named
                .iter()
                .find(|(named, _, _)| *named == dialect)
                .map(|(_, marker, _)| marker.clone())
            {
                Some(first) => self.repeated(&open, Some(dialect), first),
                None => self.direction(open.upgrade).named.push((
                    dialect,
                    open.marker.clone(),
                    body.clone(),
                )),
            }
        }
    }

    fn direction(&mut self, upgrade: bool) -> &mut Direction {
        if upgrade {
            &mut self.script.upgrade
        } else {
            &mut self.script.downgrade
        }
    }

    fn repeated(&mut self, open: &Open, dialect: Option<Dialect>, first: Range<usize>) {
        let section = if open.upgrade { "upgrade" } else { "downgrade" };
        let here = Place::new(self.source, open.marker.clone());
        let first = Place::new(self.source, first);
        let fault = Diagnostic::new(Fault::RepeatedSection { section, dialect }, here);
        self.faults
            .push(fault.with(first, "the first such section"));
    }

    /// Reported once: the lines after the first say nothing new.
    fn text_before_section(&mut self, range: Range<usize>) {
        let reported =
            |d: &Diagnostic| d.fault == Fault::TextBeforeSection && d.place.source == *self.source;
        if !self.faults.iter().any(reported) {
            self.fault(Fault::TextBeforeSection, range);
        }
    }

    fn fault(&mut self, fault: Fault, range: Range<usize>) {
        self.faults
            .push(Diagnostic::new(fault, Place::new(self.source, range)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Script, Vec<(Fault, String)>) {
        let source = Arc::new(Source::new("a.sql", text));
        let mut faults = Vec::new();
        let script = parse(&source, 0, &mut faults);
        (
            script,
            faults
                .into_iter()
                .map(|d| (d.fault, text[d.place.range].to_owned()))
                .collect(),
        )
    }

    fn served<'t>(text: &'t str, direction: &Direction) -> [Option<&'t str>; 3] {
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
