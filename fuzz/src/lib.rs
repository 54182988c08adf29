//! The parts that the targets share: a migration directory in memory, and what holds for every directory.

use std::collections::BTreeMap;
use std::io;

use migrate_chain::{Chain, Diagnostic, DirectoryEntry, Tree, load_tree, pack};
use migrate_render::Style;

/// A revision that any chain may begin with.
pub const FIRST: &str = "-- First\n--\n-- revision: a1\n-- down_revision: none\n\n-- migrate: upgrade\nSELECT 1;\n\n-- migrate: downgrade\nSELECT 2;\n";

/// A migration directory, by path.
#[derive(Default)]
pub struct Files(BTreeMap<&'static str, Vec<u8>>);

impl Files {
    #[must_use]
    pub fn with(mut self, path: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        self.0.insert(path, bytes.into());
        self
    }

    /// Loads it. Each fault can be shown and lies in its file, and a sound chain survives being packed into a binary.
    pub fn check(&self) -> Option<Chain> {
        match load_tree(self) {
            Ok(chain) => {
                survives_packing(&chain);
                Some(chain)
            }
            Err(faults) => {
                assert!(!faults.is_empty());
                faults.iter().for_each(can_be_shown);
                None
            }
        }
    }
}

fn survives_packing(chain: &Chain) {
    let lines = pack::lines(&chain.revisions);
    for (line, revision) in lines.into_iter().zip(&chain.revisions) {
        // Unpacked text is that of a binary, which lives for ever: this one goes before it counts as lost.
        let (line, text) = (line.leak(), revision.text().to_owned().leak());
        assert_eq!(pack::unpack(line, text).as_ref(), Some(revision));
    }
}

fn can_be_shown(fault: &Diagnostic) {
    let place = &fault.place;
    assert!(place.source.text().get(place.range.clone()).is_some(), "{fault:?}");
    assert!(migrate_render::text(fault, Style::Plain).contains(fault.code()));
    let coloured = migrate_render::text(fault, Style::Coloured);
    assert!(!coloured.contains('\0'));
}

impl Tree for Files {
    fn name(&self) -> &'static str {
        "migrations"
    }

    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.0.get(path).cloned())
    }

    fn list(&self, path: &str) -> io::Result<Option<Vec<DirectoryEntry>>> {
        let below = self.0.keys().filter_map(|file| match path {
            "" => Some(*file),
            folder => file.strip_prefix(folder)?.strip_prefix('/'),
        });
        let mut entries: Vec<DirectoryEntry> = below
            .map(|rest| {
                let (name, folder) = rest.split_once('/').unzip();
                let name = name.unwrap_or(rest).to_owned();
                let is_directory = folder.is_some();
                DirectoryEntry { name, is_directory }
            })
            .collect();
        entries.dedup();
        Ok((!entries.is_empty()).then_some(entries))
    }
}
