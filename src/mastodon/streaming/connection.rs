//! The task that carries out what the session decides: the only part of the trunk that waits, and the only one with a clock.
//!
//! It reads every open link, each in its turn: delivering never waits, pongs leave with the next poll, and what is to be sent
//! lies in a short queue beside its socket until the server takes it. Only where more comes than an app takes that does take
//! is it read no faster than that (`brake`). Attempts are tasks of its own set, so that nothing outlives it. Absent on purpose: policy of any kind; if something here could be decided in two ways, it belongs
//! to `session`.

use super::brake::Brake;
use super::outbox::Outbox;
use super::session::{Action, By, Input, Link, Session, Verdict};
use super::{Settings, Wanted, frame, sse};
use crate::mastodon::door::{Door, Refusal, RefusalKind};
use crate::mastodon::rest::Client;
use crate::mastodon::tap::LinkTap;
use crate::model::{Connection, Event, Failure, FailureKind, Origin, Payload, Server, Stream, StreamEvent, Timestamp};
use crate::recording::Direction;
use crate::text::Plain;
use futures_util::{Sink as _, Stream as _, StreamExt as _};
use reqwest::Response;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};
use url::Url;

/// The largest message and frame that is taken, in bytes.
const LARGEST_MESSAGE: usize = 4 * 1024 * 1024;
/// Bytes read from a socket at once: all of them are emptied before each reading, also where one event comes.
const READ_BUFFER: usize = 32 * 1024;
/// What may wait to be written, in bytes; more means that the server does not read.
const WRITE_BUFFER: usize = 256 * 1024;
/// Messages that may wait before they get that far.
const OUTGOING: usize = 4_096;
/// Kinds of odd messages that are logged.
const ODDITIES: usize = 32;
/// Messages that are taken in before whatever else waits has its turn, where so many lie here.
const PIECE: usize = 31;
/// The same in bytes.
const PIECE_BYTES: u64 = 256 * 1024;
/// How often the app is told what has gone over the links.
const TALLY: Duration = Duration::from_secs(5);
/// How long a closing handshake may take.
const FAREWELL: Duration = Duration::from_millis(800);

/// What is read of a body at once; nothing at its end.
type Piece = reqwest::Result<Option<Bytes>>;
type Socket = WebSocketStream<Counted<reqwest::Upgraded>>;

/// Keeps the streams of one account flowing until `shutdown`.
pub(crate) async fn run(
    client: Client,
    settings: Settings,
    mut wanted: watch::Receiver<Wanted>,
    shutdown: CancellationToken,
    outbox: Outbox,
) {
    let mut task = Task {
        client,
        settings,
        outbox,
        session: Session::new(),
        start: Instant::now(),
        clocks: (now(), Instant::now()),
        woke: 0,
        samples: Samples::new(),
        streaming: None,
        attempts: JoinSet::new(),
        aborts: Vec::new(),
        farewells: JoinSet::new(),
        links: Links::default(),
        traffic: Traffic::default(),
        brake: Brake::default(),
        wake: None,
        actions: Vec::new(),
        oddities: Oddities::default(),
    };
    let first = wanted.borrow_and_update().clone();
    task.want(first);
    let mut listening = true;
    loop {
        match task.next(&shutdown, &mut wanted, listening).await {
            Next::Shutdown => break,
            Next::Wanted(true) => {
                let now = wanted.borrow_and_update().clone();
                task.want(now);
            }
            Next::Wanted(false) => listening = false,
            Next::Done(Ok((link, outcome))) => task.done(link, outcome),
            // A panic is the whole program's business; an abort was ours.
            Next::Done(Err(error)) => {
                if let Ok(panic) = error.try_into_panic() {
                    std::panic::resume_unwind(panic)
                }
            }
            Next::Farewell | Next::Room => {}
            Next::Heard(link, heard) => {
                task.heard(link, heard);
                task.go_on().await;
            }
            Next::Time => task.timer(),
        }
    }
    task.end().await;
}

struct Task {
    client: Client,
    settings: Settings,
    outbox: Outbox,
    session: Session,
    start: Instant,
    /// The wall's clock and ours when something was last wanted; ours stands still while the machine sleeps.
    clocks: (Timestamp, Instant),
    woke: u64,
    samples: Samples,
    /// Where the streams are, as the server last said.
    streaming: Option<Url>,
    attempts: JoinSet<(Link, Outcome)>,
    aborts: Vec<(Link, AbortHandle)>,
    farewells: JoinSet<()>,
    links: Links,
    traffic: Traffic,
    brake: Brake,
    wake: Option<Instant>,
    actions: Vec<Action>,
    oddities: Oddities,
}

/// What a wait ended with.
enum Next {
    Shutdown,
    /// Whether something is wanted anew, or nobody will want anything any more.
    Wanted(bool),
    Done(Result<(Link, Outcome), JoinError>),
    Farewell,
    Heard(Link, Heard),
    /// The app has caught up, or has to be waited for no longer.
    Room,
    Time,
}

/// What an attempt came to.
enum Outcome {
    Discovered(Result<(Server, Url), Failure>),
    Linked(Result<(Wire, Url), Refusal>),
    Verified(Verdict),
}

impl Task {
    /// Waits for what is to be done next. Whoever waits for events is woken where nothing is left to do here: a burst costs
    /// them one waking and not one an event.
    async fn next(&mut self, shutdown: &CancellationToken, wanted: &mut watch::Receiver<Wanted>, listening: bool) -> Next {
        let hold = self.outbox.load().and_then(|load| self.brake.step(self.start.elapsed(), load)).map(|until| self.start + until);
        let Self { attempts, farewells, links, outbox, wake, start, .. } = self;
        let room = outbox.room();
        let next = async {
            tokio::select! {
                () = shutdown.cancelled() => Next::Shutdown,
                changed = wanted.changed(), if listening => Next::Wanted(changed.is_ok()),
                Some(done) = attempts.join_next() => Next::Done(done),
                Some(_) = farewells.join_next() => Next::Farewell,
                (link, heard) = links.hear(hold.is_some()), if !links.open.is_empty() => Next::Heard(link, heard),
                () = async { tokio::select! { () = room => {}, () = sleep_until(hold.unwrap_or(*start)) => {} } }, if hold.is_some() => Next::Room,
                () = sleep_until(wake.unwrap_or(*start)), if wake.is_some() => Next::Time,
            }
        };
        let mut next = std::pin::pin!(next);
        poll_fn(|context| {
            let polled = next.as_mut().poll(context);
            if polled.is_pending() {
                outbox.tell();
            }
            polled
        })
        .await
    }

    /// Takes in what lies here behind a message, a piece at a time: a burst then waits for nothing else in between.
    ///
    /// A message is a part of the buffer that it was read into (tungstenite), so each is let go of before more is read: a buffer of which
    /// something is still held is left behind for another one.
    async fn go_on(&mut self) {
        let (mut taken, until) = (0, self.traffic.received + PIECE_BYTES);
        let is_full = loop {
            if taken >= PIECE || self.traffic.received >= until {
                break true;
            }
            if self.outbox.load().is_some() {
                break false;
            }
            let heard = poll_fn(|context| Poll::Ready(self.links.poll(false, context))).await;
            let Poll::Ready((link, heard)) = heard else { break false };
            self.heard(link, heard);
            taken += 1;
        };
        // A burst lies in our own buffers, where the runtime does not see that a task never pauses.
        if is_full { tokio::task::yield_now().await } else { tokio::task::consume_budget().await }
    }

