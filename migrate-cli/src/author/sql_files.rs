//! SQL that a new revision takes over from files.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use migrate_chain::load;
use migrate_chain::tree::read_file;

use super::failure::{self, Failure, Result};
use super::revision_file::sql_body;

/// The body of a revision with the SQL of `files`, in their order: each is part of the upgrade, or of the downgrade where
/// its name ends in `.down.sql`. A single file that has the sections of a revision already is taken as it is. `-` is
/// the standard input.
///
/// # Errors
/// A file that cannot be read or is not UTF-8.
pub(crate) fn body(files: &[PathBuf]) -> Result<String> {
    let texts = files
        .iter()
        .map(|file| read(file))
        .collect::<Result<Vec<_>>>()?;
    if let [only] = &*texts
        && has_sections(only)
    {
        return Ok(only.clone());
    }
    if let Some(place) = texts.iter().position(|text| has_sections(text)) {
        return Err(Failure::new(format!(
            "{} has sections of its own",
            files[place].display()
        ))
        .help("give it alone, or take the `-- migrate:` lines out"));
    }
    let joined = |down: bool| {
        let parts = files
            .iter()
            .zip(&texts)
            .filter(|(file, _)| is_downgrade(file) == down);
        parts
            .map(|(_, text)| text.trim().to_owned())
            .collect::<Vec<_>>()
            .join("\n\n")
    };
    Ok(sql_body(&joined(false), Some(&joined(true))))
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
        Failure::new(format!(
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

fn has_sections(text: &str) -> bool {
    let opens = |line: &str| {
        line.trim().starts_with("-- migrate: upgrade")
            || line.trim().starts_with("-- migrate: downgrade")
    };
    text.lines().any(opens)
}

fn is_downgrade(file: &Path) -> bool {
    let name = file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    name.ends_with(".down.sql")
}
