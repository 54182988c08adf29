//! Reading the version table and the journal.

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use super::quote::{name, text};
use super::setting::MARK;
use crate::database::rows::state;
use crate::foreign::find::known_tables;
use crate::journal::columns::{DIGEST, REVISION, SEQUENCE};
use crate::journal::state::{State, VersionRow};
use crate::journal::tables::{Tables, is_applied};

/// Facts about the connection and the database, read with the state.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and all combinations occur"
)]
pub struct SessionFacts {
    /// The tables in the schema where they are, or are to be made; without a schema where the search path names none that
    /// exists.
    pub tables: Tables,
    /// The search path that the run began with.
    pub search_path: String,
    /// Whether the backend belongs to this connection alone, as far as is known.
    pub is_direct: bool,
    pub is_in_transaction: bool,
    pub is_replica: bool,
    /// Whether PL/pgSQL is there.
    pub can_tell: bool,
    /// Whether a transaction is ended by the server after a time.
    pub is_timed: bool,
}

/// Reads the state in one round trip.
pub async fn read_state(
    connection: &mut PgConnection,
    tables: &Tables,
) -> Result<(State, SessionFacts), sqlx::Error> {
    if tables.is_leased {
        return read_in_plain_sql(connection, tables).await;
    }
    let rows = sqlx::raw_sql(AssertSqlSafe(query(tables))).fetch_all(&mut *connection);
    let rows = match rows.await {
        Err(sqlx::Error::Database(_)) if needs_a_lease(connection).await => {
            let mut tables = tables.clone();
            tables.is_leased = true;
            return read_in_plain_sql(connection, &tables).await;
        }
        rows => rows?,
    };
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let found = found(first, tables)?;
    let mut state = state(&rows, first.try_get(FACTS + 1)?, first.try_get(FACTS + 2)?)?;
    state.has_no_history = first.try_get(FACTS + 9)?;
    Ok((state, found))
}

/// Whether the server speaks as PostgreSQL does, and says yes to everyone who asks for an advisory lock.
async fn needs_a_lease(connection: &mut PgConnection) -> bool {
    let version = sqlx::raw_sql("SELECT version()")
        .fetch_one(connection)
        .await;
    let version = version.and_then(|row| row.try_get::<String, _>(0));
    version.is_ok_and(|version| version.contains("CockroachDB"))
}

/// Reads the state by statements that servers with the words of PostgreSQL take as well: what there is first, and then
/// what that says.
async fn read_in_plain_sql(
    connection: &mut PgConnection,
    tables: &Tables,
) -> Result<(State, SessionFacts), sqlx::Error> {
    let (version, journal) = (text(&tables.version_name), text(&tables.journal_name));
    let schemas = match &tables.schema {
        Some(schema) => format!("= {}", text(schema)),
        None => "= ANY (current_schemas(false))".to_owned(),
    };
    let sql = format!(
        "SELECT coalesce(current_schema()::text, ''), current_setting('search_path'), coalesce(current_setting('{MARK}', true), \
         '') = '1', now() <> statement_timestamp(), coalesce(current_setting('transaction_timeout', true), '0') <> '0'; SELECT \
         table_schema::text, table_name::text FROM information_schema.tables WHERE table_schema {schemas} AND table_name IN \
         ({version}, {journal})"
    );
    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut *connection);
    let rows = rows.await?;
    let (facts, rest) = rows.split_first().ok_or(sqlx::Error::RowNotFound)?;
    let mut there = Vec::new();
    for row in rest {
        there.push((row.try_get::<String, _>(0)?, row.try_get::<String, _>(1)?));
    }
    let current: String = facts.try_get(0)?;
    let found = there.first().map(|(schema, _)| schema.clone());
    let schema = tables.schema.clone().or(found).unwrap_or(current);
    let has = |table: &str| {
        there
            .iter()
            .any(|one| *one == (schema.clone(), table.to_owned()))
    };
    let (has_version, has_journal) = (has(&tables.version_name), has(&tables.journal_name));
    let tables = if schema.is_empty() {
        tables.clone()
    } else {
        tables.in_schema(&schema)
    };
    let rows = match (has_version, has_journal) {
        (false, _) => Vec::new(),
        (true, false) => fetch(connection, tables.read_version()).await?,
        (true, true) => fetch(connection, tables.read()).await?,
    };
    let found = SessionFacts {
        search_path: facts.try_get(1)?,
        is_direct: facts.try_get(2)?,
        is_in_transaction: facts.try_get(3)?,
        is_replica: false,
        can_tell: false,
        is_timed: facts.try_get(4)?,
        tables,
    };
    Ok((state(&rows, has_version, has_journal)?, found))
}

async fn fetch(connection: &mut PgConnection, sql: String) -> Result<Vec<PgRow>, sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .fetch_all(connection)
        .await
}

