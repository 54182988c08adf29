//! A command that only looks cannot hurt: what a chain or a dump says about databases, roles and servers reaches nobody.

use std::process::Command;

use snapbox::{assert_data_eq, str};
use test_servers::{Kind, Server};

use super::support::Folder;

fn folder(dialect: &str) -> Folder {
    let folder = Folder::new();
    folder.write(
        "migrations/migrate.toml",
        &format!("dialects = [\"{dialect}\"]\n"),
    );
    folder.revision("a1", "none");
    folder
}

/// The output of a client, which must succeed.
fn client(command: &mut Command) -> String {
    let output = command.output().expect("the client is installed");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn psql(server: &Server, database: &str, sql: &str) -> String {
    client(Command::new("psql").args(["--no-psqlrc", &server.url(database), "-Atqc", sql]))
}

fn mariadb(server: &Server, sql: &str) -> String {
    client(server.mariadb().args(["--skip-column-names", "-e", sql]))
}

fn add(folder: &Folder, sql: &str) {
    let from = "upgrade\n";
    folder.edit(
        "migrations/versions/a1.sql",
        from,
        &format!("{from}{sql}\n"),
    );
}

#[test]
fn a_dump_that_recreates_its_database_destroys_nothing_on_postgresql() {
    let server = test_servers::postgres();
    psql(server, "postgres", "CREATE DATABASE reach_dump");
    let folder = folder("postgres");
    let url = server.url("reach_dump");
    folder
        .migrate(&["upgrade", "--database-url", &url])
        .success();
    psql(server, "reach_dump", "INSERT INTO a1 VALUES (7)");
    let dump = client(Command::new("pg_dump").args(["-s", "-C", "-c", &url]));
    folder.write("migrations/schema.sql", &dump);
    for options in [
        &["check", "--database-url", &url][..],
        &["check", "--database-url", &url, "--dev-url", "same-server"],
        &[
            "check",
            "--database-url",
            &url,
            "--dev-url",
            &server.admin_url(),
        ],
    ] {
        let ended = folder.migrate(options);
        let said = ended.stderr();
        assert!(said.contains("schema.sql:"), "{options:?}: {said}");
        assert!(
            said.contains("`\\connect reach_dump` leaves the scratch database"),
            "{said}"
        );
        if options.len() > 3 {
            assert!(
                said.contains("`DROP DATABASE` reaches beyond the scratch database"),
                "{said}"
            );
        }
        assert_eq!(
            psql(server, "reach_dump", "SELECT n FROM a1"),
            "7\n",
            "{options:?}"
        );
    }
    // The dump without those is what the chain builds, where its tables for itself are left out.
    let dump = client(Command::new("pg_dump").args(["-s", "-t", "a1", &url]));
    folder.write("migrations/schema.sql", &dump);
    let said = folder.migrate(&["check", "--database-url", &url]).success();
    assert!(
        said.contains("schema.sql is what the chain builds"),
        "{said}"
    );
}

#[test]
fn a_dump_of_databases_destroys_nothing_on_mariadb() {
    let server = test_servers::mysql();
    mariadb(server, "CREATE DATABASE reach_dump");
    let folder = folder("mysql");
    let url = server.url("reach_dump");
    folder
        .migrate(&["upgrade", "--database-url", &url])
        .success();
    mariadb(server, "INSERT INTO reach_dump.a1 VALUES (7)");
    let mut command = Command::new("mariadb-dump");
    let arguments: Vec<String> = server
        .mariadb()
        .get_args()
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    let dump = client(command.args(arguments).args(["--databases", "reach_dump"]));
    folder.write("migrations/schema.sql", &dump);
    for server_option in ["same-server", &server.admin_url()] {
        let ended = folder.migrate(&["check", "--database-url", &url, "--dev-url", server_option]);
        let said = ended.stderr();
        assert!(
            said.contains("`CREATE DATABASE` reaches the database `reach_dump`"),
            "{said}"
        );
        assert!(
            said.contains("`USE `reach_dump`` leaves the scratch database"),
            "{said}"
        );
        assert_eq!(mariadb(server, "SELECT n FROM reach_dump.a1"), "7\n");
    }
    // On a private server, the scratch database has the name of the real one, and the dump is what it is.
    let ended = folder.migrate(&["check", "--database-url", &url]);
    assert_eq!(ended.stderr(), "");
    assert!(
        ended
            .success()
            .contains("schema.sql is what the chain builds")
    );
    assert_eq!(mariadb(server, "SELECT n FROM reach_dump.a1"), "7\n");
}

#[test]
fn a_chain_that_names_its_own_database_is_verified_without_touching_it() {
    let server = test_servers::mysql();
    mariadb(server, "CREATE DATABASE reach_shop");
    let folder = folder("mysql");
    folder.write(
        "migrations/versions/a1.sql",
        "-- Orders\n--\n-- revision: a1\n-- down_revision: none\n\n-- migrate: upgrade\n\
         CREATE TABLE `reach_shop`.`orders` (n INTEGER);\n\n-- migrate: downgrade\nDROP TABLE `reach_shop`.`orders`;\n",
    );
    let url = server.url("reach_shop");
    folder
        .migrate(&["upgrade", "--database-url", &url])
        .success();
    mariadb(server, "INSERT INTO reach_shop.orders VALUES (7)");
    folder
        .migrate(&["verify", "--database-url", &url])
        .success();
    let ended = folder.migrate(&["verify", "--database-url", &url, "--dev-url", "same-server"]);
    assert_data_eq!(
        ended.failure(),
        str![[r#"
error: statements reach beyond the scratch database, on a server that holds other databases: nothing was run
  note: migrations/versions/a1.sql:7:14: ``reach_shop`.`orders`` reaches the database `reach_shop`
  note: migrations/versions/a1.sql:10:12: ``reach_shop`.`orders`` reaches the database `reach_shop`
  help: leave out --dev-url, MIGRATE_DEV_URL and `dev_url` in migrate.toml, so that a private server is started, where they reach nothing; or name a container: `dev_url = "docker://postgres:17"`

"#]]
    );
    assert_eq!(mariadb(server, "SELECT n FROM reach_shop.orders"), "7\n");
}

#[test]
fn roles_are_created_and_dropped_on_a_private_server_only() {
    let server = test_servers::postgres();
    psql(server, "postgres", "CREATE ROLE reach_role LOGIN");
    psql(server, "postgres", "CREATE DATABASE reach_roles");
    psql(
        server,
        "reach_roles",
        "CREATE TABLE kept (n INT); GRANT SELECT ON kept TO reach_role",
    );
    let folder = folder("postgres");
    add(
        &folder,
        "CREATE ROLE reach_new;\nGRANT SELECT ON a1 TO reach_new, reach_nobody;\nALTER TABLE a1 OWNER TO reach_owner;\nALTER DATABASE reach_roles SET work_mem = '8MB';",
    );
    folder.edit(
        "migrations/versions/a1.sql",
        "CREATE TABLE a1 (n INTEGER);",
        "",
    );
    folder.edit(
        "migrations/versions/a1.sql",
        "CREATE ROLE reach_new;",
        "CREATE ROLE reach_new;\nCREATE TABLE a1 (n INTEGER);",
    );
    folder.edit(
        "migrations/versions/a1.sql",
        "DROP TABLE a1;",
        "DROP TABLE a1;\nDROP ROLE reach_new;\nDROP OWNED BY reach_role;",
    );
    let url = server.url("reach_roles");
    folder
        .migrate(&["verify", "--database-url", &url])
        .success();
    let said = folder
        .migrate(&["verify", "--database-url", &url, "--dev-url", "same-server"])
        .failure();
    for refused in [
        "a1.sql:7:1: `CREATE ROLE`",
        "`ALTER DATABASE`",
        "`DROP ROLE`",
        "`DROP OWNED`",
    ] {
        assert!(said.contains(refused), "{said}");
    }
    let left = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'reach\\_%'";
    assert_eq!(
        psql(server, "postgres", left),
        "1\n",
        "only the one that was there"
    );
    let granted = "SELECT has_table_privilege('reach_role', 'kept', 'SELECT')";
    assert_eq!(psql(server, "reach_roles", granted), "t\n");
    // The first upgrade finds no role that a command has left.
    psql(
        server,
        "reach_roles",
        "CREATE ROLE reach_nobody; CREATE ROLE reach_owner",
    );
    folder
        .migrate(&["upgrade", "--database-url", &url])
        .success();
}

#[test]
fn accounts_are_created_on_a_private_server_only() {
    let server = test_servers::mysql();
    mariadb(server, "CREATE DATABASE reach_users");
    let folder = folder("mysql");
    add(
        &folder,
        "CREATE USER 'reach_new'@'%' IDENTIFIED BY 'x';\nCREATE TABLE a2 (n INTEGER);\nGRANT SELECT ON reach_users.a2 TO 'reach_new'@'%', 'reach_nobody'@'localhost';",
    );
    folder.edit(
        "migrations/versions/a1.sql",
        "DROP TABLE a1;",
        "DROP TABLE a1;\nDROP TABLE a2;\nDROP USER 'reach_new'@'%';",
    );
    let url = server.url("reach_users");
    folder
        .migrate(&["verify", "--database-url", &url])
        .success();
    let said = folder
        .migrate(&[
            "verify",
            "--database-url",
            &url,
            "--dev-url",
            &server.admin_url(),
        ])
        .failure();
    assert!(said.contains("`CREATE USER` reaches beyond"), "{said}");
    let left =
        "SELECT count(*) FROM mysql.user WHERE user LIKE 'reach\\_%' OR user LIKE 'migrate\\_%'";
    assert_eq!(mariadb(server, left), "0\n");
}

#[test]
fn statements_on_a_shared_mariadb_have_rights_on_the_scratch_database_alone() {
    let server = test_servers::mysql();
    mariadb(
        server,
        "CREATE DATABASE reach_rights; CREATE TABLE reach_rights.t (n INT)",
    );
    let folder = folder("mysql");
    // The text does not show it.
    add(
        &folder,
        "SET @name = CONCAT('reach_', 'rights.t');\nSET @sql = CONCAT('DROP TAB', 'LE ', @name);\nPREPARE s FROM @sql;\nEXECUTE s;",
    );
    let ended = folder.migrate(&["verify", "--dev-url", &server.admin_url()]);
    let said = ended.failure();
    assert!(said.contains("command denied"), "{said}");
    assert!(
        said.contains("a user with rights on the scratch database alone"),
        "{said}"
    );
    assert_eq!(
        mariadb(server, "SELECT count(*) FROM reach_rights.t"),
        "0\n"
    );
    let left = "SELECT count(*) FROM mysql.user WHERE user LIKE 'migrate\\_%'";
    assert_eq!(mariadb(server, left), "0\n");
}

#[test]
fn the_sweep_drops_only_what_is_ours_old_and_marked() {
    // Another test counts the scratch databases of the server that all share.
    let server = &Server::start(Kind::Postgres);
    let ours = "migrate_scratch_1700000000_00112233aabbccdd";
    let unmarked = "migrate_scratch_1700000001_00112233aabbccdd";
    let users = [
        "migrate_scratch_2024_backup",
        "migrate_scratch_1_x; DROP DATABASE victim",
    ];
    for name in [ours, unmarked, users[0], users[1], "victim"] {
        psql(server, "postgres", &format!("CREATE DATABASE \"{name}\""));
    }
    for name in [ours, users[0], users[1]] {
        psql(
            server,
            "postgres",
            &format!("COMMENT ON DATABASE \"{name}\" IS 'migrate_scratch_mark'"),
        );
    }
    let folder = folder("postgres");
    folder
        .migrate(&["verify", "--dev-url", &server.admin_url()])
        .success();
    let left = psql(server, "postgres", "SELECT datname FROM pg_database");
    for name in [unmarked, users[0], users[1], "victim"] {
        assert!(left.lines().any(|line| line == name), "{name}: {left}");
    }
    assert!(!left.lines().any(|line| line == ours), "{left}");
    for name in [unmarked, users[0], users[1], "victim"] {
        psql(server, "postgres", &format!("DROP DATABASE \"{name}\""));
    }

    let server = &Server::start(Kind::MySql);
    for name in [ours, unmarked, users[0], users[1], "victim"] {
        mariadb(server, &format!("CREATE DATABASE `{name}`"));
    }
    for name in [ours, users[0], users[1]] {
        mariadb(
            server,
            &format!("CREATE TABLE `{name}`.migrate_scratch_mark (n INT)"),
        );
    }
    let folder = self::folder("mysql");
    folder
        .migrate(&["verify", "--dev-url", &server.admin_url()])
        .success();
    let left = mariadb(server, "SHOW DATABASES");
    for name in [unmarked, users[0], users[1], "victim"] {
        assert!(left.lines().any(|line| line == name), "{name}: {left}");
        mariadb(server, &format!("DROP DATABASE `{name}`"));
    }
    assert!(!left.lines().any(|line| line == ours), "{left}");
}

#[test]
fn a_role_that_each_connection_takes_is_there_on_a_private_server() {
    let folder = folder("postgres");
    folder.write(
        "migrations/migrate.toml",
        "dialects = [\"postgres\"]\n[connect]\npostgres = \"SET ROLE reach_connect; RESET ROLE\"\n",
    );
    folder.migrate(&["verify"]).success();
}
