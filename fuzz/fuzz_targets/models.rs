//! Any text as a Rust file with models: as the source of a schema, and as structs that are compared with a lock.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;
use std::{env, fs, process};

use libfuzzer_sys::fuzz_target;
use migrate_chain::Dialect;
use migrate_chain::lock::Lock;
use migrate_models::source::{create, read};
use migrate_models::{Enumeration, Model, Newtype, check, declared};
use syn::{DeriveInput, Item};

static LOCK: LazyLock<Lock> = LazyLock::new(|| {
    let text = include_str!("../../tests/models/migrations/schema.lock");
    Lock::parse(text).expect("a sound lock")
});

/// A process has one file.
static FILE: LazyLock<PathBuf> =
    LazyLock::new(|| env::temp_dir().join(format!("models-{}.rs", process::id())));

fuzz_target!(|text: &str| {
    fs::write(&*FILE, text).expect("the file can be written");
    if let Ok(models) = read(std::slice::from_ref(&FILE)) {
        models.declared(true);
        for dialect in Dialect::ALL {
            let _ = create(&models, dialect);
        }
    }
    let Ok(file) = syn::parse_file(text) else { return };
    for item in file.items {
        let input = match item {
            Item::Struct(item) => DeriveInput::from(item),
            Item::Enum(item) => DeriveInput::from(item),
            _ => continue,
        };
        let _ = (Enumeration::parse(&input), Newtype::parse(&input));
        if let Ok(model) = Model::parse(&input) {
            check(&model, &LOCK);
            declared(&model, true);
        }
    }
});
