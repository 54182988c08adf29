//! Input that is wrong or hostile: what is typed, what is in the environment, and what the process may do.

use super::support::{Folder, URL, three, two};

/// Nothing listens there: whoever connects says so.
const NOWHERE: &str = "postgres://app@127.0.0.1:1/db";

#[test]
fn a_target_is_read_before_anything_connects() {
    let folder = two("");
    let calls: [&[&str]; 12] = [
        &["upgrade", "a b"],
        &["upgrade", "a b", "--dry-run"],
        &["upgrade", "a b:head", "--sql"],
        &["downgrade", "a b", "--yes"],
        &["downgrade", "a b", "--dry-run"],
        &["downgrade", "--sql", "head:a b"],
        &["stamp", "a b"],
        &["stamp", "a b:head", "--sql"],
        &["history", "-r", "a b:current"],
        &["show", "a b"],
        &["resolve", "a b", "--applied"],
        &["edit", "a b"],
    ];
    for call in calls {
        for url in [&["--database-url", NOWHERE][..], &[]] {
            let ended = folder.migrate(&[call, url].concat());
            let said = ended.failure();
            assert!(said.contains("`a b`"), "{call:?} {url:?}: {said}");
        }
    }
}

#[test]
fn a_file_beside_the_version_locations_is_a_warning_of_every_command() {
    let folder = two("");
    folder
        .migrate(&["upgrade", "--database-url", URL])
        .success();
    folder.write(
        "migrations/20240301_users.sql",
        "CREATE TABLE users (id INT);\n",
    );
    let calls: [&[&str]; 4] = [
        &["heads"],
        &["check", "--database-url", URL],
        &["revision", "-m", "More"],
        &["upgrade", "--database-url", URL],
    ];
    for call in calls {
        let ended = folder.migrate(call);
        ended.success();
        let said = ended.stderr();
        assert_eq!(
            said.matches("warning[outside-versions]").count(),
            1,
            "{call:?}: {said}"
        );
        assert!(said.contains("20240301_users.sql"), "{call:?}: {said}");
    }
    let quiet = folder.migrate(&["heads", "--quiet"]);
    quiet.success();
    assert_eq!(quiet.stderr(), "");
}

#[test]
fn a_revision_in_doubt_may_be_cut_short_as_any_other() {
    let folder = two("");
    folder.revision("abcdef", "b1");
    folder
        .migrate(&["upgrade", "--database-url", URL])
        .success();
    let said = folder
        .migrate(&["resolve", "abcd", "--applied", "--database-url", URL])
        .failure();
    assert!(
        said.contains("revision `abcdef` is not interrupted"),
        "{said}"
    );
}

#[test]
fn a_password_is_told_nowhere() {
    let folder = two("");
    for (url, is_usage) in [
        ("host=127.0.0.1 password=s3cret", true),
        ("app:s3cret@127.0.0.1/db", true),
        ("oracle://app:s3#cret@127.0.0.1/db", true),
        ("postgres://app:12/s3cret@127.0.0.1:1/db", false),
        ("mysql://app:12#s3cret@127.0.0.1:1/db", false),
        ("postgres://app:s3#cret@127.0.0.1:1/db", false),
        ("postgres://app:s3cret@127.0.0.1:1/db", false),
    ] {
        for call in ["status", "check", "current", "upgrade"] {
            for arguments in [
                vec![call],
                vec![call, "--format", "json"],
                vec![call, "--verbose"],
            ] {
                let ended = folder.run(&arguments, &[("DATABASE_URL", url)]);
                let said = if is_usage {
                    ended.usage()
                } else {
                    ended.failure()
                };
                assert!(
                    !said.contains("s3") && !said.contains("cret"),
                    "{url}: {said}"
                );
                let holds_special = url.starts_with("postgres://app:12/") || url.contains("#s3");
                let is_advised = said.contains("percent-encode");
                assert!(is_advised || is_usage || !holds_special, "{url}: {said}");
            }
        }
    }
}

#[test]
fn a_password_of_a_scratch_server_is_told_nowhere() {
    let folder = two("");
    for url in [
        "host=127.0.0.1 password=s3cret",
        "app:s3cret@127.0.0.1/db",
        "postgres://app:12/s3cret@127.0.0.1:1/db",
        "mysql://app:s3#cret@127.0.0.1:1/db",
    ] {
        let said = folder.migrate(&["verify", "--dev-url", url]).failure();
        assert!(
            !said.contains("s3") && !said.contains("cret"),
            "{url}: {said}"
        );
    }
}

#[test]
fn a_line_of_dot_env_that_cannot_be_read_is_a_warning_unless_it_sets_the_url() {
    let folder = three("b1");
    folder.write(
        ".env",
        "\u{feff}NAME=it's\r\nDATABASE_URL=sqlite:app.db\r\nwhat\r\n",
    );
    let ended = folder.migrate(&["current"]);
    assert_eq!(ended.success(), "b1\n");
    let warned = "\
warning: .env:1: this line is not `NAME=value` and is left out
warning: .env:3: this line is not `NAME=value` and is left out
";
    assert_eq!(ended.stderr(), warned);
    folder.write(".env", "DATABASE_URL=postgres://app:it's@h/db\n");
    assert_eq!(
        folder.migrate(&["current"]).failure(),
        "\
error: .env:1: the line that sets DATABASE_URL cannot be read
  help: write it as `DATABASE_URL='…'`, or set DATABASE_URL in the environment
"
    );
}

