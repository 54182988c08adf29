//! Models as the source of a schema: read from Rust files without a build, and written as the SQL that creates their
//! tables; and the way back, from tables to structs.

mod ddl;
mod declare;
mod files;
mod print;
mod resolve;

pub use ddl::create;
pub use files::{FileFault, Models, read};
pub use print::print;
