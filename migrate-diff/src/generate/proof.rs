//! The proof: every revision is run in both directions before it is written.

use super::prepare::Prepared;
use super::request::{Draft, Generated, Request};
use super::run::{agree, run, run_step, same};
use migrate_chain::Dialect;

use crate::data::{Data, Sides};
use crate::database;
use crate::error::{Error, ErrorKind};
use crate::eye::Facts;
use crate::model::{ObjectId, Schema};
use crate::operation::{self, Hazard, Operation, Operations, PlanOptions};
use crate::rename;

impl Prepared {
    pub async fn generate(&mut self, request: &Request<'_>) -> Result<Generated, Error> {
        let options = PlanOptions {
            online: request.online,
            single: false,
        };
        let upgrades = self.upgrades(options);
        if request.deny_destructive {
            deny_destructive(&upgrades)?;
        }
        let so_far = upgrades.clone();
        let (proved, why) = match self.prove(upgrades).await {
            Ok(proved) => (proved, None),
            Err(error) if error.kind() != ErrorKind::Proof => return Err(error),
            Err(error) if request.write_anyway => {
                let why = error.to_string();
                (
                    (self.unproven(so_far, error.summary()), Vec::new()),
                    Some(why),
                )
            }
            Err(error) => return Err(self.with_starting_point(error, &so_far)),
        };
        let (drafts, empty) = proved;
        self.holds_no_scratch_name(&drafts)?;
        Ok(Generated {
            difference: self.difference.clone(),
            renames: self.renames_in_words(),
            drafts,
            empty,
            unproven: why,
        })
    }

    /// The revisions as they were planned. All of the way back is in the last, which is downgraded first.
    fn unproven(&self, upgrades: Vec<Operations>, why: &str) -> Vec<Draft> {
        let options = PlanOptions {
            online: false,
            single: true,
        };
        let back = database::plan_between(&self.to, &self.from, options);
        let last = upgrades.len().saturating_sub(1);
        let drafts = upgrades.into_iter().enumerate().map(|(n, upgrade)| {
            let mut downgrade = Vec::new();
            if n == last {
                downgrade.extend(back.steps.iter().cloned());
            }
            if n == 0 {
                downgrade.extend(self.renames.iter().rev().map(|rename| rename.back.clone()));
            }
            Draft {
                dialect: self.to.dialect,
                upgrade: upgrade.steps,
                downgrade,
                transactional: upgrade.transactional,
                foreign_keys: upgrade.foreign_keys && back.foreign_keys,
                unproven: Some(why.to_owned()),
            }
        });
        drafts.collect()
    }

    /// Adds the object it was about to a failure, and the statements to start from.
    fn with_starting_point(&self, error: Error, upgrades: &[Operations]) -> Error {
        let steps: Vec<Operation> = upgrades
            .iter()
            .flat_map(|plan| plan.steps.clone())
            .collect();
        let sql = operation::text(self.to.dialect, &steps);
        error
            .detail(format!("the difference:\n{}", self.difference))
            .detail(format!("the revision so far:\n{}", sql.trim_end()))
            .help("write this revision by hand, or start from the one above: --write-anyway writes it, marked as unproven")
    }

    /// A name that was made up for a scratch database means nothing anywhere else.
    fn holds_no_scratch_name(&self, drafts: &[Draft]) -> Result<(), Error> {
        let names = [self.scratch.made_up_name(), self.wanted.made_up_name()];
        let names: Vec<&str> = names.into_iter().flatten().collect();
        let texts = drafts
            .iter()
            .flat_map(|draft| [draft.upgrade_sql(), draft.downgrade_sql()]);
        for text in texts {
            let mut lines = text.lines();
            let found = lines.find(|line| names.iter().any(|name| line.contains(name)));
            if let Some(line) = found {
                let summary = "the generated SQL names a scratch database: nothing is written";
                return Err(Error::new(ErrorKind::Proof, summary)
                    .detail(line)
                    .help("write this statement by hand, and tell us about the schema"));
            }
        }
        Ok(())
    }

    /// Runs everything forth and back. What each revision has made is looked up, so that its downgrade undoes just that.
    async fn prove(
        &mut self,
        mut upgrades: Vec<Operations>,
    ) -> Result<(Vec<Draft>, Vec<String>), Error> {
        let mut data = self.fill().await?;
        let mut states = vec![(self.start.clone(), self.start_facts.clone())];
        for (n, upgrade) in upgrades.iter_mut().enumerate() {
            // The renames were done when the schemas were compared.
            let done = self.renames_in(n);
            let steps = &mut upgrade.steps[done..];
            let modes = (upgrade.transactional, upgrade.foreign_keys);
            self.run_on_rows(&mut data, steps, modes, false).await?;
            states.push((self.state().await?, self.look().await?));
        }
        let (made, facts) = states
            .pop()
            .unwrap_or_else(|| (self.from.clone(), self.start_facts.clone()));
        same(
            &made,
            &self.to,
            "the upgrade does not make the desired schema",
        )?;
        agree(
            facts.as_ref(),
            self.wanted_facts.as_ref(),
            "the upgrade does not make all of the desired schema",
        )?;
        let connection = self.scratch.connection();
        data.check(connection, "the upgrade").await?;
        let mut drafts = Vec::new();
        let mut state = made;
        for (n, upgrade) in upgrades.into_iter().enumerate().rev() {
            let (draft, before) = self.undo(n, upgrade, state, &states[n], &mut data).await?;
            state = before;
            drafts.insert(0, draft);
        }
        let connection = self.scratch.connection();
        // The values are known by the new names of columns and labels.
        for rename in &mut self.renames {
            run_step(connection, &mut rename.forth).await?;
        }
        data.check(connection, "the downgrade").await?;
        Ok((drafts, data.empty))
    }

