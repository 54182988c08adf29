//! `check` for the desired schema: whether the chain builds what schema.sql asks for.

use std::path::PathBuf;

use clap::Args;
use migrate_command::parts::{CommandError, Exit, Ui};
use migrate_diff::{Checked, Drift, Filter, Request};
use migrate_runtime::Migrations;
use serde::Serialize;

use crate::author::{
    Directory, Result, Servers, comparison, desired, until_interrupted, version_rows,
};
use crate::project::Project;

// The options of `check` that exist only in `cargo migrate`: an app has no files. A doc comment here would become its
// help.
#[derive(Args, Clone, Debug)]
#[allow(clippy::struct_field_names, reason = "each is an option's name")]
#[command(next_help_heading = "Desired schema")]
pub struct Schema {
    /// The desired schema, a file or a directory of .sql files [default: what `[schema]` in migrate.toml names, else schema.sql if it is there]
    #[arg(long, value_name = "PATH")]
    schema: Option<PathBuf>,

    /// A server for scratch databases: a URL, `docker://IMAGE` or `same-server` [default: a private server]
    #[arg(long, value_name = "URL")]
    dev_url: Option<String>,

    /// Compare the desired schema with the connected database, and not with what the chain builds
    #[arg(long)]
    live: bool,

    /// Compare the connected database with what the chain builds at its revision: what was changed by hand
    #[arg(long, conflicts_with_all = ["schema", "live"])]
    drift: bool,
}

/// The changes made by hand, as JSON: a document of its own after that of the database.
#[derive(Serialize)]
struct DriftJson {
    drifted: bool,
    /// Differences from the schema that the chain builds, a line for each object.
    difference: Vec<String>,
    /// SQL that undoes it in the database.
    undo: String,
    /// SQL that makes the same change in other databases.
    adopt: String,
}

/// The desired schema in JSON, a document of its own after that of the database.
#[derive(Serialize)]
struct Json {
    schema: String,
    in_step: bool,
    /// The differences, a line for each object.
    difference: Vec<String>,
    /// SQL that makes the desired schema.
    sql: String,
}

impl Schema {
    /// Compares, and tells what differs.
    ///
    /// # Errors
    /// There is no server, the chain cannot be replayed, or the database refuses the desired schema.
    pub async fn check(
        &self,
        project: &Project,
        migrations: &Migrations,
        ui: &mut Ui,
    ) -> Result<Exit> {
        let directory = Directory::open(project.directory())?;
        if self.drift {
            return self.drift(project, &directory, migrations, ui).await;
        }
        let asked = self.schema.is_some() || self.live;
        if !asked && !desired::is_there(&directory) {
            return Ok(Exit::Done);
        }
        let url = project.globals().database_url()?;
        let config = &directory.chain.config;
        let servers = Servers::of(&directory, project.globals(), self.dev_url.as_slice())?;
        let server = until_interrupted(servers.one()).await?;
        let wanted = desired::wanted(&directory, server.dialect(), self.schema.as_deref()).await?;
        let request = Request::new(migrations, &wanted.desired, &server)
            .filter(Filter::new(config))
            .keep_unknown(wanted.keep_unknown);
        let request = match url.as_deref().filter(|_| self.live) {
            Some(url) => request.live(url),
            None => request,
        };
        let checked = migrate_diff::check(&request).await.map_err(comparison)?;
        let name = wanted.name;
        if ui.is_json() {
            ui.json(&json(name, checked.as_ref()));
        } else {
            let builds = if self.live {
                "the database has"
            } else {
                "the chain builds"
            };
            ui.result(text(&name, builds, checked.as_ref()));
        }
        Ok(if checked.is_some() {
            Exit::Difference
        } else {
            Exit::Done
        })
    }
}

impl Schema {
    /// Compares the database with what the chain builds up to its version rows.
    async fn drift(
        &self,
        project: &Project,
        directory: &Directory,
        migrations: &Migrations,
        ui: &mut Ui,
    ) -> Result<Exit> {
        let url = project.globals().database_url()?.ok_or_else(|| {
            CommandError::new("no database is named, and drift is that of a database")
                .help("set DATABASE_URL, or pass --database-url")
        })?;
        let rows = version_rows::read(directory, &url).await?;
        let servers = Servers::of(directory, project.globals(), self.dev_url.as_slice())?;
        let server = until_interrupted(servers.one()).await?;
        let filter = Filter::new(&directory.chain.config);
        let found = migrate_diff::drift(migrations, &rows, &url, &server, &filter).await;
        let found = found.map_err(comparison)?;
        if ui.is_json() {
            ui.json(&drift_json(found.as_ref()));
        } else {
            ui.result(drift_text(&rows, found.as_ref()));
        }
        Ok(if found.is_some() {
            Exit::Difference
        } else {
            Exit::Done
        })
    }
}

fn drift_text(rows: &[String], drift: Option<&Drift>) -> String {
    let at = match rows {
        [] => "base".to_owned(),
        rows => rows.join(", "),
    };
    let Some(drift) = drift else {
        return format!("The database is what the chain builds at {at}");
    };
    let difference = drift.difference.to_string();
    let lines: Vec<&str> = difference.lines().collect();
    format!(
        "The database is not what the chain builds at {at}:\n  {}\n\nThis undoes it in the database:\n\n{}\n\n\
         This does it to other databases, as a revision:\n\n{}",
        lines.join("\n  "),
        drift.undo.trim_end(),
        drift.adopt.trim_end()
    )
}

fn drift_json(drift: Option<&Drift>) -> DriftJson {
    let lines = |drift: &Drift| {
        drift
            .difference
            .to_string()
            .lines()
            .map(str::to_owned)
            .collect()
    };
    DriftJson {
        drifted: drift.is_some(),
        difference: drift.map(lines).unwrap_or_default(),
        undo: drift.map(|drift| drift.undo.clone()).unwrap_or_default(),
        adopt: drift.map(|drift| drift.adopt.clone()).unwrap_or_default(),
    }
}

/// The readable list, and then the SQL.
fn text(name: &str, builds: &str, checked: Option<&Checked>) -> String {
    match checked {
        None => format!("{name} is what {builds}"),
        Some(checked) => {
            let lines = lines(checked).join("\n  ");
            format!(
                "{name} is not what {builds}:\n  {lines}\n\n{}",
                checked.sql.trim_end()
            )
        }
    }
}

fn lines(checked: &Checked) -> Vec<String> {
    let renames = checked.renames.iter().map(|rename| format!("~ {rename}"));
    let difference = checked.difference.to_string();
    renames
        .chain(difference.lines().map(str::to_owned))
        .collect()
}

fn json(schema: String, checked: Option<&Checked>) -> Json {
    Json {
        schema,
        in_step: checked.is_none(),
        difference: checked.map(lines).unwrap_or_default(),
        sql: checked
            .map(|checked| checked.sql.clone())
            .unwrap_or_default(),
    }
}
