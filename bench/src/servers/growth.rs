//! Measures that must not grow with the journal, the chain, or anything else on the server.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use embed_migrations::{Migrations, TransactionMode};
use migrate_chain::config::Config;
use migrate_diff::{DevServer, Filter, Request};

use super::Plan;
use super::contenders::{Access, postgres, sqlite, upgrade};
use super::database::{Database, Databases, Durability, Engine};
use super::proxy::{Proxy, authority};
use crate::Result;
use crate::chains;
use crate::measure::{Row, side_by_side, timed};

/// A measure that does not grow may still come out so much higher.
const NO_GROWTH: f64 = 1.2;
/// Ten times the revisions may take so many times as long: linear, with room for caches.
const LINEAR: f64 = 15.0;
const EACH_SCHEMA: Duration = Duration::from_millis(2);
const JOURNAL: &str = "migrate_journal";
const BASE_UPGRADE: &str = "SELECT 1;";

pub(super) fn rows(databases: &Databases, folder: &Path, plan: &Plan) -> Result<Vec<Row>> {
    let growth = Growth {
        databases,
        plan,
        folder: &folder.join("growth"),
    };
    let mut rows = Vec::new();
    for engine in Engine::ALL {
        rows.push(growth.chain(engine)?);
        for heads in [1, 2] {
            rows.push(growth.journal(engine, heads)?);
        }
    }
    for engine in Engine::SERVERS {
        rows.push(growth.tables(engine)?);
        rows.push(growth.databases(engine)?);
    }
    rows.push(growth.schemas()?);
    rows.push(growth.each_schema()?);
    for engine in Engine::SERVERS {
        rows.extend(growth.comparisons(engine)?);
    }
    rows.push(growth.verify()?);
    Ok(rows)
}

struct Growth<'g> {
    databases: &'g Databases,
    plan: &'g Plan,
    folder: &'g Path,
}

/// A database at the head of its chain.
struct Current<'g> {
    database: Database<'g>,
    chain: &'g Migrations,
}

impl<'g> Growth<'g> {
    fn chain(&self, engine: Engine) -> Result<Row> {
        let [small, large] = self.plan.chain_lengths;
        let current = |length| {
            let chain = self.line(&format!("chain_{length}_{engine}"), length)?;
            self.upgraded(engine, chain, |_| Ok(()))
        };
        let what = format!("{engine}, nothing to do, {large} revisions");
        self.row(
            &what,
            &format!("{small}"),
            &current(small)?,
            &current(large)?,
        )
    }

    fn journal(&self, engine: Engine, heads: usize) -> Result<Row> {
        let [small, large] = self.plan.journal_rows;
        let folder = self.folder.join(format!("journal_{heads}_{engine}"));
        match heads {
            1 => chains::write_line(&folder, [(); 2].map(|()| noop()))?,
            _ => chains::write_two_heads(&folder, BASE_UPGRADE, BASE_UPGRADE)?,
        }
        let chain = leaked(Migrations::load(&folder)?);
        let current = |rows| {
            self.upgraded(engine, chain, |database| {
                database.execute(&fill(engine, rows))
            })
        };
        let what = format!("{engine}, nothing to do, {large} journal rows, {heads} heads");
        self.row(
            &what.replace("1 heads", "1 head"),
            &format!("{small}"),
            &current(small)?,
            &current(large)?,
        )
    }

    fn tables(&self, engine: Engine) -> Result<Row> {
        let [small, large] = self.plan.objects;
        let chain = self.line(&format!("tables_{engine}"), 1)?;
        let current = |count| {
            self.upgraded(engine, chain, |database| {
                database.execute(&repeated(count, "CREATE TABLE x{n} (id INTEGER);"))
            })
        };
        let what = format!("{engine}, nothing to do, {large} other tables");
        self.row(
            &what,
            &format!("{small}"),
            &current(small)?,
            &current(large)?,
        )
    }

    fn schemas(&self) -> Result<Row> {
        let [small, large] = self.plan.objects;
        let engine = Engine::Postgres;
        let chain = self.line("schemas", 1)?;
        let current = |count| {
            self.upgraded(engine, chain, |database| {
                database.execute(&repeated(count, "CREATE SCHEMA x{n};"))
            })
        };
        let what = format!("{engine}, nothing to do, {large} schemas");
        self.row(
            &what,
            &format!("{small}"),
            &current(small)?,
            &current(large)?,
        )
    }

