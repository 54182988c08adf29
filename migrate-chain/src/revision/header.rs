//! The comment block at the top of a revision file: its message and its `key: value` lines.

use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Fault};

use super::ForeignKeys;
use super::names;
use crate::source::{BYTE_ORDER_MARK, Place, Source};
use crate::sql::marker::Marker;
use crate::suggest::nearest;

/// A value and the bytes it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    pub value: T,
    pub range: Range<usize>,
}

/// The content of a header. A key that is absent or wrong keeps its default: its fault is reported separately.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Header {
    pub message: String,
    pub revision: Option<Spanned<String>>,
    /// Whether the header says which parents it has, if any.
    pub parents_known: bool,
    /// The parents, as they are written: what no file has is looked at once the files are known.
    pub down_revision: Vec<Spanned<String>>,
    pub depends_on: Vec<Spanned<String>>,
    pub branch_labels: Vec<Spanned<String>>,
    pub created: Option<String>,
    pub transaction_off: bool,
    pub foreign_keys: ForeignKeys,
    pub irreversible: Option<Spanned<String>>,
    /// The key `irreversible` is there, and its value cannot be read.
    pub irreversible_in_doubt: bool,
    pub replaces: Vec<Spanned<String>>,
    pub replaced_digests: Vec<String>,
    /// The migrations of another tool that it was imported from, each with its checksum, if the tool keeps one.
    pub adopts: Vec<String>,
    /// The start of the body.
    pub end: usize,
}

/// How header lines are marked in a kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentStyle {
    /// `-- …`, in SQL.
    Sql,
    /// `//! …`, in Rust.
    Rust,
}

/// Reads the header of a revision file. `None` if the file has none at all, so that it is not a revision.
pub fn parse(
    source: &Arc<Source>,
    style: CommentStyle,
    faults: &mut Vec<Diagnostic>,
) -> Option<Header> {
    let block = Block::read(source.text(), style);
    if !block.keys.iter().any(is_telling) {
        return None;
    }
    let mut reader = Reader {
        source,
        faults,
        seen: Vec::new(),
        slips: Vec::new(),
        header: Header::default(),
    };
    reader.header.message = block.message();
    reader.header.end = block.end;
    for (n, line) in block.keys.iter().enumerate() {
        // A paragraph that does not belong there is one fault, however many lines it has.
        let goes_on = n > 0 && block.keys[n - 1].entry.is_none();
        if line.entry.is_some() || !goes_on {
            reader.line(line);
        }
    }
    reader.recover();
    reader.require(&block);
    Some(reader.header)
}

pub const KEYS: [&str; 11] = [
    "revision",
    "down_revision",
    "depends_on",
    "branch_labels",
    "created",
    "transaction",
    "foreign_keys",
    "irreversible",
    "replaces",
    "replaced_digest",
    "adopts",
];

/// The keys that every revision must have.
const REQUIRED: [&str; 2] = ["revision", "down_revision"];

/// A line of the header without its comment sign, and where that text starts in the file.
struct Line<'s> {
    text: &'s str,
    start: usize,
    /// The line as `key: value`, if it looks like one.
    entry: Option<(&'s str, &'s str)>,
}

impl<'s> Line<'s> {
    fn new(text: &'s str, start: usize) -> Self {
        let entry = entry(text);
        Self { text, start, entry }
    }

    /// The key before the colon.
    fn key(&self) -> Option<&'s str> {
        self.entry.map(|(key, _)| key)
    }

    fn range(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }
}

/// The value of a key.
struct Value<'s> {
    text: &'s str,
    start: usize,
}

impl Value<'_> {
    fn range(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }
}

/// The header split in its two parts.
struct Block<'s> {
    message: Vec<Line<'s>>,
    keys: Vec<Line<'s>>,
    end: usize,
}

impl<'s> Block<'s> {
    /// The first paragraph is the message and the rest are keys; a line that begins with a key ends the message too,
    /// so that an empty line between the two can be left out.
    fn read(text: &'s str, style: CommentStyle) -> Self {
        let mut block = Block {
            message: Vec::new(),
            keys: Vec::new(),
            end: 0,
        };
        let mut in_message = true;
        for line in comment_lines(text, style) {
            let is_sql = style == CommentStyle::Sql;
            if is_sql && !block.keys.is_empty() && Marker::nearly(line.text).is_some() {
                break;
            }
            block.end = line.start + line.text.len();
            let is_key = line.key().is_some_and(|key| known(key).is_some());
            match (in_message, line.text.is_empty()) {
                (true, true) => in_message = block.message.is_empty(),
                (true, false) if !is_key => block.message.push(line),
                (_, true) => {}
                (_, false) => {
                    in_message = false;
                    block.keys.push(line);
                }
            }
        }
        for required in REQUIRED {
            block.find_slip(required);
        }
        block
    }

