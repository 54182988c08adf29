use migrate_chain::graph::RevisionGraph;
use migrate_chain::plan::{self, Route};
use migrate_chain::target::Target;

use super::verify;
use crate::Direction;
use crate::values::error::{Error, ErrorKind};

/// The goal of a run.
pub struct Goal {
    pub direction: Direction,
    target: Target,
    /// Whether it is the default target of an upgrade.
    pub is_default: bool,
    /// The course that a relative target was resolved to.
    course: Option<Course>,
}

/// The plan for a relative target. Once a step of it has run the target is not counted again: it would lead too far.
struct Course {
    plan: Route,
    done: usize,
}

impl Goal {
    /// Reads the target; nothing is connected yet.
    ///
    /// # Errors
    /// It reads like no target, or a downgrade has none.
    pub fn new(direction: Direction, target: Option<&str>) -> Result<Self, Error> {
        let parsed = match (target, direction) {
            (Some(target), _) => target.parse()?,
            (None, Direction::Upgrade) => Target::heads(),
            (None, Direction::Downgrade) => return Err(no_target()),
        };
        Ok(Self {
            direction,
            target: parsed,
            is_default: target.is_none(),
            course: None,
        })
    }

    /// The steps from these rows.
    pub fn steps(
        &mut self,
        graph: &RevisionGraph,
        rows: &[String],
    ) -> Result<Vec<plan::Step>, Error> {
        if let Some(course) = self.course.take_if(|course| course.done > 0) {
            if course.rows(graph) == rows {
                let steps = course.plan.steps()[course.done..].to_vec();
                self.course = Some(course);
                return Ok(steps);
            }
            let end = course.end(graph, self.direction, rows)?;
            self.target = end.parse()?;
        }
        let target = &self.target;
        let plan = match self.direction {
            Direction::Upgrade => graph.upgrade(rows, target),
            Direction::Downgrade => graph.downgrade(rows, target),
        };
        let plan = plan?;
        let steps = plan.steps().to_vec();
        self.course = target.is_relative().then_some(Course { plan, done: 0 });
        Ok(steps)
    }

    /// Plans before an interrupted revision is finished, since it counts as a step of a relative target. What
    /// cannot be planned yet can be afterwards.
    pub fn count_in_unfinished(&mut self, graph: &RevisionGraph, rows: &[String]) {
        if self.course.as_ref().is_none_or(|course| course.done == 0) {
            let _ = self.steps(graph, rows);
        }
    }

    /// This many steps are done.
    pub fn advance(&mut self, steps: usize) {
        if let Some(course) = &mut self.course {
            course.done += steps;
        }
    }

    /// An interrupted revision is done. It is the first step of an earlier plan, if of any.
    pub fn resumed(&mut self, graph: &RevisionGraph, revision: &str, direction: Direction) {
        let is_next = |course: &Course| {
            let next = course.plan.steps().get(course.done);
            next.is_some_and(|step| graph.id(step.revision) == revision)
        };
        if direction == self.direction && self.course.as_ref().is_some_and(is_next) {
            self.advance(1);
        }
    }
}

fn no_target() -> Error {
    Error::new(ErrorKind::Target, "a downgrade needs a target")
        .help("say how far: `-1` for one revision, `base` for all, or the revision to end at")
}

impl Course {
    /// The rows of the version table as the steps that are done have left them, sorted.
    pub fn rows(&self, graph: &RevisionGraph) -> Vec<String> {
        let rows = self.plan.rows_after(self.done);
        let mut rows: Vec<String> = rows
            .into_iter()
            .map(|row| graph.id(row).to_owned())
            .collect();
        rows.sort_unstable();
        rows
    }

    /// The end of an upgrade after somebody else has moved the rows.
    ///
    /// # Errors
    /// That it is a downgrade: what it was to undo may be undone, or not be the newest any more.
    pub fn end(
        &self,
        graph: &RevisionGraph,
        direction: Direction,
        rows: &[String],
    ) -> Result<String, Error> {
        let end = self.plan.steps().last();
        match (direction, end) {
            // A relative target is one revision, and all the steps before lead to it.
            (Direction::Upgrade, Some(end)) => Ok(graph.id(end.revision).to_owned()),
            _ => Err(verify::moved(self.done, self.plan.steps().len(), rows)),
        }
    }
}
