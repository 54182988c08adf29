//! Medians of alternating runs, and the table of results.

use std::fmt::Display;
use std::time::{Duration, Instant};

use crate::Result;

/// A line of the results.
pub(crate) struct Row {
    what: String,
    ours: String,
    peer: String,
    ratio: String,
    goal: String,
    met: bool,
}

impl Row {
    /// Two times side by side; the goal is the highest ratio of ours to the peer's.
    pub(crate) fn ratio(
        what: impl Display,
        (ours, peer): (Duration, Duration),
        peer_name: &str,
        goal: f64,
    ) -> Self {
        let ratio = ours.as_secs_f64() / peer.as_secs_f64();
        Self {
            what: what.to_string(),
            ours: shown(ours),
            peer: format!("{} ({peer_name})", shown(peer)),
            ratio: format!("{ratio:.3}"),
            goal: format!("≤ {goal}"),
            met: ratio <= goal,
        }
    }

    /// A ratio that was measured already, with the medians that belong to it.
    #[cfg(feature = "servers")]
    pub(crate) fn measured(
        what: impl Display,
        (ours, peer): (Duration, Duration),
        ratio: f64,
        peer_name: &str,
        goal: f64,
    ) -> Self {
        Self {
            ratio: format!("{ratio:.2}"),
            met: ratio <= goal,
            ..Self::ratio(what, (ours, peer), peer_name, goal)
        }
    }

    /// A time that is compared with nothing.
    pub(crate) fn time(what: impl Display, ours: Duration, goal: Duration) -> Self {
        let (ours_shown, goal_shown) = (shown(ours), format!("< {}", shown(goal)));
        Self::alone(what, ours_shown, goal_shown, ours < goal)
    }

    /// Anything else that is compared with nothing.
    pub(crate) fn alone(what: impl Display, ours: String, goal: String, met: bool) -> Self {
        Self {
            what: what.to_string(),
            ours,
            peer: String::new(),
            ratio: String::new(),
            goal,
            met,
        }
    }
}

impl Row {
    /// The subject of the row, if its goal was missed.
    #[cfg(feature = "servers")]
    pub(crate) fn missed(&self) -> Option<&str> {
        (!self.goal.is_empty() && !self.met).then_some(&self.what)
    }

    /// As a line of a table, under [`HEADER`].
    pub(crate) fn cells(&self) -> [String; 6] {
        let verdict = match (self.goal.is_empty(), self.met) {
            (true, _) => "",
            (false, true) => "met",
            (false, false) => "MISSED",
        };
        let cells = [&self.what, &self.ours, &self.peer, &self.ratio, &self.goal];
        let [what, ours, peer, ratio, goal] = cells.map(Clone::clone);
        [what, ours, peer, ratio, goal, verdict.to_owned()]
    }
}

pub(crate) const HEADER: [&str; 6] = ["", "ours", "peer", "ratio", "goal", ""];

/// The medians of two things that are run in turn, so that what else the machine does hits both.
pub(crate) fn side_by_side(
    runs: usize,
    mut ours: impl FnMut() -> Result<Duration>,
    mut peer: impl FnMut() -> Result<Duration>,
) -> Result<(Duration, Duration)> {
    let mut times = (Vec::new(), Vec::new());
    for _ in 0..runs {
        times.0.push(ours()?);
        times.1.push(peer()?);
    }
    Ok((median(times.0), median(times.1)))
}

pub(crate) fn timed<T>(run: impl FnOnce() -> Result<T>) -> Result<(T, Duration)> {
    let start = Instant::now();
    let value = run()?;
    Ok((value, start.elapsed()))
}

pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The median of the ratios of what was measured in pairs: one slow moment of the machine hits both of a pair.
#[cfg(feature = "servers")]
pub(crate) fn median_ratio(ours: &[Duration], peer: &[Duration]) -> f64 {
    let ratio = |(ours, peer): (&Duration, &Duration)| ours.as_secs_f64() / peer.as_secs_f64();
    let mut ratios: Vec<f64> = ours.iter().zip(peer).map(ratio).collect();
    ratios.sort_unstable_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

pub(crate) fn print(rows: &[Row]) {
    let mut lines = vec![HEADER.map(str::to_owned)];
    lines.extend(rows.iter().map(Row::cells));
    let width = |n: usize| {
        lines
            .iter()
            .map(|line| line[n].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..6).map(width).collect();
    for line in &lines {
        let cells: Vec<String> = line
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        println!("{}", cells.join("  ").trim_end());
    }
}

pub(crate) fn shown(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{:.1} ms", time.as_secs_f64() * 1e3)
    } else {
        format!("{:.2} s", time.as_secs_f64())
    }
}
