//! The session: what to do about the connection, as a pure machine.
//!
//! [`Session::step`] takes the time, a random sample and one [`Input`] and answers with [`Action`]s; `connection` carries
//! them out. Here are discovery, liveness, back-off, sign-out and waking; `subscriptions` keeps what is asked for on the
//! socket. Absent on purpose: sockets, clocks, randomness, logging. Every waiting phase has a deadline of its own, so a
//! lost answer delays and never strands.
//!
//! Inputs and actions name the [`Link`] they belong to; what belongs to an earlier life is ignored. There is one rung so
//! far, the multiplexed socket; others will be further [`LinkId`]s.

mod subscriptions;

use super::Wanted;
use super::frame::Message;
use crate::mastodon::door::{Refusal, RefusalKind};
use crate::model::{Connection, Event, Failure, FailureKind, Server, Software};
use crate::text::Plain;
use std::time::Duration;
use subscriptions::Subscriptions;

/// A quiet socket is pinged after this long.
const QUIET: Duration = Duration::from_secs(20);
/// After our ping, silence of this long means that the socket is dead.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often the round trip is measured.
const MEASURE: Duration = Duration::from_secs(60);
/// How long a connection must live before it counts as healthy.
const HEALTHY: Duration = Duration::from_secs(60);
/// The longest back-off, and the pause where trying again is unlikely to help.
const LONGEST: Duration = Duration::from_secs(60);
/// An attempt this young is not restarted on waking: it was begun because of the same pause.
const FRESH: Duration = Duration::from_millis(500);
/// Failed attempts in a row after which the server is asked about itself again.
const REDISCOVER: u32 = 3;
/// Refusals in a row after which a server is taken not to stream at all.
const NO_STREAMING: u32 = 3;
/// Malformed messages told per [`RATION_PERIOD`]; more are only counted, or a hostile server could fill the outbox.
const RATION: u32 = 10;
const RATION_PERIOD: Duration = Duration::from_secs(10);

// Deadlines behind those of the door and of REST, for answers that never come.
const DISCOVERY_DEADLINE: Duration = Duration::from_secs(70);
const DIAL_DEADLINE: Duration = Duration::from_secs(15);
const VERIFY_DEADLINE: Duration = Duration::from_secs(40);

/// Which way events come: a rung of the ladder of transports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LinkId(u16);

impl LinkId {
    /// The multiplexed WebSocket.
    pub(crate) const TRUNK: Self = Self(0);

    /// Its number, for recordings.
    pub(crate) fn number(self) -> u16 {
        self.0
    }
}

/// One attempt at a link and, if it succeeds, the life of that link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    /// Which link.
    pub(crate) id: LinkId,
    /// Which attempt, counted from one.
    pub(crate) life: u64,
}

/// What the session is told.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "an input lives for one step; a box would cost an allocation for every event")]
pub(crate) enum Input {
    /// What the app wants, also if nothing of it changed.
    Wanted(Wanted),
    /// The server answered about itself.
    Discovered {
        /// For which attempt.
        link: Link,
        /// What it said.
        server: Server,
    },
    /// The server did not answer about itself.
    DiscoveryFailed {
        /// For which attempt.
        link: Link,
        /// Why.
        failure: Failure,
        /// When to come back at the earliest, if the server said so.
        retry_after: Option<Duration>,
    },
    /// The socket is open.
    Opened {
        /// Which.
        link: Link,
    },
    /// The socket was not opened.
    Refused {
        /// Which.
        link: Link,
        /// Why.
        refusal: Refusal,
    },
    /// A text message came and was decoded.
    Message {
        /// On which socket.
        link: Link,
        /// What it says.
        message: Message,
    },
    /// Something else came: a ping, a part of a message.
    Bytes {
        /// On which socket.
        link: Link,
    },
    /// A pong came.
    Pong {
        /// On which socket.
        link: Link,
        /// The number of the ping that it answers.
        number: u64,
    },
    /// The socket ended.
    Closed {
        /// Which.
        link: Link,
        /// The code of the server's close frame, if there was one.
        code: Option<u16>,
        /// How it ended, in words.
        reason: Plain,
    },
    /// REST knows whether the token is accepted.
    Verified {
        /// For which attempt.
        link: Link,
        /// What it knows.
        verdict: Verdict,
    },
    /// The moment that was asked for has come.
    Timer,
}

