//! A proxy before a server: it counts round trips, and it can cut a connection, hold an answer back in the middle, or let
//! nothing through any more.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    is_black: AtomicBool,
    /// How many more bytes of answers go through, if they are held back after that.
    allowed: Mutex<Option<usize>>,
    /// How often something was sent to the server after it had answered, or at all.
    round_trips: AtomicUsize,
    /// Whether what was sent last has been answered.
    is_answered: AtomicBool,
    connections: AtomicUsize,
    streams: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// A proxy before the server of a URL.
    pub fn before(url: &str) -> Self {
        let server = authority(url).to_owned();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let shared = Arc::new(Shared {
            is_answered: AtomicBool::new(true),
            ..Shared::default()
        });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if let Ok(server) = TcpStream::connect(&server) {
                    accepting.join(&client, &server);
                }
            }
        });
        Self { port, shared }
    }

    /// The URL by which it is reached.
    pub fn url(&self, url: &str) -> String {
        url.replacen(authority(url), &format!("127.0.0.1:{}", self.port), 1)
    }

    /// Closes all connections, to both sides.
    pub fn cut(&self) {
        for stream in self.shared.streams().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// How many round trips there were since the last call, if one connection is used at a time.
    pub fn round_trips(&self) -> usize {
        self.shared.round_trips.swap(0, Ordering::AcqRel)
    }

    /// How many connections there have been.
    #[allow(dead_code, reason = "not every database has a test of it")]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Acquire)
    }

    /// Holds answers back after so many bytes, until `release`.
    #[allow(dead_code, reason = "not every database has a test of it")]
    pub fn hold_after(&self, bytes: usize) {
        *self.shared.allowed() = Some(bytes);
    }

    #[allow(dead_code, reason = "not every database has a test of it")]
    pub fn release(&self) {
        *self.shared.allowed() = None;
    }

    /// Takes what is sent and gives it to nobody; no connection is closed.
    pub fn black_hole(&self) {
        self.shared.is_black.store(true, Ordering::Release);
    }
}

impl Shared {
    fn join(self: &Arc<Self>, client: &TcpStream, server: &TcpStream) {
        self.connections.fetch_add(1, Ordering::AcqRel);
        let copy = |stream: &TcpStream| stream.try_clone().expect("a socket can be cloned");
        self.streams().extend([copy(client), copy(server)]);
        for (from, to, is_answer) in [(client, server, false), (server, client, true)] {
            let (shared, from, to) = (Arc::clone(self), copy(from), copy(to));
            std::thread::spawn(move || shared.forward(from, to, is_answer));
        }
    }

    fn forward(&self, mut from: TcpStream, mut to: TcpStream, is_answer: bool) {
        let mut buffer = [0; 16 * 1024];
        while let Ok(bytes @ 1..) = from.read(&mut buffer) {
            let was_answered = self.is_answered.swap(is_answer, Ordering::AcqRel);
            if was_answered && !is_answer {
                self.round_trips.fetch_add(1, Ordering::AcqRel);
            }
            if self.is_black.load(Ordering::Acquire) {
                continue;
            }
            let first = if is_answer { self.allow(bytes) } else { bytes };
            let sent = to.write_all(&buffer[..first]).and_then(|()| {
                self.wait_for_release(bytes - first);
                to.write_all(&buffer[first..bytes])
            });
            if sent.is_err() {
                break;
            }
        }
        // A black hole keeps an end to itself, too.
        if !self.is_black.load(Ordering::Acquire) {
            let _ = to.shutdown(Shutdown::Both);
        }
    }

    /// How many of the bytes go through now.
    fn allow(&self, bytes: usize) -> usize {
        match &mut *self.allowed() {
            Some(allowed) => {
                let now = bytes.min(*allowed);
                *allowed -= now;
                now
            }
            None => bytes,
        }
    }

    fn wait_for_release(&self, bytes: usize) {
        while bytes > 0 && self.allowed().is_some() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn allowed(&self) -> MutexGuard<'_, Option<usize>> {
        self.allowed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn streams(&self) -> MutexGuard<'_, Vec<TcpStream>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `127.0.0.1:5432` of `postgres://user@127.0.0.1:5432/database`.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    authority.rsplit('@').next().unwrap_or(authority)
}
