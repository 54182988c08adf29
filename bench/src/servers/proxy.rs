//! A proxy in front of a server that makes each turn longer, and counts round trips.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;

pub(super) struct Proxy {
    port: u16,
    round_trips: Arc<AtomicUsize>,
}

/// Bytes, and the time at which they arrive on the other side.
type Chunk = (Instant, Vec<u8>);

/// One connection, as the threads of both directions see it.
struct Line {
    round_trips: Arc<AtomicUsize>,
    /// Whether the last request has been answered: the next one is another round trip.
    is_answered: AtomicBool,
}

impl Proxy {
    /// Listens on a free port for connections to `server`, for as long as the process lives. What is sent to the server
    /// takes `delay` longer.
    pub(super) fn start(server: &str, delay: Duration) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let round_trips = Arc::new(AtomicUsize::new(0));
        let (server, counter) = (server.to_owned(), Arc::clone(&round_trips));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if let Err(error) = join(client, &server, delay, &counter) {
                    eprintln!("the proxy lost a connection to {server}: {error}");
                }
            }
        });
        Ok(Self { port, round_trips })
    }

    /// The URL by which the database of `url` is reached through it.
    pub(super) fn url(&self, url: &str) -> String {
        url.replacen(authority(url), &format!("127.0.0.1:{}", self.port), 1)
    }

    /// The round trips since the last call.
    pub(super) fn round_trips(&self) -> usize {
        self.round_trips.swap(0, Ordering::AcqRel)
    }
}

/// `127.0.0.1:5432` of `postgres://user@127.0.0.1:5432/database`.
pub(super) fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    authority.rsplit('@').next().unwrap_or(authority)
}

fn join(client: TcpStream, server: &str, delay: Duration, counter: &Arc<AtomicUsize>) -> Result {
    let server = TcpStream::connect(server)?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    let line = Arc::new(Line {
        round_trips: Arc::clone(counter),
        is_answered: AtomicBool::new(true),
    });
    let (sender, receiver) = channel();
    let (requests, answers) = (client.try_clone()?, server.try_clone()?);
    let requested = Arc::clone(&line);
    thread::spawn(move || read(requests, &requested, delay, &sender));
    thread::spawn(move || deliver(server, &receiver));
    thread::spawn(move || answer(answers, client, &line));
    Ok(())
}

fn read(mut client: TcpStream, line: &Line, delay: Duration, sender: &Sender<Chunk>) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        if line.is_answered.swap(false, Ordering::AcqRel) {
            line.round_trips.fetch_add(1, Ordering::AcqRel);
        }
        let chunk = (Instant::now() + delay, buffer[..length].to_vec());
        if sender.send(chunk).is_err() {
            break;
        }
    }
}

fn deliver(mut server: TcpStream, chunks: &Receiver<Chunk>) {
    for (due, bytes) in chunks {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if server.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Write);
}

fn answer(mut server: TcpStream, mut client: TcpStream, line: &Line) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(length @ 1..) = server.read(&mut buffer) {
        line.is_answered.store(true, Ordering::Release);
        if client.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
}
