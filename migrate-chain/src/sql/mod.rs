//! SQL as text: its tokens, its statements, and the faults that need no database to be found.
//!
//! This is not a parser. It knows just enough of each dialect's lexical rules to find the end of a statement, the
//! statements that end a transaction or cannot run in one, and quotes and comments that are never closed. All of
//! it is one pass over the bytes, without an allocation for each token: the proc macro runs it unoptimised over
//! thousands of files.
//!
//! ```
//! use migrate_chain::Dialect;
//! use migrate_chain::sql::split;
//!
//! let text = "CREATE TABLE t (a TEXT DEFAULT ';'); -- one;\nSELECT 1";
//! let statements: Vec<&str> = split(Dialect::Sqlite, text).map(|statement| &text[statement.range()]).collect();
//! assert_eq!(statements, ["CREATE TABLE t (a TEXT DEFAULT ';')", "SELECT 1"]);
//! ```

mod canonical;
mod comment;
mod cursor;
mod facts;
mod faults;
mod lexer;
pub(crate) mod marker;
mod plain;
mod quote;
mod reading;
mod readings;
mod split;
mod token;

pub use comment::{comment, comment_text, is_control, lines_of_any_kind};
pub use cursor::Cursor;
pub use facts::{
    Refusal, Remedy, connection_control, open_transaction, refusal, transaction_control,
};
pub(crate) use faults::common;
pub use faults::{Fault, FaultKind, faults, faults_common};
pub use lexer::{Tokens, tokens};
pub use quote::{quote_bytes, quote_name, quote_text, quote_value};
pub(crate) use readings::Readings;
pub use split::{Statement, Statements, split};
pub use token::{Token, TokenKind};

/// Facts about statements that only SQLite needs.
pub mod sqlite {
    pub use super::facts::{
        Reference, TableChange, TableName, attached_name, pragma_name, references, table_change,
    };
}
