//! The commands that write files, as a user runs them.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "snapbox writes snapshots so"
)]

mod accept;
mod app;
mod ci;
mod dev_server;
mod develop;
mod first_hour;
mod flow;
mod help;
mod init;
mod input;
mod lint;
mod lock;
mod merge;
mod models;
mod reach;
mod revision;
mod revision_file;
mod scratch;
mod servers;
mod squash;
mod support;
