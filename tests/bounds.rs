//! What is held stays as it is, however much has come.
//!
//! The real `update` takes generated events (those of the firehose bench) far beyond the limit of rows while the real screen is
//! drawn now and then, and the whole state is weighed by its dump in letters: whatever collection grows with what has passed
//! shows in it, also one that is added later. Absent on purpose: what the allocator makes of it, which
//! `cargo bench --bench firehose -- memory` looks at.
#![cfg(test)]

#[path = "../benches/firehose/events.rs"]
#[expect(dead_code, reason = "the bench needs more of it")]
mod events;

use events::Events;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use ratatui::layout::Rect;
use trunkline::mastodon::streaming;
use trunkline::model::{Connection, Event, Origin, Stream, Timestamp};
use trunkline::state::{Measured, Settings, State};
use trunkline::ui::{Cards, Sheet, Theme, view};
use trunkline::update::{Msg, update};

/// The limit of rows: small, so that little has to come to be far beyond it, and large enough for what is remembered beside them up to a
/// limit of its own (edits of posts that are not held) to be little.
const ROWS: usize = 150;
/// The tabs, with the values of the `stream` keys of their events.
const TABS: [(&str, &str); 4] = [
    ("home", r#"["user"]"#),
    ("notifications", r#"["user:notification"]"#),
    ("local", r#"["public:local"]"#),
    ("federated", r#"["public"]"#),
];
/// Events between two looks.
const STRIDE: u64 = 250;

/// A screen that is fed.
struct Fed {
    state: State,
    measured: Measured,
    theme: Theme,
    cards: Cards,
    events: Events,
    keys: Vec<String>,
    streams: Vec<Stream>,
    sent: u64,
}

impl Fed {
    fn new() -> Self {
        let now = Timestamp::from_second(1_795_000_000).unwrap();
        let specs = TABS.map(|(spec, _)| spec.parse().unwrap());
        let mut state = State::new(Settings { rows: ROWS, ..Settings::default() }, now, specs.into());
        state.size = (120, 36);
        let streams = state.subscriptions();
        assert_eq!(streams.len(), TABS.len());
        let mut fed = Self {
            state,
            measured: Measured::default(),
            theme: Theme::new(true, false, TimeZone::UTC),
            cards: Cards::new(),
            events: Events::new(),
            keys: TABS.iter().map(|(_, key)| (*key).to_owned()).collect(),
            streams,
            sent: 0,
        };
        fed.tell(Event::Connection(Connection::Live));
        fed
    }

    fn tell(&mut self, event: Event) {
        drop(update(&mut self.state, Msg::Event(Origin::default(), event), &self.measured));
    }

    /// Has events come up to a number; gives back the most that was held at a look, in letters of a dump.
    fn feed(&mut self, to: u64) -> usize {
        let mut most = 0;
        while self.sent < to {
            let key = events::stream_of(self.sent, &self.keys).to_owned();
            let stream = self.streams[self.keys.iter().position(|known| *known == key).unwrap()].clone();
            let event = streaming::event(&self.events.message(self.sent, &key), &[stream]).unwrap();
            self.tell(Event::Stream(event));
            self.sent += 1;
            if self.sent.is_multiple_of(STRIDE) {
                let now = self.state.now + SignedDuration::from_secs(5);
                drop(update(&mut self.state, Msg::Tick(now), &self.measured));
                let (state, theme, cards, measured) = (&self.state, &self.theme, &mut self.cards, &mut self.measured);
                *measured = view(state, theme, cards, &mut Sheet::new(Rect::new(0, 0, 120, 36)));
                most = most.max(format!("{:?}{:?}", self.state, self.measured).len());
            }
        }
        most
    }
}

#[test]
fn what_is_held_does_not_grow_with_what_has_passed() {
    let mut fed = Fed::new();
    // By then every tab has come to its limit, notifications last: they are 3 % of all that comes.
    fed.feed(6_000);
    let before = fed.feed(9_000);
    let sizes = fed.state.store.sizes();
    let after = fed.feed(17_000);
    let rows: Vec<usize> = fed.state.timelines.values().map(|timeline| timeline.rows().len()).collect();
    assert!(rows.iter().all(|count| (ROWS..=ROWS + ROWS / 4).contains(count)), "{rows:?} rows where {ROWS} are the limit");
    assert!(
        after <= before + before / 20,
        "{before} letters were held after 9,000 events and {after} after 17,000; statuses, accounts and notifications then {sizes:?} and now {:?}",
        fed.state.store.sizes()
    );
    assert!(fed.cards.len() < 500, "{} cards are held", fed.cards.len());
}
