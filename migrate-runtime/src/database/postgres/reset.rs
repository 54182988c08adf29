//! Undoing what a revision has set on its connection: the next one must not depend on whether this one ran before it.
//!
//! A connection of the runtime's own goes back to what it was opened with. One that was passed, or a backend that a pooler
//! shares, goes back to what it was set to before; what a pooler itself keeps apart for its clients is left to that.

use migrate_chain::Dialect;
use migrate_chain::sql::quote_value;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::message::END;
use super::quote::text;

/// The state of a connection that was passed, before the run.
#[derive(Clone, Debug, Default)]
pub struct ConnectionState {
    /// The settings that were made on it, by name.
    settings: Vec<(String, String)>,
    role: Option<String>,
    user: Option<String>,
    /// The numbers of its temporary tables, and of what belongs to them.
    temporary: Vec<String>,
    /// The statements that it has prepared in SQL.
    prepared: Vec<String>,
}

/// Whose connection it is.
pub enum Owner<'s> {
    Runtime,
    App(&'s ConnectionState),
    Pooler,
}

/// Those that belong to a transaction, or that are put back by themselves.
const NOT_SET: &str = "'transaction_isolation', 'transaction_read_only', 'transaction_deferrable', 'session_authorization', \
                       'role', 'seed'";

/// Those that a pooler sets for each of its clients.
const OF_CLIENT: &str = "'application_name', 'client_encoding', 'DateStyle', 'IntervalStyle', 'TimeZone', \
                         'standard_conforming_strings'";

/// The query for the state of a connection: rows of a name and a value.
pub fn look() -> String {
    format!(
        "SELECT name, setting FROM pg_catalog.pg_settings WHERE {} UNION ALL SELECT 'role', current_setting('role') UNION ALL \
         SELECT 'session_authorization', session_user UNION ALL SELECT '', oid::text FROM pg_catalog.pg_class WHERE \
         relnamespace = pg_my_temp_schema() UNION ALL SELECT 'PREPARE', name FROM pg_catalog.pg_prepared_statements WHERE \
         from_sql",
        is_set(NOT_SET)
    )
}

fn is_set(without: &str) -> String {
    format!("source = 'session' AND context IN ('user', 'superuser') AND name NOT IN ({without})")
}

impl ConnectionState {
    /// The role that its statements ran as.
    pub fn role(&self) -> Option<&str> {
        let role = self.role.as_deref().filter(|role| *role != "none");
        role.or(self.user.as_deref())
    }

    /// From the rows of [`look`].
    pub fn of(rows: &[PgRow]) -> Result<Self, sqlx::Error> {
        let mut before = Self::default();
        for row in rows {
            let (name, value): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            match &*name {
                "" => before.temporary.push(value),
                "PREPARE" => before.prepared.push(value),
                "role" => before.role = Some(value),
                "session_authorization" => before.user = Some(value),
                _ => before.settings.push((name, value)),
            }
        }
        Ok(before)
    }

    /// The query that sets everything that the app has set to what a new connection has; but for what decides where names
    /// lead.
    pub fn defaults(&self, is_local: bool) -> Option<String> {
        let names = self.settings.iter().map(|(name, _)| name);
        let names = names.filter(|name| *name != "search_path");
        let calls: Vec<String> = names
            .map(|name| format!("set_config({}, NULL, {is_local})", text(name)))
            .collect();
        (!calls.is_empty()).then(|| format!("SELECT {}", calls.join(", ")))
    }
}

/// The statements that come after scripts, of which some may have prepared statements. The first of them ends a script.
/// Without PL/pgSQL some of it stays.
pub fn after_script(owner: &Owner<'_>, has_prepared: bool, can_do: bool) -> Vec<String> {
    let mut statements = vec![own_role(owner)];
    if can_do && has_prepared {
        statements.push(deallocate(owner));
    }
    match owner {
        Owner::Runtime => {
            statements.extend(["RESET ALL", "CLOSE ALL", "DISCARD TEMP"].map(str::to_owned));
        }
        Owner::App(before) => {
            statements.push(settings(&before.settings, NOT_SET));
            statements.extend(drop_temporary(before, can_do));
        }
        Owner::Pooler => {
            statements.push(settings(&[], &format!("{NOT_SET}, {OF_CLIENT}")));
            statements.push("DISCARD TEMP".to_owned());
        }
    }
    statements
}

