//! The sections of a file, each read once in each dialect.

use std::ops::Range;

use super::plain::{Plain, plain};
use super::reading::{Open, Reading, canonical as canonical_of, read};
use super::split::{End, is_inside, section_end, split, split_canonical};
use super::token::TokenKind;
use crate::Dialect;

/// The parts of a file that have been read.
pub struct Readings<'t> {
    text: &'t str,
    transactional: bool,
    known: Vec<KnownSection>,
}

/// A section.
struct KnownSection {
    range: Range<usize>,
    /// The reading that all dialects agree on, if they do.
    plain: Option<Plain>,
    each: [Option<Reading>; Dialect::ALL.len()],
    /// The canonical form in a dialect that only the checksum asks for.
    canonical: [Option<Vec<u8>>; Dialect::ALL.len()],
}

impl<'t> Readings<'t> {
    /// Nothing yet of `text`, whose sections run in a transaction or outside one.
    pub fn new(text: &'t str, transactional: bool) -> Self {
        Self {
            text,
            transactional,
            known: Vec::new(),
        }
    }

    /// The section as a dialect reads it.
    pub fn of(&mut self, section: &Range<usize>, dialect: Dialect) -> &Reading {
        let (text, transactional) = (&self.text[section.clone()], self.transactional);
        let known = self.known(section);
        let is_plain = known.plain.is_some();
        known.each[dialect.index()].get_or_insert_with(|| {
            let statements = if is_plain {
                split(dialect, text)
            } else {
                split_canonical(dialect, text)
            };
            read(statements, dialect, transactional, text)
        })
    }

    /// The bytes that the checksum of a section covers in a dialect.
    pub fn canonical(&mut self, section: &Range<usize>, dialect: Dialect) -> &[u8] {
        let text = &self.text[section.clone()];
        let known = self.known(section);
        match (&known.plain, &known.each[dialect.index()]) {
            (Some(plain), _) => &plain.canonical,
            (None, Some(reading)) => &reading.canonical,
            (None, None) => {
                let canonical = &mut known.canonical[dialect.index()];
                canonical.get_or_insert_with(|| canonical_of(dialect, text))
            }
        }
    }

    /// Whether no dialect finds a fault in a section, and all read it alike.
    pub fn is_faultless(&mut self, section: &Range<usize>) -> bool {
        let plain = self.known(section).plain.as_ref();
        plain.is_some_and(|plain| plain.is_faultless)
    }

    /// Whether every dialect has the same [`canonical`](Self::canonical) form of a section.
    pub fn is_alike(&mut self, section: &Range<usize>) -> bool {
        self.known(section).plain.is_some()
    }

    fn known(&mut self, section: &Range<usize>) -> &mut KnownSection {
        let place = self.place(section);
        &mut self.known[place]
    }

    fn place(&mut self, section: &Range<usize>) -> usize {
        let place = self.known.iter().position(|known| known.range == *section);
        place.unwrap_or_else(|| {
            self.known.push(KnownSection {
                range: section.clone(),
                plain: plain(&self.text[section.clone()]),
                each: Default::default(),
                canonical: Default::default(),
            });
            self.known.len() - 1
        })
    }

    /// Whether a section that ends here would end in the middle of a string or of a stored program.
    ///
    /// If the file does not say which of several databases runs it, all must agree: a section that ends too early is an
    /// error, and the rest of one that ends too late would run as part of another. But only PostgreSQL can run a dollar quote.
    pub fn cuts(&mut self, section: &Range<usize>, readers: &[Dialect]) -> bool {
        let mut readers = self.deciding(section, readers).into_iter();
        readers.len() > 0 && readers.all(|reader| self.of(section, reader).open.is_some())
    }

    /// The end of a section that begins at `from`, if not at the cut; `None` if it cannot be told.
    pub fn end(
        &mut self,
        cut: &Range<usize>,
        readers: &[Dialect],
        is_marker: fn(&str) -> bool,
    ) -> Option<usize> {
        let text = &self.text[cut.start..];
        let ends = self.deciding(cut, readers).into_iter();
        let ends = ends.map(|reader| section_end(reader, text, is_marker));
        ends.filter_map(|end| match end {
            End::Marker(at) => Some(cut.start + at),
            End::Text => Some(self.text.len()),
            End::Open => None,
        })
        .min()
    }

    /// Whether the byte `at` is text of a string or of a stored program.
    pub fn is_text(&mut self, section: &Range<usize>, readers: &[Dialect], at: usize) -> bool {
        let text = &self.text[section.clone()];
        let inside = |reader| is_inside(reader, text, at - section.start);
        let before = section.start..at;
        let mut readers = self.deciding(&before, readers).into_iter();
        readers.len() > 0
            && readers.all(|reader| self.of(section, reader).open.is_none() && inside(reader))
    }

    /// The readers that decide whether the text goes on after `section`.
    fn deciding(&mut self, section: &Range<usize>, readers: &[Dialect]) -> Vec<Dialect> {
        let is_reader = |dialect| readers.contains(&dialect);
        let dollar = Some(Open::Token(TokenKind::DollarQuote));
        let is_dollar_quote = is_reader(Dialect::Postgres)
            && self.of(section, Dialect::Postgres).open == dollar
            && !(is_reader(Dialect::MySql) && self.of(section, Dialect::MySql).has_delimiter);
        if is_dollar_quote {
            vec![Dialect::Postgres]
        } else {
            readers.to_vec()
        }
    }
}
