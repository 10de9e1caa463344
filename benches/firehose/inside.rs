//! The rows of the table that need to know how long single frames take, which nothing outside can see: the state and the
//! cells of the screen in this process, without a terminal.

use crate::table::{Grade, Line, ms, percentile};
use crate::{Bench, now};
use ratatui::layout::Rect;
use std::time::Duration;
use trunkline::keymap::Key;
use trunkline::mastodon::streaming;
use trunkline::model::{Connection, Event, Origin, Reach, Spec, Stream, Timestamp};
use trunkline::state::{Measured, RowKey, Settings, State};
use trunkline::ui::{self, Cards, Sheet, Theme};
use trunkline::update::{Msg, update};

/// The program without its loop.
pub(crate) struct Inside {
    pub(crate) state: State,
    measured: Measured,
    cards: Cards,
    theme: Theme,
    sheet: Sheet,
}

impl Inside {
    /// A full tab of so many rows.
    pub(crate) fn full(bench: &Bench, rows: usize) -> Self {
        let stream = Stream::Public { reach: Reach::Federated, only_media: false };
        let settings = Settings { rows, ..Settings::default() };
        let at: Timestamp = "2026-11-25T15:00:00Z".parse().unwrap();
        let theme = Theme::new(true, false, jiff::tz::TimeZone::UTC);
        let state = State::new(settings, at, vec![Spec::Stream(stream.clone())]);
        let sheet = Sheet::new(Rect::new(0, 0, 120, 36));
        let mut inside = Self { state, measured: Measured::default(), cards: Cards::default(), theme, sheet };
        let origin = Origin { account: 0, epoch: 1 };
        inside.resize(120, 36);
        inside.update(Msg::Event(origin, Event::Connection(Connection::Live)));
        for number in 0..rows as u64 * 5 / 4 {
            let text = bench.events.message(number, r#"["public"]"#);
            let event = streaming::event(&text, std::slice::from_ref(&stream)).expect("an event");
            inside.update(Msg::Event(origin, Event::Stream(event)));
        }
        inside.frame();
        inside
    }

    fn update(&mut self, msg: Msg) {
        drop(update(&mut self.state, msg, &self.measured));
    }

    fn frame(&mut self) {
        let Self { state, measured, cards, theme, sheet } = self;
        *measured = ui::view(state, theme, cards, sheet);
    }

    /// Presses a key and draws; how long that took.
    fn press(&mut self, key: &str) -> Duration {
        let began = now();
        self.update(Msg::Key(key.parse::<Key>().unwrap()));
        self.frame();
        began.elapsed()
    }

    /// Takes a new size and draws; how long that took.
    fn resize(&mut self, columns: u16, lines: u16) -> Duration {
        let began = now();
        self.update(Msg::Resized(columns, lines));
        self.sheet.resize(Rect::new(0, 0, columns, lines));
        self.frame();
        began.elapsed()
    }

    fn top(&self) -> Option<RowKey> {
        self.measured.timeline.as_ref()?.visible.first().map(|row| row.key.clone())
    }
}

/// Scrolls through a full tab and resizes over it: how long frames take, and whether the place is kept.
pub(crate) fn scroll(bench: &Bench) -> Vec<Line> {
    let (rows, rounds) = (bench.pick(5_000, 2_000), bench.pick(5, 3));
    let mut scrolls: Vec<Vec<f64>> = Vec::new();
    let mut resizes: Vec<Vec<f64>> = Vec::new();
    let mut is_kept = true;
    for _ in 0..rounds {
        let mut inside = Inside::full(bench, rows);
        let mut took: Vec<f64> = Vec::new();
        let mut keys: Vec<&str> = Vec::new();
        keys.extend(std::iter::repeat_n("j", 300));
        keys.extend(std::iter::repeat_n("pagedown", rows / 3));
        keys.extend(["g", "G"]);
        keys.extend(std::iter::repeat_n("ctrl-u", rows / 6));
        for key in keys {
            took.push(ms(inside.press(key)));
        }
        scrolls.push(took);
        let mut took = Vec::new();
        inside.resize(120, 36);
        let before = inside.top();
        for step in 0..200_u16 {
            took.push(ms(inside.resize(40 + step * 37 % 161, 12 + step * 17 % 49)));
        }
        inside.resize(120, 36);
        is_kept &= before.is_some() && inside.top() == before;
        resizes.push(took);
    }
    // The same frames come in every round: what one alone took longer was taken by others on this machine.
    let best = |rounds: &[Vec<f64>]| -> Vec<f64> {
        let least = |at: usize| rounds.iter().map(|round| round[at]).fold(f64::INFINITY, f64::min);
        (0..rounds[0].len()).map(least).collect()
    };
    let (scrolls, resizes) = (best(&scrolls), best(&resizes));
    let anchor = if is_kept { "same anchor" } else { "ANOTHER ANCHOR" };
    let grade = if is_kept { Grade::Dream } else { Grade::Neither };
    let line = |what: String, goal: &'static str, dream: &'static str, took: &[f64], limit: f64, behind: &str, grade: Grade| {
        let (most, middle) = (percentile(took, 100), percentile(took, 50));
        let measured = format!("{most:.2} ms at most, {middle:.2} ms in the middle{behind}");
        Line::new(what, goal, dream, measured, Grade::of(most, limit, limit / 2.0).and(grade))
    };
    vec![
        line(format!("a frame while scrolling through {rows} rows"), "8 ms", "4 ms", &scrolls, 8.0, "", Grade::Dream),
        line("a frame in 200 resizes over them".to_owned(), "16 ms, same anchor", "8 ms", &resizes, 16.0, &format!(", {anchor}"), grade),
    ]
}
