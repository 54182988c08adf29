use std::fs;
use std::path::Path;

use crate::error::Error;
use crate::installed::Installed;
use crate::site::{Listen, Setup, Site, run};
use crate::template;

/// Creates a cluster in the server's data directory.
pub fn prepare(installed: &Installed, site: &Site) -> Result<(), Error> {
    // Encoding and locale are those of each database, whatever the cluster has.
    let settings = [
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
    ];
    let small = ["--wal-segsize=1", "--no-sync"];
    let key = template::key(
        "postgres",
        &[&[installed.full_version()], &settings[..]].concat(),
    );
    template::fill(&site.data(), &key, site.user, |data| {
        created(data, site)?;
        let initdb = installed.program(&["initdb"])?;
        let mut command = site.user.command(&initdb);
        command.args(settings).args(small).arg("--pgdata").arg(data);
        run("initdb", &mut command)
    })
}

/// Copies the cluster of a running server, for one that follows it and takes no writes.
pub fn prepare_replica(installed: &Installed, site: &Site, of: u16) -> Result<(), Error> {
    created(&site.data(), site)?;
    let program = installed.program(&["pg_basebackup"])?;
    let mut command = site.user.command(&program);
    command
        .args(["--host=127.0.0.1", &format!("--port={of}")])
        .args(["--username=postgres", "--no-sync", "--checkpoint=fast"])
        .args(["--write-recovery-conf", "--pgdata"])
        .arg(site.data());
    run("pg_basebackup", &mut command)
}

fn created(data: &Path, site: &Site) -> Result<(), Error> {
    template::private_folder(data, site.user)
        .map_err(|error| Error::io("the data directory", &error))
}

/// The arguments of the server's program.
pub fn arguments(site: &Site, setup: &Setup) -> Vec<String> {
    let data = site.data().display().to_string();
    let mut arguments = vec!["-D".to_owned(), data];
    let listen = match site.listen {
        Listen::Port(port) => {
            ["-h", "127.0.0.1", "-p", &port.to_string(), "-k", ""].map(str::to_owned)
        }
        Listen::Socket => {
            let folder = site.socket_folder().display().to_string();
            ["-h", "", "-p", "5432", "-k", &folder].map(str::to_owned)
        }
    };
    arguments.extend(listen);
    // A crash test kills the server, never the machine: what the kernel has is kept.
    let mut settings = vec!["fsync=off", "max_connections=300", "shared_buffers=32MB"];
    // Its processes later share files of its folder, which are removed with the folder.
    settings.push("dynamic_shared_memory_type=mmap");
    if setup.throwaway {
        settings.extend([
            "synchronous_commit=off",
            "full_page_writes=off",
            "autovacuum=off",
        ]);
        settings.extend([
            "wal_level=minimal",
            "max_wal_senders=0",
            "max_connections=100",
        ]);
    }
    for setting in settings {
        arguments.extend(["-c".to_owned(), setting.to_owned()]);
    }
    arguments
}

/// Whether the server with this process id is ready, as its own `pg_ctl` finds out.
pub fn answers(site: &Site, process: u32) -> bool {
    let file = fs::read_to_string(site.data().join("postmaster.pid")).unwrap_or_default();
    let lines: Vec<&str> = file.lines().map(str::trim).collect();
    let is_ours = lines
        .first()
        .is_some_and(|&line| line == process.to_string());
    is_ours
        && lines
            .get(7)
            .is_some_and(|status| ["ready", "standby"].contains(status))
}
