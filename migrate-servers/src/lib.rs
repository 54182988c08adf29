#![doc = include_str!("../README.md")]

mod container;
mod error;
mod installed;
mod janitor;
mod mysql;
mod postgres;
mod product;
mod server;
mod shared;
mod site;
mod template;
mod user;

pub use container::{Container, Image};
pub use error::Error;
pub use installed::{Installed, program};
pub use product::{Product, Version};
pub use server::{Server, free_port};
pub use shared::Shared;
pub use site::{Listen, Setup};
