use crate::connection::Connection;
use crate::model::Schema;

/// Both sides of a plan, and a database in the state of each.
pub struct Sides<'s> {
    pub from: &'s Schema,
    pub to: &'s Schema,
    pub scratch: &'s mut Connection,
    pub wanted: &'s mut Connection,
}
