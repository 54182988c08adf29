//! The settings that `import` writes into `migrate.toml`.

use std::fs;
use std::path::{Path, PathBuf};

use migrate_chain::adopt::Adopt;
use migrate_chain::load::CONFIG_FILE;

use super::super::directory::Directory;
use super::super::failure::{self, Result};
use super::super::files;
use super::super::init::Initialized;
use super::super::init::package::Package;
use super::migration::Imported;
use super::tools::ImportTool;

/// An empty chain in a folder, with the databases and the mounted commands that the crate at `root` uses.
///
/// # Errors
/// It cannot be written.
pub fn make(folder: &Path, root: &Path) -> Result<()> {
    let package = Package::around(&absolute(root).join("migrations"))?;
    super::super::init::make(folder, package.as_ref()).map(drop)
}

/// Names the directory in the crate's manifest, where the commands would not find it by themselves.
///
/// # Errors
/// The manifest cannot be written.
pub fn name(initialized: &mut Initialized) -> Result<()> {
    let lines = initialized.manifest_lines();
    let Some(package) =
        Package::around(&absolute(&initialized.directory))?.filter(|_| !lines.is_empty())
    else {
        return Ok(());
    };
    let path = package.root.join("Cargo.toml");
    let failed = |error| failure::file("write", &path, &error);
    let text = fs::read_to_string(&path).map_err(failed)?;
    files::replace(
        &path,
        &format!("{}\n\n{}\n", text.trim_end(), lines.join("\n")),
    )
    .map_err(failed)?;
    initialized.is_found = true;
    Ok(())
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Without the tables that they need, such files are not a schema that a revision could be generated from.
const OBJECTS: &str = "
# The current definitions of what is run again when it changes. Name the source of the tables, too, and `revision
# --autogenerate` brings a change of these files.
# [schema]
# models = [\"src/models\"]
# files = [\"objects/*.sql\"]
";

/// Writes `[adopt]`, unless it is there.
///
/// # Errors
/// The settings cannot be written.
pub fn adopt(directory: &Directory, tool: &ImportTool, imported: &Imported) -> Result<()> {
    let Some(adopts) = tool.adopts else {
        return Ok(());
    };
    if matches!(directory.chain.config.adopt, Some(Adopt::History { .. })) {
        return Ok(());
    }
    let path = directory.path(CONFIG_FILE);
    let failed = |error| failure::file("write", &path, &error);
    let text = fs::read_to_string(&path).map_err(failed)?;
    let table = imported.table.as_deref();
    let table = table.map_or_else(String::new, |table| format!("table = {table:?}\n"));
    let objects = if imported.objects.is_empty() {
        ""
    } else {
        OBJECTS
    };
    let text = format!(
        "{}\n\n# The history of this tool is taken over from a database that it has migrated.\n[adopt]\ntool = {:?}\n{table}{objects}",
        text.trim_end(),
        adopts.name()
    );
    files::replace(&path, &text).map_err(failed)
}
