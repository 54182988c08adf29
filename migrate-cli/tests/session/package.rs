//! A crate for documents in which cargo builds.

use std::fs;
use std::path::Path;

/// Writes the crate as it is after the first commands of the README, with this workspace as its dependency.
pub(crate) fn write(app: &Path) {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let manifest = format!(
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         embed-migrations = {{ path = \"{}\", features = [\"sqlite\"] }}\n\
         sqlx = {{ version = \"0.9\", default-features = false, features = [\"runtime-tokio\", \"sqlite\"] }}\n\
         tokio = {{ version = \"1\", default-features = false, features = [\"macros\", \"rt-multi-thread\"] }}\n\n\
         [lints.rust]\ndead_code = \"allow\"\n\n[profile.dev]\ndebug = \"line-tables-only\"\n",
        workspace.display()
    );
    fs::create_dir_all(app.join("src")).expect("a folder is made");
    fs::write(app.join("Cargo.toml"), manifest).expect("it is written");
    fs::write(app.join("src/main.rs"), "fn main() {}\n").expect("it is written");
    fs::create_dir_all(app.join("migrations/versions")).expect("a folder is made");
    fs::write(app.join("migrations/migrate.toml"), "").expect("it is written");
    // The versions that are here already: a build must not need the network.
    fs::copy(workspace.join("Cargo.lock"), app.join("Cargo.lock")).expect("it is copied");
}

/// A `cargo` whose `migrate` is that of the tests, and which builds where the dependencies are built.
pub(crate) fn cargo() -> String {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let target = target.expect("it is in the target folder").display();
    let home = std::env::var("HOME").unwrap_or_default();
    format!(
        "#!/bin/sh\nif [ \"$1\" = migrate ]; then exec cargo-migrate \"$@\"; fi\n\
         verb=$1\nshift\nunset RUSTFLAGS\n\
         HOME='{home}' CARGO_TARGET_DIR='{target}' exec '{}' \"$verb\" --quiet --offline --color=never \"$@\"\n",
        env!("CARGO")
    )
}
