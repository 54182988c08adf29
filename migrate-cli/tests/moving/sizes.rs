//! Layouts of many sizes: each is imported, and a new database of the chain is like one of the tool.

use super::base::{Base, Kind};
use super::layout::{package, steps, write};
use super::support::Folder;

#[test]
fn a_chain_from_each_layout_makes_the_schema_of_the_tool() {
    for (tool, size) in [
        ("flyway", 10),
        ("refinery", 24),
        ("diesel", 60),
        ("goose", 100),
        ("dbmate", 160),
        ("prisma", 200),
        ("golang-migrate", 280),
        ("sqlx", 400),
    ] {
        let folder = Folder::new();
        package(&folder, tool, Kind::Sqlite);
        let steps = steps(size);
        write(&folder, tool, &steps);
        let before = folder.contents();
        let said = folder.migrate(&["import", tool]).success();
        assert!(
            said.starts_with(&format!("Read {size} migrations of {tool}")),
            "{said}"
        );
        for (file, text) in before.into_iter().filter(|(file, _)| file != "Cargo.toml") {
            assert_eq!(
                folder.read(&file),
                text,
                "{tool}: the old files stay as they were"
            );
        }
        let (new, whole) = (Base::new(Kind::Sqlite), Base::new(Kind::Sqlite));
        let said = folder
            .migrate(&["upgrade", "--database-url", &new.url])
            .success();
        assert!(
            said.starts_with(&format!("upgraded {size} revisions")),
            "{tool}: {said}"
        );
        whole.run(
            &steps
                .iter()
                .map(|step| &*step.up)
                .collect::<Vec<_>>()
                .join("\n"),
        );
        assert_eq!(new.schema(), whole.schema(), "{tool}");
        let again = folder.migrate(&["import", tool]).success();
        assert!(again.contains("nothing was written"), "{tool}: {again}");
    }
}
