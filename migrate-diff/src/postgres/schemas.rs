//! Both sides of a plan.

use crate::model::Schema;

/// The schema that is there, and the one that is wanted.
#[derive(Clone, Copy)]
pub struct Schemas<'s> {
    pub from: &'s Schema,
    pub to: &'s Schema,
}