/// Whether the token is accepted, as REST says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is.
    Accepted,
    /// It is not, in the server's words.
    Rejected(Plain),
    /// Nobody could say, and why.
    Unknown(Plain),
}

/// What the session wants done.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "actions lie in a buffer that is used again; a box would cost an allocation for every event")]
pub(crate) enum Action {
    /// Ask the server about itself.
    Discover {
        /// For this attempt.
        link: Link,
    },
    /// Open the socket.
    Connect {
        /// As this link.
        link: Link,
        /// Whether the token goes into the subprotocol as well.
        subprotocol: bool,
    },
    /// Send a text message.
    Send {
        /// On this socket.
        link: Link,
        /// The message.
        text: String,
    },
    /// Send a ping.
    Ping {
        /// On this socket.
        link: Link,
        /// To be found again in the pong.
        number: u64,
    },
    /// Give up the socket, or the attempt, at once.
    Close {
        /// Which.
        link: Link,
    },
    /// Ask REST whether the token is accepted.
    Verify {
        /// For this attempt.
        link: Link,
    },
    /// Tell the app.
    Deliver {
        /// Which life of the connection it belongs to: how many sockets have been opened so far.
        epoch: u64,
        /// What.
        event: Event,
    },
    /// Give [`Input::Timer`] at this time at the latest. Replaces an earlier one.
    WakeAt(Duration),
}

/// The session with one server for one account.
#[derive(Debug)]
pub(crate) struct Session {
    phase: Phase,
    link: Link,
    epoch: u64,
    wanted: Wanted,
    software: Option<Software>,
    subscriptions: Subscriptions,
    /// Attempts that failed, or connections that did not live long, in a row.
    failures: u32,
    /// The same since the server was last asked about itself.
    undiscovered: u32,
    /// Refusals of streaming as such in a row.
    no_streaming: u32,
    pings: u64,
    ration: Ration,
    /// The wake-up that was last asked for and has not come yet.
    wake: Option<Duration>,
}

impl Session {
    /// Starts a session that does nothing until it is told what is wanted.
    pub(crate) fn new() -> Self {
        Self {
            phase: Phase::Idle,
            link: Link { id: LinkId::TRUNK, life: 0 },
            epoch: 0,
            wanted: Wanted::default(),
            software: None,
            subscriptions: Subscriptions::default(),
            failures: 0,
            undiscovered: 0,
            no_streaming: 0,
            pings: 0,
            ration: Ration::default(),
            wake: None,
        }
    }

    /// Takes one input at `now` (time since the start, never less than before) and adds to `actions` what is to be done,
    /// in order. `chance` is a fresh random sample from 0 up to 1.
    pub(crate) fn step(&mut self, now: Duration, chance: f64, input: Input, actions: &mut Vec<Action>) {
        let begin = actions.len();
        let mut turn = Turn { now, chance, link: self.link, epoch: self.epoch, actions };
        self.take(input, &mut turn);
        self.elapse(&mut turn);
        self.ration.apply(now, begin, actions);
        if let Some(due) = self.due()
            && self.wake.is_none_or(|told| told <= now || due < told)
        {
            self.wake = Some(due);
            actions.push(Action::WakeAt(due));
        }
    }

    /// Whether a socket opened as this link would be used.
    pub(crate) fn awaits(&self, link: Link) -> bool {
        self.is_now(link) && matches!(self.phase, Phase::Dialling { .. })
    }

    fn take(&mut self, input: Input, turn: &mut Turn<'_>) {
        match input {
            Input::Wanted(wanted) => self.want(wanted, turn),
            Input::Timer => self.wake = None,
            Input::Discovered { link, server } if self.is_now(link) => self.discovered(server, turn),
            Input::DiscoveryFailed { link, failure, retry_after } if self.is_now(link) => {
                self.discovery_failed(failure, retry_after, turn);
            }
            Input::Opened { link } if self.is_now(link) => self.opened(turn),
            Input::Refused { link, refusal } if self.is_now(link) => self.refused(refusal, turn),
            Input::Message { link, message } if self.is_now(link) => self.message(message, turn),
            Input::Bytes { link } if self.is_now(link) => self.alive(turn.now),
            Input::Pong { link, number } if self.is_now(link) => self.pong(number, turn),
            Input::Closed { link, code, reason } if self.is_now(link) => self.closed(code, reason, turn),
            Input::Verified { link, verdict } if self.is_now(link) => self.verified(verdict, turn),
            // Of an earlier life.
            Input::Discovered { .. }
            | Input::DiscoveryFailed { .. }
            | Input::Opened { .. }
            | Input::Refused { .. }
            | Input::Message { .. }
            | Input::Bytes { .. }
            | Input::Pong { .. }
            | Input::Closed { .. }
            | Input::Verified { .. } => {}
        }
    }

