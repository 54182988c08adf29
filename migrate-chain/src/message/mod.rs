//! The words of every fault: its code, what is wrong, and what to do next.

mod sql;

use crate::diagnostic::{Diagnostic, Fault};
use crate::names::{MAX_ID_LENGTH, RESERVED};

impl Diagnostic {
    /// The stable name of this kind of fault, such as `unknown-parent`. It does not change between releases.
    pub fn code(&self) -> &'static str {
        code(&self.fault)
    }

    /// What is wrong, in one line.
    pub fn message(&self) -> String {
        message(&self.fault)
    }

    /// What is said under the place itself; none where the message says it all.
    pub fn label(&self) -> Option<&'static str> {
        label(&self.fault)
    }

    /// What to do next, as a command where there is one.
    pub fn help(&self) -> Option<String> {
        help(&self.fault)
    }
}

fn code(fault: &Fault) -> &'static str {
    match fault {
        Fault::NoDirectory => "no-directory",
        Fault::Unreadable { .. } => "unreadable",
        Fault::NotUtf8 { .. } => "not-utf8",
        Fault::NotARevision => "not-a-revision",
        Fault::ConflictMarker => "conflict-marker",
        Fault::ConfigSyntax { .. } => "config-syntax",
        Fault::ConfigUnknownKey { .. } => "config-unknown-key",
        Fault::ConfigValue { .. } => "config-value",
        Fault::MissingKey { .. } => "missing-key",
        Fault::MalformedLine => "malformed-line",
        Fault::MalformedValue { .. } => "malformed-value",
        Fault::RepeatedKey { .. } => "repeated-key",
        Fault::UnknownKey { .. } => "unknown-key",
        Fault::IllegalCharacter { .. } => "illegal-character",
        Fault::TooLong { .. } => "too-long",
        Fault::Reserved { .. } => "reserved-name",
        Fault::UnknownMarker { .. } => "unknown-marker",
        Fault::UnknownDialect { .. } => "unknown-dialect",
        Fault::RepeatedSection { .. } => "repeated-section",
        Fault::TextBeforeSection => "text-before-section",
        Fault::MissingUpgrade { .. } => "missing-upgrade",
        Fault::IrreversibleDowngrade => "irreversible-downgrade",
        Fault::MissingDowngrade => "missing-downgrade",
        Fault::MissingDialect { .. } => "missing-dialect",
        Fault::Sql(kind) => sql::code(*kind),
        Fault::DuplicateId { .. } => "duplicate-id",
        Fault::CaseCollision { .. } => "case-collision",
        Fault::UnknownParent { .. } => "unknown-parent",
        Fault::UnknownDependency { .. } => "unknown-dependency",
        Fault::SelfReference { .. } => "self-reference",
        Fault::Cycle { .. } => "cycle",
        Fault::SeveralHeads { .. } => "several-heads",
        Fault::SeveralBases { .. } => "several-bases",
        Fault::DuplicateLabel { .. } => "duplicate-label",
        Fault::LabelIsRevision { .. } => "label-is-revision",
        Fault::RepeatedReference { .. } => "repeated-reference",
    }
}

