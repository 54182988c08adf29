//! A reading of `migrate.toml`: the settings so far, and the faults with their places.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use super::settings::Settings;
use crate::diagnostic::{Diagnostic, Fault};
use crate::source::{Place, Source};
use crate::suggest::nearest;

pub type Value<'i> = Spanned<DeValue<'i>>;

pub struct Reader<'a> {
    pub source: &'a Arc<Source>,
    /// The bytes before the text that the TOML parser saw.
    pub shift: usize,
    pub faults: &'a mut Vec<Diagnostic>,
    pub settings: Settings,
}

impl Reader<'_> {
    pub fn places(&self, list: &Value<'_>) -> Vec<Place> {
        let items = list.get_ref().as_array().into_iter().flatten();
        items.map(|item| self.place(item.span())).collect()
    }

    /// The text of the file at a place, as it is written there.
    pub fn written(&self, range: &Range<usize>) -> &str {
        &self.source.text()[range.start + self.shift..range.end + self.shift]
    }

    pub fn wrong_value(&mut self, key: &str, expected: &'static str, range: Range<usize>) {
        let key = key.to_owned();
        self.fault(Fault::ConfigValue { key, expected }, range);
    }

    /// Reports an unknown key, and returns the nearest of the known ones. In a table, `known` are the keys of that table.
    pub fn unknown_key(
        &mut self,
        table: Option<&str>,
        name: &str,
        known: &'static [&'static str],
        range: Range<usize>,
    ) -> Option<&'static str> {
        let nearest = nearest(name, known);
        let key = table.map_or_else(|| name.to_owned(), |table| format!("{table}.{name}"));
        let fault = Fault::ConfigUnknownKey {
            key,
            nearest,
            known,
        };
        self.fault(fault, range);
        nearest
    }

    pub fn fault(&mut self, fault: Fault, range: Range<usize>) {
        self.faults.push(Diagnostic::new(fault, self.place(range)));
    }

    fn place(&self, range: Range<usize>) -> Place {
        Place::new(
            self.source,
            range.start + self.shift..range.end + self.shift,
        )
    }
}
