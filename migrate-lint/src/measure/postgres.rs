//! PostgreSQL shows the locks of a transaction until it ends, a new file for a table that was written again, and counts scans.

use std::collections::{HashMap, HashSet};

use migrate_chain::lint::{Blocks, Effect, Lasts};
use migrate_diff::{Connection, Error};

use super::seen::{Outlast, Seen};

/// The kind and version of the server.
pub async fn server(connection: &mut Connection) -> Result<String, Error> {
    let version = connection.text("SHOW server_version").await?;
    let version = version.split_whitespace().next().unwrap_or_default();
    Ok(format!("PostgreSQL {version}"))
}

/// The tables that were there before.
#[derive(Default)]
pub struct Probe {
    /// The file of each, by its object id.
    files: HashMap<String, String>,
    /// The locks and tables that the transaction holds and has read so far.
    held: HashMap<String, Held>,
}

/// A table in a transaction.
#[derive(Clone, Default)]
struct Held {
    name: String,
    modes: HashSet<String>,
    scans: u64,
    /// The sessions that are blocked, and the line of the statement that took the lock.
    blocks: Option<(Blocks, usize)>,
}

/// A table as a statement has left it.
struct Table {
    id: String,
    name: String,
    file: String,
    scans: u64,
    modes: HashSet<String>,
}

/// A table that a statement has done something to.
struct Touched<'t> {
    table: &'t Table,
    /// The locks that it has taken.
    new: Vec<&'t str>,
    is_read: bool,
    is_copied: bool,
}

const TABLES: &str = "SELECT c.oid::text, coalesce(pg_relation_filenode(c.oid)::text, '') FROM pg_class c \
                      JOIN pg_namespace n ON n.oid = c.relnamespace \
                      WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'";

const SCANS: &str = "SELECT c.oid::text, pg_stat_get_xact_numscans(c.oid)::text FROM pg_class c \
                     WHERE c.relkind IN ('r', 'p', 'm') AND pg_stat_get_xact_numscans(c.oid) > 0";

/// A statement locks each table that it touches, so only locked ones are looked at.
const LOCKED: &str = "SELECT c.oid::text, c.oid::regclass::text, coalesce(pg_relation_filenode(c.oid)::text, ''), \
                      pg_stat_get_xact_numscans(c.oid)::text, l.modes \
                      FROM (SELECT relation, string_agg(mode, ',') AS modes FROM pg_locks \
                      WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted GROUP BY relation) l \
                      JOIN pg_class c ON c.oid = l.relation WHERE c.relkind IN ('r', 'p', 'm') ORDER BY 2";

impl Probe {
    pub async fn deployment(&mut self, connection: &mut Connection) -> Result<(), Error> {
        let rows = connection.rows(TABLES).await?;
        let text = |value: Option<String>| value.unwrap_or_default();
        self.files = rows
            .into_iter()
            .filter_map(|row| {
                let mut values = row.into_iter();
                Some((text(values.next()?), text(values.next()?)))
            })
            .collect();
        Ok(())
    }

    /// A transaction begins, and holds nothing. What the server has not yet added to its statistics is counted from before.
    pub async fn revision(&mut self, connection: &mut Connection) -> Result<(), Error> {
        self.held.clear();
        let rows = connection.rows(SCANS).await?;
        for row in rows {
            let [Some(id), Some(scans)] = &*row else {
                continue;
            };
            let held = self.held.entry(id.clone()).or_default();
            held.scans = scans.parse().unwrap_or(0);
        }
        Ok(())
    }

    pub async fn run(
        &mut self,
        connection: &mut Connection,
        statement: &str,
        line: usize,
    ) -> Result<Option<Seen>, Error> {
        connection.execute(statement).await?;
        let rows = connection.rows(LOCKED).await?;
        let tables: Vec<Table> = rows
            .into_iter()
            .filter_map(table)
            .filter(|table| self.files.contains_key(&table.id))
            .collect();
        let seen = self.judge(statement, &tables);
        self.keep(&tables, line);
        Ok(seen)
    }

