//! An autogenerate between two schemas, for the tests of this crate.

use std::fs;

use migrate_chain::config::Config;
use migrate_runtime::Migrations;

use crate::{Desired, DevServer, Error, Filter, Generated, Request, autogenerate};

/// The chain makes `from`, and `to` is wanted.
pub async fn generated(url: &str, from: &str, to: &str) -> Result<Option<Generated>, Error> {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("versions")).expect("a folder");
    let revision = format!(
        "-- One\n--\n-- revision: r1\n-- down_revision: none\n\n-- migrate: upgrade\n{from}\n-- migrate: downgrade\n"
    );
    fs::write(folder.path().join("versions/r1.sql"), revision).expect("a file");
    let chain = Migrations::load(folder.path()).expect("a sound chain");
    let desired = Desired::default().with("schema.sql", to);
    let server = DevServer::at(url).expect("a URL");
    let filter = Filter::new(&Config::default());
    autogenerate(&Request::new(&chain, &desired, &server).filter(filter)).await
}
