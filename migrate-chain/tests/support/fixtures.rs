//! The migration directories under `tests/fixtures` at the workspace root, each with what it prints beside it.

use std::fs;
use std::path::{Path, PathBuf};

use migrate_chain::{Chain, Diagnostic, Dialect, Disk};
use migrate_render::{self as render, Style};

/// One fixture: `<name>/migrations` and `<name>/expected.txt`.
pub struct Fixture {
    pub name: String,
    folder: PathBuf,
}

impl Fixture {
    /// The migration directory. One fixture has none, which is its fault.
    pub fn migrations(&self) -> PathBuf {
        self.folder.join("migrations")
    }

    pub fn expected(&self) -> PathBuf {
        self.folder.join("expected.txt")
    }

    /// Warnings: likely mistakes in a chain that can be loaded.
    pub fn warnings(&self) -> Vec<Diagnostic> {
        migrate_chain::load::warnings(&Disk::new(self.migrations(), "migrations"))
    }

    /// Loads it under the name `migrations`, so that what it prints is the same on every machine.
    pub fn load(&self) -> Result<Chain, Vec<Diagnostic>> {
        migrate_chain::load_tree(&Disk::new(self.migrations(), "migrations"))
    }
}

/// Every fixture, sorted by name.
pub fn all() -> Vec<Fixture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures");
    let entries = fs::read_dir(&folder).expect("the fixtures are there");
    let mut fixtures: Vec<Fixture> = entries
        .map(|entry| {
            let entry = entry.expect("an entry of the folder");
            let name = entry.file_name().into_string().expect("a UTF-8 name");
            Fixture {
                name,
                folder: entry.path(),
            }
        })
        .collect();
    fixtures.sort_by(|a, b| a.name.cmp(&b.name));
    fixtures
}

pub fn find(name: &str) -> Fixture {
    let found = all().into_iter().find(|fixture| fixture.name == name);
    found.unwrap_or_else(|| panic!("there is no fixture {name}"))
}

/// The text a user sees: each warning and fault, or the chain.
pub fn shown(warnings: &[Diagnostic], loaded: &Result<Chain, Vec<Diagnostic>>) -> String {
    let faults = loaded.as_ref().err().into_iter().flatten();
    let faults = warnings.iter().chain(faults);
    let faults = faults.map(|fault| render::text(fault, Style::Plain) + "\n");
    let chain = loaded.as_ref().ok().map(sound);
    faults.chain(chain).collect::<Vec<_>>().join("\n")
}

/// A sound chain, with the digests that every database would hold: a change of these breaks every user.
fn sound(chain: &Chain) -> String {
    let mut lines = vec![format!("sound, {} revisions", chain.revisions.len())];
    for revision in &chain.revisions {
        lines.push(String::new());
        lines.push(format!("{} {}", revision.id(), revision.file()));
        lines.push(format!("  {}", revision.message()));
        for dialect in Dialect::ALL {
            let checksum = revision.checksum(dialect).map(|sum| sum.to_string());
            let checksum = checksum.unwrap_or_else(|| "none".to_owned());
            lines.push(format!("  {dialect} checksum {checksum}"));
            lines.push(format!("  {dialect} digest {}", revision.digest(dialect)));
        }
    }
    lines.join("\n") + "\n"
}
