//! Graph algorithms over plain ids.
