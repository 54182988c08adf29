use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::error::Error;
use crate::installed::Installed;
use crate::product::Product;
use crate::site::{Listen, Setup, Site, run};
use crate::template;

/// Creates the data directory of a server.
pub fn prepare(installed: &Installed, site: &Site, setup: &Setup) -> Result<(), Error> {
    // A server that starts removes what it takes for left over in a folder that it shares with others.
    template::private_folder(&site.temporary_folder(), site.user)
        .map_err(|error| Error::io("a temporary folder", &error))?;
    let names = setup.lower_case_table_names.unwrap_or(0);
    let names = format!("--lower-case-table-names={names}");
    let settings = [installed.full_version(), &names, SMALL_LOG];
    let key = template::key(installed.product().image(), &settings);
    template::fill(&site.data(), &key, site.user, |data| {
        template::private_folder(data, site.user)
            .map_err(|error| Error::io("the data directory", &error))?;
        let data = format!("--datadir={}", data.display());
        let (program, arguments) = match installed.product() {
            Product::MySql => (
                installed.daemon().to_owned(),
                vec!["--no-defaults", "--initialize-insecure", &data, &names],
            ),
            _ => (
                installed.program(&["mariadb-install-db", "mysql_install_db"])?,
                vec![
                    "--no-defaults",
                    "--auth-root-authentication-method=normal",
                    "--skip-test-db",
                    &data,
                    &names,
                    SMALL_LOG,
                ],
            ),
        };
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        let mut command = site.user.command(&program);
        command
            .env("TMPDIR", site.temporary_folder())
            .args(arguments);
        run(&name, &mut command)
    })
}

/// The redo log is copied with the data directory.
const SMALL_LOG: &str = "--innodb-log-file-size=8M";

/// The arguments of the server's program.
pub fn arguments(installed: &Installed, site: &Site, setup: &Setup) -> Vec<String> {
    let mut arguments = vec![
        "--no-defaults".to_owned(),
        format!("--datadir={}", site.data().display()),
        format!("--tmpdir={}", site.temporary_folder().display()),
        format!(
            "--socket={}",
            site.socket_folder().join(Product::MySql.socket()).display()
        ),
        format!("--pid-file={}", site.data().join("server.pid").display()),
    ];
    match site.listen {
        Listen::Port(port) => {
            arguments.push("--bind-address=127.0.0.1".to_owned());
            arguments.push(format!("--port={port}"));
        }
        Listen::Socket => arguments.push("--skip-networking".to_owned()),
    }
    // A crash test kills the server, never the machine: what the kernel has is kept.
    let mut settings = vec![
        "--innodb-flush-log-at-trx-commit=2",
        "--innodb-buffer-pool-size=64M",
    ];
    if setup.throwaway {
        settings.extend([
            "--innodb-doublewrite=0",
            "--skip-log-bin",
            "--sync-binlog=0",
        ]);
        settings.extend(["--innodb-flush-method=nosync"].iter().filter(|_| {
            // MySQL has it for tests only.
            installed.product() == Product::MariaDb
        }));
        settings.push("--performance-schema=OFF");
    } else {
        settings.push("--max-connections=300");
    }
    if installed.product() == Product::MySql {
        // A second socket, which takes a path in /tmp. Before 5.7 there is none.
        settings.push("--loose-mysqlx=OFF");
    } else {
        settings.push(SMALL_LOG);
    }
    arguments.extend(settings.into_iter().map(str::to_owned));
    let names = setup.lower_case_table_names;
    arguments.extend(names.map(|names| format!("--lower-case-table-names={names}")));
    arguments
}

/// Whether the server greets who connects.
pub fn answers(site: &Site) -> bool {
    match site.listen {
        Listen::Port(port) => TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok_and(|stream| {
            stream.set_read_timeout(Some(PATIENCE)).is_ok() && is_greeted(stream)
        }),
        Listen::Socket => {
            let path = site.socket_folder().join(Product::MySql.socket());
            fs::exists(&path).unwrap_or_default()
                && UnixStream::connect(path).is_ok_and(|stream| {
                    stream.set_read_timeout(Some(PATIENCE)).is_ok() && is_greeted(stream)
                })
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(3);

/// The first packet of a server is its greeting: three bytes of length, a number, the version of the protocol.
fn is_greeted(mut stream: impl Read) -> bool {
    let mut packet = [0; 5];
    stream.read_exact(&mut packet).is_ok() && packet[4] == 10
}