    /// A required key that is missing may be misspelt in a line that looks like the message.
    fn find_slip(&mut self, required: &str) {
        if self.keys.iter().any(|line| line.key() == Some(required)) {
            return;
        }
        let is_meant = |line: &Line<'_>| line.key().and_then(meant) == Some(required);
        if !self.keys.iter().any(is_meant)
            && let Some(place) = self.message.iter().position(is_meant)
        {
            let line = self.message.remove(place);
            self.keys.insert(0, line);
        }
    }

    fn message(&self) -> String {
        self.message
            .iter()
            .map(|line| line.text)
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// The place to show for a header that lacks something: its first line.
    fn first_line(&self) -> Range<usize> {
        self.message
            .first()
            .or(self.keys.first())
            .map_or(0..0, Line::range)
    }
}

/// The comment lines at the top of a file, up to the first line of another kind or the first section marker.
fn comment_lines(text: &str, style: CommentStyle) -> impl Iterator<Item = Line<'_>> {
    let sign = match style {
        CommentStyle::Sql => "--",
        CommentStyle::Rust => "//!",
    };
    let after_mark = text.trim_start_matches(BYTE_ORDER_MARK);
    let mut start = text.len() - after_mark.len();
    let mut begun = false;
    after_mark
        .split_inclusive('\n')
        .map_while(move |raw| {
            let line_start = start;
            start += raw.len();
            let trimmed = raw.trim_ascii();
            if trimmed.is_empty() && !begun {
                return Some(None);
            }
            begun = true;
            let comment = trimmed.strip_prefix(sign)?.trim_ascii();
            if style == CommentStyle::Sql
                && Marker::read(trimmed).is_some_and(|marker| marker.is_well_formed)
            {
                return None;
            }
            let offset = line_start + (comment.as_ptr() as usize - raw.as_ptr() as usize);
            Some(Some(Line::new(comment, offset)))
        })
        .flatten()
}

/// Splits `key: value` where the key looks like one.
fn entry(line: &str) -> Option<(&str, &str)> {
    let bytes = line.as_bytes();
    let mut end = 0;
    while end < bytes.len()
        && (bytes[end].is_ascii_alphanumeric() || matches!(bytes[end], b'_' | b'-'))
    {
        end += 1;
    }
    let (key, rest) = line.split_at(end);
    let value = rest.trim_ascii_start().strip_prefix(':')?;
    (!key.is_empty()).then(|| (key, value.trim_ascii()))
}

/// Whether a line tells that its file is meant to be a revision.
fn is_telling(line: &Line<'_>) -> bool {
    let required = |key| meant(key).is_some_and(|meant| REQUIRED.contains(&meant));
    line.key()
        .is_some_and(|key| known(key).is_some() || required(key))
}

/// The key itself, or the one that it was likely meant to be: the distance to each is only computed for a slip.
fn meant(key: &str) -> Option<&'static str> {
    known(key).or_else(|| nearest(key, &KEYS))
}

fn known(key: &str) -> Option<&'static str> {
    KEYS.into_iter().find(|known| *known == key)
}

/// Turns lines into a [`Header`], noting what is wrong on the way.
struct Reader<'a, 's> {
    source: &'a Arc<Source>,
    faults: &'a mut Vec<Diagnostic>,
    seen: Vec<(&'static str, Range<usize>)>,
    /// Values of misspelt keys, each with the key that was likely meant.
    slips: Vec<(&'static str, Value<'s>)>,
    header: Header,
}

impl<'s> Reader<'_, 's> {
    fn line(&mut self, line: &Line<'s>) {
        let Some((key, value)) = line.entry else {
            return self.fault(Fault::MalformedLine, line.range());
        };
        let key_range = line.start..line.start + key.len();
        let value = Value {
            text: value,
            start: line.range().end - value.len(),
        };
        let Some(key) = known(key) else {
            let nearest = nearest(key, &KEYS);
            self.slips.extend(nearest.map(|meant| (meant, value)));
            return self.fault(
                Fault::UnknownKey {
                    key: key.to_owned(),
                    nearest,
                    known: &KEYS,
                },
                key_range,
            );
        };
        if let Some((_, first)) = self.seen.iter().find(|(seen, _)| *seen == key) {
            let first = Place::new(self.source, first.clone());
            let here = Place::new(self.source, key_range);
            self.faults.push(
                Diagnostic::new(Fault::RepeatedKey { key }, here).with(first, "it is here first"),
            );
            return;
        }
        self.seen.push((key, key_range));
        self.value(key, &value);
    }

