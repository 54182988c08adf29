//! The rules of PostgreSQL that need no parser of its whole grammar.

use super::super::ddl::{
    ChangeKind, Column, Constraint, ConstraintKind, Ddl, Name, TableAlteration,
};
use super::super::rewrite::{Rewrite, RewriteStage};
use super::super::rules;
use super::super::words::Reader;
use super::common::{alter, narrowed, object, short};
use super::site::Site;
use crate::Dialect;

pub fn statement(site: &mut Site<'_>, ddl: &Ddl<'_>) {
    match ddl {
        Ddl::CreateIndex {
            index,
            table,
            concurrently: false,
            ..
        } if site.is_old(table) => {
            let message = format!(
                "`CREATE INDEX` blocks writes to `{}` until every row is read",
                table.key
            );
            let rewrite = concurrent_index(site, index.as_ref(), table);
            site.find(&rules::INDEX_BLOCKS_WRITES, message, rewrite);
        }
        Ddl::DropIndex {
            concurrently: false,
            names,
        } => drop_index(site, *names),
        Ddl::Reindex {
            concurrently: false,
        } => {
            let message = "`REINDEX` blocks writes until every row is read".to_owned();
            site.find(&rules::REINDEX_BLOCKS, message, None);
        }
        Ddl::Rewrite { keyword } => {
            let message = format!("`{keyword}` blocks reads and writes until the table is copied");
            site.find(&rules::VACUUM_FULL, message, None);
        }
        Ddl::AlterDomain { domain, rest } if site.is_old(domain) => {
            let adds = rest.is("ADD") && !rest.has(&["NOT", "VALID"]);
            if adds || rest.has(&["SET", "NOT", "NULL"]) {
                let message = format!(
                    "every table with a column of the domain `{}` is read under a lock",
                    domain.key
                );
                site.find(&rules::DOMAIN_SCANS, message, None);
            }
        }
        Ddl::AlterTable { table, changes } if site.is_old(table) => {
            for change in changes {
                alteration(site, table, change);
            }
        }
        _ => {}
    }
}

fn drop_index(site: &mut Site<'_>, names: Reader<'_>) {
    for mut part in names.parts() {
        let index = Name::read(&mut part);
        if !site.is_old(&index) {
            continue;
        }
        let message = format!(
            "`DROP INDEX` waits for every query on the table of `{}`, and later ones wait for it",
            index.key
        );
        let upgrade = format!("DROP INDEX CONCURRENTLY {};", index.shown);
        let stage = RewriteStage::new(format!("drop {}", index.key), upgrade, "").outside();
        site.find(
            &rules::INDEX_DROP_BLOCKS,
            message,
            Some(Rewrite::advice([stage])),
        );
    }
}

/// An index without a name gets one from the server, and nobody could drop it by it.
fn concurrent_index(site: &Site<'_>, index: Option<&Name>, table: &Name) -> Option<Rewrite> {
    if site.tables.is_partitioned(table) {
        return None;
    }
    let mut words = site.reader;
    words.find_any(&["INDEX"]);
    let at = words.range().start + "INDEX".len();
    let text = site.reader.text();
    let upgrade = format!("{} CONCURRENTLY{};", &text[..at], &text[at..]);
    let stage = |name: &str, downgrade: &str| {
        RewriteStage::new(
            format!("build {name} without blocking"),
            upgrade.clone(),
            downgrade,
        )
        .outside()
    };
    let Some(index) = index else {
        return Some(Rewrite::advice([stage("the index", "")]));
    };
    let schema = table.shown.rsplit_once('.');
    let schema = schema.map_or_else(String::new, |(schema, _)| format!("{schema}."));
    let downgrade = format!("DROP INDEX CONCURRENTLY {schema}{};", index.shown);
    Some(Rewrite::certain([stage(&index.key, &downgrade)]))
}

fn alteration(site: &mut Site<'_>, table: &Name, change: &TableAlteration<'_>) {
    match &change.kind {
        ChangeKind::AddConstraint(constraint)
            if !constraint.not_valid && !constraint.using_index =>
        {
            add_constraint(site, table, &change.text, constraint);
        }
        ChangeKind::SetNotNull(column) => {
            let message = format!(
                "`SET NOT NULL` blocks reads and writes of `{}` until every row is read",
                table.key
            );
            let rewrite = not_null(table, column);
            site.find_at(&rules::NOT_NULL_SCANS, &change.text, message, Some(rewrite));
        }
        ChangeKind::SetType { column, ty } => {
            let before = site.tables.type_of(table, column);
            if !before.is_some_and(|before| is_free(before, ty.text())) {
                let message = format!(
                    "a new type for `{}.{}` may copy the table while reads and writes wait",
                    table.key, column.key
                );
                site.find_at(&rules::TYPE_REWRITES, &change.text, message, None);
            }
            narrowed(site, table, column, &change.text, ty);
        }
        ChangeKind::AddColumn(column) => add_column(site, table, &change.text, column),
        ChangeKind::DetachPartition {
            concurrently: false,
        } => {
            let message = format!("reads and writes of `{}` wait for the lock", table.key);
            site.find_at(&rules::PARTITION_DETACH_BLOCKS, &change.text, message, None);
        }
        _ => {}
    }
}

