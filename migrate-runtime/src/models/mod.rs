//! The types of Rust structs and of the columns that they are read from: what `#[derive(Table)]` compares.
//!
//! Nothing here runs. For each field, the derive asks rustc whether its type implements [`Fits`] for the type of its
//! column, and rustc says at the field if it does not.

mod fits;

pub use fits::{ANY, Fits, Nullable, mysql, postgres, sqlite};

/// A struct that stands for a table or a view; implemented by `#[derive(Table)]`.
///
/// The derive compares the struct with `schema.lock` when it is compiled: the table and each column are there, `Option` says
/// which of them can be NULL, and each type is one that sqlx reads from its column.
pub trait Table {
    /// The name of the table, with its schema before it if one is named.
    const TABLE: &'static str;

    /// The names of the columns, in the order of the fields. Those of a flattened struct are its own.
    const COLUMNS: &'static [&'static str];
}

/// Whether one of some lists of columns has a name.
#[doc(hidden)]
pub const fn has(lists: &[&[&str]], name: &str) -> bool {
    let mut list = 0;
    while list < lists.len() {
        let mut at = 0;
        while at < lists[list].len() {
            if same(lists[list][at].as_bytes(), name.as_bytes()) {
                return true;
            }
            at += 1;
        }
        list += 1;
    }
    false
}

/// Whether an enum has a label. Whatever has none holds any text.
#[doc(hidden)]
pub const fn has_label(labels: Option<&[&str]>, label: &str) -> bool {
    match labels {
        Some(labels) => has(&[labels], label),
        None => true,
    }
}

/// Whether an enum has no labels but these.
#[doc(hidden)]
pub const fn are_among(labels: Option<&[&str]>, known: &[&str]) -> bool {
    let Some(labels) = labels else { return true };
    let mut at = 0;
    while at < labels.len() {
        if !has(&[known], labels[at]) {
            return false;
        }
        at += 1;
    }
    true
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{are_among, has, has_label};

    #[test]
    fn the_labels_of_an_enum_are_the_texts_of_its_column() {
        let mood = Some(&["ok", "sad"][..]);
        assert!(has_label(mood, "sad") && !has_label(mood, "so") && has_label(None, "so"));
        assert!(are_among(mood, &["sad", "so", "ok"]) && !are_among(mood, &["ok"]));
        assert!(are_among(None, &["ok"]));
    }

    #[test]
    fn a_name_is_found_in_any_list() {
        let lists: &[&[&str]] = &[&["id"], &["city", "zip"]];
        assert!(has(lists, "zip") && has(lists, "id"));
        assert!(!has(lists, "zi") && !has(&[], "id"));
    }
}