    /// Takes the value of a misspelt key for that of the key meant, so that one slip is one fault: neither the key nor,
    /// in other files, the revision is missing as well.
    fn recover(&mut self) {
        for (key, value) in std::mem::take(&mut self.slips) {
            if !self.seen.iter().any(|(seen, _)| *seen == key) {
                self.seen.push((key, value.range()));
                self.value(key, &value);
            }
        }
    }

    fn value(&mut self, key: &'static str, value: &Value<'_>) {
        let expected = match key {
            "revision" => self.revision(value),
            "down_revision" => self.parents(value),
            "depends_on" => list(value, IDS).map(|ids| self.header.depends_on = ids),
            "branch_labels" => list(value, LABELS).map(|labels| {
                self.header.branch_labels = self.checked(labels, names::check_label);
            }),
            "replaces" => list(value, IDS)
                .map(|ids| self.header.replaces = self.checked(ids, names::check_id)),
            "created" => {
                rfc3339(value.text).map(|()| self.header.created = Some(value.text.to_owned()))
            }
            "transaction" => switch(value.text).map(|on| self.header.transaction_off = !on),
            "foreign_keys" => foreign_keys(value.text).map(|keys| self.header.foreign_keys = keys),
            "irreversible" => reason(value).map(|reason| self.header.irreversible = Some(reason)),
            "adopts" => adopted(value.text).map(|adopts| self.header.adopts = adopts),
            _ => digests(value.text).map(|digests| self.header.replaced_digests = digests),
        };
        if let Err(expected) = expected {
            self.doubt(key);
            let range = if value.text.is_empty() {
                value.start.saturating_sub(1)..value.start
            } else {
                value.range()
            };
            self.fault(Fault::MalformedValue { key, expected }, range);
        }
    }

    /// A value that cannot be read is taken for the one that keeps other checks quiet.
    fn doubt(&mut self, key: &str) {
        match key {
            "transaction" => self.header.transaction_off = true,
            "irreversible" => self.header.irreversible_in_doubt = true,
            _ => {}
        }
    }

    fn parents(&mut self, value: &Value<'_>) -> Result<(), &'static str> {
        if value.text != "none" {
            self.header.down_revision = list(value, PARENTS)?;
        }
        self.header.parents_known = true;
        Ok(())
    }

    fn revision(&mut self, value: &Value<'_>) -> Result<(), &'static str> {
        let mut ids = list(value, ONE_ID)?;
        if ids.len() > 1 {
            return Err(ONE_ID);
        }
        ids = self.checked(ids, names::check_id);
        self.header.revision = ids.pop();
        Ok(())
    }

    /// Reports each name that is not well formed, and keeps them all: what refers to one is not to blame as well.
    fn checked(
        &mut self,
        ids: Vec<Spanned<String>>,
        check: fn(&str) -> Result<(), Fault>,
    ) -> Vec<Spanned<String>> {
        for id in &ids {
            if let Err(fault) = check(&id.value) {
                self.fault(fault, id.range.clone());
            }
        }
        ids
    }

    fn require(&mut self, block: &Block<'_>) {
        for key in REQUIRED {
            if !self.seen.iter().any(|(seen, _)| *seen == key) {
                self.fault(Fault::MissingKey { key }, block.first_line());
            }
        }
    }

    fn fault(&mut self, fault: Fault, range: Range<usize>) {
        self.faults
            .push(Diagnostic::new(fault, Place::new(self.source, range)));
    }
}

const ONE_ID: &str = "one id, of letters, digits and `_`";
const IDS: &str = "ids with commas between them";
const PARENTS: &str = "`none`, or ids with commas between them";
const LABELS: &str = "labels with commas between them";

fn list(value: &Value<'_>, expected: &'static str) -> Result<Vec<Spanned<String>>, &'static str> {
    let mut start = value.start;
    let mut ids = Vec::new();
    for part in value.text.split(',') {
        let id = part.trim_ascii();
        if id.is_empty() || id.as_bytes().iter().any(u8::is_ascii_whitespace) {
            return Err(expected);
        }
        let offset = start + (part.len() - part.trim_ascii_start().len());
        ids.push(Spanned {
            value: id.to_owned(),
            range: offset..offset + id.len(),
        });
        start += part.len() + 1;
    }
    Ok(ids)
}

fn switch(value: &str) -> Result<bool, &'static str> {
    match value {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("`on` or `off`"),
    }
}

