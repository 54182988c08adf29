//! The commands that `migrate.toml` runs on a new revision file.

use std::path::Path;
use std::process::Command;

use migrate_chain::config::Hook;

use super::failure::{CommandError, Result, cause};

/// Runs each hook on a new file, one after the other. What they print goes where ours does.
///
/// # Errors
/// The first hook that does not start or fails. The file stays as that left it.
pub fn run(hooks: &[Hook], file: &Path) -> Result<()> {
    for hook in hooks {
        run_one(hook, file).map_err(|cause| {
            CommandError::new(format!("the post-write hook `{}` {cause}", hook.name))
                .note(format!("the new revision stays in {}", file.display()))
                .help(format!(
                    "fix the hook and run `{}`, or delete the file",
                    shown(hook, file)
                ))
        })?;
    }
    Ok(())
}

fn run_one(hook: &Hook, file: &Path) -> Result<(), String> {
    let words = command(hook, file);
    let Some((program, arguments)) = words.split_first() else {
        return Ok(());
    };
    match Command::new(program).args(arguments).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(match status.code() {
            Some(code) => format!("failed with exit code {code}"),
            None => "was ended by a signal".to_owned(),
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(format!("names a program that is not there: {program}"))
        }
        Err(error) => Err(format!("did not start: {}", cause(&error))),
    }
}

fn command(hook: &Hook, file: &Path) -> Vec<String> {
    let file = file.to_string_lossy();
    hook.command
        .iter()
        .map(|word| word.replace("{file}", &file))
        .collect()
}

/// The command as a shell takes it.
fn shown(hook: &Hook, file: &Path) -> String {
    shell_words::join(command(hook, file))
}
