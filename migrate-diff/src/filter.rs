//! The part of a database that is compared.

use migrate_chain::adopt::Adopt;
use migrate_chain::config::Config;
use wildmatch::WildMatch;

use crate::leftover::MARK;
use crate::model::{ObjectId, Schema};

/// The objects that are compared: `include` and `exclude` of `migrate.toml`, and never the runner's own tables.
///
/// A pattern is the name of a table or of another object that stands by itself, with `*` for any characters and `?` for
/// one; what belongs to a table goes with it. Case does not matter. Where `include` is empty, everything is included.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    include: Vec<WildMatch>,
    exclude: Vec<WildMatch>,
    hidden: Vec<String>,
}

impl Filter {
    /// The filter of `migrate.toml`.
    ///
    /// ```
    /// use migrate_chain::config::Config;
    /// use migrate_diff::Filter;
    ///
    /// let mut config = Config::default();
    /// config.exclude = vec!["audit_*".to_owned()];
    /// let filter = Filter::new(&config);
    /// assert!(filter.admits("users") && !filter.admits("audit_log") && !filter.admits("alembic_version"));
    /// ```
    pub fn new(config: &Config) -> Self {
        let patterns = |patterns: &[String]| {
            patterns
                .iter()
                .map(|pattern| WildMatch::new_case_insensitive(pattern))
                .collect()
        };
        let schema = config.version_table_schema.as_deref();
        let qualified = |table: &str| schema.map(|schema| format!("{schema}.{table}"));
        let mut tables = vec![&config.version_table, &config.journal_table];
        if let Some(Adopt::History { table, .. }) = &config.adopt {
            tables.push(table);
        }
        Self {
            include: patterns(&config.include),
            exclude: patterns(&config.exclude),
            hidden: tables
                .into_iter()
                .flat_map(|table| [Some(table.clone()), qualified(table)])
                .flatten()
                .collect(),
        }
    }

    /// Whether an object of this name is compared.
    pub fn admits(&self, name: &str) -> bool {
        let name = unquoted(name);
        let fits = |patterns: &[WildMatch]| patterns.iter().any(|pattern| pattern.matches(&name));
        name != MARK
            && !self
                .hidden
                .iter()
                .any(|hidden| hidden.eq_ignore_ascii_case(&name))
            && (self.include.is_empty() || fits(&self.include))
            && !fits(&self.exclude)
    }

    /// Takes out what is not compared.
    pub(crate) fn apply(&self, schema: &mut Schema) {
        schema.objects.retain(|id, _| self.admits(root(id)));
    }
}

/// The name that decides: a routine's without its arguments.
fn root(id: &ObjectId) -> &str {
    let owner = id.owner();
    owner.split_once('(').map_or(owner, |(name, _)| name)
}

fn unquoted(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '"' | '`')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runners_tables_are_hidden_in_their_schema_too() {
        let mut config = Config::default();
        config.version_table = "Versions".to_owned();
        config.version_table_schema = Some("ops".to_owned());
        let filter = Filter::new(&config);
        for name in [
            "versions",
            "ops.\"Versions\"",
            "`migrate_journal`",
            "ops.migrate_journal",
        ] {
            assert!(!filter.admits(name), "{name}");
        }
        assert!(filter.admits("other.versions"));
    }

    #[test]
    fn exclude_wins_over_include() {
        let mut config = Config::default();
        config.include = vec!["app_*".to_owned()];
        config.exclude = vec!["app_tmp?".to_owned()];
        let filter = Filter::new(&config);
        assert!(
            filter.admits("APP_users") && !filter.admits("app_tmp1") && !filter.admits("users")
        );
        assert!(filter.admits("app_tmp"));
    }
}
