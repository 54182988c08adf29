//! The same chain, embedded twice.

fn main() {
    let again = renamed::embed!("../library/migrations");
    assert_eq!(again.revisions(), renamed::MIGRATIONS.revisions());
    for revision in again.revisions() {
        println!("{} {}", revision.id(), revision.title());
    }
}
