use migrate_chain::sql::TokenKind;

use super::words::{Group, Reach, Roles, What, Word, one, reach};

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

pub fn reaches(group: &Group<'_>) -> Vec<Reach> {
    let mut found = Vec::new();
    for words in group.starts() {
        let words = one(words);
        let length = statement(words);
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
fn statement(words: &[Word<'_>]) -> Option<usize> {
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

pub fn roles(group: &Group<'_>, roles: &mut Roles) {
    for words in group.starts() {
        let words = one(words);
        let at =
            |n: usize, keywords: &[&str]| words.get(n).is_some_and(|word| word.is_any(keywords));
        let is_role = |n: usize| at(n, &["ROLE", "USER", "GROUP"]) && !at(n + 1, &["MAPPING"]);
        if at(0, &["CREATE"]) && is_role(1) {
            roles.created.extend(words.get(2).and_then(role));
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
        roles.extend(item.first().and_then(role));
        if item.len() > 1 {
            break;
        }
    }
    roles
}

/// The name as the server keeps it. Those of the server itself are always there.
fn role(word: &Word<'_>) -> Option<String> {
    if !word.is_name() || word.is_any(&NO_ROLES) {
        return None;
    }
    let name = match word.kind {
        TokenKind::Word => word.text.to_lowercase(),
        _ => word.name(),
    };
    (!name.starts_with("pg_")).then_some(name)
}
