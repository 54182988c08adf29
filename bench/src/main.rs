//! Measures embed-migrations side by side with its peers, in one run on one machine, and prints medians and ratios.

mod autogenerate;
mod chains;
mod crates;
mod dependencies;
mod macro_build;
mod measure;
mod models;
mod planning;
mod rebuild;
#[cfg(feature = "servers")]
mod servers;
mod sqlite;

use std::process::ExitCode;

use measure::Row;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;
type Bench = fn() -> Result<Vec<Row>>;

const BENCHES: [(&str, Bench); 9] = [
    ("planning", planning::run),
    ("sqlite", sqlite::run),
    ("dependencies", dependencies::run),
    ("rebuild", rebuild::run),
    ("macro-build", macro_build::run),
    ("models", models::run),
    ("tests", servers::tests),
    ("autogenerate", autogenerate::run),
    ("servers", servers::run),
];

/// Without the feature the peers are not built.
#[cfg(not(feature = "servers"))]
mod servers {
    pub(crate) fn run() -> crate::Result<Vec<crate::Row>> {
        Err("`cargo xtask bench servers` builds with the feature `servers`".into())
    }

    pub(crate) fn tests() -> crate::Result<Vec<crate::Row>> {
        Err("`cargo xtask bench tests` builds with the feature `servers`".into())
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the benches that the arguments name, or all of them.
fn run() -> Result {
    let names: Vec<String> = std::env::args().skip(1).collect();
    #[cfg(feature = "servers")]
    if let [first, engine, migrations] = &names[..]
        && first == servers::ONE_TEST
    {
        return servers::one_test(engine, migrations);
    }
    if let Some(unknown) = names
        .iter()
        .find(|name| !BENCHES.iter().any(|(known, _)| known == name))
    {
        let known = BENCHES.map(|(name, _)| name).join(", ");
        return Err(format!("there is no bench `{unknown}`; there are {known}").into());
    }
    let mut rows = Vec::new();
    for (name, bench) in BENCHES {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            eprintln!("measuring: {name}");
            rows.extend(bench()?);
        }
    }
    measure::print(&rows);
    Ok(())
}
