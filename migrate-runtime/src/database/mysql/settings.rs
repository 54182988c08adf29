//! The settings of the session: those that every revision starts with, and how a revision's own are undone.

use std::collections::BTreeSet;
use std::time::Duration;

use migrate_chain::Dialect;
use migrate_chain::sql::{TokenKind, quote_name, tokens};

use super::quote::text;
use crate::database::sealed::Limits;
use crate::sql::{Script, inner};
use crate::syntax::MYSQL_SESSION_DEFAULTS;

/// The settings of the run itself, and the character set, for a connection that gets its own back.
const OURS: [&str; 8] = [
    "autocommit",
    "lock_wait_timeout",
    "innodb_lock_wait_timeout",
    "max_statement_time",
    "max_execution_time",
    "character_set_client",
    "character_set_results",
    "collation_connection",
];

/// The statement that gives the session the settings that every revision starts with: the server's for a new connection,
/// our character set, and the limits of the run.
pub fn reset(limits: &Limits) -> String {
    let lock = seconds(limits.ddl_lock);
    format!(
        "{MYSQL_SESSION_DEFAULTS}{NO_LIMIT}, autocommit = 1, lock_wait_timeout = {lock}, innodb_lock_wait_timeout = {lock}, NAMES utf8mb4, \
         @embed_migrations_started = UNIX_TIMESTAMP(SYSDATE(6))"
    )
}

/// The names of the settings that are reset.
fn defaults<'n>() -> impl Iterator<Item = &'n str> {
    let words = MYSQL_SESSION_DEFAULTS.split(" = DEFAULT");
    words.filter_map(|before| before.split(' ').next_back())
}

const NO_LIMIT: &str =
    " /*M!100101 , max_statement_time = 0 *//*!50708 , max_execution_time = 0 */";

/// The time, in seconds, when [`reset`] was done.
pub const STARTED: &str = "@embed_migrations_started";

/// The statement that limits the statements of a revision, and not those of the bookkeeping. Each server executes the
/// comment that is its own; MySQL's limit holds for SELECT only.
pub fn limit(timeout: Duration) -> String {
    let milliseconds = timeout.as_millis().clamp(1, u128::from(LONGEST) * 1000);
    let seconds = timeout.as_secs_f64().clamp(0.001, 31_536_000.0);
    format!(
        "SET SESSION lock_wait_timeout = @@SESSION.lock_wait_timeout /*M!100101 , max_statement_time = {seconds} */\
         /*!50708 , max_execution_time = {milliseconds} */"
    )
}

/// The statement that ends that.
pub fn no_limit() -> String {
    format!("SET SESSION lock_wait_timeout = @@SESSION.lock_wait_timeout{NO_LIMIT}")
}

/// A year, which is the most that the server takes.
const LONGEST: u64 = 31_536_000;

/// The server counts in whole seconds, and takes 0 for no wait at all.
fn seconds(timeout: Duration) -> u64 {
    let whole = timeout
        .as_secs()
        .saturating_add(u64::from(timeout.subsec_nanos() > 0));
    whole.clamp(1, LONGEST)
}

/// The statement that gives a connection back the settings that a run has made, or a revision named. `variables` are
/// those that it came with.
pub fn give_back(variables: &[(String, String)], traces: &Traces) -> String {
    let ours = changed(traces);
    let settings = variables.iter().filter(|(name, _)| ours.contains(&**name));
    let settings = settings.map(|(name, value)| {
        let setting = format!(", {name} = {}", literal(name, value));
        // As in [`reset`]: other servers refuse to set it in a session.
        if name == "explicit_defaults_for_timestamp" && !traces.names.contains(name) {
            format!(" /*M!100802 {setting} */")
        } else {
            setting
        }
    });
    let settings: Vec<String> = settings.collect();
    format!(
        "SET SESSION lock_wait_timeout = @@SESSION.lock_wait_timeout{}",
        settings.concat()
    )
}

/// The settings that a run changes, or a revision names.
pub fn changed(traces: &Traces) -> BTreeSet<&str> {
    let ours: [&str; 8] = OURS;
    defaults()
        .chain(ours)
        .filter(|name| *name != "timestamp" && *name != "*/")
        .chain(traces.names.iter().map(String::as_str))
        .collect()
}

/// The value of a variable, as SHOW VARIABLES gives it, for a SET.
pub fn literal(name: &str, value: &str) -> String {
    // One that is NULL is shown as nothing.
    if value.is_empty() && (name.starts_with("character_set") || name.ends_with("_engine")) {
        return "NULL".to_owned();
    }
    if value.parse::<f64>().is_ok() {
        return value.to_owned();
    }
    text(value)
}