    fn want(&mut self, wanted: Wanted) {
        let clocks = (now(), Instant::now());
        let wall = Duration::try_from(clocks.0.duration_since(self.clocks.0)).unwrap_or_default();
        let slept = wall.saturating_sub(clocks.1.duration_since(self.clocks.1));
        self.clocks = clocks;
        let woke = wanted.woke > std::mem::replace(&mut self.woke, wanted.woke);
        if woke && slept > Duration::ZERO {
            self.step(Input::Slept(slept), 0);
        }
        self.step(Input::Wanted(wanted), 0);
    }

    /// Gives the session an input made from `bytes` bytes of message and carries out what it wants.
    fn step(&mut self, input: Input, bytes: usize) {
        let mut actions = std::mem::take(&mut self.actions);
        self.session.step(self.start.elapsed(), self.samples.next(), input, &mut actions);
        for action in actions.drain(..) {
            self.carry_out(action, bytes);
        }
        self.actions = actions;
        if self.traffic.is_due(self.start.elapsed()) {
            self.tally();
        }
    }

    /// Tells the app what has gone over the links.
    fn tally(&mut self) {
        let Traffic { received, sent, .. } = self.traffic;
        self.traffic.told = (received, sent);
        self.traffic.told_at = self.start.elapsed();
        let origin = Origin { account: self.settings.account, epoch: self.session.epoch() };
        self.outbox.push(origin, Event::Traffic { received, sent }, 0);
    }

    fn begin(&mut self, link: Link, attempt: impl Future<Output = (Link, Outcome)> + Send + 'static) {
        self.aborts.retain(|(_, handle)| !handle.is_finished());
        let handle = self.attempts.spawn(attempt);
        self.aborts.push((link, handle));
    }

    fn carry_out(&mut self, action: Action, bytes: usize) {
        match action {
            Action::Deliver { epoch, event } => {
                log(&event, &mut self.oddities);
                let is_measured = matches!(event, Event::Ping(_));
                self.outbox.push(Origin { account: self.settings.account, epoch }, event, bytes);
                if is_measured {
                    self.tally();
                }
            }
            Action::WakeAt(at) => self.wake = Some(self.start + at),
            Action::Send { link, text } => self.send(link, Message::text(text)),
            Action::Ping { link, number } => self.send(link, Message::Ping(number.to_string().into())),
            Action::Discover { link } => {
                let client = self.client.clone();
                self.begin(link, async move { (link, Outcome::Discovered(client.instance().await)) });
            }
            Action::Connect { link, by, subprotocol } => {
                let client = self.client.clone();
                let streaming = self.streaming.clone();
                self.begin(link, async move { (link, Outcome::Linked(dial(client, streaming, by, subprotocol).await)) });
            }
            Action::Verify { link } => {
                let client = self.client.clone();
                self.begin(link, async move { (link, Outcome::Verified(verify(client).await)) });
            }
            Action::Close { link } => {
                for (_, handle) in self.aborts.extract_if(.., |(attempt, _)| *attempt == link) {
                    handle.abort();
                }
                if let Some(open) = self.links.take(link) {
                    self.dismiss(open);
                }
            }
        }
    }

    fn send(&mut self, link: Link, message: Message) {
        if let Some(open) = self.links.open.iter_mut().find(|open| open.link == link) {
            if let Message::Text(text) = &message {
                self.traffic.sent += text.len() as u64;
            }
            open.outgoing.push_back(message);
        }
    }

    fn done(&mut self, link: Link, outcome: Outcome) {
        let input = match outcome {
            Outcome::Discovered(Ok((server, streaming))) => {
                debug!(host = streaming.host_str(), software = ?server.software, version = %server.version, "the server said what it is");
                self.streaming = Some(streaming);
                Input::Discovered { link, server }
            }
            Outcome::Discovered(Err(failure)) => {
                let retry_after = if let FailureKind::RateLimited(until) = failure.kind { Some(time_until(until)) } else { None };
                Input::DiscoveryFailed { link, failure, retry_after }
            }
            // Given up while the answer was on its way.
            Outcome::Linked(Ok((wire, _))) if !self.session.awaits(link) => {
                if let Wire::Socket(socket) = wire {
                    self.farewells.spawn(farewell(*socket));
                }
                return;
            }
            Outcome::Linked(Ok((wire, address))) => {
                let tap = self.client.door().tap().map(|tap| tap.link(link.id.number(), link.life));
                match (&tap, &wire) {
                    (Some(tap), Wire::Socket(_)) => tap.began(&address),
                    (Some(tap), Wire::Events(_)) => tap.began_events(&address),
                    (None, _) => {}
                }
                self.links.open.push(Open { tap, ..Open::new(link, wire) });
                Input::Opened { link }
            }
            Outcome::Linked(Err(refusal)) => {
                if let Some(tap) = self.client.door().tap() {
                    tap.link(link.id.number(), link.life).ended(Direction::In, refusal.reason.as_str());
                }
                Input::Refused { link, refusal }
            }
            Outcome::Verified(verdict) => Input::Verified { link, verdict },
        };
        self.step(input, 0);
    }

    fn heard(&mut self, link: Link, heard: Heard) {
        let Some(open) = self.links.open.iter_mut().find(|open| open.link == link) else { return };
        if let Some(tap) = &open.tap {
            match &heard {
                Heard::Message(message) => tap.heard(message),
                Heard::Broken(words) => tap.ended(Direction::In, words),
                Heard::End => tap.ended(Direction::In, ""),
                // Event streams record whole lines as they find them.
                Heard::Part | Heard::Sent(..) => {}
            }
        }
        let had_bytes = open.heard > 0;
        let keep_raw = self.settings.keep_raw;
        let weight = |length: usize| if keep_raw { length * 2 } else { length };
        match heard {
            Heard::Message(Message::Text(text)) => {
                self.traffic.received += text.len() as u64;
                let message = without_token(frame::decode(&text, keep_raw), self.client.door());
                self.step(Input::Message { link, message }, weight(text.len()));
            }
            Heard::Message(Message::Binary(bytes)) => {
                self.traffic.received += bytes.len() as u64;
                let what = Plain::line(&format!("a binary message of {} bytes", bytes.len()));
                self.step(Input::Message { link, message: frame::Message::Malformed(what) }, 0);
            }
            Heard::Message(Message::Pong(payload)) => {
                let number = std::str::from_utf8(&payload).ok().and_then(|text| text.parse().ok());
                self.step(number.map_or(Input::Bytes { link }, |number| Input::Pong { link, number }), 0);
            }
            Heard::Part | Heard::Message(Message::Ping(_) | Message::Frame(_)) => self.step(Input::Bytes { link }, 0),
            Heard::Sent(size, stream, sent) => {
                self.traffic.received += size as u64;
                self.step(Input::Bytes { link }, 0);
                for sent in sent {
                    let (message, length) = match sent {
                        sse::Sent::Event { name, data } => (frame::decode_event(&stream, &name, &data, keep_raw), data.len()),
                        sse::Sent::TooLarge => (frame::Message::Malformed(Plain::line("an event of more than 4 MiB")), 0),
                    };
                    let message = without_token(message, self.client.door());
                    self.step(Input::Message { link, message }, weight(length));
                }
            }
            Heard::Message(Message::Close(close)) => {
                let (code, reason) = last_words(close);
                if let Some(open) = self.links.take(link) {
                    self.dismiss(open);
                }
                self.step(Input::Bytes { link }, 0);
                self.step(self.closed(link, code, &reason), 0);
            }
            // Nothing after the first error is interpreted, so the link goes with it.
            Heard::Broken(words) => self.gone(link, had_bytes, &words),
            Heard::End => self.gone(link, had_bytes, "the server ended the connection"),
        }
    }

