//! `docs/commands.md` says what clap says. `SNAPSHOTS=overwrite` writes it.

use std::fmt::Write as _;
use std::path::Path;

use clap::{Arg, ArgAction, Command, Subcommand as _};
use migrate_command::parts;
use snapbox::{Data, assert_data_eq};

use crate::author::Author;
use crate::cli;
use crate::develop::Develop;

const INTRODUCTION: &str = "\
# Commands

<!-- `SNAPSHOTS=overwrite cargo test -p cargo-migrate` writes this page from the definitions of the commands. -->

`cargo migrate COMMAND --help` prints the same for one command. A target is `head`, `heads`, `base`, `current`, an id or
its beginning, or a branch label, each with steps if you like: see [Branches and merges](branches.md#targets).

The exit code is 0 if all is well, 1 for an error, 2 for a wrong command line, and 3 if `check` or `lint` found
something. Results go to standard output, everything else to standard error. [JSON](json.md) describes `--format json`.
";

/// The title of each group of commands, what is said about it, and whether a command belongs to it.
type Group = (&'static str, &'static str, fn(&str) -> bool);

const GROUPS: [Group; 3] = [
    (
        "Commands that work on files",
        "They belong to `cargo migrate`, and need the migration directory.",
        Author::has_subcommand,
    ),
    (
        "Commands for development",
        "They are for databases that may be lost, and belong to `cargo migrate`.",
        Develop::has_subcommand,
    ),
    (
        "Commands that need no files",
        "An app can mount them: `app migrate upgrade` does what `cargo migrate upgrade` does.",
        parts::Command::has_subcommand,
    ),
];

#[test]
fn the_guide_lists_the_commands_as_they_are() {
    let document = Path::new("../docs/commands.md");
    assert_data_eq!(page(), Data::read_from(document, None).raw());
}

fn page() -> String {
    let mut root = cli::command();
    root.build();
    let mut page = format!("{INTRODUCTION}\n## Global options\n\n");
    table(
        &mut page,
        root.get_arguments().filter(|arg| arg.is_global_set()),
    );
    for (title, about, is_in) in GROUPS {
        let _ = write!(page, "\n## {title}\n\n{about}\n");
        for command in root.get_subcommands() {
            if is_in(command.get_name()) {
                section(
                    &mut page,
                    &format!("cargo migrate {}", command.get_name()),
                    command,
                );
            }
        }
    }
    page
}

/// A command and those below it.
fn section(page: &mut String, name: &str, command: &Command) {
    let about = command.get_about().map(ToString::to_string);
    let (heading, about) = (
        name.trim_start_matches("cargo migrate "),
        about.unwrap_or_default(),
    );
    let _ = write!(page, "\n### `{heading}`\n\n{about}.\n\n");
    let own = command.get_arguments().filter(|arg| !arg.is_global_set());
    let own: Vec<&Arg> = own
        .filter(|arg| !is_help(arg) && !arg.is_hide_set())
        .collect();
    let positional: String = own
        .iter()
        .filter(|arg| arg.is_positional())
        .flat_map(|arg| [" ".to_owned(), arg.to_string()])
        .collect();
    let options = if own.iter().any(|arg| !arg.is_positional()) {
        " [OPTIONS]"
    } else {
        ""
    };
    let below: Vec<&Command> = command
        .get_subcommands()
        .filter(|command| command.get_name() != "help")
        .collect();
    if below.is_empty() {
        let _ = write!(page, "```text\n{name}{options}{positional}\n```\n");
    }
    if !own.is_empty() {
        page.push('\n');
        table(page, own.into_iter());
    }
    if let Some(examples) = command.get_after_help() {
        let _ = write!(page, "\n```text\n{examples}\n```\n");
    }
    for command in below {
        section(page, &format!("{name} {}", command.get_name()), command);
    }
}

fn is_help(arg: &Arg) -> bool {
    matches!(
        arg.get_action(),
        ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
    )
}

fn table<'a>(page: &mut String, arguments: impl Iterator<Item = &'a Arg>) {
    page.push_str("| argument | |\n|---|---|\n");
    for argument in arguments {
        let short = argument
            .get_short()
            .filter(|_| argument.get_long().is_some());
        let short = short.map_or_else(String::new, |short| format!("`-{short}`, "));
        let help = argument.get_help().map(ToString::to_string);
        let mut help = help.unwrap_or_default().replace('|', "\\|");
        let values = argument.get_default_values();
        if let [value] = values
            && argument.get_action().takes_values()
        {
            let _ = write!(help, " [default: {}]", value.to_string_lossy());
        }
        let name = argument.to_string().replace('|', "\\|");
        let _ = writeln!(page, "| {short}`{name}` | {help} |");
    }
}
