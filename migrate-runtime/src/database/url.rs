//! The parts of a database URL that may be shown, and those that would be misread.

use migrate_chain::Dialect;

use crate::values::error::{Error, ErrorKind};

/// A URL as it may be shown. Whatever can be a password becomes `***`, also in a text that is not a URL: rather too much
/// than a part of it.
///
/// ```text
/// postgres://app:se#cret@host/db     postgres://app:***@host/db
/// host=localhost password=secret     host=localhost password=***
/// ```
pub fn shown(url: &str) -> String {
    if dialect_of(url) == Some(Dialect::Sqlite) {
        return without_parameter(url);
    }
    let (scheme, rest) = split_scheme(url);
    without_parameter(&format!("{scheme}{}", without_password(rest)))
}

/// The kind of database that a URL names; `None` if its scheme is unknown.
pub fn dialect_of(url: &str) -> Option<Dialect> {
    match url.split_once(':')?.0 {
        "sqlite" => Some(Dialect::Sqlite),
        "postgres" | "postgresql" => Some(Dialect::Postgres),
        "mysql" | "mariadb" => Some(Dialect::MySql),
        _ => None,
    }
}

/// Refuses a URL whose password holds a character that ends the part it is in: the rest of it would be taken for the name
/// of a host or of a database, and be told in the errors about those.
pub fn check(url: &str) -> Result<(), Error> {
    let (_, rest) = split_scheme(url);
    let (authority, tail) = rest.split_at(rest.find(ENDS_AUTHORITY).unwrap_or(rest.len()));
    let has_password = authority.contains(':');
    let is_parameter = |before: &str| {
        before
            .split_once('?')
            .is_some_and(|(_, query)| query.contains('='))
    };
    match tail.split_once('@') {
        Some((before, _)) if has_password && !is_parameter(before) => Err(Error::new(
            ErrorKind::Connect,
            "the database URL is malformed: its last `@` is after a `/`, `?` or `#`",
        )
        .help(PERCENT_ENCODE)),
        _ => Ok(()),
    }
}

/// The URL with another database.
pub fn with_database(url: &str, name: &str) -> String {
    let (rest, query) = match url.split_once('?') {
        Some((rest, query)) => (rest, format!("?{query}")),
        None => (url, String::new()),
    };
    let authority = rest.find("://").map_or(0, |at| at + "://".len());
    let end = rest[authority..]
        .find('/')
        .map_or(rest.len(), |at| authority + at);
    format!("{}/{name}{query}", &rest[..end])
}

/// Advice for a password that a URL cannot hold as it is.
pub const PERCENT_ENCODE: &str = "percent-encode what is special in the user, the password and the database name: `/` is `%2F`, `?` is `%3F`, `#` \
     is `%23`, `@` is `%40`, `:` is `%3A`, `%` is `%25`";

/// Characters that end the user, the password and the host of a URL.
const ENDS_AUTHORITY: [char; 3] = ['/', '?', '#'];

/// `postgres://` and the rest; nothing and the whole text where that has no scheme.
fn split_scheme(url: &str) -> (&str, &str) {
    let end = url.find("://").map_or(0, |end| end + "://".len());
    let (scheme, rest) = url.split_at(end);
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    if scheme.trim_end_matches("://").chars().all(is_word) {
        (scheme, rest)
    } else {
        ("", url)
    }
}

/// `app:secret@host` as `app:***@host`. The last `@` counts: the password may hold others.
fn without_password(rest: &str) -> String {
    let (user, host) = match rest.rsplit_once('@') {
        Some((user, host)) => (user, format!("@{host}")),
        None if names_a_port(rest) => return rest.to_owned(),
        None => (rest, String::new()),
    };
    match user.split_once(':') {
        Some((user, _)) => format!("{user}:***{host}"),
        None => format!("{user}{host}"),
    }
}

/// Whether the first `:` is before a number, or in the address of a host.
fn names_a_port(rest: &str) -> bool {
    let authority = rest.split(ENDS_AUTHORITY).next().unwrap_or_default();
    let port = authority.split_once(':').map_or("", |(_, port)| port);
    authority.starts_with('[')
        || port.bytes().all(|byte| byte.is_ascii_digit()) && !rest[authority.len()..].contains(':')
}

