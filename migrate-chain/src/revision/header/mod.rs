//! The comment block at the top of a revision file: its message and its `key: value` lines.

mod block;
#[cfg(test)]
mod tests;
mod value;

use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Fault};

use super::{ForeignKeys, names};
use crate::source::{Place, Source};
use crate::suggest::nearest;

use block::{Block, Line, REQUIRED, is_telling, known};
pub use block::{CommentStyle, KEYS};
pub use value::Spanned;
use value::{
    IDS, LABELS, ONE_ID, PARENTS, Value, adopted, digests, foreign_keys, list, reason, rfc3339,
    switch,
};

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
