//! The names of scratch databases on servers that hold others too, and how a leftover one is recognised for certain.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The beginning of every name.
pub const PREFIX: &str = "migrate_scratch_";

/// A table in each scratch database of MySQL, and the comment on each of PostgreSQL: without its mark, no database is
/// dropped, whatever its name is.
pub const MARK: &str = "migrate_scratch_mark";

/// How old a database must be before it is swept: a younger one may be about to be used.
const SWEPT_AFTER: Duration = Duration::from_hours(1);

/// `migrate_scratch_`, when it was created, and 16 random hexadecimal digits.
pub fn new_name() -> String {
    use std::hash::{BuildHasher as _, RandomState};
    let random = RandomState::new().hash_one(std::process::id());
    format!("{PREFIX}{}_{random:016x}", now())
}

/// The MySQL user of a scratch database. The names of users are shorter than those of databases.
pub fn user_of(name: &str) -> String {
    let digits = name.rsplit('_').next().unwrap_or_default();
    format!("migrate_{digits}")
}

/// Whether a name is exactly one that [`new_name`] gives, and old enough to sweep.
pub fn is_stale(name: &str) -> bool {
    created(name).is_some_and(|created| created.saturating_add(SWEPT_AFTER.as_secs()) < now())
}

fn created(name: &str) -> Option<u64> {
    let (seconds, random) = name.strip_prefix(PREFIX)?.split_once('_')?;
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let fits = seconds.len() == 10
        && seconds.bytes().all(|byte| byte.is_ascii_digit())
        && random.len() == 16
        && random.bytes().all(is_hex);
    fits.then(|| seconds.parse().ok()).flatten()
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exactly_our_names_are_swept_and_only_when_old() {
        assert!(is_stale("migrate_scratch_1700000000_00112233aabbccdd"));
        for kept in [
            "migrate_scratch_2024_backup",
            "migrate_scratch_1700000000_00112233aabbccdd_copy",
            "migrate_scratch_1700000000_00112233AABBCCDD",
            "migrate_scratch_1_x; DROP DATABASE victim",
            "migrate_scratch_mine",
            "customers",
            &new_name(),
        ] {
            assert!(!is_stale(kept), "{kept}");
        }
    }

    #[test]
    fn a_user_is_known_from_its_database() {
        assert_eq!(
            user_of("migrate_scratch_1700000000_00112233aabbccdd"),
            "migrate_00112233aabbccdd"
        );
    }
}