    /// A link ended without a goodbye. What came in the same moment was life before that.
    fn gone(&mut self, link: Link, had_bytes: bool, reason: &str) {
        drop(self.links.take(link));
        if had_bytes {
            self.step(Input::Bytes { link }, 0);
        }
        self.step(self.closed(link, None, reason), 0);
    }

    fn closed(&self, link: Link, code: Option<u16>, reason: &str) -> Input {
        Input::Closed { link, code, reason: self.client.door().without_token(Plain::line(reason)) }
    }

    fn timer(&mut self) {
        self.wake = None;
        self.step(Input::Timer, 0);
    }

    fn dismiss(&mut self, open: Open) {
        open.bid_farewell();
        match open.wire {
            Wire::Socket(socket) => drop(self.farewells.spawn(farewell(*socket))),
            // Dropping it is all the goodbye there is.
            Wire::Events(_) => {}
        }
    }

    async fn end(mut self) {
        self.outbox.tell();
        self.attempts.abort_all();
        for open in std::mem::take(&mut self.links.open) {
            self.dismiss(open);
        }
        while self.farewells.join_next().await.is_some() {}
        debug!("the trunk has ended");
    }
}

/// Bytes of messages over all links.
#[derive(Debug, Default)]
struct Traffic {
    received: u64,
    sent: u64,
    told: (u64, u64),
    told_at: Duration,
}

impl Traffic {
    fn is_due(&self, now: Duration) -> bool {
        now >= self.told_at + TALLY && self.told != (self.received, self.sent)
    }
}

/// The open links, of which each is read in its turn.
#[derive(Default)]
struct Links {
    open: Vec<Open>,
    next: usize,
}

impl Links {
    fn take(&mut self, link: Link) -> Option<Open> {
        let index = self.open.iter().position(|open| open.link == link)?;
        Some(self.open.swap_remove(index))
    }

    /// Waits for what comes next on any of them; where reading waits, only what is to be sent is sent. May be cancelled at any
    /// time: nothing is kept outside the links.
    async fn hear(&mut self, waits: bool) -> (Link, Heard) {
        poll_fn(|context| self.poll(waits, context)).await
    }

    fn poll(&mut self, waits: bool, context: &mut Context<'_>) -> Poll<(Link, Heard)> {
        let Self { open, next } = self;
        let first = if open.is_empty() { 0 } else { *next % open.len() };
        let (early, late) = open.split_at_mut(first);
        for (turn, open) in late.iter_mut().chain(early).enumerate() {
            if let Poll::Ready(heard) = open.poll(waits, context) {
                *next = first + turn + 1;
                return Poll::Ready((open.link, heard));
            }
        }
        Poll::Pending
    }
}

/// An open link and what waits to be sent on it.
struct Open {
    link: Link,
    wire: Wire,
    outgoing: VecDeque<Message>,
    unflushed: bool,
    /// How many bytes had come when any were last told of.
    heard: u64,
    tap: Option<LinkTap>,
}

/// What a link is made of.
enum Wire {
    Socket(Box<Socket>),
    Events(EventStream),
}

/// The body of an event stream.
struct EventStream {
    stream: Stream,
    parser: sse::Parser,
    /// The next piece, with the body to ask for the one after it.
    next: Pin<Box<dyn Future<Output = (Response, Piece)> + Send>>,
    /// The beginning of a line that is recorded once it is whole.
    unrecorded: Vec<u8>,
}

/// What came on a link.
#[derive(Debug)]
enum Heard {
    Message(Message),
    /// Bytes that are no whole message yet: life all the same.
    Part,
    /// So many bytes of this stream's own event stream, and the events that they completed.
    Sent(usize, Stream, Vec<sse::Sent>),
    /// It broke, in words.
    Broken(String),
    End,
}

impl Open {
    fn new(link: Link, wire: Wire) -> Self {
        Self { link, wire, outgoing: VecDeque::new(), unflushed: false, heard: 0, tap: None }
    }

    /// Records that we close it.
    fn bid_farewell(&self) {
        if let Some(tap) = &self.tap {
            if let Wire::Socket(_) = self.wire {
                tap.sent(&Message::Close(None));
            }
            tap.ended(Direction::Out, "");
        }
    }

    /// Writes what the server takes and, unless reading waits, reads what it sends, neither waiting for the other.
    fn poll(&mut self, waits: bool, context: &mut Context<'_>) -> Poll<Heard> {
        match &mut self.wire {
            Wire::Events(_) if waits => Poll::Pending,
            Wire::Events(events) => events.poll(context, self.tap.as_ref()),
            Wire::Socket(socket) => {
                if self.outgoing.len() > OUTGOING {
                    return Poll::Ready(Heard::Broken("the server does not read".to_owned()));
                }
                if let Poll::Ready(Err(error)) = poll_write(socket, &mut self.outgoing, &mut self.unflushed, self.tap.as_ref(), context) {
                    return Poll::Ready(Heard::Broken(in_words(&error)));
                }
                if waits {
                    return Poll::Pending;
                }
                let next = Pin::new(socket.as_mut()).poll_next(context);
                let before = std::mem::replace(&mut self.heard, socket.get_ref().count);
                match next {
                    Poll::Ready(Some(Ok(message))) => Poll::Ready(Heard::Message(message)),
                    Poll::Ready(Some(Err(error))) => Poll::Ready(Heard::Broken(in_words(&error))),
                    Poll::Ready(None) => Poll::Ready(Heard::End),
                    // Told at once, as silence is counted from the last byte.
                    Poll::Pending if self.heard != before => Poll::Ready(Heard::Part),
                    Poll::Pending => Poll::Pending,
                }
            }
        }
    }
}

fn poll_write(
    socket: &mut Socket,
    outgoing: &mut VecDeque<Message>,
    unflushed: &mut bool,
    tap: Option<&LinkTap>,
    context: &mut Context<'_>,
) -> Poll<Result<(), Error>> {
    while !outgoing.is_empty() {
        ready!(Pin::new(&mut *socket).poll_ready(context))?;
        if let Some(message) = outgoing.pop_front() {
            if let Some(tap) = tap {
                tap.sent(&message);
            }
            Pin::new(&mut *socket).start_send(message)?;
            *unflushed = true;
        }
    }
    if *unflushed {
        ready!(Pin::new(&mut *socket).poll_flush(context))?;
        *unflushed = false;
    }
    Poll::Ready(Ok(()))
}

impl EventStream {
    fn new(stream: Stream, body: Response) -> Self {
        Self { stream, parser: sse::Parser::default(), next: Box::pin(next_piece(body)), unrecorded: Vec::new() }
    }

    fn poll(&mut self, context: &mut Context<'_>, tap: Option<&LinkTap>) -> Poll<Heard> {
        let (body, piece) = ready!(self.next.as_mut().poll(context));
        let heard = match piece {
            Ok(Some(piece)) => {
                self.next = Box::pin(next_piece(body));
                if let Some(tap) = tap {
                    self.record(&piece, tap);
                }
                let mut sent = Vec::new();
                self.parser.take(&piece, &mut sent);
                return Poll::Ready(Heard::Sent(piece.len(), self.stream.clone(), sent));
            }
            Ok(None) => Heard::End,
            Err(error) => Heard::Broken(broken(&error)),
        };
        if let Some(tap) = tap.filter(|_| !self.unrecorded.is_empty()) {
            tap.streamed(&self.unrecorded);
        }
        self.next = Box::pin(std::future::pending());
        Poll::Ready(heard)
    }

