//! Both sides of a plan.

use crate::model::Schema;

/// The schema that is there, and the one that is wanted.
#[derive(Clone, Copy)]
pub(super) struct Schemas<'s> {
    pub(super) from: &'s Schema,
    pub(super) to: &'s Schema,
}
