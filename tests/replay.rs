//! Recorded input of real servers, played over a real socket into the real trunk, reducer and screen.
//!
//! For each transcript the test works out by itself, from the raw JSON and in the simplest possible way, which posts,
//! versions and notifications must be there at the end, and compares.
#![cfg(test)]

#[path = "common/transcripts.rs"]
mod transcripts;

use ratatui::layout::Rect;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use transcripts::transcripts;
use trunkline::demo::{Options, Server, Story};
use trunkline::mastodon::streaming::{Settings as TrunkSettings, Wanted, connect};
use trunkline::mastodon::{Access, Client, Token};
use trunkline::model::{Event, QuoteState, Stream, Timestamp};
use trunkline::state::{Measured, Row, Settings, State};
use trunkline::text::Html;
use trunkline::ui::{Cards, Sheet, Theme, view};
use trunkline::update::{Msg, update};

/// How long anything may take before the test says what it saw.
const PATIENCE: Duration = Duration::from_secs(30);

/// The event that says that a transcript is over.
const END: &str = "replay.end";

/// An id with its length before it, so that it sorts as ids do.
type Id = (usize, String);

#[derive(Debug, Default)]
struct Expected {
    rows: BTreeMap<Stream, BTreeSet<Id>>,
    boosts: BTreeMap<Id, Id>,
    words: BTreeMap<Id, (Option<Timestamp>, String)>,
    deleted: BTreeSet<Id>,
    notifications: BTreeSet<Id>,
    conversations: BTreeMap<String, Option<Id>>,
}

impl Expected {
    fn take(&mut self, frame: &str) {
        let Ok(frame) = serde_json::from_str::<Value>(frame) else { return };
        let stream = named(&frame["stream"]);
        let Some(payload) = frame["payload"].as_str() else { return };
        let entity: Value = serde_json::from_str(payload).unwrap_or_default();
        match frame["event"].as_str() {
            Some("update") => {
                self.copy(&entity);
                let row = id(&entity["id"]);
                if entity["reblog"].is_object() {
                    self.boosts.insert(row.clone(), id(&entity["reblog"]["id"]));
                }
                if let Some(stream) = stream {
                    self.rows.entry(stream).or_default().insert(row);
                }
            }
            Some("status.update") => self.copy(&entity),
            Some("delete") => drop(self.deleted.insert((payload.len(), payload.to_owned()))),
            Some("notification") => {
                self.copy(&entity["status"]);
                self.notifications.insert(id(&entity["id"]));
            }
            Some("conversation") => {
                self.copy(&entity["last_status"]);
                let last = entity["last_status"].is_object().then(|| id(&entity["last_status"]["id"]));
                self.conversations.insert(entity["id"].as_str().unwrap().to_owned(), last);
            }
            _ => {}
        }
    }

    /// Of several copies the one with the latest `edited_at` counts, of equal ones the last.
    fn copy(&mut self, status: &Value) {
        if !status.is_object() {
            return;
        }
        self.copy(&status["reblog"]);
        self.copy(&status["quote"]["quoted_status"]);
        let edited: Option<Timestamp> = status["edited_at"].as_str().and_then(|text| text.parse().ok());
        let content = status["content"].as_str().unwrap_or_default().to_owned();
        let held = self.words.entry(id(&status["id"])).or_insert((None, String::new()));
        if edited >= held.0 {
            *held = (edited, content);
        }
    }

    fn is_gone(&self, id: &Id) -> bool {
        self.deleted.contains(id) || self.boosts.get(id).is_some_and(|inner| self.deleted.contains(inner))
    }
}

fn id(value: &Value) -> Id {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    (text.len(), text)
}

fn named(stream: &Value) -> Option<Stream> {
    let parts: Vec<String> = stream.as_array()?.iter().map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned)).collect();
    match parts.as_slice() {
        [one] => match one.split_once("list:") {
            Some((_, list)) => Stream::from_wire("list", Some(list)),
            None => Stream::from_wire(one, None),
        },
        [name, parameter] => Stream::from_wire(name, Some(parameter)),
        _ => None,
    }
}

/// The text messages that the server sent in a transcript.
fn frames(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|row| row["dir"] == "s2c" && row["kind"] == "text")
        .map(|row| row["data"].as_str().unwrap().to_owned())
        .collect()
}

fn now() -> Timestamp {
    Timestamp::from_second(1_795_000_000).unwrap()
}