/// The things that scripts leave in the session, beyond the settings that are reset anyway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// Variables of the server.
    names: BTreeSet<String>,
    /// Variables of the user, with their `@`.
    variables: BTreeSet<String>,
    /// Temporary tables, as the script writes them.
    tables: BTreeSet<String>,
    /// Prepared statements.
    prepared: BTreeSet<String>,
    has_role: bool,
}

impl Traces {
    /// Adds those of a script.
    pub fn add_script(&mut self, script: &Script<'_>) {
        // Most scripts set nothing, and may be large.
        if may_set(script.text()) {
            script
                .statements()
                .for_each(|statement| self.add(statement));
        }
    }

    /// Adds those of a statement.
    pub fn add(&mut self, statement: &str) {
        if may_set(statement) {
            for part in inner(Dialect::MySql, statement) {
                self.add_statement(&statement[part]);
            }
        }
    }

    fn add_statement(&mut self, statement: &str) {
        let words: Vec<&str> = tokens(Dialect::MySql, statement)
            .filter(|token| {
                !token.is_trivia()
                    && !matches!(
                        token.kind,
                        TokenKind::ExecutableOpen | TokenKind::ExecutableClose
                    )
            })
            .map(|token| &statement[token.range()])
            .collect();
        if let [set, rest @ ..] = words.as_slice()
            && set.eq_ignore_ascii_case("SET")
        {
            match rest {
                [role, ..] if role.eq_ignore_ascii_case("ROLE") => self.has_role = true,
                [one, ..] if one.eq_ignore_ascii_case("STATEMENT") => {}
                _ => self.add_targets(rest),
            }
        }
        for (at, word) in words.iter().enumerate() {
            self.add_word(word, &words[at + 1..]);
        }
    }

    fn add_word(&mut self, word: &str, rest: &[&str]) {
        let is = |at: usize, wanted: &str| {
            rest.get(at)
                .is_some_and(|word| word.eq_ignore_ascii_case(wanted))
        };
        match word.to_ascii_uppercase().as_str() {
            "TEMPORARY" if is(0, "TABLE") => {
                let skip = if is(1, "IF") { 4 } else { 1 };
                self.tables.extend(table(rest.get(skip..)));
            }
            "PREPARE" => self
                .prepared
                .extend(rest.first().map(|&name| name.to_owned())),
            _ if word.starts_with('@') && !word.starts_with("@@") && word.len() > 1 => {
                self.variables.insert(word.to_ascii_lowercase());
            }
            _ => {}
        }
    }

    /// The variables of the server that a SET assigns to for the session.
    fn add_targets(&mut self, words: &[&str]) {
        for (at, word) in words.iter().enumerate() {
            let is_assigned = matches!(words.get(at + 1), Some(&("=" | ":=")));
            let before = at.checked_sub(1).map_or("", |before| words[before]);
            let scope = words
                .get(at.wrapping_sub(2))
                .copied()
                .unwrap_or_default()
                .to_ascii_uppercase();
            let is_name = word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                && !word.is_empty();
            let is_elsewhere = before.eq_ignore_ascii_case("GLOBAL")
                || before.to_ascii_uppercase().starts_with("PERSIST")
                || before == "." && (scope == "@@GLOBAL" || !scope.starts_with("@@"));
            if is_assigned && is_name && !is_elsewhere {
                self.names.insert(word.to_ascii_lowercase());
            } else if is_assigned && let Some(name) = word.strip_prefix("@@") {
                self.names.insert(name.to_ascii_lowercase());
            }
        }
    }

    /// The statements that undo them; `role` is the one that the session came with, as SQL. A variable that has no default
    /// is left alone.
    pub fn undo(&self, role: &str) -> Vec<String> {
        let mut undo = Vec::new();
        for name in &self.names {
            if is_common(name) || NO_DEFAULT.contains(&&**name) {
                continue;
            }
            undo.push(format!("SET SESSION {name} = DEFAULT"));
        }
        if !self.variables.is_empty() {
            let all = self.variables.iter();
            let all: Vec<String> = all.map(|name| format!("{name} = NULL")).collect();
            undo.push(format!("SET {}", all.join(", ")));
        }
        for table in &self.tables {
            undo.push(format!("DROP TEMPORARY TABLE IF EXISTS {table}"));
        }
        for name in &self.prepared {
            // To deallocate one that is not there is an error.
            undo.push(format!("PREPARE {name} FROM 'DO 0'"));
            undo.push(format!("DEALLOCATE PREPARE {name}"));
        }
        if self.has_role {
            undo.push(format!("SET ROLE {role}"));
        }
        undo
    }
}

