//! The request for a comparison, and the answer.

use migrate_chain::Dialect;
use migrate_chain::sql::comment;
use migrate_runtime::Migrations;

use crate::desired::Desired;
use crate::dev_server::DevServer;
use crate::difference::Difference;
use crate::filter::Filter;
use crate::operation::{self, Hazard, Operation};
use crate::rename::Rename;

/// The two sides of a comparison, and its options.
#[derive(Clone, Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command"
)]
pub struct Request<'r> {
    pub(super) migrations: &'r Migrations,
    pub(super) desired: &'r Desired,
    pub(super) keep_unknown: bool,
    pub(super) server: &'r DevServer,
    pub(super) live_url: Option<&'r str>,
    pub(super) filter: Filter,
    pub(super) renames: Vec<Rename>,
    pub(super) online: bool,
    pub(super) deny_destructive: bool,
    pub(super) write_anyway: bool,
}

impl<'r> Request<'r> {
    /// Compares what `migrations` build with the schema `desired`, on scratch databases of `server`.
    pub fn new(migrations: &'r Migrations, desired: &'r Desired, server: &'r DevServer) -> Self {
        Self {
            migrations,
            desired,
            keep_unknown: false,
            server,
            live_url: None,
            filter: Filter::default(),
            renames: Vec::new(),
            online: false,
            deny_destructive: false,
            write_anyway: false,
        }
    }

    /// Compares the database of `url` instead of what the chain builds.
    #[must_use]
    pub fn live(mut self, url: &'r str) -> Self {
        self.live_url = Some(url);
        self
    }

    /// Keeps the tables, views and other objects that the desired schema does not name.
    #[must_use]
    pub fn keep_unknown(mut self, keep: bool) -> Self {
        self.keep_unknown = keep;
        self
    }

    /// Limits the comparison to some objects.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// Renames beside those that the desired schema's comments say.
    #[must_use]
    pub fn renames(mut self, renames: Vec<Rename>) -> Self {
        self.renames = renames;
        self
    }

    /// Makes indexes concurrently and validates constraints apart, in revisions of their own; PostgreSQL only.
    #[must_use]
    pub fn online(mut self, online: bool) -> Self {
        self.online = online;
        self
    }

    /// Makes it an error when the upgrade would lose data.
    #[must_use]
    pub fn deny_destructive(mut self, deny: bool) -> Self {
        self.deny_destructive = deny;
        self
    }

    /// Gives the revision also if its proof fails, as far as it goes, with what failed.
    #[must_use]
    pub fn write_anyway(mut self, anyway: bool) -> Self {
        self.write_anyway = anyway;
        self
    }
}

/// The result of a comparison, and the revisions that make up for it. Each is the parent of the next.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The difference, renames apart.
    pub difference: Difference,
    /// The renames that are done, in words.
    pub renames: Vec<String>,
    /// The revisions to write, in order; one, unless part of it must commit separately or runs outside a transaction.
    pub drafts: Vec<Draft>,
    /// The tables that no row could be put into for the proof, each with why: what happens to rows was not tried there.
    pub empty: Vec<String>,
    /// Why the proof failed, if it did and the revisions were wanted anyway. Then they are a starting point, and no more.
    pub unproven: Option<String>,
}

impl Generated {
    /// Hazards that a person must know before it is applied.
    pub fn hazards(&self) -> impl Iterator<Item = &Hazard> {
        let steps = self.drafts.iter().flat_map(|draft| &draft.upgrade);
        steps.flat_map(|step| &step.hazards)
    }
}

/// A revision to be written.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The database whose SQL it is.
    pub dialect: Dialect,
    /// The steps of its upgrade.
    pub upgrade: Vec<Operation>,
    /// The steps of its downgrade.
    pub downgrade: Vec<Operation>,
    /// Whether it runs in a transaction: without it, the header needs `transaction: off`.
    pub transactional: bool,
    /// Whether foreign keys stay enforced: without it, the header needs `foreign_keys: off`.
    pub foreign_keys: bool,
    /// Why it was not proved, in one line; none if it was.
    pub unproven: Option<String>,
}

impl Draft {
    /// The text of its upgrade section: hazards are comments above their statements.
    pub fn upgrade_sql(&self) -> String {
        let unproven = self.unproven.iter();
        let mark = unproven.map(|why| format!("{}\n", comment(&format!("unproven: {why}"))));
        let steps = operation::text(self.dialect, &self.upgrade);
        mark.chain([steps]).collect()
    }

    /// The text of its downgrade section.
    pub fn downgrade_sql(&self) -> String {
        operation::text(self.dialect, &self.downgrade)
    }

    /// The lines that the header needs beside the common ones.
    pub fn header(&self) -> Vec<&'static str> {
        let transaction = (!self.transactional).then_some("transaction: off");
        let keys = (!self.foreign_keys).then_some("foreign_keys: off");
        transaction.into_iter().chain(keys).collect()
    }
}

/// A difference, and the SQL that would end it.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The difference, renames apart.
    pub difference: Difference,
    /// The renames that are to be done, in words.
    pub renames: Vec<String>,
    /// The SQL that would make the desired schema.
    pub sql: String,
}
