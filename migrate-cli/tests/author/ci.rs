//! The workflows in `examples/ci`: each step is run as its host would, with `cargo install` and GitHub's client left out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use yaml_rust2::{Yaml, YamlLoader};

use super::support::Folder;

/// A clone with a branch that adds a revision, which drops a column.
struct Clone {
    folder: Folder,
    tools: Folder,
}

impl Clone {
    fn new() -> Self {
        let clone = Self {
            folder: Folder::new(),
            tools: Folder::new(),
        };
        clone.tool(
            "cargo",
            "[ \"$1\" = install ] && exit 0\nshift\nexec \"$CARGO_MIGRATE\" migrate \"$@\"\n",
        );
        // It lists the comment that was written before, and keeps what it is called with.
        clone.tool(
            "gh",
            "echo \"$@\" >> gh.log\ncase \"$*\" in *--paginate*) if [ -e commented ]; then echo 42; fi ;; *) : > commented ;; esac\n",
        );
        let folder = &clone.folder;
        folder.write("migrations/migrate.toml", "dialects = [\"sqlite\"]\n");
        revision(
            folder,
            "a1",
            "none",
            "CREATE TABLE users (id INTEGER, note TEXT);",
            "DROP TABLE users;",
        );
        folder.migrate(&["lock"]).success();
        clone.git(&["init", "-q", "-b", "main"]);
        clone.git(&["add", "."]);
        clone.git(&["commit", "-q", "-m", "one"]);
        clone.git(&["clone", "-q", "--bare", ".", "origin.git"]);
        clone.git(&["remote", "add", "origin", "origin.git"]);
        clone.git(&["fetch", "-q", "origin"]);
        clone.git(&["checkout", "-q", "-b", "feature"]);
        revision(
            folder,
            "b1",
            "a1",
            "ALTER TABLE users DROP COLUMN note;",
            "ALTER TABLE users ADD COLUMN note TEXT;",
        );
        folder.migrate(&["lock"]).success();
        clone.git(&["add", "migrations"]);
        clone.git(&["commit", "-q", "-m", "two"]);
        clone
    }

    fn tool(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        self.tools.write(name, &format!("#!/bin/sh\n{script}"));
        let path = self.tools.path().join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    }

