//! An app that only uses a library's chain.

fn main() {
    for revision in library::MIGRATIONS.revisions() {
        println!("{} {}", revision.id(), revision.title());
    }
}
