//! Input that is wrong or hostile: what is typed, what is in the environment, and what the process may do.

use super::support::{URL, three, two};

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
fn a_revision_in_doubt_may_be_cut_short_as_any_other() {
    let folder = two("");
    folder.revision("abcdef", "b1");
    folder
        .migrate(&["upgrade", "--database-url", URL])
        .success();
    let said = folder
        .migrate(&["resolve", "abcd", "--applied", "--database-url", URL])
        .failure();
    assert!(said.contains("revision `abcdef` is not half-way"), "{said}");
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
