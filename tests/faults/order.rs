//! The order that a starter is given, passed in its environment.

use std::time::Duration;

use serde_json::{Value, json};

/// The variable that makes this binary a starter.
pub const VARIABLE: &str = "MIGRATE_FAULTS_ORDER";

/// One start of an app.
#[derive(Clone, Debug)]
pub struct Order {
    /// The migration directory.
    pub chain: String,
    pub url: String,
    /// At which place of the protocol it holds, counted from 0 over all that it comes to.
    pub hold: Option<usize>,
    /// Whether it waits for a line before it begins.
    pub waits: bool,
    pub lock_deadline: Duration,
    /// Whether a database that is ahead is allowed.
    pub allows_ahead: bool,
    /// A revision to resolve with `Retry`, instead of an upgrade.
    pub retry: Option<String>,
}

impl Order {
    pub fn new(chain: &str, url: &str) -> Self {
        Self {
            chain: chain.to_owned(),
            url: url.to_owned(),
            hold: None,
            waits: false,
            lock_deadline: Duration::from_mins(1),
            allows_ahead: false,
            retry: None,
        }
    }

    pub fn to_json(&self) -> String {
        json!({
            "chain": self.chain,
            "url": self.url,
            "hold": self.hold,
            "waits": self.waits,
            "lock_deadline": self.lock_deadline.as_secs_f64(),
            "allows_ahead": self.allows_ahead,
            "retry": self.retry,
        })
        .to_string()
    }

    pub fn from_json(text: &str) -> Self {
        let value: Value = serde_json::from_str(text).expect("an order is JSON");
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        let flag = |name: &str| value[name].as_bool().expect("a flag");
        let number = |value: u64| usize::try_from(value).expect("a small number");
        Self {
            chain: text("chain").expect("a chain"),
            url: text("url").expect("a URL"),
            hold: value["hold"].as_u64().map(number),
            waits: flag("waits"),
            lock_deadline: Duration::from_secs_f64(
                value["lock_deadline"].as_f64().expect("seconds"),
            ),
            allows_ahead: flag("allows_ahead"),
            retry: text("retry"),
        }
    }
}
