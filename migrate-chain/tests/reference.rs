//! The reference pages say what the code reads: `SNAPSHOTS=overwrite` writes them.

use std::fmt::Write as _;

use migrate_chain::HEADER_KEYS;
use migrate_chain::config::KEYS;
use snapbox::Data;

fn page(name: &str) -> Data {
    let path = format!("{}/../docs/{name}.md", env!("CARGO_MANIFEST_DIR"));
    Data::read_from(path.as_ref(), Some(snapbox::data::DataFormat::Text))
}

/// A value in a table: TOML and words in backticks alike.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[test]
fn the_page_of_migrate_toml_has_every_key() {
    let mut text = "# migrate.toml\n\nThe settings of a migration directory. Every key may be left out, and so may the file. An unknown \
                    key fails the build.\n\n| key | takes | default | |\n|---|---|---|---|\n"
        .to_owned();
    for key in KEYS {
        let default = if key.default.is_empty() {
            String::new()
        } else {
            format!("`{}`", key.default)
        };
        let _ = writeln!(
            text,
            "| `{}` | {} | {default} | {} |",
            key.name,
            cell(key.takes),
            cell(key.meaning)
        );
    }
    snapbox::assert_data_eq!(text, page("migrate-toml").raw());
}

#[test]
fn the_page_of_the_header_has_every_key() {
    let mut text = "# The header of a revision\n\nThe comment block at the top of a file. Its first paragraph is the message; then come \
                    `key: value` lines, as `--` comments in SQL and `//!` comments in Rust. An unknown key fails the build.\n\n\
                    | key | takes | |\n|---|---|---|\n"
        .to_owned();
    for key in HEADER_KEYS {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} |",
            key.name,
            cell(key.takes),
            cell(key.meaning)
        );
    }
    snapbox::assert_data_eq!(text, page("header").raw());
}
