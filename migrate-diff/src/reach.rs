//! The statements that reach beyond the database that they run in, and the roles that statements name: as far as their text
//! shows, bodies included.

use std::collections::BTreeSet;
use std::ops::Range;

use migrate_chain::Dialect;
use migrate_chain::sql::{TokenKind, split, tokens};

/// Something in a script that reaches beyond its database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    /// The words that do.
    pub(crate) range: Range<usize>,
    pub(crate) what: What,
}

/// How a statement reaches beyond its database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// It makes the connection leave the database: what follows would run in another one.
    Leaves,
    /// It changes what all databases of the server share, or the machine.
    Server,
    /// It names another database.
    Database(String),
}

/// All that reaches beyond the database called `own`, in order of place.
pub(crate) fn beyond(dialect: Dialect, own: &str, text: &str) -> Vec<Reach> {
    let mut found = commands(dialect, text);
    for group in groups(dialect, text) {
        found.extend(match dialect {
            Dialect::Sqlite => Vec::new(),
            Dialect::Postgres => postgres(&group),
            Dialect::MySql => mysql(&group, own),
        });
    }
    found.sort_by_key(|reach| (reach.range.start, reach.range.end));
    found.dedup_by_key(|reach| reach.range.start);
    found
}

/// The roles of a script: of MySQL and MariaDB, accounts such as `'app'@'%'`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roles {
    /// Those that statements name.
    pub(crate) named: BTreeSet<String>,
    /// Those that statements create.
    pub(crate) created: BTreeSet<String>,
}

/// The roles that a script names and creates.
pub(crate) fn roles(dialect: Dialect, text: &str) -> Roles {
    let mut roles = Roles::default();
    for group in groups(dialect, text) {
        match dialect {
            Dialect::Sqlite => {}
            Dialect::Postgres => postgres_roles(&group, &mut roles),
            Dialect::MySql => mysql_accounts(&group, &mut roles),
        }
    }
    roles
}

/// A token that means something.
#[derive(Clone, Debug)]
struct Word<'t> {
    kind: TokenKind,
    text: &'t str,
    range: Range<usize>,
}

impl Word<'_> {
    fn is(&self, keyword: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(keyword)
    }

    fn is_any(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is(keyword))
    }

    fn is_name(&self) -> bool {
        matches!(self.kind, TokenKind::Word | TokenKind::QuotedIdentifier)
    }

    /// The name without its quotes.
    fn name(&self) -> String {
        let quote = self.text.chars().next().unwrap_or_default();
        match self.kind {
            TokenKind::QuotedIdentifier | TokenKind::String if "`\"'".contains(quote) => {
                let inner = self.text.get(1..self.text.len() - 1).unwrap_or_default();
                inner.replace(&format!("{quote}{quote}"), &quote.to_string())
            }
            _ => self.text.to_owned(),
        }
    }
}

/// The words of a statement, or of what a quote in it holds.
struct Group<'t> {
    words: Vec<Word<'t>>,
    /// Whether statements may begin anywhere in it: it is a body.
    is_body: bool,
}

impl<'t> Group<'t> {
    /// The places where a statement may begin.
    fn starts(&self) -> impl Iterator<Item = &[Word<'t>]> {
        const OPENERS: [&str; 8] = [
            "BEGIN", "THEN", "ELSE", "LOOP", "DO", "ATOMIC", "REPEAT", "ROW",
        ];
        let begins = move |n: usize| {
            n == 0
                || self.words[n - 1].text == ";"
                || self.is_body
                    && (self.words[n - 1].is_any(&OPENERS) || self.words[n - 1].text == ")")
        };
        (0..self.words.len())
            .filter(move |&n| begins(n))
            .map(|n| &self.words[n..])
    }
}

/// Every statement, and every quote that may hold statements.
fn groups(dialect: Dialect, text: &str) -> Vec<Group<'_>> {
    let mut groups = Vec::new();
    for statement in split(dialect, text) {
        let range = statement.range();
        collect(
            dialect,
            &text[range.clone()],
            range.start,
            false,
            &mut groups,
        );
    }
    groups
}

/// A body in a body in a body is enough for anybody.
const DEPTH: usize = 64;

