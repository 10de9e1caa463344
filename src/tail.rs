//! `trunkline tail`: the same streams without a screen, a line or a JSON object an event.
//!
//! What is printed is a contract with scripts (the README names the fields), and the same ledger as on the screen: what was
//! missed is asked for and printed, and what stays missing is a gap. Lines go through a bounded channel to a thread that
//! writes, in pieces of many while many come; the trunk reads no faster than they are taken, and where hardly any are, its
//! outbox sheds and counts. Absent on purpose: backlog; only what arrives from now on is printed.

mod gaps;
mod headless;
mod line;
mod refill;
mod stats;

use crate::clocks::{Clocks, LOOK};
use crate::effects::Effects;
use crate::mastodon::Client;
use crate::mastodon::streaming::{Settings as TrunkSettings, connect};
use crate::model::{Event, FailureKind, Origin, Payload, Spec, Status, Stream, StreamEvent};
use crate::text::Plain;
use crate::update::{Effect, Question, Reply};
use headless::{Headless, Turn};
pub use stats::Stats;
use std::io::{self, Write};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

/// Most events that are taken and printed in one go.
const TURN: usize = 32;
/// How much may wait to be written, each as much as a turn prints.
const CHUNKS: usize = 32;
/// The shortest sleep.
const SHORTEST_SLEEP: Duration = Duration::from_millis(200);
/// How long the last lines and the socket may take when the program is told to stop.
const STOPPING: Duration = Duration::from_secs(1);

/// How to print, and when to end.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What is printed for each event.
    pub form: Form,
    /// Ends when the plain text or content warning of a post matches.
    pub until: Option<regex::Regex>,
    /// Ends after so many events of the server, those among them that a refill brought.
    pub count: Option<u64>,
    /// Whether the figures of the run are to be told: without them nothing is kept to be weighed alone.
    pub stats: bool,
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
    /// A task of ours is gone.
    #[error("a part of the program ended unexpectedly; the log says more")]
    Broken,
}