    /// Runs steps. If they work on empty tables only, the rows that are in their way go, and the report says so.
    async fn run_on_rows(
        &mut self,
        data: &mut Data,
        steps: &mut [Operation],
        (transactional, foreign_keys): (bool, bool),
        has_old_names: bool,
    ) -> Result<(), Error> {
        let name = |id: &ObjectId| {
            if has_old_names {
                rename::before(&self.renames, id)
            } else {
                id.clone()
            }
        };
        let tables: Vec<ObjectId> = data.tables().map(name).collect();
        let connection = self.scratch.connection();
        let Err(failed) = run(connection, steps, transactional, foreign_keys).await else {
            return Ok(());
        };
        let rest = match connection.dialect() {
            Dialect::Postgres if transactional => 0,
            // Each statement has committed what it did.
            Dialect::MySql => failed.at,
            _ => return Err(failed.error),
        };
        if !failed.error.is_of_rows() {
            return Err(failed.error);
        }
        data.give_way(connection, &failed.error, &tables).await?;
        Ok(run(connection, &mut steps[rest..], transactional, foreign_keys).await?)
    }

    /// Gives rows to the tables that may change.
    async fn fill(&mut self) -> Result<Data, Error> {
        let sides = Sides {
            from: &self.from,
            to: &self.to,
            scratch: self.scratch.connection(),
            wanted: self.wanted.connection(),
        };
        Data::fill(sides, &self.concerned).await
    }

    /// How many of the steps of revision `n` are renames.
    fn renames_in(&self, n: usize) -> usize {
        if n == 0 { self.renames.len() } else { 0 }
    }

    async fn state(&mut self) -> Result<Schema, Error> {
        database::introspect(self.scratch.connection(), &self.filter).await
    }

    async fn look(&mut self) -> Result<Option<Facts>, Error> {
        let since = self.start_facts.as_ref();
        let since = since.map(|facts| (facts, &self.concerned));
        database::look(self.scratch.connection(), &self.filter, since).await
    }

    /// Writes the downgrade of revision `n`, which leads from `state` to `before`, and runs it: renames first, as in the
    /// upgrade, so that nothing is made which names what is not there.
    async fn undo(
        &mut self,
        n: usize,
        upgrade: Operations,
        mut state: Schema,
        (before, facts): &(Schema, Option<Facts>),
        data: &mut Data,
    ) -> Result<(Draft, Schema), Error> {
        let mut renames: Vec<Operation> = self.renames[..self.renames_in(n)]
            .iter()
            .rev()
            .map(|rename| rename.back.clone())
            .collect();
        if !renames.is_empty() {
            run(
                self.scratch.connection(),
                &mut renames,
                upgrade.transactional,
                true,
            )
            .await?;
            state = self.state().await?;
        }
        let options = PlanOptions {
            online: false,
            single: true,
        };
        let mut back = database::plan_between(&state, before, options);
        let foreign_keys = upgrade.foreign_keys && back.foreign_keys;
        let modes = (upgrade.transactional, foreign_keys);
        self.run_on_rows(data, &mut back.steps, modes, n == 0)
            .await?;
        let state = self.state().await?;
        same(
            &state,
            before,
            "the downgrade does not make the schema that was there",
        )?;
        agree(
            self.look().await?.as_ref(),
            facts.as_ref(),
            "the downgrade does not make all of the schema that was there",
        )?;
        let draft = Draft {
            dialect: state.dialect,
            upgrade: upgrade.steps,
            downgrade: renames.into_iter().chain(back.steps).collect(),
            transactional: upgrade.transactional,
            foreign_keys,
            unproven: None,
        };
        Ok((draft, state))
    }
}

fn deny_destructive(plans: &[Operations]) -> Result<(), Error> {
    let hazards = plans
        .iter()
        .flat_map(|plan| &plan.steps)
        .flat_map(|step| &step.hazards);
    let lost: Vec<&str> = hazards
        .filter(|hazard| matches!(hazard, Hazard::Destructive(_)))
        .map(Hazard::text)
        .collect();
    if lost.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Destructive,
        "the revision would lose data, and that is denied",
    )
    .detail(lost.join("\n"))
    .help("say renames with `-- @renamed from=old`, or allow it without --deny destructive"))
}