fn collect<'t>(
    dialect: Dialect,
    text: &'t str,
    offset: usize,
    is_inner: bool,
    groups: &mut Vec<Group<'t>>,
) {
    let mut words = Vec::new();
    for token in tokens(dialect, text) {
        if token.is_significant() {
            words.push(Word {
                kind: token.kind,
                text: &text[token.range()],
                range: offset + token.start..offset + token.end,
            });
        }
    }
    let makes_program = is_inner || holds_program(&words);
    let inner: Vec<(usize, &str)> = words
        .iter()
        .filter_map(|word| Some((word.range.start, quoted(word, makes_program)?)))
        .map(|(start, (skipped, text))| (start + skipped, text))
        .collect();
    groups.push(Group {
        is_body: makes_program,
        words,
    });
    if groups.len() > DEPTH * DEPTH {
        return;
    }
    for (offset, text) in inner {
        collect(dialect, text, offset, true, groups);
    }
}

/// Whether a statement is one that runs others.
fn holds_program(words: &[Word<'_>]) -> bool {
    const FIRST: [&str; 5] = ["DO", "EXECUTE", "PREPARE", "SET", "BEGIN"];
    const PROGRAMS: [&str; 4] = ["FUNCTION", "PROCEDURE", "TRIGGER", "EVENT"];
    let is_created = words
        .first()
        .is_some_and(|word| word.is_any(&["CREATE", "ALTER"]));
    words.first().is_some_and(|word| word.is_any(&FIRST))
        || is_created && words.iter().take(12).any(|word| word.is_any(&PROGRAMS))
}

/// The text in a quote that may hold statements, and how much of the token comes before it.
fn quoted<'t>(word: &Word<'t>, makes_program: bool) -> Option<(usize, &'t str)> {
    match word.kind {
        TokenKind::DollarQuote => {
            let tag = word.text[1..].find('$')? + 2;
            let text = word.text.get(tag..word.text.len().checked_sub(tag)?)?;
            Some((tag, text))
        }
        TokenKind::String if makes_program => {
            let start = word.text.find(['\'', '"'])? + 1;
            let text = word.text.get(start..word.text.len().checked_sub(1)?)?;
            // One word is a value.
            text.contains(char::is_whitespace).then_some((start, text))
        }
        _ => None,
    }
}

/// The commands of a client that connect it anew. They are no statements.
fn commands(dialect: Dialect, text: &str) -> Vec<Reach> {
    let meta = tokens(dialect, text).filter(|token| token.kind == TokenKind::MetaCommand);
    let connects = meta.filter(|token| {
        let command = text[token.range()].split_ascii_whitespace().next();
        matches!(command, Some("\\c" | "\\connect"))
    });
    connects
        .map(|token| Reach {
            range: token.range(),
            what: What::Leaves,
        })
        .collect()
}

fn reach(words: &[Word<'_>], what: What) -> Reach {
    let end = words.last().map_or(0, |word| word.range.end);
    Reach {
        range: words.first().map_or(end, |word| word.range.start)..end,
        what,
    }
}

/// The part of a statement up to its `;`.
fn one<'s, 't>(words: &'s [Word<'t>]) -> &'s [Word<'t>] {
    let end = words.iter().position(|word| word.text == ";");
    &words[..end.unwrap_or(words.len())]
}

const SHARED_BY_POSTGRES: [&str; 6] = [
    "DATABASE",
    "ROLE",
    "USER",
    "GROUP",
    "TABLESPACE",
    "SUBSCRIPTION",
];

/// Functions that reach other databases, other sessions, the server's settings or its files.
const FUNCTIONS_OF_POSTGRES: [&str; 14] = [
    "pg_terminate_backend",
    "pg_cancel_backend",
    "pg_reload_conf",
    "pg_rotate_logfile",
    "pg_switch_wal",
    "pg_promote",
    "pg_create_restore_point",
    "pg_create_physical_replication_slot",
    "pg_create_logical_replication_slot",
    "pg_drop_replication_slot",
    "pg_file_write",
    "lo_export",
    "lo_import",
    "dblink",
];

