//! The text of a new revision file.

use std::fmt::Write as _;

use jiff::ZonedDateTime;
use migrate_chain::sql::{comment_text, lines_of_any_kind};

/// The content of a new revision.
#[derive(Debug, Default)]
pub struct RevisionFile {
    /// The message; its lines without empty ones between them.
    pub message: String,
    /// The lines below the message: each key with its value.
    pub keys: Vec<(&'static str, String)>,
    /// The text below the header.
    pub body: String,
    /// Whether it is Rust, and not SQL.
    pub is_rust: bool,
}

impl RevisionFile {
    /// A file with a message and nothing else yet.
    pub fn new(message: &str, is_rust: bool) -> Self {
        let lines = lines_of_any_kind(message).map(comment_text);
        Self {
            message: lines.collect::<Vec<_>>().join("\n"),
            is_rust,
            ..Self::default()
        }
    }

    /// The same with nothing to say.
    pub fn without_message(&self) -> Self {
        Self {
            message: String::new(),
            keys: self.keys.clone(),
            body: self.body.clone(),
            is_rust: self.is_rust,
        }
    }

    /// Adds a key, unless it has nothing to say.
    #[must_use]
    pub fn key(mut self, key: &'static str, value: impl Into<String>) -> Self {
        let value = comment_text(&value.into());
        if !value.is_empty() {
            self.keys.push((key, value));
        }
        self
    }

    /// Sets the text below the header.
    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    /// The whole file.
    pub fn text(&self) -> String {
        let sign = if self.is_rust { "//!" } else { "--" };
        let mut text = String::new();
        for line in self.message.lines() {
            let _ = writeln!(text, "{sign} {line}");
        }
        if !self.message.is_empty() {
            let _ = writeln!(text, "{sign}");
        }
        for (key, value) in &self.keys {
            let _ = writeln!(text, "{sign} {key}: {value}");
        }
        let _ = write!(text, "\n{}", self.body);
        format!("{}\n", text.trim_end())
    }

    /// The extension of such a file.
    pub fn extension(&self) -> &'static str {
        if self.is_rust { "rs" } else { "sql" }
    }
}

/// A time as `created` has it: RFC 3339, to the second, with the offset of its zone.
pub fn created(time: &ZonedDateTime) -> String {
    let format = if time.offset().is_zero() {
        "%Y-%m-%dT%H:%M:%SZ"
    } else {
        "%Y-%m-%dT%H:%M:%S%:z"
    };
    time.strftime(format).to_string()
}

/// `down_revision` for these parents.
pub fn parents(ids: &[&str]) -> String {
    if ids.is_empty() {
        "none".to_owned()
    } else {
        ids.join(", ")
    }
}

/// The body of a revision in SQL with these sections, which may be empty.
pub fn sql_body(upgrade: &str, downgrade: Option<&str>) -> String {
    let mut body = section("upgrade", upgrade);
    if let Some(downgrade) = downgrade {
        body.push('\n');
        body.push_str(&section("downgrade", downgrade));
    }
    body
}

fn section(name: &str, sql: &str) -> String {
    let sql = sql.trim_matches(['\r', '\n']).trim_end();
    format!("-- migrate: {name}\n{sql}\n")
}

/// The body of a revision in Rust.
pub const RUST_BODY: &str = "\
use embed_migrations::{Context, Result};

pub async fn upgrade(_cx: &mut Context<'_>) -> Result<()> {
    Ok(())
}

pub async fn downgrade(_cx: &mut Context<'_>) -> Result<()> {
    Ok(())
}
";

#[cfg(test)]
#[allow(
    clippy::needless_raw_string_hashes,
    reason = "snapbox writes snapshots so"
)]
mod tests {
    use super::*;

    #[test]
    fn a_file_reads_as_one_written_by_hand() {
        let file = RevisionFile::new("Create users\n\nand teams", false)
            .key("revision", "ae10")
            .key("down_revision", parents(&[]))
            .key("branch_labels", "")
            .body(sql_body("CREATE TABLE users (id INTEGER);\n", Some("")));
        snapbox::assert_data_eq!(
            file.text(),
            snapbox::str![[r#"
-- Create users
-- and teams
--
-- revision: ae10
-- down_revision: none

-- migrate: upgrade
CREATE TABLE users (id INTEGER);

-- migrate: downgrade

"#]]
        );
    }

    #[test]
    fn a_message_stays_in_its_comment_whatever_is_in_it() {
        for sign in ["--", "//!"] {
            let file = RevisionFile::new(
                "innocent\rDROP TABLE users;\u{2028}-- \u{1b}[2J\u{202e}",
                sign != "--",
            )
            .key("irreversible", "it\rDROP TABLE users;");
            let text = file.text();
            assert!(
                text.lines()
                    .all(|line| line.is_empty() || line.starts_with(sign)),
                "{text:?}"
            );
            assert!(
                !text.contains(|c: char| c.is_control() && c != '\n' || !c.is_ascii()),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_time_is_told_in_its_zone() {
        let shown = |time: &str| created(&time.parse().expect("a time with a zone"));
        assert_eq!(
            shown("2026-03-07T09:05:01+01:00[Europe/Zurich]"),
            "2026-03-07T09:05:01+01:00"
        );
        assert_eq!(
            shown("2026-03-07T09:05:01.7+00:00[UTC]"),
            "2026-03-07T09:05:01Z"
        );
        assert_eq!(
            shown("2026-03-07T09:05:01-03:30[America/St_Johns]"),
            "2026-03-07T09:05:01-03:30"
        );
    }
}
