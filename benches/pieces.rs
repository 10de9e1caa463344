//! The hot pieces alone: what an event passes through on its way to the screen, each piece by itself.
//!
//! `cargo bench --bench pieces [-- PIECE]`; times are a machine's, so compare them with others of the same hour. Under
//! `valgrind --tool=callgrind` the pieces give instruction counts, which repeat. Absent on purpose: the whole (`firehose`).
#![cfg(test)]

#[path = "firehose/events.rs"]
#[expect(dead_code, reason = "the server of the other bench needs more of it")]
mod events;

use divan::{Bencher, black_box};
use events::{Events, Kind};
use ratatui::layout::Rect;
use serde_json::{Value, json};
use std::sync::LazyLock;
use trunkline::mastodon::streaming;
use trunkline::model::{Connection, Event, Origin, Payload, Reach, Spec, Status, Stream, StreamEvent};
use trunkline::state::{Measured, Settings, State};
use trunkline::text::wrap::wrap;
use trunkline::ui::{self, Cards, Sheet, Theme};
use trunkline::update::{Msg, update};

/// Events that a sample goes through.
const SAMPLE: u64 = 512;
const ORIGIN: Origin = Origin { account: 0, epoch: 1 };
const STREAM: Stream = Stream::Public { reach: Reach::Federated, only_media: false };

static EVENTS: LazyLock<Events> = LazyLock::new(Events::new);

fn main() {
    divan::main();
}