fn postgres(group: &Group<'_>) -> Vec<Reach> {
    let mut found = Vec::new();
    for words in group.starts() {
        let words = one(words);
        let length = postgres_statement(words);
        found.extend(length.map(|length| reach(&words[..length], What::Server)));
    }
    let calls = group.words.windows(2).filter(|pair| {
        let name = pair[0].text.to_ascii_lowercase();
        let is_one = FUNCTIONS_OF_POSTGRES.contains(&&*name) || name.starts_with("dblink_");
        pair[0].kind == TokenKind::Word && pair[1].text == "(" && is_one
    });
    found.extend(calls.map(|pair| reach(&pair[..1], What::Server)));
    found
}

/// How many words say that the statement reaches beyond its database; none if it does not.
fn postgres_statement(words: &[Word<'_>]) -> Option<usize> {
    let at = |n: usize, keywords: &[&str]| words.get(n).is_some_and(|word| word.is_any(keywords));
    let is_shared = |n: usize| at(n, &SHARED_BY_POSTGRES) && !at(n + 1, &["MAPPING"]);
    if at(0, &["CREATE", "ALTER", "DROP"]) && is_shared(1)
        || at(0, &["ALTER"]) && at(1, &["SYSTEM"])
    {
        return Some(2);
    }
    if at(0, &["DROP", "REASSIGN"]) && at(1, &["OWNED"]) {
        return Some(2);
    }
    if at(0, &["COMMENT"]) && at(1, &["ON"]) && is_shared(2) {
        return Some(3);
    }
    let position = |keywords: &[&str]| words.iter().position(|word| word.is_any(keywords));
    if at(0, &["SECURITY"]) && at(1, &["LABEL"]) {
        return position(&["ON"])
            .filter(|on| is_shared(on + 1))
            .map(|on| on + 2);
    }
    if at(0, &["GRANT", "REVOKE"]) {
        let end = position(&["TO", "FROM"])?;
        return match position(&["ON"]).filter(|on| *on < end) {
            // Without ON, a role is granted.
            None => Some(end),
            Some(on) => at(on + 1, &["DATABASE", "TABLESPACE", "PARAMETER"]).then_some(on + 2),
        };
    }
    if at(0, &["COPY"]) {
        let way = words
            .iter()
            .rposition(|word| word.is_any(&["TO", "FROM"]))?;
        let is_file = words.get(way + 1).is_some_and(|word| {
            word.is("PROGRAM") || matches!(word.kind, TokenKind::String | TokenKind::DollarQuote)
        });
        return is_file.then_some(way + 1);
    }
    None
}

fn mysql(group: &Group<'_>, own: &str) -> Vec<Reach> {
    let mut found = Vec::new();
    for words in group.starts() {
        found.extend(mysql_statement(one(words), own));
    }
    found.extend(mysql_names(group, own));
    found
}

/// Statements of MySQL that are about the server, by their first words; an empty second word is any.
const ABOUT_MYSQL: [(&str, &[&str]); 16] = [
    (
        "CREATE",
        &["USER", "ROLE", "SERVER", "TABLESPACE", "LOGFILE", "UNDO"],
    ),
    (
        "ALTER",
        &["USER", "ROLE", "SERVER", "TABLESPACE", "INSTANCE", "UNDO"],
    ),
    (
        "DROP",
        &["USER", "ROLE", "SERVER", "TABLESPACE", "LOGFILE", "UNDO"],
    ),
    ("RENAME", &["USER"]),
    ("GRANT", &[]),
    ("REVOKE", &[]),
    ("INSTALL", &[]),
    ("UNINSTALL", &[]),
    ("FLUSH", &[]),
    ("RESET", &[]),
    ("PURGE", &[]),
    ("KILL", &[]),
    ("SHUTDOWN", &[]),
    ("RESTART", &[]),
    ("CHANGE", &["MASTER", "REPLICATION"]),
    ("CLONE", &[]),
];

fn mysql_statement(words: &[Word<'_>], own: &str) -> Option<Reach> {
    let at = |n: usize, keywords: &[&str]| words.get(n).is_some_and(|word| word.is_any(keywords));
    if at(0, &["USE"]) && words.len() == 2 {
        let is_own = is_same(&words[1].name(), own);
        return (!is_own).then(|| reach(words, What::Leaves));
    }
    if let Some(found) = about_database(words, own) {
        return Some(found);
    }
    // `OR REPLACE` and `DEFINER = …` do not change what a statement is about.
    let second = if at(1, &["OR"]) && at(2, &["REPLACE"]) {
        3
    } else {
        1
    };
    let about = ABOUT_MYSQL
        .iter()
        .find(|(first, seconds)| at(0, &[*first]) && (seconds.is_empty() || at(second, seconds)));
    if let Some((_, seconds)) = about {
        let length = if seconds.is_empty() { 1 } else { second + 1 };
        // As the first word of a table's column, say.
        return (words.len() > 1).then(|| reach(&words[..length], What::Server));
    }
    if at(0, &["SET"]) {
        return mysql_set(words);
    }
    let writes_file =
        |pair: &&[Word<'_>]| pair[0].is("INTO") && pair[1].is_any(&["OUTFILE", "DUMPFILE"]);
    let file = words.windows(2).find(writes_file);
    let library = |word: &&Word<'_>| at(0, &["CREATE"]) && word.is("SONAME");
    let library = words.iter().find(library).map(std::slice::from_ref);
    file.or(library).map(|words| reach(words, What::Server))
}

/// CREATE, ALTER and DROP DATABASE. Without a name, ALTER DATABASE means the one that the connection is in.
fn about_database(words: &[Word<'_>], own: &str) -> Option<Reach> {
    const OPTIONS: [&str; 7] = [
        "CHARACTER",
        "CHARSET",
        "DEFAULT",
        "COLLATE",
        "COMMENT",
        "ENCRYPTION",
        "READ",
    ];
    let verb = words
        .first()
        .is_some_and(|word| word.is_any(&["CREATE", "ALTER", "DROP"]));
    let noun = words
        .iter()
        .take(4)
        .position(|word| word.is_any(&["DATABASE", "SCHEMA"]))
        .filter(|&noun| noun == 1 || words.get(1).is_some_and(|word| word.is("OR")))?;
    if !verb {
        return None;
    }
    let rest = words[noun + 1..]
        .iter()
        .find(|word| !word.is_any(&["IF", "NOT", "EXISTS"]))?;
    let names_own = rest.is_any(&OPTIONS) || is_same(&rest.name(), own);
    (!names_own).then(|| {
        let what = What::Database(rest.name());
        reach(&words[..=noun], what)
    })
}

/// `SET GLOBAL x`, `SET a = 1, PERSIST b = 2`, `SET @@GLOBAL.x`, `SET PASSWORD`, `SET DEFAULT ROLE`.
fn mysql_set(words: &[Word<'_>]) -> Option<Reach> {
    const SCOPES: [&str; 3] = ["GLOBAL", "PERSIST", "PERSIST_ONLY"];
    let at = |n: usize, keywords: &[&str]| words.get(n).is_some_and(|word| word.is_any(keywords));
    if at(1, &["PASSWORD"]) || at(1, &["DEFAULT"]) && at(2, &["ROLE"]) {
        return Some(reach(&words[..2], What::Server));
    }
    let is_scope = |n: &usize| {
        let before = &words[*n - 1];
        let word = &words[*n];
        let variable = word.text.to_ascii_uppercase();
        let assigned = before.is("SET") || before.text == ",";
        assigned
            && (word.is_any(&SCOPES)
                || SCOPES.iter().any(|scope| {
                    variable.strip_prefix("@@").is_some_and(|rest| {
                        rest.strip_prefix(scope)
                            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                    })
                }))
    };
    let scope = (1..words.len()).find(is_scope)?;
    Some(reach(&words[scope..=scope], What::Server))
}

/// Names that are qualified with another database.
fn mysql_names(group: &Group<'_>, own: &str) -> Vec<Reach> {
    /// Everybody may read these, and nobody writes them.
    const READ_ONLY: [&str; 3] = ["information_schema", "performance_schema", "sys"];
    let words = &group.words;
    let text = |n: usize| words.get(n).map_or("", |word| word.text);
    let mut found = Vec::new();
    let mut lists_tables = false;
    for (n, word) in words.iter().enumerate() {
        let is_qualifier = word.is_name() && text(n + 1) == "." && (n == 0 || text(n - 1) != ".");
        if is_qualifier && words.get(n + 2).is_some_and(Word::is_name) {
            let is_called = text(n + 3) == "(";
            let has_three_parts = text(n + 3) == ".";
            let name = word.name();
            let is_database = lists_tables || is_called || has_three_parts;
            let is_row = word.is_any(&["NEW", "OLD"]);
            let is_known =
                is_same(&name, own) || READ_ONLY.iter().any(|known| is_same(&name, known));
            if is_database && !is_row && !is_known {
                found.push(reach(&words[n..n + 3], What::Database(name)));
            }
        }
        lists_tables = names_tables(words, n, lists_tables);
    }
    found
}

/// Whether a name that comes after word `n` is that of a table or routine.
fn names_tables(words: &[Word<'_>], n: usize, before: bool) -> bool {
    const OPENERS: [&str; 17] = [
        "FROM",
        "JOIN",
        "STRAIGHT_JOIN",
        "INTO",
        "TABLE",
        "TABLES",
        "VIEW",
        "REFERENCES",
        "PROCEDURE",
        "FUNCTION",
        "TRIGGER",
        "EVENT",
        "CALL",
        "TRUNCATE",
        "DESCRIBE",
        "EXISTS",
        "UPDATE",
    ];
    let word = &words[n];
    let previous = n.checked_sub(1).map(|n| &words[n]);
    let follows = |keywords: &[&str]| previous.is_some_and(|word| word.is_any(keywords));
    if word.is("UPDATE") {
        return !follows(&["KEY", "FOR", "ON"]);
    }
    if word.is_any(&OPENERS) {
        // `a IS DISTINCT FROM b.c`, `EXTRACT(DAY FROM t.c)` and their like name columns.
        let is_expression = follows(&[
            "DISTINCT", "DAY", "MONTH", "YEAR", "HOUR", "MINUTE", "SECOND", "QUARTER", "WEEK",
        ]);
        return !is_expression;
    }
    if word.is_any(&["ON", "TO", "LIKE"]) {
        let first = words
            .first()
            .is_some_and(|word| word.is_any(&["CREATE", "DROP", "RENAME", "ALTER"]));
        let is_join = words[..n]
            .iter()
            .any(|word| word.is_any(&["SELECT", "WHERE", "CHECK"]));
        return first && !is_join;
    }
    // A list goes on over names, their aliases and commas.
    let is_part = word.is_any(&["AS", "IF", "NOT", "IGNORE", "LOW_PRIORITY", "ONLY"])
        || word.text == ","
        || word.text == "."
        || word.kind == TokenKind::QuotedIdentifier
        || word.kind == TokenKind::Word && !word.is_any(&ENDERS);
    before && is_part
}

/// The keywords after which no table follows.
const ENDERS: [&str; 19] = [
    "WHERE", "SET", "SELECT", "VALUES", "VALUE", "GROUP", "ORDER", "HAVING", "LIMIT", "USING",
    "ADD", "DROP", "MODIFY", "CHANGE", "FOR", "RETURN", "WITH", "CASE", "WHEN",
];

fn is_same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Words in the place of a role that are none.
const NO_ROLES: [&str; 8] = [
    "PUBLIC",
    "CURRENT_USER",
    "CURRENT_ROLE",
    "SESSION_USER",
    "NONE",
    "DEFAULT",
    "ALL",
    "IF",
];

fn postgres_roles(group: &Group<'_>, roles: &mut Roles) {
    for words in group.starts() {
        let words = one(words);
        let at =
            |n: usize, keywords: &[&str]| words.get(n).is_some_and(|word| word.is_any(keywords));
        let is_role = |n: usize| at(n, &["ROLE", "USER", "GROUP"]) && !at(n + 1, &["MAPPING"]);
        if at(0, &["CREATE"]) && is_role(1) {
            roles.created.extend(words.get(2).and_then(postgres_role));
            continue;
        }
        let is_about_role =
            at(0, &["ALTER", "DROP"]) && is_role(1) || at(0, &["SET"]) && at(1, &["ROLE"]);
        if is_about_role {
            roles.named.extend(role_list(&words[2..]));
        }
        if at(0, &["COMMENT"]) && is_role(2) {
            roles.named.extend(role_list(&words[3..]));
        }
        if at(0, &["GRANT", "REVOKE"]) {
            let end = words.iter().position(|word| word.is_any(&["TO", "FROM"]));
            let end = end.unwrap_or(words.len());
            if !words[..end].iter().any(|word| word.is("ON")) {
                roles.named.extend(role_list(&words[1..end]));
            }
        }
        for (n, word) in words.iter().enumerate() {
            let after = &words[n + 1..];
            let is_owner = word.is("TO") && n > 0 && at(n - 1, &["OWNER"]);
            let is_grantee = word.is_any(&["TO", "FROM"]) && at(0, &["GRANT", "REVOKE"])
                || word.is("TO") && words.iter().take(2).any(|word| word.is("POLICY"))
                || word.is_any(&["TO", "FROM"])
                    && at(0, &["ALTER"])
                    && at(1, &["DEFAULT"])
                    && at(2, &["PRIVILEGES"]);
            let is_subject = word.is("AUTHORIZATION")
                || is_role(n) && n > 0 && at(n - 1, &["FOR"])
                || word.is("FOR") && n > 0 && at(n - 1, &["MAPPING"])
                || word.is("BY")
                    && n > 0
                    && at(n - 1, &["OWNED", "GRANTED"])
                    && !at(0, &["ALTER", "CREATE"])
                || word.is("TO") && at(0, &["REASSIGN"]);
            if is_owner || is_grantee || is_subject {
                roles.named.extend(role_list(after));
            }
        }
    }
}

/// The roles in a list with commas.
fn role_list(words: &[Word<'_>]) -> Vec<String> {
    let mut roles = Vec::new();
    for item in words.split(|word| word.text == ",") {
        let item = match item {
            [group, rest @ ..] if group.is("GROUP") => rest,
            item => item,
        };
        roles.extend(item.first().and_then(postgres_role));
        if item.len() > 1 {
            break;
        }
    }
    roles
}

/// The name as the server keeps it. Those of the server itself are always there.
fn postgres_role(word: &Word<'_>) -> Option<String> {
    if !word.is_name() || word.is_any(&NO_ROLES) {
        return None;
    }
    let name = match word.kind {
        TokenKind::Word => word.text.to_lowercase(),
        _ => word.name(),
    };
    (!name.starts_with("pg_")).then_some(name)
}

fn mysql_accounts(group: &Group<'_>, roles: &mut Roles) {
    let words = &group.words;
    let text = |n: usize| words.get(n).map_or("", |word| word.text);
    let mut statement: &[Word<'_>] = &[];
    for (n, word) in words.iter().enumerate() {
        if n == 0 || text(n - 1) == ";" {
            statement = one(&words[n..]);
        }
        let is_account = matches!(word.kind, TokenKind::String) || word.is_name();
        // The lexer takes `@host` for a variable, and `@'host'` for an operator and a string.
        let host = match text(n + 1) {
            "@" => words.get(n + 2).map(Word::name),
            variable => variable.strip_prefix('@').map(str::to_owned),
        };
        let Some(host) = host.filter(|_| is_account) else {
            continue;
        };
        let account = format!(
            "'{}'@'{}'",
            word.name().replace('\'', "''"),
            host.replace('\'', "''")
        );
        let creates = statement.first().is_some_and(|word| word.is("CREATE"))
            && statement.iter().take(4).any(|word| word.is("USER"));
        if creates {
            roles.created.insert(account);
        } else {
            roles.named.insert(account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(dialect: Dialect, text: &str) -> Vec<&str> {
        let found = beyond(dialect, "own", text);
        found.into_iter().map(|reach| &text[reach.range]).collect()
    }

    #[test]
    fn what_all_databases_of_postgresql_share_is_found() {
        for (text, expected) in [
            ("CREATE DATABASE app", "CREATE DATABASE"),
            ("select 1;\nDROP DATABASE app;", "DROP DATABASE"),
            ("ALTER DATABASE own SET x = 1", "ALTER DATABASE"),
            ("create role r login", "create role"),
            ("DROP USER IF EXISTS r", "DROP USER"),
            ("ALTER SYSTEM SET x = 1", "ALTER SYSTEM"),
            ("CREATE TABLESPACE t LOCATION '/x'", "CREATE TABLESPACE"),
            ("COMMENT ON ROLE r IS 'x'", "COMMENT ON ROLE"),
            ("GRANT admin TO app", "GRANT admin"),
            (
                "GRANT CONNECT ON DATABASE app TO r",
                "GRANT CONNECT ON DATABASE",
            ),
            ("REASSIGN OWNED BY a TO b", "REASSIGN OWNED"),
            ("COPY t TO '/tmp/x'", "COPY t TO"),
            ("COPY t FROM PROGRAM 'rm'", "COPY t FROM"),
            ("SELECT dblink('dbname=app', 'DROP TABLE x')", "dblink"),
            ("SELECT pg_terminate_backend(1)", "pg_terminate_backend"),
            ("\\connect app\nSELECT 1;", "\\connect app"),
            (
                "DO $$ BEGIN IF true THEN CREATE ROLE r; END IF; END $$",
                "CREATE ROLE",
            ),
            (
                "DO $$ BEGIN EXECUTE 'ALTER SYSTEM SET x = 1'; END $$",
                "ALTER SYSTEM",
            ),
            (
                "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DROP ROLE r'",
                "DROP ROLE",
            ),
            (
                "CREATE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC SELECT 1; DROP ROLE r; END",
                "DROP ROLE",
            ),
            (
                "DO $a$ BEGIN EXECUTE $b$DROP DATABASE app$b$; END $a$",
                "DROP DATABASE",
            ),
        ] {
            assert_eq!(found(Dialect::Postgres, text), [expected], "{text}");
        }
    }

    #[test]
    fn what_stays_in_a_database_of_postgresql_is_let_through() {
        for text in [
            "CREATE TABLE role (\"user\" text, database text); ALTER TABLE t DROP role",
            "INSERT INTO log VALUES ('DROP DATABASE app')",
            "-- DROP ROLE r\nSELECT 1",
            "GRANT SELECT ON t TO app; REVOKE ALL ON SCHEMA public FROM app",
            "CREATE USER MAPPING FOR app SERVER s",
            "ALTER DEFAULT PRIVILEGES FOR ROLE r GRANT SELECT ON TABLES TO s",
            "COMMENT ON TABLE t IS 'CREATE ROLE r'",
            "COPY t FROM STDIN;\n\\.\n",
            "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT 'role' $$",
        ] {
            assert_eq!(found(Dialect::Postgres, text), [""; 0], "{text}");
        }
    }

    #[test]
    fn what_all_databases_of_mysql_share_is_found() {
        for (text, expected) in [
            ("USE app", "USE app"),
            (
                "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `app`",
                "CREATE DATABASE",
            ),
            ("/*!40000 DROP DATABASE IF EXISTS `app`*/;", "DROP DATABASE"),
            ("DROP SCHEMA app", "DROP SCHEMA"),
            ("CREATE USER 'u'@'%' IDENTIFIED BY 'x'", "CREATE USER"),
            ("GRANT ALL ON app.* TO u", "GRANT"),
            ("SET GLOBAL x = 1", "GLOBAL"),
            ("SET a = 1, PERSIST b = 2", "PERSIST"),
            ("SET @@global.x = 1", "@@global"),
            ("SET PASSWORD = 'x'", "SET PASSWORD"),
            ("INSERT INTO `app`.`t` VALUES (1)", "`app`.`t`"),
            ("DROP TABLE IF EXISTS a, app.b", "app.b"),
            ("UPDATE app.t SET a = 1", "app.t"),
            ("SELECT * FROM own.a JOIN app.b ON a.x = b.x", "app.b"),
            ("CREATE TABLE t (x INT REFERENCES app.u (x))", "app.u"),
            ("ALTER TABLE a RENAME TO app.a", "app.a"),
            ("RENAME TABLE a TO b, c TO app.c", "app.c"),
            (
                "CREATE TRIGGER x AFTER INSERT ON app.t FOR EACH ROW SET @a = 1",
                "app.t",
            ),
            ("SELECT app.f(1)", "app.f"),
            ("SELECT app.t.x FROM t", "app.t"),
            ("SELECT 1 INTO OUTFILE '/tmp/x'", "INTO OUTFILE"),
            ("DELETE FROM mysql.user", "mysql.user"),
            (
                "CREATE PROCEDURE p() BEGIN SELECT 1; DROP DATABASE app; END",
                "DROP DATABASE",
            ),
            ("CREATE PROCEDURE p() DROP USER u", "DROP USER"),
            ("SET @s = 'DROP DATABASE app'", "DROP DATABASE"),
            ("PREPARE s FROM 'DROP USER u'", "DROP USER"),
        ] {
            assert_eq!(found(Dialect::MySql, text)[..1], [expected], "{text}");
        }
    }

    #[test]
    fn what_stays_in_a_database_of_mysql_is_let_through() {
        for text in [
            "USE own",
            "CREATE TABLE own.t (x INT)",
            "ALTER DATABASE CHARACTER SET utf8mb4",
            "ALTER TABLE t DROP user, ADD COLUMN role INT",
            "SELECT a.x, b.y FROM a JOIN b ON a.x = b.x WHERE a.y = b.z ORDER BY a.x",
            "UPDATE a SET a.x = 1 WHERE a.y IN (SELECT b.y FROM b)",
            "INSERT INTO t (a) SELECT b.a FROM b ON DUPLICATE KEY UPDATE t.a = 1",
            "SELECT table_name FROM information_schema.tables",
            "SET NAMES utf8mb4; SET SESSION x = 1; SET @global = 1",
            "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.a = OLD.b",
            "INSERT INTO log VALUES ('USE app')",
            "CREATE TABLE t (`global` INT, `use` INT)",
            "CREATE VIEW v AS SELECT t.a FROM t, u WHERE EXISTS (SELECT t.b FROM u)",
        ] {
            assert_eq!(found(Dialect::MySql, text), [""; 0], "{text}");
        }
    }

    fn named(dialect: Dialect, text: &str) -> (Vec<String>, Vec<String>) {
        let roles = roles(dialect, text);
        (
            roles.named.into_iter().collect(),
            roles.created.into_iter().collect(),
        )
    }

    #[test]
    fn the_roles_that_statements_name_are_found() {
        for (text, expected) in [
            ("ALTER TABLE t OWNER TO app", &["app"][..]),
            (
                "GRANT SELECT ON t TO App, \"Other\", PUBLIC",
                &["Other", "app"],
            ),
            ("REVOKE ALL ON t FROM GROUP g", &["g"]),
            ("GRANT admin TO app", &["admin", "app"]),
            ("CREATE SCHEMA s AUTHORIZATION app", &["app"]),
            ("CREATE POLICY p ON t TO app USING (true)", &["app"]),
            (
                "ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA s GRANT SELECT ON TABLES TO b",
                &["a", "b"],
            ),
            ("SET ROLE app", &["app"]),
            (
                "DO $$ BEGIN GRANT USAGE ON SCHEMA s TO app; END $$",
                &["app"],
            ),
            ("GRANT SELECT ON t TO pg_monitor", &[]),
            ("ALTER SEQUENCE s OWNED BY t.id", &[]),
            ("ALTER TABLE t RENAME TO u", &[]),
        ] {
            assert_eq!(named(Dialect::Postgres, text).0, expected, "{text}");
        }
        let created = named(Dialect::Postgres, "CREATE ROLE a; GRANT a TO b");
        assert_eq!(created.1, ["a"]);
        let accounts = "GRANT SELECT ON t TO 'app'@'%'; CREATE USER u@localhost; CREATE DEFINER=`o`@`h` VIEW v AS SELECT 1";
        let (named, created) = named(Dialect::MySql, accounts);
        assert_eq!(named, ["'app'@'%'", "'o'@'h'"]);
        assert_eq!(created, ["'u'@'localhost'"]);
    }
}