/// Plays frames over a real socket into a state with a tab for each stream that they name.
async fn play(name: &str, frames: &[String], streams: &BTreeSet<Stream>) -> State {
    let shutdown = CancellationToken::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server::start(listener, Options { story: Story::Empty, ..Options::default() }, shutdown.clone()).await.unwrap();
    let control = server.control();
    let client = Client::new(Access::new(server.url(), Token::new("token").unwrap()).unwrap()).unwrap();
    let mut state = State::new(Settings::default(), now(), Vec::new());
    for stream in streams {
        state.open(stream.clone());
    }
    let (_wanted, wants) = watch::channel(Wanted { streams: state.subscriptions(), retry: 0, woke: 0 });
    let (mut events, task) = connect(client, TrunkSettings::default(), wants, shutdown.clone());
    let mut seen = Vec::new();
    let mut played = false;
    let ended = async {
        while let Some((origin, event)) = events.recv().await {
            seen.push(format!("{event:?}").chars().take(120).collect::<String>());
            let live = matches!(&event, Event::Connection(trunkline::model::Connection::Live));
            let over = matches!(&event, Event::Stream(event) if event.name.as_str() == END);
            update(&mut state, Msg::Event(origin, event), &Measured::default());
            state.check().unwrap_or_else(|broken| panic!("{name}: {broken}"));
            if over {
                return;
            }
            if live && !played {
                played = true;
                for frame in frames {
                    control.raw(frame).await;
                }
                control.raw(&format!(r#"{{"stream":["user"],"event":"{END}","payload":"1"}}"#)).await;
            }
        }
        panic!("{name}: the trunk ended");
    };
    let outcome = tokio::time::timeout(PATIENCE, ended).await;
    assert!(outcome.is_ok(), "{name} did not end; seen: {seen:#?}");
    shutdown.cancel();
    task.await.unwrap();
    state
}

fn check(name: &str, expected: &Expected, state: &State) -> usize {
    let mut compared = 0;
    for (stream, ids) in &expected.rows {
        let shown: Vec<String> = state.timelines[stream].rows().iter().map(|row| row.place_id().to_owned()).collect();
        let wanted: Vec<String> = ids.iter().rev().filter(|id| !expected.is_gone(id)).map(|id| id.1.clone()).collect();
        if matches!(stream, Stream::UserNotification | Stream::Direct) {
            continue;
        }
        assert_eq!(shown, wanted, "{name}: {stream:?}");
        for row in state.timelines[stream].rows() {
            let Row::Status(status) = row else { panic!("{name}: {row:?}") };
            let outer = id(&Value::from(status.as_str()));
            let inner = expected.boosts.get(&outer).unwrap_or(&outer);
            let shown = state.store.shown(status).unwrap().rich().text();
            let entity = state.store.shown(status).unwrap().status();
            let content = Html::new(&expected.words[inner].1);
            let is_shown = entity.quote.as_ref().is_some_and(|quote| quote.state == QuoteState::Accepted && quote.status.is_some());
            let content = if is_shown { content.beside_its_quote() } else { content };
            let wanted = trunkline::model::Status { content, ..entity.clone() }.open().text();
            assert_eq!(shown, wanted, "{name}: {stream:?} {status}");
            compared += 1;
        }
    }
    for gone in &expected.deleted {
        let gone = trunkline::model::StatusId::new(&gone.1).unwrap();
        assert!(state.store.status(&gone).is_none(), "{name}: {gone} was deleted and is held");
    }
    let notifications: BTreeSet<Id> =
        state.timelines[&Stream::UserNotification].rows().iter().map(|row| id(&Value::from(row.place_id()))).collect();
    assert_eq!(notifications, expected.notifications, "{name}");
    let conversations: BTreeMap<String, Option<Id>> = state.timelines[&Stream::Direct]
        .rows()
        .iter()
        .map(|row| {
            let Row::Conversation(conversation, last) = row else { panic!("{name}: {row:?}") };
            (conversation.to_string(), last.as_ref().map(|last| id(&Value::from(last.as_str()))))
        })
        .collect();
    assert_eq!(conversations, expected.conversations, "{name}");
    compared + notifications.len() + conversations.len()
}

/// Walks down every tab and checks that the words of each post that is not folded were on screen.
fn look(name: &str, state: &mut State) {
    let theme = Theme::new(true, false, jiff::tz::TimeZone::UTC);
    let mut cards = Cards::new();
    let mut measured = Measured::default();
    update(state, Msg::Resized(80, 30), &measured);
    let streams = state.subscriptions();
    for stream in streams {
        state.tabs.go_to(&stream.clone().into());
        let mut screens = String::new();
        let steps = state.timelines[&stream].rows().len().min(150);
        update(state, Msg::Key("g".parse().unwrap()), &measured);
        for _ in 0..=steps {
            let mut sheet = Sheet::new(Rect::new(0, 0, 80, 30));
            measured = view(state, &theme, &mut cards, &mut sheet);
            screens.extend(sheet.cells().content().iter().map(ratatui::buffer::Cell::symbol).filter(|symbol| *symbol != " "));
            screens.push('\n');
            update(state, Msg::Key("j".parse().unwrap()), &measured);
        }
        for row in state.timelines[&stream].rows().iter().take(steps) {
            let Row::Status(status) = row else { continue };
            if state.shown(&trunkline::model::Sources::from(stream.clone()), status) != trunkline::state::Shown::Open {
                continue;
            }
            let words = state.store.shown(status).unwrap().rich().text();
            let start: String = words.lines().next().unwrap_or_default().chars().filter(|ch| !ch.is_whitespace()).take(12).collect();
            assert!(screens.contains(&start), "{name}: {stream:?} {status}: {start:?} was never on screen");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_transcript_ends_as_its_server_meant() {
    let mut compared = 0;
    let mut played = 0;
    for path in transcripts() {
        let name = path.display().to_string();
        let frames = frames(&path);
        if frames.is_empty() {
            continue;
        }
        let mut expected = Expected::default();
        for frame in &frames {
            expected.take(frame);
        }
        let mut streams: BTreeSet<Stream> = frames
            .iter()
            .filter_map(|frame| serde_json::from_str::<Value>(frame).ok())
            .filter_map(|frame| named(&frame["stream"]))
            .collect();
        streams.extend([Stream::User, Stream::UserNotification, Stream::Direct]);
        let mut state = play(&name, &frames, &streams).await;
        compared += check(&name, &expected, &state);
        look(&name, &mut state);
        played += 1;
    }
    assert!(played > 60 && compared > 500, "only {played} transcripts with {compared} rows were found");
}
