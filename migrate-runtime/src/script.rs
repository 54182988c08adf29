//! Scripts for `psql`, `mysql` and `sqlite3`: the same statements as a live run, and the same records.

use std::fmt::Write as _;

use migrate_chain::Dialect;
use migrate_chain::graph::RevisionGraph;
use migrate_chain::plan::Route;
use migrate_chain::sql::comment;
use migrate_chain::target::{Range, Target};

use crate::journal::JournalDirection;
use crate::journal::state::RowChanges;
use crate::journal::tables::Tables;
use crate::protocol::stamp::stamped;
use crate::protocol::step::{self, PreparedStep};
use crate::protocol::verify;
use crate::protocol::view::GraphView;
use crate::syntax::{self, Around, Syntax};
use crate::values::error::{Error, ErrorKind};
use crate::values::options::TransactionMode;
use crate::{Direction, Migrations};

/// The script from `a` up to `b`.
pub fn upgrade(migrations: &Migrations, dialect: Dialect, range: &str) -> Result<String, Error> {
    script(
        migrations,
        dialect,
        &Range::of_script(range)?,
        Direction::Upgrade,
    )
}

/// The script from `b` down to `a`.
pub fn downgrade(migrations: &Migrations, dialect: Dialect, range: &str) -> Result<String, Error> {
    script(
        migrations,
        dialect,
        &Range::of_script(range)?,
        Direction::Downgrade,
    )
}

/// The script that sets the version rows, from where the first target that is a range starts.
pub fn stamp(
    migrations: &Migrations,
    dialect: Dialect,
    targets: &[&str],
    purge: bool,
) -> Result<String, Error> {
    let ranges: Vec<Range> = targets
        .iter()
        .map(|target| Range::of_script(target))
        .collect::<Result<_, _>>()?;
    let view = GraphView::new(migrations);
    let graph = &view.graph;
    let before = stamp_start(graph, &ranges)?;
    let targets: Vec<Target> = ranges
        .into_iter()
        .map(|range| range.end.unwrap_or_else(Target::heads))
        .collect();
    let stamp = graph.stamp(&before, &targets, purge)?;
    let after: Vec<String> = stamp
        .rows
        .iter()
        .map(|&row| graph.id(row).to_owned())
        .collect();
    let mut out = Writer::new(migrations, dialect);
    let tables = Tables::new(dialect, &migrations.settings, None);
    out.start(&tables);
    out.out.push('\n');
    out.begin();
    if purge {
        out.statement(&tables.clear_rows());
    }
    let before = if purge { Vec::new() } else { before };
    out.stamp(&view, &tables, &RowChanges::between(&before, &after));
    out.statement("COMMIT");
    Ok(out.out)
}

/// The script that creates the two tables.
pub fn ensure_version(migrations: &Migrations, dialect: Dialect) -> String {
    let mut out = Writer::new(migrations, dialect);
    out.start(&Tables::new(dialect, &migrations.settings, None));
    out.out
}

/// The rows that a stamp starts at; a script can start at one place only.
fn stamp_start(graph: &RevisionGraph, ranges: &[Range]) -> Result<Vec<String>, Error> {
    let mut starts: Vec<&Target> = ranges
        .iter()
        .filter_map(|range| range.start.as_ref())
        .collect();
    starts.dedup();
    match starts[..] {
        [] => Ok(Vec::new()),
        [start] => {
            let rows = graph.rows_at(start)?;
            Ok(rows.into_iter().map(str::to_owned).collect())
        }
        [one, other, ..] => Err(Error::new(
            ErrorKind::Target,
            format!("a script can start at one place, and there are `{one}` and `{other}`"),
        )
        .help("write a script for each")),
    }
}

fn script(
    migrations: &Migrations,
    dialect: Dialect,
    range: &Range,
    direction: Direction,
) -> Result<String, Error> {
    let view = GraphView::new(migrations);
    let plan = plan(&view.graph, range, direction)?;
    let tables = Tables::new(dialect, &migrations.settings, None);
    let steps = step::steps(&tables, &view, plan.steps(), direction);
    verify::can_run(migrations, dialect, TransactionMode::PerRevision, &steps)?;
    if let Some(step) = steps.iter().find(|step| step.revision.is_rust()) {
        return Err(verify::not_in_a_script(step.revision));
    }
    let mut out = Writer::new(migrations, dialect);
    out.start(&tables);
    for step in &steps {
        out.step(&tables, step);
    }
    Ok(out.out)
}