/// Prints what arrives on the streams of `specs` to `out` until one of the options, `stop` or a closed pipe ends it. What
/// is to be said beside it goes to `aside`, a line at a time. `continued` counts the stops of the process that are over: then
/// the streams are opened again. Gives back the figures of the run.
///
/// # Errors
/// When a spec means nothing, the account is signed out, the server cannot be used, or every stream was refused.
pub async fn run(
    client: Client,
    specs: &[Spec],
    options: &Options,
    out: impl Write + Send + 'static,
    aside: &mut (dyn FnMut(&str) + Send),
    mut continued: watch::Receiver<u64>,
    stop: impl Future<Output = ()>,
) -> Result<Stats, Error> {
    let streams = resolve(&client, specs).await?;
    let shutdown = CancellationToken::new();
    // Only what is printed, or weighed, is kept as it was sent.
    let keep_raw = options.form != Form::Nothing || options.stats;
    let client = if keep_raw { client.keeping_raw() } else { client };
    let mut clocks = Clocks::read();
    let mut headless = Headless::new(streams, options, clocks.wall);
    let settings = TrunkSettings { keep_raw, ..TrunkSettings::default() };
    let (wanted, wants) = watch::channel(headless.wanted());
    let (mut events, task) = connect(client.clone(), settings, wants, shutdown.clone());
    let mut effects = Effects::new(client);
    let (lines, mut closed, writer) = write_lines(out);
    tokio::pin!(stop);
    let stopped = || Ended { is_stopped: true, end: Ok(()) };
    let outcome = loop {
        let woken = tokio::select! {
            biased;
            () = &mut stop => break stopped(),
            _ = &mut closed => break stopped(),
            Ok(()) = continued.changed() => Woken::Continued,
            reply = effects.next() => match reply {
                Ok(reply) => Woken::Reply(reply),
                // Nobody aborts these tasks: one has panicked.
                Err(_) => break Ended { is_stopped: false, end: Err(Error::Broken) },
            },
            event = events.recv() => match event {
                Some((origin, event)) => Woken::Event(origin, event),
                None => break Ended { is_stopped: false, end: Err(Error::Broken) },
            },
            // Nothing is computed for it where something has come.
            () = async { tokio::time::sleep(sleep(&headless, &clocks)).await } => Woken::Time,
        };
        let mut turn = Turn::default();
        let before = std::mem::replace(&mut clocks, Clocks::read());
        if matches!(woken, Woken::Event(_, Event::Stream(_))) {
            headless.event_at(clocks.wall, &mut turn);
        } else {
            headless.tick(clocks.wall, &mut turn);
        }
        if clocks.slept_since(&before) || matches!(woken, Woken::Continued) {
            tracing::info!("the program was stopped or the machine asleep; the streams are opened again");
            headless.resumed(&mut turn);
            let now = headless.wanted();
            wanted.send_if_modified(|published| std::mem::replace(published, now.clone()) != now);
        }
        match woken {
            Woken::Reply(reply) => headless.reply(reply, &mut turn),
            Woken::Event(origin, event) => {
                headless.take(origin, event, &mut turn);
                let mut taken = 1;
                while taken < TURN
                    && turn.end.is_none()
                    && let Some((origin, event)) = events.try_recv()
                {
                    headless.take(origin, event, &mut turn);
                    taken += 1;
                }
                headless.settle(&mut turn);
            }
            Woken::Time => headless.look(&mut turn),
            Woken::Continued => {}
        }
        for effect in turn.effects {
            ask(&mut effects, effect);
        }
        for words in turn.asides {
            aside(&words);
        }
        if !turn.lines.is_empty() {
            tokio::select! {
                biased;
                () = &mut stop => break stopped(),
                sent = lines.send(turn.lines) => if sent.is_err() { break stopped() },
            }
        }
        if let Some(end) = turn.end {
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
        Some(_) | None => outcome.end.map(|()| headless.into_stats()),
    }
}

/// What a wait ended with.
enum Woken {
    Event(Origin, Event),
    Reply(Reply),
    /// The process goes on after a stop.
    Continued,
    /// The time of a deadline has come, or that of a look at the clocks.
    Time,
}

/// How long nothing has to be done by itself.
fn sleep(headless: &Headless<'_>, clocks: &Clocks) -> Duration {
    let wait = headless.next_deadline().map(|at| Duration::try_from(at.duration_since(clocks.wall)).unwrap_or_default());
    // Where it has passed already the last turn has seen it, and what is still to be done waits for something else.
    wait.map_or(LOOK, |wait| wait.clamp(SHORTEST_SLEEP, LOOK))
}

/// Carries out what `update` asks for, but for what only a reader needs: names for tabs, who the account is, and stream health.
fn ask(effects: &mut Effects, effect: Effect) {
    match effect {
        Effect::Ask(
            question @ (Question::Page { .. }
            | Question::Newer { .. }
            | Question::Review { .. }
            | Question::Status { .. }
            | Question::Notification { .. }
            | Question::Thread { .. }),
        ) => effects.ask(question),
        Effect::Ask(
            Question::History(_)
            | Question::Profile(_)
            | Question::ProfilePosts(_)
            | Question::Relationship(_)
            | Question::Search { .. }
            | Question::Offer
            | Question::Account
            | Question::Health
            | Question::Scopes
            | Question::Markers
            | Question::RaiseMarkers(_),
        )
        | Effect::Reload
        | Effect::Suspend
        | Effect::Redraw
        | Effect::Alert { .. }
        | Effect::Open(_)
        | Effect::Copy { .. }
        | Effect::SwitchAccount(_)
        | Effect::Quit => {}
    }
}

/// How the loop ended.
struct Ended {
    /// Whether by a signal or a closed pipe: then there is no more time for anybody.
    is_stopped: bool,
    end: Result<(), Error>,
}

async fn resolve(client: &Client, specs: &[Spec]) -> Result<Vec<Stream>, Error> {
    let offer = if specs.iter().any(Spec::needs_lists) {
        client.offer().await.map_err(|failure| match failure.kind {
            FailureKind::Unauthorized => Error::SignedOut(failure.reason),
            FailureKind::Retry
            | FailureKind::Offline
            | FailureKind::RateLimited(_)
            | FailureKind::Forbidden
            | FailureKind::NotFound
            | FailureKind::Unusable => Error::Lists(failure.reason),
        })?
    } else {
        crate::model::Offer::default()
    };
    let mut streams = Vec::new();
    for spec in specs {
        for stream in spec.resolve(&offer.lists)?.all() {
            if !streams.contains(stream) {
                streams.push(stream.clone());
            }
        }
    }
    Ok(streams)
}

type Lines = (mpsc::Sender<String>, oneshot::Receiver<()>, tokio::task::JoinHandle<io::Result<()>>);

/// A thread that writes lines; the receiver resolves when the other end of the pipe has gone.
fn write_lines(mut out: impl Write + Send + 'static) -> Lines {
    let (lines, mut waiting) = mpsc::channel::<String>(CHUNKS);
    let (gone, closed) = oneshot::channel();
    let writer = tokio::task::spawn_blocking(move || {
        let mut write = || -> io::Result<()> {
            while let Some(chunk) = waiting.blocking_recv() {
                out.write_all(chunk.as_bytes())?;
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
