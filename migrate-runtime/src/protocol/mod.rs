//! The startup protocol, the same for every database: the fast path, the lock, the plan, and what runs.

mod adopt;
mod attempt;
mod batch;
mod failure;
pub(crate) mod goal;
mod inspect;
mod outside;
mod place;
mod replan;
mod retry;
pub(crate) mod run;
pub(crate) mod stamp;
pub(crate) mod step;
pub(crate) mod verify;
pub(crate) mod view;
mod wait;
