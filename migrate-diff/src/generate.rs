//! From a chain and a desired schema to revisions that have proved themselves.

use std::fmt::Write as _;
use std::path::Path;

use migrate_chain::Dialect;
use migrate_runtime::Migrations;

use crate::change::Difference;
use crate::connection::Connection;
use crate::database;
use crate::desired::{self, DesiredFile};
use crate::dev_server::DevServer;
use crate::error::{Error, ErrorKind, refused};
use crate::filter::Filter;
use crate::interrupt::until_interrupted;
use crate::model::Schema;
use crate::postgres::eye::Facts;
use crate::rename::{self, Applied, Rename};
use crate::scratch::Scratch;
use crate::script::{Script, Scripts};
use crate::step::{self, Hazard, Options, Plan, Step};

/// What to compare, and how.
#[derive(Clone, Debug)]
pub struct Request<'r> {
    migrations: &'r Migrations,
    desired: &'r Path,
    server: &'r DevServer,
    live_url: Option<&'r str>,
    filter: Filter,
    renames: Vec<Rename>,
    online: bool,
    deny_destructive: bool,
}

impl<'r> Request<'r> {
    /// Compares what `migrations` build with the schema in `desired`, a file or a directory of .sql files, on scratch
    /// databases of `server`.
    pub fn new(migrations: &'r Migrations, desired: &'r Path, server: &'r DevServer) -> Self {
        Self {
            migrations,
            desired,
            server,
            live_url: None,
            filter: Filter::default(),
            renames: Vec::new(),
            online: false,
            deny_destructive: false,
        }
    }

    /// Compares the database of `url` instead of what the chain builds.
    #[must_use]
    pub fn live(mut self, url: &'r str) -> Self {
        self.live_url = Some(url);
        self
    }

    /// What is looked at.
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
}

/// What a comparison found, and the revisions that make up for it. Each one stands on the one before.
#[derive(Clone, Debug)]
pub struct Generated {
    /// What differs, renames apart.
    pub difference: Difference,
    /// The renames that are done, in words.
    pub renames: Vec<String>,
    /// The revisions to write, in order; one, unless some of it must commit by itself or runs outside a transaction.
    pub drafts: Vec<Draft>,
}

impl Generated {
    /// What a person must know before it is applied.
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
    pub upgrade: Vec<Step>,
    /// The steps of its downgrade.
    pub downgrade: Vec<Step>,
    /// Whether it runs in a transaction: without it, the header needs `transaction: off`.
    pub transactional: bool,
    /// Whether foreign keys stay enforced: without it, the header needs `foreign_keys: off`.
    pub foreign_keys: bool,
}

impl Draft {
    /// The text of its upgrade section: hazards are comments above their statements.
    pub fn upgrade_sql(&self) -> String {
        step::text(self.dialect, &self.upgrade)
    }