fn foreign_keys(value: &str) -> Result<ForeignKeys, &'static str> {
    ForeignKeys::from_name(value).ok_or("`on`, `off` or `cascade`")
}

fn reason(value: &Value<'_>) -> Result<Spanned<String>, &'static str> {
    let reason = Spanned {
        value: value.text.to_owned(),
        range: value.range(),
    };
    if value.text.is_empty() {
        Err("the reason, in words")
    } else {
        Ok(reason)
    }
}

fn digests(value: &str) -> Result<Vec<String>, &'static str> {
    let is_digest =
        |digest: &str| digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit());
    let digests: Vec<String> = value
        .split(',')
        .map(|digest| digest.trim_ascii().to_ascii_lowercase())
        .collect();
    if digests.iter().all(|digest| is_digest(digest)) {
        Ok(digests)
    } else {
        Err("digests of 64 hexadecimal digits")
    }
}

/// Accepts `20240101120000 9f86d0…, 20240102130000`: versions of another tool, each with its checksum if there is one.
fn adopted(value: &str) -> Result<Vec<String>, &'static str> {
    let one = |part: &str| {
        let words: Vec<&str> = part.split_ascii_whitespace().collect();
        (1..=2).contains(&words.len()).then(|| words.join(" "))
    };
    let adopted: Option<Vec<String>> = value.split(',').map(one).collect();
    adopted.ok_or("versions of another tool with commas between them, each followed by its checksum if the tool keeps one")
}