    fn record(&mut self, piece: &[u8], tap: &LinkTap) {
        self.unrecorded.extend_from_slice(piece);
        let whole = self.unrecorded.iter().rposition(|byte| *byte == b'\n').map(|end| end + 1);
        // A line that never ends is not waited for.
        let whole = whole.or_else(|| (self.unrecorded.len() > LARGEST_MESSAGE).then_some(self.unrecorded.len()));
        if let Some(whole) = whole {
            let rest = self.unrecorded.split_off(whole);
            tap.streamed(&std::mem::replace(&mut self.unrecorded, rest));
        }
    }
}

async fn next_piece(mut body: Response) -> (Response, Piece) {
    let piece = body.chunk().await;
    (body, piece)
}

/// How an event stream broke: the innermost cause, since the outer ones carry the address.
fn broken(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if cause.is::<reqwest::Error>() { "the event stream broke off".to_owned() } else { format!("the event stream broke off: {cause}") }
}

async fn dial(client: Client, streaming: Option<Url>, by: By, subprotocol: bool) -> Result<(Wire, Url), Refusal> {
    let Some(streaming) = streaming else {
        let reason = Plain::line("the streaming address is not known");
        return Err(Refusal { kind: RefusalKind::Offline, reason, retry_after: None });
    };
    let address = match &by {
        By::Trunk => streaming,
        By::Socket(stream) => sse::socket_address(&streaming, stream),
        By::ServerSentEvents(stream) => sse::address(&streaming, stream),
    };
    if let By::ServerSentEvents(stream) = by {
        let body = client.door().events(&address).await?;
        return Ok((Wire::Events(EventStream::new(stream, body)), address));
    }
    let upgraded = client.door().upgrade(&address, subprotocol).await?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(LARGEST_MESSAGE))
        .max_frame_size(Some(LARGEST_MESSAGE))
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER);
    let counted = Counted { inner: upgraded, count: 0 };
    Ok((Wire::Socket(Box::new(WebSocketStream::from_raw_socket(counted, Role::Client, Some(config)).await)), address))
}

async fn verify(client: Client) -> Verdict {
    match client.verify_credentials().await {
        Ok(_) => Verdict::Accepted,
        Err(failure) => match failure.kind {
            FailureKind::Unauthorized => Verdict::Rejected(failure.reason),
            FailureKind::Retry
            | FailureKind::Offline
            | FailureKind::RateLimited(_)
            | FailureKind::Forbidden
            | FailureKind::NotFound
            | FailureKind::Unusable => Verdict::Unknown(failure.reason),
        },
    }
}

/// Finishes the closing handshake, begun by either side, as far as the server plays along.
async fn farewell(mut socket: Socket) {
    let handshake = async {
        // Refused where the server closed first; then reading on sends the answer that waits to go out.
        drop(socket.close(None).await);
        while let Some(Ok(_)) = socket.next().await {}
    };
    if timeout(FAREWELL, handshake).await.is_err() {
        debug!("the server did not finish the closing handshake");
    }
}

/// What a server says to us, and not to the reader, goes to the screen and the log: it may have said the token back.
fn without_token(message: frame::Message, door: &Door) -> frame::Message {
    match message {
        frame::Message::Error { text, status } => frame::Message::Error { text: door.without_token(text), status },
        frame::Message::Malformed(what) => frame::Message::Malformed(door.without_token(what)),
        frame::Message::Event(event) if event.payload == Payload::Other => {
            frame::Message::Event(frame::Decoded { name: door.without_token(event.name), ..event })
        }
        frame::Message::Event(_) | frame::Message::Nothing => message,
    }
}

fn last_words(close: Option<CloseFrame>) -> (Option<u16>, String) {
    let Some(close) = close else {
        // What a revoked token looks like (transcript `ws-kill-token-revoked`).
        return (None, "the server closed the connection without giving a code".to_owned());
    };
    let code = u16::from(close.code);
    if matches!(code, 1002 | 1003 | 1007 | 1009) {
        warn!(code, "the server closed the connection over something that was sent to it");
    }
    let words = if close.reason.is_empty() { String::new() } else { format!(": {}", close.reason) };
    (Some(code), format!("the server closed the connection with code {code}{words}"))
}

fn in_words(error: &Error) -> String {
    match error {
        Error::Io(error) => format!("the connection broke: {error}"),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => "the connection ended without a goodbye".to_owned(),
        Error::Protocol(error) => {
            warn!(%error, "the server broke the WebSocket protocol");
            format!("the server broke the WebSocket protocol: {error}")
        }
        Error::Utf8(_) => {
            warn!("the server sent text that is not UTF-8");
            "the server sent text that is not UTF-8".to_owned()
        }
        Error::Capacity(error) => {
            warn!(%error, "the server sent too much at once");
            format!("the server sent too much at once: {error}")
        }
        Error::WriteBufferFull(_) => "the server does not read".to_owned(),
        Error::ConnectionClosed
        | Error::AlreadyClosed
        | Error::AttackAttempt
        | Error::Tls(_)
        | Error::Url(_)
        | Error::Http(_)
        | Error::HttpFormat(_) => format!("the connection broke: {error}"),
    }
}

fn log(event: &Event, oddities: &mut Oddities) {
    match event {
        Event::Connection(Connection::Live) => info!("live"),
        Event::Connection(state) => info!(?state, "the connection"),
        Event::Subscription { stream, standing, rung } => debug!(?stream, ?standing, ?rung, "a subscription"),
        Event::Ladder { rung, reason, climb_in } => info!(?rung, ?reason, ?climb_in, "the ladder of transports"),
        Event::Malformed { what } if oddities.is_new(what) => info!(%what, "a malformed message, the first of its kind"),
        Event::Stream(StreamEvent { payload: Payload::Other, name, .. }) if oddities.is_new(name) => {
            info!(%name, "an unknown event, the first of its name");
        }
        Event::Malformed { .. } | Event::Lagged { .. } | Event::Server(_) | Event::Stream(_) | Event::Ping(_) | Event::Traffic { .. } => {}
    }
}

/// What was odd so far, so that each kind is logged once, and of an endless variety only so much.
#[derive(Debug, Default)]
struct Oddities(Vec<Plain>);

impl Oddities {
    fn is_new(&mut self, kind: &Plain) -> bool {
        let is_new = self.0.len() < ODDITIES && !self.0.contains(kind);
        if is_new {
            self.0.push(kind.clone());
        }
        is_new
    }
}

/// How long it is until the server's limit ends.
fn time_until(until: Timestamp) -> Duration {
    let left = Duration::try_from(until.duration_since(now())).unwrap_or_default();
    left.clamp(Duration::from_secs(1), Duration::from_secs(15 * 60))
}

#[expect(clippy::disallowed_methods, reason = "the session counts in durations; this is where wall time becomes one")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// A stream that counts what was read from it, so that a message on its way is seen to be alive.
#[derive(Debug)]
struct Counted<T> {
    inner: T,
    count: u64,
}

impl<T: AsyncRead + Unpin> AsyncRead for Counted<T> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        self.count += (buffer.filled().len() - before) as u64;
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Counted<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// Random samples from 0 up to 1 (the generator is called `SplitMix64`, its seed is the system's). They spread reconnects and
/// protect nothing.
struct Samples(u64);

