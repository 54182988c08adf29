//! The progress of a run: a bar on a terminal, lines elsewhere.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anstream::AutoStream;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Ui;
use super::paint::{DIM, ID, painted, plain};
use super::width::cut;
use migrate_runtime::{Direction, Event};

/// The state of a run, and how it is shown.
pub struct Progress {
    state: Mutex<SpanState>,
}

struct SpanState {
    shown: Shown,
    running: Option<Running>,
    is_line_open: bool,
    is_waiting: bool,
}

enum Shown {
    Nothing,
    Bar(ProgressBar),
    Lines {
        stderr: AutoStream<io::Stderr>,
        verbose: bool,
    },
}

/// The revision under way.
#[derive(Clone)]
pub struct Running {
    pub revision: String,
    pub direction: Direction,
    message: String,
    number: usize,
    of: usize,
    statements: usize,
}

impl Progress {
    pub fn new(ui: &Ui) -> Arc<Self> {
        let shown = if ui.is_quiet() || ui.is_json() {
            Shown::Nothing
        } else if io::stderr().is_terminal() {
            Shown::Bar(bar())
        } else {
            let stderr = AutoStream::new(io::stderr(), ui.colour());
            Shown::Lines {
                stderr,
                verbose: ui.is_verbose(),
            }
        };
        let state = SpanState {
            shown,
            running: None,
            is_line_open: false,
            is_waiting: false,
        };
        Arc::new(Self {
            state: Mutex::new(state),
        })
    }

    /// The callback for a runner.
    pub fn callback(self: &Arc<Self>) -> impl Fn(&Event) + Send + Sync + 'static {
        let this = Arc::clone(self);
        move |event| this.lock().event(event)
    }

    /// The revision that was under way when the run ended.
    pub fn running(&self) -> Option<Running> {
        self.lock().running.clone()
    }

    /// Takes the bar away, or ends the line with a word for how the revision on it ended.
    pub fn end(&self, how: &str) {
        self.lock().end(how);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, SpanState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SpanState {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Waiting { holder, waited } => self.waiting(holder, *waited),
            Event::Adopted { tool, revisions } => {
                let plural = if *revisions == 1 { "" } else { "s" };
                self.say(&format!(
                    "taken over from {tool}: {revisions} revision{plural}"
                ));
            }
            Event::Planned { revisions } => self.planned(*revisions),
            Event::Started {
                revision,
                message,
                direction,
                number,
                of,
                statements,
            } => {
                let running = Running {
                    revision: revision.clone(),
                    direction: *direction,
                    message: message.clone(),
                    number: *number,
                    of: *of,
                    statements: *statements,
                };
                self.started(&running);
                self.running = Some(running);
            }
            Event::Statement { number, of, .. } => self.statement(*number, *of),
            Event::Finished { duration, .. } => self.finished(*duration),
            Event::Retrying {
                error, retry, of, ..
            } => {
                self.say(&format!(
                    "  retry {retry} of {of}: the last try got no lock: {error}"
                ));
            }
            Event::Fenced => self.say("another process changed the database first: planning again"),
            // The runtime may have events that are newer than these commands.
            _ => {}
        }
    }

    fn waiting(&mut self, holder: &str, waited: Duration) {
        let text = format!("waiting for {holder}");
        match &self.shown {
            Shown::Bar(bar) => set(bar, &format!("{text} ({} s)", waited.as_secs())),
            // Told at every poll; once is enough for a log.
            Shown::Lines { .. } if !self.is_waiting => self.say(&text),
            Shown::Lines { .. } | Shown::Nothing => {}
        }
        self.is_waiting = true;
    }

    fn planned(&mut self, revisions: usize) {
        self.is_waiting = false;
        if let Shown::Bar(bar) = &self.shown {
            bar.set_length(revisions as u64);
            bar.set_message("");
        }
    }

    fn started(&mut self, running: &Running) {
        let title = running.title();
        match &mut self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => set(bar, &running.title_at(&under_way(1, running.statements))),
            Shown::Lines { stderr, verbose } => {
                let end = if *verbose { "\n" } else { " ... " };
                let _ = write!(stderr, "{}{end}", painted(&title));
                let _ = stderr.flush();
                self.is_line_open = !*verbose;
            }
        }
    }

    fn statement(&mut self, number: usize, of: usize) {
        let Some(running) = &self.running else { return };
        match &mut self.shown {
            Shown::Nothing => {}
            // The next one is under way now.
            Shown::Bar(bar) => set(bar, &running.title_at(&under_way(number + 1, of))),
            Shown::Lines { stderr, verbose } => {
                if *verbose {
                    let _ = writeln!(stderr, "  statement {number} of {of}");
                }
            }
        }
    }

    fn finished(&mut self, duration: Duration) {
        let Some(running) = self.running.take() else {
            return;
        };
        let done = done(running.statements, duration);
        match &mut self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => {
                let room = columns().saturating_sub(done.len() + 2);
                let title = cut(&running.title(), room);
                bar.println(painted(&format!("{title}  {DIM}{done}{DIM:#}")));
                bar.inc(1);
            }
            Shown::Lines { stderr, verbose } => {
                let indent = if *verbose { "  " } else { "" };
                let _ = writeln!(stderr, "{indent}{done}");
                self.is_line_open = false;
            }
        }
    }

    fn say(&mut self, text: &str) {
        self.close_line("");
        match &mut self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => bar.println(painted(text)),
            Shown::Lines { stderr, .. } => {
                let _ = writeln!(stderr, "{}", painted(text));
            }
        }
    }

    fn end(&mut self, how: &str) {
        self.close_line(how);
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }

    fn close_line(&mut self, how: &str) {
        if let Shown::Lines { stderr, .. } = &mut self.shown
            && self.is_line_open
        {
            let _ = writeln!(stderr, "{how}");
            self.is_line_open = false;
        }
    }
}