/// Variables that belong to a single statement, or cannot be set to a default.
const NO_DEFAULT: [&str; 9] = [
    "autocommit",
    "identity",
    "last_insert_id",
    "insert_id",
    "rand_seed1",
    "rand_seed2",
    "pseudo_thread_id",
    "password",
    "gtid_next",
];

fn is_common(name: &str) -> bool {
    defaults().any(|common| common == name)
        || name == "names"
        || name.starts_with("character_set_")
        || name == "collation_connection"
        || OURS.contains(&name)
}

/// Whether the script holds a word that sets something.
fn may_set(script: &str) -> bool {
    let bytes = script.as_bytes();
    bytes.contains(&b'@')
        || bytes
            .windows(3)
            .any(|word| word.eq_ignore_ascii_case(b"set"))
        || bytes
            .windows(7)
            .any(|word| word.eq_ignore_ascii_case(b"prepare"))
        || bytes
            .windows(9)
            .any(|word| word.eq_ignore_ascii_case(b"temporary"))
}

/// The name of a table, with that of its database.
fn table(words: Option<&[&str]>) -> Option<String> {
    match words? {
        [schema, ".", table, ..] => Some(format!("{schema}.{table}")),
        [table, ..] => Some((*table).to_owned()),
        [] => None,
    }
}

/// The role of a session as SQL, from what `CURRENT_ROLE()` says: MariaDB gives a bare name, MySQL one that is quoted.
pub fn role(current: Option<&str>) -> String {
    match current {
        None | Some("" | "NONE") => "NONE".to_owned(),
        Some(quoted) if quoted.starts_with('`') => quoted.to_owned(),
        Some(bare) => quote_name(Dialect::MySql, bare),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_whole_seconds_within_bounds() {
        let of = |timeout| seconds(timeout);
        assert_eq!(of(Duration::from_millis(1)), 1);
        assert_eq!(of(Duration::from_millis(1001)), 2);
        assert_eq!(of(Duration::MAX), LONGEST);
    }

    #[test]
    fn what_a_script_leaves_in_the_session_is_undone() {
        for (script, expected) in [
            ("SELECT 1", &[][..]),
            ("SET sql_mode = ''", &[]),
            ("UPDATE t SET a = 1", &[]),
            (
                "/*!40101 SET a_b = 1, @@session.c = 2, @@d := 3 */",
                &[
                    "SET SESSION a_b = DEFAULT",
                    "SET SESSION c = DEFAULT",
                    "SET SESSION d = DEFAULT",
                ],
            ),
            (
                "SET GLOBAL a = 1; SET @@global.b = 2; SET PERSIST c = 3",
                &[],
            ),
            (
                "SET @x = 1; SELECT 2 INTO @Y",
                &["SET @x = NULL, @y = NULL"],
            ),
            (
                "CREATE TEMPORARY TABLE IF NOT EXISTS `a b`.t (id INT)",
                &["DROP TEMPORARY TABLE IF EXISTS `a b`.t"],
            ),
            (
                "CREATE OR REPLACE TEMPORARY TABLE t (id INT)",
                &["DROP TEMPORARY TABLE IF EXISTS t"],
            ),
            (
                "PREPARE s FROM 'SELECT 1'",
                &["PREPARE s FROM 'DO 0'", "DEALLOCATE PREPARE s"],
            ),
            ("SET ROLE admin", &["SET ROLE NONE"]),
            ("SET NAMES latin1; SET CHARACTER SET latin1", &[]),
        ] {
            let mut traces = Traces::default();
            traces.add(script);
            assert_eq!(traces.undo("NONE"), expected, "{script}");
        }
    }

    #[test]
    fn the_settings_that_are_reset_are_known_by_name() {
        let names: Vec<&str> = defaults().collect();
        assert_eq!(&names[..2], ["sql_mode", "time_zone"]);
        assert!(names.contains(&"tx_isolation") && names.contains(&"sql_if_exists"));
        assert!(
            names.iter().all(|name| *name == "*/" || name.len() > 6),
            "{names:?}"
        );
    }

    #[test]
    fn roles_are_quoted_once() {
        assert_eq!(role(None), "NONE");
        assert_eq!(role(Some("NONE")), "NONE");
        assert_eq!(role(Some("a`b")), "`a``b`");
        assert_eq!(role(Some("`a`@`%`")), "`a`@`%`");
    }
}
