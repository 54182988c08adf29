//! The SQL files of the desired schema.

use super::bytes::{join, text};
use crate::diagnostic::Diagnostic;
use crate::input::tree::Tree;
use crate::{Checksum, Source};

/// The files that some patterns name, in the order of the patterns and then of their names. A pattern is a path with `*` for
/// any characters of a file's name.
///
/// ```
/// use migrate_chain::{Disk, load::schema_files};
///
/// let tree = Disk::new("../tests/fixtures/merge/migrations", "migrations");
/// let files = schema_files(&tree, &["versions/*.sql".to_owned(), "schema.sql".to_owned()]);
/// assert!(files.len() > 1 && files.contains(&"schema.sql".to_owned()));
/// ```
pub fn schema_files(tree: &dyn Tree, patterns: &[String]) -> Vec<String> {
    let mut files: Vec<String> = Vec::new();
    for pattern in patterns {
        if !pattern.contains('*') {
            files.push(pattern.clone());
            continue;
        }
        let (folder, name) = pattern.rsplit_once('/').unwrap_or(("", pattern));
        let entries = tree.list(folder).ok().flatten().unwrap_or_default();
        let entries = entries
            .into_iter()
            .filter(|entry| !entry.is_directory && matches(name, &entry.name));
        let mut found: Vec<String> = entries.map(|entry| join(folder, &entry.name)).collect();
        found.sort_unstable();
        files.extend(found);
    }
    let mut seen = std::collections::HashSet::new();
    files.retain(|file| seen.insert(file.clone()));
    files
}

/// Whether a name fits a pattern with `*`.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => {
            let Some(after) = name.strip_prefix(start) else {
                return false;
            };
            (0..=after.len()).any(|at| after.is_char_boundary(at) && matches(rest, &after[at..]))
        }
    }
}

/// A file of the desired schema with its checksum.
///
/// # Errors
/// It is not text.
pub(super) fn checksum(tree: &dyn Tree, file: &str) -> Result<Option<Checksum>, Box<Diagnostic>> {
    let Some(bytes) = tree.read(file).ok().flatten() else {
        return Ok(None);
    };
    let source: Source = text(join(tree.name(), file), bytes)?;
    Ok(Some(Checksum::of(source.text())))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_is_for_any_characters() {
        for (pattern, name) in [
            ("*.sql", "a.sql"),
            ("a*b*", "axbxb"),
            ("*", ""),
            ("é*", "éa"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("*.sql", "a.sq"), ("a*b", "abc"), ("v_*.sql", "w_1.sql")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
