//! A Galera cluster of MariaDB servers on the loopback: each takes writes, and none knows of the others' locks.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::server::{find, free_port};
use crate::{Kind, Server};

/// The folder of the library in Debian's package `galera-4`.
const PROVIDER: &str = "/usr/lib/galera/libgalera_smm.so";

/// Starts a cluster, and waits until each server has the state of the first.
///
/// # Panics
/// When it cannot be started; the message says what to install.
#[must_use = "it is gone when it is dropped"]
pub fn cluster(size: usize) -> Vec<Server> {
    assert!(
        std::path::Path::new(PROVIDER).is_file(),
        "galera-4 is not installed: run `cargo xtask setup`"
    );
    find("rsync");
    let first_port = free_port();
    let mut nodes = vec![node(first_port, "gcomm://")];
    while nodes.len() < size {
        nodes.push(join(&format!("gcomm://127.0.0.1:{first_port}")));
    }
    nodes
}

/// A server that joins. It may lose a race of its own threads, and is started again then.
fn join(address: &str) -> Server {
    for _ in 0..3 {
        let started = std::panic::catch_unwind(|| node(free_port(), address));
        if let Ok(server) = started {
            return server;
        }
    }
    panic!("no server joins {address}");
}

fn node(port: u16, address: &str) -> Server {
    let provider = format!(
        "--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:{port};ist.recv_addr=127.0.0.1:{};gcache.size=16M",
        free_port()
    );
    let server = Server::start_with(
        Kind::MySql,
        &[
            "--wsrep-on=ON",
            &format!("--wsrep-provider={PROVIDER}"),
            &format!("--wsrep-cluster-address={address}"),
            "--wsrep-cluster-name=migrate",
            "--wsrep-node-address=127.0.0.1",
            &provider,
            "--wsrep-sst-method=rsync",
            &format!("--wsrep-sst-receive-address=127.0.0.1:{}", free_port()),
            "--binlog-format=ROW",
            "--innodb-autoinc-lock-mode=2",
        ],
    );
    let deadline = Instant::now() + Duration::from_mins(1);
    while !is_synced(&server) {
        assert!(
            Instant::now() < deadline,
            "the server did not join {address}:\n{}",
            server.log()
        );
        std::thread::sleep(Duration::from_millis(200));
    }
    server
}

fn is_synced(server: &Server) -> bool {
    let output = Command::new(find("mariadb"))
        .args([
            "--no-defaults",
            "--protocol=tcp",
            "--host=127.0.0.1",
            "--user=root",
        ])
        .args(["--connect-timeout=3", "--skip-column-names", "--execute"])
        .arg("SHOW STATUS LIKE 'wsrep_local_state_comment'")
        .arg(format!("--port={}", server.port()))
        .stderr(Stdio::null())
        .output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("Synced"))
}
