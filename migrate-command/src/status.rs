use clap::Args;
use serde::Serialize;

use super::paint::{BAD, DIM, GOOD, ID};
use super::run::StepJson;
use super::width::wrapped;
use super::{CommandError, Cx, Exit};
use migrate_runtime::{Adoption, Migrations, Status as State, Unfinished};

/// `status`: one screen.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: cargo migrate status --format json")]
pub struct Status {}

/// The JSON of `status` and `check`.
#[derive(Serialize)]
pub struct Json<'a> {
    is_current: bool,
    current: &'a [String],
    pending: Vec<StepJson<'a>>,
    unknown: &'a [String],
    edited: &'a [String],
    unfinished: Option<UnfinishedJson<'a>>,
    adoption: Option<AdoptionJson<'a>>,
}

#[derive(Serialize)]
struct AdoptionJson<'a> {
    tool: &'a str,
    to_adopt: &'a [String],
    adopted: usize,
    run_since: &'a [String],
    obstacle: Option<&'a str>,
}

#[derive(Serialize)]
struct UnfinishedJson<'a> {
    revision: &'a str,
    direction: &'static str,
    statements_done: usize,
    error: Option<&'a str>,
}

impl<'a> Json<'a> {
    pub fn new(status: &'a State) -> Self {
        let unfinished = status.unfinished.as_ref().map(|unfinished| UnfinishedJson {
            revision: &unfinished.revision,
            direction: unfinished.direction.name(),
            statements_done: unfinished.statements_done,
            error: unfinished.error.as_deref(),
        });
        let adoption = status.adoption.as_ref().map(|adoption| AdoptionJson {
            tool: &adoption.tool,
            to_adopt: &adoption.to_adopt,
            adopted: adoption.adopted,
            run_since: &adoption.run_since,
            obstacle: adoption.obstacle.as_deref(),
        });
        Self {
            is_current: status.is_current(),
            current: &status.current,
            pending: status.pending.iter().map(StepJson::planned).collect(),
            unknown: &status.unknown,
            edited: &status.edited,
            unfinished,
            adoption,
        }
    }
}

impl Status {
    #[allow(clippy::unused_self, reason = "each command is run in the same way")]
    pub async fn run(self, cx: &mut Cx<'_>) -> Result<Exit, CommandError> {
        let status = cx.runner(&cx.database()?).status().await?;
        if cx.ui.is_json() {
            cx.ui.json(&Json::new(&status));
            return Ok(Exit::Done);
        }
        let mut screen = Screen {
            columns: cx.ui.columns(),
            lines: Vec::new(),
        };
        screen.row("database", &[cx.shown()]);
        screen.row("chain", &[chain(cx.migrations)]);
        screen.row("current", &current(cx.migrations, &status));
        for (name, lines) in wrong(&status) {
            screen.row(name, &lines);
        }
        screen.row("next", &[next(cx, &status)]);
        for line in screen.lines {
            cx.ui.result(line);
        }
        Ok(Exit::Done)
    }
}

/// The problems: a name, and a line for each.
pub fn wrong(status: &State) -> Vec<(&'static str, Vec<String>)> {
    let plain = |ids: &[String]| {
        ids.iter()
            .map(|id| format!("{BAD}{id}{BAD:#}"))
            .collect::<Vec<_>>()
    };
    let pending = status.pending.iter();
    let pending = pending
        .map(|step| format!("{ID}{}{ID:#}  {}", step.revision, step.message))
        .collect();
    let adoption = status.adoption.iter().flat_map(adoption);
    let all = [
        ("history", adoption.collect()),
        ("pending", pending),
        ("unknown", plain(&status.unknown)),
        ("edited", plain(&status.edited)),
        (
            "interrupted",
            status.unfinished.iter().map(interrupted).collect(),
        ),
    ];
    all.into_iter()
        .filter(|(_, lines)| !lines.is_empty())
        .collect()
}

