//! The words of every fault: its code, what is wrong, and what to do next.

use super::fault::{Diagnostic, Fault};
use super::help::{self, quoted};
use super::sql;

impl Diagnostic {
    /// The stable name of this kind of fault, such as `unknown-parent`. It does not change between releases.
    pub fn code(&self) -> &'static str {
        code(&self.fault)
    }

    /// The message, in one line: what is wrong.
    pub fn message(&self) -> String {
        message(&self.fault)
    }

    /// The text under the place itself; `None` if the message says it all.
    pub fn label(&self) -> Option<String> {
        label(&self.fault)
    }

    /// The help: what to do next, as a command if there is one.
    pub fn help(&self) -> String {
        help::help(&self.fault)
    }
}

fn code(fault: &Fault) -> &'static str {
    match fault {
        Fault::NoDirectory { .. } => "no-directory",
        Fault::Unreadable { .. } => "unreadable",
        Fault::RepeatedFolder { .. } => "repeated-folder",
        Fault::NotUtf8 { .. } => "not-utf8",
        Fault::NulByte { .. } => "nul-byte",
        Fault::NotARevision => "not-a-revision",
        Fault::OutsideVersions { .. } => "outside-versions",
        Fault::ConflictMarker => "conflict-marker",
        Fault::ConfigSyntax { .. } => "config-syntax",
        Fault::ConfigUnknownKey { .. } => "config-unknown-key",
        Fault::ConfigValue { .. } => "config-value",
        Fault::ConnectTransaction { .. } => "connect-transaction",
        Fault::MissingKey { .. } => "missing-key",
        Fault::MalformedLine => "malformed-line",
        Fault::MalformedValue { .. } => "malformed-value",
        Fault::RepeatedKey { .. } => "repeated-key",
        Fault::UnknownKey { .. } => "unknown-key",
        Fault::IllegalCharacter { .. } => "illegal-character",
        Fault::TooLong { .. } => "too-long",
        Fault::AmbiguousLabel { .. } => "ambiguous-label",
        Fault::Reserved { .. } => "reserved-name",
        Fault::UnknownMarker { .. } => "unknown-marker",
        Fault::MalformedMarker { .. } => "malformed-marker",
        Fault::UnknownDialect { .. } => "unknown-dialect",
        Fault::RepeatedSection { .. } => "repeated-section",
        Fault::TextBeforeSection => "text-before-section",
        Fault::MissingUpgrade { .. } => "missing-upgrade",
        Fault::IrreversibleDowngrade => "irreversible-downgrade",
        Fault::MissingDowngrade { .. } => "missing-downgrade",
        Fault::MissingDialect { .. } => "missing-dialect",
        Fault::Sql { kind, .. } => sql::code(*kind),
        Fault::RebuiltParent { .. } => "rebuilt-parent",
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
        Fault::TooManyDigests { .. } => "too-many-digests",
        Fault::LockOutOfDate { .. } => "lock-out-of-date",
        Fault::UnpinnedFile { .. } => "unpinned-file",
        Fault::UnsoundLock { .. } => "unsound-lock",
        Fault::NoLock => "no-lock",
    }
}

