use std::path::PathBuf;

use serde::Serialize;

/// A revision that was written, or would be.
#[derive(Debug, Serialize)]
pub struct Written {
    pub revision: String,
    pub message: String,
    pub path: PathBuf,
    pub adopts: Vec<String>,
}
