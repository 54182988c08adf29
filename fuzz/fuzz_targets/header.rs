//! Any bytes as the header of a revision, in SQL and in Rust.
#![no_main]

use embed_migrations_fuzz::{FIRST, Files};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|header: &[u8]| {
    let sql = [header, b"\n\n-- migrate: upgrade\nSELECT 1;\n"].concat();
    let rust = [header, b"\npub async fn upgrade(cx: &mut Context<'_>) -> Result {\n    Ok(())\n}\n"].concat();
    for (path, text) in [("versions/b2.sql", sql), ("versions/b2.rs", rust)] {
        Files::default()
            .with("versions/a1.sql", FIRST)
            .with(path, text)
            .check();
    }
});