    /// The same database before and after others are made on its server.
    fn databases(&self, engine: Engine) -> Result<Row> {
        let count = match engine {
            Engine::Postgres => self.plan.objects[1] / 20,
            _ => self.plan.objects[1],
        };
        let chain = self.line(&format!("databases_{engine}"), 1)?;
        let current = self.upgraded(engine, chain, |_| Ok(()))?;
        let before = self.best(&current)?;
        let mut others = Vec::new();
        for _ in 0..count {
            others.push(self.databases.fresh(engine, Durability::None)?);
        }
        let after = self.best(&current)?;
        Ok(Row::ratio(
            format!("{engine}, nothing to do, {count} more databases on the server"),
            (after, before),
            "before",
            NO_GROWTH,
        ))
    }

    fn each_schema(&self) -> Result<Row> {
        let count = self.plan.objects[1];
        let database = self.databases.fresh(Engine::Postgres, Durability::None)?;
        database.execute(&repeated(count, "CREATE SCHEMA x{n};"))?;
        let chain = self.line("each_schema", 1)?;
        let names: Vec<String> = (0..count).map(|n| format!("x{n}")).collect();
        let access = self.access(&database);
        let run = || {
            self.databases.runtime.block_on(async {
                let pool = postgres(&access)?;
                let tenants = names.iter().map(|name| (name.clone(), &pool));
                let fleet = chain
                    .for_each(tenants)
                    .configure(|name, runner| runner.schema(name))
                    .upgrade()
                    .await;
                Ok(fleet
                    .into_result()?
                    .iter()
                    .map(|(_, report)| report.steps.len())
                    .sum::<usize>())
            })
        };
        assert_eq!(run()?, count, "each schema was upgraded");
        let (steps, time) = timed(run)?;
        assert_eq!(steps, 0, "no schema had anything to do");
        Ok(Row::time(
            format!("PostgreSQL, for_each over {count} schemas, nothing to do, for each of them"),
            time / u32::try_from(count)?,
            EACH_SCHEMA,
        ))
    }

    /// The round trips of an autogenerate and of a check beside the user's own statements, with few tables and with many.
    fn comparisons(&self, engine: Engine) -> Result<[Row; 2]> {
        let [small, large] = self.plan.objects;
        let (few, many) = (self.compared(engine, small)?, self.compared(engine, large)?);
        let row = |what: &str, few: usize, many: usize| {
            Row::alone(
                format!(
                    "{engine}, round trips of {what} with {large} tables, beside the schema's own"
                ),
                many.to_string(),
                format!("= {few} with {small}"),
                many == few,
            )
        };
        Ok([
            row("autogenerate", few[0], many[0]),
            row("check", few[1], many[1]),
        ])
    }

    fn compared(&self, engine: Engine, tables: usize) -> Result<[usize; 2]> {
        let folder = self.folder.join(format!("compared_{tables}_{engine}"));
        let schema = repeated(
            tables,
            "CREATE TABLE x{n} (id INTEGER NOT NULL PRIMARY KEY);",
        );
        let revision = (schema.clone(), BASE_UPGRADE.to_owned());
        chains::write_line(&folder.join("chain"), [revision])?;
        let desired = folder.join("schema.sql");
        fs::write(&desired, schema)?;
        let chain = leaked(Migrations::load(folder.join("chain"))?);
        let mut database = self.databases.fresh(engine, Durability::None)?;
        database.execute("DROP TABLE item")?;
        let server = self.databases.admin_url(engine, Durability::None);
        let proxy = Proxy::start(authority(&server), Duration::ZERO)?;
        database.url = proxy.url(&database.url);
        self.upgrade(chain, &database, None)?;
        let upgrade = proxy.round_trips();
        let server = DevServer::at(&proxy.url(&server))?;
        let desired = migrate_diff::Desired::read(&desired)?;
        let request =
            Request::new(chain, &desired, &server).filter(Filter::new(&Config::default()));
        self.databases.runtime.block_on(async {
            let generated = migrate_diff::autogenerate(&request).await?;
            let autogenerate = proxy.round_trips() - upgrade;
            let checked = migrate_diff::check(&request.live(&database.url)).await?;
            if generated.is_some() || checked.is_some() {
                return Err(format!("{engine}: a schema differs from itself").into());
            }
            let check = proxy.round_trips() - upgrade - autogenerate;
            // Each replays the chain, whose statements are one turn each.
            Ok([autogenerate, check].map(|turns| turns - tables))
        })
    }

