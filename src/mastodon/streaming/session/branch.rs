//! A link of its own for one stream: a socket whose address names it, or an event stream.
//!
//! A [`Branch`] knows its own attempts, its life and what the app was told of its stream; what follows for the others, and
//! whether it may try at all, `session` decides by the [`Outcome`]. Absent on purpose: the trunk, and the ladder.

use super::life::{Life, Pulse, Trouble, Why};
use super::{Action, By, DIAL_DEADLINE, FRUITLESS, Link, LinkId, REST, REST_LONGEST, Turn, VERIFY_DEADLINE, Verdict, subscriptions};
use crate::mastodon::door::{Refusal, RefusalKind};
use crate::mastodon::streaming::frame::{Decoded, Message, Named};
use crate::model::{Event, Rung, Stream, StreamEvent, Subscription};
use crate::text::Plain;
use std::time::Duration;

/// No byte for this long after the head of an event stream means that something in between holds them back; Mastodon sends
/// some at once (transcript `sse-user`).
const MUTE: Duration = Duration::from_secs(10);
/// Without an error for this long a socket's stream counts as open.
const ASSUMED: Duration = Duration::from_secs(2);
/// A stream that was told to be asked for and is not open after this long has missed something. Shorter than the time after
/// which what was missed is fetched a second time.
const SLOW: Duration = Duration::from_secs(2);
/// An error that comes later than this is not about the stream.
const LATEST: Duration = Duration::from_secs(10);

/// The link of one stream.
#[derive(Debug)]
pub(super) struct Branch {
    pub(super) link: Link,
    pub(super) stream: Stream,
    /// Socket or event stream.
    pub(super) rung: Rung,
    phase: Phase,
    /// Attempts that failed, or lives that were short, in a row.
    failures: u32,
    /// Those of them that will hardly end otherwise.
    fruitless: u32,
    /// Its link is of no use while others are: it is polled, and tried again after this long.
    rest: Option<Duration>,
    told: Option<Subscription>,
    /// When the app was told that the stream is asked for.
    told_at: Duration,
}

#[derive(Debug)]
enum Phase {
    /// May not try.
    Held,
    Dialling {
        since: Duration,
    },
    /// The head of the event stream has come, and no byte yet.
    Listening {
        since: Duration,
    },
    /// Refused with 401; REST is asked.
    Verifying {
        since: Duration,
        reason: Plain,
    },
    Live {
        life: Life,
        /// When it counts as open.
        open_at: Option<Duration>,
    },
    Waiting {
        until: Duration,
        /// The server stated the time.
        stated: bool,
    },
    Refused(Plain),
}

/// What came of an input for more than this branch.
#[derive(Debug)]
pub(super) enum Outcome {
    Nothing,
    /// The link is open.
    Opened,
    /// The attempt or the link is over.
    Ended(End),
    /// The server does not give this stream, in its own words.
    Refused(Plain),
    /// The token is not accepted, in the server's words.
    SignedOut(Plain),
}

/// How an attempt or a link ended.
#[derive(Debug)]
pub(super) struct End {
    pub(super) trouble: Trouble,
    /// It will hardly be otherwise next time.
    pub(super) is_fruitless: bool,
    /// Of a link that was open: whether it had lived for long.
    pub(super) was_healthy: Option<bool>,
}

impl Branch {
    pub(super) fn new(id: LinkId, stream: Stream, rung: Rung) -> Self {
        Self {
            link: Link { id, life: 0 },
            stream,
            rung,
            phase: Phase::Held,
            failures: 0,
            fruitless: 0,
            rest: None,
            told: None,
            told_at: Duration::ZERO,
        }
    }

