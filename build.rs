//! Makes cargo see a revision file that is added: the examples embed `migrations`.

#[allow(clippy::print_stdout, reason = "a build script talks to cargo so")]
fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
