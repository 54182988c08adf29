use std::fmt;
use std::sync::{Arc, OnceLock};

use clap::{Args, ColorChoice, ValueEnum};

use super::dot_env::DotEnv;
use migrate_runtime::AnyPool;

/// The options that every command takes.
#[derive(Args, Clone)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// The database, such as `sqlite:app.db` or `postgres://user@host/app` [default: `DATABASE_URL`, also from a file .env]
    // The environment is read when it is needed: a help text must not print a password.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database_url: Option<String>,
    /// The schema to work in, such as that of a tenant [default: that of the connection]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) db_schema: Option<String>,
    /// How results are written: `text` or `json`; `dot`, `mermaid` and `svg` draw a history; `github`, `sarif` and `markdown` are for `lint`
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        default_value = "text",
        hide_possible_values = true
    )]
    pub(crate) format: Format,
    /// When to use colour: `auto`, `always` or `never`
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true
    )]
    pub(crate) color: ColorChoice,
    /// Say more
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// Print results and errors only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// The file `.env`, once something has asked for it.
    #[arg(skip)]
    pub(super) dot_env: Arc<OnceLock<DotEnv>>,
}

impl fmt::Debug for Globals {
    /// Without what could be a password, since an app may log its options.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Globals")
            .field(
                "database_url",
                &self.database_url.as_deref().map(AnyPool::shown_url),
            )
            .field("db_schema", &self.db_schema)
            .field("format", &self.format)
            .field("color", &self.color)
            .field("verbose", &self.verbose)
            .field("quiet", &self.quiet)
            .finish_non_exhaustive()
    }
}

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs, as `docs/json.md` says.
    Json,
    /// A history for Graphviz.
    Dot,
    /// A history as a Mermaid flowchart.
    Mermaid,
    /// A history as a picture.
    Svg,
    /// A review as annotations of GitHub Actions.
    Github,
    /// A review in SARIF 2.1.0.
    Sarif,
    /// A review as a comment for a pull request.
    Markdown,
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    #[test]
    fn options_that_are_logged_hold_no_password() {
        #[derive(clap::Parser, Debug)]
        struct App {
            #[command(flatten)]
            globals: super::Globals,
        }

        let app = App::parse_from(["app", "--database-url", "postgres://app:s3cret@host/db"]);
        assert!(app.globals.variable("NO_SUCH_VARIABLE").is_ok());
        let logged = format!("{app:?}");
        assert!(
            logged.contains("postgres://app:***@host/db") && !logged.contains("s3cret"),
            "{logged}"
        );
    }
}