    /// The text of its downgrade section.
    pub fn downgrade_sql(&self) -> String {
        step::text(self.dialect, &self.downgrade)
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
    /// What differs, renames apart.
    pub difference: Difference,
    /// The renames that are to be done, in words.
    pub renames: Vec<String>,
    /// The SQL that would make the desired schema.
    pub sql: String,
}

/// The revisions that make the desired schema of what the chain builds; `None` when there is nothing to do.
///
/// Each was run on a scratch database: its upgrade made the desired schema, its downgrade the one before. A SIGINT or
/// SIGTERM ends it, and nothing is left on the server.
///
/// # Errors
/// [`Error`]: a server that cannot be reached, a chain that cannot be replayed, a desired schema that the database
/// refuses, a wrong rename, lost data where that is denied, a proof that failed.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let desired = folder.path().join("schema.sql");
/// # let migrations = migrate_runtime::Migrations::load("../tests/fixtures/crlf/migrations")?;
/// use migrate_diff::{DevServer, Filter, Request, autogenerate};
///
/// std::fs::write(&desired, "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);")?;
/// let filter = Filter::new(&migrate_chain::config::Config::default());
/// let server = DevServer::at("sqlite::memory:")?;
/// let request = Request::new(&migrations, &desired, &server).filter(filter);
/// let generated = autogenerate(&request).await?.expect("there is no such table yet");
/// assert!(generated.drafts[0].upgrade_sql().contains("CREATE TABLE notes"));
/// assert!(generated.drafts[0].downgrade_sql().contains("DROP TABLE \"notes\""));
/// # Ok(()) }
/// ```
pub async fn autogenerate(request: &Request<'_>) -> Result<Option<Generated>, Error> {
    // Its future holds whole schemas.
    until_interrupted(Box::pin(async {
        let mut prepared = Prepared::of(request).await?;
        if prepared.is_empty() {
            prepared.agree_on_nothing()?;
            prepared.finish().await?;
            return Ok(None);
        }
        let generated = prepared.generate(request).await?;
        prepared.finish().await?;
        Ok(Some(generated))
    }))
    .await
}

/// Whether the chain, or the live database, has the desired schema: `None` when it has, else what differs.
///
/// # Errors
/// As [`autogenerate`], without a proof.
pub async fn check(request: &Request<'_>) -> Result<Option<Checked>, Error> {
    // Its future holds whole schemas.
    until_interrupted(Box::pin(async {
        let prepared = Prepared::of(request).await?;
        if prepared.is_empty() {
            prepared.agree_on_nothing()?;
        }
        let checked = (!prepared.is_empty()).then(|| prepared.checked(request));
        prepared.finish().await?;
        Ok(checked)
    }))
    .await
}

/// Both schemas, and the scratch database of the current one, renames done.
struct Prepared {
    scratch: Scratch,
    start: Schema,
    from: Schema,
    to: Schema,
    renames: Vec<Applied>,
    filter: Filter,
    /// What the second eye sees in the schema from before.
    start_facts: Option<Facts>,
    /// What the second eye sees in the desired schema.
    wanted_facts: Option<Facts>,
}

impl Prepared {
    async fn of(request: &Request<'_>) -> Result<Self, Error> {
        let files = desired::read(request.desired)?;
        let desired: Vec<Script<'_>> = files.iter().map(DesiredFile::script).collect();
        let chain = Script::chain(request.migrations, request.server.dialect());
        let scripts = Scripts {
            run: desired.clone(),
            like: chain.clone(),
        };
        let mut wanted = Scratch::create(request.server, &scripts).await?;
        let mut renames = request.renames.clone();
        for (file, script) in files.iter().zip(&desired) {
            wanted.run_script(script, "the desired schema").await?;
            renames.extend(file.renames(wanted.connection())?);
        }
        let to = database::introspect(wanted.connection(), &request.filter).await?;
        let wanted_facts = database::look(wanted.connection(), &request.filter).await?;
        wanted.finish().await?;
        let (mut scratch, start) = current(request, chain, desired).await?;
        let start_facts = database::look(scratch.connection(), &request.filter).await?;
        let renames = rename::applicable(&renames, &start, &to)?;
        for rename in &renames {
            run_step(scratch.connection(), &rename.forth).await?;
        }
        let from = database::introspect(scratch.connection(), &request.filter).await?;
        Ok(Self {
            scratch,
            start,
            from,
            to,
            renames,
            filter: request.filter.clone(),
            start_facts,
            wanted_facts,
        })
    }

    /// Where the introspection sees no difference, the second eye must see none.
    fn agree_on_nothing(&self) -> Result<(), Error> {
        agree(
            self.start_facts.as_ref(),
            self.wanted_facts.as_ref(),
            "the desired schema differs in something that autogenerate does not handle",
        )
    }

    fn is_empty(&self) -> bool {
        self.renames.is_empty() && self.difference().is_empty()
    }

    fn difference(&self) -> Difference {
        Difference::between(&self.from, &self.to)
    }

    fn renames_in_words(&self) -> Vec<String> {
        self.renames
            .iter()
            .map(|rename| rename.text.clone())
            .collect()
    }

    fn checked(&self, request: &Request<'_>) -> Checked {
        let options = Options {
            online: request.online,
            single: false,
        };
        let upgrade: Vec<Step> = self
            .upgrades(options)
            .into_iter()
            .flat_map(|plan| plan.steps)
            .collect();
        Checked {
            difference: self.difference(),
            renames: self.renames_in_words(),
            sql: step::text(self.to.dialect, &upgrade),
        }
    }