impl Running {
    /// `[ 3/12] upgrade ae1027a6acf4  Create teams`
    fn title(&self) -> String {
        self.title_at("")
    }

    /// The same with the place in the revision in front of its message.
    fn title_at(&self, place: &str) -> String {
        let Self {
            revision,
            direction,
            message,
            number,
            of,
            ..
        } = self;
        let width = of.to_string().len();
        format!(
            "{DIM}[{number:>width$}/{of}]{DIM:#} {direction} {ID}{revision}{ID:#}{place}  {message}"
        )
    }
}

/// `  statement 2 of 3`, for all but the only one.
fn under_way(number: usize, of: usize) -> String {
    if of < 2 {
        return String::new();
    }
    format!("  statement {} of {of}", number.min(of))
}

/// `2 statements, 4 ms`
fn done(statements: usize, duration: Duration) -> String {
    let mut text = String::new();
    match statements {
        // A Rust revision runs as many as it likes.
        0 => {}
        1 => text.push_str("1 statement, "),
        many => {
            let _ = write!(text, "{many} statements, ");
        }
    }
    text + &time(duration)
}

/// `4 ms`, `1.2 s`, `3 min 5 s`.
pub fn time(duration: Duration) -> String {
    match duration.as_millis() {
        millis @ ..1000 => format!("{millis} ms"),
        1000..60_000 => format!("{:.1} s", duration.as_secs_f64()),
        _ => format!(
            "{} min {} s",
            duration.as_secs() / 60,
            duration.as_secs() % 60
        ),
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    let style =
        ProgressStyle::with_template("{spinner} {bar:20} {msg}").expect("the template is sound");
    bar.set_style(style);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// Shows what goes on, with some room left for what the terminal adds: `^C` on a full line would break it in two.
fn set(bar: &ProgressBar, text: &str) {
    let room = columns().saturating_sub("⠴ ████████████████████ ^C ".chars().count());
    bar.set_message(cut(&plain(text), room));
}

fn columns() -> usize {
    terminal_size::terminal_size_of(io::stderr()).map_or(80, |(width, _)| usize::from(width.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_as_exact_as_people_want_it() {
        for (millis, text) in [
            (0, "0 ms"),
            (999, "999 ms"),
            (1000, "1.0 s"),
            (59_999, "60.0 s"),
            (185_000, "3 min 5 s"),
        ] {
            assert_eq!(time(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn numbers_stand_below_each_other() {
        let running = Running {
            revision: "a1".to_owned(),
            direction: Direction::Upgrade,
            message: "Create users".to_owned(),
            number: 3,
            of: 12,
            statements: 1,
        };
        assert_eq!(plain(&running.title()), "[ 3/12] upgrade a1  Create users");
    }
}
