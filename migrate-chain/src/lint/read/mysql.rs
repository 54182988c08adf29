//! The rules of MySQL and MariaDB.

use super::super::ddl::{ChangeKind, Column, ConstraintKind, Ddl, Name, TableAlteration};
use super::super::rules;
use super::super::words::Reader;
use super::common::narrowed;
use super::site::Site;

pub fn statement(site: &mut Site<'_>, ddl: &Ddl<'_>) {
    utf8mb3(site);
    match ddl {
        Ddl::CreateIndex { table, kind, .. }
            if site.is_old(table) && kind.is_any(&["FULLTEXT", "SPATIAL"]) =>
        {
            let all = site.reader;
            locks(site, table, &all);
        }
        Ddl::AlterTable { table, changes } if site.is_old(table) => {
            // The server refuses the statement if it cannot be done so.
            let is_online = site.reader.has(&["LOCK", "=", "NONE"])
                || site.reader.has(&["ALGORITHM", "=", "INSTANT"]);
            for change in changes {
                if let ChangeKind::Redefine { from, to } = &change.kind {
                    narrowed(site, table, from, &change.text, &to.ty);
                }
                if !is_online {
                    alteration(site, table, change, changes);
                }
            }
        }
        _ => {}
    }
}

fn utf8mb3(site: &mut Site<'_>) {
    let mut rest = site.reader;
    while !rest.is_done() {
        let names_one = rest.eat("CHARSET") || rest.eat_all(&["CHARACTER", "SET"]);
        if names_one {
            rest.eat("=");
            if rest.is_any(&["utf8", "utf8mb3", "'utf8'", "'utf8mb3'"]) {
                let message = format!("`{}` cannot hold every character", rest.peek());
                let part = { rest }.until(&[","]);
                site.find_at(&rules::UTF8MB3, &part, message, None);
                return;
            }
        } else {
            rest.bump();
        }
    }
}

fn alteration(
    site: &mut Site<'_>,
    table: &Name,
    change: &TableAlteration<'_>,
    all: &[TableAlteration<'_>],
) {
    match &change.kind {
        ChangeKind::AddConstraint(constraint) => match constraint.kind {
            ConstraintKind::Foreign => {
                let message = format!(
                    "with foreign keys checked, the server copies `{}` while writes wait",
                    table.key
                );
                site.find_at(&rules::FOREIGN_KEY_SCANS, &change.text, message, None);
            }
            ConstraintKind::Check => copies(site, table, &change.text),
            _ => {}
        },
        ChangeKind::AddIndex => {
            let mut text = change.text;
            text.bump();
            if text.is_any(&["FULLTEXT", "SPATIAL"]) {
                locks(site, table, &change.text);
            }
        }
        ChangeKind::AddColumn(column) if column.is_stored => copies(site, table, &change.text),
        ChangeKind::Redefine { from, to } if is_other_type(site, table, from, to) => {
            copies(site, table, &change.text);
        }
        ChangeKind::Other => other(site, table, &change.text, all),
        _ => {}
    }
}

fn other(site: &mut Site<'_>, table: &Name, text: &Reader<'_>, all: &[TableAlteration<'_>]) {
    let adds_primary = || {
        all.iter().any(|change| {
            matches!(&change.kind, ChangeKind::AddConstraint(constraint) if constraint.kind == ConstraintKind::Primary)
        })
    };
    let mut words = *text;
    if words.eat_all(&["CONVERT", "TO"])
        || words.eat_all(&["ORDER", "BY"])
        || (words.eat_all(&["DROP", "PRIMARY", "KEY"]) && !adds_primary())
    {
        copies(site, table, text);
    }
    if text.is("LOCK") && (text.has(&["SHARED"]) || text.has(&["EXCLUSIVE"])) {
        locks(site, table, text);
    }
}

/// Whether a definition changes the type in a way that copies the table: a varchar that grows within one byte of length
/// does not.
fn is_other_type(site: &Site<'_>, table: &Name, from: &Name, to: &Column<'_>) -> bool {
    let Some(before) = site.tables.type_of(table, from) else {
        return true;
    };
    let plain = |ty: &str| ty.to_ascii_lowercase().replace(' ', "");
    let (before, after) = (plain(before), plain(to.ty.text()));
    let length = |ty: &str| -> Option<u32> {
        let inner = ty.strip_prefix("varchar(")?.strip_suffix(')')?;
        inner.parse().ok()
    };
    match (length(&before), length(&after)) {
        // A character takes up to four bytes.
        (Some(before), Some(after)) => after < before || (before < 64) != (after < 64),
        _ => before != after,
    }
}

fn copies(site: &mut Site<'_>, table: &Name, text: &Reader<'_>) {
    let message = format!("the server copies `{}` while writes wait", table.key);
    site.find_at(&rules::ALTER_COPIES, text, message, None);
}

fn locks(site: &mut Site<'_>, table: &Name, text: &Reader<'_>) {
    let message = format!("writes to `{}` wait until it is done", table.key);
    site.find_at(&rules::ALTER_LOCKS, text, message, None);
}