    fn is_now(&self, link: Link) -> bool {
        link == self.link
    }

    fn want(&mut self, wanted: Wanted, turn: &mut Turn<'_>) {
        let retry = wanted.retry > self.wanted.retry;
        let woke = wanted.woke > self.wanted.woke;
        self.wanted = wanted;
        if let (Phase::Live(_), Some(software)) = (&self.phase, self.software) {
            self.subscriptions.reconcile(&self.wanted.streams, software, turn);
        }
        if matches!(self.phase, Phase::Idle) {
            turn.say(Event::Connection(Connection::Connecting));
            self.attempt(turn);
            return;
        }
        if woke {
            self.woke(turn);
        }
        if retry {
            self.retry(turn);
        }
    }

    fn woke(&mut self, turn: &mut Turn<'_>) {
        match &self.phase {
            Phase::Live(Live { since, .. }) | Phase::Discovering { since } | Phase::Dialling { since } => {
                if turn.now.saturating_sub(*since) < FRESH {
                    return;
                }
            }
            Phase::Waiting { why: Why::BackOff | Why::Hopeless, .. } => {}
            Phase::Waiting { why: Why::Asked(_), .. } | Phase::Idle | Phase::Verifying { .. } | Phase::SignedOut => return,
        }
        self.forget_failures_if_healthy(turn.now);
        let reason = Plain::line("this computer was asleep or the program was stopped");
        turn.say(Event::Connection(Connection::Reconnecting { reason, attempt: self.failures, retry_in: Duration::ZERO }));
        turn.actions.push(Action::Close { link: self.link });
        self.attempt(turn);
    }

    fn retry(&mut self, turn: &mut Turn<'_>) {
        match &self.phase {
            // What the server asked for holds for the reader too.
            Phase::Waiting { until, why: Why::Asked(reason) } => {
                let retry_in = until.saturating_sub(turn.now);
                turn.say(Event::Connection(Connection::RateLimited { reason: reason.clone(), retry_in }));
            }
            Phase::Waiting { why: Why::BackOff | Why::Hopeless, .. } | Phase::SignedOut => {
                turn.say(Event::Connection(Connection::Connecting));
                self.attempt(turn);
            }
            Phase::Live(_) => self.subscriptions.ask_refused_again(turn),
            Phase::Idle | Phase::Discovering { .. } | Phase::Dialling { .. } | Phase::Verifying { .. } => {}
        }
    }

    fn attempt(&mut self, turn: &mut Turn<'_>) {
        self.link.life += 1;
        turn.link = self.link;
        if self.software.is_none() || self.undiscovered >= REDISCOVER {
            self.phase = Phase::Discovering { since: turn.now };
            turn.actions.push(Action::Discover { link: self.link });
        } else {
            self.dial(turn);
        }
    }

    fn dial(&mut self, turn: &mut Turn<'_>) {
        self.phase = Phase::Dialling { since: turn.now };
        turn.actions.push(Action::Connect { link: self.link, subprotocol: self.software == Some(Software::Pleroma) });
    }

    fn discovered(&mut self, server: Server, turn: &mut Turn<'_>) {
        let Phase::Discovering { .. } = self.phase else { return };
        self.software = Some(server.software);
        self.undiscovered = 0;
        turn.say(Event::Server(server));
        self.dial(turn);
    }

    fn discovery_failed(&mut self, failure: Failure, retry_after: Option<Duration>, turn: &mut Turn<'_>) {
        let Phase::Discovering { .. } = self.phase else { return };
        // A limit holds for the stream as well: some servers count upgrades and questions together.
        let limited = matches!(failure.kind, FailureKind::RateLimited(_));
        if self.software.is_some() && !limited {
            // What was known may still hold, and the streaming host may be another one.
            self.undiscovered = 0;
            self.dial(turn);
            return;
        }
        let reason = failure.reason;
        match failure.kind {
            FailureKind::Retry | FailureKind::Forbidden => self.fail(Trouble::Reconnecting(reason), turn),
            FailureKind::RateLimited(_) => self.fail(Trouble::asked(reason, retry_after), turn),
            FailureKind::Unauthorized => self.verify(reason, turn),
            FailureKind::NotFound | FailureKind::Unusable => self.fail(Trouble::Hopeless(reason), turn),
        }
    }

