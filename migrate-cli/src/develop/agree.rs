use migrate_command::parts::{CommandError, Ui};

use crate::author::Result;

/// Asks before something is lost. Without a terminal, `--yes` is required.
pub fn agree(ui: &mut Ui, yes: bool, question: &str) -> Result<()> {
    if yes {
        return Ok(());
    }
    if !ui.is_interactive() {
        return Err(
            CommandError::new("this loses data, and nobody is there to be asked")
                .help("pass --yes if you mean it"),
        );
    }
    if ui.confirm(question)? {
        Ok(())
    } else {
        Err(CommandError::new("nothing was changed"))
    }
}