/// The user first: the role is one of theirs.
fn own_role(owner: &Owner<'_>) -> String {
    let [user, role] = user_and_role(owner);
    format!(
        "SELECT pg_catalog.set_config('session_authorization', {user}, false) AS {END}, \
         pg_catalog.set_config('role', {role}, false)"
    )
}

/// The same until the transaction ends.
pub fn own_role_for_now(owner: &Owner<'_>) -> String {
    let [user, role] = user_and_role(owner);
    format!(
        "SELECT pg_catalog.set_config('session_authorization', {user}, true), pg_catalog.set_config('role', {role}, true)"
    )
}

fn user_and_role(owner: &Owner<'_>) -> [String; 2] {
    let (user, role) = match owner {
        Owner::App(before) => (before.user.as_deref(), before.role.as_deref()),
        Owner::Runtime | Owner::Pooler => (None, None),
    };
    [user, role].map(|value| quote_value(Dialect::Postgres, value))
}

/// Sets what is set now to what it was, or to what a new connection has.
fn settings(before: &[(String, String)], without: &str) -> String {
    let mut values: Vec<String> = before
        .iter()
        .map(|(name, value)| format!("({}, {})", text(name), text(value)))
        .collect();
    // The list may not be empty.
    values.push("(NULL, NULL)".to_owned());
    format!(
        "SELECT pg_catalog.set_config(s.name, b.value, false) FROM pg_catalog.pg_settings s LEFT JOIN (VALUES {}) b (name, \
         value) ON b.name OPERATOR(pg_catalog.=) s.name WHERE (b.name IS NOT NULL OR {}) AND b.value IS DISTINCT FROM s.setting",
        values.join(", "),
        is_set(without).replace("name NOT", "s.name NOT")
    )
}

/// Those of the app stay; those that sqlx has prepared are none of SQL's.
fn deallocate(owner: &Owner<'_>) -> String {
    let kept = match owner {
        Owner::App(before) => before.prepared.iter().map(|name| text(name)).collect(),
        Owner::Runtime | Owner::Pooler => Vec::new(),
    };
    let kept = match &kept[..] {
        [] => String::new(),
        kept => format!(" AND name NOT IN ({})", kept.join(", ")),
    };
    let block = format!(
        "DECLARE s text; BEGIN FOR s IN SELECT name FROM pg_catalog.pg_prepared_statements WHERE from_sql AND name NOT LIKE \
         'embed_migrations%'{kept} LOOP EXECUTE pg_catalog.format('DEALLOCATE %I', s); END LOOP; END"
    );
    format!("DO {}", text(&block))
}

/// Those of the app stay.
fn drop_temporary(before: &ConnectionState, can_do: bool) -> Option<String> {
    if before.temporary.is_empty() {
        return Some("DISCARD TEMP".to_owned());
    }
    can_do.then(|| {
        format!(
            "DO 'DECLARE t record; BEGIN FOR t IN SELECT oid, CASE relkind WHEN ''v'' THEN ''VIEW'' WHEN ''S'' THEN ''SEQUENCE'' \
             ELSE ''TABLE'' END AS kind FROM pg_catalog.pg_class WHERE relnamespace = pg_catalog.pg_my_temp_schema() AND relkind \
             IN (''r'', ''p'', ''v'', ''S'') AND oid NOT IN ({}) LOOP IF EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid = \
             t.oid) THEN EXECUTE pg_catalog.format(''DROP %s IF EXISTS %s CASCADE'', t.kind, t.oid::pg_catalog.regclass); END \
             IF; END LOOP; END'",
            before.temporary.join(", ")
        )
    })
}

/// The statements that keep what a setting without a place in the catalogs was, for as long as the transaction lasts.
pub fn keep_custom(names: &[String]) -> Vec<String> {
    let keep = |(n, name): (usize, &String)| {
        format!(
            "SELECT set_config('embed_migrations.was_{n}', coalesce(current_setting({}, true), ''), true)",
            text(name)
        )
    };
    names.iter().enumerate().map(keep).collect()
}

/// The statements that put it back.
pub fn restore_custom(names: &[String]) -> Vec<String> {
    let restore = |(n, name): (usize, &String)| {
        let name = text(name);
        let was =
            format!("coalesce(pg_catalog.current_setting('embed_migrations.was_{n}', true), '')");
        format!(
            "SELECT pg_catalog.set_config({name}, {was}, false) WHERE pg_catalog.current_setting({name}, true) IS DISTINCT FROM {was}"
        )
    };
    names.iter().enumerate().map(restore).collect()
}