    /// The whole history against the journal, as `status` compares it.
    fn verify(&self) -> Result<Row> {
        let lengths = self.plan.verified;
        let mut times = Vec::new();
        for length in lengths {
            let chain = self.line(&format!("verify_{length}"), length)?;
            let database = self.databases.fresh(Engine::Sqlite, Durability::None)?;
            let access = self.access(&database);
            times.push(self.databases.runtime.block_on(async {
                upgrade(chain, &access, TransactionMode::Single, None).await?;
                let pool = sqlite(&access)?;
                let start = Instant::now();
                assert!(chain.status(&pool).await?.is_current());
                Ok::<_, Box<dyn std::error::Error>>(start.elapsed())
            })?);
        }
        Ok(Row::ratio(
            format!("SQLite, status of {} revisions", lengths[1]),
            (times[1], times[0]),
            &format!("{}", lengths[0]),
            LINEAR,
        ))
    }

    /// The times of nothing to do in two databases, in turn.
    fn row(&self, what: &str, than: &str, small: &Current<'_>, large: &Current<'_>) -> Result<Row> {
        let times = side_by_side(
            self.plan.growth_rounds,
            || self.start(large),
            || self.start(small),
        )?;
        Ok(Row::ratio(what, times, than, NO_GROWTH))
    }

    /// The best of some starts, for what cannot be measured in turn.
    fn best(&self, current: &Current<'_>) -> Result<Duration> {
        let times: Result<Vec<Duration>> = (0..self.plan.growth_rounds)
            .map(|_| self.start(current))
            .collect();
        Ok(times?.into_iter().min().unwrap_or_default())
    }

    fn start(&self, current: &Current<'_>) -> Result<Duration> {
        let ((), time) = timed(|| self.upgrade(current.chain, &current.database, None))?;
        Ok(time)
    }

    /// A database at the head; `before` changes it once the first revision of the chain is applied.
    fn upgraded(
        &self,
        engine: Engine,
        chain: &'g Migrations,
        before: impl FnOnce(&Database<'_>) -> Result,
    ) -> Result<Current<'g>> {
        let database = self.databases.fresh(engine, Durability::None)?;
        self.upgrade(chain, &database, Some(&chains::id(0)))?;
        before(&database)?;
        self.upgrade(chain, &database, None)?;
        Ok(Current { database, chain })
    }

    fn upgrade(&self, chain: &Migrations, database: &Database<'_>, target: Option<&str>) -> Result {
        let access = self.access(database);
        let mode = TransactionMode::PerRevision;
        self.databases
            .runtime
            .block_on(upgrade(chain, &access, mode, target))
    }

    fn access<'a>(&self, database: &'a Database<'_>) -> Access<'a> {
        Access {
            runtime: self.databases.runtime.handle().clone(),
            engine: database.engine,
            durability: database.durability,
            url: &database.url,
        }
    }

    fn line(&self, name: &str, length: usize) -> Result<&'static Migrations> {
        let folder = self.folder.join(name);
        chains::write_line(&folder, (0..length).map(|_| noop()))?;
        Ok(leaked(Migrations::load(&folder)?))
    }
}

fn noop() -> (String, String) {
    (BASE_UPGRADE.to_owned(), BASE_UPGRADE.to_owned())
}

fn leaked(migrations: Migrations) -> &'static Migrations {
    Box::leak(Box::new(migrations))
}

/// A statement for each number.
fn repeated(count: usize, statement: &str) -> String {
    (0..count).fold(String::new(), |mut script, n| {
        let _ = writeln!(script, "{}", statement.replace("{n}", &n.to_string()));
        script
    })
}

/// SQL that adds rows like the first one to the journal, whatever its columns are.
fn fill(engine: Engine, rows: usize) -> String {
    match engine {
        Engine::Postgres => format!(
            "DO $$ DECLARE c text; BEGIN SELECT string_agg(quote_ident(attname), ', ') INTO c FROM pg_attribute WHERE \
             attrelid = '{JOURNAL}'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'sequence'; \
             EXECUTE format('INSERT INTO {JOURNAL} (%1$s) SELECT %1$s FROM (SELECT * FROM {JOURNAL} ORDER BY sequence \
             LIMIT 1) j, generate_series(1, {rows})', c); END $$; ANALYZE {JOURNAL}"
        ),
        Engine::MariaDb => format!(
            "CREATE TEMPORARY TABLE one SELECT * FROM {JOURNAL} ORDER BY sequence LIMIT 1; UPDATE one SET sequence = 0; \
             INSERT INTO {JOURNAL} SELECT one.* FROM one, seq_1_to_{rows}; ANALYZE TABLE {JOURNAL}"
        ),
        Engine::Sqlite => format!(
            "CREATE TEMP TABLE one AS SELECT * FROM {JOURNAL} ORDER BY sequence LIMIT 1; UPDATE one SET sequence = NULL; \
             INSERT INTO {JOURNAL} WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {rows}) \
             SELECT one.* FROM one, n; ANALYZE"
        ),
    }
}