#[expect(clippy::too_many_lines, reason = "a table: one line for each fault")]
fn message(fault: &Fault) -> String {
    match fault {
        Fault::NoDirectory { path, .. } => format!("there is no directory `{path}`"),
        Fault::Unreadable { path, cause } => format!("`{path}` cannot be read: {cause}"),
        Fault::RepeatedFolder { path, same_as } => {
            format!("`{path}` is a link to `{same_as}`, which has been read already")
        }
        Fault::NotUtf8 { valid_up_to } => {
            format!("the file is not UTF-8: the byte at offset {valid_up_to} is not valid")
        }
        Fault::NulByte { .. } => {
            "the file has a NUL byte, and databases stop reading there".to_owned()
        }
        Fault::NotARevision => {
            "this file is in a versions directory but has no revision header".to_owned()
        }
        Fault::OutsideVersions { path, .. } => {
            format!("`{path}` is not in a version location, so it is not part of the chain")
        }
        Fault::ConflictMarker => "a merge-conflict marker was left in the file".to_owned(),
        Fault::ConfigSyntax { cause } => format!("`migrate.toml` is not valid TOML: {cause}"),
        Fault::ConfigUnknownKey { key, .. } => {
            format!("`migrate.toml` has the unknown key `{key}`")
        }
        Fault::ConfigValue { key, .. } => {
            format!("`{key}` in `migrate.toml` has an invalid value")
        }
        Fault::ConnectTransaction { keywords } => {
            format!("`{keywords}` in `[connect]`, where SQL can only set up the connection")
        }
        Fault::MissingKey { key } => format!("the revision header has no `{key}`"),
        Fault::MalformedLine => "a header line is not `key: value`".to_owned(),
        Fault::MalformedValue { key, .. } => {
            format!("the header key `{key}` has an invalid value")
        }
        Fault::RepeatedKey { key } => format!("the header has the key `{key}` twice"),
        Fault::UnknownKey { key, .. } => format!("the header has the unknown key `{key}`"),
        Fault::IllegalCharacter { id, character } => {
            format!("`{id}` contains {character:?}, which a name cannot have")
        }
        Fault::TooLong { id, .. } => format!("`{id}` is {} characters long", id.chars().count()),
        Fault::AmbiguousLabel { label } => {
            format!("the branch label `{label}` reads as an option or a number of steps")
        }
        Fault::Reserved { id, .. } => {
            format!("`{id}` cannot be the name of a revision or a branch")
        }
        Fault::UnknownMarker { word, .. } if word.is_empty() => {
            "the marker `-- migrate:` has no word after it".to_owned()
        }
        Fault::UnknownMarker { word, .. } => format!("the marker `-- migrate: {word}` is unknown"),
        Fault::MalformedMarker { .. } => {
            "this comment looks like a marker but is not one".to_owned()
        }
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
        Fault::TextBeforeSection => "there is SQL before the first section".to_owned(),
        Fault::MissingUpgrade { rust: true } => {
            "the revision has no `pub async fn upgrade`".to_owned()
        }
        Fault::MissingUpgrade { rust: false } => "the revision has no upgrade section".to_owned(),
        Fault::IrreversibleDowngrade => {
            "the revision is irreversible and has a downgrade".to_owned()
        }
        Fault::MissingDowngrade { .. } => {
            "the revision has no downgrade, and `migrate.toml` requires one".to_owned()
        }
        Fault::MissingDialect { section, dialect } => {
            format!("the revision has no {section} section for {dialect}")
        }
        Fault::Sql {
            kind,
            dialect: None,
        } => sql::message(*kind),
        Fault::Sql {
            kind,
            dialect: Some(dialect),
        } => format!("for {dialect}, {}", sql::message(*kind)),
        Fault::RebuiltParent { table, child } => format!(
            "`{table}` is dropped and recreated with foreign keys on: in SQLite, dropping it deletes or changes the rows of \
             `{child}` that refer to it"
        ),
        Fault::DuplicateId { id } => format!("two files have the revision id `{id}`"),
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
        Fault::LockOutOfDate { dialects } => {
            let names: Vec<&str> = dialects.iter().map(|dialect| dialect.name()).collect();
            format!(
                "`schema.lock` is not of this chain for {}",
                names.join(" and ")
            )
        }
        Fault::UnpinnedFile { path } => {
            format!("`{path}` has changed, and no revision of the chain brings the change")
        }
        Fault::UnsoundLock { reason } => reason.to_string(),
        Fault::NoLock => "`migrate.toml` requires a `schema.lock`, and there is none".to_owned(),
        Fault::TooManyDigests { id, most } => {
            format!("databases may have more than {most} digests for the revision `{id}`")
        }
        Fault::RepeatedReference {
            id,
            key,
            same_as: None,
        } => format!("`{id}` is listed twice in `{key}`"),
        Fault::RepeatedReference {
            id,
            key,
            same_as: Some(other),
        } => {
            format!("`{other}` and `{id}` in `{key}` are the same revision")
        }
    }
}

fn label(fault: &Fault) -> Option<String> {
    let label = match fault {
        Fault::Cycle { ids } => return waits(ids),
        Fault::UnknownParent { .. } | Fault::UnknownDependency { .. } => "not found in any file",
        Fault::MissingKey { .. } => "in this header",
        Fault::RebuiltParent { .. } => "dropped here",
        Fault::Sql { kind, .. } => sql::label(*kind)?,
        _ => return None,
    };
    Some(label.to_owned())
}

/// The revision that the first of a cycle waits for.
fn waits(ids: &[String]) -> Option<String> {
    let (first, next) = (ids.first()?, ids.get(1)?);
    Some(format!("`{first}` waits for `{next}`"))
}

/// `a -> b -> a`, each before what it waits for.
fn cycle(ids: &[String]) -> String {
    let mut path: Vec<&str> = ids.iter().map(String::as_str).collect();
    path.extend(ids.first().map(String::as_str));
    path.join(" -> ")
}
