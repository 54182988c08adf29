#![doc = include_str!("../README.md")]
#![allow(
    unreachable_pub,
    reason = "in a private module, `pub` is as private as the module"
)]

mod canonical;
mod check;
mod declared;
mod enumeration;
mod model;
#[cfg(feature = "source")]
pub mod source;

pub use canonical::canonical;
pub use check::{Finding, Held, Holding, check, check_enum};
pub use declared::declared;
pub use enumeration::{Enumeration, HeldBy, Newtype};
pub use model::{Field, FieldOptions, Index, Model, PerDatabase, Role, TableOptions, is_option};
