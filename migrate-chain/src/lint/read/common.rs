//! The rules that every database has.

use super::super::ddl::{ChangeKind, Ddl, Name};
use super::super::rules;
use super::super::words::Reader;
use super::site::Site;
use crate::Dialect;

pub fn statement(site: &mut Site<'_>, ddl: &Ddl<'_>) {
    match ddl {
        Ddl::DropTable { tables } => {
            for table in tables {
                if site.is_old(table) && !is_rebuild(site, table) {
                    let message = format!("the table `{}` is dropped with its rows", table.key);
                    site.find(&rules::DROP_TABLE, message, None);
                }
            }
        }
        Ddl::Truncate { tables } => {
            for table in tables {
                if site.is_old(table) {
                    let message = format!("all rows of `{}` are deleted", table.key);
                    site.find(&rules::TRUNCATE, message, None);
                }
            }
        }
        Ddl::RenameTable { table, to } => {
            let all = site.reader;
            rename_table(site, &all, table, to);
        }
        Ddl::AlterTable { table, changes } if site.is_old(table) => {
            for change in changes {
                column(site, table, &change.text, &change.kind);
            }
        }
        _ => {}
    }
}

fn column(site: &mut Site<'_>, table: &Name, text: &Reader<'_>, kind: &ChangeKind<'_>) {
    match kind {
        ChangeKind::DropColumn(column) => {
            let message = format!("the column `{}.{}` is dropped", table.key, column.key);
            site.find_at(&rules::DROP_COLUMN, text, message, None);
        }
        ChangeKind::RenameColumn { from } => rename_column(site, table, from, text),
        ChangeKind::Redefine { from, to } if from.key != to.name.key => {
            rename_column(site, table, from, text);
        }
        ChangeKind::RenameTable { to } => rename_table(site, text, table, to),
        _ => {}
    }
}

fn rename_column(site: &mut Site<'_>, table: &Name, column: &Name, text: &Reader<'_>) {
    let message = format!(
        "the column `{}.{}` is renamed under the app that is running",
        table.key, column.key
    );
    site.find_at(&rules::RENAME_COLUMN, text, message, None);
}

fn rename_table(site: &mut Site<'_>, text: &Reader<'_>, table: &Name, to: &Name) {
    // A name that a table gets back is that of a rebuild.
    if site.is_old(table) && !comes_back(site, table) {
        let message = format!(
            "the table `{}` becomes `{}` under the app that is running",
            table.key, to.key
        );
        site.find_at(&rules::RENAME_TABLE, text, message, None);
    }
}

/// Whether the table that is dropped has made room for a new one of its name, or will.
pub fn is_rebuild(site: &Site<'_>, table: &Name) -> bool {
    site.tables.is_remnant(table, site.deployment) || comes_back(site, table)
}

/// Whether a later statement of the revision gives the name to a table again.
pub fn comes_back(site: &Site<'_>, table: &Name) -> bool {
    site.any_later(|ddl| match ddl {
        Ddl::CreateTable { table: created, .. } => created.key == table.key,
        Ddl::RenameTable { to, .. } => to.key == table.key,
        Ddl::AlterTable { changes, .. } => changes.iter().any(
            |change| matches!(&change.kind, ChangeKind::RenameTable { to } if to.key == table.key),
        ),
        _ => false,
    })
}

/// A type that has become narrower.
pub fn narrowed(
    site: &mut Site<'_>,
    table: &Name,
    column: &Name,
    text: &Reader<'_>,
    to: &Reader<'_>,
) {
    let Some(from) = site.tables.type_of(table, column) else {
        return;
    };
    let (before, after) = (
        Size::of(site.dialect, from),
        Size::of(site.dialect, to.text()),
    );
    if let (Some(before), Some(after)) = (before, after)
        && after.is_narrower(&before)
    {
        let message = format!(
            "`{}.{}` was {from} and becomes {}: a value that does not fit fails or is cut off",
            table.key,
            column.key,
            to.text()
        );
        site.find_at(&rules::TYPE_NARROWED, text, message, None);
    }
}