/// The text up to the value of a parameter that can be a password; no sign ends one for certain.
fn without_parameter(text: &str) -> String {
    let is_secret = |end: &usize| {
        let name = text[..*end].trim_end();
        let start = name
            .rfind(|c: char| !c.is_alphanumeric() && c != '_')
            .map_or(0, |start| start + 1);
        let name = name.get(start..).unwrap_or(name).to_ascii_lowercase();
        SECRETS.iter().any(|secret| name.contains(secret))
    };
    let mut values = text.match_indices('=').map(|(end, _)| end);
    match values.find(is_secret) {
        Some(end) => format!("{}=***", &text[..end]),
        None => text.to_owned(),
    }
}

/// In the names of parameters whose value is not for everyone.
const SECRETS: [&str; 5] = ["pass", "pwd", "secret", "token", "credential"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_database_of_the_same_server() {
        for (url, expected) in [
            (
                "postgres://u:p@h:1/a?sslmode=require",
                "postgres://u:p@h:1/b?sslmode=require",
            ),
            ("postgres://h", "postgres://h/b"),
            ("mysql://h?socket=/tmp/s", "mysql://h/b?socket=/tmp/s"),
        ] {
            assert_eq!(with_database(url, "b"), expected);
        }
    }

    #[test]
    fn a_password_is_never_shown_not_even_a_part_of_it() {
        for (url, expected) in [
            ("postgres://app@host/db", "postgres://app@host/db"),
            ("mysql://host", "mysql://host"),
            (
                "mysql://host:3306/db?ssl-mode=disabled",
                "mysql://host:3306/db?ssl-mode=disabled",
            ),
            ("postgres://[::1]:5432/db", "postgres://[::1]:5432/db"),
            ("sqlite:app.db", "sqlite:app.db"),
            ("sqlite://a@b:c.db", "sqlite://a@b:c.db"),
            ("app.db", "app.db"),
            (
                "postgres://app:secret@host:5432/db",
                "postgres://app:***@host:5432/db",
            ),
            (
                "postgres://app:se:cr@et@host:5432/db",
                "postgres://app:***@host:5432/db",
            ),
            (
                "postgres://app:se#cret@host/db",
                "postgres://app:***@host/db",
            ),
            (
                "postgres://app:se?cret@host/db",
                "postgres://app:***@host/db",
            ),
            (
                "postgres://app:12/secret@host/db",
                "postgres://app:***@host/db",
            ),
            (
                "postgres://app:se://cret@host/db",
                "postgres://app:***@host/db",
            ),
            ("postgres://app:secret", "postgres://app:***"),
            ("postgres://app:1234#secret:x", "postgres://app:***"),
            ("postgres:app:secret@host/db", "postgres:***@host/db"),
            ("app:secret@host/db", "app:***@host/db"),
            ("app:se://cret@host/db", "app:***@host/db"),
            (
                "jdbc:postgresql://host/db?user=a&password=secret",
                "jdbc:***",
            ),
            ("oracle://app:secret@host", "oracle://app:***@host"),
            (
                "postgres:///db?host=/tmp&password=se&cret",
                "postgres:///db?host=/tmp&password=***",
            ),
            (
                "postgres:///db?PassWord=secret",
                "postgres:///db?PassWord=***",
            ),
            (
                "mysql://host/db?sslpassword=secret",
                "mysql://host/db?sslpassword=***",
            ),
            (
                "host=localhost password=secret",
                "host=localhost password=***",
            ),
            (
                "host=h password = 'se cret' user=app",
                "host=h password =***",
            ),
            ("host=h pwd=a@b:c", "host=h pwd=***"),
            ("Server=h;Uid=a;Pwd=secret;", "Server=h;Uid=a;Pwd=***"),
        ] {
            assert_eq!(shown(url), expected, "{url}");
        }
    }

    #[test]
    fn a_password_that_is_not_encoded_is_refused_before_a_part_of_it_becomes_a_host() {
        for url in [
            "postgres://app:12/se@host/db",
            "postgres://app:12?se@host/db",
            "mysql://app:12#se@host/db",
            "mysql://app:p@ss/word@host/db",
        ] {
            let error = check(url).expect_err(url);
            assert!(!error.to_string().contains("se@"), "{error}");
            assert!(error.to_string().contains("percent-encode"), "{error}");
        }
        for url in [
            "postgres://app:p%40ss@host/db",
            "postgres://app:p@ss@host/db",
            "postgres://app@host/my@db",
            "postgres://host:5432/db?application_name=a@b",
            "mysql://host/db",
        ] {
            assert!(check(url).is_ok(), "{url}");
        }
    }
}
