//! Bars as SVG, for a README.

use std::fmt::Write as _;
use std::time::Duration;

use super::Plan;
use super::cell::{Cell, DELAY, Measured, Work};
use super::chain::Content;
use super::database::{Durability, Engine};
use crate::measure::shown;

const WIDTH: f64 = 760.0;
const BAR: f64 = 16.0;
const GAP: f64 = 5.0;
const HEADING: f64 = 30.0;
const LABEL: f64 = 190.0;
/// Room for the time at the end of the longest bar.
const TIME: f64 = 80.0;
const OURS_COLOUR: &str = "#c2410c";
const PEER_COLOUR: &str = "#64748b";
const LIMIT_COLOUR: &str = "#cbd5e1";

/// The bars of one cell, under a heading.
struct Panel<'m> {
    heading: String,
    measured: &'m Measured,
}

/// A start with nothing to do, next door and far away.
pub(super) fn startup(plan: &Plan, cells: &[Measured]) -> String {
    let wanted = [
        (Engine::Postgres, Durability::None, Duration::ZERO),
        (Engine::Postgres, Durability::None, DELAY),
        (Engine::MariaDb, Durability::None, Duration::ZERO),
        (Engine::MariaDb, Durability::None, DELAY),
        (Engine::Sqlite, Durability::Default, Duration::ZERO),
    ];
    let panels = wanted.map(|place| panel(plan, cells, place, Work::Nothing));
    draw(&panels.into_iter().flatten().collect::<Vec<_>>())
}

/// Chains of rows and of tables, on each database.
pub(super) fn revisions(plan: &Plan, cells: &[Measured]) -> String {
    let wanted = [
        (Engine::Postgres, Durability::None, Duration::ZERO),
        (Engine::MariaDb, Durability::None, Duration::ZERO),
        (Engine::Sqlite, Durability::Default, Duration::ZERO),
    ];
    let works = Content::ALL.map(Work::Apply);
    let panels = wanted
        .iter()
        .flat_map(|&place| works.map(|work| panel(plan, cells, place, work)));
    draw(&panels.flatten().collect::<Vec<_>>())
}

fn panel<'m>(
    plan: &Plan,
    cells: &'m [Measured],
    (engine, durability, delay): (Engine, Durability, Duration),
    work: Work,
) -> Option<Panel<'m>> {
    let cell = Cell {
        engine,
        durability,
        delay,
        work,
        length: plan.middle_length(),
    };
    let measured = cells.iter().find(|measured| measured.cell == cell)?;
    let heading = format!("{engine}: {cell}");
    Some(Panel { heading, measured })
}

fn draw(panels: &[Panel<'_>]) -> String {
    let height: f64 = panels.iter().map(Panel::height).sum();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    let mut top = 0.0;
    for panel in panels {
        panel.draw(&mut svg, top);
        top += panel.height();
    }
    svg.push_str("</svg>\n");
    svg
}

impl Panel<'_> {
    #[allow(clippy::cast_precision_loss, reason = "there are a dozen lines")]
    fn height(&self) -> f64 {
        HEADING + self.measured.lines.len() as f64 * (BAR + GAP) + 2.0 * GAP
    }

    /// Draws the fastest first.
    fn draw(&self, svg: &mut String, top: f64) {
        let _ = writeln!(
            svg,
            "<text x=\"10\" y=\"{}\" font-weight=\"bold\">{}</text>",
            top + HEADING - 8.0,
            self.heading
        );
        let mut lines: Vec<_> = self.measured.lines.iter().collect();
        lines.sort_by_key(|line| line.median());
        let longest = lines.last().map_or(Duration::ZERO, |line| line.median());
        let mut y = top + HEADING;
        for line in lines {
            let time = line.median();
            let width = (WIDTH - LABEL - TIME) * time.as_secs_f64() / longest.as_secs_f64();
            let colour = match (line.contender.is_ours(), line.contender.is_limit()) {
                (true, _) => OURS_COLOUR,
                (false, true) => LIMIT_COLOUR,
                (false, false) => PEER_COLOUR,
            };
            let text = y + BAR - 4.0;
            let _ = writeln!(
                svg,
                "<text x=\"{}\" y=\"{text}\" text-anchor=\"end\">{}</text><rect x=\"{LABEL}\" y=\"{y}\" \
                 width=\"{width:.1}\" height=\"{BAR}\" fill=\"{colour}\"/><text x=\"{:.1}\" y=\"{text}\">{}</text>",
                LABEL - 8.0,
                line.contender.name,
                LABEL + width + 6.0,
                shown(time)
            );
            y += BAR + GAP;
        }
    }
}
