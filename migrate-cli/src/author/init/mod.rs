//! `cargo migrate init`: a migration directory, and what its crate needs to embed it.

mod build_script;
pub mod foreign;
mod mounted;
pub mod package;

use std::fs;
use std::path::{Component, Path, PathBuf};

use clap::Args;
use migrate_chain::diagnostic::Fault;
use migrate_chain::load::{CONFIG_FILE, load_unmerged};
use migrate_chain::{Dialect, Disk};
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

pub use build_script::BuildScript;
use package::{Package, from_here};

use super::failure::{self, CommandError, Result};
use super::files;
use crate::find::{self, is_chain};
use crate::project::{DirectoryOrigin, Project};

/// Make a migration directory
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cargo migrate init
  cargo migrate init db/migrations
  cargo migrate init --from-database      a database that no tool has migrated so far")]
pub struct Init {
    /// The directory to make; that of --dir where nothing is given
    directory: Option<PathBuf>,

    /// Write a first revision with the schema of the connected database, which is at it then
    #[arg(long)]
    pub from_database: bool,

    /// Whether the files of another tool may be there: they are about to be imported.
    #[arg(skip)]
    beside: bool,
}

/// The result of `init`.
#[derive(Debug)]
pub struct Initialized {
    /// The directory.
    pub directory: PathBuf,
    /// The files and folders that were made.
    pub created: Vec<PathBuf>,
    /// The result for the build script; none without a crate.
    pub build_script: Option<BuildScript>,
    /// The directory as the macro and the build script name it.
    pub named: String,
    /// The commands that add what the crate does not depend on yet.
    pub commands: Vec<String>,
    /// The source file for the lines that use the chain.
    pub source: PathBuf,
    /// The databases that the settings declare.
    pub dialects: Vec<Dialect>,
    /// Whether the commands find the directory by themselves, from anywhere in the crate.
    pub is_found: bool,
}

impl Init {
    /// The first step of `import`.
    pub fn beside(directory: Option<PathBuf>) -> Self {
        Self {
            directory,
            from_database: false,
            beside: true,
        }
    }

    /// Makes what is missing, and leaves alone what is there.
    ///
    /// # Errors
    /// The crate has another chain, or another tool has its migrations there; nothing is made then.
    pub fn run(&self, project: &Project) -> Result<Initialized> {
        let directory = &match &self.directory {
            Some(named) => named.clone(),
            None => default(project)?,
        };
        let absolute = normal(&absolute(directory)?);
        let package = Package::around(&absolute)?;
        refuse_second(directory, &absolute, package.as_ref())?;
        if !self.beside {
            refuse_foreign(directory)?;
        }
        let dialects = package
            .as_ref()
            .map(|package| package.dialects.clone())
            .unwrap_or_default();
        let created = make(directory, package.as_ref())?;
        let is_found = package
            .as_ref()
            .is_none_or(|package| is_found(package, &absolute));
        let named = named(directory, &absolute, package.as_ref());
        let script = package
            .as_ref()
            .map(|package| build_script::ensure(package, &named))
            .transpose()?;
        Ok(Initialized {
            directory: directory.to_owned(),
            created,
            build_script: script,
            commands: commands(package.as_ref(), &dialects),
            source: source(package.as_ref()),
            dialects,
            named,
            is_found,
        })
    }
}

impl Serialize for Initialized {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Initialized", 10)?;
        object.serialize_field("directory", &self.directory)?;
        object.serialize_field("changed", &self.is_changed())?;
        object.serialize_field("created", &self.created)?;
        let dialects: Vec<&str> = self.dialects.iter().map(|dialect| dialect.name()).collect();
        object.serialize_field("dialects", &dialects)?;
        let script = self.build_script.as_ref().map(BuildScript::name);
        object.serialize_field("build_script", &script)?;
        object.serialize_field("build_line", &self.build_line())?;
        object.serialize_field("commands", &self.commands)?;
        object.serialize_field("manifest_lines", &self.manifest_lines())?;
        object.serialize_field("source", &self.source)?;
        object.serialize_field("lines", &self.lines())?;
        object.end()
    }
}

