//! The sum of the lines `test result: …` that cargo prints for each test binary.

use std::fmt;

/// The results of all test binaries together.
#[derive(Debug, Default)]
pub struct TestResults {
    binaries: usize,
    passed: u64,
    failed: u64,
    ignored: Vec<String>,
    measured: u64,
    filtered_out: u64,
    seconds: f64,
    failures: Vec<String>,
}

impl TestResults {
    /// Takes note of a line of `cargo test`.
    pub fn line(&mut self, line: &str) {
        if let Some(result) = line.strip_prefix("test result: ") {
            self.result(result);
        } else if let Some((name, outcome)) = line
            .strip_prefix("test ")
            .and_then(|rest| rest.rsplit_once(" ... "))
        {
            self.outcome(name, outcome);
        }
    }

    /// Whether any test binary has run.
    pub fn any(&self) -> bool {
        self.binaries > 0
    }

    /// The tests that were not run, each with its reason.
    pub fn ignored(&self) -> impl Iterator<Item = &String> {
        self.ignored.iter()
    }

    fn outcome(&mut self, name: &str, outcome: &str) {
        if let Some(reason) = outcome.strip_prefix("ignored") {
            let reason = reason.strip_prefix(", ").unwrap_or("ignored");
            self.ignored.push(format!("{name}: {reason}"));
        } else if outcome == "FAILED" {
            self.failures.push(name.to_owned());
        }
    }

    /// Adds up `ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`.
    fn result(&mut self, result: &str) {
        self.binaries += 1;
        let counts = result.split_once(". ").map_or(result, |(_, counts)| counts);
        for part in counts.split("; ") {
            if let Some(seconds) = part.strip_prefix("finished in ") {
                self.seconds += seconds.trim_end_matches('s').parse().unwrap_or(0.0);
            } else if let Some((count, word)) = part.split_once(' ') {
                self.count(word, count.parse().unwrap_or(0));
            }
        }
    }

    fn count(&mut self, word: &str, count: u64) {
        match word {
            "passed" => self.passed += count,
            "failed" => self.failed += count,
            "measured" => self.measured += count,
            "filtered out" => self.filtered_out += count,
            // Those ignored are counted by name.
            _ => {}
        }
    }
}

impl fmt::Display for TestResults {
    /// In the form in which cargo prints one binary's results.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for name in &self.failures {
            writeln!(f, "test {name} ... FAILED")?;
        }
        let word = if self.failed == 0 { "ok" } else { "FAILED" };
        write!(
            f,
            "test result: {word}. {} passed; {} failed; {} ignored; {} measured; {} filtered out; finished in {:.2}s",
            self.passed,
            self.failed,
            self.ignored.len(),
            self.measured,
            self.filtered_out,
            self.seconds
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_of_all_binaries_are_added_up() {
        let mut results = TestResults::default();
        let output = "test a::b ... ok\n\
                      test a::c ... ignored, needs a server\n\
                      test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.25s\n\
                      test d ... FAILED\n\
                      test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 2 filtered out; finished in 1.50s";
        output.lines().for_each(|line| results.line(line));
        assert_eq!(
            results.ignored().collect::<Vec<_>>(),
            ["a::c: needs a server"]
        );
        assert_eq!(
            results.to_string(),
            "test d ... FAILED\n\
             test result: FAILED. 4 passed; 1 failed; 1 ignored; 0 measured; 2 filtered out; finished in 1.75s"
        );
    }
}