fn messages(numbers: std::ops::Range<u64>) -> Vec<String> {
    numbers.map(|number| EVENTS.message(number, r#"["public"]"#)).collect()
}

fn decoded(numbers: std::ops::Range<u64>) -> Vec<StreamEvent> {
    messages(numbers).iter().map(|text| streaming::event(text, &[STREAM]).unwrap()).collect()
}

/// The posts of a sample, without boosts of others.
fn posts() -> Vec<Status> {
    let payloads = decoded(0..SAMPLE).into_iter().map(|event| event.payload);
    payloads.filter_map(|payload| if let Payload::Update(bundle) = payload { bundle.statuses.into_iter().next() } else { None }).collect()
}

/// A favourite of one post, each by somebody else.
fn favourite(number: u64) -> StreamEvent {
    static FIRST: LazyLock<Value> = LazyLock::new(|| {
        let notifications = (0..).filter(|number| events::kind(*number) == Kind::Notification);
        let payload = |number| {
            let message: Value = serde_json::from_str(&EVENTS.message(number, r#"["user:notification"]"#)).unwrap();
            serde_json::from_str(message["payload"].as_str().unwrap()).unwrap()
        };
        notifications.map(payload).find(|payload: &Value| payload["type"] == "favourite").unwrap()
    });
    let mut favourite = FIRST.clone();
    favourite["id"] = json!(events::id(number));
    favourite["account"]["id"] = json!(events::id(number));
    let message = json!({"stream": ["user:notification"], "event": "notification", "payload": favourite.to_string()});
    streaming::event(&message.to_string(), &[Stream::UserNotification]).unwrap()
}

/// A state with a full tab.
fn full(rows: u64) -> State {
    let settings = Settings { rows: usize::try_from(rows).unwrap(), ..Settings::default() };
    let mut state = State::new(settings, "2026-11-25T15:00:00Z".parse().unwrap(), vec![Spec::Stream(STREAM)]);
    state.size = (120, 36);
    let measured = Measured::default();
    drop(update(&mut state, Msg::Event(ORIGIN, Event::Connection(Connection::Live)), &measured));
    for event in decoded(0..rows * 5 / 4) {
        drop(update(&mut state, Msg::Event(ORIGIN, Event::Stream(event)), &measured));
    }
    state
}

/// A text message to an event of the model.
#[divan::bench]
fn decode(bencher: Bencher<'_, '_>) {
    let messages = messages(0..SAMPLE);
    let bytes: usize = messages.iter().map(String::len).sum();
    let counted = bencher.counter(divan::counter::ItemsCount::new(messages.len())).counter(divan::counter::BytesCount::new(bytes));
    counted.bench_local(|| {
        for text in &messages {
            drop(black_box(streaming::event(black_box(text), &[STREAM])));
        }
    });
}

/// A page of forty posts to a page of the model costs what forty messages cost; here the text of one post is opened.
#[divan::bench]
fn open_html(bencher: Bencher<'_, '_>) {
    let posts = posts();
    bencher.counter(divan::counter::ItemsCount::new(posts.len())).bench_local(|| {
        for post in &posts {
            drop(black_box(black_box(post).open()));
        }
    });
}

/// An opened text to lines of 66 columns.
#[divan::bench]
fn wrap_lines(bencher: Bencher<'_, '_>) {
    let texts: Vec<_> = posts().iter().map(Status::open).collect();
    bencher.counter(divan::counter::ItemsCount::new(texts.len())).bench_local(|| {
        for text in &texts {
            drop(black_box(wrap(black_box(text), 66)));
        }
    });
}

/// Events into a full tab.
#[divan::bench(args = [100, 1_000, 10_000])]
fn reduce(bencher: Bencher<'_, '_>, rows: u64) {
    let mut state = full(rows);
    let measured = Measured::default();
    let mut next = rows * 5 / 4;
    bencher
        .counter(divan::counter::ItemsCount::new(SAMPLE))
        .with_inputs(|| {
            next += SAMPLE;
            decoded(next - SAMPLE..next)
        })
        .bench_local_values(|events| {
            for event in events {
                drop(update(&mut state, Msg::Event(ORIGIN, Event::Stream(event)), &measured));
            }
        });
}

/// A frame after one new post on top.
#[divan::bench(args = [100, 1_000, 10_000])]
fn draw(bencher: Bencher<'_, '_>, rows: u64) {
    let mut state = full(rows);
    let mut cards = Cards::default();
    let theme = Theme::new(true, false, jiff::tz::TimeZone::UTC);
    let mut sheet = Sheet::new(Rect::new(0, 0, 120, 36));
    let mut measured = Measured::default();
    let mut news = (rows * 5 / 4..).filter(|number| events::kind(*number) == Kind::Update);
    bencher.bench_local(|| {
        let event = decoded(news.by_ref().take(1).next().map_or(0..0, |number| number..number + 1)).remove(0);
        drop(update(&mut state, Msg::Event(ORIGIN, Event::Stream(event)), &measured));
        measured = ui::view(&state, &theme, &mut cards, &mut sheet);
    });
}

/// A frame after one more favourite of a post that has so many.
#[divan::bench(args = [100, 1_000, 10_000])]
fn favourites(bencher: Bencher<'_, '_>, rows: u64) {
    let settings = Settings { rows: usize::try_from(rows).unwrap(), ..Settings::default() };
    let mut state = State::new(settings, "2026-11-25T15:00:00Z".parse().unwrap(), vec![Spec::Stream(Stream::UserNotification)]);
    state.size = (120, 36);
    let mut measured = Measured::default();
    drop(update(&mut state, Msg::Event(ORIGIN, Event::Connection(Connection::Live)), &measured));
    let mut favourites = (0_u64..).map(|number| Msg::Event(ORIGIN, Event::Stream(favourite(number))));
    for favourite in favourites.by_ref().take(usize::try_from(rows).unwrap()) {
        drop(update(&mut state, favourite, &measured));
    }
    let mut cards = Cards::default();
    let theme = Theme::new(true, false, jiff::tz::TimeZone::UTC);
    let mut sheet = Sheet::new(Rect::new(0, 0, 120, 36));
    bencher.bench_local(|| {
        favourites.by_ref().take(1).for_each(|favourite| drop(update(&mut state, favourite, &measured)));
        measured = ui::view(&state, &theme, &mut cards, &mut sheet);
    });
}