    fn git(&self, arguments: &[&str]) {
        let output = Command::new("git")
            .args(["-c", "user.name=x", "-c", "user.email=x@example.org"])
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .expect("git starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
    }

    /// Runs a script as a runner does.
    fn run(&self, script: &str, variables: &[(String, String)]) -> Output {
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", self.tools.path().display());
        // The environment of the command's tests, with what the workflow adds.
        let mut command = self.folder.command(&[]);
        let clean: Vec<_> = command
            .get_envs()
            .map(|(name, _)| name.to_owned())
            .collect();
        command = Command::new("bash");
        for name in clean {
            command.env_remove(name);
        }
        command
            .args(["-e", "-o", "pipefail", "-c", script])
            .current_dir(self.folder.path())
            .env("PATH", path)
            .env("CARGO_MIGRATE", env!("CARGO_BIN_EXE_cargo-migrate"))
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .output()
            .expect("bash starts")
    }
}

fn revision(folder: &Folder, id: &str, parent: &str, upgrade: &str, downgrade: &str) {
    let text = format!(
        "-- Step {id}\n--\n-- revision: {id}\n-- down_revision: {parent}\n\n-- migrate: upgrade\n{upgrade}\n\n\
         -- migrate: downgrade\n{downgrade}\n"
    );
    folder.write(&format!("migrations/versions/{id}.sql"), &text);
}

fn example(file: &str) -> Yaml {
    let path: PathBuf = Path::new("../examples/ci").join(file);
    let text = fs::read_to_string(path).expect("it is there");
    let mut documents = YamlLoader::load_from_str(&text).expect("it is YAML");
    assert_eq!(documents.len(), 1);
    documents.remove(0)
}

/// The variables of a part of a workflow, as GitHub would fill them in. The server of the example is not there.
fn variables(part: &Yaml) -> Vec<(String, String)> {
    let Some(hash) = part["env"].as_hash() else {
        return Vec::new();
    };
    let text = |yaml: &Yaml| yaml.as_str().expect("it is a text").to_owned();
    let filled = |value: String| {
        value
            .replace("${{ github.base_ref }}", "main")
            .replace("${{ github.event.pull_request.number }}", "7")
            .replace("${{ github.token }}", "secret")
    };
    hash.iter()
        .map(|(name, value)| (text(name), filled(text(value))))
        .filter(|(name, _)| name != "MIGRATE_DEV_URL")
        .inspect(|(name, value)| assert!(!value.contains("${{"), "{name}: {value}"))
        .collect()
}

fn code_and_text(output: &Output) -> (Option<i32>, String) {
    let text = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    (output.status.code(), format!("{text}{said}"))
}

#[test]
fn the_workflow_of_github_annotates_and_keeps_one_comment() {
    let clone = Clone::new();
    let workflow = example("github.yml");
    let job = &workflow["jobs"]["review"];
    let mut all = variables(job);
    all.push(("GITHUB_REPOSITORY".to_owned(), "me/app".to_owned()));
    let step = |name: &str| {
        let steps = job["steps"].as_vec().expect("a list");
        let step = steps
            .iter()
            .find(|step| step["name"].as_str() == Some(name));
        let step = step.unwrap_or_else(|| panic!("no step {name}"));
        let variables = [all.clone(), variables(step)].concat();
        let script = step["run"].as_str().expect("a script");
        code_and_text(&clone.run(script, &variables))
    };
    for name in [
        "Install cargo migrate",
        "The lock is up to date",
        "Each downgrade undoes its upgrade",
        "The chain builds the schema that is wanted",
    ] {
        let (code, text) = step(name);
        assert_eq!(code, Some(0), "{name}: {text}");
    }
    let (code, text) = step("Annotate");
    assert_eq!(code, Some(3), "{text}");
    assert!(
        text.contains("::error file=migrations/versions/b1.sql,line=7,"),
        "{text}"
    );
    for expected in [
        "api --method POST repos/me/app/issues/7/comments --field body=@comment.md",
        "api --method PATCH repos/me/app/issues/comments/42 --field body=@comment.md",
    ] {
        let (code, text) = step("Comment");
        assert_eq!(code, Some(0), "{text}");
        let log = clone.folder.read("gh.log");
        assert_eq!(log.lines().last(), Some(expected), "{log}");
    }
    let comment = clone.folder.read("comment.md");
    assert!(
        comment.starts_with("<!-- cargo migrate lint -->\n"),
        "{comment}"
    );
    // The change of the schema is that of the lock.
    assert!(
        comment.contains("#### Schema\n\n```diff\n") && comment.contains("\n-  column  note"),
        "{comment}"
    );
}

#[test]
fn the_lock_that_nobody_committed_fails_the_workflow() {
    let clone = Clone::new();
    clone.folder.edit(
        "migrations/versions/b1.sql",
        "DROP COLUMN note",
        "DROP COLUMN id",
    );
    let workflow = example("github.yml");
    let steps = workflow["jobs"]["review"]["steps"]
        .as_vec()
        .expect("a list");
    let lock = steps
        .iter()
        .find(|step| step["name"].as_str() == Some("The lock is up to date"));
    let script = lock
        .and_then(|step| step["run"].as_str())
        .expect("a script");
    let (code, text) = code_and_text(&clone.run(script, &[]));
    assert_eq!(code, Some(1), "{text}");
}

#[test]
fn the_job_of_gitlab_fails_on_a_finding_and_keeps_a_report() {
    let clone = Clone::new();
    let pipeline = example("gitlab.yml");
    let script = pipeline["migrations"]["script"].as_vec().expect("a list");
    let target = (
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME".to_owned(),
        "main".to_owned(),
    );
    let (last, before) = script.split_last().expect("it has lines");
    for line in before {
        let line = line.as_str().expect("a command");
        let (code, text) = code_and_text(&clone.run(line, std::slice::from_ref(&target)));
        assert_eq!(code, Some(0), "{line}: {text}");
    }
    let (code, text) = code_and_text(&clone.run(last.as_str().expect("a command"), &[target]));
    assert_eq!(code, Some(3), "{text}");
    let report = clone.folder.read("migrations.sarif");
    assert!(report.contains("\"ruleId\":\"drop-column\""), "{report}");
    assert_eq!(
        pipeline["migrations"]["artifacts"]["paths"][0].as_str(),
        Some("migrations.sarif")
    );
}

#[test]
fn the_hooks_run_before_a_commit() {
    let clone = Clone::new();
    let hooks = example("pre-commit.yaml");
    let hooks = hooks["repos"][0]["hooks"].as_vec().expect("a list");
    let codes: Vec<_> = hooks
        .iter()
        .map(|hook| {
            let entry = hook["entry"].as_str().expect("a command");
            (
                hook["id"].as_str().expect("a name"),
                clone.run(entry, &[]).status.code(),
            )
        })
        .collect();
    assert_eq!(
        codes,
        [("migrate-lock", Some(0)), ("migrate-lint", Some(3))]
    );
}