/// Whether a change of type needs no look at the rows: a text that may be longer.
fn is_free(from: &str, to: &str) -> bool {
    let longest = |ty: &str| {
        let ty = ty.to_ascii_lowercase().replace(' ', "");
        let rest = ty
            .strip_prefix("varchar")
            .or_else(|| ty.strip_prefix("charactervarying"));
        match rest {
            Some("") => Some(u64::MAX),
            Some(rest) => rest.strip_prefix('(')?.strip_suffix(')')?.parse().ok(),
            None => (ty == "text").then_some(u64::MAX),
        }
    };
    matches!((longest(from), longest(to)), (Some(from), Some(to)) if from <= to)
}

fn add_constraint(
    site: &mut Site<'_>,
    table: &Name,
    text: &Reader<'_>,
    constraint: &Constraint<'_>,
) {
    let (rule, message) = match constraint.kind {
        ConstraintKind::Foreign => (
            &rules::FOREIGN_KEY_SCANS,
            format!(
                "the foreign key blocks writes to `{}` and to the table it refers to until every row is checked",
                table.key
            ),
        ),
        ConstraintKind::Check => (
            &rules::CHECK_SCANS,
            format!(
                "the check blocks reads and writes of `{}` until every row is read",
                table.key
            ),
        ),
        ConstraintKind::Unique | ConstraintKind::Primary | ConstraintKind::Exclude => (
            &rules::UNIQUE_SCANS,
            format!(
                "the constraint blocks reads and writes of `{}` until its index is built",
                table.key
            ),
        ),
    };
    let rewrite = match constraint.kind {
        ConstraintKind::Foreign | ConstraintKind::Check => not_valid(table, constraint),
        ConstraintKind::Unique | ConstraintKind::Primary => using_index(table, constraint),
        ConstraintKind::Exclude => None,
    };
    site.find_at(rule, text, message, rewrite);
}

/// `NOT VALID`, and `VALIDATE CONSTRAINT` in a revision of its own: in one transaction the lock would last for both.
fn not_valid(table: &Name, constraint: &Constraint<'_>) -> Option<Rewrite> {
    let name = match &constraint.name {
        Some(name) => name.shown.clone(),
        None => object(Dialect::Postgres, &default_name(table, constraint)?),
    };
    let alter = alter(table);
    let body = constraint.body.text();
    let add = format!("{alter} ADD CONSTRAINT {name} {body} NOT VALID;");
    let validate = format!("{alter} VALIDATE CONSTRAINT {name};");
    // No statement makes a constraint invalid again.
    let again = format!("{alter} DROP CONSTRAINT {name};\n{add}");
    let stages = [
        RewriteStage::new(format!("add {name}"), add, ""),
        RewriteStage::new(format!("validate {name}"), validate, again),
    ];
    Some(if constraint.kind == ConstraintKind::Foreign {
        Rewrite::certain(stages)
    } else {
        Rewrite::advice(stages)
    })
}

/// The name that the server gives to a foreign key: its table, its columns, `fkey`. None for a check, whose name depends on
/// its expression.
fn default_name(table: &Name, constraint: &Constraint<'_>) -> Option<String> {
    let mut body = constraint.body;
    if !body.eat_all(&["FOREIGN", "KEY"]) {
        return None;
    }
    let columns = body.group()?.parts().into_iter();
    let columns: Vec<String> = columns.map(|mut part| Name::read(&mut part).key).collect();
    let name = format!("{}_{}_fkey", table.key, columns.join("_"));
    // The server shortens a longer one in its own way.
    (name.len() <= 63).then_some(name)
}

fn using_index(table: &Name, constraint: &Constraint<'_>) -> Option<Rewrite> {
    let (word, suffix) = match constraint.kind {
        ConstraintKind::Primary => ("PRIMARY KEY", "pkey"),
        _ => ("UNIQUE", "key"),
    };
    let mut body = constraint.body;
    body.bump();
    body.eat("KEY");
    let columns = body.group()?;
    let name = match &constraint.name {
        Some(name) => name.shown.clone(),
        None => object(
            Dialect::Postgres,
            &format!("{}_{suffix}", short(&table.key)),
        ),
    };
    let index = format!(
        "CREATE UNIQUE INDEX CONCURRENTLY {name} ON {} ({});",
        table.shown,
        columns.text()
    );
    let add = format!(
        "{} ADD CONSTRAINT {name} {word} USING INDEX {name};",
        alter(table)
    );
    Some(Rewrite::advice([
        RewriteStage::new(format!("build {name}"), index, "").outside(),
        RewriteStage::new(format!("add {name}"), add, ""),
    ]))
}

