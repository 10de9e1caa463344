//! The trunk: one background task that keeps every wanted stream flowing, over one socket wherever that works.
//!
//! [`connect`] starts it and gives back [`Events`], the receiving end. What is wanted arrives as a [`Wanted`] on a `watch`
//! channel; the task brings its links in line with it, reconnects and moves on the ladder of transports as `session`
//! decides, and reads on whatever the app does, though no faster than an app that takes. Absent on purpose: what the app
//! makes of an event, loading pages over REST, and the screen.

mod brake;
mod connection;
pub(crate) mod frame;
mod outbox;
mod session;
mod sse;

use crate::mastodon::rest::Client;
use crate::model::{Event, Origin, Stream, StreamEvent};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How the trunk works for one account.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which account of this run; goes into every [`Origin`].
    pub account: u16,
    /// Whether events keep their payload's exact text.
    pub keep_raw: bool,
    /// Events that may wait to be taken; over it the oldest updates are shed, and long before reading waits for the app.
    pub outbox_events: usize,
    /// The same in bytes of the messages that they were made from.
    pub outbox_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { account: 0, keep_raw: false, outbox_events: 131_072, outbox_bytes: 64 * 1024 * 1024 }
    }
}

/// What the app wants of the trunk. The trunk compares it with what it last saw; equal values change nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The streams, in the order in which they are asked for. Equal ones count once, under the first spelling.
    pub streams: Vec<Stream>,
    /// Counts up when the reader asks to try again now: one attempt at once; on a live connection, refused streams are
    /// asked for again.
    pub retry: u64,
    /// Counts up when the clock jumped or the process was stopped: the socket is dropped and one reconnect made at once.
    pub woke: u64,
}

/// Reads a text message of a streaming server as the trunk does, for what measures or checks that; `None` where it is no
/// event. It counts for `streams`, whatever it names.
pub fn event(text: &str, streams: &[Stream]) -> Option<StreamEvent> {
    match frame::decode(text, false) {
        frame::Message::Event(frame::Decoded { named, name, payload, raw, .. }) => {
            Some(StreamEvent { streams: streams.to_vec(), named, name, payload, raw })
        }
        frame::Message::Error { .. } | frame::Message::Nothing | frame::Message::Malformed(_) => None,
    }
}

/// Starts the trunk on the current runtime. It ends within a second of `shutdown`; closing `wanted` means nothing. The handle
/// reports a panic of the task, after which nothing is delivered any more.
pub fn connect(
    client: Client,
    settings: Settings,
    wanted: watch::Receiver<Wanted>,
    shutdown: CancellationToken,
) -> (Events, JoinHandle<()>) {
    let (outbox, inbox) = outbox::outbox(settings.outbox_events, settings.outbox_bytes);
    let task = tokio::spawn(connection::run(client, settings, wanted, shutdown, outbox));
    (Events(inbox), task)
}

/// What the trunk has to tell, in order. Dropping it does not end the trunk; `shutdown` does.
#[derive(Debug)]
pub struct Events(outbox::Inbox);

impl Events {
    /// Waits for the next event; `None` once the trunk has ended and everything was taken. May be cancelled at any time.
    pub async fn recv(&mut self) -> Option<(Origin, Event)> {
        self.0.recv().await
    }

    /// Takes the next event if there is one.
    pub fn try_recv(&mut self) -> Option<(Origin, Event)> {
        self.0.try_recv()
    }
}
