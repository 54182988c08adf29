//! Makes cargo see a revision file that is added.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
