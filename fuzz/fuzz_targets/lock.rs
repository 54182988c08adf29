//! Any text as `schema.lock`, with the checksum that it should have. A lock that can be read says the same once it is written,
//! and as structs it is Rust.
#![no_main]

use libfuzzer_sys::fuzz_target;
use migrate_chain::Checksum;
use migrate_chain::lock::{Head, Lock};
use migrate_models::source::print;

fuzz_target!(|text: &str| {
    let _ = Lock::parse(text);
    let Ok(head) = Head::parse(text) else { return };
    let (before, body) = text.split_at(head.body);
    let sound = before.replace(&head.checksum.to_string(), &Checksum::of(body).to_string());
    let Ok(mut lock) = Lock::parse(&format!("{sound}{body}")) else {
        return;
    };
    for locked in &mut lock.databases {
        locked.built.sort();
    }
    let written = lock.to_string();
    assert_eq!(Lock::parse(&written).as_ref(), Ok(&lock), "{written}");
    let _ = print(&lock, None);
});
