//! `trunkline tail`: the same streams without a screen, a line or a JSON object an event.
//!
//! What is printed is a contract with scripts (the README names the fields). Reading never waits for printing: lines go
//! through a bounded channel to a thread that writes, and beyond it the trunk's own outbox sheds and counts. Absent on
//! purpose: backlog; only what arrives from now on is printed.

mod line;
mod stats;

use crate::mastodon::Client;
use crate::mastodon::streaming::{Settings, Wanted, connect};
use crate::model::{Connection, Event, FailureKind, Origin, Payload, Spec, Status, Stream, StreamEvent, Subscription, Timestamp};
use crate::text::Plain;
use line::Printer;
pub use stats::Stats;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

/// Lines that may wait to be written.
const LINES: usize = 1_024;
/// How long the last lines and the socket may take when the program is told to stop.
const STOPPING: Duration = Duration::from_secs(1);

/// How to print, and when to end.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What is printed for each event.
    pub form: Form,
    /// Ends when the plain text or content warning of a post matches.
    pub until: Option<regex::Regex>,
    /// Ends after so many events of the server.
    pub count: Option<u64>,
}

/// What is printed for each event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Form {
    /// A line to read.
    #[default]
    Words,
    /// A JSON object.
    Json,
    /// Nothing.
    Nothing,
}

/// Why tailing ended without having done what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A spec names no stream of this account.
    #[error(transparent)]
    Spec(#[from] crate::model::SpecError),
    /// The lists are needed and are not to be had.
    #[error("the lists of this account cannot be read: {0}")]
    Lists(Plain),
    /// The token is not accepted.
    #[error("signed out: {0}")]
    SignedOut(Plain),
    /// The server cannot be used.
    #[error("{0}")]
    Unusable(Plain),
    /// Nothing is left to wait for.
    #[error("every stream was refused: {0}")]
    AllRefused(String),
    /// Standard output takes no more.
    #[error("standard output cannot be written: {0}")]
    Output(#[source] io::Error),
    /// The trunk's task is gone.
    #[error("the connection's task ended unexpectedly; the log says more")]
    Broken,
}

/// Prints what arrives on the streams of `specs` to `out` until one of the options, `stop` or a closed pipe ends it. What
/// is to be said beside it goes to `aside`, a line at a time. Gives back the figures of the run.
///
/// # Errors
/// When a spec means nothing, the account is signed out, the server cannot be used, or every stream was refused.
pub async fn run(
    client: Client,
    specs: &[Spec],
    options: &Options,
    out: impl Write + Send + 'static,
    aside: &mut (dyn FnMut(&str) + Send),
    stop: impl Future<Output = ()>,
) -> Result<Stats, Error> {
    let streams = resolve(&client, specs).await?;
    let shutdown = CancellationToken::new();
    let settings = Settings { keep_raw: true, ..Settings::default() };
    // Closing the sender would mean nothing to the trunk, but it is the set that it watches.
    let (_wanted, wants) = watch::channel(Wanted { streams: streams.clone(), retry: 0, woke: 0 });
    let (mut events, task) = connect(client, settings, wants, shutdown.clone());
    let (lines, mut closed, writer) = write_lines(out);
    let mut tail = Tail::new(streams, options);
    tokio::pin!(stop);
    let stopped = || Ended { is_stopped: true, end: Ok(()) };
    let outcome = loop {
        let (origin, event) = tokio::select! {
            biased;
            () = &mut stop => break stopped(),
            _ = &mut closed => break stopped(),
            event = events.recv() => match event {
                Some(event) => event,
                None => break Ended { is_stopped: false, end: Err(Error::Broken) },
            },
        };
        let taken = tail.take(origin, &event, now(), aside);
        if !taken.line.is_empty() {
            tokio::select! {
                biased;
                () = &mut stop => break stopped(),
                sent = lines.send(taken.line) => if sent.is_err() { break stopped() },
            }
        }
        if let Some(end) = taken.end {
            break Ended { is_stopped: false, end };
        }
    };
    shutdown.cancel();
    drop(lines);
    // Whoever reads slowly gets every line; whoever does not read must not keep a program that was told to stop.
    let told = async {
        if !outcome.is_stopped {
            stop.await;
        }
        tokio::time::sleep(STOPPING).await;
    };
    let unwritten = tokio::select! {
        written = writer => written.ok().and_then(Result::err),
        () = told => None,
    };
    match tokio::time::timeout(STOPPING, task).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "the trunk did not end well"),
        Err(_) => tracing::warn!("the socket takes too long to close"),
    }
    match unwritten {
        // Whoever closed the pipe has seen enough.
        Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Output(error)),
        Some(_) | None => outcome.end.map(|()| tail.stats),
    }
}

