#![doc = include_str!("../README.md")]

mod change;
mod connection;
mod database;
mod ddl;
mod desired;
mod dev_server;
mod error;
mod filter;
mod generate;
mod interrupt;
mod leftover;
mod like;
mod model;
mod mysql;
mod order;
mod postgres;
mod reach;
mod rename;
mod scratch;
mod script;
mod sqlite;
mod step;

pub use change::{Change, Difference};
pub use connection::{Connection, dialect_of};
pub use database::introspect;
pub use dev_server::{DevServer, Model};
pub use error::{Error, ErrorKind};
pub use filter::Filter;
pub use generate::{Checked, Draft, Generated, Request, autogenerate, check};
pub use interrupt::until_interrupted;
pub use model::{Kind, Object, ObjectId, Schema};
pub use rename::Rename;
pub use scratch::Scratch;
pub use script::Scripts;
pub use step::{Hazard, Step};
