//! The codes of all diagnostics, read from the source that gives them: none can be added without being found here.

use std::collections::BTreeSet;

/// Each file with the beginning of its function.
const SOURCES: [(&str, &str); 2] = [
    (
        include_str!("../../src/diagnostic/message.rs"),
        "\nfn code(fault: &Fault)",
    ),
    (
        include_str!("../../src/diagnostic/sql.rs"),
        "\npub fn code(kind: FaultKind)",
    ),
];

/// Every code that the functions `code` can return.
pub fn all() -> BTreeSet<String> {
    let codes: BTreeSet<String> = SOURCES.into_iter().flat_map(of_function).collect();
    assert!(codes.len() > 40, "the functions are no longer found");
    codes
}

/// The string literals in the body of the function.
fn of_function((source, start): (&str, &str)) -> Vec<String> {
    let (_, behind) = source.split_once(start).expect("it is there");
    let (body, _) = behind.split_once("\n}\n").expect("it ends");
    let literals = body.split('"').skip(1).step_by(2);
    literals.map(str::to_owned).collect()
}
