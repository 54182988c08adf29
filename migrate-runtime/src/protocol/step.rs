use std::borrow::Cow;
use std::time::Duration;

use migrate_chain::{Checksum, Dialect, ForeignKeys, Revision, plan};

use tracing::{Span, debug, info, info_span};

use super::view::GraphView;
use crate::context::RevisionFn;
use crate::database::{Progress, Transactional, Work};
use crate::journal::state::RowChanges;
use crate::journal::state::VersionRow;
use crate::journal::subject::Subject;
use crate::journal::tables::Tables;
use crate::journal::{Entry, JournalEvent, Record};
use crate::sql::{Script, for_server};
use crate::values::options::Options;
use crate::values::report::StepReport;
use crate::{Direction, Event, Migrations};

/// A revision that is about to run, with all that is needed for it.
pub struct PreparedStep<'r> {
    pub revision: &'r Revision,
    pub direction: Direction,
    subject: Subject<'r>,
    pub code: Code<'r>,
    /// The downgrade, for the journal.
    downgrade: Option<Cow<'r, str>>,
    pub changes: RowChanges,
    /// Whether it runs, or has run, statement by statement and each with a record of its own: because its file says so,
    /// or because the database cannot undo what it does.
    pub is_outside: bool,
    /// Its place in the plan, from 0, and the length of the plan.
    place: (usize, usize),
}

/// The code of a revision in one direction.
pub enum Code<'r> {
    Sql(Script<'r>),
    /// A function; none in a binary that does not embed it.
    Rust(Option<RevisionFn>),
    /// Nothing for this database.
    Missing,
}

/// Prepares the steps of a plan.
pub fn steps<'r>(
    tables: &Tables,
    view: &'r GraphView<'_>,
    planned: &[plan::Step],
    direction: Direction,
) -> Vec<PreparedStep<'r>> {
    let of = planned.len();
    let prepare = |(n, planned): (usize, &plan::Step)| {
        let names = |indices: &mut dyn Iterator<Item = usize>| {
            indices.map(|row| view.graph.id(row).to_owned()).collect()
        };
        let change = &planned.change;
        let changes = RowChanges {
            removed: names(
                &mut change
                    .update
                    .iter()
                    .map(|&(from, _)| from)
                    .chain(change.delete.iter().copied()),
            ),
            added: names(
                &mut change
                    .update
                    .iter()
                    .map(|&(_, to)| to)
                    .chain(change.insert.iter().copied()),
            ),
        };
        let dialect = tables.dialect;
        PreparedStep::new(view, dialect, planned.revision, direction, changes).at((n, of))
    };
    planned.iter().enumerate().map(prepare).collect()
}

impl<'r> PreparedStep<'r> {
    pub fn new(
        view: &'r GraphView<'_>,
        dialect: Dialect,
        index: usize,
        direction: Direction,
        changes: RowChanges,
    ) -> Self {
        let revision = view.revision(index);
        let downgrade = match direction {
            Direction::Upgrade => downgrade(revision, dialect),
            Direction::Downgrade => None,
        };
        let code = code(view.migrations, dialect, index, revision, direction);
        Self {
            revision,
            direction,
            subject: Subject::of(revision, &view.graph, index, dialect),
            code,
            downgrade,
            changes,
            is_outside: !revision.is_transactional(),
            place: (0, 1),
        }
    }

    fn at(mut self, place: (usize, usize)) -> Self {
        self.place = place;
        self
    }

    /// Changes the version rows, which are sorted, as the step has changed them in the database.
    pub fn apply(&self, rows: &mut Vec<VersionRow>) {
        let find =
            |rows: &[VersionRow], id: &String| rows.binary_search_by(|row| row.revision.cmp(id));
        for id in &self.changes.removed {
            if let Ok(at) = find(rows, id) {
                rows.remove(at);
            }
        }
        for id in &self.changes.added {
            if let Err(at) = find(rows, id) {
                let row = VersionRow {
                    revision: id.clone(),
                    digest: None,
                };
                rows.insert(at, row);
            }
        }
    }

    /// How many statements it has; 0 for a Rust revision.
    pub fn statements(&self) -> usize {
        self.script().map_or(0, Script::len)
    }