/// How much a type holds, among types that can be compared.
#[derive(Debug, PartialEq, Eq)]
enum Size {
    /// Bytes of an integer, and whether it has a sign.
    Integer(u64, bool),
    /// The longest text.
    Text(u64),
    /// The digits before and after the point.
    Decimal(u64, u64),
}

impl Size {
    fn of(dialect: Dialect, ty: &str) -> Option<Self> {
        let upper = ty.to_ascii_uppercase();
        let word = upper.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
        let arguments: Vec<u64> = upper
            .split(|c: char| !c.is_ascii_digit())
            .skip_while(|part| word.contains(part) || part.is_empty())
            .filter_map(|part| part.parse().ok())
            .collect();
        let has_sign = !upper.contains("UNSIGNED");
        let longest = arguments.first().copied();
        Some(match word {
            "TINYINT" => Self::Integer(1, has_sign),
            "SMALLINT" | "INT2" => Self::Integer(2, has_sign),
            "MEDIUMINT" => Self::Integer(3, has_sign),
            "INT" | "INTEGER" | "INT4" => Self::Integer(4, has_sign),
            "BIGINT" | "INT8" => Self::Integer(8, has_sign),
            "CHAR" | "CHARACTER" | "VARCHAR" | "NVARCHAR" => {
                Self::Text(longest.unwrap_or(u64::MAX))
            }
            "TINYTEXT" => Self::Text(255),
            "TEXT" if dialect == Dialect::MySql => Self::Text(0xffff),
            "MEDIUMTEXT" => Self::Text(0xff_ffff),
            "TEXT" | "LONGTEXT" => Self::Text(u64::MAX),
            "DECIMAL" | "NUMERIC" => {
                let scale = arguments.get(1).copied().unwrap_or(0);
                Self::Decimal(longest?.saturating_sub(scale), scale)
            }
            _ => return None,
        })
    }

    fn is_narrower(&self, before: &Self) -> bool {
        match (self, before) {
            (Self::Integer(now, sign), Self::Integer(then, signed)) => now < then || sign != signed,
            (Self::Text(now), Self::Text(then)) => now < then,
            (Self::Decimal(digits, scale), Self::Decimal(then, before)) => {
                digits < then || scale < before
            }
            _ => false,
        }
    }
}

/// `ALTER TABLE` and the table, for a rewrite.
pub fn alter(table: &Name) -> String {
    format!("ALTER TABLE {}", table.shown)
}

/// The part of a name made of several, as long as every database takes it.
pub fn short(name: &str) -> String {
    let mut short: String = name.chars().take(48).collect();
    short.truncate(short.floor_char_boundary(56));
    short
}

/// A name for an object of ours, quoted if it must be.
pub fn object(dialect: Dialect, name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.chars().all(is_plain) {
        name.to_owned()
    } else {
        crate::sql::quote_name(dialect, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_compared_with_one_of_its_kind_alone() {
        let is_narrower = |from: &str, to: &str| {
            let (from, to) = (
                Size::of(Dialect::Postgres, from),
                Size::of(Dialect::Postgres, to),
            );
            matches!((from, to), (Some(from), Some(to)) if to.is_narrower(&from))
        };
        for (from, to) in [
            ("bigint", "INT"),
            ("varchar(200)", "VARCHAR(20)"),
            ("text", "varchar(20)"),
            ("int unsigned", "int"),
            ("numeric(10, 2)", "numeric(9,1)"),
            ("character varying(9)", "character varying(8)"),
        ] {
            assert!(is_narrower(from, to), "{from} to {to}");
            assert!(
                !is_narrower(to, from) || from.contains("unsigned"),
                "{to} to {from}"
            );
        }
        for (from, to) in [
            ("int", "int4"),
            ("int8", "bigint"),
            ("text", "uuid"),
            ("varchar(20)", "text"),
            ("int(11)", "int"),
        ] {
            assert!(!is_narrower(from, to), "{from} to {to}");
        }
    }
}