/// Accepts `2026-11-22T08:00:00Z` with an optional fraction, and an offset in place of the `Z`.
fn rfc3339(value: &str) -> Result<(), &'static str> {
    let wrong = "a time such as 2026-11-22T08:00:00Z";
    let (date_time, rest) = value.split_at_checked(19).ok_or(wrong)?;
    let fits = |text: &str, shape: &str| {
        text.len() == shape.len()
            && text.bytes().zip(shape.bytes()).all(|(b, s)| {
                if s == b'0' {
                    b.is_ascii_digit()
                } else {
                    b == s
                }
            })
    };
    let number = |range: Range<usize>| date_time[range].parse::<u8>().unwrap_or(u8::MAX);
    let in_range = fits(date_time, "0000-00-00T00:00:00")
        && (1..=12).contains(&number(5..7))
        && (1..=31).contains(&number(8..10))
        && number(11..13) < 24
        && number(14..16) < 60
        && number(17..19) <= 60;
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    let fraction_is_full = !rest.starts_with('.') || rest.len() > zone.len() + 1;
    let zone_fits = zone == "Z" || fits(zone, "+00:00") || fits(zone, "-00:00");
    if in_range && fraction_is_full && zone_fits {
        Ok(())
    } else {
        Err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<Header>, Vec<(Fault, String)>) {
        let source = Arc::new(Source::new("a.sql", text));
        let mut faults = Vec::new();
        let header = parse(&source, CommentStyle::Sql, &mut faults);
        let shown = faults
            .into_iter()
            .map(|d| (d.fault, text[d.place.range].to_owned()))
            .collect();
        (header, shown)
    }

    #[test]
    fn the_first_paragraph_is_the_message_and_the_rest_are_keys() {
        let (header, faults) = read(
            "\u{feff}\r\n-- Create users: é\r\n-- and teams\r\n--\r\n-- revision: b2\r\n-- down_revision: a1 , a0\r\n\
             --\r\n-- transaction: off\r\n-- created: 2026-11-22T08:00:00.5+01:00\r\n\r\n-- migrate: upgrade\r\n",
        );
        assert_eq!(faults, []);
        let header = header.expect("it has a header");
        assert_eq!(header.message, "Create users: é\nand teams");
        assert_eq!(header.revision.expect("it has an id").value, "b2");
        assert_eq!(
            header
                .down_revision
                .iter()
                .map(|id| &*id.value)
                .collect::<Vec<_>>(),
            ["a1", "a0"]
        );
        assert!(header.transaction_off);
    }

    #[test]
    fn each_word_for_foreign_keys_means_what_it_says() {
        for (line, expected) in [
            ("", ForeignKeys::On),
            ("-- foreign_keys: on\n", ForeignKeys::On),
            ("-- foreign_keys: off\n", ForeignKeys::Off),
            ("-- foreign_keys: cascade\n", ForeignKeys::Cascade),
        ] {
            let (header, faults) = read(&format!("-- revision: a\n-- down_revision: none\n{line}"));
            assert_eq!(faults, [], "{line}");
            assert_eq!(header.expect("a header").foreign_keys, expected, "{line}");
        }
    }

    #[test]
    fn a_message_may_be_missing_and_the_empty_line_after_it_too() {
        assert_eq!(
            read("-- revision: a\n-- down_revision: none\n")
                .0
                .expect("a header")
                .message,
            ""
        );
        assert_eq!(
            read("-- Hi\n-- revision: a\n-- down_revision: none\n")
                .0
                .expect("a header")
                .message,
            "Hi"
        );
    }

    #[test]
    fn a_marker_ends_the_header_without_an_empty_line() {
        let (header, faults) =
            read("-- revision: a\n-- down_revision: none\n-- migrate: upgrade\n-- x: y\n");
        assert!(header.is_some() && faults.is_empty(), "{faults:?}");
    }

    #[test]
    fn a_file_without_any_key_is_no_revision() {
        for text in [
            "",
            "\n\n",
            "CREATE TABLE t (id INT);",
            "-- only: prose\n",
            "-- Create users\n--\n-- TODO: x\n",
        ] {
            assert_eq!(read(text), (None, vec![]), "{text:?}");
        }
    }

    #[test]
    fn each_fault_points_at_its_own_text() {
        let (_, faults) = read(
            "-- m\n--\n-- revision: a-b\n-- down_revison: x\n-- revision: c\n-- some prose\n-- transaction: maybe\n\
             -- irreversible:\n-- created: yesterday\n-- depends_on: a,,b\n-- replaced_digest: 12\n",
        );
        let places: Vec<&str> = faults.iter().map(|(_, text)| &**text).collect();
        let expected = [
            "a-b",
            "down_revison",
            "revision",
            "some prose",
            "maybe",
            ":",
            "yesterday",
            "a,,b",
            "12",
        ];
        assert_eq!(places, expected);
        assert_eq!(
            faults[1].0,
            Fault::UnknownKey {
                key: "down_revison".into(),
                nearest: Some("down_revision"),
                known: &KEYS,
            }
        );
    }

    #[test]
    fn a_misspelt_key_is_one_fault_and_its_value_is_taken() {
        let (header, faults) = read("-- m\n--\n-- revison: a\n-- down_revision: none\n");
        assert_eq!(faults.len(), 1);
        assert_eq!(
            header.and_then(|header| header.revision).map(|id| id.value),
            Some("a".to_owned())
        );
    }

    #[test]
    fn a_missing_key_is_reported_at_the_first_line_of_the_header() {
        let (_, faults) = read("\n-- Create\n--\n-- revision: a\n");
        assert_eq!(
            faults,
            [(
                Fault::MissingKey {
                    key: "down_revision"
                },
                "Create".to_owned()
            )]
        );
    }

    #[test]
    fn times_are_checked_in_shape_and_range() {
        for good in [
            "2026-11-22T08:00:00Z",
            "2026-11-22T08:00:00.123456-05:30",
            "2016-12-31T23:59:60Z",
        ] {
            assert!(rfc3339(good).is_ok(), "{good}");
        }
        let bad = [
            "",
            "2026-11-22",
            "2026-13-22T08:00:00Z",
            "2026-11-22T08:00:00",
            "2026-11-22T08:00:00.Z",
            "é026-11-22T08:0:00Z",
        ];
        for bad in bad {
            assert!(rfc3339(bad).is_err(), "{bad}");
        }
    }
}
