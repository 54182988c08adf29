//! Servers that the docker command starts from an image.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use crate::error::Error;
use crate::janitor::{self, Janitor};
use crate::product::Product;
use crate::template::random;

/// An image that a server can be started from: `docker://postgres:17`.
///
/// ```
/// use migrate_servers::{Image, Product};
///
/// let image = Image::parse("docker://registry.example/team/mariadb:11")?;
/// assert_eq!((image.product(), image.name()), (Product::MariaDb, "registry.example/team/mariadb:11"));
/// # Ok::<(), migrate_servers::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    name: String,
    product: Product,
}

impl Image {
    /// Whether a URL names an image.
    pub fn is_image(url: &str) -> bool {
        url.starts_with(SCHEME)
    }

    /// Reads a URL. The name of the image says which product is in it.
    ///
    /// # Errors
    /// The name does not say so.
    pub fn parse(url: &str) -> Result<Self, Error> {
        let name = url.strip_prefix(SCHEME).unwrap_or(url);
        let last = name.rsplit('/').next().unwrap_or(name);
        let product = PRODUCTS.iter().find(|(word, _)| last.contains(word));
        // It becomes an argument of docker.
        let is_name = !name.starts_with('-') && !name.contains(char::is_whitespace);
        match product {
            Some(&(_, product)) if is_name => Ok(Self {
                name: name.to_owned(),
                product,
            }),
            _ => Err(
                Error::new(format!("the image `{name}` is not known to be a database"))
                    .help("write docker://postgres:17, docker://mariadb:11 or docker://mysql:8"),
            ),
        }
    }

    /// The image's name, as docker takes it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The product in it.
    pub fn product(&self) -> Product {
        self.product
    }
}

const SCHEME: &str = "docker://";

const PRODUCTS: [(&str, Product); 8] = [
    ("postg", Product::Postgres),
    ("pgvector", Product::Postgres),
    ("timescale", Product::Postgres),
    ("pg", Product::Postgres),
    ("mariadb", Product::MariaDb),
    ("mysql", Product::MySql),
    ("percona", Product::MySql),
    ("citus", Product::Postgres),
];

/// A server in a container. It is removed with this value and with this process.
pub struct Container {
    product: Product,
    password: String,
    /// The host and the port on it.
    address: String,
    _janitor: Janitor,
}

impl Container {
    /// Starts a container. The server in it may need some seconds more until it answers.
    ///
    /// # Errors
    /// The docker command is not there or fails; the message has what it printed.
    pub fn start(image: &Image, arguments: &[String]) -> Result<Self, Error> {
        let name = format!("migrate-scratch-{}", random());
        // Before there is a container, so that it goes whenever this process is killed.
        let janitor = Janitor::of(janitor::OF_CONTAINER, &OsString::from(&name))?;
        let password = random();
        let port = image.product.port();
        let mut run = Command::new("docker");
        run.args(["run", "--detach", "--rm", "--name", &name])
            .args(["--publish", &format!("127.0.0.1::{port}")])
            // Docker reads its value from the environment, where no other user sees it.
            .args(["--env", password_variable(image.product)])
            .env(password_variable(image.product), &password)
            .arg(&image.name)
            .args(server_arguments(image.product))
            .args(arguments);
        docker(&mut run, image)?;
        let mut ask = Command::new("docker");
        ask.args(["port", &name, &format!("{port}/tcp")]);
        let address = docker(&mut ask, image)?;
        let address = address.lines().next().unwrap_or_default().trim().to_owned();
        Ok(Self {
            product: image.product,
            password,
            address,
            _janitor: janitor,
        })
    }

    /// The URL of a database of it, for a user who may do everything.
    pub fn url(&self, database: &str) -> String {
        let (scheme, user) = (self.product.scheme(), self.product.administrator());
        format!(
            "{scheme}://{user}:{}@{}/{database}",
            self.password, self.address
        )
    }
}

fn password_variable(product: Product) -> &'static str {
    match product {
        Product::Postgres => "POSTGRES_PASSWORD",
        // The image of MariaDB knows it too.
        Product::MySql | Product::MariaDb => "MYSQL_ROOT_PASSWORD",
    }
}

fn server_arguments(product: Product) -> &'static [&'static str] {
    match product {
        Product::Postgres => &["-c", "fsync=off", "-c", "full_page_writes=off"],
        Product::MySql | Product::MariaDb => {
            &["--innodb-flush-log-at-trx-commit=0", "--skip-log-bin"]
        }
    }
}

/// The output of docker.
fn docker(command: &mut Command, image: &Image) -> Result<String, Error> {
    let help = "start docker, or install the server on this machine";
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Error::io("the docker command cannot be started", &error).help(help))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let summary = format!("docker could not start a container of `{}`", image.name);
    Err(Error::new(summary)
        .detail(String::from_utf8_lossy(&output.stderr))
        .help(help))
}