    fn opened(&mut self, turn: &mut Turn<'_>) {
        let Some(software) = self.software.filter(|_| self.awaits(self.link)) else { return };
        self.epoch += 1;
        turn.epoch = self.epoch;
        self.no_streaming = 0;
        self.phase = Phase::Live(Live { since: turn.now, heard: turn.now, asked: None, measure_at: turn.now, ping: None });
        self.subscriptions = Subscriptions::open(&self.wanted.streams, software, turn);
    }

    fn refused(&mut self, refusal: Refusal, turn: &mut Turn<'_>) {
        let Phase::Dialling { .. } = self.phase else { return };
        if refusal.kind != RefusalKind::NoStreaming {
            self.no_streaming = 0;
        }
        let reason = refusal.reason;
        match refusal.kind {
            RefusalKind::Offline => self.fail(Trouble::Offline(reason), turn),
            RefusalKind::Interposed | RefusalKind::Server => self.fail(Trouble::Reconnecting(reason), turn),
            RefusalKind::RateLimited => self.fail(Trouble::asked(reason, refusal.retry_after), turn),
            RefusalKind::Tls => self.fail(Trouble::Hopeless(reason), turn),
            RefusalKind::Unauthorized => self.verify(reason, turn),
            RefusalKind::NoStreaming => {
                self.no_streaming += 1;
                if self.no_streaming < NO_STREAMING {
                    self.fail(Trouble::Reconnecting(reason), turn);
                } else {
                    let reason = Plain::line(&format!("this server does not stream ({reason}); asking again every minute"));
                    self.fail(Trouble::Hopeless(reason), turn);
                }
            }
        }
    }

    fn verify(&mut self, reason: Plain, turn: &mut Turn<'_>) {
        self.phase = Phase::Verifying { since: turn.now, reason };
        turn.actions.push(Action::Verify { link: self.link });
    }

    fn verified(&mut self, verdict: Verdict, turn: &mut Turn<'_>) {
        let Phase::Verifying { reason, .. } = &self.phase else { return };
        match verdict {
            Verdict::Accepted => {
                let reason = Plain::line(&format!("the server refuses the stream but accepts the token: {reason}"));
                self.fail(Trouble::Reconnecting(reason), turn);
            }
            Verdict::Unknown(why) => {
                let reason = Plain::line(&format!("{reason}; whether the token is still good is not known: {why}"));
                self.fail(Trouble::Reconnecting(reason), turn);
            }
            Verdict::Rejected(words) => {
                let reason = Plain::line(&format!("{words}: the token is not accepted; start again with a new one"));
                self.phase = Phase::SignedOut;
                turn.say(Event::Connection(Connection::SignedOut { reason }));
            }
        }
    }

    fn message(&mut self, message: Message, turn: &mut Turn<'_>) {
        self.alive(turn.now);
        let Phase::Live(_) = self.phase else { return };
        match message {
            Message::Event(decoded) => self.subscriptions.receive(decoded, turn),
            Message::Error { text, status } => self.subscriptions.complain(text, status, turn),
            Message::Malformed(what) => turn.say(Event::Malformed { what }),
            Message::Nothing => {}
        }
    }

    fn alive(&mut self, now: Duration) {
        if let Phase::Live(live) = &mut self.phase {
            live.heard = now;
            live.asked = None;
        }
    }

    fn pong(&mut self, number: u64, turn: &mut Turn<'_>) {
        self.alive(turn.now);
        let Phase::Live(live) = &mut self.phase else { return };
        if let Some((_, sent)) = live.ping.take_if(|(expected, _)| *expected == number) {
            let round_trip = turn.now.saturating_sub(sent);
            self.subscriptions.measured(round_trip);
            turn.say(Event::Ping(round_trip));
        }
    }

