//! Both schemas on scratch databases, and their difference.

use std::collections::BTreeSet;

use super::request::{Checked, Request};
use super::run::{agree, run, run_step, same};
use crate::connection::Connection;
use crate::database;
use crate::desired::DesiredFile;
use crate::difference::{Comparison, Difference};
use crate::error::{Error, ErrorKind};
use crate::eye::Facts;
use crate::filter::Filter;
use crate::model::{Kind, Object, ObjectId, Schema};
use crate::operation::{self, Operation, Operations, PlanOptions};
use crate::rename::{self, Applied, Rename};
use crate::scratch::Scratch;
use crate::scratch_sql::{ScratchSql, Scripts};

/// Both schemas, and the scratch database of the current one, renames done.
pub struct Prepared {
    /// The schema that the chain builds, or that the live database has.
    pub scratch: Scratch,
    /// The desired schema.
    pub wanted: Scratch,
    /// The contents of `scratch` at the start.
    pub start: Schema,
    /// The same after the renames.
    pub from: Schema,
    pub to: Schema,
    /// Between `from` and `to`.
    pub difference: Difference,
    pub renames: Vec<Applied>,
    pub filter: Filter,
    /// The tables that may change.
    pub concerned: BTreeSet<String>,
    /// The second eye's facts about the schema from before.
    pub start_facts: Option<Facts>,
    /// The second eye's facts about the desired schema.
    pub wanted_facts: Option<Facts>,
}

impl Prepared {
    pub async fn of(request: &Request<'_>) -> Result<Self, Error> {
        let files = request.desired.files();
        let desired: Vec<ScratchSql<'_>> = files.iter().map(DesiredFile::script).collect();
        let chain = ScratchSql::chain(request.migrations, request.server.dialect());
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
        let mut to = database::introspect(wanted.connection(), &request.filter).await?;
        let (mut scratch, mut start) = current(request, chain, desired).await?;
        if request.keep_unknown {
            let whole = Difference::between(&start, &to);
            database::spell(scratch.connection(), &mut start, &whole).await?;
            keep(&mut wanted, &start, &to, &renames).await?;
            to = database::introspect(wanted.connection(), &request.filter).await?;
        }
        let wanted_facts = database::look(wanted.connection(), &request.filter, None).await?;
        let start_facts = database::look(scratch.connection(), &request.filter, None).await?;
        let whole = Difference::between(&start, &to);
        database::spell(scratch.connection(), &mut start, &whole).await?;
        database::spell(wanted.connection(), &mut to, &whole).await?;
        let mut renames = rename::applicable(&renames, &start, &to)?;
        let (mut from, mut difference) = (start.clone(), whole.clone());
        if !renames.is_empty() {
            for rename in &mut renames {
                run_step(scratch.connection(), &mut rename.forth).await?;
            }
            from = database::introspect(scratch.connection(), &request.filter).await?;
            difference = Difference::between(&from, &to);
            database::spell(wanted.connection(), &mut to, &difference).await?;
        }
        let concerned = concerned(&[&start, &from, &to], &[&whole, &difference]);
        Ok(Self {
            scratch,
            wanted,
            start,
            from,
            to,
            difference,
            renames,
            filter: request.filter.clone(),
            concerned,
            start_facts,
            wanted_facts,
        })
    }

    /// If the introspection sees no difference, the second eye must see none either.
    pub fn agree_on_nothing(&self) -> Result<(), Error> {
        agree(
            self.start_facts.as_ref(),
            self.wanted_facts.as_ref(),
            "the desired schema differs in something that autogenerate does not handle",
        )
    }

    pub fn is_empty(&self) -> bool {
        self.renames.is_empty() && self.difference.is_empty()
    }

