//! The names of databases, from which everything is known that somebody who cleans up must know.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use migrate_runtime::Checksum;

/// The beginning of every name.
pub const PREFIX: &str = "migrate_test_";

/// How long a database stays after a test that failed, and what is built for many tests.
const KEPT_FOR: Duration = Duration::from_hours(24);

/// The first digits of the hash of a text.
pub fn hash(text: &str, digits: usize) -> String {
    let mut hash = Checksum::of(text).to_string();
    hash.truncate(digits);
    hash
}

/// Seconds since 1970.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// Whether what was created then may be removed if nobody uses it.
pub fn is_old(created: u64) -> bool {
    created.saturating_add(KEPT_FOR.as_secs()) < now()
}

/// 12 hexadecimal digits that no other process has.
pub fn run() -> &'static str {
    static RUN: OnceLock<String> = OnceLock::new();
    RUN.get_or_init(|| {
        use std::hash::{BuildHasher as _, RandomState};
        let random = RandomState::new().hash_one((std::process::id(), now()));
        format!("{:012x}", random >> 16)
    })
}

/// The purpose of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// A test, by the hash of its path.
    Test {
        test: String,
        created: u64,
        run: String,
        number: u32,
    },
    /// A template that is being built.
    Build { run: String, number: u32 },
    /// A template that is complete.
    Template { key: String, created: u64 },
}

impl Name {
    /// A new one for a test.
    pub fn of_test(test: &str) -> Self {
        Self::Test {
            test: test.to_owned(),
            created: now(),
            run: run().to_owned(),
            number: next(),
        }
    }

    /// A new one for a template that is about to be built.
    pub fn of_build() -> Self {
        Self::Build {
            run: run().to_owned(),
            number: next(),
        }
    }

    /// The one that a template has from now on; one on SQLite is a file.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub fn of_template(key: &str) -> Self {
        Self::Template {
            key: key.to_owned(),
            created: now(),
        }
    }

    /// Reads a name. One that is not exactly as ours are is none, and nothing is done to it.
    pub fn parse(name: &str) -> Option<Self> {
        let parts: Vec<&str> = name.strip_prefix(PREFIX)?.split('_').collect();
        let parsed = match parts[..] {
            ["build", run, number] => Self::Build {
                run: run.to_owned(),
                number: u32::from_str_radix(number, 16).ok()?,
            },
            ["template", key, created] => Self::Template {
                key: key.to_owned(),
                created: created.parse().ok()?,
            },
            [test, created, run, number] => Self::Test {
                test: test.to_owned(),
                created: created.parse().ok()?,
                run: run.to_owned(),
                number: u32::from_str_radix(number, 16).ok()?,
            },
            _ => return None,
        };
        let has_digits = match &parsed {
            Self::Test { test, run, .. } => is_hash(test, TEST) && is_hash(run, 12),
            Self::Build { run, .. } => is_hash(run, 12),
            Self::Template { key, .. } => is_hash(key, KEY),
        };
        (has_digits && parsed.to_string() == name).then_some(parsed)
    }
}

/// How many digits of a hash a test has in a name.
pub const TEST: usize = 12;
/// How many digits the key of a template has.
pub const KEY: usize = 20;

fn is_hash(text: &str, digits: usize) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == digits && text.bytes().all(is_digit)
}

fn next() -> u32 {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        match self {
            Self::Test {
                test,
                created,
                run,
                number,
            } => write!(f, "{test}_{created}_{run}_{number:x}"),
            Self::Build { run, number } => write!(f, "build_{run}_{number:x}"),
            Self::Template { key, created } => write!(f, "template_{key}_{created}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_it_is_for_and_fits_every_server() {
        for name in [
            Name::of_test(&hash("shop::a_test", TEST)),
            Name::of_build(),
            Name::of_template(&hash("chain", KEY)),
        ] {
            let text = name.to_string();
            assert!(text.len() <= 63, "{text}");
            assert_eq!(Name::parse(&text), Some(name));
        }
    }

    #[test]
    fn a_name_that_is_almost_ours_is_not_ours() {
        for name in [
            "customers",
            "migrate_test_",
            "migrate_test_backup",
            "migrate_test_build_mine_1",
            "migrate_test_template_00112233445566778899_x",
            "migrate_test_0011223344AA_1700000000_001122334455_0",
            "migrate_test_00112233445566_1700000000_001122334455_0",
            "migrate_test_001122334455_01700000000_001122334455_0",
            "migrate_test_001122334455_1700000000_001122334455_0_copy",
        ] {
            assert_eq!(Name::parse(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_younger_than_a_day_is_kept() {
        assert!(!is_old(now() - 86_000));
        assert!(is_old(now() - 87_000));
    }
}
