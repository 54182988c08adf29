//! A database that no tool has migrated becomes a chain: `init --from-database`.

use super::base::{Base, Kind, each};
use super::layout::{package, steps};
use super::support::Folder;

each!(a_database_a_chain_and_a_dump_are_one_schema);

/// The schema of a live database becomes the first revision, which is stamped there; a new database of the chain and the
/// live one then have the same dump.
fn a_database_a_chain_and_a_dump_are_one_schema(kind: Kind) {
    let live = Base::new(kind);
    for step in steps(12) {
        live.run(&step.up);
    }
    live.run("CREATE VIEW app_names AS SELECT name FROM app_0");
    let folder = Folder::new();
    package(&folder, "sqlx", kind);
    let call = |words: &[&str], base: &Base| {
        let url = ["--database-url", &base.url];
        folder.migrate(&[words, &url].concat()).success()
    };
    call(&["init", "--from-database"], &live);
    call(&["check"], &live);
    assert_eq!(live.journal(), ["stamped 1"]);
    assert!(call(&["upgrade"], &live).starts_with("nothing to do"));
    let new = Base::new(kind);
    let said = call(&["upgrade"], &new);
    assert!(said.starts_with("upgraded 1 revision"), "{said}");
    let dump = |base| call(&["dump", "--database"], base);
    assert!(dump(&live).contains("app_names"));
    assert_eq!(dump(&new), dump(&live));
    let schema = folder.read("migrations/schema.sql");
    assert_eq!(schema.trim(), dump(&live).trim());
}
