//! The values that go into a call and come out of it.

pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod options;
pub(crate) mod plan;
pub(crate) mod report;
pub(crate) mod settings;
pub(crate) mod status;
