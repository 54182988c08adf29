//! Rows of a catalog, whose values are read by the names of their columns.

/// The rows of a query, every value as text.
#[derive(Debug, Default)]
pub struct Rows {
    /// In small letters.
    pub names: Vec<String>,
    pub rows: Vec<Vec<Option<String>>>,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct Row<'r> {
    names: &'r [String],
    values: &'r [Option<String>],
}

impl Rows {
    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        let names = &self.names;
        self.rows.iter().map(move |values| Row { names, values })
    }
}

impl<'r> Row<'r> {
    /// The value of a column; empty if it is NULL.
    pub fn text(self, name: &str) -> &'r str {
        self.get(name).unwrap_or_default()
    }

    /// The value of a column; none if it is NULL.
    pub fn get(self, name: &str) -> Option<&'r str> {
        let place = self.names.iter().position(|other| other == name);
        debug_assert!(place.is_some(), "the query has no column {name}");
        self.values.get(place?)?.as_deref()
    }

    /// The values of a column that has several, with `chr(31)` between them; none if it is NULL.
    pub fn list(self, name: &str) -> Vec<String> {
        let values = self.get(name).into_iter();
        let values = values.flat_map(|values| values.split('\u{1f}'));
        values.map(str::to_owned).collect()
    }

    /// The columns that are not NULL, with their values.
    pub fn fields(self) -> impl Iterator<Item = (&'r str, &'r str)> {
        let fields = self.names.iter().zip(self.values);
        fields.filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)))
    }

    /// The value of a column that only some servers have; none if it is NULL.
    pub fn maybe(self, name: &str) -> Option<&'r str> {
        let place = self.names.iter().position(|other| other == name)?;
        self.values.get(place)?.as_deref()
    }

    /// The value of a column; none if it is NULL or empty.
    pub fn filled(self, name: &str) -> Option<String> {
        self.get(name)
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
    }

    /// Whether a column says yes, as catalogs do.
    pub fn is(self, name: &str) -> bool {
        matches!(self.text(name), "YES" | "yes" | "1" | "t" | "true")
    }
}
