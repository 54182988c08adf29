#![doc = include_str!("../README.md")]

pub use migrate_runtime::*;

#[cfg(feature = "cli")]
#[doc(inline)]
pub use migrate_command as cli;

#[cfg(feature = "test")]
#[doc(inline)]
pub use migrate_test::{Error as TestError, TestBackend, TestDatabase, test};

#[cfg(feature = "test")]
#[doc(hidden)]
pub use migrate_test::__test;