impl Initialized {
    /// The lines that embed the chain and bring the database up to date.
    pub fn lines(&self) -> [String; 3] {
        let argument = if self.named == "migrations" {
            String::new()
        } else {
            format!("{:?}", self.named)
        };
        [
            "use embed_migrations::{Migrations, embed_migrations};".to_owned(),
            format!("static MIGRATIONS: Migrations = embed_migrations!({argument});"),
            "MIGRATIONS.upgrade(&pool).await?;".to_owned(),
        ]
    }

    /// The lines of `Cargo.toml` by which the commands find a directory with a name of its own.
    pub fn manifest_lines(&self) -> Vec<String> {
        if self.is_found {
            return Vec::new();
        }
        let directory = format!("directory = {:?}", self.named);
        vec!["[package.metadata.embed-migrations]".to_owned(), directory]
    }

    /// Whether anything was made or changed.
    pub fn is_changed(&self) -> bool {
        let script = self.build_script.as_ref();
        let is_script_changed = script.is_some_and(|script| {
            matches!(script, BuildScript::Created(_) | BuildScript::Extended(_))
        });
        !self.created.is_empty() || is_script_changed
    }

    /// The line of the build script.
    pub fn build_line(&self) -> String {
        build_script::line(&self.named)
    }
}

/// The directory where the argument names none: the one that is there already, else one at the root of the package that
/// the user is in.
pub fn default(project: &Project) -> Result<PathBuf> {
    let known = project.directory().to_owned();
    let here = absolute(Path::new("here"))?;
    let Some(package) = Package::around(&here)? else {
        return Ok(known);
    };
    let is_inside = normal(&absolute(&known)?).starts_with(&package.root);
    match project.origin() {
        DirectoryOrigin::Named => Ok(known),
        DirectoryOrigin::Found if is_inside => Ok(known),
        // That of a workspace around the package is not its own.
        DirectoryOrigin::Found | DirectoryOrigin::Usual => {
            let here = here.parent().unwrap_or(&here);
            let inside = here.strip_prefix(&package.root).unwrap_or(Path::new(""));
            let up: PathBuf = inside.components().map(|_| "..").collect();
            Ok(up.join(find::USUAL))
        }
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|error| failure::file("find", path, &error))
}

/// A path without `..`, by its words alone.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}

fn is_found(package: &Package, absolute: &Path) -> bool {
    let found = find::upwards(&package.root).ok().flatten();
    found.is_some_and(|found| package.root.join(found) == absolute)
}

/// A crate embeds one chain: a second one by mistake would be a second history.
fn refuse_second(directory: &Path, absolute: &Path, package: Option<&Package>) -> Result<()> {
    let chains = package.map(|package| find::in_package(&package.root));
    let other = chains.into_iter().flatten().find(|chain| chain != absolute);
    match other {
        Some(other) if !is_chain(absolute) => Err(CommandError::new(format!(
            "the crate has a chain in {} already; {} was not created",
            from_here(&other).display(),
            directory.display()
        ))
        .help("add revisions to that one: the commands find it on their own, or with `--dir`")),
        _ => Ok(()),
    }
}

/// Files of ours among those of another tool would confuse both.
fn refuse_foreign(directory: &Path) -> Result<()> {
    match foreign::found(directory) {
        Some(found) if !directory.join(CONFIG_FILE).is_file() => Err(CommandError::new(format!(
            "{} has {found}; nothing was created",
            directory.display()
        ))
        .note("a chain next to it needs a folder of its own: `cargo migrate init db/migrations`")
        .help("take the migrations and their history over: `cargo migrate import`")),
        _ => Ok(()),
    }
}

/// Makes the settings and the version locations that are not there, and says which.
pub fn make(directory: &Path, package: Option<&Package>) -> Result<Vec<PathBuf>> {
    let mut created = Vec::new();
    let settings = directory.join(CONFIG_FILE);
    if !settings.exists() {
        create(&settings, &settings_text(package))?;
        created.push(settings);
    }
    for location in missing_locations(directory)? {
        fs::create_dir_all(&location).map_err(|error| failure::file("make", &location, &error))?;
        // Git keeps no empty folder, and a clone without it would not build.
        create(&location.join(".gitkeep"), "")?;
        created.push(location);
    }
    Ok(created)
}

