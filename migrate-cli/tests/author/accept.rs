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
