use super::refusal::Refusal;
use crate::sql::cursor::Cursor;

pub fn transaction_control(mut cursor: Cursor<'_>) -> Option<&'static str> {
    if cursor.eat("ROLLBACK") {
        // ROLLBACK PREPARED ends another transaction than this one, and is refused.
        let _ = cursor.eat("WORK") || cursor.eat("TRANSACTION");
        return (!cursor.is_any(&["TO", "PREPARED"])).then_some("ROLLBACK");
    }
    if cursor.eat("COMMIT") {
        return (!cursor.is("PREPARED")).then_some("COMMIT");
    }
    if cursor.eat("START") {
        return cursor.is("TRANSACTION").then_some("START TRANSACTION");
    }
    if cursor.eat("PREPARE") {
        return cursor.is("TRANSACTION").then_some("PREPARE TRANSACTION");
    }
    ["BEGIN", "END", "ABORT"]
        .into_iter()
        .find(|keyword| cursor.is(keyword))
}

/// The statements that PostgreSQL guards with `PreventInTransactionBlock`, where the statement's text alone decides.
pub fn refusal(mut cursor: Cursor<'_>) -> Option<Refusal> {
    const FIRST: [(&str, Rule); 10] = [
        ("CREATE", create),
        ("DROP", drop),
        ("ALTER", alter),
        ("REINDEX", reindex),
        ("VACUUM", |_| Some("VACUUM")),
        ("CLUSTER", cluster),
        ("DISCARD", |cursor| {
            cursor.is("ALL").then_some("DISCARD ALL")
        }),
        ("COMMIT", |cursor| {
            cursor.is("PREPARED").then_some("COMMIT PREPARED")
        }),
        ("ROLLBACK", |cursor| {
            cursor.is("PREPARED").then_some("ROLLBACK PREPARED")
        }),
        ("REPACK", repack),
    ];
    let (_, rule) = FIRST.into_iter().find(|(keyword, _)| cursor.is(keyword))?;
    cursor.bump();
    rule(&mut cursor).map(Refusal::new)
}

/// Looks at what follows a statement's first word.
type Rule = fn(&mut Cursor<'_>) -> Option<&'static str>;

fn create(cursor: &mut Cursor<'_>) -> Option<&'static str> {
    cursor.eat("UNIQUE");
    if cursor.eat("INDEX") {
        return cursor
            .is("CONCURRENTLY")
            .then_some("CREATE INDEX CONCURRENTLY");
    }
    if cursor.eat("SUBSCRIPTION") {
        // Without a slot to make on the publisher, it is an ordinary statement.
        return (!switches_off(cursor, &["create_slot", "connect"]))
            .then_some("CREATE SUBSCRIPTION");
    }
    if cursor.is("DATABASE") {
        return Some("CREATE DATABASE");
    }
    cursor.is("TABLESPACE").then_some("CREATE TABLESPACE")
}

fn drop(cursor: &mut Cursor<'_>) -> Option<&'static str> {
    const WHOLE: [(&str, &str); 3] = [
        ("DATABASE", "DROP DATABASE"),
        ("TABLESPACE", "DROP TABLESPACE"),
        ("SUBSCRIPTION", "DROP SUBSCRIPTION"),
    ];
    if cursor.eat("INDEX") {
        return cursor
            .is("CONCURRENTLY")
            .then_some("DROP INDEX CONCURRENTLY");
    }
    WHOLE
        .into_iter()
        .find(|(word, _)| cursor.is(word))
        .map(|(_, what)| what)
}

fn alter(cursor: &mut Cursor<'_>) -> Option<&'static str> {
    if cursor.is("SYSTEM") {
        return Some("ALTER SYSTEM");
    }
    if cursor.eat("DATABASE") {
        cursor.eat_name();
        return (cursor.eat("SET") && cursor.is("TABLESPACE"))
            .then_some("ALTER DATABASE … SET TABLESPACE");
    }
    if cursor.eat("SUBSCRIPTION") {
        return alter_subscription(cursor);
    }
    if cursor.eat("TABLE") {
        alter_table(cursor)
    } else {
        None
    }
}

fn alter_table(cursor: &mut Cursor<'_>) -> Option<&'static str> {
    if cursor.eat("IF") {
        cursor.eat("EXISTS");
    }
    cursor.eat("ONLY");
    cursor.eat_name();
    cursor.eat("*");
    if !(cursor.eat("DETACH") && cursor.eat("PARTITION")) {
        return None;
    }
    cursor.eat_name();
    cursor
        .is("CONCURRENTLY")
        .then_some("ALTER TABLE … DETACH PARTITION … CONCURRENTLY")
}

fn alter_subscription(cursor: &mut Cursor<'_>) -> Option<&'static str> {
    cursor.eat_name();
    if cursor.eat("REFRESH") {
        return cursor
            .is("PUBLICATION")
            .then_some("ALTER SUBSCRIPTION … REFRESH PUBLICATION");
    }
    let sets = cursor.is("SET");
    if !(cursor.eat("SET") || cursor.eat("ADD") || cursor.eat("DROP")) {
        return None;
    }
    if cursor.eat("PUBLICATION") {
        return (!switches_off(cursor, &["refresh"]))
            .then_some("ALTER SUBSCRIPTION … PUBLICATION with refresh");
    }
    (sets && sets_slot_option(cursor)).then_some("ALTER SUBSCRIPTION … SET (failover, two_phase)")
}

/// `SET (failover = …)` and `SET (two_phase = false)` change the slot on the publisher.
fn sets_slot_option(cursor: &mut Cursor<'_>) -> bool {
    while !cursor.is_done() {
        if cursor.is("failover") {
            return true;
        }
        let two_phase = cursor.eat("two_phase");
        if two_phase && is_off(cursor) {
            return true;
        }
        if !two_phase {
            cursor.bump();
        }
    }
    false
}

/// Whether one of `options` is given, and false.
fn switches_off(cursor: &mut Cursor<'_>, options: &[&str]) -> bool {
    if !cursor.find("WITH") {
        return false;
    }
    while !cursor.is_done() {
        let option = cursor.is_any(options);
        cursor.bump();
        if option && is_off(cursor) {
            return true;
        }
    }
    false
}

/// Whether the value after an option is false, with or without `=`.
fn is_off(cursor: &mut Cursor<'_>) -> bool {
    cursor.eat("=");
    ["false", "off", "0"].contains(
        &cursor
            .text()
            .trim_matches('\'')
            .to_ascii_lowercase()
            .as_str(),
    )
}

fn reindex(cursor: &mut Cursor<'_>) -> Option<&'static str> {
    const MANY: [(&str, &str); 3] = [
        ("SCHEMA", "REINDEX SCHEMA"),
        ("DATABASE", "REINDEX DATABASE"),
        ("SYSTEM", "REINDEX SYSTEM"),
    ];
    if options(cursor, "CONCURRENTLY") {
        return Some("REINDEX CONCURRENTLY");
    }
    if let Some((_, what)) = MANY.into_iter().find(|(word, _)| cursor.is(word)) {
        return Some(what);
    }
    cursor.bump();
    cursor.is("CONCURRENTLY").then_some("REINDEX CONCURRENTLY")
}

fn cluster(cursor: &mut Cursor<'_>) -> Option<&'static str> {
    options(cursor, "");
    cursor.eat("VERBOSE");
    cursor.is_done().then_some("CLUSTER without a table")
}

fn repack(cursor: &mut Cursor<'_>) -> Option<&'static str> {
    if options(cursor, "CONCURRENTLY") {
        return Some("REPACK (CONCURRENTLY)");
    }
    (cursor.is_done() || cursor.is("USING")).then_some("REPACK without a table")
}

/// Steps over `(option, …)` and says whether `wanted` is among them, and not false.
fn options(cursor: &mut Cursor<'_>, wanted: &str) -> bool {
    let mut found = false;
    if !cursor.is("(") {
        return false;
    }
    while !cursor.is_done() && !cursor.is(")") {
        let option = cursor.is(wanted);
        cursor.bump();
        found = found || option && !is_off(cursor);
    }
    cursor.eat(")");
    found
}
