//! The bytes of a file, taken for text.

use std::string::FromUtf8Error;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Fault};
use crate::source::{Place, Source};

pub fn join(folder: &str, name: &str) -> String {
    match (folder, name) {
        (folder, "") => folder.to_owned(),
        ("", name) => name.to_owned(),
        (folder, name) => [folder.trim_end_matches('/'), "/", name].concat(),
    }
}

/// Takes the bytes of a file, shown as `path`, for text: UTF-8 without a NUL.
///
/// # Errors
/// The fault, at the first byte that is wrong.
///
/// ```
/// use migrate_chain::load::text;
///
/// let fault = text("a.sql", b"SELECT\n 'a\0'".to_vec()).expect_err("databases end a text at a NUL");
/// assert_eq!((fault.code(), fault.place.position().line), ("nul-byte", 2));
/// ```
pub fn text(path: impl Into<String>, bytes: Vec<u8>) -> Result<Source, Box<Diagnostic>> {
    match String::from_utf8(bytes) {
        Ok(text) => match text.find('\0') {
            Some(at) => Err(Box::new(nul_byte(Source::new(path, text), at))),
            None => Ok(Source::new(path, text)),
        },
        Err(error) => Err(Box::new(not_utf8(path, &error))),
    }
}

fn nul_byte(source: Source, at: usize) -> Diagnostic {
    let nuls = source.text().bytes().filter(|&byte| byte == 0).count();
    // Half of what UTF-16 writes for ASCII.
    let is_wide = 3 * nuls > source.text().len();
    let place = Place::new(&Arc::new(source), at..at + 1);
    Diagnostic::new(Fault::NulByte { is_wide }, place)
}

/// Points at the first byte that is not UTF-8, in the text with such bytes replaced.
fn not_utf8(path: impl Into<String>, error: &FromUtf8Error) -> Diagnostic {
    let valid_up_to = error.utf8_error().valid_up_to();
    let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
    let range = valid_up_to..valid_up_to + char::REPLACEMENT_CHARACTER.len_utf8();
    let place = Place::new(&Arc::new(Source::new(path, text)), range);
    Diagnostic::new(Fault::NotUtf8 { valid_up_to }, place)
}