#[cfg(unix)]
#[test]
fn a_process_that_may_open_few_files_says_so() {
    let folder = two("");
    for limit in 5..=12 {
        let binary = env!("CARGO_BIN_EXE_cargo-migrate");
        let script = format!("ulimit -n {limit} && exec {binary} migrate heads");
        let output = std::process::Command::new("sh")
            .args(["-c", &script])
            .current_dir(folder.path())
            .output()
            .expect("a shell starts");
        let said = String::from_utf8_lossy(&output.stderr);
        let is_told = said.contains("let the process open more files");
        assert!(!said.contains("panicked"), "{limit}: {said}");
        assert!(
            output.status.success() || is_told || !said.is_empty(),
            "{limit}: {said}"
        );
    }
}

/// Characters that clear a screen, set a title, end a line, turn the direction of writing, or set a colour.
const HOSTILE: &str = "a\u{1b}[2J\u{1b}]0;x\u{7}\rb\u{9b}31m\u{85}\u{202e}c\u{2028}\u{1b}[31md";

/// A chain and a database that are hostile wherever text can be: messages, file names, version rows.
fn hostile() -> Folder {
    let folder = two("");
    folder.write(
        &format!("migrations/versions/c1_{}.sql", HOSTILE.replace('\r', "")),
        &format!(
            "-- {HOSTILE}\n--\n-- revision: c1\n-- down_revision: b1\n\n-- migrate: upgrade\n\
             CREATE TABLE c1 AS SELECT '\u{1b}[31m\u{9b}' AS text;\n"
        ),
    );
    folder
}

#[test]
fn control_characters_are_made_visible_wherever_text_comes_from() {
    let folder = hostile();
    folder
        .migrate(&["upgrade", "--database-url", URL])
        .success();
    let calls: [&[&str]; 14] = [
        &["history"],
        &["history", "--verbose"],
        &["history", "--graph"],
        &["history", "--format", "dot"],
        &["history", "--format", "mermaid"],
        &["history", "--format", "svg"],
        &["history", "--format", "json"],
        &["heads", "--verbose"],
        &["current", "--verbose"],
        &["status"],
        &["status", "--format", "json"],
        &["check"],
        &["downgrade", "base", "--yes"],
        &["upgrade", HOSTILE],
    ];
    for call in calls {
        shows_no_control_characters(&folder, call);
    }
    let row = format!("UPDATE alembic_version SET version_num = '{HOSTILE}'");
    let changed = std::process::Command::new("sqlite3")
        .args([
            folder.path().join("app.db").to_str().expect("a UTF-8 path"),
            &row,
        ])
        .status();
    assert!(changed.expect("sqlite3 is installed").success());
    for call in [
        &["current"][..],
        &["status"],
        &["check"],
        &["upgrade"],
        &["status", "--format", "json"],
    ] {
        shows_no_control_characters(&folder, call);
    }
}

/// Whether what a command says has colours at most.
#[track_caller]
fn shows_no_control_characters(folder: &Folder, call: &[&str]) {
    for color in ["always", "never"] {
        let ended = folder.migrate(&[call, &["--color", color, "--database-url", URL]].concat());
        for said in [ended.stdout(), ended.stderr()] {
            let mut rest = &*said;
            while let Some(at) = rest
                .find(|c: char| c.is_control() && c != '\n' || matches!(c, '\u{202e}' | '\u{2028}'))
            {
                rest = &rest[at..];
                let colour = rest
                    .strip_prefix("\u{1b}[")
                    .and_then(|rest| rest.split_once('m'));
                let is_ours = colour.is_some_and(|(code, _)| {
                    [
                        "0", "1", "2", "31", "32", "33", "36", "91", "94", "96", "1;91",
                    ]
                    .contains(&code)
                        && color == "always"
                });
                assert!(is_ours, "{call:?}: {rest:?}");
                rest = &rest[1..];
            }
        }
    }
}

#[test]
fn a_script_holds_what_the_files_hold_and_a_message_stays_in_its_comment() {
    let folder = hostile();
    for dialect in ["sqlite", "postgres", "mysql"] {
        let script = folder
            .migrate(&[
                "upgrade",
                "b1:head",
                "--sql",
                "--dialect",
                dialect,
                "--color",
                "never",
            ])
            .success();
        let text = "CREATE TABLE c1 AS SELECT '\u{1b}[31m\u{9b}' AS text";
        assert!(script.contains(text), "{script:?}");
        let (before, _) = script.split_once(text).expect("it is there");
        assert!(before.contains("-- upgrade c1: a "), "{before:?}");
        assert!(
            !before.contains(|c: char| c.is_control() && c != '\n'),
            "{before:?}"
        );
    }
}

#[test]
fn a_message_stays_in_the_header_of_its_file() {
    let folder = two("");
    folder
        .migrate(&["revision", "--rev-id", "c1", "-m", HOSTILE, "--rust"])
        .success();
    folder
        .migrate(&["revision", "--rev-id", "d1", "-m", HOSTILE])
        .success();
    for (file, text) in folder.contents() {
        let is_new = file.contains("c1") || file.contains("d1");
        assert!(
            !is_new || !text.contains(|c: char| c.is_control() && c != '\n'),
            "{file}: {text:?}"
        );
    }
    folder.migrate(&["heads"]).success();
}
