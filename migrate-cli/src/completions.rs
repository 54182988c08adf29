use clap::Args;
use clap_complete::{Shell, generate};
use migrate_command::parts::{Exit, Ui};

/// `completions`: for bash, zsh, fish, `PowerShell` and elvish.
#[derive(Args)]
#[command(after_help = "\
Example: cargo migrate completions bash > ~/.local/share/bash-completion/completions/cargo-migrate")]
pub struct Completions {
    /// The shell that the script is for
    shell: Shell,
}

impl Completions {
    /// Writes the script for `command`.
    pub fn run(self, ui: &mut Ui, mut command: clap::Command) -> Exit {
        let mut script = Vec::new();
        generate(self.shell, &mut command, "cargo-migrate", &mut script);
        let script = String::from_utf8_lossy(&script);
        ui.exact(script.trim_end());
        Exit::Done
    }
}
