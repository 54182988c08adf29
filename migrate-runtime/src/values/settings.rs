use std::borrow::Cow;

use migrate_chain::Dialect;
use migrate_chain::adopt::{Adopt, Tool};
use migrate_chain::config::Config;
use migrate_chain::sql::split;

/// The settings of `migrate.toml` that the runtime needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddedSettings {
    pub versions: Cow<'static, [Cow<'static, str>]>,
    pub recursive: bool,
    pub many_heads: bool,
    pub version_table: Cow<'static, str>,
    pub version_table_schema: Option<Cow<'static, str>>,
    pub journal_table: Cow<'static, str>,
    /// By [`Dialect::index`].
    pub connect: [Option<Cow<'static, str>>; 3],
    /// Whether runs keep each other out by a lease even if the server has locks.
    pub lease: bool,
    /// `[adopt]`: the name of the tool, `none` included, and its table.
    pub adopt: Option<[Cow<'static, str>; 2]>,
}

impl EmbeddedSettings {
    /// The table `[adopt]`.
    pub fn adopt(&self) -> Option<Adopt> {
        let [tool, table] = self.adopt.as_ref()?;
        Some(match Tool::from_name(tool) {
            Some(tool) => Adopt::History {
                tool,
                table: table.to_string(),
            },
            None => Adopt::Nothing,
        })
    }

    /// The statements of `[connect]` for a database.
    pub fn connect(&self, dialect: Dialect) -> Vec<String> {
        let text = self.connect[dialect.index()].as_deref();
        let text = text.map(unix).unwrap_or_default();
        let statements = split(dialect, &text);
        statements
            .map(|statement| text[statement.range()].to_owned())
            .collect()
    }
}

impl From<Config> for EmbeddedSettings {
    fn from(config: Config) -> Self {
        Self {
            versions: config.versions.into_iter().map(Cow::Owned).collect(),
            recursive: config.recursive,
            many_heads: config.many_heads,
            version_table: config.version_table.into(),
            version_table_schema: config.version_table_schema.map(Cow::Owned),
            journal_table: config.journal_table.into(),
            connect: config.connect.map(|text| text.map(Cow::Owned)),
            lease: config.lease,
            adopt: config
                .adopt
                .map(|adopt| adopt.words().map(|word| Cow::Owned(word.to_owned()))),
        }
    }
}

/// The text with LF line ends: a checkout on Windows must not put carriage returns into strings.
pub fn unix(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pairs_of_carriage_return_and_line_feed_change() {
        assert_eq!(unix("a\nb"), "a\nb");
        assert_eq!(unix("a\r\nb\r\n"), "a\nb\n");
        assert_eq!(unix("a\rb\r\r\n"), "a\rb\r\n");
        assert!(matches!(unix("a\nb"), Cow::Borrowed(_)));
    }
}