    fn closed(&mut self, code: Option<u16>, reason: Plain, turn: &mut Turn<'_>) {
        match self.phase {
            Phase::Live(_) => {
                self.lost(Trouble::Reconnecting(reason), code == Some(TRY_AGAIN_LATER), turn);
            }
            Phase::Dialling { .. } => self.fail(Trouble::Reconnecting(reason), turn),
            Phase::Idle | Phase::Discovering { .. } | Phase::Verifying { .. } | Phase::Waiting { .. } | Phase::SignedOut => {}
        }
    }

    /// A live connection ended. A healthy life forgets what failed before and does not count as a failure itself.
    fn lost(&mut self, trouble: Trouble, overloaded: bool, turn: &mut Turn<'_>) {
        if self.forget_failures_if_healthy(turn.now) && !overloaded {
            self.wait(trouble, turn);
        } else {
            if overloaded {
                // The server asks for patience without saying how much: begin where the window is 8 s wide.
                self.failures = self.failures.max(3);
            }
            self.fail(trouble, turn);
        }
    }

    fn forget_failures_if_healthy(&mut self, now: Duration) -> bool {
        let Phase::Live(live) = &self.phase else { return false };
        let healthy = now.saturating_sub(live.since) >= HEALTHY;
        if healthy {
            self.failures = 0;
            self.undiscovered = 0;
        }
        healthy
    }

    fn fail(&mut self, trouble: Trouble, turn: &mut Turn<'_>) {
        self.failures = self.failures.saturating_add(1);
        self.undiscovered = self.undiscovered.saturating_add(1);
        self.wait(trouble, turn);
    }

    fn wait(&mut self, trouble: Trouble, turn: &mut Turn<'_>) {
        let chance = if turn.chance.is_finite() { turn.chance.clamp(0.0, 1.0) } else { 0.5 };
        let jitter = window(self.failures).mul_f64(chance);
        let attempt = self.failures;
        let (retry_in, why, said) = match trouble {
            Trouble::Reconnecting(reason) => (jitter, Why::BackOff, Connection::Reconnecting { reason, attempt, retry_in: jitter }),
            Trouble::Offline(reason) => (jitter, Why::BackOff, Connection::Offline { reason, attempt, retry_in: jitter }),
            Trouble::Asked { reason, retry_after } => {
                // The jitter is added, so that those who were all told the same do not come back together.
                let retry_in = retry_after + jitter;
                (retry_in, Why::Asked(reason.clone()), Connection::RateLimited { reason, retry_in })
            }
            Trouble::Hopeless(reason) => (LONGEST + LONGEST.mul_f64(chance / 4.0), Why::Hopeless, Connection::Failed { reason }),
        };
        self.phase = Phase::Waiting { until: turn.now + retry_in, why };
        turn.say(Event::Connection(said));
    }

    /// Does what the time alone brings about.
    fn elapse(&mut self, turn: &mut Turn<'_>) {
        let late = |since: Duration, deadline| turn.now >= since + deadline;
        match &mut self.phase {
            Phase::Live(live) => {
                if live.asked.is_some_and(|asked| late(asked, PATIENCE)) {
                    let silence = turn.now.saturating_sub(live.heard).as_secs();
                    let reason = Plain::line(&format!("nothing came for {silence} s, not even an answer to a ping"));
                    turn.actions.push(Action::Close { link: self.link });
                    self.lost(Trouble::Reconnecting(reason), false, turn);
                    return;
                }
                let quiet = live.asked.is_none() && late(live.heard, QUIET);
                if quiet || turn.now >= live.measure_at {
                    self.pings += 1;
                    live.ping = Some((self.pings, turn.now));
                    live.measure_at = turn.now + MEASURE;
                    if quiet {
                        live.asked = Some(turn.now);
                    }
                    turn.actions.push(Action::Ping { link: self.link, number: self.pings });
                }
                self.subscriptions.elapse(turn);
            }
            Phase::Waiting { until, .. } => {
                if turn.now >= *until {
                    self.attempt(turn);
                }
            }
            Phase::Discovering { since } => {
                if late(*since, DISCOVERY_DEADLINE) {
                    self.unanswered("the server did not answer about itself", turn);
                }
            }
            Phase::Dialling { since } => {
                if late(*since, DIAL_DEADLINE) {
                    self.unanswered("the connection was not made in time", turn);
                }
            }
            Phase::Verifying { since, .. } => {
                if late(*since, VERIFY_DEADLINE) {
                    self.unanswered("the stream was refused, and whether the token is still good is not known", turn);
                }
            }
            Phase::Idle | Phase::SignedOut => {}
        }
    }

