//! Errors, each told once.

use migrate_chain::Dialect;
use migrate_chain::lock::Lock;
use proc_macro2::Span;
use syn::Error;

pub const GENERATE: &str = "run `cargo migrate revision --autogenerate`";

/// Errors by place, each once for all the databases that it is about.
pub struct Report {
    databases: usize,
    errors: Vec<(Span, String, Vec<Dialect>)>,
}

impl Report {
    pub fn new(lock: &Lock) -> Self {
        Self {
            databases: lock.databases.len(),
            errors: Vec::new(),
        }
    }

    /// Adds an error about one database, or about the chain.
    pub fn add(&mut self, span: Span, message: String, dialect: Option<Dialect>) {
        match self
            .errors
            .iter_mut()
            .find(|(_, known, _)| *known == message)
        {
            Some((.., dialects)) => dialects.extend(dialect),
            None => self
                .errors
                .push((span, message, dialect.into_iter().collect())),
        }
    }

    pub fn finish(self) -> Vec<Error> {
        let databases = self.databases;
        let error = |(span, message, dialects): (Span, String, Vec<Dialect>)| {
            if dialects.is_empty() || dialects.len() == databases {
                return Error::new(span, message);
            }
            let names: Vec<&str> = dialects.iter().map(|dialect| dialect.name()).collect();
            Error::new(span, format!("on {}, {message}", names.join(" and ")))
        };
        self.errors.into_iter().map(error).collect()
    }
}
