//! The table of types in the guide is that of the code. `SNAPSHOTS=overwrite` writes it.

use std::fmt::Write as _;
use std::fs;

use migrate_chain::types::{RUST_TYPES, RustType};

const PAGE: &str = "../docs/models.md";
const START: &str = "<!-- types -->\n";
const END: &str = "<!-- end of types -->\n";

#[test]
fn the_guide_lists_every_type() {
    let page = fs::read_to_string(PAGE).expect("the page is there");
    let (before, rest) = page.split_once(START).expect("the table begins");
    let (_, after) = rest.split_once(END).expect("the table ends");
    let current = format!("{before}{START}{}{END}{after}", table());
    if std::env::var("SNAPSHOTS").is_ok_and(|action| action == "overwrite") {
        fs::write(PAGE, &current).expect("it is written");
    } else {
        assert!(page == current, "run the test with SNAPSHOTS=overwrite");
    }
}

fn table() -> String {
    let mut out = String::from(
        "\n| Rust | feature | SQLite | PostgreSQL | MySQL, MariaDB |\n|---|---|---|---|---|\n",
    );
    for row in RUST_TYPES {
        let cell = |n: usize| cell(row, n);
        let feature = if row.feature.is_empty() {
            String::new()
        } else {
            format!("`{}`", row.feature)
        };
        let _ = writeln!(
            out,
            "| `{}` | {feature} | {} | {} | {} |",
            row.name,
            cell(0),
            cell(1),
            cell(2)
        );
    }
    out.push('\n');
    out
}

fn cell(row: &RustType, n: usize) -> String {
    let kinds = row.fits[n].iter().map(|kind| kind.replace('_', " "));
    let others = kinds.filter(|kind| !kind.eq_ignore_ascii_case(row.sql[n]));
    let others: Vec<String> = others.collect();
    match (row.sql[n], &others[..]) {
        ("", _) => "–".to_owned(),
        (sql, []) => format!("**{sql}**"),
        (sql, others) => format!("**{sql}**, {}", others.join(", ")),
    }
}