    pub(super) fn is_held(&self) -> bool {
        matches!(self.phase, Phase::Held)
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Live { .. })
    }

    #[cfg(test)]
    pub(super) fn is_refused(&self) -> bool {
        matches!(self.phase, Phase::Refused(_))
    }

    /// Whether a link opened for it would be used.
    pub(super) fn is_dialling(&self) -> bool {
        matches!(self.phase, Phase::Dialling { .. })
    }

    /// When the next attempt is due, if one is waited for.
    pub(super) fn waits_until(&mut self) -> Option<&mut Duration> {
        if let Phase::Waiting { until, .. } = &mut self.phase { Some(until) } else { None }
    }

    /// Begins an attempt.
    pub(super) fn dial(&mut self, subprotocol: bool, turn: &mut Turn<'_>) {
        self.link.life += 1;
        self.phase = Phase::Dialling { since: turn.now };
        let by = if self.rung == Rung::Socket { By::Socket(self.stream.clone()) } else { By::ServerSentEvents(self.stream.clone()) };
        turn.actions.push(Action::Connect { link: self.link, by, subprotocol });
    }

    /// Gives up what there is of a link.
    pub(super) fn close(&mut self, turn: &mut Turn<'_>) {
        match self.phase {
            Phase::Dialling { .. } | Phase::Listening { .. } | Phase::Verifying { .. } | Phase::Live { .. } => {
                turn.actions.push(Action::Close { link: self.link });
            }
            Phase::Held | Phase::Waiting { .. } | Phase::Refused(_) => {}
        }
        self.phase = Phase::Held;
    }

    /// The link is gone already.
    pub(super) fn forget(&mut self) {
        self.phase = Phase::Held;
    }

    /// There is no connection any more: gives up an attempt and forgets what was told. A live link lives on if the whole
    /// does not end with it.
    pub(super) fn hold(&mut self, with_live: bool, turn: &mut Turn<'_>) {
        let is_resting = self.rest.is_some() && matches!(self.phase, Phase::Waiting { .. });
        if !is_resting && (with_live || !self.is_live()) {
            self.close(turn);
        }
        self.told = None;
    }

    /// The app was told that the connection is live: tells it of this stream.
    pub(super) fn introduce(&mut self, turn: &mut Turn<'_>) {
        self.told = None;
        if self.is_live() {
            self.rest = None;
        }
        let standing = match &self.phase {
            Phase::Live { open_at: None, .. } => Subscription::Open,
            Phase::Refused(words) => Subscription::Refused(words.clone()),
            _ if self.rest.is_some() => Subscription::Open,
            Phase::Live { open_at: Some(_), .. }
            | Phase::Held
            | Phase::Dialling { .. }
            | Phase::Listening { .. }
            | Phase::Verifying { .. }
            | Phase::Waiting { .. } => Subscription::Requested,
        };
        self.tell(standing, turn);
    }

    /// The link was opened beside others.
    pub(super) fn join(&mut self, turn: &mut Turn<'_>) {
        if self.rest.take().is_some() {
            // What came between the last page and now is in neither.
            self.told = None;
            self.tell(Subscription::Interrupted(Plain::line("it is streamed again")), turn);
        }
        let is_open = matches!(self.phase, Phase::Live { open_at: None, .. });
        self.tell(if is_open { Subscription::Open } else { Subscription::Requested }, turn);
    }

    /// Tells what is new to the app.
    pub(super) fn tell(&mut self, standing: Subscription, turn: &mut Turn<'_>) {
        if self.told.as_ref() == Some(&standing) {
            return;
        }
        let rung = if self.rest.is_some() { Rung::Polling } else { self.rung };
        turn.say(Event::Subscription { stream: self.stream.clone(), standing: standing.clone(), rung });
        self.told = Some(standing);
        self.told_at = turn.now;
    }

    /// The link answers with what it is for.
    pub(super) fn opened(&mut self, turn: &mut Turn<'_>) -> Outcome {
        let Phase::Dialling { .. } = self.phase else { return Outcome::Nothing };
        if self.rung == Rung::Socket {
            return self.live(Life::of_socket(turn.now), Some(turn.now + ASSUMED));
        }
        self.phase = Phase::Listening { since: turn.now };
        Outcome::Nothing
    }

    fn live(&mut self, life: Life, open_at: Option<Duration>) -> Outcome {
        self.phase = Phase::Live { life, open_at };
        Outcome::Opened
    }

    /// Something came.
    pub(super) fn hear(&mut self, now: Duration) -> Outcome {
        self.fruitless = 0;
        match &mut self.phase {
            Phase::Live { life, .. } => life.hear(now),
            Phase::Listening { .. } => return self.live(Life::of_events(now), None),
            Phase::Held | Phase::Dialling { .. } | Phase::Verifying { .. } | Phase::Waiting { .. } | Phase::Refused(_) => {}
        }
        Outcome::Nothing
    }

    pub(super) fn pong(&mut self, number: u64, turn: &mut Turn<'_>) {
        if let Phase::Live { life, .. } = &mut self.phase
            && let Some(round_trip) = life.pong(number, turn.now)
        {
            turn.say(Event::Ping(round_trip));
        }
    }

    /// Takes a message; what names no stream, or only its kind, is of this one.
    pub(super) fn message(&mut self, message: Message, turn: &mut Turn<'_>) -> Outcome {
        let Phase::Live { life, open_at } = &mut self.phase else { return Outcome::Nothing };
        match message {
            Message::Event(decoded) => {
                *open_at = None;
                self.tell(Subscription::Open, turn);
                self.receive(decoded, turn);
            }
            Message::Error { text, status } => {
                if status.is_some_and(|status| status >= 500) {
                    turn.actions.push(Action::Close { link: self.link });
                    let was_healthy = Some(life.is_healthy(turn.now));
                    return Outcome::Ended(End { trouble: Trouble::Reconnecting(text), is_fruitless: false, was_healthy });
                }
                if turn.now.saturating_sub(life.since) < LATEST {
                    turn.actions.push(Action::Close { link: self.link });
                    return self.refuse(text);
                }
                turn.say(Event::Malformed { what: text });
            }
            Message::Malformed(what) => turn.say(Event::Malformed { what }),
            Message::Nothing => {}
        }
        Outcome::Nothing
    }

    fn receive(&self, decoded: Decoded, turn: &mut Turn<'_>) {
        let Decoded { named, stream, name, payload, raw } = decoded;
        let is_ours = match &stream {
            Named::Nothing => true,
            Named::Stream(stream) => *stream == self.stream,
            Named::Kind(kind) => kind.as_str() == self.stream.wire_name(),
            Named::Unknown => false,
        };
        if is_ours || subscriptions::is_for_everywhere(&payload) {
            let streams = if is_ours { vec![self.stream.clone()] } else { Vec::new() };
            turn.say(Event::Stream(StreamEvent { streams, named, name, payload, raw }));
        }
    }

    fn refuse(&mut self, words: Plain) -> Outcome {
        self.phase = Phase::Refused(words.clone());
        self.failures = 0;
        self.fruitless = 0;
        self.rest = None;
        Outcome::Refused(words)
    }

    /// The link was not opened. What a server says about an address can be about the stream alone only where it is `proven`
    /// that it has others.
    pub(super) fn refused(&mut self, refusal: Refusal, proven: bool, turn: &mut Turn<'_>) -> Outcome {
        let Phase::Dialling { .. } = self.phase else { return Outcome::Nothing };
        let Refusal { kind, reason, retry_after } = refusal;
        let (trouble, is_fruitless) = match kind {
            RefusalKind::Forbidden => return self.refuse(reason),
            RefusalKind::NotThere if proven => return self.refuse(reason),
            RefusalKind::Unauthorized if subscriptions::is_about_a_stream(reason.as_str()) => return self.refuse(reason),
            RefusalKind::Unauthorized => {
                self.phase = Phase::Verifying { since: turn.now, reason };
                turn.actions.push(Action::Verify { link: self.link });
                return Outcome::Nothing;
            }
            RefusalKind::Offline => (Trouble::Offline(reason), false),
            RefusalKind::Unanswered => (Trouble::Offline(reason), true),
            RefusalKind::NoStreaming | RefusalKind::NotThere | RefusalKind::Interposed | RefusalKind::Lost => {
                (Trouble::Reconnecting(reason), true)
            }
            RefusalKind::Server => (Trouble::Reconnecting(reason), false),
            RefusalKind::RateLimited => (Trouble::asked(reason, retry_after), false),
            RefusalKind::Tls => (Trouble::Hopeless(reason), false),
        };
        Outcome::Ended(End { trouble, is_fruitless, was_healthy: None })
    }

    pub(super) fn verified(&mut self, verdict: Verdict) -> Outcome {
        let Phase::Verifying { reason, .. } = &self.phase else { return Outcome::Nothing };
        match verdict.into_trouble(reason) {
            Ok((trouble, is_fruitless)) => Outcome::Ended(End { trouble, is_fruitless, was_healthy: None }),
            Err(words) => Outcome::SignedOut(words),
        }
    }

    pub(super) fn closed(&mut self, reason: Plain, now: Duration) -> Outcome {
        let (is_fruitless, was_healthy) = match &self.phase {
            Phase::Live { life, .. } => (life.is_brief(now), Some(life.is_healthy(now))),
            Phase::Listening { .. } => (true, None),
            Phase::Dialling { .. } => (false, None),
            Phase::Held | Phase::Verifying { .. } | Phase::Waiting { .. } | Phase::Refused(_) => return Outcome::Nothing,
        };
        Outcome::Ended(End { trouble: Trouble::Reconnecting(reason), is_fruitless, was_healthy })
    }

    /// Waits before its next attempt, or rests if that will hardly help; without a connection it is held.
    pub(super) fn fail(&mut self, end: End, connected: bool, turn: &mut Turn<'_>) {
        self.failures = if end.was_healthy == Some(true) { 0 } else { self.failures.saturating_add(1) };
        self.fruitless = if end.is_fruitless { self.fruitless + 1 } else { 0 };
        let reason = end.trouble.reason().clone();
        if self.rest.is_some() || self.fruitless >= FRUITLESS {
            let rest = self.rest.map_or(REST, |rest| (rest * 2).min(REST_LONGEST));
            if self.rest.replace(rest).is_none() {
                self.told = None;
            }
            self.phase = Phase::Waiting { until: turn.now + rest.mul_f64(0.75 + turn.chance / 2.0), stated: false };
            self.tell(Subscription::Open, turn);
            return;
        }
        let plan = end.trouble.plan(self.failures, turn.chance);
        let stated = matches!(plan.why, Why::Asked { .. });
        self.phase = if connected { Phase::Waiting { until: turn.now + plan.retry_in, stated } } else { Phase::Held };
        self.tell(Subscription::Interrupted(reason), turn);
    }

    /// Tries at once what waits or was refused.
    pub(super) fn retry(&mut self, subprotocol: bool, turn: &mut Turn<'_>) {
        let was_refused = matches!(self.phase, Phase::Refused(_));
        if was_refused || matches!(self.phase, Phase::Waiting { stated: false, .. } | Phase::Held) {
            self.dial(subprotocol, turn);
        }
        if was_refused {
            self.tell(Subscription::Requested, turn);
        }
    }

    /// Does what the time alone brings about.
    pub(super) fn elapse(&mut self, connected: bool, subprotocol: bool, pings: &mut u64, turn: &mut Turn<'_>) -> Outcome {
        let now = turn.now;
        if connected && self.is_slow() && now >= self.told_at + SLOW {
            self.tell(Subscription::Interrupted(Plain::line("its connection is not open yet")), turn);
        }
        let over = |since: Duration, deadline: Duration| now >= since + deadline;
        let (words, is_fruitless) = match &mut self.phase {
            Phase::Live { life, open_at } => {
                let is_open = open_at.take_if(|at| now >= *at).is_some();
                match life.elapse(now, pings) {
                    Pulse::Nothing => {}
                    Pulse::Ping(number) => turn.actions.push(Action::Ping { link: self.link, number }),
                    Pulse::Dead(reason) => {
                        let was_healthy = Some(life.is_healthy(now));
                        turn.actions.push(Action::Close { link: self.link });
                        return Outcome::Ended(End { trouble: Trouble::Reconnecting(reason), is_fruitless: false, was_healthy });
                    }
                }
                if is_open {
                    self.tell(Subscription::Open, turn);
                }
                return Outcome::Nothing;
            }
            Phase::Waiting { until, .. } if now >= *until => {
                if connected {
                    self.dial(subprotocol, turn);
                } else {
                    self.phase = Phase::Held;
                }
                return Outcome::Nothing;
            }
            Phase::Dialling { since } if over(*since, DIAL_DEADLINE) => ("the connection was not made in time", false),
            Phase::Listening { since } if over(*since, MUTE) => {
                ("an event stream was opened, but something in between holds back what comes on it", true)
            }
            Phase::Verifying { since, .. } if over(*since, VERIFY_DEADLINE) => {
                ("the stream was refused, and whether the token is still good is not known", false)
            }
            Phase::Held
            | Phase::Dialling { .. }
            | Phase::Listening { .. }
            | Phase::Verifying { .. }
            | Phase::Waiting { .. }
            | Phase::Refused(_) => return Outcome::Nothing,
        };
        turn.actions.push(Action::Close { link: self.link });
        let trouble = Trouble::Offline(Plain::line(words));
        Outcome::Ended(End { trouble, is_fruitless, was_healthy: None })
    }

    /// Whether the app believes the stream to be asked for while it is not.
    fn is_slow(&self) -> bool {
        self.told == Some(Subscription::Requested) && !self.is_live()
    }

    /// When something is due next.
    pub(super) fn due(&self, connected: bool) -> Option<Duration> {
        let own = match &self.phase {
            Phase::Live { life, open_at } => Some(open_at.map_or(life.due(), |at| at.min(life.due()))),
            Phase::Waiting { until, .. } => Some(*until),
            Phase::Dialling { since } => Some(*since + DIAL_DEADLINE),
            Phase::Listening { since } => Some(*since + MUTE),
            Phase::Verifying { since, .. } => Some(*since + VERIFY_DEADLINE),
            Phase::Held | Phase::Refused(_) => None,
        };
        let slow = (connected && self.is_slow()).then(|| self.told_at + SLOW);
        own.into_iter().chain(slow).min()
    }
}
