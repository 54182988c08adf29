//! The startup protocol, the same for every database: the fast path, the lock, the plan, and what runs.

mod adopt;
mod attempt;
mod batch;
mod edits;
mod failure;
pub mod goal;
mod inspect;
mod outside;
mod place;
mod replan;
mod retry;
pub mod run;
pub mod stamp;
pub mod step;
pub mod verify;
pub mod view;
mod wait;
