//! The command line as a whole: what there is, and which command is run.

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, Args as _, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use migrate_command::parts::{self, CommandError, Cx, Exit, Globals, Ui};
use migrate_runtime::render::{self, Style};

use crate::author::{self, Author};
use crate::completions::Completions;
use crate::develop::Develop;
use crate::project::{Directory, Project};
use crate::schema::Schema;

/// Migrates a database along the revisions of a migration directory.
#[derive(Parser)]
#[command(
    name = "cargo migrate",
    bin_name = "cargo migrate",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(flatten)]
    directory: Directory,
    #[command(subcommand)]
    command: Command,
    /// Options of `check` in this command line alone.
    #[clap(skip)]
    schema: Option<Schema>,
}

/// Those that write files, and those that an app can mount too.
#[derive(Subcommand)]
enum Command {
    #[command(flatten)]
    Author(Author),
    #[command(flatten)]
    Develop(Develop),
    #[command(flatten)]
    Database(parts::Command),
    /// Print a script that completes these commands in a shell
    Completions(Completions),
}

/// Reads the command line; a wrong one ends the process. Cargo calls `cargo-migrate migrate …`, people may leave the word
/// out.
pub fn parse() -> Cli {
    let mut words: Vec<OsString> = std::env::args_os().collect();
    if words.get(1).is_some_and(|word| word == "migrate") {
        words.remove(1);
    }
    let matches = command().try_get_matches_from(words);
    let matches = matches.unwrap_or_else(|error| with_hint(error).exit());
    Cli::of(&matches).unwrap_or_else(|error| error.exit())
}

/// The names that other tools give to a command, each with its name here.
const ELSEWHERE: [(&[&str], &str); 8] = [
    (
        &["reset"],
        "`cargo migrate fresh` drops everything and upgrades; `cargo migrate downgrade base` undoes every revision",
    ),
    (
        &["revert", "rollback", "undo"],
        "`cargo migrate downgrade -1` undoes the last revision",
    ),
    (
        &["apply", "deploy", "latest", "migrate"],
        "`cargo migrate upgrade` applies what is pending",
    ),
    (
        &["create", "generate", "make"],
        "`cargo migrate revision -m \"…\"` writes a revision; `cargo migrate database create` makes a database",
    ),
    (
        &["list", "pending"],
        "`cargo migrate status` shows what is pending, and `cargo migrate history` all revisions",
    ),
    (
        &["version"],
        "`cargo migrate current` shows where the database is",
    ),
    (
        &["validate"],
        "`cargo migrate check` compares the database with the chain",
    ),
    (
        &["baseline", "force"],
        "`cargo migrate stamp REV` records where the database is; `cargo migrate init --from-database` begins with its schema",
    ),
];

/// The error for a word that is a command elsewhere says what it is here, and not what it looks like.
fn with_hint(error: clap::Error) -> clap::Error {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else {
        return error;
    };
    let meant = ELSEWHERE.iter().find(|(words, _)| words.contains(&&**word));
    match meant {
        Some((_, hint)) => {
            let text = format!("there is no command `{word}`\n\n  tip: {hint}");
            command().error(ErrorKind::InvalidSubcommand, text)
        }
        None => error,
    }
}

/// The command line as clap knows it. An app can mount `check`, but has no files to compare.
pub fn command() -> clap::Command {
    Cli::command().mut_subcommand("check", Schema::augment_args)
}

impl Command {
    /// Whether it is about the revisions of the directory. `init` reports what it finds there itself.
    fn reads_the_chain(&self) -> bool {
        !matches!(
            self,
            Self::Completions(_)
                | Self::Author(Author::Init(_) | Author::Import(_) | Author::ListTemplates(_))
        )
    }
}

impl Cli {
    fn of(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut cli = Self::from_arg_matches(matches)?;
        if let Some(matches) = matches.subcommand_matches("check") {
            cli.schema = Some(Schema::from_arg_matches(matches)?);
        }
        Ok(cli)
    }

    pub async fn run(self) -> ExitCode {
        let mut ui = Ui::new(&self.globals);
        let project = match Project::new(self.directory, self.globals) {
            Ok(project) => project,
            Err(failure) => return ui.end(Err(failure)),
        };
        match run(self.command, self.schema, &project, &mut ui).await {
            Err(failure) if failure.needs_app() => by_the_app(failure, &project, &mut ui).await,
            result => ui.end(result),
        }
    }

    /// The process cannot do anything at all.
    pub fn refuse(&self, error: &io::Error) -> ExitCode {
        let failure = CommandError::new(format!("the runtime cannot start: {error}"))
            .help("let the process open more files: `ulimit -n` shows how many it may");
        Ui::new(&self.globals).end(Err(failure))
    }
}

/// Lets the app that `migrate.toml` names do what failed for want of its code.
async fn by_the_app(failure: CommandError, project: &Project, ui: &mut Ui) -> ExitCode {
    let directory = author::Directory::open(project.directory());
    let Some(app) = directory.ok().as_ref().and_then(author::app) else {
        return ui.end(Err(failure));
    };
    ui.note(format!(
        "`{}` runs this: a revision is written in Rust",
        app.name()
    ));
    let url = match project.globals().database_url() {
        Ok(url) => url,
        Err(failure) => return ui.end(Err(failure)),
    };
    match author::by_the_app(&app, url.as_deref()).await {
        Ok(code) => code,
        Err(failure) => ui.end(Err(failure)),
    }
}

async fn run(
    command: Command,
    schema: Option<Schema>,
    project: &Project,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    if command.reads_the_chain() {
        for warning in project.warnings() {
            ui.note(render::text(&warning, Style::Plain));
        }
    }
    match command {
        // Its futures hold whole schemas.
        Command::Author(command) => Box::pin(command.run(project, ui)).await,
        Command::Develop(command) => Box::pin(command.run(project, ui)).await,
        Command::Database(command) => {
            let migrations = if command.only_shows() {
                project.load_unmerged()?
            } else {
                project.load()?
            };
            let mut cx = Cx::of_flags(&migrations, ui, project.globals());
            let exit = cx.execute(command).await?;
            let Some(schema) = schema else {
                return Ok(exit);
            };
            // Its futures hold whole schemas.
            let of_schema = Box::pin(schema.check(project, &migrations, ui)).await?;
            Ok(if of_schema == Exit::Done {
                exit
            } else {
                of_schema
            })
        }
        Command::Completions(completions) => Ok(completions.run(ui, self::command())),
    }
}