    fn unanswered(&mut self, reason: &str, turn: &mut Turn<'_>) {
        turn.actions.push(Action::Close { link: self.link });
        self.fail(Trouble::Offline(Plain::line(reason)), turn);
    }

    /// When something is due next.
    fn due(&self) -> Option<Duration> {
        match &self.phase {
            Phase::Idle | Phase::SignedOut => None,
            Phase::Waiting { until, .. } => Some(*until),
            Phase::Discovering { since } => Some(*since + DISCOVERY_DEADLINE),
            Phase::Dialling { since } => Some(*since + DIAL_DEADLINE),
            Phase::Verifying { since, .. } => Some(*since + VERIFY_DEADLINE),
            Phase::Live(live) => {
                let silence = live.asked.map_or(live.heard + QUIET, |asked| asked + PATIENCE).min(live.measure_at);
                Some(self.subscriptions.due().map_or(silence, |due| due.min(silence)))
            }
        }
    }
}

/// Close code of a server that is overloaded; see RFC 6455's registry.
const TRY_AGAIN_LATER: u16 = 1013;

/// The widest pause after this many failures in a row; the pause is drawn evenly from nothing up to it.
fn window(failures: u32) -> Duration {
    Duration::from_millis(500_u64 << failures.min(7)).min(LONGEST)
}

#[derive(Debug)]
enum Phase {
    /// Nothing is wanted yet.
    Idle,
    Discovering {
        since: Duration,
    },
    Dialling {
        since: Duration,
    },
    Live(Live),
    /// The stream was refused with 401; REST is asked.
    Verifying {
        since: Duration,
        reason: Plain,
    },
    Waiting {
        until: Duration,
        why: Why,
    },
    SignedOut,
}

#[derive(Debug)]
struct Live {
    since: Duration,
    /// When anything last came.
    heard: Duration,
    /// When we pinged because nothing came.
    asked: Option<Duration>,
    measure_at: Duration,
    /// Number and time of the last ping.
    ping: Option<(u64, Duration)>,
}

#[derive(Debug)]
enum Why {
    BackOff,
    /// The server said when to come back, in these words.
    Asked(Plain),
    /// It is unlikely to help; tried again all the same.
    Hopeless,
}

#[derive(Debug)]
enum Trouble {
    Reconnecting(Plain),
    Offline(Plain),
    Asked { reason: Plain, retry_after: Duration },
    Hopeless(Plain),
}

impl Trouble {
    /// Without a stated time, "too many requests" is an ordinary failure.
    fn asked(reason: Plain, retry_after: Option<Duration>) -> Self {
        match retry_after {
            Some(retry_after) => Self::Asked { reason, retry_after },
            None => Self::Reconnecting(reason),
        }
    }
}

/// One step in progress.
struct Turn<'a> {
    now: Duration,
    chance: f64,
    link: Link,
    epoch: u64,
    actions: &'a mut Vec<Action>,
}

impl Turn<'_> {
    fn say(&mut self, event: Event) {
        self.actions.push(Action::Deliver { epoch: self.epoch, event });
    }

    fn send(&mut self, text: String) {
        self.actions.push(Action::Send { link: self.link, text });
    }
}

/// Bounds how often malformed messages are told; the rest are counted into the next one told.
#[derive(Debug, Default)]
struct Ration {
    since: Duration,
    told: u32,
    held_back: u64,
}

impl Ration {
    fn apply(&mut self, now: Duration, begin: usize, actions: &mut Vec<Action>) {
        let is_malformed = |action: &Action| matches!(action, Action::Deliver { event: Event::Malformed { .. }, .. });
        if !actions.iter().skip(begin).any(is_malformed) {
            return;
        }
        if now.saturating_sub(self.since) >= RATION_PERIOD {
            self.since = now;
            self.told = 0;
        }
        let mut index = 0;
        actions.retain_mut(|action| {
            index += 1;
            if index <= begin {
                return true;
            }
            let Action::Deliver { event: Event::Malformed { what }, .. } = action else { return true };
            if self.told >= RATION {
                self.held_back += 1;
                return false;
            }
            self.told += 1;
            let held_back = std::mem::take(&mut self.held_back);
            if held_back > 0 {
                *what = Plain::line(&format!("{what} (and {held_back} more)"));
            }
            true
        });
    }
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
