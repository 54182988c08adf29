use crate::revision::draft::Draft;

/// The revisions that a directory has, or may have, and that could not be read. Each is a fault of its own: what merely
/// follows from it is not reported as well.
#[derive(Debug, Default)]
pub struct Lost {
    /// Whole folders are lost.
    pub folder: bool,
    /// A file is lost that must be a revision.
    revision: bool,
    /// The paths and texts of the files.
    texts: Vec<String>,
}

impl Lost {
    /// Adds a file that cannot be read, with what can.
    pub fn file(&mut self, path: &str, text: &str) {
        self.revision = true;
        self.mentions(path, text);
    }

    /// Adds a file that may have been a revision.
    pub fn mentions(&mut self, path: &str, text: &str) {
        let name = path.rsplit('/').next().unwrap_or_default();
        self.texts.extend([name.to_owned(), text.to_owned()]);
    }

    /// Adds those of the drafts whose header does not say for sure what they are.
    pub fn add_drafts(&mut self, drafts: &[Draft]) {
        for draft in drafts {
            if draft.has_conflict || draft.id().is_none() {
                self.file(&draft.file, draft.source.text());
            }
        }
    }

    /// Whether heads and bases can be counted nonetheless.
    pub fn is_countable(&self) -> bool {
        !self.folder && !self.revision
    }

    /// Whether the revision `id` may be among them.
    pub fn may_have(&self, id: &str) -> bool {
        self.folder || self.texts.iter().any(|text| has_word(text, id))
    }
}

/// Whether `text` has `word` with no letter or digit next to it.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            !is_part(text[..at].chars().next_back())
                && !is_part(text[at + word.len()..].chars().next())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_looked_for_as_a_word() {
        let mut lost = Lost::default();
        lost.mentions("versions/a1_create.sql", "-- revision: b2\n-- é\n");
        for there in ["a1", "b2", "create"] {
            assert!(lost.may_have(there), "{there}");
        }
        for elsewhere in ["a", "1", "b", "b22", "versions", ""] {
            assert!(!lost.may_have(elsewhere), "{elsewhere}");
        }
    }
}