fn create(path: &Path, text: &str) -> Result<()> {
    files::create(path, text).map_err(|error| failure::file("write", path, &error))
}

/// The version locations that the settings name and that do not exist. A directory with other faults is left alone.
fn missing_locations(directory: &Path) -> Result<Vec<PathBuf>> {
    let Err(faults) = load_unmerged(&Disk::new(directory, directory.to_string_lossy())) else {
        return Ok(Vec::new());
    };
    let is_missing = |fault: &Fault| match fault {
        Fault::NoDirectory { path, .. } => Some(PathBuf::from(path)),
        _ => None,
    };
    let missing: Vec<PathBuf> = faults
        .iter()
        .filter_map(|fault| is_missing(&fault.fault))
        .collect();
    if missing.len() == faults.len() {
        Ok(missing)
    } else {
        Err(CommandError::faults(faults))
    }
}

fn settings_text(package: Option<&Package>) -> String {
    let dialects = package.iter().flat_map(|package| &package.dialects);
    let names: Vec<&str> = dialects.map(|dialect| dialect.name()).collect();
    let declared = if names.is_empty() {
        "# dialects = [\"sqlite\"]".to_owned()
    } else {
        format!("dialects = {names:?}")
    };
    let app = package.and_then(mounted::command);
    let app = app.map_or_else(String::new, |words| {
        format!(
            "\n# The commands of the app itself, which run revisions in Rust.\napp = {words:?}\n"
        )
    });
    SETTINGS
        .replace("{dialects}", &declared)
        .replace("{app}", &app)
}

/// A new `migrate.toml`: what an app most often sets, with the defaults.
const SETTINGS: &str = "\
# How the revisions in this directory are read. Each key may be left out.

# The databases that every revision must have SQL for.
{dialects}
{app}
# \"many\" allows several heads; with \"one\", the build says when two people have added a revision.
# heads = \"one\"

# \"required\" asks each revision for a downgrade, or for the reason why there is none.
# downgrade = \"optional\"

# The file of a new revision: {rev} {slug} {year} {month} {day} {hour} {minute} {second} {epoch}.
# file_template = \"{rev}_{slug}\"
# timezone = \"UTC\"

# A command for each new revision file.
# [[post_write_hooks]]
# name = \"format\"
# command = [\"sqlfluff\", \"fix\", \"{file}\"]
";

/// The directory as the crate names it: relative to the crate where it can be, with `/`.
fn named(directory: &Path, absolute: &Path, package: Option<&Package>) -> String {
    let inside = package.and_then(|package| absolute.strip_prefix(&package.root).ok());
    let parts = inside.unwrap_or(directory).components();
    let parts: Vec<String> = parts
        .filter(|part| !matches!(part, Component::CurDir))
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    parts.join("/").replace("//", "/")
}

fn commands(package: Option<&Package>, dialects: &[Dialect]) -> Vec<String> {
    let Some(package) = package else {
        return Vec::new();
    };
    let features = match dialects {
        [] => "sqlite".to_owned(),
        dialects => dialects
            .iter()
            .map(|dialect| dialect.name())
            .collect::<Vec<_>>()
            .join(","),
    };
    let library = format!("cargo add embed-migrations --features {features}");
    let sqlx = format!("cargo add sqlx --no-default-features --features runtime-tokio,{features}");
    [(package.has_library, library), (package.has_sqlx, sqlx)]
        .into_iter()
        .filter_map(|(is_there, command)| (!is_there).then_some(command))
        .collect()
}

fn source(package: Option<&Package>) -> PathBuf {
    let Some(package) = package else {
        return PathBuf::from("src/main.rs");
    };
    let (main, library) = (
        package.root.join("src/main.rs"),
        package.root.join("src/lib.rs"),
    );
    from_here(if library.exists() && !main.exists() {
        &library
    } else {
        &main
    })
}
