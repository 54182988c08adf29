//! The files that are new according to git.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::process::Command;

use super::super::directory::Directory;
use super::super::failure::{CommandError, Result};

/// The files of the directory, relative to it, that are new since a git ref branched off, committed or not.
///
/// # Errors
/// There is no git, no repository, or no such ref in it.
pub fn added(directory: &Directory, base: &str) -> Result<HashSet<String>> {
    let from = fork(directory, base)?;
    let committed = [
        "diff",
        "--relative",
        "--name-only",
        "--no-renames",
        "--diff-filter=A",
        "-z",
    ];
    let mut names = git(directory, committed.iter().chain(&[&*from, "--", "."]))?;
    names.push('\0');
    let untracked = ["ls-files", "--others", "--exclude-standard", "-z"];
    names.push_str(&git(directory, untracked.iter())?);
    let names = names.split('\0').filter(|name| !name.is_empty());
    Ok(names.map(str::to_owned).collect())
}

/// The change of schema.lock since a git ref branched off, as the lines of a diff; empty if there is none.
///
/// # Errors
/// As [`added`].
pub fn lock_diff(directory: &Directory, base: &str) -> Result<String> {
    let from = fork(directory, base)?;
    let diff = git(
        directory,
        ["diff", "--relative", "-U2", &from, "--", "schema.lock"].iter(),
    )?;
    let lines = diff.lines().skip_while(|line| !line.starts_with("@@"));
    let lines: Vec<&str> = lines.filter(|line| !line.starts_with("@@")).collect();
    Ok(lines.join("\n"))
}

/// The commit that the branch has in common with a ref; the ref itself where history was cut off.
fn fork(directory: &Directory, base: &str) -> Result<String> {
    let known = ["rev-parse", "--verify", "--quiet", "--end-of-options"];
    let commit = format!("{base}^{{commit}}");
    let known = git(directory, known.iter().chain(&[&*commit])).map_err(|failure| {
        if failure.summary().contains("could not be started") {
            return failure;
        }
        let fetch = base
            .split_once('/')
            .filter(|(remote, _)| *remote == "origin");
        let help = match fetch {
            Some((remote, branch)) => format!("fetch it: `git fetch {remote} {branch}`"),
            None => "name a branch, a tag or a commit".to_owned(),
        };
        CommandError::new(format!(
            "git does not know `{base}` in {}",
            directory.root().display()
        ))
        .help(help)
    })?;
    let known = known.trim().to_owned();
    let common = git(directory, ["merge-base", &known, "HEAD"].iter());
    Ok(common.map_or(known, |common| common.trim().to_owned()))
}

fn git(
    directory: &Directory,
    arguments: impl Iterator<Item = impl AsRef<OsStr>>,
) -> Result<String> {
    let mut command = Command::new("git");
    command.arg("-C").arg(directory.root()).args(arguments);
    let output = command.output().map_err(|error| {
        CommandError::new(format!("git could not be started: {error}"))
            .help("install git, or name the revisions with --since")
    })?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        Err(CommandError::new(format!("git failed: {}", said.trim())))
    }
}
