//! The help for each fault: what to do next.

use super::fault::Fault;
use super::sql;

#[allow(clippy::too_many_lines, reason = "a line or two for each fault")]
pub fn help(fault: &Fault) -> String {
    match fault {
        Fault::NoDirectory { is_named: true, .. } => {
            "create the folder, or remove it from `versions` in migrate.toml".to_owned()
        }
        Fault::NoDirectory { is_named: false, .. } => "run `cargo migrate init` to create one, or correct the path".to_owned(),
        Fault::Unreadable { .. } => "check its type, its size and its permissions".to_owned(),
        Fault::RepeatedFolder { .. } => "remove the link: each folder is read once".to_owned(),
        Fault::NotUtf8 { .. } => "save the file as UTF-8".to_owned(),
        Fault::NulByte { is_wide: true } => "save the file as UTF-8: it looks like UTF-16".to_owned(),
        Fault::NulByte { is_wide: false } => "remove the byte; your editor may show it as `^@` or not at all".to_owned(),
        Fault::NotARevision => "write the header with `revision: …` and `down_revision: …` at its top, or move the \
                                file out of the version location"
            .to_owned(),
        Fault::OutsideVersions { location, .. } => {
            format!("move it into `{location}` if it is a revision, or else out of the migration directory")
        }
        Fault::ConflictMarker => "finish the merge and remove the markers".to_owned(),
        Fault::ConfigSyntax { .. } => "fix the syntax; text goes in quotes, lists in brackets".to_owned(),
        Fault::ConfigUnknownKey { key, nearest: None, known } if key.contains('.') => {
            let table = key.split('.').next().unwrap_or_default();
            format!("the keys of `[{table}]` are {}", quoted(known))
        }
        Fault::ConfigUnknownKey { nearest, known, .. } => {
            did_you_mean(*nearest).unwrap_or_else(|| format!("the keys are {}", quoted(known)))
        }
        Fault::ConfigValue { key, expected } => format!("`{key}` takes {expected}"),
        Fault::ConnectTransaction { .. } => {
            "remove it: each revision has a transaction of its own, unless its header says `transaction: off`".to_owned()
        }
        Fault::MalformedValue { key, expected } => format!("`{key}` takes {expected}"),
        Fault::MissingKey { key: "down_revision" } => {
            "name the parent, or write `down_revision: none` for the first revision".to_owned()
        }
        Fault::MissingKey { key } => format!("add a line `{key}: …` below the message"),
        Fault::MalformedLine => "only keys can follow the empty line that ends the message: join the line to the message, or \
                                 move it below the header"
            .to_owned(),
        Fault::RepeatedKey { .. } => "keep one of the two".to_owned(),
        Fault::UnknownKey { nearest, known, .. } => {
            did_you_mean(*nearest).unwrap_or_else(|| format!("the keys are {}", quoted(known)))
        }
        Fault::IllegalCharacter { .. } => {
            "an id is made of the letters a to z, digits and `_`; a branch label may have `-` as well".to_owned()
        }
        Fault::TooLong { most, .. } => format!("the version table takes ids of up to {most} characters"),
        Fault::AmbiguousLabel { .. } => {
            "do not begin or end a label with `-`, or end it with `-` and digits: write `release_2`, not `release-2`".to_owned()
        }
        Fault::Reserved { reserved, .. } => format!("the words {} name places in the chain; choose another name", quoted(reserved)),
        Fault::UnknownMarker { nearest, .. } => did_you_mean(*nearest).unwrap_or_else(|| {
            "a marker is `-- migrate: upgrade`, `downgrade`, `statement`, `end` or `allow`".to_owned()
        }),
        Fault::MalformedMarker { meant } => format!("write `{meant}`, or reword the comment"),
        Fault::UnknownDialect { nearest, .. } => {
            did_you_mean(*nearest).unwrap_or_else(|| "a section serves `sqlite`, `postgres` or `mysql`".to_owned())
        }
        Fault::RepeatedSection { .. } => "join the two sections".to_owned(),
        Fault::TextBeforeSection => "write `-- migrate: upgrade` above it".to_owned(),
        Fault::MissingUpgrade { rust: true } => {
            "add `pub async fn upgrade(cx: &mut Context<'_>) -> Result<()>`".to_owned()
        }
        Fault::MissingUpgrade { rust: false } => {
            "add `-- migrate: upgrade`; the section may be empty in a merge revision".to_owned()
        }
        Fault::IrreversibleDowngrade => "remove the key `irreversible`, or the downgrade".to_owned(),
        Fault::MissingDowngrade { rust: true } => "add `pub async fn downgrade(cx: &mut Context<'_>) -> Result<()>`, \
                                                   or say why there is none: `irreversible: …`"
            .to_owned(),
        Fault::MissingDowngrade { rust: false } => {
            "add `-- migrate: downgrade`, or say why there is none: `irreversible: …`".to_owned()
        }
        Fault::MissingDialect { section, dialect } => format!(
            "add `-- migrate: {section} {dialect}`, or a section without names, or remove \"{dialect}\" from \
             `dialects` in migrate.toml"
        ),
        Fault::Sql { kind, .. } => sql::help(*kind).to_owned(),
        Fault::RebuiltParent { .. } => "write `foreign_keys: off` in the header: the rows are then kept, and checked before \
                                        the commit; or `foreign_keys: cascade` if they can be deleted"
            .to_owned(),
        Fault::DuplicateId { .. } => "give the newer file another id; `cargo migrate revision` generates one".to_owned(),
        Fault::CaseCollision { .. } => {
            "give one of them another id: not every database and file system tells the two apart".to_owned()
        }
        Fault::UnknownParent { nearest, childless, .. } => unknown_parent(nearest.as_deref(), childless.as_deref()),
        Fault::UnknownDependency { nearest, .. } => did_you_mean(nearest.as_deref())
            .unwrap_or_else(|| "restore the file that is missing, or remove the name from the list".to_owned()),
        Fault::SelfReference { key: "down_revision", .. } => {
            "name the revision that should come before it, or `none`".to_owned()
        }
        Fault::TooManyDigests { .. } => "the `replaced_digest` lines of its ancestors multiply where they meet: take out those that \
                                         no database has any more"
            .to_owned(),
        Fault::SelfReference { .. } | Fault::RepeatedReference { .. } => "remove it from the list".to_owned(),
        Fault::Cycle { .. } => "correct one of these `down_revision` or `depends_on` keys, so that one revision comes first".to_owned(),
        Fault::SeveralHeads { heads } => format!(
            "run `cargo migrate merge {}`, or allow several with `heads = \"many\"` in migrate.toml",
            heads.join(" ")
        ),
        Fault::SeveralBases { .. } => {
            "name a parent in all but one of them, or allow several with `bases = \"many\"` in migrate.toml".to_owned()
        }
        Fault::LockOutOfDate { .. } | Fault::NoLock => {
            "run `cargo migrate lock`, which writes the file".to_owned()
        }
        Fault::UnpinnedFile { .. } => "run `cargo migrate revision --autogenerate`, which writes that revision and pins the file".to_owned(),
        Fault::UnsoundLock { reason } => reason.help().to_owned(),
        Fault::DuplicateLabel { .. } | Fault::LabelIsRevision { .. } => "choose another label".to_owned(),
    }
}

/// A name that looks alike is most likely meant, unless another revision has lost its child: ids that count up look all
/// alike, and when a file is missing, its parent is what should be named.
fn unknown_parent(nearest: Option<&str>, childless: Option<&str>) -> String {
    match (nearest, childless) {
        (Some(nearest), childless) if childless.is_none_or(|childless| childless == nearest) => {
            format!("did you mean `{nearest}`?")
        }
        (Some(nearest), Some(childless)) => format!(
            "restore the missing file, or name `{childless}`, which no other revision has as parent; or did you mean \
             `{nearest}`?"
        ),
        (_, Some(childless)) => {
            format!(
                "restore the missing file, or name `{childless}`, which no other revision has as parent"
            )
        }
        (_, None) => {
            "restore the missing file, or name the revision that should come before this one"
                .to_owned()
        }
    }
}

fn did_you_mean(nearest: Option<&str>) -> Option<String> {
    nearest.map(|nearest| format!("did you mean `{nearest}`?"))
}

pub fn quoted(names: &[impl AsRef<str>]) -> String {
    let names: Vec<String> = names
        .iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    names.join(", ")
}
