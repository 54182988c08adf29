//! An axum service that migrates its database at start-up and then answers from it.
//!
//! `cargo run --example axum_service`, then `curl http://127.0.0.1:8080/labels`. The port is the first argument. With
//! `--once` the service takes a free port, asks itself one question and stops.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod tracker;

use std::env;
use std::error::Error;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use embed_migrations::{Migrations, embed_migrations};
use sqlx::SqlitePool;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use tracker::Label;

static MIGRATIONS: Migrations = embed_migrations!();

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let argument = env::args().nth(1).unwrap_or_else(|| "8080".to_owned());
    let once = argument == "--once";

    // A real service names a file or a server here.
    let pool = SqlitePool::connect("sqlite::memory:").await?;

    // Any number of replicas may start at once: one applies each revision, and the others wait for it. A service that
    // cannot migrate must not answer.
    let report = MIGRATIONS.upgrade(&pool).await?;
    println!("{report}");

    let app = Router::new().route("/labels", get(labels)).with_state(pool);
    let port = if once { 0 } else { argument.parse()? };
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let address = listener.local_addr()?;
    println!("listening on http://{address}");

    let service = axum::serve(listener, app);
    if once {
        let service = tokio::spawn(service.into_future());
        println!("{}", ask(address).await?);
        service.abort();
    } else {
        service.await?;
    }
    Ok(())
}

async fn labels(State(pool): State<SqlitePool>) -> Result<String, StatusCode> {
    let labels: Result<Vec<Label>, _> = sqlx::query_as("SELECT * FROM labels ORDER BY name")
        .fetch_all(&pool)
        .await;
    let labels = labels.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let names: Vec<String> = labels.into_iter().map(|label| label.name).collect();
    Ok(names.join("\n"))
}

/// A request as `curl` would send it: written by hand, to spare the example an HTTP client.
async fn ask(address: SocketAddr) -> Result<String, Box<dyn Error>> {
    let mut stream = TcpStream::connect(address).await?;
    stream
        .write_all(b"GET /labels HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