impl Samples {
    fn new() -> Self {
        Self(getrandom::u64().unwrap_or_default())
    }

    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let half = u32::try_from(mixed >> 32).unwrap_or_default();
        f64::from(half) / (f64::from(u32::MAX) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mastodon::door::{Access, Token};
    use crate::mastodon::streaming::session::LinkId;
    use crate::mastodon::streaming::{Events, connect};
    use crate::model::{Rung, Spec, Subscription};
    use futures_util::SinkExt as _;
    use std::collections::BTreeSet;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::task::JoinHandle;
    use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
    use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

    /// Longer than anything here takes; reaching it fails the test with what was seen.
    const DEADLINE: Duration = Duration::from_secs(30);

    /// A server that says what it is, upgrades, and leaves the rest to the test.
    struct Server {
        listener: TcpListener,
        version: &'static str,
    }

    impl Server {
        async fn start() -> Self {
            Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap(), version: "4.7.0" }
        }

        fn address(&self) -> String {
            self.listener.local_addr().unwrap().to_string()
        }

        /// Says what it is.
        async fn introduce(&self, tcp: &mut TcpStream) {
            let streaming = format!("ws://{}", self.address());
            let body = format!(
                r#"{{"domain":"social.example","title":"Social","version":"{}","configuration":{{"urls":{{"streaming":"{streaming}"}}}}}}"#,
                self.version
            );
            answer(tcp, "200 OK", &body).await;
        }

        /// Answers requests until one is an upgrade, and gives its socket and head.
        async fn accept(&self) -> (Peer, String) {
            timeout(DEADLINE, async {
                loop {
                    let (mut tcp, _) = self.listener.accept().await.unwrap();
                    let head = read_head(&mut tcp).await;
                    if let Some(key) = header(&head, "sec-websocket-key") {
                        let key = derive_accept_key(key.as_bytes());
                        let answer = format!(
                            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {key}\r\n\r\n"
                        );
                        tcp.write_all(answer.as_bytes()).await.unwrap();
                        return (WebSocketStream::from_raw_socket(tcp, Role::Server, None).await, head);
                    }
                    self.introduce(&mut tcp).await;
                }
            })
            .await
            .expect("no upgrade came")
        }
    }

    type Peer = WebSocketStream<TcpStream>;

    impl Server {
        /// Answers requests until one is for an event stream, and gives its connection and head. Upgrades are not known here.
        async fn accept_events(&self) -> (TcpStream, String) {
            timeout(DEADLINE, async {
                loop {
                    let (mut tcp, _) = self.listener.accept().await.unwrap();
                    let head = read_head(&mut tcp).await;
                    if head.starts_with("GET /api/v1/streaming/") {
                        let answer = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
                        tcp.write_all(answer.as_bytes()).await.unwrap();
                        return (tcp, head);
                    }
                    if head.starts_with("GET /api/v1/streaming") {
                        answer(&mut tcp, "404 Not Found", "").await;
                        continue;
                    }
                    self.introduce(&mut tcp).await;
                }
            })
            .await
            .expect("nobody asked for an event stream")
        }
    }

    /// Sends a piece of an event stream as one chunk.
    async fn chunk(tcp: &mut TcpStream, piece: &str) {
        tcp.write_all(format!("{:x}\r\n{piece}\r\n", piece.len()).as_bytes()).await.unwrap();
    }

    async fn until_closed(tcp: &mut TcpStream) {
        let end = timeout(DEADLINE, async { while tcp.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {} }).await;
        assert!(end.is_ok(), "the connection stays open");
    }

