//! Makes cargo see a revision file that is added: the examples embed two chains.

#[allow(clippy::print_stdout, reason = "a build script talks to cargo so")]
fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=examples/data_migration/migrations");
}