/// The history of another tool, a line for each fact.
fn adoption(adoption: &Adoption) -> Vec<String> {
    let text = adoption.to_string();
    let obstacle = adoption.obstacle.as_deref();
    let line = |line: &str| match obstacle {
        Some(obstacle) if line == obstacle => format!("{BAD}{line}{BAD:#}"),
        _ => line.to_owned(),
    };
    text.lines().map(line).collect()
}

fn interrupted(unfinished: &Unfinished) -> String {
    let Unfinished {
        revision,
        direction,
        statements_done,
        error,
        ..
    } = unfinished;
    let place = match statements_done {
        0 => "at its first statement".to_owned(),
        done => format!("after statement {done}"),
    };
    let error = error
        .as_ref()
        .map(|error| format!(": {error}"))
        .unwrap_or_default();
    format!("{BAD}{revision}{BAD:#}  the {direction} stopped {place}{error}")
}

fn chain(migrations: &Migrations) -> String {
    let revisions = migrations.revisions().len();
    let plural = if revisions == 1 { "" } else { "s" };
    let heads = migrations.heads();
    let heads = match &heads[..] {
        [] => String::new(),
        [head] => format!(", head {ID}{head}{ID:#}"),
        many => format!(", heads {ID}{}{ID:#}", many.join(", ")),
    };
    format!(
        "{}, {revisions} revision{plural}{heads}",
        migrations.directory()
    )
}

fn current(migrations: &Migrations, status: &State) -> Vec<String> {
    if status.current.is_empty() {
        return vec!["base: nothing is applied".to_owned()];
    }
    let title = |id: &String| {
        let revision = migrations
            .revisions()
            .iter()
            .find(|revision| revision.id() == id);
        revision.map_or_else(String::new, |revision| format!("  {}", revision.title()))
    };
    let head = if status.is_current() {
        format!(" {GOOD}(head){GOOD:#}")
    } else {
        String::new()
    };
    let rows = status.current.iter();
    rows.map(|id| format!("{ID}{id}{ID:#}{}{head}", title(id)))
        .collect()
}

/// The command to go on with.
fn next(cx: &Cx<'_>, status: &State) -> String {
    let program = super::arguments::program();
    if !status.unknown.is_empty() {
        return "use the version of the app that knows these revisions".to_owned();
    }
    if !status.edited.is_empty() {
        return format!(
            "restore the edited files, or accept them: {program} stamp {}",
            status.current.join(" ")
        );
    }
    if let Some(unfinished) = &status.unfinished {
        let revision = &unfinished.revision;
        return format!(
            "{program} upgrade, which goes on or says what is in doubt; then {program} resolve {revision}"
        );
    }
    let has_rust = status
        .pending
        .iter()
        .any(|step| is_rust(cx.migrations, &step.revision));
    let adoption = status.adoption.as_ref();
    if adoption.is_some_and(|adoption| adoption.obstacle.is_some()) {
        return format!("{program} upgrade, which says what to do about it");
    }
    match status.pending.is_empty() && status.is_current() {
        true => format!("{GOOD}nothing to do{GOOD:#}"),
        false if has_rust && cx.migrations.is_without_functions() => {
            "upgrade with the app's own binary: revisions in Rust are pending".to_owned()
        }
        false => format!("{program} upgrade"),
    }
}

fn is_rust(migrations: &Migrations, id: &str) -> bool {
    migrations
        .revisions()
        .iter()
        .any(|revision| revision.id() == id && revision.is_rust())
}

/// Rows of a name and some lines, which fit the width of the terminal.
struct Screen {
    columns: Option<usize>,
    lines: Vec<String>,
}

impl Screen {
    /// How many lines of one kind fit a screen.
    const MOST: usize = 10;
    /// The width of the names.
    const INDENT: usize = 13;

    fn row(&mut self, name: &str, lines: &[String]) {
        let mut name = format!("{DIM}{name:<13}{DIM:#}");
        for line in lines.iter().take(Self::MOST) {
            let line = format!("{name}{line}");
            self.lines.push(wrapped(&line, self.columns, Self::INDENT));
            name = " ".repeat(Self::INDENT);
        }
        if lines.len() > Self::MOST {
            let more = lines.len() - Self::MOST;
            self.lines.push(format!("{name}… and {more} more"));
        }
    }
}
