//! The effect of a statement on the transaction around it, as far as its words tell.

mod connection;
mod mysql;
mod postgres;
mod refusal;
mod sqlite;
mod statement;
mod transaction;

pub use connection::connection_control;
pub use refusal::{Refusal, Remedy};
pub use sqlite::{
    Reference, TableChange, TableName, attached_name, pragma_name, references, table_change,
};
pub(super) use statement::has_statement;
pub use statement::{refusal, transaction_control};
pub use transaction::open_transaction;
pub(super) use transaction::{Effect, effect};
