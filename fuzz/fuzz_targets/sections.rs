//! Any bytes after the header of a revision: its sections, for all databases and for each.
#![no_main]

use embed_migrations_fuzz::Files;
use libfuzzer_sys::fuzz_target;
use migrate_chain::{Dialect, lint};

const HEADER: &[u8] = b"-- First\n--\n-- revision: a1\n-- down_revision: none\n\n";
const OUTSIDE: &[u8] = b"-- First\n--\n-- revision: a1\n-- down_revision: none\n-- transaction: off\n\n";

fuzz_target!(|body: &[u8]| {
    for (header, config) in [
        (HEADER, ""),
        (OUTSIDE, ""),
        (HEADER, "dialects = [\"sqlite\"]\n"),
        (HEADER, "dialects = [\"postgres\", \"mysql\"]\n"),
    ] {
        let files = Files::default()
            .with("versions/a1.sql", [header, body].concat())
            .with("migrate.toml", config);
        let Some(chain) = files.check() else { continue };
        for dialect in Dialect::ALL {
            let revision = &chain.revisions[0];
            for range in [revision.upgrade_range(dialect), revision.downgrade_range(dialect)] {
                assert!(range.is_none_or(|range| revision.text().get(range).is_some()));
            }
            for finding in lint::read(&chain, &[vec![0]], &[dialect]) {
                migrate_render::finding(&finding, migrate_render::Style::Plain);
            }
        }
    }
});