    /// The steps forth: a plan for each revision.
    fn upgrades(&self, options: Options) -> Vec<Plan> {
        let mut plan = database::plan(&self.from, &self.to, options);
        let renames: Vec<Step> = self
            .renames
            .iter()
            .map(|rename| rename.forth.clone())
            .collect();
        let before = Plan {
            steps: std::mem::take(&mut plan.before),
            ..Plan::default()
        };
        let online = Plan {
            steps: std::mem::take(&mut plan.online),
            transactional: false,
            ..Plan::default()
        };
        let mut plans: Vec<Plan> = [before, plan, online]
            .into_iter()
            .filter(|plan| !plan.steps.is_empty())
            .collect();
        match plans.first_mut() {
            Some(first) => first.steps.splice(..0, renames).for_each(drop),
            None => plans.push(Plan {
                steps: renames,
                ..Plan::default()
            }),
        }
        plans
    }

    async fn generate(&mut self, request: &Request<'_>) -> Result<Generated, Error> {
        let options = Options {
            online: request.online,
            single: false,
        };
        let upgrades = self.upgrades(options);
        if request.deny_destructive {
            deny_destructive(&upgrades)?;
        }
        let drafts = self.prove(upgrades).await?;
        Ok(Generated {
            difference: self.difference(),
            renames: self.renames_in_words(),
            drafts,
        })
    }

    /// Runs everything forth and back. What each revision has made is looked up, so that its downgrade undoes just that.
    async fn prove(&mut self, upgrades: Vec<Plan>) -> Result<Vec<Draft>, Error> {
        let mut states = vec![(self.start.clone(), self.start_facts.clone())];
        for (n, upgrade) in upgrades.iter().enumerate() {
            // The renames were done when the schemas were compared.
            let steps = &upgrade.steps[self.renames_in(n)..];
            run(
                self.scratch.connection(),
                steps,
                upgrade.transactional,
                upgrade.foreign_keys,
            )
            .await?;
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
        let mut drafts = Vec::new();
        let mut state = made;
        for (n, upgrade) in upgrades.into_iter().enumerate().rev() {
            let (draft, before) = self.undo(n, upgrade, state, &states[n]).await?;
            state = before;
            drafts.insert(0, draft);
        }
        Ok(drafts)
    }

    /// How many of the steps of revision `n` are renames.
    fn renames_in(&self, n: usize) -> usize {
        if n == 0 { self.renames.len() } else { 0 }
    }

    async fn state(&mut self) -> Result<Schema, Error> {
        database::introspect(self.scratch.connection(), &self.filter).await
    }

    async fn look(&mut self) -> Result<Option<Facts>, Error> {
        database::look(self.scratch.connection(), &self.filter).await
    }

    /// Writes the downgrade of revision `n`, which leads from `state` to `before`, and runs it: renames first, as in the
    /// upgrade, so that nothing is made which names what is not there.
    async fn undo(
        &mut self,
        n: usize,
        upgrade: Plan,
        mut state: Schema,
        (before, facts): &(Schema, Option<Facts>),
    ) -> Result<(Draft, Schema), Error> {
        let renames: Vec<Step> = self.renames[..self.renames_in(n)]
            .iter()
            .rev()
            .map(|rename| rename.back.clone())
            .collect();
        if !renames.is_empty() {
            run(
                self.scratch.connection(),
                &renames,
                upgrade.transactional,
                true,
            )
            .await?;
            state = self.state().await?;
        }
        let back = database::plan(
            &state,
            before,
            Options {
                online: false,
                single: true,
            },
        );
        let foreign_keys = upgrade.foreign_keys && back.foreign_keys;
        run(
            self.scratch.connection(),
            &back.steps,
            upgrade.transactional,
            foreign_keys,
        )
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
        };
        Ok((draft, state))
    }