/// A valid check that the column is never NULL spares `SET NOT NULL` the scan.
fn not_null(table: &Name, column: &Name) -> Rewrite {
    let name = format!("{}_{}_not_null", short(&table.key), short(&column.key));
    let name = object(Dialect::Postgres, &short(&name));
    let (alter, column) = (alter(table), &column.shown);
    let check = format!("{alter} ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL) NOT VALID;");
    let drop_check = format!("{alter} DROP CONSTRAINT {name};");
    let set = format!(
        "{alter} VALIDATE CONSTRAINT {name};\n{alter} ALTER COLUMN {column} SET NOT NULL;\n{drop_check}"
    );
    let unset = format!("{check}\n{alter} ALTER COLUMN {column} DROP NOT NULL;");
    Rewrite::certain([
        RewriteStage::new(format!("check {name}"), check, drop_check),
        RewriteStage::new(format!("set {column} not null"), set, unset),
    ])
}

fn add_column(site: &mut Site<'_>, table: &Name, text: &Reader<'_>, column: &Column<'_>) {
    let why = if column.is_stored {
        Some("a stored generated column is computed for every row")
    } else if column.is_counted {
        Some("every row gets a number of its own")
    } else if column.default.is_some_and(is_volatile) {
        Some("the default is volatile, so every row gets a value of its own")
    } else {
        None
    };
    if let Some(why) = why {
        let message = format!(
            "{why}: `{}` is copied while reads and writes wait",
            table.key
        );
        let rewrite = column.default.filter(|_| !column.is_counted);
        let rewrite = rewrite.map(|default| three_steps(table, column, default));
        site.find_at(&rules::COLUMN_REWRITES, text, message, rewrite);
    }
    let is_null = column.default.is_none_or(|default| default.is("NULL"));
    if column.not_null && is_null && !column.is_generated && !column.is_counted {
        let message = format!(
            "`{}.{}` is NOT NULL and has no default: this fails if `{}` has a row",
            table.key, column.name.key, table.key
        );
        site.find_at(&rules::REQUIRED_COLUMN, text, message, None);
    }
    if column.references && column.default.is_some_and(|default| !default.is("NULL")) {
        let message = format!(
            "the foreign key blocks writes to `{}` until every row is checked",
            table.key
        );
        site.find_at(&rules::FOREIGN_KEY_SCANS, text, message, None);
    }
    if column.is_unique || column.is_primary {
        let message = format!(
            "the constraint blocks reads and writes of `{}` until its index is built",
            table.key
        );
        site.find_at(&rules::UNIQUE_SCANS, text, message, None);
    }
}

/// The functions that give each row a value of its own. Others are left to squawk's list and to the measurement.
fn is_volatile(default: Reader<'_>) -> bool {
    const VOLATILE: [&str; 9] = [
        "random(",
        "gen_random_uuid(",
        "uuidv4(",
        "uuidv7(",
        "uuid_generate_v1(",
        "uuid_generate_v4(",
        "clock_timestamp(",
        "timeofday(",
        "nextval(",
    ];
    let text = default.text().to_ascii_lowercase();
    VOLATILE.iter().any(|call| text.contains(call))
}

/// Add the column without a default, set the default for new rows, fill the old ones.
fn three_steps(table: &Name, column: &Column<'_>, default: Reader<'_>) -> Rewrite {
    let (alter, name) = (alter(table), &column.name.shown);
    let (ty, default) = (column.ty.text(), default.text());
    let add = format!(
        "{alter} ADD COLUMN {name} {ty};\n{alter} ALTER COLUMN {name} SET DEFAULT {default};"
    );
    let fill = format!(
        "UPDATE {} SET {name} = {default} WHERE {name} IS NULL;",
        table.shown
    );
    let mut stages = vec![
        RewriteStage::new(format!("add {name}"), add, ""),
        RewriteStage::new(format!("fill {name}"), fill, "").outside(),
    ];
    if column.not_null {
        stages.extend(not_null(table, &column.name).stages);
    }
    let is_plain = !column.is_unique && !column.is_primary && !column.references && !column.check;
    if is_plain {
        Rewrite::certain(stages)
    } else {
        Rewrite::advice(stages)
    }
}
