//! `cargo migrate accept`: an edit that is meant.
use super::support::{Folder, URL, three};

fn edit(folder: &Folder, from: &str, to: &str) {
    folder.edit("migrations/versions/b1.sql", from, to);
}

#[test]
fn every_database_accepts_an_edit_that_is_meant() {
    let folder = three("head");
    let database = ["--database-url", URL];
    let call = |words: &[&str]| folder.migrate(&[words, &database].concat());
    edit(&folder, "n INTEGER", "n BIGINT");
    let said = call(&["upgrade"]).failure();
    let (accept, stamp) = (said.find("cargo migrate accept b1"), said.find("stamp"));
    assert!(accept.is_some() && accept < stamp, "{said}");
    let said = call(&["accept", "b1"]).success();
    assert!(said.contains("with 1 digest from before"), "{said}");
    call(&["check"]).success();
    // A second edit: a database from before the first still fits.
    edit(&folder, "n BIGINT", "n INT");
    call(&["check"]).success();
    let failure = call(&["accept", "b1"]).failure();
    assert!(
        failure.contains("there is no edit of `b1` to accept"),
        "{failure}"
    );
}

/// Two edits, each of which some database has applied: the digests of both are written at once, or one after the other.
#[test]
fn databases_from_before_each_of_two_edits_accept_the_last() {
    let folder = three("head");
    let other = format!("sqlite:{}", folder.path().join("other.db").display());
    let call =
        |words: &[&str], url: &str| folder.migrate(&[words, &["--database-url", url]].concat());
    edit(&folder, "n INTEGER", "n BIGINT");
    // This database has had the revision in both forms.
    call(&["redo", "2", "--yes"], URL).success();
    call(&["upgrade"], &format!("{other}?mode=rwc")).success();
    edit(&folder, "n BIGINT", "n INT");
    let said = call(&["accept", "b1"], URL).success();
    assert!(said.contains("with 2 digests from before"), "{said}");
    call(&["check"], URL).success();
    call(&["check"], &other).success();
    let once = folder.read("migrations/versions/b1.sql");
    // The same, by a database at a time.
    let folder = three("head");
    let call =
        |words: &[&str], url: &str| folder.migrate(&[words, &["--database-url", url]].concat());
    edit(&folder, "n INTEGER", "n BIGINT");
    call(&["accept", "b1"], URL).success();
    let other = format!("sqlite:{}", folder.path().join("other.db").display());
    call(&["upgrade"], &format!("{other}?mode=rwc")).success();
    edit(&folder, "n BIGINT", "n INT");
    call(&["accept", "b1"], &other).success();
    call(&["check"], URL).success();
    call(&["check"], &other).success();
    let digests = |text: &str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("-- replaced_digest: "));
        line.expect("the key").split(", ").count()
    };
    assert_eq!(
        digests(&once),
        digests(&folder.read("migrations/versions/b1.sql"))
    );
}

#[test]
fn a_digest_may_be_given() {
    let folder = three("head");
    let digest = "ab".repeat(32);
    folder
        .migrate(&["accept", "c1", "--digest", &digest])
        .success();
    assert!(
        folder
            .read("migrations/versions/c1.sql")
            .contains(&format!("-- replaced_digest: {digest}\n"))
    );
    let said = folder.migrate(&["accept", "c1", "--digest", "zz"]).usage();
    assert!(said.contains("`zz` is not a digest"), "{said}");
}