    async fn finish(self) -> Result<(), Error> {
        self.scratch.finish().await
    }
}

/// A scratch database with what the chain builds, or with what the live database has.
async fn current<'s>(
    request: &'s Request<'_>,
    chain: Vec<Script<'s>>,
    desired: Vec<Script<'s>>,
) -> Result<(Scratch, Schema), Error> {
    let Some(url) = request.live_url else {
        let scripts = Scripts {
            run: chain,
            like: desired,
        };
        let mut scratch = Scratch::create(request.server, &scripts).await?;
        scratch.upgrade(request.migrations, "heads").await?;
        let schema = database::introspect(scratch.connection(), &request.filter).await?;
        return Ok((scratch, schema));
    };
    let mut live = Connection::open(url).await?;
    let schema = database::introspect(&mut live, &request.filter).await?;
    if schema.dialect != request.server.dialect() {
        let summary = format!(
            "the live database is {}, the scratch database {}",
            schema.dialect,
            request.server.dialect()
        );
        return Err(Error::new(ErrorKind::Connect, summary)
            .help("name a server of the same kind with --dev-url"));
    }
    let statements: Vec<&str> = schema.objects().map(|object| &*object.create).collect();
    let statements = statements.join(";\n");
    let mut named = desired;
    named.push(Script::file("the live database", &statements));
    let scripts = Scripts {
        run: Vec::new(),
        like: named,
    };
    let mut scratch = Scratch::create(request.server, &scripts).await?;
    let empty = database::introspect(scratch.connection(), &request.filter).await?;
    let made = database::plan(&empty, &schema, Options::default());
    run(scratch.connection(), &made.steps, true, made.foreign_keys).await?;
    let copy = database::introspect(scratch.connection(), &request.filter).await?;
    same(
        &copy,
        &schema,
        "the scratch database does not come to be like the live one",
    )?;
    Ok((scratch, schema))
}

fn same(found: &Schema, expected: &Schema, otherwise: &str) -> Result<(), Error> {
    let rest = Difference::between(found, expected);
    if rest.is_empty() {
        return Ok(());
    }
    let mut details = String::from("what remains different:");
    for change in &rest.changes {
        let _ = write!(details, "\n{change}");
    }
    Err(
        Error::new(ErrorKind::Proof, format!("{otherwise}: nothing is written"))
            .detail(details)
            .help("write this revision by hand, and tell us about the schema"),
    )
}

/// Fails where the second eye sees what the introspection does not.
fn agree(found: Option<&Facts>, expected: Option<&Facts>, otherwise: &str) -> Result<(), Error> {
    let differences = found
        .zip(expected)
        .map(|(found, expected)| found.differences(expected));
    let Some(differences) = differences.filter(|differences| !differences.is_empty()) else {
        return Ok(());
    };
    let error = Error::new(ErrorKind::Proof, format!("{otherwise}: nothing is written"))
        .detail(format!("not understood:\n{}", differences.join("\n")));
    Err(error.help("write a revision for it by hand, and run the command again"))
}

fn deny_destructive(plans: &[Plan]) -> Result<(), Error> {
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

/// Runs steps as a revision would.
async fn run(
    connection: &mut Connection,
    steps: &[Step],
    transactional: bool,
    foreign_keys: bool,
) -> Result<(), Error> {
    let sqlite = connection.dialect() == Dialect::Sqlite;
    if sqlite && !foreign_keys {
        connection.execute("PRAGMA foreign_keys = OFF").await?;
    }
    if transactional {
        connection.execute("BEGIN").await?;
    }
    for step in steps {
        if let Err(error) = run_step(connection, step).await {
            // The connection is about to be closed, and the database dropped.
            let _ = connection.execute("ROLLBACK").await;
            return Err(error);
        }
    }
    if transactional {
        connection.execute("COMMIT").await?;
    }
    if sqlite && !foreign_keys {
        connection.execute("PRAGMA foreign_keys = ON").await?;
    }
    Ok(())
}

async fn run_step(connection: &mut Connection, step: &Step) -> Result<(), Error> {
    let done = connection.0.execute(&step.sql).await;
    done.map_err(|error| {
        refused(
            ErrorKind::Proof,
            "the generated SQL failed: nothing is written",
            &step.sql,
            &error,
        )
    })
}
