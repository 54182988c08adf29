//! Finds the migrations of another tool, and tells which tool it is.

use std::path::{Path, PathBuf};

use super::super::failure::{CommandError, Result};
use super::super::init::foreign::{ForeignFiles, layout};
use super::tools::{self, ImportTool, TOOLS};
use super::{diesel, sqlx};

/// A tool, its folder, and the folder of the crate or project.
pub struct Located {
    pub tool: &'static ImportTool,
    pub folder: PathBuf,
    pub root: PathBuf,
}

/// Finds the migrations: of `tool`, if it is named, and in `from`, if that is.
///
/// # Errors
/// There are none, or those of several tools.
pub fn find(tool: Option<&'static ImportTool>, from: Option<&Path>) -> Result<Located> {
    let root = root(from);
    if let Some(folder) = from {
        let tool = match tool {
            Some(tool) => tool,
            None => told(folder, &root)?,
        };
        return Ok(Located {
            tool,
            folder: folder.to_owned(),
            root,
        });
    }
    let mut found: Vec<(&'static ImportTool, PathBuf)> = Vec::new();
    for folder in candidates(&root)? {
        let folder = root.join(folder);
        let Some(layout) = layout(&folder) else {
            continue;
        };
        let names: Vec<&str> = match tool {
            Some(tool) => layout
                .tools
                .iter()
                .copied()
                .filter(|name| *name == tool.name)
                .collect(),
            None => names(&layout, &root),
        };
        match names[..] {
            [] => {}
            [name] => found.push((tools::named(name)?, folder)),
            [..] => found.push((told(&folder, &root)?, folder)),
        }
    }
    match found.len() {
        1 => {
            let (tool, folder) = found.remove(0);
            Ok(Located { tool, folder, root })
        }
        0 => Err(nothing(tool)),
        _ => {
            let choices = found
                .iter()
                .map(|(tool, folder)| format!("{} in {}", tool.name, folder.display()));
            let choices: Vec<String> = choices.collect();
            Err(CommandError::new(format!(
                "there are migrations of several tools: {}",
                choices.join(", ")
            ))
            .help("say which: `cargo migrate import TOOL --from DIR`"))
        }
    }
}

/// The nearest folder with a manifest of a project.
fn root(from: Option<&Path>) -> PathBuf {
    let here = from.map_or_else(|| PathBuf::from("."), Path::to_owned);
    let absolute = std::path::absolute(&here).unwrap_or_default();
    let is_root = |folder: &&Path| {
        [
            "Cargo.toml",
            "go.mod",
            "package.json",
            "pom.xml",
            "build.gradle",
            "alembic.ini",
        ]
        .iter()
        .any(|manifest| folder.join(manifest).is_file())
    };
    match absolute.ancestors().find(is_root) {
        Some(root) => super::super::init::package::from_here(root),
        None => PathBuf::new(),
    }
}

fn candidates(root: &Path) -> Result<Vec<String>> {
    let usual = [
        "migrations",
        "db/migrations",
        "prisma/migrations",
        "migration",
        "alembic",
        "sql",
        "src/main/resources/db/migration",
    ];
    let named = [
        sqlx::Settings::read(root)?.folder,
        diesel::named_folder(root),
    ];
    let mut folders: Vec<String> = named.into_iter().flatten().collect();
    for folder in usual {
        if !folders
            .iter()
            .any(|known| is_same(&root.join(known), &root.join(folder)))
        {
            folders.push(folder.to_owned());
        }
    }
    Ok(folders)
}

/// The tool of a folder, if its files tell.
fn told(folder: &Path, root: &Path) -> Result<&'static ImportTool> {
    let Some(layout) = layout(folder) else {
        return Err(CommandError::new(format!(
            "{} has no migrations that are known",
            folder.display()
        ))
        .help("name the tool: `cargo migrate import TOOL --from DIR`"));
    };
    match names(&layout, root)[..] {
        [name] => tools::named(name),
        _ => Err(CommandError::new(format!(
            "the migrations in {} may be those of {}",
            folder.display(),
            layout.tools.join(" or ")
        ))
        .help(format!(
            "say which: `cargo migrate import {}`",
            layout.tools[0]
        ))),
    }
}

/// The tools that a layout may belong to, by what else is in the project.
fn names(layout: &ForeignFiles, root: &Path) -> Vec<&'static str> {
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap_or_default();
    let is_likely = |tool: &&&str| match **tool {
        "golang-migrate" => root.join("go.mod").is_file(),
        "flyway" => !manifest.contains("refinery"),
        tool => manifest.contains(tool),
    };
    match layout.tools {
        [_] => layout.tools.to_vec(),
        tools => {
            let likely: Vec<&str> = tools.iter().filter(is_likely).copied().collect();
            if likely.len() == 1 {
                likely
            } else {
                tools.to_vec()
            }
        }
    }
}

fn nothing(tool: Option<&ImportTool>) -> CommandError {
    let names: Vec<&str> = TOOLS.iter().map(|tool| tool.name).collect();
    let of = tool.map_or("another tool", |tool| tool.name);
    CommandError::new(format!("there are no migrations of {of} here")).help(format!(
        "name the tool and the folder: `cargo migrate import TOOL --from DIR`; the tools are {}",
        names.join(", ")
    ))
}

/// Whether two paths are one place.
pub fn is_same(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| {
        path.canonicalize()
            .or_else(|_| std::path::absolute(path))
            .ok()
    };
    place(one).is_some_and(|one| place(other) == Some(one))
}
