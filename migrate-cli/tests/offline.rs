//! Scripts of `--sql`, run by the database's own client: what they leave is what the commands leave, the journal included.

mod session;

use session::Session;

#[cfg(feature = "sqlite")]
#[test]
fn on_sqlite() {
    let client = |_: &str| "sqlite3 app.db".to_owned();
    scripts_do_what_commands_do(
        Session::sqlite,
        client,
        "echo '.schema' | sqlite3 app.db | sort",
    );
    let dump = "sqlite3 app.db .dump | grep -v 'INTO migrate_journal'";
    scripts_leave_what_commands_leave(Session::sqlite, client, dump);
}

#[cfg(feature = "postgres")]
#[test]
fn on_postgres() {
    use std::sync::atomic::{AtomicU32, Ordering};

    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let fresh = || {
        let name = format!("offline_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        Session::on("postgres", session::server::postgres(&name))
    };
    let client = |url: &str| format!("psql -X -q -A -t -v ON_ERROR_STOP=1 {url}");
    let schema = "pg_dump --schema-only --restrict-key=x \"$DATABASE_URL\"";
    scripts_do_what_commands_do(fresh, client, schema);
    let dump = "pg_dump --restrict-key=x --exclude-table-data=migrate_journal \"$DATABASE_URL\" | grep -v setval";
    scripts_leave_what_commands_leave(fresh, client, dump);
}

#[cfg(feature = "mysql")]
#[test]
fn on_mysql() {
    use std::sync::atomic::{AtomicU32, Ordering};

    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let fresh = || {
        let name = format!("offline_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        Session::on("mysql", session::server::mysql(&name))
    };
    let login = "--no-defaults --protocol=tcp --host=127.0.0.1 --user=root";
    let client = move |url: &str| {
        let (port, name) = port_and_name(url);
        format!("mariadb {login} --port={port} -N {name}")
    };
    let schema = format!(
        "url=${{DATABASE_URL##*:}}; mariadb-dump {login} --port=${{url%%/*}} --no-data --compact --skip-triggers \
         ${{url##*/}} | sed 's/ AUTO_INCREMENT=[0-9]*//'"
    );
    scripts_do_what_commands_do(fresh, client, &schema);
    let dump = format!(
        "url=${{DATABASE_URL##*:}}; mariadb-dump {login} --port=${{url%%/*}} --skip-dump-date --ignore-table-data=${{url##*/}}.migrate_journal \
         ${{url##*/}} | sed 's/ AUTO_INCREMENT=[0-9]*//' | grep -v '^-- Host:'"
    );
    scripts_leave_what_commands_leave(fresh, client, &dump);
}

/// `mysql://root@127.0.0.1:3307/name`
#[cfg(feature = "mysql")]
fn port_and_name(url: &str) -> (&str, &str) {
    let end = url.rsplit_once(':').expect("it has a port").1;
    end.split_once('/').expect("it has a path")
}

/// Chains that a script can hold, with their last table. In one of them, revisions leave other settings than they found,
/// and show those that they find.
const CHAINS: [(&str, &str); 2] = [("settings", "s4"), ("linear", "r3")];

fn scripts_leave_what_commands_leave(
    fresh: impl Fn() -> Session,
    client: impl Fn(&str) -> String,
    dump: &str,
) {
    for (chain, last) in CHAINS {
        let (live, offline) = (fresh(), fresh());
        for session in [&live, &offline] {
            done(session, &format!("cp -r $CHAINS/{chain} migrations"));
        }
        done(&live, "cargo migrate upgrade");
        let client = client(offline.url());
        let run =
            format!("cargo migrate upgrade heads --sql > script.sql && {client} < script.sql");
        done(&offline, &run);
        let (live, offline) = (done(&live, dump), done(&offline, dump));
        assert!(live.contains(last), "{live}");
        snapbox::assert_data_eq!(offline, snapbox::Data::text(live).raw());
    }
}

/// The command, and the one that writes its script.
const STEPS: [(&str, &str); 6] = [
    ("upgrade c3", "upgrade c3 --sql"),
    ("upgrade heads", "upgrade c3:heads --sql"),
    ("downgrade a1 --yes", "downgrade --sql heads:a1"),
    ("stamp e5", "stamp a1:e5 --sql"),
    ("stamp base --force", "stamp e5:base --sql"),
    ("stamp --purge b2", "stamp --purge b2 --sql"),
];

/// The columns that a script and a live run must agree on: not the times, nor the statements of a revision under way.
const RECORDS: &str = "SELECT version_num FROM alembic_version ORDER BY version_num; SELECT event, direction, revision, \
    down_revision, depends_on, message, settings, checksum, digest, statements, statements_hash, downgrade, tool_version, \
    error FROM migrate_journal WHERE event IN ('finished', 'stamped') ORDER BY sequence;";

fn scripts_do_what_commands_do(
    fresh: impl Fn() -> Session,
    client: impl Fn(&str) -> String,
    schema: &str,
) {
    let (live, offline) = (fresh(), fresh());
    for session in [&live, &offline] {
        done(session, "cp -r $CHAINS/drawn migrations");
    }
    for (command, script) in STEPS {
        done(&live, &format!("cargo migrate {command}"));
        let client_of = |session: &Session| client(session.url());
        let run = format!(
            "cargo migrate {script} > script.sql && {} < script.sql",
            client_of(&offline)
        );
        done(&offline, &run);
        let left = |session: &Session| {
            let records = format!("echo \"{RECORDS}\" | {}", client_of(session));
            (done(session, schema), done(session, &records))
        };
        let (live, offline) = (left(&live), left(&offline));
        assert!(live.0.contains("migrate_journal") && live.1.contains("Create users"));
        snapbox::assert_data_eq!(offline.0, snapbox::Data::text(live.0).raw());
        snapbox::assert_data_eq!(offline.1, snapbox::Data::text(live.1).raw());
    }
}

/// The output of a shell command, which must succeed.
fn done(session: &Session, script: &str) -> String {
    let output = session.shell(script);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{script}\n{}",
        text(&output.stderr)
    );
    text(&output.stdout)
}
