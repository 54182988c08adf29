//! The results of the commands, for people and for programs.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;

use super::dialect_names;
use super::init::{BuildScript, Initialized};
use super::list_templates::Template;
use super::lock::Refreshed;
use super::models::Printed;
use super::new_revision::{Revisions, Written};
use super::rebase::Rebased;
use super::squash;
use super::verify::{AllVerified, Undo, Verified};

/// The result of a command. For programs it is an object, whose fields `docs/json.md` lists.
pub trait Show: Serialize {
    /// For people; without a newline at the end.
    fn text(&self) -> String;
}

impl Show for Revisions {
    fn text(&self) -> String {
        if self.written.is_empty() {
            return "The chain builds the desired schema: no revision was written".to_owned();
        }
        self.written
            .iter()
            .map(revision_text)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

fn revision_text(written: &Written) -> String {
    let parents = match &*written.parents {
        [] => "<base>".to_owned(),
        parents => parents.join(", "),
    };
    let point = if written.parents.len() > 1 {
        " (mergepoint)"
    } else {
        ""
    };
    let title = written.message.lines().next().unwrap_or_default();
    let line = format!("  {parents} -> {} (head){point}, {title}", written.id);
    format!(
        "Created {}\n{}",
        written.path.display(),
        line.trim_end_matches([',', ' '])
    )
}

impl Show for Printed {
    fn text(&self) -> String {
        self.models.trim_end().to_owned()
    }
}

impl Show for Refreshed {
    fn text(&self) -> String {
        let path = self.path.display();
        let dialects = dialect_names::names(&self.dialects).join(", ");
        if self.is_changed {
            format!("Wrote {path} for {dialects}")
        } else {
            format!("{path} is up to date for {dialects}")
        }
    }
}

impl Show for Rebased {
    fn text(&self) -> String {
        if !self.is_changed {
            return format!(
                "{} is a child of {} already; nothing was changed",
                self.id, self.onto
            );
        }
        let from = if self.from.is_empty() {
            "<base>".to_owned()
        } else {
            self.from.join(", ")
        };
        let others = match self.moved - 1 {
            0 => String::new(),
            1 => ", and 1 revision with it".to_owned(),
            n => format!(", and {n} revisions with it"),
        };
        format!(
            "Changed {}\n  {from} -> {} is now {} -> {}{others}",
            self.path.display(),
            self.id,
            self.onto,
            self.id
        )
    }
}

impl Show for Initialized {
    fn text(&self) -> String {
        let mut text = String::new();
        for path in &self.created {
            let slash = if path.is_dir() { "/" } else { "" };
            let _ = writeln!(text, "Created {}{slash}", path.display());
        }
        if !self.is_changed() {
            let _ = writeln!(
                text,
                "{} is set up already; nothing was changed",
                self.directory.display()
            );
        }
        self.build_script_text(&mut text);
        if self.is_changed() {
            self.next_text(&mut text);
            let _ = writeln!(
                text,
                "\nThen write the first revision: cargo migrate revision -m \"Create users\""
            );
        }
        text.trim_end().to_owned()
    }
}

impl Initialized {
    fn build_script_text(&self, text: &mut String) {
        let _ = match &self.build_script {
            Some(BuildScript::Created(path)) => writeln!(text, "Created {}", path.display()),
            Some(BuildScript::Extended(path)) => writeln!(text, "Changed {}", path.display()),
            Some(BuildScript::RunsAnyway(path)) if self.is_changed() => {
                writeln!(
                    text,
                    "{} stays as it is: cargo runs it for every change of the crate",
                    path.display()
                )
            }
            Some(BuildScript::ByHand(path, reason)) => writeln!(
                text,
                "{} was not changed: {reason}.\n\nFor cargo to see new revisions, its `main` needs:\n\n    {}",
                path.display(),
                self.build_line()
            ),
            Some(BuildScript::HasLine(_) | BuildScript::RunsAnyway(_)) | None => Ok(()),
        };
    }

    fn next_text(&self, text: &mut String) {
        if !self.commands.is_empty() {
            let _ = writeln!(
                text,
                "\nThe crate needs{}:\n\n    {}",
                if self.dialects.is_empty() {
                    ", with the database that it uses"
                } else {
                    ""
                },
                self.commands.join("\n    ")
            );
        }
        if self.build_script.is_none() {
            let _ = writeln!(
                text,
                "\nThis folder is not in a crate. The crate that embeds the directory needs this in its build.rs:\n\n    {}",
                self.build_line()
            );
        }
        let manifest = self.manifest_lines();
        if !manifest.is_empty() {
            let _ = writeln!(
                text,
                "\nFor the commands to find the directory, add to Cargo.toml:\n\n    {}",
                manifest.join("\n    ")
            );
        }
        let _ = writeln!(
            text,
            "\nAdd to {}, where `pool` is the app's sqlx pool:\n\n    {}",
            self.source.display(),
            self.lines().join("\n    ")
        );
    }

    /// The files created for the revisions that `import` writes, and the dependencies the crate needs.
    pub fn text_for_import(&self) -> String {
        let mut text = String::new();
        self.build_script_text(&mut text);
        if self.is_changed() {
            self.next_text(&mut text);
        }
        text
    }
}

/// The files that `edit` has opened.
#[derive(Debug, Serialize)]
pub struct Edited {
    pub paths: Vec<PathBuf>,
}

impl Show for Edited {
    fn text(&self) -> String {
        let lines = self
            .paths
            .iter()
            .map(|path| format!("Edited {}", path.display()));
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl Show for squash::Written {
    fn text(&self) -> String {
        let verb = if self.is_replaced {
            "Changed"
        } else {
            "Created"
        };
        let mut text = format!("{verb} {}\n", self.path.display());
        for path in &self.removed {
            let _ = writeln!(text, "Removed {}", path.display());
        }
        let _ = write!(
            text,
            "  {} is what {} revisions were; both ways gave the same schema on {}",
            self.id,
            self.replaces.len(),
            dialect_names::names(&self.proved).join(", ")
        );
        if !self.without_downgrade.is_empty() {
            let _ = write!(
                text,
                "\n  it has no downgrade, as {} had none",
                self.without_downgrade.join(", ")
            );
        }
        text
    }
}

impl Show for AllVerified {
    fn text(&self) -> String {
        let one = |verified: &Verified| {
            let of = |undo: Undo| -> Vec<&str> {
                let found = verified
                    .revisions
                    .iter()
                    .filter(|tried| tried.downgrade == undo);
                found.map(|tried| tried.revision.as_str()).collect()
            };
            let mut text = match of(Undo::Undoes).len() {
                1 => format!(
                    "{}: 1 revision upgraded, downgraded and upgraded again",
                    verified.dialect
                ),
                n => format!(
                    "{}: {n} revisions upgraded, downgraded and upgraded again",
                    verified.dialect
                ),
            };
            for (ids, what) in [
                (of(Undo::Missing), "without a downgrade"),
                (of(Undo::Irreversible), "irreversible"),
            ] {
                if !ids.is_empty() {
                    let _ = write!(text, "\n  {what}: {}", ids.join(", "));
                }
            }
            text
        };
        self.verified.iter().map(one).collect::<Vec<_>>().join("\n")
    }
}

/// The kinds of revision, as `list-templates` shows them.
#[derive(Debug, Serialize)]
pub struct Templates {
    pub templates: &'static [Template],
}

impl Show for Templates {
    fn text(&self) -> String {
        let line = |template: &Template| format!("{:<4} - {}", template.name, template.description);
        let lines: Vec<String> = self.templates.iter().map(line).collect();
        format!("Available templates:\n\n{}", lines.join("\n"))
    }
}