/// How the loop ended.
struct Ended {
    /// Whether by a signal or a closed pipe: then there is no more time for anybody.
    is_stopped: bool,
    end: Result<(), Error>,
}

async fn resolve(client: &Client, specs: &[Spec]) -> Result<Vec<Stream>, Error> {
    let offer = if specs.iter().any(|spec| matches!(spec, Spec::List(_))) {
        client.offer().await.map_err(|failure| match failure.kind {
            FailureKind::Unauthorized => Error::SignedOut(failure.reason),
            FailureKind::Retry | FailureKind::RateLimited(_) | FailureKind::Forbidden | FailureKind::NotFound | FailureKind::Unusable => {
                Error::Lists(failure.reason)
            }
        })?
    } else {
        crate::model::Offer::default()
    };
    let mut streams = Vec::new();
    for spec in specs {
        let stream = spec.resolve(&offer.lists)?;
        if !streams.contains(&stream) {
            streams.push(stream);
        }
    }
    Ok(streams)
}

type Lines = (mpsc::Sender<String>, oneshot::Receiver<()>, tokio::task::JoinHandle<io::Result<()>>);

/// A thread that writes lines; the receiver resolves when the other end of the pipe has gone.
fn write_lines(mut out: impl Write + Send + 'static) -> Lines {
    let (lines, mut waiting) = mpsc::channel::<String>(LINES);
    let (gone, closed) = oneshot::channel();
    let writer = tokio::task::spawn_blocking(move || {
        let mut write = || -> io::Result<()> {
            while let Some(line) = waiting.blocking_recv() {
                out.write_all(line.as_bytes())?;
                if waiting.is_empty() {
                    out.flush()?;
                }
            }
            out.flush()
        };
        let written = write();
        if written.is_err() {
            // Whatever went wrong with it, nothing can be printed any more.
            let _ = gone.send(());
        } else {
            // Held until every line is out, so that an orderly end does not look like a closed pipe.
            drop(gone);
        }
        written
    });
    (lines, closed, writer)
}

#[expect(clippy::disallowed_methods, reason = "lines carry the time at which they are printed")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// What one event leads to.
#[derive(Debug, Default)]
struct Step {
    line: String,
    end: Option<Result<(), Error>>,
}

#[derive(Debug)]
struct Tail<'a> {
    options: &'a Options,
    printer: Printer,
    streams: Vec<Stream>,
    refused: BTreeMap<Stream, Plain>,
    /// The last id that each stream brought, for gaps.
    last: BTreeMap<Stream, String>,
    lost_at: Option<Timestamp>,
    stats: Stats,
}

impl<'a> Tail<'a> {
    fn new(streams: Vec<Stream>, options: &'a Options) -> Self {
        let printer = Printer::new(options.form);
        Self { options, printer, streams, refused: BTreeMap::new(), last: BTreeMap::new(), lost_at: None, stats: Stats::default() }
    }

    fn take(&mut self, _origin: Origin, event: &Event, now: Timestamp, aside: &mut (dyn FnMut(&str) + Send)) -> Step {
        match event {
            Event::Stream(event) => self.streamed(event, now),
            Event::Connection(connection) => self.connection(connection, now, aside),
            Event::Subscription { stream, standing, rung: _ } => self.subscription(stream, standing, now, aside),
            Event::Lagged { shed } => {
                let line = shed.iter().map(|(stream, lost)| self.printer.gap(stream, None, None, now, "shed", Some(*lost))).collect();
                Step { line, end: None }
            }
            Event::Malformed { what } => {
                tracing::warn!(%what, "a message could not be read");
                Step::default()
            }
            Event::Server(_) | Event::Ping(_) | Event::Ladder { .. } | Event::Traffic { .. } => Step::default(),
        }
    }

