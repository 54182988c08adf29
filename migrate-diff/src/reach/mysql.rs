use migrate_chain::sql::TokenKind;

use super::words::{Group, Reach, Roles, What, Word, one, reach};

pub fn reaches(group: &Group<'_>, own: &str) -> Vec<Reach> {
    let mut found = Vec::new();
    for words in group.starts() {
        found.extend(statement(one(words), own));
    }
    found.extend(names(group, own));
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

fn statement(words: &[Word<'_>], own: &str) -> Option<Reach> {
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
        return set(words);
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
fn set(words: &[Word<'_>]) -> Option<Reach> {
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
fn names(group: &Group<'_>, own: &str) -> Vec<Reach> {
    /// Everybody may read these, and nobody can write them.
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

pub fn accounts(group: &Group<'_>, roles: &mut Roles) {
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
