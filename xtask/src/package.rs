//! `cargo xtask package`: what a release publishes works for a user who has only that.
//!
//! The packages are built as `cargo publish` would build them, unpacked, and put in the place of crates.io's. Then the
//! README is followed in a new folder: its commands are run, and its code blocks go into the files that it names.

use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use xshell::{Shell, cmd};

use crate::steps::Result;

pub fn run(sh: &Shell) -> Result {
    cmd!(sh, "cargo publish --workspace --dry-run --allow-dirty").run()?;
    // Not below this workspace: a new crate would become a part of it.
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    patch(folder, &unpacked(sh, folder)?)?;
    let target = sh.current_dir().join("target/package-app");
    let follower = Follower::new(folder, &target)?;
    follower.follow(&sh.read_file("README.md")?)?;
    traces(sh, &target)
}

/// The example that sends spans to OpenTelemetry, which is too heavy for every test run.
fn traces(sh: &Shell, target: &Path) -> Result {
    let example = "examples/opentelemetry/Cargo.toml";
    let spans = cmd!(
        sh,
        "cargo run --manifest-path {example} --target-dir {target}"
    )
    .read()?;
    for word in ["migrate", "revision", "1975ea83b712"] {
        if !spans.contains(word) {
            return Err(format!("`{word}` is not among the spans:\n{spans}").into());
        }
    }
    Ok(())
}

/// Unpacks each package, and returns its name and folder.
fn unpacked(sh: &Shell, folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let metadata = cmd!(sh, "cargo metadata --no-deps --format-version 1")
        .quiet()
        .read()?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let mut packages = Vec::new();
    for package in metadata["packages"]
        .as_array()
        .ok_or("there are packages")?
    {
        // Null is a package that may be published anywhere; the others have `publish = false`.
        if !package["publish"].is_null() {
            continue;
        }
        let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
        let (name, version) = (text("name"), text("version"));
        let archive = format!("target/package/tmp-registry/{name}-{version}.crate");
        cmd!(sh, "tar -xzf {archive} -C {folder}").quiet().run()?;
        packages.push((name.clone(), folder.join(format!("{name}-{version}"))));
    }
    Ok(packages)
}

/// Every cargo command below the folder takes these packages for the ones of crates.io.
fn patch(folder: &Path, packages: &[(String, PathBuf)]) -> Result {
    let lines = packages
        .iter()
        .map(|(name, path)| format!("{name} = {{ path = '{}' }}\n", path.display()));
    let config = format!("[patch.crates-io]\n{}", lines.collect::<String>());
    fs::create_dir(folder.join(".cargo"))?;
    Ok(fs::write(folder.join(".cargo/config.toml"), config)?)
}

/// A reader of the README who does what it says.
struct Follower {
    shell: Shell,
    /// The folder that holds the unpacked packages.
    folder: PathBuf,
}

impl Follower {
    fn new(folder: &Path, target: &Path) -> Result<Self> {
        let shell = Shell::new()?;
        shell.change_dir(folder);
        shell.set_var("CARGO_TARGET_DIR", target);
        let installed = folder.join("installed");
        let path = std::env::var("PATH")?;
        shell.set_var("PATH", format!("{}/bin:{path}", installed.display()));
        shell.set_var("CARGO_INSTALL_ROOT", installed);
        Ok(Self {
            shell,
            folder: folder.to_owned(),
        })
    }

    fn follow(&self, readme: &str) -> Result {
        for Block { language, text } in blocks(readme) {
            match language.as_str() {
                "console" => {
                    let mut commands = text.lines().filter_map(|line| line.strip_prefix("$ "));
                    commands.try_for_each(|command| self.command(command))?;
                }
                "rust,no_run" => {
                    self.shell.write_file("src/main.rs", &text)?;
                    cmd!(self.shell, "cargo check").run()?;
                }
                "sql" if text.starts_with("-- migrate: upgrade") => self.fill_in(&text)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn command(&self, command: &str) -> Result {
        let shell = &self.shell;
        if let Some(folder) = command.strip_prefix("cd ") {
            shell.change_dir(folder);
            return Ok(());
        }
        if let Some(variable) = command.strip_prefix("export ") {
            let (name, value) = variable.split_once('=').ok_or("a name and a value")?;
            shell.set_var(name, value.trim_matches('"'));
            return Ok(());
        }
        // These two do not look at patches.
        let command = match command.split(' ').collect::<Vec<_>>()[..] {
            ["cargo", "install", package] => {
                format!("cargo install --debug --path {}", self.path(package)?)
            }
            ["cargo", "add", "embed-migrations", ..] => {
                let path = format!("--path {}", self.path("embed-migrations")?);
                command.replace("embed-migrations", &path)
            }
            _ => command.to_owned(),
        };
        Ok(cmd!(shell, "sh -c {command}").run()?)
    }

    fn path(&self, package: &str) -> Result<String> {
        let is_it = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.rsplit_once('-')
                .is_some_and(|(name, _)| name == package)
        };
        let mut paths = self.shell.read_dir(&self.folder)?.into_iter();
        let path = paths.find(is_it).ok_or("the package is not published")?;
        Ok(path.display().to_string())
    }

    /// Replaces the empty sections of the only revision.
    fn fill_in(&self, sections: &str) -> Result {
        let mut files = self.shell.read_dir("migrations/versions")?;
        files.retain(|file| file.extension().is_some_and(|end| end == "sql"));
        let [file] = &files[..] else {
            return Err(format!("there is one revision, not {}", files.len()).into());
        };
        let text = self.shell.read_file(file)?;
        let (header, _) = text
            .split_once("-- migrate: upgrade")
            .ok_or("it has sections")?;
        Ok(self.shell.write_file(file, format!("{header}{sections}"))?)
    }
}

struct Block {
    language: String,
    text: String,
}

/// The fenced code blocks.
fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for event in Parser::new(markdown) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                let (language, text) = (language.into_string(), String::new());
                open = Some(Block { language, text });
            }
            Event::Text(text) => {
                if let Some(block) = &mut open {
                    block.text.push_str(&text);
                }
            }
            Event::End(TagEnd::CodeBlock) => blocks.extend(open.take()),
            _ => {}
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_shows_lines_of_the_example() {
        let file = |path| fs::read_to_string(format!("../{path}")).expect("it is there");
        let example = file("examples/opentelemetry/src/main.rs");
        let shown = blocks(&file("docs/deploy.md"));
        let shown: Vec<_> = shown
            .iter()
            .filter(|block| block.language.starts_with("rust"))
            .collect();
        assert!(!shown.is_empty());
        for line in shown.iter().flat_map(|block| block.text.lines()) {
            assert!(example.contains(line.trim()), "{line}");
        }
    }
}