    async fn read_head(tcp: &mut TcpStream) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match tcp.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => break,
            }
        }
        String::from_utf8(head).unwrap()
    }

    fn header(head: &str, name: &str) -> Option<String> {
        head.lines().find_map(|line| {
            line.split_once(':').filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
        })
    }

    async fn answer(tcp: &mut TcpStream, status: &str, body: &str) {
        let head =
            format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        // The client may have gone.
        tcp.write_all(format!("{head}{body}").as_bytes()).await.ok();
    }

    struct Trunk {
        events: Events,
        wanted: watch::Sender<Wanted>,
        shutdown: CancellationToken,
        task: JoinHandle<()>,
        seen: Vec<String>,
    }

    impl Trunk {
        fn start(address: &str, specs: &[&str]) -> Self {
            Self::start_with(address, specs, Settings::default())
        }

        fn start_with(address: &str, specs: &[&str], settings: Settings) -> Self {
            rustls::crypto::ring::default_provider().install_default().ok();
            let access = Access::new(&format!("http://{address}"), Token::new("token").unwrap()).unwrap();
            Self::start_as(Client::new(access).unwrap(), specs, settings)
        }

        fn start_as(client: Client, specs: &[&str], settings: Settings) -> Self {
            let streams = specs.iter().map(|spec| stream(spec)).collect();
            let (wanted, wanted_receiver) = watch::channel(Wanted { streams, ..Wanted::default() });
            let shutdown = CancellationToken::new();
            let (events, task) = connect(client, settings, wanted_receiver, shutdown.clone());
            Self { events, wanted, shutdown, task, seen: Vec::new() }
        }

        /// Takes events until one is what the test waits for.
        async fn until(&mut self, what: &str, mut is_it: impl FnMut(&Origin, &Event) -> bool) -> (Origin, Event) {
            let end = Instant::now() + DEADLINE;
            loop {
                let next = tokio::time::timeout_at(end, self.events.recv()).await;
                let Ok(next) = next else { panic!("{what} did not come; seen: {:#?}", self.seen) };
                let Some((origin, event)) = next else { panic!("the trunk ended before {what}; seen: {:#?}", self.seen) };
                if is_it(&origin, &event) {
                    return (origin, event);
                }
                self.seen.push(format!("{origin:?} {event:?}"));
            }
        }

        async fn until_live(&mut self) -> Origin {
            self.until("live", |_, event| *event == Event::Connection(Connection::Live)).await.0
        }

        async fn until_reconnecting(&mut self) -> String {
            let is_it = |_: &Origin, event: &Event| matches!(event, Event::Connection(Connection::Reconnecting { .. }));
            let (_, event) = self.until("reconnecting", is_it).await;
            let Event::Connection(Connection::Reconnecting { reason, .. }) = event else { panic!("{event:?}") };
            reason.to_string()
        }

        /// Ends the trunk and answers how long that took.
        async fn quit(self) -> Duration {
            let begin = Instant::now();
            self.shutdown.cancel();
            timeout(DEADLINE, self.task).await.expect("the trunk does not end").unwrap();
            begin.elapsed()
        }
    }

    fn stream(spec: &str) -> Stream {
        match spec.parse::<Spec>().unwrap() {
            Spec::Stream(stream) => stream,
            Spec::List(id) => Stream::List(crate::model::ListId::new(id.as_str()).unwrap()),
            Spec::Merged(_) => panic!("{spec} is no single stream"),
        }
    }

    async fn next_text(peer: &mut Peer) -> String {
        timeout(DEADLINE, async {
            loop {
                match peer.next().await {
                    Some(Ok(Message::Text(text))) => return text.to_string(),
                    Some(Ok(_)) => {}
                    other => panic!("instead of text: {other:?}"),
                }
            }
        })
        .await
        .expect("no text came")
    }

    fn delete(id: usize) -> String {
        format!(r#"{{"stream":["user"],"event":"delete","payload":"{id}"}}"#)
    }

    fn deleted(event: &Event) -> Option<usize> {
        let Event::Stream(event) = event else { return None };
        let Payload::Delete(id) = &event.payload else { return None };
        id.as_str().parse().ok()
    }

    #[test]
    fn each_kind_of_oddity_is_logged_once_and_not_without_end() {
        let mut oddities = Oddities::default();
        let logged = |oddities: &mut Oddities, from: usize, to: usize| {
            (from..to).filter(|number| oddities.is_new(&Plain::line(&format!("pleroma:event{number}")))).count()
        };
        assert_eq!(logged(&mut oddities, 0, 5), 5);
        assert_eq!(logged(&mut oddities, 0, 5), 0);
        assert_eq!(logged(&mut oddities, 5, 1_000), ODDITIES - 5);
        assert_eq!(oddities.0.len(), ODDITIES);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn many_streams_are_opened_at_once_on_one_socket() {
        let server = Server::start().await;
        let tags: Vec<String> = (0..40).map(|number| format!("#tag{number}")).collect();
        let mut specs: Vec<&str> = tags.iter().map(String::as_str).collect();
        specs.extend(["home", "notifications", "local", "list:12", "direct", "remote:media"]);
        let mut trunk = Trunk::start(&server.address(), &specs);
        let (mut peer, head) = server.accept().await;
        assert_eq!(header(&head, "authorization").as_deref(), Some("Bearer token"));
        let began = Instant::now();
        let mut asked = Vec::new();
        for _ in &specs {
            asked.push(next_text(&mut peer).await);
        }
        assert_eq!(asked[0], r#"{"type":"subscribe","stream":"hashtag","tag":"tag0"}"#);
        assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), specs.len());
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        assert_eq!(trunk.until_live().await, Origin { account: 0, epoch: 1 });
        for _ in &specs {
            let requested = |_: &Origin, event: &Event| matches!(event, Event::Subscription { standing: Subscription::Requested, .. });
            trunk.until("requested", requested).await;
        }
        peer.send(Message::text(delete(7))).await.unwrap();
        let (origin, _) = trunk.until("the delete", |_, event| deleted(event) == Some(7)).await;
        assert_eq!(origin.epoch, 1);
        // A change of mind reaches the same socket.
        trunk.wanted.send_modify(|wanted| wanted.streams.push(stream("federated")));
        assert_eq!(next_text(&mut peer).await, r#"{"type":"subscribe","stream":"public"}"#);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_cut_without_goodbye_is_followed_by_a_new_socket_with_the_same_streams() {
        // Transcripts `ws-server-restart`, `server-stop`.
        let server = Server::start().await;
        let mut trunk = Trunk::start(&server.address(), &["home", "#rust"]);
        let (mut peer, _) = server.accept().await;
        let first = [next_text(&mut peer).await, next_text(&mut peer).await];
        trunk.until_live().await;
        drop(peer);
        trunk.until_reconnecting().await;
        let (mut peer, _) = server.accept().await;
        assert_eq!([next_text(&mut peer).await, next_text(&mut peer).await], first);
        assert_eq!(trunk.until_live().await.epoch, 2);
        // The next end has a close frame, and its words are told.
        peer.close(Some(CloseFrame { code: CloseCode::Restart, reason: "new version".into() })).await.unwrap();
        let reason = trunk.until_reconnecting().await;
        assert!(reason.contains("1012") && reason.contains("new version"), "{reason}");
        let (_peer, _) = server.accept().await;
        assert_eq!(trunk.until_live().await.epoch, 3);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_first_breach_of_the_protocol_ends_the_connection() {
        let text = |opcode: u8, payload: &[u8]| [&[0x80 | opcode, u8::try_from(payload.len()).unwrap()], payload].concat();
        let after = text(1, delete(9).as_bytes());
        for (name, breach) in [
            ("bad UTF-8", text(1, b"{\"\xff\"}")),
            ("a masked frame", vec![0x81, 0x81, 1, 2, 3, 4, b'x' ^ 1]),
            ("a frame of 2^62 bytes", [&[0x81, 127], &(1_u64 << 62).to_be_bytes()[..]].concat()),
            ("an unknown opcode", text(3, b"")),
        ] {
            let server = Server::start().await;
            let mut trunk = Trunk::start(&server.address(), &["home"]);
            let (peer, _) = server.accept().await;
            trunk.until_live().await;
            let mut tcp = peer.into_inner();
            tcp.write_all(&[&text(1, delete(8).as_bytes())[..], &breach, &after].concat()).await.unwrap();
            trunk.until("what came before", |_, event| deleted(event) == Some(8)).await;
            let reason = trunk.until_reconnecting().await;
            assert!(!reason.is_empty() && !trunk.seen.iter().any(|seen| seen.contains("Delete")), "{name}: {reason} {:?}", trunk.seen);
            let (_peer, _) = server.accept().await;
            let origin = trunk.until_live().await;
            assert_eq!(origin.epoch, 2, "{name}");
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn one_bad_message_costs_only_itself() {
        let server = Server::start().await;
        let mut trunk = Trunk::start(&server.address(), &["home"]);
        let (mut peer, _) = server.accept().await;
        for bad in [Message::binary(vec![0, 1, 2]), Message::text("{\"event\":")] {
            peer.send(bad).await.unwrap();
            trunk.until("a malformed message", |_, event| matches!(event, Event::Malformed { .. })).await;
        }
        peer.send(Message::text(delete(1))).await.unwrap();
        let (origin, _) = trunk.until("the delete", |_, event| deleted(event) == Some(1)).await;
        assert_eq!(origin.epoch, 1);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_burst_is_delivered_whole_and_pings_are_answered_though_nobody_takes_it() {
        const BURST: usize = 100_000;
        let server = Server::start().await;
        let mut trunk = Trunk::start(&server.address(), &["home"]);
        let (peer, _) = server.accept().await;
        let (mut sink, mut stream) = peer.split();
        // The last pong comes back only once all before it was read.
        let pong = tokio::spawn(async move {
            timeout(DEADLINE, async {
                while let Some(Ok(message)) = stream.next().await {
                    if message == Message::Pong("end".into()) {
                        return true;
                    }
                }
                false
            })
            .await
        });
        for id in 0..BURST {
            sink.feed(Message::text(delete(id))).await.unwrap();
        }
        sink.send(Message::Ping("end".into())).await.unwrap();
        assert!(pong.await.unwrap().expect("no pong came"), "the socket ended");
        let mut expected = 0;
        trunk
            .until("the last delete", |_, event| {
                if let Some(id) = deleted(event) {
                    assert_eq!(id, expected);
                    expected += 1;
                }
                expected == BURST
            })
            .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_the_app_does_not_take_is_shed_and_counted() {
        let server = Server::start().await;
        let settings = Settings { account: 3, outbox_events: 100, ..Settings::default() };
        let mut trunk = Trunk::start_with(&server.address(), &["home"], settings);
        let (peer, _) = server.accept().await;
        let (mut sink, mut stream) = peer.split();
        let status = r#"{"id":"7","content":"words","account":{"id":"1","acct":"ada"}}"#;
        let update = serde_json::json!({ "stream": ["user"], "event": "update", "payload": status }).to_string();
        for _ in 0..1_000 {
            sink.feed(Message::text(update.clone())).await.unwrap();
        }
        sink.send(Message::Ping("end".into())).await.unwrap();
        timeout(DEADLINE, async {
            while let Some(Ok(message)) = stream.next().await {
                if message == Message::Pong("end".into()) {
                    return;
                }
            }
            panic!("the socket ended");
        })
        .await
        .expect("no pong came");
        sink.send(Message::text(delete(1))).await.unwrap();
        let (mut lost, mut came) = (0, 0);
        let (origin, _) = trunk
            .until("the delete", |_, event| {
                if let Event::Lagged { shed } = event {
                    lost += shed.iter().map(|(_, count)| count).sum::<u64>();
                }
                if let Event::Stream(event) = event {
                    came += usize::from(matches!(event.payload, Payload::Update(_)));
                }
                deleted(event) == Some(1)
            })
            .await;
        assert_eq!(origin, Origin { account: 3, epoch: 1 });
        assert_eq!(usize::try_from(lost).unwrap() + came, 1_000);
        assert!(came <= 100, "{came}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn an_app_that_is_slower_than_the_server_loses_nothing() {
        const ALL: usize = 3_000;
        let server = Server::start().await;
        let settings = Settings { outbox_bytes: 4 * 1024 * 1024, ..Settings::default() };
        let mut trunk = Trunk::start_with(&server.address(), &["home"], settings);
        let (mut peer, _) = server.accept().await;
        let status = serde_json::json!({"id": "7", "unread": "x".repeat(50_000), "account": {"id": "1", "acct": "ada"}});
        let update = serde_json::json!({"stream": ["user"], "event": "update", "payload": status.to_string()}).to_string();
        let text = update.clone();
        let flood = tokio::spawn(async move {
            for _ in 0..ALL {
                peer.send(Message::text(text.clone())).await.unwrap();
            }
            peer
        });
        let mut came = 0;
        trunk
            .until("the last", |_, event| {
                assert!(!matches!(event, Event::Lagged { .. }), "{event:?} after {came}");
                if matches!(event, Event::Stream(_)) {
                    came += 1;
                    // As slow as the trunk twice over.
                    drop([frame::decode(&update, false), frame::decode(&update, false)]);
                }
                came == ALL
            })
            .await;
        drop(flood.await.unwrap());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn quitting_is_quick_whatever_the_network_does() {
        // A listener that never accepts: the request is sent into the void.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut trunk = Trunk::start(&listener.local_addr().unwrap().to_string(), &["home"]);
        trunk.until("connecting", |_, event| *event == Event::Connection(Connection::Connecting)).await;
        let took = trunk.quit().await;
        assert!(took < Duration::from_secs(1), "{took:?}");
        // A live socket whose server says goodbye.
        let server = Server::start().await;
        let mut trunk = Trunk::start(&server.address(), &["home"]);
        let (mut peer, _) = server.accept().await;
        trunk.until_live().await;
        let goodbye = tokio::spawn(async move {
            loop {
                match peer.next().await {
                    Some(Ok(Message::Close(_))) => return true,
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return false,
                }
            }
        });
        let took = trunk.quit().await;
        assert!(took < Duration::from_secs(1), "{took:?}");
        assert!(goodbye.await.unwrap(), "the server got no close frame");
        // A live socket whose server says nothing any more, and one that is waiting to reconnect.
        let mut trunk = Trunk::start(&server.address(), &["home"]);
        let (_peer, _) = server.accept().await;
        trunk.until_live().await;
        let took = trunk.quit().await;
        assert!(took < Duration::from_secs(1), "{took:?}");
        drop(server);
        let mut trunk = Trunk::start("127.0.0.1:1", &["home"]);
        trunk.until("offline", |_, event| matches!(event, Event::Connection(Connection::Offline { .. }))).await;
        let took = trunk.quit().await;
        assert!(took < Duration::from_secs(1), "{took:?}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn waking_drops_the_socket_and_reconnects_once() {
        let server = Server::start().await;
        let mut trunk = Trunk::start(&server.address(), &["home"]);
        let (mut first, _) = server.accept().await;
        trunk.until_live().await;
        // A socket younger than the pause is spared, so the first signals may mean nothing.
        let end = Instant::now() + DEADLINE;
        let _second = loop {
            trunk.wanted.send_modify(|wanted| wanted.woke += 1);
            match timeout(Duration::from_millis(100), server.accept()).await {
                Ok((second, _)) => break second,
                Err(_) => assert!(Instant::now() < end, "no second socket; seen: {:#?}", trunk.seen),
            }
        };
        assert_eq!(trunk.until_live().await.epoch, 2);
        let end = timeout(DEADLINE, async { while let Some(Ok(_)) = first.next().await {} }).await;
        assert!(end.is_ok(), "the first socket stays open");
    }

    /// A half message is life when it comes, not when the next timer happens to look: silence is counted from the last byte.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_part_of_a_message_is_heard_when_it_comes() {
        let server = Server::start().await;
        let access = Access::new(&format!("http://{}", server.address()), Token::new("token").unwrap()).unwrap();
        let client = Client::new(access).unwrap();
        let streaming = Url::parse(&format!("ws://{}/api/v1/streaming", server.address())).unwrap();
        let (dialled, (peer, _)) = tokio::join!(dial(client, Some(streaming), By::Trunk, false), server.accept());
        let link = Link { id: LinkId::TRUNK, life: 1 };
        let mut links = Links { open: vec![Open::new(link, dialled.unwrap_or_else(|refusal| panic!("{refusal:?}")).0)], next: 0 };
        let mut tcp = peer.into_inner();
        for part in [&b"\x81\x04ab"[..], b"c"] {
            tcp.write_all(part).await.unwrap();
            let heard = timeout(DEADLINE, links.hear(false)).await.expect("the part was not heard").1;
            assert!(matches!(heard, Heard::Part), "{heard:?}");
        }
        tcp.write_all(b"d").await.unwrap();
        let heard = timeout(DEADLINE, links.hear(false)).await.expect("the rest was not heard").1;
        assert!(matches!(&heard, Heard::Message(message) if *message == Message::text("abcd")), "{heard:?}");
        let silence = timeout(Duration::from_millis(50), links.hear(false)).await;
        assert!(silence.is_err(), "heard though nothing came: {silence:?}");
    }

    /// `TRUNKLINE_LIVES=10000` goes on for longer and, run alone, tells what is held.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_thousand_reconnects_leave_nothing_behind() {
        let wished = std::env::var("TRUNKLINE_LIVES").ok().and_then(|lives| lives.parse().ok());
        let lives: u64 = wished.unwrap_or(1_000);
        let server = Server::start().await;
        let mut trunk = Trunk::start(&server.address(), &["home", "#rust"]);
        let metrics = tokio::runtime::Handle::current().metrics();
        let mut early = 0;
        for life in 1..=lives {
            let (mut peer, _) = server.accept().await;
            assert_eq!(trunk.until_live().await.epoch, life);
            match life % 3 {
                // Without a goodbye, with one, and with a part of a message on its way.
                0 => drop(peer),
                1 => {
                    peer.close(None).await.unwrap();
                    let end = timeout(DEADLINE, async { while let Some(Ok(_)) = peer.next().await {} }).await;
                    assert!(end.is_ok(), "the socket of life {life} stays open");
                }
                _ => peer.into_inner().write_all(b"\x81\x04ab").await.unwrap(),
            }
            trunk.until_reconnecting().await;
            if life == 30 {
                early = metrics.num_alive_tasks();
            }
            if wished.is_some() && (life % 1_000 == 0 || life == 30) {
                // What was seen is kept by the test alone.
                trunk.seen = Vec::new();
                println!("life {life}: {} tasks, {}", metrics.num_alive_tasks(), used());
            }
            trunk.wanted.send_modify(|wanted| wanted.retry += 1);
        }
        // What is closing when it is counted is no leak, so the count may take a moment to come down.
        let end = Instant::now() + DEADLINE;
        while metrics.num_alive_tasks() > early + 3 {
            let tasks = metrics.num_alive_tasks();
            assert!(Instant::now() < end, "{early} tasks after 30 lives, {tasks} after {lives}");
            tokio::task::yield_now().await;
        }
        let took = trunk.quit().await;
        assert!(took < Duration::from_secs(1), "{took:?}");
    }

    /// Descriptors and memory that this process holds, where that can be told.
    fn used() -> String {
        let descriptors = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        format!("{descriptors} descriptors, {}", status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default())
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_dropped_wanted_channel_means_nothing() {
        let server = Server::start().await;
        let mut trunk = Trunk::start(&server.address(), &["home"]);
        let (mut peer, _) = server.accept().await;
        trunk.until_live().await;
        trunk.wanted = watch::channel(Wanted::default()).0;
        peer.send(Message::text(delete(1))).await.unwrap();
        trunk.until("the delete", |_, event| deleted(event) == Some(1)).await;
        assert!(!trunk.task.is_finished());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn where_no_upgrade_comes_through_event_streams_do_and_the_trunk_takes_over_again() {
        let server = Server::start().await;
        let folder = std::env::temp_dir().join(format!("trunkline-events-{}", std::process::id()));
        drop(std::fs::remove_file(&folder));
        let recording = crate::recording::Recording::begin(&folder, |words| panic!("{words}")).unwrap();
        let token = "kJ8_secret-token-of-the-reader.0123456789";
        rustls::crypto::ring::default_provider().install_default().ok();
        let access = Access::new(&format!("http://{}", server.address()), Token::new(token).unwrap()).unwrap();
        let client = Client::recorded(access, recording.recorder()).unwrap();
        let mut trunk = Trunk::start_as(client, &["home", "#rust"], Settings::default());
        let (mut home, head) = server.accept_events().await;
        assert!(head.starts_with("GET /api/v1/streaming/user HTTP/1.1\r\n"), "{head}");
        assert_eq!(header(&head, "authorization"), Some(format!("Bearer {token}")));
        assert_eq!(header(&head, "accept").as_deref(), Some("text/event-stream"));
        chunk(&mut home, ":)\n").await;
        let on_events = |_: &Origin, event: &Event| matches!(event, Event::Ladder { rung: Rung::ServerSentEvents, reason: Some(_), .. });
        trunk.until("the rung", on_events).await;
        assert_eq!(trunk.until_live().await.epoch, 1);
        let (mut rust, head) = server.accept_events().await;
        assert!(head.starts_with("GET /api/v1/streaming/hashtag?tag=rust HTTP/1.1\r\n"), "{head}");
        chunk(&mut rust, ":)\n").await;
        let open = |spec: &str, wanted: Subscription| {
            let wanted = (stream(spec), wanted);
            move |_: &Origin, event: &Event| matches!(event, Event::Subscription { stream, standing, rung: Rung::ServerSentEvents } if (stream, standing) == (&wanted.0, &wanted.1))
        };
        trunk.until("#rust open", open("#rust", Subscription::Open)).await;
        // An event in two pieces, as Mastodon sends it, and one beside it on the other link.
        chunk(&mut home, "event: delete\n").await;
        chunk(&mut rust, &format!("event: delete\ndata: 2\n\nevent: {token}\ndata: x\n\n")).await;
        trunk.until("the delete on #rust", |_, event| deleted(event) == Some(2)).await;
        chunk(&mut home, "data: 1\n\n:thump\n\n").await;
        let (_, event) = trunk.until("the delete at home", |_, event| deleted(event) == Some(1)).await;
        let Event::Stream(event) = event else { panic!("{event:?}") };
        assert_eq!(event.streams, [Stream::User]);
        // One link breaks, which is no matter of the other; it comes back.
        drop(rust);
        let interrupted = |_: &Origin, event: &Event| matches!(event, Event::Subscription { standing: Subscription::Interrupted(_), .. });
        trunk.until("#rust interrupted", interrupted).await;
        let (mut rust, _) = server.accept_events().await;
        chunk(&mut rust, ":)\n").await;
        trunk.until("#rust open again", open("#rust", Subscription::Open)).await;
        // The reader's key tries the trunk, and what is below it goes.
        trunk.wanted.send_modify(|wanted| wanted.retry += 1);
        let (mut peer, _) = server.accept().await;
        let asked = [next_text(&mut peer).await, next_text(&mut peer).await];
        assert!(asked[0].contains("user") && asked[1].contains("rust"), "{asked:?}");
        assert!(trunk.until_reconnecting().await.contains("moving back"));
        assert_eq!(trunk.until_live().await.epoch, 2);
        until_closed(&mut home).await;
        until_closed(&mut rust).await;
        // Whoever reads also answers pings.
        let reading = tokio::spawn(async move { while let Some(Ok(_)) = peer.next().await {} });
        trunk.until("what went over the links", |_, event| matches!(event, Event::Traffic { received: 100.., sent: 1.. })).await;
        assert!(trunk.quit().await < Duration::from_secs(1));
        reading.await.unwrap();
        recording.finish();

        let recorded = std::fs::read_to_string(&folder).unwrap();
        std::fs::remove_file(&folder).unwrap();
        assert!(!recorded.contains(token), "the token was recorded: {recorded}");
        let rows: Vec<serde_json::Value> = recorded.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let lines = |link: u16| -> String {
            rows.iter().filter(|row| row["link"] == link && row["kind"] == "sse").map(|row| row["data"].as_str().unwrap()).collect()
        };
        assert_eq!(lines(1), ":)\nevent: delete\ndata: 1\n\n:thump\n\n");
        assert_eq!(lines(2), ":)\nevent: delete\ndata: 2\n\nevent: REDACTED\ndata: x\n\n:)\n");
        let asked = |path: &str| rows.iter().any(|row| row["data"].as_str().is_some_and(|data| data.starts_with(&format!("GET {path} "))));
        assert!(asked("/api/v1/streaming/user") && asked("/api/v1/streaming/hashtag?tag=rust"), "{recorded}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn notifications_alone_have_a_socket_that_names_them() {
        // Transcript `single-user-notification` of GoToSocial.
        let server = Server { version: "0.20.0 gotosocial", ..Server::start().await };
        let mut trunk = Trunk::start(&server.address(), &["notifications"]);
        let (mut peer, head) = server.accept().await;
        assert!(head.starts_with("GET /api/v1/streaming?stream=user%3Anotification HTTP/1.1\r\n"), "{head}");
        trunk.until_live().await;
        peer.send(Message::text(r#"{"event":"delete","payload":"5"}"#)).await.unwrap();
        let (_, event) = trunk.until("the delete", |_, event| deleted(event) == Some(5)).await;
        let Event::Stream(event) = event else { panic!("{event:?}") };
        assert_eq!(event.streams, [Stream::UserNotification]);
        // With home wanted too they come on the trunk.
        trunk.wanted.send_modify(|wanted| wanted.streams.push(Stream::User));
        let (mut shared, head) = server.accept().await;
        assert!(head.starts_with("GET /api/v1/streaming HTTP/1.1\r\n"), "{head}");
        assert!(next_text(&mut shared).await.contains(r#""user""#));
        let end = timeout(DEADLINE, async { while let Some(Ok(_)) = peer.next().await {} }).await;
        assert!(end.is_ok(), "the first socket stays open");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_link_that_floods_leaves_the_others_their_turn() {
        let server = Server { version: "2.9.3", ..Server::start().await };
        let mut trunk = Trunk::start(&server.address(), &["home", "local"]);
        let (home, _) = server.accept().await;
        let (mut local, _) = server.accept().await;
        let (mut sink, _stream) = home.split();
        let flood = tokio::spawn(async move {
            let update = r#"{"event":"delete","payload":"1"}"#;
            while sink.feed(Message::text(update)).await.is_ok() {}
        });
        trunk.until("the flood", |_, event| deleted(event) == Some(1)).await;
        local.send(Message::text(r#"{"event":"delete","payload":"2"}"#)).await.unwrap();
        let (_, event) = trunk.until("the quiet one", |_, event| deleted(event) == Some(2)).await;
        let Event::Stream(event) = event else { panic!("{event:?}") };
        assert_eq!(event.streams, [stream("local")]);
        trunk.quit().await;
        flood.await.unwrap();
    }
}