    fn comparison(&self) -> Comparison<'_> {
        Comparison {
            from: &self.from,
            to: &self.to,
            difference: &self.difference,
        }
    }

    pub async fn finish(self) -> Result<(), Error> {
        self.wanted.finish().await?;
        self.scratch.finish().await
    }

    pub fn renames_in_words(&self) -> Vec<String> {
        self.renames
            .iter()
            .map(|rename| rename.text.clone())
            .collect()
    }

    pub fn checked(&self, request: &Request<'_>) -> Checked {
        let options = PlanOptions {
            online: request.online,
            single: false,
        };
        let upgrade: Vec<Operation> = self
            .upgrades(options)
            .into_iter()
            .flat_map(|plan| plan.steps)
            .collect();
        Checked {
            difference: self.difference.clone(),
            renames: self.renames_in_words(),
            sql: operation::text(self.to.dialect, &upgrade),
        }
    }

    /// The steps forth: a plan for each revision.
    pub fn upgrades(&self, options: PlanOptions) -> Vec<Operations> {
        let mut plan = database::plan(self.comparison(), options);
        let renames: Vec<Operation> = self
            .renames
            .iter()
            .map(|rename| rename.forth.clone())
            .collect();
        let before = Operations {
            steps: std::mem::take(&mut plan.before),
            ..Operations::default()
        };
        let online = Operations {
            steps: std::mem::take(&mut plan.online),
            transactional: false,
            ..Operations::default()
        };
        let mut plans: Vec<Operations> = [before, plan, online]
            .into_iter()
            .filter(|plan| !plan.steps.is_empty())
            .collect();
        match plans.first_mut() {
            Some(first) => first.steps.splice(..0, renames).for_each(drop),
            None => plans.push(Operations {
                steps: renames,
                ..Operations::default()
            }),
        }
        plans
    }
}

/// The tables that differences are about, and those that foreign keys join with them: no other table changes.
fn concerned(schemas: &[&Schema], differences: &[&Difference]) -> BTreeSet<String> {
    let changes = differences
        .iter()
        .flat_map(|difference| difference.changes());
    let mut tables: BTreeSet<String> = changes
        .map(|change| change.id().owner().to_owned())
        .collect();
    let mut joined = BTreeSet::new();
    for table in schemas
        .iter()
        .flat_map(|schema| schema.of_kind(Kind::Table))
    {
        for (one, other) in table
            .depends_on
            .iter()
            .map(|parent| (&parent.name, &table.id.name))
        {
            if tables.contains(one) || tables.contains(other) {
                joined.extend([one.clone(), other.clone()]);
            }
        }
    }
    tables.append(&mut joined);
    tables
}

/// Creates in the desired schema what it does not name: the tables with all that is theirs, and everything that a table is
/// not. What has another name now is not kept under the old one.
async fn keep(
    wanted: &mut Scratch,
    start: &Schema,
    to: &Schema,
    renames: &[Rename],
) -> Result<(), Error> {
    let is_part = |id: &ObjectId| matches!(id.kind, Kind::Column | Kind::Constraint | Kind::Index);
    let is_unknown = |object: &&Object| {
        let id = object.id();
        let table = id.table.as_deref().unwrap_or(&id.name);
        let whole = match &id.table {
            Some(table) => ObjectId::new(Kind::Table, table),
            None => id.clone(),
        };
        let is_renamed = renames.iter().any(|rename| rename.takes(&whole));
        let is_named = to.get(id).is_some() || is_part(id) && to.has(Kind::Table, table);
        !is_renamed && !is_named
    };
    let mut all = to.clone();
    for object in start.objects().filter(is_unknown) {
        all.add(object.clone());
    }
    let mut made = database::plan_between(to, &all, PlanOptions::default());
    run(
        wanted.connection(),
        &mut made.steps,
        true,
        made.foreign_keys,
    )
    .await?;
    Ok(())
}

/// A scratch database with what the chain builds, or with what the live database has.
async fn current<'s>(
    request: &'s Request<'_>,
    chain: Vec<ScratchSql<'s>>,
    desired: Vec<ScratchSql<'s>>,
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
    let mut schema = database::introspect(&mut live, &request.filter).await?;
    let everything = Difference::between(&Schema::empty(schema.dialect), &schema);
    database::spell(&mut live, &mut schema, &everything).await?;
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
    named.push(ScratchSql::file("the live database", &statements));
    let scripts = Scripts {
        run: Vec::new(),
        like: named,
    };
    let mut scratch = Scratch::create(request.server, &scripts).await?;
    let empty = database::introspect(scratch.connection(), &request.filter).await?;
    let mut made = database::plan_between(&empty, &schema, PlanOptions::default());
    run(
        scratch.connection(),
        &mut made.steps,
        true,
        made.foreign_keys,
    )
    .await?;
    let copy = database::introspect(scratch.connection(), &request.filter).await?;
    same(
        &copy,
        &schema,
        "the scratch database does not come to be like the live one",
    )?;
    Ok((scratch, schema))
}
