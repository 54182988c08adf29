#![doc = include_str!("../README.md")]

mod app;
mod built;
mod connection;
mod data;
mod database;
mod desired;
mod dev_server;
mod difference;
mod drift;
mod dump;
mod error;
mod eye;
mod filter;
mod generate;
mod interrupt;
mod leftover;
mod like;
pub mod model;
mod mysql;
mod operation;
mod order;
mod postgres;
mod reach;
mod rename;
mod rows;
#[cfg(test)]
mod scope;
mod scratch;
mod scratch_sql;
mod sqlite;
mod touched;
#[cfg(test)]
mod trial;

pub use app::App;
pub use built::{built, server};
pub use connection::{Connection, TextRow, dialect_of};
pub use database::{introspect, introspect_touched, introspect_whole};
pub use desired::Desired;
pub use dev_server::{DevServer, Model};
pub use difference::{Change, Difference, Field};
pub use drift::{Drift, drift};
pub use dump::{diagram, dump};
pub use error::{Error, ErrorKind};
pub use filter::Filter;
pub use generate::{Checked, Draft, Generated, Request, autogenerate, check};
pub use interrupt::until_interrupted;
pub use model::{Kind, Object, ObjectId, Schema};
pub use operation::{Hazard, Operation};
pub use rename::Rename;
pub use scratch::Scratch;
pub use scratch_sql::Scripts;
pub use touched::Touched;
