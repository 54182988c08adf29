//! Planning again: only if the state that was read has changed since, and a bounded number of times.

use crate::journal::state::State;
use crate::journal::tables::Tables;
use crate::values::error::{Error, ErrorKind};

/// The plans of a run that did not fit any more when they were to run.
pub struct Replans {
    left: usize,
    /// The state that the last one was made for.
    fenced: Option<State>,
}

impl Replans {
    /// Other runs can get in the way once for each revision, and a few times more while they make the tables.
    pub fn for_chain(revisions: usize) -> Self {
        Self {
            left: revisions + 16,
            fenced: None,
        }
    }

    /// A plan that was made for `state` did not fit.
    ///
    /// # Errors
    /// That it was not the first one by far.
    pub fn fenced(&mut self, state: &State, tables: &Tables) -> Result<(), Error> {
        self.fenced = Some(state.clone());
        self.left = self.left.checked_sub(1).ok_or_else(|| endless(tables))?;
        Ok(())
    }

    /// Somebody else is at work, and may leave any state.
    pub fn waited(&mut self) {
        self.fenced = None;
    }

    /// The lock is held, and this is the state to plan for.
    ///
    /// # Errors
    /// That a plan for the same state did not fit.
    pub fn go_on(&mut self, state: &State, tables: &Tables) -> Result<(), Error> {
        match self.fenced.take() {
            Some(before) if before.is_same(state) => Err(no_way_on(state, tables)),
            _ => Ok(()),
        }
    }
}

fn endless(tables: &Tables) -> Error {
    let summary = format!(
        "other processes change `{}` again and again",
        tables.version_name
    );
    Error::new(ErrorKind::Locked, summary)
        .help("nothing more was changed by this process; find out what else writes to the table, and start again")
}

/// The table answers a query in one way, and the check inside a transaction in another.
fn no_way_on(state: &State, tables: &Tables) -> Error {
    let (version, journal) = (&tables.version_name, &tables.journal_name);
    let rows = match &state.ids()[..] {
        [] => "no row".to_owned(),
        rows => format!("`{}`", rows.join("`, `")),
    };
    let summary =
        format!("`{version}` and `{journal}` are in a state that no revision can start from");
    Error::new(ErrorKind::Tables, summary)
        .note(format!("`{version}` was read twice as {rows}, and was something else each time that a revision began"))
        .help(
            "look for triggers, views and row-level security on the two tables, and for a revision that releases the \
             locks of its session",
        )
}

#[cfg(test)]
mod tests {
    use migrate_chain::Dialect;

    use super::*;
    use crate::journal::state::VersionRow;

    fn tables() -> Tables {
        Tables::new(Dialect::Sqlite, &crate::__private::EMPTY.settings, None)
    }

    fn at(revision: &str) -> State {
        let revision = revision.to_owned();
        let rows = vec![VersionRow {
            revision,
            digest: None,
        }];
        State {
            rows,
            ..State::default()
        }
    }

    #[test]
    fn a_plan_is_made_again_only_for_another_state() {
        let mut replans = Replans::for_chain(1);
        assert!(replans.go_on(&at("a"), &tables()).is_ok(), "the first");
        assert!(replans.fenced(&at("a"), &tables()).is_ok());
        assert!(replans.go_on(&at("b"), &tables()).is_ok(), "it has changed");
        assert!(replans.fenced(&at("b"), &tables()).is_ok());
        let error = replans.go_on(&at("b"), &tables()).expect_err("the same");
        assert_eq!(error.kind(), ErrorKind::Tables);
    }

    #[test]
    fn after_a_wait_any_state_will_do() {
        let mut replans = Replans::for_chain(1);
        assert!(replans.fenced(&at("a"), &tables()).is_ok());
        replans.waited();
        assert!(replans.go_on(&at("a"), &tables()).is_ok());
    }

    #[test]
    fn plans_are_not_made_without_end() {
        let mut replans = Replans::for_chain(3);
        let fenced = (0..100).take_while(|_| replans.fenced(&at("a"), &tables()).is_ok());
        assert_eq!(fenced.count(), 19);
    }
}
