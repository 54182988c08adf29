//! SQL that a new revision takes over from files.

mod dump;
mod part;
mod tool;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use migrate_chain::Dialect;
use migrate_chain::config::Config;
use migrate_chain::load;
use migrate_chain::sql::{TokenKind, tokens};
use migrate_chain::tree::read_file;

use super::failure::{self, CommandError, Result};
use super::revision_file::sql_body;
pub use part::Part;
pub use tool::divided;

/// The body of a revision, taken from files.
#[derive(Debug, Default)]
pub struct Taken {
    /// The text after the header.
    pub body: String,
    /// The keys that the files ask for.
    pub keys: Vec<(&'static str, &'static str)>,
    /// Statements that were left out or read in a special way, a line each.
    pub notes: Vec<String>,
}

/// The SQL of `files`, in their order: each is part of the upgrade, or of the downgrade where its name ends in
/// `.down.sql`. A single file that has the sections of a revision already is taken as it is. What has the markers of
/// another tool is divided by them; what is a dump loses its frame. `-` is the standard input.
///
/// # Errors
/// A file that cannot be read, is not UTF-8, or whose markers cannot be carried over.
pub fn take(files: &[PathBuf], config: &Config) -> Result<Taken> {
    let texts = files
        .iter()
        .map(|file| read(file))
        .collect::<Result<Vec<_>>>()?;
    if let [only] = &*texts
        && has_sections(only)
    {
        return Ok(Taken {
            body: only.clone(),
            ..Taken::default()
        });
    }
    let parts = files
        .iter()
        .zip(&texts)
        .map(|(file, text)| part(file, text, config))
        .collect::<Result<Vec<_>>>()?;
    Ok(joined(parts))
}

fn part(file: &Path, text: &str, config: &Config) -> Result<Part> {
    if has_sections(text) {
        return Err(
            CommandError::new(format!("{} has sections of its own", file.display()))
                .help("give it alone, or take the `-- migrate:` lines out"),
        );
    }
    let name = file.display().to_string();
    let is_downgrade = is_downgrade(file);
    if let Some(part) = divided(&name, text)? {
        if is_downgrade {
            return Err(CommandError::new(format!(
                "{name} is for the downgrade, and has markers for both directions"
            ))
            .help("give it another name, or take the markers out"));
        }
        return Ok(part);
    }
    let mut part = dump::without_frame(&name, text, config).unwrap_or_else(|| Part {
        upgrade: text.trim().to_owned(),
        ..Part::default()
    });
    if is_downgrade {
        part.downgrade = std::mem::take(&mut part.upgrade);
    }
    Ok(part)
}

/// Upgrades in the order of the files; a downgrade that came with its upgrade undoes it in the reverse order.
fn joined(parts: Vec<Part>) -> Taken {
    let mut taken = Taken::default();
    let (mut upgrades, mut downgrades) = (Vec::new(), Vec::new());
    for part in parts {
        let is_pair = !part.upgrade.is_empty();
        let place = if is_pair { 0 } else { downgrades.len() };
        upgrades.extend(is_pair.then_some(part.upgrade));
        if !part.downgrade.is_empty() {
            downgrades.insert(place, part.downgrade);
        }
        for key in part.keys {
            if !taken.keys.contains(&key) {
                taken.keys.push(key);
            }
        }
        taken.notes.extend(part.notes);
    }
    taken.body = sql_body(&upgrades.join("\n\n"), Some(&downgrades.join("\n\n")));
    taken
}

fn read(file: &Path) -> Result<String> {
    let bytes = if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        read_file(file)
    };
    let bytes = bytes.map_err(|error| failure::file("read", file, &error))?;
    let source = load::text(file.display().to_string(), bytes).map_err(|fault| {
        let at = fault.place.position();
        let file = file.display();
        CommandError::new(format!(
            "{file}:{}:{}: {}",
            at.line,
            at.column,
            fault.message()
        ))
        .help(fault.help())
    })?;
    let text = source.text();
    Ok(text.trim_start_matches('\u{feff}').replace("\r\n", "\n"))
}

/// Whether a comment opens a section, in the eyes of every database: what one of them takes for a string is text.
fn has_sections(text: &str) -> bool {
    let opens = |line: &str| {
        line.starts_with("-- migrate: upgrade") || line.starts_with("-- migrate: downgrade")
    };
    let opens_one = |dialect| {
        let mut tokens = tokens(dialect, text);
        tokens.any(|token| token.kind == TokenKind::LineComment && opens(&text[token.range()]))
    };
    text.contains("-- migrate: ") && Dialect::ALL.into_iter().all(opens_one)
}

fn is_downgrade(file: &Path) -> bool {
    let name = file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    name.ends_with(".down.sql")
}

#[cfg(test)]
mod tests {
    use super::has_sections;

    #[test]
    fn a_marker_inside_a_string_opens_no_section() {
        assert!(has_sections("CREATE t;\n-- migrate: downgrade postgres\n"));
        assert!(!has_sections(
            "INSERT INTO t VALUES ('\n-- migrate: upgrade\n');\n"
        ));
    }
}