fn plan(graph: &RevisionGraph, range: &Range, direction: Direction) -> Result<Route, Error> {
    let none: &[&str] = &[];
    let start = match &range.start {
        None => Vec::new(),
        Some(start) => graph.resolve(start, none)?,
    };
    let rows: Vec<&str> = start
        .into_iter()
        .flatten()
        .map(|row| graph.id(row))
        .collect();
    let end = range.end.clone();
    let plan = match direction {
        Direction::Upgrade => graph.upgrade(&rows, &end.clone().unwrap_or_else(Target::heads)),
        Direction::Downgrade => graph.downgrade(&rows, &end.clone().unwrap_or_else(Target::base)),
    };
    let plan = plan?;
    let goes_down = |end: &Target| {
        graph
            .downgrade(&rows, end)
            .is_ok_and(|plan| !plan.steps().is_empty())
    };
    if direction == Direction::Upgrade
        && plan.steps().is_empty()
        && end.as_ref().is_some_and(goes_down)
    {
        return Err(Error::new(
            ErrorKind::Target,
            "the range goes down, and an upgrade goes up",
        )
        .help("write it the other way round, or ask for the downgrade"));
    }
    Ok(plan)
}

struct Writer {
    out: String,
    dialect: Dialect,
    syntax: &'static dyn Syntax,
    /// The statements of `[connect]`.
    connect: Vec<String>,
}

impl Writer {
    fn new(migrations: &Migrations, dialect: Dialect) -> Self {
        Self {
            out: String::new(),
            dialect,
            syntax: syntax::of(dialect),
            connect: migrations.settings.connect(dialect),
        }
    }

    /// The change of the version rows and its records, as a live stamp writes them.
    fn stamp(&mut self, view: &GraphView<'_>, tables: &Tables, changes: &RowChanges) {
        for change in tables.change_rows(changes) {
            self.statement(&change);
        }
        let gone = changes.removed.iter();
        let gone = gone.map(|id| (id, JournalDirection::Downgrade));
        let set = changes.added.iter().map(|id| (id, JournalDirection::Stamp));
        for (id, direction) in gone.chain(set) {
            let entry = stamped(view, self.dialect, id, direction);
            self.statement(&tables.add(&entry, None));
        }
    }

    fn start(&mut self, tables: &Tables) {
        self.out.push_str(self.syntax.shell_setup());
        self.own_settings(&[]);
        self.statement(&tables.create_version());
        self.statement(&tables.create_journal());
    }

    fn step(&mut self, tables: &Tables, step: &PreparedStep<'_>) {
        let revision = step.revision;
        let title = format!("{} {}: {}", step.direction, revision.id(), revision.title());
        let _ = writeln!(self.out, "\n{}", comment(&title));
        let around = if revision.keeps_foreign_keys() {
            Around::default()
        } else {
            self.syntax.without_keys()
        };
        self.statements(around.before_begin);
        let is_one_transaction = revision.is_transactional() && self.syntax.has_transactional_ddl();
        if is_one_transaction {
            self.begin();
        }
        self.statements(around.after_begin);
        let statements: Vec<&str> = step
            .script()
            .map_or_else(Vec::new, |script| script.statements().collect());
        self.statements(&statements);
        // The tables of the record are looked for as they were when they were created.
        self.own_settings(&statements);
        if !is_one_transaction {
            self.begin();
        }
        self.statements(around.before_commit);
        let record = step.record();
        for change in tables.change_rows(&record.changes) {
            self.statement(&change);
        }
        self.statement(&tables.add(&record.entry, None));
        self.statement("COMMIT");
        self.statements(around.after_commit);
    }

    /// The settings that the next statement is to find, after a script that may have made others.
    fn own_settings(&mut self, script: &[&str]) {
        let defaults = self.syntax.session_defaults();
        if !defaults.is_empty() {
            let _ = writeln!(self.out, "{};", defaults.join("; "));
        }
        for statement in self.syntax.undo(script) {
            self.statement(&statement);
        }
        for statement in self.connect.clone() {
            self.statement(&statement);
        }
    }

    fn begin(&mut self) {
        self.statement(self.syntax.begin());
    }

    fn statements(&mut self, statements: &[&str]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &str) {
        self.out.push_str(&self.syntax.in_shell(statement));
    }
}
