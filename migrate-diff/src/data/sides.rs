use crate::connection::Connection;
use crate::model::Schema;

/// Both sides of a plan, and a database in the state of each.
pub(crate) struct Sides<'s> {
    pub(crate) from: &'s Schema,
    pub(crate) to: &'s Schema,
    pub(crate) scratch: &'s mut Connection,
    pub(crate) wanted: &'s mut Connection,
}
