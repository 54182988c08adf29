//! Revisions without a statement: one that is run counts as applied, and filling it in later is an edit.

use migrate_chain::sql::split;
use migrate_runtime::{Dialect, Direction, Migrations, Plan, Revision};

use super::{CommandError, Cx};

/// Whether a run in this direction could meet an empty section at all: the plan is looked at only then.
pub fn may_run(migrations: &Migrations, dialect: Dialect, direction: Direction) -> bool {
    let mut revisions = migrations.revisions().iter();
    revisions.any(|revision| is_empty(revision, dialect, direction))
}

/// Warns about the revisions of a plan that have no statement, and asks on a terminal.
///
/// # Errors
/// The user does not want that.
pub fn ask(cx: &mut Cx<'_>, plan: &Plan, dialect: Dialect) -> Result<(), CommandError> {
    let empty = of(cx.migrations, plan, dialect);
    if empty.is_empty() {
        return Ok(());
    }
    for id in &empty {
        cx.ui.note(format!(
            "warning: the upgrade of `{id}` has no statement: once it is run, it counts as applied, and to fill it in is an edit"
        ));
    }
    if cx.ui.is_interactive() && !cx.ui.confirm("Run it all the same?")? {
        return Err(
            CommandError::new("nothing was run").help("write the SQL below `-- migrate: upgrade`")
        );
    }
    Ok(())
}

/// Tells which downgrades of a plan do nothing.
pub fn tell(cx: &mut Cx<'_>, plan: &Plan, dialect: Dialect) {
    for id in of(cx.migrations, plan, dialect) {
        cx.ui.note(format!(
            "warning: the downgrade of `{id}` is empty: it undoes nothing in the database"
        ));
    }
}

fn of(migrations: &Migrations, plan: &Plan, dialect: Dialect) -> Vec<String> {
    let find = |id: &str| {
        migrations
            .revisions()
            .iter()
            .find(|revision| revision.id() == id)
    };
    let steps = plan.steps.iter().filter(|step| {
        find(&step.revision).is_some_and(|revision| is_empty(revision, dialect, step.direction))
    });
    steps.map(|step| step.revision.clone()).collect()
}

/// A merge has nothing to do of its own, and neither has a revision in Rust that could be looked into.
fn is_empty(revision: &Revision, dialect: Dialect, direction: Direction) -> bool {
    let range = match direction {
        Direction::Upgrade => revision.upgrade_range(dialect),
        Direction::Downgrade => revision.downgrade_range(dialect),
    };
    let is_merge = revision.down_revision().nth(1).is_some();
    !is_merge && range.is_some_and(|range| split(dialect, &revision.text()[range]).next().is_none())
}
