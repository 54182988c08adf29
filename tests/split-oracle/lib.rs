//! Safe access to what SQLite says about statements.

use std::ffi::CString;

/// Whether SQLite takes `text` for one or more whole statements, each with its `;`: `sqlite3_complete`.
///
/// # Panics
/// If `text` holds a NUL byte, where SQLite would stop reading.
#[must_use]
pub fn sqlite3_complete(text: &str) -> bool {
    let text = CString::new(text).expect("no NUL byte");
    // SAFETY: the pointer is to a NUL-terminated string that outlives the call, and SQLite only reads it.
    let complete = unsafe { rusqlite::ffi::sqlite3_complete(text.as_ptr()) };
    complete == 1
}
