use clap::Subcommand;

use super::{
    CommandError, Cx, Exit, Format, adopt, branches, check, current, downgrade, ensure_version,
    heads, history, resolve, show, stamp, status, upgrade,
};

/// The commands that need no files.
#[derive(Subcommand, Clone, Debug)]
#[non_exhaustive]
pub enum Command {
    /// Upgrade the database, to the head unless a target is given
    #[command(aliases = ["up", "run"])]
    Upgrade(upgrade::Upgrade),
    /// Undo revisions
    #[command(alias = "down")]
    Downgrade(downgrade::Downgrade),
    /// Show where the database is, what is pending and what is wrong
    #[command(alias = "info")]
    Status(status::Status),
    /// Make sure that the database is at the head; the exit code is 3 if it is not
    Check(check::Check),
    /// Show the revisions that the database is at
    Current(current::Current),
    /// List the revisions, newest first, or draw them
    History(history::History),
    /// Show the heads of the chain
    Heads(heads::Heads),
    /// Show the branch points of the chain
    Branches(branches::Branches),
    /// Show one revision
    Show(show::Show),
    /// Set the version rows without running anything
    Stamp(stamp::Stamp),
    /// Record as applied what another migration tool has applied
    Adopt(adopt::Adopt),
    /// Create the version table and the journal
    #[command(alias = "ensure_version")]
    EnsureVersion(ensure_version::EnsureVersion),
    /// Resolve an interrupted revision
    Resolve(resolve::Resolve),
}

impl Cx<'_> {
    /// Runs a command. Its results are written with the first [`Ui::flush`](super::Ui::flush).
    ///
    /// # Errors
    /// Why it failed or was refused.
    pub async fn execute(&mut self, command: Command) -> Result<Exit, CommandError> {
        command.run(self).await
    }
}

impl Command {
    /// Whether it only shows the chain. Such a command can do with several heads where one is asked for: they may be what
    /// the user wants to see.
    pub fn only_shows(&self) -> bool {
        matches!(
            self,
            Self::History(_) | Self::Heads(_) | Self::Branches(_) | Self::Show(_)
        )
    }

    async fn run(self, cx: &mut Cx<'_>) -> Result<Exit, CommandError> {
        let only = match cx.ui.format() {
            Format::Text | Format::Json => None,
            Format::Github | Format::Sarif | Format::Markdown => {
                Some("only `lint` has this format")
            }
            Format::Dot | Format::Mermaid | Format::Svg if matches!(self, Self::History(_)) => None,
            Format::Dot | Format::Mermaid | Format::Svg => Some("only `history` can be drawn"),
        };
        if let Some(only) = only {
            return Err(
                CommandError::usage(only).help("leave `--format` out, or use `--format json`")
            );
        }
        match self {
            Self::Upgrade(command) => command.run(cx).await,
            Self::Downgrade(command) => command.run(cx).await,
            Self::Status(command) => command.run(cx).await,
            Self::Check(command) => command.run(cx).await,
            Self::Current(command) => command.run(cx).await,
            Self::History(command) => command.run(cx).await,
            Self::Heads(command) => Ok(command.run(cx)),
            Self::Branches(command) => Ok(command.run(cx)),
            Self::Show(command) => command.run(cx).await,
            Self::Stamp(command) => command.run(cx).await,
            Self::Adopt(command) => command.run(cx).await,
            Self::EnsureVersion(command) => command.run(cx).await,
            Self::Resolve(command) => command.run(cx).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::COMMANDS;

    #[test]
    fn the_names_by_which_a_program_is_told_from_its_command_are_all_there() {
        let commands = Command::augment_subcommands(clap::Command::new(""));
        let mut names: Vec<&str> = commands
            .get_subcommands()
            .flat_map(|command| {
                std::iter::once(command.get_name()).chain(command.get_all_aliases())
            })
            .collect();
        names.sort_unstable();
        assert_eq!(names, COMMANDS);
    }
}
