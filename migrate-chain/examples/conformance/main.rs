//! Answers recorded cases of a revision graph, a line for a line:
//!
//! ```text
//! cargo run --release -p embed-migrations-chain --example conformance < cases.jsonl > ours.jsonl
//! ```
//!
//! With `--check answers.jsonl` it compares them with the recorded answers, and counts on stderr what differs and why.

mod answer;
mod compare;

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::process::ExitCode;

use compare::Tally;

fn main() -> io::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut recorded = match &arguments[..] {
        [] => None,
        [check, path] if check == "--check" => Some(BufReader::new(File::open(path)?).lines()),
        _ => {
            return Err(io::Error::other(
                "usage: conformance [--check ANSWERS] < CASES",
            ));
        }
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let mut tally = Tally::default();
    for line in io::stdin().lock().lines() {
        let case = serde_json::from_str(&line?)?;
        let ours = answer::answer(&case);
        writeln!(out, "{ours}")?;
        if let Some(theirs) = recorded.as_mut().and_then(Iterator::next).transpose()? {
            tally.add(
                &case,
                compare::compare(&case, &serde_json::from_str(&theirs)?, &ours),
            );
        }
    }
    out.flush()?;
    if recorded.is_some() {
        write!(io::stderr(), "{tally}")?;
    }
    Ok(if tally.differences.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