/// Reads the state of a database where there is nothing to do: two queries that are as cheap as they can be, and that
/// servers with the words of PostgreSQL take as well. Nothing if it takes more to know the state: tables that are missing,
/// or rows whose digest is not in the last row of the journal.
pub async fn read_plainly(
    connection: &mut PgConnection,
    tables: &Tables,
) -> Result<Option<State>, sqlx::Error> {
    let sql = format!(
        "SELECT version_num FROM {}; {}",
        tables.version(),
        read_end(tables)
    );
    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut *connection);
    let rows = match rows.await {
        Ok(rows) => rows,
        // Another state, or another server, than these queries are for.
        Err(sqlx::Error::Database(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let (journal, versions): (Vec<PgRow>, Vec<PgRow>) =
        rows.into_iter().partition(|row| row.len() > 1);
    let revisions = versions.iter().map(|row| row.try_get(0));
    let Ok(revisions) = revisions.collect::<Result<Vec<String>, _>>() else {
        return Ok(None);
    };
    let ([revision], [last]) = (&revisions[..], &journal[..]) else {
        return Ok(None);
    };
    let is_record: bool = last.try_get::<Option<bool>, _>(0)?.unwrap_or(false);
    let recorded: String = last.try_get(1)?;
    if !is_record || recorded != *revision {
        return Ok(None);
    }
    let digest: Option<String> = last.try_get(2)?;
    let digest = digest.map(|digest| digest.parse()).transpose();
    let Ok(digest) = digest else { return Ok(None) };
    Ok(Some(State {
        has_version_table: true,
        has_journal: true,
        rows: vec![VersionRow {
            revision: recorded,
            digest,
        }],
        unfinished: false,
        has_no_history: false,
    }))
}

/// The query for the last row of the journal: whether it is the record of a revision that is applied, of which, and its
/// digest.
fn read_end(tables: &Tables) -> String {
    format!(
        "SELECT {}, {REVISION}, {DIGEST} FROM {} ORDER BY {SEQUENCE} DESC LIMIT 1",
        is_applied(""),
        tables.journal()
    )
}

fn found(row: &PgRow, tables: &Tables) -> Result<SessionFacts, sqlx::Error> {
    let schema: Option<String> = row.try_get(FACTS)?;
    Ok(SessionFacts {
        tables: schema.map_or_else(|| tables.clone(), |schema| tables.in_schema(&schema)),
        search_path: row.try_get(FACTS + 3)?,
        is_direct: row.try_get(FACTS + 4)?,
        is_in_transaction: row.try_get(FACTS + 5)?,
        is_replica: row.try_get(FACTS + 6)?,
        can_tell: row.try_get(FACTS + 7)?,
        is_timed: row.try_get(FACTS + 8)?,
    })
}

/// The columns before these are those of the state.
const FACTS: usize = 3;

/// One statement that works whatever is there. A statement that names a missing table is an error before it begins, and
/// each start on an empty database would leave that in the server's log; so the tables are named in a text, which
/// `query_to_xml` runs only where they exist. Hexadecimal has no character that XML would write otherwise.
fn query(tables: &Tables) -> String {
    let (version, journal) = (text(&tables.version_name), text(&tables.journal_name));
    let schema = match &tables.schema {
        Some(schema) => text(schema),
        None => format!(
            "coalesce((SELECT n.nspname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = \
             c.relnamespace WHERE c.oid = coalesce(to_regclass(quote_ident({version})), \
             to_regclass(quote_ident({journal})))), current_schema()::text)"
        ),
    };
    // The schema is known only once the statement runs, and put in there.
    let both = tables.in_schema(SCHEMA).read();
    let alone = tables.in_schema(SCHEMA).read_version();
    let [both, alone] = [both, alone].map(|query| {
        text(&format!(
            "SELECT encode(convert_to(json_agg(x)::text, 'UTF8'), 'hex') AS found FROM ({query}) x"
        ))
    });
    let histories: Vec<String> = known_tables().into_iter().map(text).collect();
    let schema_in = |query: String| {
        format!(
            "replace({query}, {}, quote_ident(f.schema))",
            text(&name(SCHEMA))
        )
    };
    format!(
        "SELECT r.event, r.version_num, r.digest, f.schema, f.has_version, f.has_journal, \
         current_setting('search_path'), coalesce(current_setting('{MARK}', true), '') = '1', \
         now() <> statement_timestamp(), pg_is_in_recovery(), \
         coalesce((SELECT has_language_privilege(oid, 'USAGE') FROM pg_language WHERE lanname = 'plpgsql'), false), \
         coalesce(current_setting('transaction_timeout', true), '0') <> '0', NOT EXISTS (SELECT FROM pg_catalog.pg_class WHERE \
         relkind IN ('r', 'p') AND relname IN ({})) FROM (SELECT schema, \
         to_regclass(quote_ident(schema) || '.' || quote_ident({version})) IS NOT NULL AS has_version, \
         to_regclass(quote_ident(schema) || '.' || quote_ident({journal})) IS NOT NULL AS has_journal \
         FROM (SELECT {schema} AS schema) s) f LEFT JOIN LATERAL \
         json_to_recordset(convert_from(decode(substring(query_to_xml(CASE WHEN NOT f.has_version THEN \
         'SELECT NULL AS found' WHEN f.has_journal THEN {} ELSE {} END, false, true, '')::text FROM \
         '<found>([0-9a-f]*)</found>'), 'hex'), 'UTF8')::json) AS r(event text, version_num text, digest text) ON true",
        histories.join(", "),
        schema_in(both),
        schema_in(alone)
    )
}

/// Stands for the schema until it is known.
const SCHEMA: &str = "embed_migrations:schema";