fn message(fault: &Fault) -> String {
    match fault {
        Fault::NoDirectory => "there is no such directory".to_owned(),
        Fault::Unreadable { cause } => format!("it cannot be read: {cause}"),
        Fault::NotUtf8 { valid_up_to } => {
            format!("the file is not UTF-8: the byte at offset {valid_up_to} is not valid")
        }
        Fault::NotARevision => {
            "the file stands among the revisions and has no revision header".to_owned()
        }
        Fault::ConflictMarker => "a merge-conflict marker was left in the file".to_owned(),
        Fault::ConfigSyntax { cause } => format!("`migrate.toml` is not valid TOML: {cause}"),
        Fault::ConfigUnknownKey { key, .. } => {
            format!("`migrate.toml` has the unknown key `{key}`")
        }
        Fault::ConfigValue { key, .. } => {
            format!("`{key}` in `migrate.toml` has a value that it cannot have")
        }
        Fault::MissingKey { key } => format!("the revision header has no `{key}`"),
        Fault::MalformedLine => "a header line is not `key: value`".to_owned(),
        Fault::MalformedValue { key, .. } => {
            format!("the header key `{key}` has a value that it cannot have")
        }
        Fault::RepeatedKey { key } => format!("the header key `{key}` stands twice"),
        Fault::UnknownKey { key, .. } => format!("the header has the unknown key `{key}`"),
        Fault::IllegalCharacter { id, character } => {
            format!("`{id}` has the character {character:?} in it")
        }
        Fault::TooLong { id } => format!("`{id}` is {} characters long", id.chars().count()),
        Fault::Reserved { id } => format!("`{id}` cannot be the name of a revision or a branch"),
        Fault::UnknownMarker { word, .. } if word.is_empty() => {
            "the marker `-- migrate:` says nothing".to_owned()
        }
        Fault::UnknownMarker { word, .. } => format!("the marker `-- migrate: {word}` is unknown"),
        Fault::UnknownDialect { name, .. } => {
            format!("the section names the unknown database `{name}`")
        }
        Fault::RepeatedSection {
            section,
            dialect: Some(dialect),
        } => format!("two {section} sections serve {dialect}"),
        Fault::RepeatedSection {
            section,
            dialect: None,
        } => format!("two {section} sections name no database"),
        Fault::TextBeforeSection => "SQL stands before the first section".to_owned(),
        Fault::MissingUpgrade { rust: true } => {
            "the revision has no `pub async fn upgrade`".to_owned()
        }
        Fault::MissingUpgrade { rust: false } => "the revision has no upgrade section".to_owned(),
        Fault::IrreversibleDowngrade => {
            "the revision is irreversible and has a downgrade".to_owned()
        }
        Fault::MissingDowngrade => {
            "the revision has no downgrade, and `migrate.toml` requires one".to_owned()
        }
        Fault::MissingDialect { section, dialect } => {
            format!("the revision has no {section} section for {dialect}")
        }
        Fault::Sql(kind) => sql::message(*kind),
        Fault::DuplicateId { id } => format!("the revision id `{id}` stands in two files"),
        Fault::CaseCollision { id, other } => {
            format!("the revision ids `{id}` and `{other}` differ only in case")
        }
        Fault::UnknownParent { id, .. } => format!("no revision has the id `{id}`"),
        Fault::UnknownDependency { id, .. } => {
            format!("no revision has the id or branch label `{id}`")
        }
        Fault::SelfReference { id, key } => format!("revision `{id}` names itself in `{key}`"),
        Fault::Cycle { ids } => format!("revisions wait for each other: {}", cycle(ids)),
        Fault::SeveralHeads { heads } => {
            format!("the chain has {} heads: {}", heads.len(), quoted(heads))
        }
        Fault::SeveralBases { bases } => {
            format!("the chain has {} bases: {}", bases.len(), quoted(bases))
        }
        Fault::DuplicateLabel { label } => {
            format!("two revisions declare the branch label `{label}`")
        }
        Fault::LabelIsRevision { label } => {
            format!("the branch label `{label}` is also the id of a revision")
        }
        Fault::RepeatedReference { id, key } => format!("`{id}` stands twice in `{key}`"),
    }
}

fn label(fault: &Fault) -> Option<&'static str> {
    match fault {
        Fault::ConfigValue { expected, .. } | Fault::MalformedValue { expected, .. } => {
            Some(expected)
        }
        Fault::UnknownParent { .. } | Fault::UnknownDependency { .. } => {
            Some("not found in any file")
        }
        Fault::MissingKey { .. } => Some("in this header"),
        Fault::Sql(kind) => sql::label(*kind),
        _ => None,
    }
}

