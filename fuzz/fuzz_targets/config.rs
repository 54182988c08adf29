//! Any bytes as `migrate.toml`.
#![no_main]

use embed_migrations_fuzz::{FIRST, Files};
use libfuzzer_sys::fuzz_target;
use migrate_chain::load::warnings;

fuzz_target!(|config: &[u8]| {
    let files = Files::default()
        .with("versions/a1.sql", FIRST)
        .with("schema.sql", "CREATE TABLE t (id INTEGER);\n")
        .with("migrate.toml", config);
    warnings(&files);
    if let Some(chain) = files.check() {
        assert!(chain.has_config_file);
    }
});