    fn streamed(&mut self, event: &StreamEvent, now: Timestamp) -> Step {
        self.stats.count(event);
        if let Some(id) = id(event) {
            for stream in &event.streams {
                self.last.insert(stream.clone(), id.to_owned());
            }
        }
        let line = self.printer.event(event, now);
        let enough = self.options.count.is_some_and(|count| self.stats.events() >= count);
        let matched = self.options.until.as_ref().is_some_and(|until| matches(until, &event.payload));
        Step { line, end: (enough || matched).then_some(Ok(())) }
    }

    fn connection(&mut self, connection: &Connection, now: Timestamp, aside: &mut (dyn FnMut(&str) + Send)) -> Step {
        let (line, words) = self.printer.connection(connection, now);
        if self.options.form != Form::Json
            && let Some(words) = words
        {
            aside(&words);
        }
        let mut step = Step { line, end: None };
        match connection {
            Connection::Live => {
                if let Some(since) = self.lost_at.take() {
                    for stream in self.streams.iter().filter(|stream| !self.refused.contains_key(*stream)) {
                        let after = self.last.get(stream).map(String::as_str);
                        step.line.push_str(&self.printer.gap(stream, after, Some(since), now, "disconnected", None));
                    }
                }
            }
            Connection::SignedOut { reason } => step.end = Some(Err(Error::SignedOut(reason.clone()))),
            Connection::Failed { reason } => step.end = Some(Err(Error::Unusable(reason.clone()))),
            Connection::Connecting => {}
            Connection::Reconnecting { .. } | Connection::RateLimited { .. } | Connection::Offline { .. } => {
                if self.stats.was_live {
                    self.lost_at.get_or_insert(now);
                }
            }
        }
        self.stats.was_live |= *connection == Connection::Live;
        step
    }

    fn subscription(&mut self, stream: &Stream, standing: &Subscription, now: Timestamp, aside: &mut (dyn FnMut(&str) + Send)) -> Step {
        let words = match standing {
            Subscription::Refused(words) => words.clone(),
            Subscription::NotStreamed => Plain::line("not streamed by this server"),
            Subscription::Requested | Subscription::Open | Subscription::Interrupted(_) => {
                self.refused.remove(stream);
                return Step::default();
            }
        };
        if self.options.form != Form::Json {
            aside(&format!("{}: refused: {words}", stream.spec()));
        }
        let line = self.printer.refused(stream, &words, now);
        self.refused.insert(stream.clone(), words);
        let all = self.streams.iter().all(|stream| self.refused.contains_key(stream));
        let why = || self.refused.iter().map(|(stream, words)| format!("{}: {words}", stream.spec())).collect::<Vec<_>>().join("; ");
        Step { line, end: all.then(|| Err(Error::AllRefused(why()))) }
    }
}

/// The id of the entity that an event is about.
fn id(event: &StreamEvent) -> Option<&str> {
    match &event.payload {
        Payload::Update(bundle) | Payload::Edit(bundle) => bundle.main().map(|status| status.id.as_str()),
        Payload::Delete(id) => Some(id.as_str()),
        Payload::Notification(notification, _) => Some(notification.id.as_str()),
        Payload::Conversation(conversation, _) => Some(conversation.id.as_str()),
        Payload::Announcement(announcement) => Some(announcement.id.as_str()),
        Payload::AnnouncementDelete(id) => Some(id.as_str()),
        Payload::AnnouncementReaction(_) | Payload::FiltersChanged | Payload::NotificationsMerged | Payload::Other => None,
    }
}

/// The status whose words an event shows: the boosted one for a boost, a notification's own.
fn words_of(payload: &Payload) -> Option<&Status> {
    let (own, bundle) = match payload {
        Payload::Update(bundle) | Payload::Edit(bundle) => (bundle.main()?, bundle),
        Payload::Notification(notification, bundle) => {
            let id = notification.status.as_ref()?;
            (bundle.statuses.iter().find(|status| status.id == *id)?, bundle)
        }
        Payload::Delete(_)
        | Payload::Conversation(..)
        | Payload::Announcement(_)
        | Payload::AnnouncementReaction(_)
        | Payload::AnnouncementDelete(_)
        | Payload::FiltersChanged
        | Payload::NotificationsMerged
        | Payload::Other => return None,
    };
    match &own.reblog {
        Some(inner) => bundle.statuses.iter().find(|status| status.id == *inner),
        None => Some(own),
    }
}

fn matches(until: &regex::Regex, payload: &Payload) -> bool {
    words_of(payload).is_some_and(|status| until.is_match(&status.content.text()) || until.is_match(status.spoiler_text.as_str()))
}