    /// The statements themselves; none for a Rust revision.
    pub fn script(&self) -> Option<&Script<'r>> {
        match &self.code {
            Code::Sql(script) => Some(script),
            Code::Rust(_) | Code::Missing => None,
        }
    }

    /// The hash of its first `count` statements.
    pub fn hash(&self, count: usize) -> Option<Checksum> {
        self.script()?.hash(count)
    }

    /// How many of the first `done` statements stay done when the next one fails.
    pub fn kept_after_failure(&self, done: usize) -> usize {
        self.script()
            .map_or(0, |script| script.kept_after_failure(done))
    }

    pub fn work(&self) -> Work<'_> {
        match &self.code {
            Code::Sql(script) => Work::Sql(script),
            Code::Rust(Some(function)) => Work::Rust(*function),
            Code::Rust(None) | Code::Missing => Work::Nothing,
        }
    }

    pub fn transactional(&self) -> Transactional<'_> {
        Transactional {
            work: self.work(),
            foreign_keys: self.revision.foreign_keys(),
            record: self.record(),
            span: self.span(),
        }
    }

    /// The tracing span of everything about it.
    pub fn span(&self) -> Span {
        info_span!("revision", revision = self.revision.id(), direction = %self.direction)
    }

    /// The record that is written when it is done.
    pub fn record(&self) -> Record<'_> {
        let entry = self.entry(JournalEvent::Finished, self.statements());
        Record {
            entry: Entry {
                statements_hash: self.hash(self.statements()),
                downgrade: self.downgrade.as_deref().map(Cow::Borrowed),
                ..entry
            },
            changes: self.changes.clone(),
        }
    }

    pub fn entry(&self, event: JournalEvent, statements: usize) -> Entry<'_> {
        Entry {
            event,
            direction: self.direction.into(),
            subject: self.subject.clone(),
            statements,
            statements_hash: None,
            downgrade: None,
            error: None,
            origin: None,
            next: None,
        }
    }

    pub fn report(&self, duration: Duration) -> StepReport {
        StepReport {
            revision: self.revision.id().to_owned(),
            message: self.revision.title().to_owned(),
            file: self.revision.file().to_owned(),
            direction: self.direction,
            statements: self.statements(),
            duration,
        }
    }
}

/// The downgrade of a revision, for the journal.
pub fn downgrade(revision: &Revision, dialect: Dialect) -> Option<Cow<'_, str>> {
    let range = revision.downgrade_range(dialect)?;
    Some(for_server(dialect, &revision.text()[range]))
}

fn code<'r>(
    migrations: &'r Migrations,
    dialect: Dialect,
    index: usize,
    revision: &'r Revision,
    direction: Direction,
) -> Code<'r> {
    if revision.is_rust() {
        let functions = migrations
            .functions
            .binary_search_by_key(&index, |functions| functions.revision as usize)
            .ok()
            .map(|at| &migrations.functions[at]);
        return match direction {
            Direction::Upgrade => Code::Rust(functions.map(|functions| functions.upgrade)),
            Direction::Downgrade if revision.has_downgrade(dialect) => {
                Code::Rust(functions.and_then(|functions| functions.downgrade))
            }
            Direction::Downgrade => Code::Missing,
        };
    }
    let range = match direction {
        Direction::Upgrade => revision.upgrade_range(dialect),
        Direction::Downgrade => revision.downgrade_range(dialect),
    };
    let Some(range) = range else {
        return Code::Missing;
    };
    Code::Sql(Script::of_section(dialect, revision.text(), range))
}

impl<'r> Transactional<'r> {
    /// A record with no work before it.
    pub fn record_only(record: Record<'r>) -> Self {
        Self {
            work: Work::Nothing,
            foreign_keys: ForeignKeys::On,
            record,
            span: Span::none(),
        }
    }
}

/// Turns progress into events, and remembers what was done.
pub struct Narrator<'s> {
    options: &'s Options,
    steps: &'s [PreparedStep<'s>],
    done: Vec<StepReport>,
}

impl<'s> Narrator<'s> {
    pub fn new(options: &'s Options, steps: &'s [PreparedStep<'s>]) -> Self {
        Self {
            options,
            steps,
            done: Vec::new(),
        }
    }

    /// The steps done, once the transaction has committed.
    pub fn done(self) -> Vec<StepReport> {
        for step in &self.done {
            info!(revision = %step.revision, direction = %step.direction, duration = ?step.duration, "revision done");
        }
        self.done
    }
}

impl Progress for Narrator<'_> {
    fn is_watched(&self) -> bool {
        self.options.on_event.is_some() || tracing::enabled!(tracing::Level::DEBUG)
    }

    fn started(&mut self, index: usize) {
        let Some(step) = self.steps.get(index) else {
            return;
        };
        self.options.emit(&Event::Started {
            revision: step.revision.id().to_owned(),
            message: step.revision.title().to_owned(),
            direction: step.direction,
            number: step.place.0 + 1,
            of: step.place.1,
            statements: step.statements(),
        });
        debug!("started");
    }

    fn statement(&mut self, index: usize, statement: usize) {
        let Some(step) = self.steps.get(index) else {
            return;
        };
        let (revision, of) = (step.revision.id().to_owned(), step.statements());
        debug!(number = statement + 1, of, "statement done");
        self.options.emit(&Event::Statement {
            revision,
            number: statement + 1,
            of,
        });
    }

    fn finished(&mut self, index: usize, duration: Duration) {
        let Some(step) = self.steps.get(index) else {
            return;
        };
        self.done.push(step.report(duration));
        let (revision, direction) = (step.revision.id().to_owned(), step.direction);
        self.options.emit(&Event::Finished {
            revision,
            direction,
            duration,
        });
    }
}