    fn touched<'t>(&self, statement: &str, tables: &'t [Table]) -> Vec<Touched<'t>> {
        // It gives the table a new file, which is empty, and reads that for the indexes.
        let truncates = first_word(statement) == "TRUNCATE";
        let touch = |table: &'t Table| {
            let before = self.held.get(&table.id);
            let is_new =
                |mode: &&String| !before.is_some_and(|before| before.modes.contains(*mode));
            let mut new: Vec<&str> = table
                .modes
                .iter()
                .filter(is_new)
                .map(String::as_str)
                .collect();
            new.sort_unstable();
            let touched = Touched {
                table,
                is_read: !truncates && table.scans > before.map_or(0, |before| before.scans),
                is_copied: !truncates && self.files.get(&table.id) != Some(&table.file),
                new,
            };
            let is_any = !touched.new.is_empty() || touched.is_read || touched.is_copied;
            is_any.then_some(touched)
        };
        tables.iter().filter_map(touch).collect()
    }

    fn judge(&self, statement: &str, tables: &[Table]) -> Option<Seen> {
        let touched = self.touched(statement, tables);
        let lasts = if touched.iter().any(|touched| touched.is_copied) {
            Lasts::Copy
        } else if touched.iter().any(|touched| touched.is_read) {
            Lasts::Scan
        } else {
            Lasts::Instant
        };
        let is_ddl = is_ddl(statement);
        let own = |touched: &Touched<'_>| {
            // A read or a copy under a lock that is already held blocks others too.
            let is_under = is_ddl && (touched.is_read || touched.is_copied);
            let modes = touched.table.modes.iter().map(String::as_str);
            let under = modes.filter(|_| is_under);
            let modes = touched.new.iter().copied().chain(under);
            modes.map(blocks).max().unwrap_or(Blocks::Nothing)
        };
        let effect = Effect {
            blocks: touched.iter().map(own).max().unwrap_or(Blocks::Nothing),
            lasts,
        };
        let outlasts = self.outlasts(&touched, lasts, own);
        let facts = facts(&touched, is_ddl);
        if !is_ddl && outlasts.is_empty() && !effect.is_long() {
            return None;
        }
        let tables = touched
            .iter()
            .filter(|touched| own(touched) == effect.blocks);
        let names: Vec<String> = tables
            .map(|touched| format!("`{}`", touched.table.name))
            .collect();
        let message = format!("this {effect}: {}", names.join(", "));
        Some(Seen::Effect {
            effect,
            facts,
            otherwise: ("table-blocked", message),
            outlasts,
        })
    }

    fn outlasts(
        &self,
        touched: &[Touched<'_>],
        lasts: Lasts,
        own: impl Fn(&Touched<'_>) -> Blocks,
    ) -> Vec<Outlast> {
        let slow = touched
            .iter()
            .find(|touched| touched.is_copied || touched.is_read);
        let Some(slow) = slow.filter(|_| lasts != Lasts::Instant) else {
            return Vec::new();
        };
        let mut found: Vec<Outlast> = self
            .held
            .iter()
            .filter_map(|(id, held)| {
                let (blocks, line) = held.blocks?;
                let here = touched.iter().find(|touched| touched.table.id == *id);
                if here.is_some_and(|here| own(here) >= blocks) {
                    return None;
                }
                let name = self.name(id, touched);
                let effect = Effect { blocks, lasts };
                let does = if slow.is_copied { "writes" } else { "reads" };
                Some(Outlast {
                    effect,
                    message: format!(
                        "the lock on {name} from line {line} is held until the commit, so this {effect}",
                    ),
                    fact: format!(
                        "{does} all of `{}` while {} on {name} is held",
                        slow.table.name,
                        lock(strongest(&held.modes)),
                    ),
                })
            })
            .collect();
        found.sort_by(|a, b| a.message.cmp(&b.message));
        found
    }

    fn name(&self, id: &str, touched: &[Touched<'_>]) -> String {
        let here = touched.iter().find(|touched| touched.table.id == id);
        let held = || self.held.get(id).map(|held| &held.name);
        let name = here.map(|here| &here.table.name).or_else(held);
        format!("`{}`", name.map_or("a table", String::as_str))
    }

    fn keep(&mut self, tables: &[Table], line: usize) {
        for table in tables {
            let held = self.held.entry(table.id.clone()).or_default();
            let now = table.modes.iter().map(|mode| blocks(mode)).max();
            let now = now.filter(|&now| now != Blocks::Nothing);
            if now > held.blocks.map(|(blocks, _)| blocks) {
                held.blocks = now.map(|now| (now, line));
            }
            held.modes.clone_from(&table.modes);
            held.scans = table.scans;
            held.name.clone_from(&table.name);
            self.files.insert(table.id.clone(), table.file.clone());
        }
    }
}

fn table(row: Vec<Option<String>>) -> Option<Table> {
    let [Some(id), Some(name), Some(file), scans, modes] = <[_; 5]>::try_from(row).ok()? else {
        return None;
    };
    let modes = modes.unwrap_or_default();
    Some(Table {
        id,
        name,
        file,
        scans: scans.and_then(|scans| scans.parse().ok()).unwrap_or(0),
        modes: modes.split(',').map(str::to_owned).collect(),
    })
}

/// The sessions that a lock blocks.
fn blocks(mode: &str) -> Blocks {
    match mode {
        "AccessExclusiveLock" => Blocks::ReadsAndWrites,
        "ExclusiveLock" | "ShareRowExclusiveLock" | "ShareLock" => Blocks::Writes,
        _ => Blocks::Nothing,
    }
}

fn strongest(modes: &HashSet<String>) -> &str {
    let strength = |mode: &str| {
        let order = [
            "ShareLock",
            "ShareRowExclusiveLock",
            "ExclusiveLock",
            "AccessExclusiveLock",
        ];
        order.iter().position(|&other| other == mode)
    };
    let strongest = modes.iter().max_by_key(|mode| strength(mode));
    strongest.map_or("", String::as_str)
}

/// A lock in a sentence.
fn lock(mode: &str) -> String {
    let mode = shown(mode);
    let article = if mode.starts_with(['A', 'E']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {mode} lock")
}

/// The name of a lock as the manual writes it: `ShareRowExclusiveLock` is SHARE ROW EXCLUSIVE.
fn shown(mode: &str) -> String {
    let mut words = String::new();
    for c in mode.trim_end_matches("Lock").chars() {
        if c.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(c.to_ascii_uppercase());
    }
    words
}

fn facts(touched: &[Touched<'_>], is_ddl: bool) -> Vec<String> {
    let mut facts = Vec::new();
    for touched in touched {
        let name = &touched.table.name;
        let locks = touched
            .new
            .iter()
            .filter(|mode| blocks(mode) != Blocks::Nothing);
        facts.extend(locks.map(|mode| format!("takes {} on `{name}`", lock(mode))));
        let held = strongest(&touched.table.modes);
        let under = if is_ddl && touched.new.is_empty() && blocks(held) != Blocks::Nothing {
            format!(" under {} that is held already", lock(held))
        } else {
            String::new()
        };
        if touched.is_copied {
            facts.push(format!("writes `{name}` into a new file{under}"));
        } else if touched.is_read {
            facts.push(format!("reads all of `{name}`{under}"));
        }
    }
    facts
}

fn first_word(statement: &str) -> String {
    let word = statement.split(|c: char| !c.is_ascii_alphabetic()).next();
    word.unwrap_or_default().to_ascii_uppercase()
}

/// Whether a statement is one that changes what the database holds beside rows.
fn is_ddl(statement: &str) -> bool {
    let words = [
        "ALTER", "CREATE", "DROP", "TRUNCATE", "REINDEX", "CLUSTER", "REFRESH", "LOCK", "COMMENT",
    ];
    words.contains(&&*first_word(statement))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_called_as_in_the_manual() {
        assert_eq!(shown("ShareRowExclusiveLock"), "SHARE ROW EXCLUSIVE");
        assert_eq!(shown("AccessExclusiveLock"), "ACCESS EXCLUSIVE");
    }
}
