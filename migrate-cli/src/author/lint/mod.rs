//! `cargo migrate lint`: what new revisions do to a running database.

mod base;
mod fix;
mod range;

use clap::{Args, ValueEnum};
use migrate_chain::Dialect;
use migrate_chain::lint::{Allowances, Severity};
use migrate_command::parts::{Exit, Format, Globals, Ui};
use migrate_lint::{Failed, Measured, Request, Review, report};
use migrate_render::Style;

use super::directory::Directory;
use super::failure::{CommandError, Result};
use super::scratch::Servers;
use range::{New, Said};

/// Say what new revisions do to a running database, before they are deployed
#[derive(Args, Debug)]
#[command(
    long_about = "Say what new revisions do to a running database, before they are deployed

Each finding says what it blocks, for how long, and how to write it safely. The SQL is read, and run on a scratch database \
to measure locks, scans and copies.

New are the revisions that the database has not applied. Without a database, each revision is reviewed as a deployment of \
its own. A table that a deployment creates is empty, and is not reviewed.

`-- migrate: allow CODE REASON` above a statement accepts a finding, and so does `[lint] allow` in migrate.toml. The exit \
code is 3 if something is found at or above --fail-on. With --format github, sarif or markdown, the report is for a code \
host.",
    after_help = "\
Examples:
  cargo migrate lint
  cargo migrate lint --base origin/main --format github
  cargo migrate lint ae1027a6acf4:head --fail-on warning"
)]
pub struct Lint {
    /// The revisions: `A:B` for those after A up to B, or one revision [default: those that are new to the database]
    #[arg(value_name = "RANGE")]
    range: Option<String>,

    /// Review what comes after this revision
    #[arg(long, value_name = "REV", conflicts_with_all = ["range", "base"])]
    since: Option<String>,

    /// Review the files that are new since a git ref, such as `origin/main`
    #[arg(long, value_name = "GITREF", conflicts_with = "range")]
    base: Option<String>,

    /// The exit code is 3 at findings from this severity on
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    fail_on: FailOn,

    /// Rewrite what has one safe form, with new revisions where it takes several steps
    #[arg(long)]
    fix: bool,

    /// Read the SQL only, and run nothing
    #[arg(long)]
    no_measure: bool,

    /// A server for scratch databases, once for each kind of database: a URL, `docker://IMAGE` or `same-server` [default: a private server]
    #[arg(long, value_name = "URL")]
    dev_url: Vec<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FailOn {
    Warning,
    Error,
}

impl FailOn {
    fn severity(self) -> Severity {
        match self {
            Self::Warning => Severity::Warning,
            Self::Error => Severity::Error,
        }
    }
}

impl Lint {
    /// Whether it may write revisions.
    pub fn fixes(&self) -> bool {
        self.fix
    }

    /// Reviews the revisions that are new, and writes the report.
    ///
    /// # Errors
    /// Nothing says which revisions are meant, or one of them does not run on the scratch database.
    pub async fn run(&self, directory: &Directory, globals: &Globals, ui: &mut Ui) -> Result<Exit> {
        let url = globals.database_url()?;
        let said = Said {
            range: self.range.as_deref(),
            since: self.since.as_deref(),
            base: self.base.as_deref(),
        };
        let new = New::find(said, directory, url.as_deref()).await?;
        ui.note(&new.shown);
        for unknown in Allowances::of(&directory.chain.config).unknown() {
            let meant = unknown.nearest;
            let meant = meant.map_or_else(String::new, |code| format!("; did you mean `{code}`?"));
            ui.note(format!(
                "warning: `[lint] allow` in migrate.toml names `{}`, which is not a rule{meant}",
                unknown.code
            ));
        }
        let reviewed = self.review(directory, globals, &new, ui).await?;
        if self.fix {
            return fix::run(directory, &new, &reviewed, ui);
        }
        let schema = match &self.base {
            Some(base) if ui.format() == Format::Markdown => base::lock_diff(directory, base)?,
            _ => String::new(),
        };
        let format = match ui.format() {
            Format::Json => migrate_lint::Format::Json,
            Format::Github => migrate_lint::Format::Github,
            Format::Sarif => migrate_lint::Format::Sarif,
            Format::Markdown => migrate_lint::Format::Markdown,
            _ => migrate_lint::Format::Text(Style::Plain),
        };
        let text = report(&directory.chain, &reviewed, format, &schema);
        ui.exact(text.trim_end());
        let is_bad = reviewed.worst() >= Some(self.fail_on.severity());
        Ok(if is_bad { Exit::Difference } else { Exit::Done })
    }

    async fn review(
        &self,
        directory: &Directory,
        globals: &Globals,
        new: &New,
        ui: &mut Ui,
    ) -> Result<Review> {
        let servers = Servers::of(directory, globals, &self.dev_url)?;
        let dialects = servers.meant();
        let mut measured = Vec::new();
        for &dialect in dialects
            .iter()
            .filter(|_| !self.no_measure && !new.is_empty())
        {
            measured.extend(measure(directory, &servers, dialect, new, ui).await?);
        }
        for note in measured.iter().flat_map(|measured| &measured.notes) {
            ui.note(format!("note: {note}"));
        }
        Ok(migrate_lint::review(&Request {
            chain: &directory.chain,
            deployments: &new.deployments,
            dialects: &dialects,
            measured: &measured,
        }))
    }
}

/// Runs the revisions on a scratch database; none if there is no server for one.
async fn measure(
    directory: &Directory,
    servers: &Servers<'_>,
    dialect: Dialect,
    new: &New,
    ui: &mut Ui,
) -> Result<Option<Measured>> {
    let server = match servers.choose(dialect).await {
        Ok(server) => server,
        Err(failure) => {
            ui.note(format!(
                "note: not measured on {dialect}: {}",
                failure.summary()
            ));
            return Ok(None);
        }
    };
    let measured = migrate_lint::measure(&directory.chain, &new.deployments, &server).await;
    measured.map(Some).map_err(|failed| match failed {
        Failed::NoScratch(error) => super::failure::comparison(error),
        Failed::Refused { ref error, .. } => error
            .details()
            .iter()
            .fold(CommandError::new(failed.to_string()), CommandError::note)
            .help("correct the revision, or pass --no-measure to read it only"),
    })
}
