//! Ctrl-C, and the SIGTERM of whoever runs the process, during an upgrade.
#![cfg(feature = "sqlite")]

mod session;

use std::io::Read as _;
use std::process::{Child, Command, Stdio};

use session::Session;

#[test]
fn a_revision_that_is_interrupted_is_rolled_back_and_the_message_says_so() {
    for signal in ["INT", "TERM"] {
        let session = Session::sqlite();
        write_chain(&session, "");
        let shown = interrupted(&session, signal);
        assert!(
            shown.contains(
                "interrupted during the upgrade of revision `slow`, which was rolled back"
            ),
            "{shown}"
        );
        assert_eq!(current(&session), "quick");
    }
}

#[test]
fn outside_a_transaction_the_message_says_how_much_is_recorded() {
    let session = Session::sqlite();
    write_chain(&session, "-- transaction: off\n");
    let shown = interrupted(&session, "INT");
    assert!(
        shown.contains("which runs outside a transaction: 1 of its statements are recorded"),
        "{shown}"
    );
    assert_eq!(current(&session), "quick");
}

/// A revision that is soon done, and one whose second statement takes minutes.
fn write_chain(session: &Session, header: &str) {
    let folder = session.app().join("migrations/versions");
    std::fs::create_dir_all(&folder).expect("the folder is made");
    let quick = "-- Be quick\n--\n-- revision: quick\n-- down_revision: none\n\n-- migrate: upgrade\n\
                 CREATE TABLE quick (id INTEGER);\n";
    let slow = format!(
        "-- Be slow\n--\n-- revision: slow\n-- down_revision: quick\n{header}\n-- migrate: upgrade\n\
         CREATE TABLE slow (id INTEGER);\nINSERT INTO slow WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n \
         WHERE x < 1000000000) SELECT max(x) FROM n;\n"
    );
    std::fs::write(folder.join("quick.sql"), quick).expect("the file is written");
    std::fs::write(folder.join("slow.sql"), slow).expect("the file is written");
}

/// Sends a signal once the first statement of the slow revision is done; what was said from then on.
fn interrupted(session: &Session, signal: &str) -> String {
    let mut upgrade = Command::new(env!("CARGO_BIN_EXE_cargo-migrate"))
        .args(["migrate", "upgrade", "--verbose"])
        .current_dir(session.app())
        .env("DATABASE_URL", session.url())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut shown = String::new();
    read_until(&mut upgrade, &mut shown, "statement 1 of 2");
    let sent = Command::new("kill")
        .args(["-s", signal, &upgrade.id().to_string()])
        .status();
    assert!(sent.expect("kill starts").success());
    let stderr = upgrade.stderr.as_mut().expect("it is piped");
    stderr.read_to_string(&mut shown).expect("it is text");
    let status = upgrade.wait().expect("it ends");
    assert_eq!(status.code(), Some(1), "{shown}");
    shown
}

fn read_until(child: &mut Child, shown: &mut String, text: &str) {
    let stderr = child.stderr.as_mut().expect("it is piped");
    let mut byte = [0];
    while !shown.contains(text) {
        stderr
            .read_exact(&mut byte)
            .unwrap_or_else(|_| panic!("it ended: {shown}"));
        shown.push(char::from(byte[0]));
    }
}

fn current(session: &Session) -> String {
    let output = session.shell("cargo migrate current");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
