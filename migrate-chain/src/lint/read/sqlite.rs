//! The rules of SQLite.

use super::super::ddl::{ChangeKind, Column, Ddl, Name};
use super::super::rules;
use super::super::words::Reader;
use super::common::is_rebuild;
use super::site::Site;
use crate::ForeignKeys;

pub(super) fn statement(site: &mut Site<'_>, ddl: &Ddl<'_>) {
    match ddl {
        Ddl::DropTable { tables } => {
            for table in tables
                .iter()
                .filter(|table| site.tables.is_old(table, site.deployment))
                .cloned()
                .collect::<Vec<_>>()
            {
                drop_table(site, &table);
            }
        }
        Ddl::AlterTable { table, changes } if site.is_old(table) => {
            for change in changes {
                if let ChangeKind::AddColumn(column) = &change.kind {
                    add_column(site, table, &change.text, column);
                }
            }
        }
        _ => {}
    }
}

fn drop_table(site: &mut Site<'_>, table: &Name) {
    if is_rebuild(site, table) {
        let message = format!(
            "`{}` is rebuilt: writes to the whole file wait until it is copied",
            table.key
        );
        return site.find(&rules::REBUILD_COPIES, message, None);
    }
    if site.foreign_keys() != ForeignKeys::On {
        return;
    }
    if let Some(child) = site.tables.child_of(table) {
        let message = format!(
            "`{child}` refers to `{}`: the revision is refused if a row does",
            table.key
        );
        site.find(&rules::DROP_REFERENCED, message, None);
    }
}

fn add_column(site: &mut Site<'_>, table: &Name, text: &Reader<'_>, column: &Column<'_>) {
    let is_null = column.default.is_none_or(|default| default.is("NULL"));
    if column.not_null && is_null && !column.is_generated {
        let message = format!(
            "`{}.{}` is NOT NULL and has no default: this fails if `{}` has a row",
            table.key, column.name.key, table.key
        );
        site.find_at(&rules::REQUIRED_COLUMN, text, message, None);
    }
    let is_constant = |default: Reader<'_>| {
        !default.is_any(&["(", "CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME"])
    };
    if let Some(default) = column.default.filter(|default| !is_constant(*default)) {
        let message = format!(
            "`{}` is not a constant: this fails if `{}` has a row",
            default.text(),
            table.key
        );
        site.find_at(&rules::DEFAULT_NOT_CONSTANT, text, message, None);
    }
}