fn help(fault: &Fault) -> Option<String> {
    let help = match fault {
        Fault::NoDirectory => "run `cargo migrate init` to make one, or correct the path".to_owned(),
        Fault::NotUtf8 { .. } => "save the file as UTF-8".to_owned(),
        Fault::NotARevision => {
            "write the header `-- revision: …` and `-- down_revision: …`, or move the file out of the version location"
                .to_owned()
        }
        Fault::ConflictMarker => "finish the merge and remove the markers".to_owned(),
        Fault::ConfigUnknownKey { nearest, .. } | Fault::UnknownKey { nearest, .. } => did_you_mean(*nearest)?,
        Fault::UnknownMarker { nearest: None, .. } => {
            "a marker is `-- migrate: upgrade`, `downgrade`, `statement` or `end`".to_owned()
        }
        Fault::UnknownMarker { nearest, .. } => did_you_mean(*nearest)?,
        Fault::UnknownDialect { nearest: None, .. } => "a section serves `sqlite`, `postgres` or `mysql`".to_owned(),
        Fault::UnknownDialect { nearest, .. } => did_you_mean(*nearest)?,
        Fault::MissingKey { key: "down_revision" } => {
            "name the parent, or write `down_revision: none` for the first revision".to_owned()
        }
        Fault::MissingKey { key } => format!("add a line `{key}: …` below the message"),
        Fault::MalformedLine => "leave an empty comment line between the message and the keys, and none after".to_owned(),
        Fault::RepeatedKey { .. } => "keep one of the two".to_owned(),
        Fault::IllegalCharacter { .. } => {
            "an id is made of the letters a to z, digits and `_`; a branch label may have `-` as well".to_owned()
        }
        Fault::TooLong { .. } => format!("the version table takes ids of up to {MAX_ID_LENGTH} characters"),
        Fault::Reserved { .. } => format!("the words {} stand for places in the chain", quoted(RESERVED)),
        Fault::RepeatedSection { .. } => "join the two".to_owned(),
        Fault::TextBeforeSection => "write `-- migrate: upgrade` above it".to_owned(),
        Fault::MissingUpgrade { rust: true } => {
            "add `pub async fn upgrade(cx: &mut Context<'_>) -> Result<()>`".to_owned()
        }
        Fault::MissingUpgrade { rust: false } => {
            "add `-- migrate: upgrade`; the section may be empty in a merge revision".to_owned()
        }
        Fault::IrreversibleDowngrade => "remove the key `irreversible`, or the downgrade".to_owned(),
        Fault::MissingDowngrade => "add `-- migrate: downgrade`, or say why there is none: `irreversible: …`".to_owned(),
        Fault::MissingDialect { section, dialect } => format!(
            "add `-- migrate: {section} {dialect}`, or a section without names, or take \"{dialect}\" out of `dialects` in migrate.toml"
        ),
        Fault::Sql(kind) => sql::help(*kind)?,
        Fault::DuplicateId { .. } => "give the newer file another id; `cargo migrate revision` makes one up".to_owned(),
        Fault::CaseCollision { .. } => {
            "give one of them another id: databases and file systems do not all tell the two apart".to_owned()
        }
        Fault::UnknownParent { nearest, childless, .. } => match (nearest, childless) {
            (Some(nearest), _) => format!("did you mean `{nearest}`?"),
            (None, Some(childless)) => {
                format!("restore the missing file, or name `{childless}`: no other revision has it as parent")
            }
            (None, None) => "restore the missing file, or name the revision that should come before this one".to_owned(),
        },
        Fault::UnknownDependency { nearest, .. } => did_you_mean(nearest.as_deref())?,
        Fault::SelfReference { key: "down_revision", .. } => {
            "name the revision that should come before it, or `none`".to_owned()
        }
        Fault::SelfReference { .. } | Fault::RepeatedReference { .. } => "remove it from the list".to_owned(),
        Fault::Cycle { .. } => "correct one `down_revision` or `depends_on` of these, so that one of them comes first".to_owned(),
        Fault::SeveralHeads { heads } => format!(
            "run `cargo migrate merge {}`, or allow several with `heads = \"many\"` in migrate.toml",
            heads.join(" ")
        ),
        Fault::SeveralBases { .. } => {
            "name a parent in all but one of them, or allow several with `bases = \"many\"` in migrate.toml".to_owned()
        }
        Fault::DuplicateLabel { .. } | Fault::LabelIsRevision { .. } => "choose another label".to_owned(),
        Fault::Unreadable { .. }
        | Fault::ConfigSyntax { .. }
        | Fault::ConfigValue { .. }
        | Fault::MalformedValue { .. } => return None,
    };
    Some(help)
}

fn did_you_mean(nearest: Option<&str>) -> Option<String> {
    nearest.map(|nearest| format!("did you mean `{nearest}`?"))
}

fn quoted(names: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let names: Vec<String> = names
        .into_iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    names.join(", ")
}

/// `a -> b -> a`, each before what it waits for.
fn cycle(ids: &[String]) -> String {
    let mut path: Vec<&str> = ids.iter().map(String::as_str).collect();
    path.extend(ids.first().map(String::as_str));
    path.join(" -> ")
}
