//! The session: what to do about the connection, as a pure machine.
//!
//! [`Session::step`] takes the time, a random sample and one [`Input`] and answers with [`Action`]s; `connection` carries
//! them out. Here are discovery, back-off, sign-out, waking and the ladder of transports; `subscriptions` keeps what is
//! asked for on the trunk, `branch` a link of one stream alone, `life` what both have in common. Absent on purpose:
//! sockets, clocks, randomness, logging. Every waiting phase has a deadline of its own, so a lost answer delays and never
//! strands.
//!
//! Inputs and actions name the [`Link`] they belong to; what belongs to an earlier life is ignored. The trunk, the
//! multiplexed socket, is opened first, and branches beside it once it stands. Where no stream needs it, or the ladder
//! stands on a lower rung, one branch at a time is the scout: until it is open no other tries, so that a client that
//! nobody answers makes one attempt at a time, whatever it wants.

mod branch;
mod ladder;
mod life;
mod routes;
mod subscriptions;

use super::Wanted;
use super::frame::Message;
use crate::mastodon::door::{Refusal, RefusalKind};
use crate::model::{Connection, Event, Failure, FailureKind, Rung, Server, Software, Stream};
use crate::text::Plain;
use branch::{Branch, Outcome};
use ladder::{Climb, Trial};
use life::{Life, Pulse, Trouble, Why};
use routes::Route;
use std::time::Duration;
use subscriptions::Subscriptions;

/// An attempt this young is not restarted on waking: it was begun because of the same pause.
const FRESH: Duration = Duration::from_millis(500);
/// Failed attempts in a row after which the server is asked about itself again.
const REDISCOVER: u32 = 3;
/// Failures in a row for a reason that will not change after which a rung yields to the next.
const FRUITLESS: u32 = 3;
/// After how long a rung that yielded is tried again, doubled each time that it fails, up to the longest.
const REST: Duration = Duration::from_secs(5 * 60);
const REST_LONGEST: Duration = Duration::from_secs(60 * 60);
/// Malformed messages told per [`RATION_PERIOD`]; more are only counted, or a hostile server could fill the outbox.
const RATION: u32 = 10;
const RATION_PERIOD: Duration = Duration::from_secs(10);

// Deadlines behind those of the door and of REST, for answers that never come.
const DISCOVERY_DEADLINE: Duration = Duration::from_secs(70);
const DIAL_DEADLINE: Duration = Duration::from_secs(15);
const VERIFY_DEADLINE: Duration = Duration::from_secs(40);

/// A link: the trunk, or that of one stream alone.
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
pub(crate) enum Input {
    /// What the app wants, also if nothing of it changed.
    Wanted(Wanted),
    /// The machine slept for so long, in which the session's own clock stood still.
    Slept(Duration),
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
    /// The socket is open, or the head of the event stream has come.
    Opened {
        /// Which.
        link: Link,
    },
    /// The link was not opened.
    Refused {
        /// Which.
        link: Link,
        /// Why.
        refusal: Refusal,
    },
    /// A message came and was decoded.
    Message {
        /// On which link.
        link: Link,
        /// What it says.
        message: Message,
    },
    /// Something else came: a ping, a part of a message, a comment.
    Bytes {
        /// On which link.
        link: Link,
    },
    /// A pong came.
    Pong {
        /// On which socket.
        link: Link,
        /// The number of the ping that it answers.
        number: u64,
    },
    /// The link ended.
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

/// By which means a link is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum By {
    /// A socket on which streams are subscribed to.
    Trunk,
    /// A socket whose address names this stream.
    Socket(Stream),
    /// The event stream of this stream.
    ServerSentEvents(Stream),
}

/// What the session wants done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    /// Ask the server about itself.
    Discover {
        /// For this attempt.
        link: Link,
    },
    /// Open a link.
    Connect {
        /// As this one.
        link: Link,
        /// By which means.
        by: By,
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
    /// Give up the link, or the attempt, at once.
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
        /// Which life of the connection it belongs to: how often it has been live so far.
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
    /// The trunk, or the scout while there is one.
    link: Link,
    epoch: u64,
    wanted: Wanted,
    server: Option<Server>,
    /// Where the streams as a whole stand on the ladder; what a stream's own carriage allows is below that.
    rung: Rung,
    /// How each wanted stream comes, as last arranged.
    routes: Vec<(Stream, Route)>,
    /// How many sockets were tried as the trunk.
    trunks: u64,
    subscriptions: Subscriptions,
    branches: Vec<Branch>,
    /// The number of the last branch.
    branched: u16,
    /// Counts up with every scout that failed, so that another one is next.
    scouts: usize,
    /// The way back up, on a lower rung.
    climb: Option<Climb>,
    /// How long to wait before the next try upward.
    rest: Duration,
    /// Attempts that failed, or connections that did not live long, in a row.
    failures: u32,
    /// The same since the server was last asked about itself.
    undiscovered: u32,
    /// Failures in a row for a reason that will hardly change, and the last reason.
    fruitless: u32,
    fault: Plain,
    /// Whether a link was open on this rung.
    proven: bool,
    pings: u64,
    ration: Ration,
    /// The wake-up that was last asked for and has not come yet.
    wake: Option<Duration>,
}

/// Whose business an input is.
enum Owner {
    Trunk,
    Branch(usize),
    Trial,
}

impl Session {
    /// Starts a session that does nothing until it is told what is wanted.
    pub(crate) fn new() -> Self {
        Self {
            phase: Phase::Idle,
            link: Link { id: LinkId::TRUNK, life: 0 },
            epoch: 0,
            wanted: Wanted::default(),
            server: None,
            rung: Rung::Multiplexed,
            routes: Vec::new(),
            trunks: 0,
            subscriptions: Subscriptions::default(),
            branches: Vec::new(),
            branched: 0,
            scouts: 0,
            climb: None,
            rest: REST,
            failures: 0,
            undiscovered: 0,
            fruitless: 0,
            fault: Plain::default(),
            proven: false,
            pings: 0,
            ration: Ration::default(),
            wake: None,
        }
    }

    /// Takes one input at `now` (time since the start, never less than before) and adds to `actions` what is to be done,
    /// in order. `chance` is a fresh random sample from 0 up to 1.
    pub(crate) fn step(&mut self, now: Duration, chance: f64, input: Input, actions: &mut Vec<Action>) {
        let begin = actions.len();
        let chance = if chance.is_finite() { chance.clamp(0.0, 1.0) } else { 0.5 };
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

    /// Whether a link opened as this one would be used.
    pub(crate) fn awaits(&self, link: Link) -> bool {
        let is_trial = match &self.climb {
            Some(Climb { trial: Some(Trial::Trunk { link: tried, .. }), .. }) => *tried == link,
            Some(Climb { trial: Some(Trial::Events(branch)), .. }) => branch.link == link && branch.is_dialling(),
            Some(Climb { trial: None, .. }) | None => false,
        };
        let is_trunk = link == self.link && matches!(self.phase, Phase::Dialling { .. });
        is_trial || is_trunk || self.branches.iter().any(|branch| branch.link == link && branch.is_dialling())
    }

    /// Which life of the connection this is: how often it has been live.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    fn take(&mut self, input: Input, turn: &mut Turn<'_>) {
        let link = match &input {
            Input::Wanted(_) | Input::Slept(_) | Input::Timer => None,
            Input::Discovered { link, .. }
            | Input::DiscoveryFailed { link, .. }
            | Input::Opened { link }
            | Input::Refused { link, .. }
            | Input::Message { link, .. }
            | Input::Bytes { link }
            | Input::Pong { link, .. }
            | Input::Closed { link, .. }
            | Input::Verified { link, .. } => Some(*link),
        };
        match (input, link.and_then(|link| self.owner(link))) {
            (Input::Wanted(wanted), _) => self.want(wanted, turn),
            (Input::Slept(slept), _) => self.slept(slept, turn.now),
            (Input::Timer, _) => self.wake = None,
            (input, Some(Owner::Trunk)) => self.take_trunk(input, turn),
            (input, Some(Owner::Branch(index))) => self.take_branch(index, input, turn),
            (input, Some(Owner::Trial)) => self.take_trial(input, turn),
            // Of an earlier life.
            (
                Input::Discovered { .. }
                | Input::DiscoveryFailed { .. }
                | Input::Opened { .. }
                | Input::Refused { .. }
                | Input::Message { .. }
                | Input::Bytes { .. }
                | Input::Pong { .. }
                | Input::Closed { .. }
                | Input::Verified { .. },
                None,
            ) => {}
        }
    }

    fn owner(&self, link: Link) -> Option<Owner> {
        if link.id != LinkId::TRUNK
            && let Some(index) = self.branches.iter().position(|branch| branch.link == link)
        {
            return Some(Owner::Branch(index));
        }
        match &self.climb {
            Some(Climb { trial: Some(Trial::Trunk { link: tried, .. }), .. }) if *tried == link => return Some(Owner::Trial),
            Some(Climb { trial: Some(Trial::Events(branch)), .. }) if branch.link == link => return Some(Owner::Trial),
            Some(_) | None => {}
        }
        (link == self.link && link.id == LinkId::TRUNK).then_some(Owner::Trunk)
    }

    fn take_trunk(&mut self, input: Input, turn: &mut Turn<'_>) {
        match input {
            Input::Discovered { server, .. } => self.discovered(server, turn),
            Input::DiscoveryFailed { failure, retry_after, .. } => self.discovery_failed(failure, retry_after, turn),
            Input::Opened { .. } => self.opened(turn),
            Input::Refused { refusal, .. } => self.refused(refusal, turn),
            Input::Message { message, .. } => self.message(message, turn),
            Input::Bytes { .. } => self.alive(turn.now),
            Input::Pong { number, .. } => self.pong(number, turn),
            Input::Closed { code, reason, .. } => self.closed(code, reason, turn),
            Input::Verified { verdict, .. } => self.verified(verdict, turn),
            Input::Wanted(_) | Input::Slept(_) | Input::Timer => {}
        }
    }

    fn want(&mut self, wanted: Wanted, turn: &mut Turn<'_>) {
        let retry = wanted.retry > self.wanted.retry;
        let woke = wanted.woke > self.wanted.woke;
        self.wanted = wanted;
        match &self.phase {
            Phase::Idle => {
                turn.say(Event::Connection(Connection::Connecting));
                self.attempt(turn);
                return;
            }
            Phase::Live(_) | Phase::Spread { .. } => self.reconcile(turn),
            Phase::Scouting { .. } => {
                self.arrange(turn);
                if self.branches.iter().all(|branch| branch.link != self.link) {
                    self.dial(turn);
                }
            }
            Phase::Discovering { .. } | Phase::Dialling { .. } | Phase::Verifying { .. } | Phase::Waiting { .. } | Phase::SignedOut => {}
        }
        if woke {
            self.woke(turn);
        }
        if retry {
            self.retry(turn);
        }
    }

    /// What waits for a moment of the wall's clock has waited while the machine slept.
    fn slept(&mut self, slept: Duration, now: Duration) {
        let sooner = |at: &mut Duration| *at = at.saturating_sub(slept).max(now);
        if let Phase::Waiting { until, .. } = &mut self.phase {
            sooner(until);
        }
        if let Some(climb) = &mut self.climb {
            sooner(&mut climb.at);
        }
        for branch in &mut self.branches {
            if let Some(until) = branch.waits_until() {
                sooner(until);
            }
        }
    }

    fn woke(&mut self, turn: &mut Turn<'_>) {
        match &self.phase {
            Phase::Live(Life { since, .. })
            | Phase::Spread { since }
            | Phase::Scouting { since }
            | Phase::Discovering { since }
            | Phase::Dialling { since } => {
                if turn.now.saturating_sub(*since) < FRESH {
                    return;
                }
            }
            Phase::Waiting { why: Why::BackOff | Why::Hopeless, .. } => {}
            Phase::Waiting { why: Why::Asked { .. }, .. } | Phase::Idle | Phase::Verifying { .. } | Phase::SignedOut => return,
        }
        self.forget_failures_if_healthy(turn.now);
        let reason = Plain::line("this computer was asleep or the program was stopped");
        turn.say(Event::Connection(Connection::Reconnecting { reason, attempt: self.failures, retry_in: Duration::ZERO }));
        turn.actions.push(Action::Close { link: self.link });
        for branch in &mut self.branches {
            branch.hold(true, turn);
        }
        // It may be another network now.
        self.climb_at_once(turn);
        self.attempt(turn);
    }

    fn retry(&mut self, turn: &mut Turn<'_>) {
        match &mut self.phase {
            // What the server asked for holds for the reader too, but no longer than that.
            Phase::Waiting { until, why: Why::Asked { reason, jitter } } if turn.now < until.saturating_sub(*jitter) => {
                *until -= std::mem::take(jitter);
                let retry_in = until.saturating_sub(turn.now);
                turn.say(Event::Connection(Connection::RateLimited { reason: reason.clone(), retry_in }));
            }
            Phase::Waiting { .. } | Phase::SignedOut => {
                turn.say(Event::Connection(Connection::Connecting));
                self.climb_at_once(turn);
                self.attempt(turn);
            }
            Phase::Live(_) => {
                self.subscriptions.ask_refused_again(turn);
                self.retry_branches(turn);
            }
            Phase::Spread { .. } => {
                self.retry_branches(turn);
                self.climb_at_once(turn);
            }
            Phase::Idle | Phase::Discovering { .. } | Phase::Dialling { .. } | Phase::Scouting { .. } | Phase::Verifying { .. } => {}
        }
    }

    fn retry_branches(&mut self, turn: &mut Turn<'_>) {
        let subprotocol = self.needs_subprotocol();
        for branch in &mut self.branches {
            branch.retry(subprotocol, turn);
        }
    }

    fn attempt(&mut self, turn: &mut Turn<'_>) {
        for branch in &mut self.branches {
            branch.hold(false, turn);
        }
        self.name_trunk(turn);
        if self.server.is_none() || self.undiscovered >= REDISCOVER || self.fruitless >= FRUITLESS {
            self.phase = Phase::Discovering { since: turn.now };
            turn.actions.push(Action::Discover { link: self.link });
        } else {
            self.dial(turn);
        }
    }

    /// A new life of the trunk, or of what asks for it.
    fn name_trunk(&mut self, turn: &mut Turn<'_>) {
        self.trunks += 1;
        self.link = Link { id: LinkId::TRUNK, life: self.trunks };
        turn.link = self.link;
    }

    /// Opens the first link: the trunk, or a scout. Where there is nothing to open, that is as good as open.
    fn dial(&mut self, turn: &mut Turn<'_>) {
        self.arrange(turn);
        let subprotocol = self.needs_subprotocol();
        if self.needs_trunk() {
            if self.link.id != LinkId::TRUNK {
                self.name_trunk(turn);
            }
            self.phase = Phase::Dialling { since: turn.now };
            turn.actions.push(Action::Connect { link: self.link, by: By::Trunk, subprotocol });
            return;
        }
        let held = self.branches.iter().filter(|branch| branch.is_held()).count();
        let is_alone = self.branches.iter().all(|branch| !branch.is_live());
        let turns = if held == 0 { 0 } else { self.scouts % held };
        match self.branches.iter_mut().filter(|branch| branch.is_held()).nth(turns) {
            Some(scout) if is_alone => {
                scout.dial(subprotocol, turn);
                self.link = scout.link;
                self.phase = Phase::Scouting { since: turn.now };
            }
            Some(_) | None => self.spread(turn),
        }
    }

    fn needs_subprotocol(&self) -> bool {
        self.server.as_ref().is_some_and(|server| server.software == Software::Pleroma)
    }

    /// Whether the trunk carries something, or everything that will be wanted.
    fn needs_trunk(&self) -> bool {
        let carries = || self.routes.iter().any(|(_, route)| matches!(route, Route::Trunk(_)));
        self.rung == Rung::Multiplexed && (self.routes.is_empty() || carries())
    }

    fn discovered(&mut self, server: Server, turn: &mut Turn<'_>) {
        let Phase::Discovering { .. } = self.phase else { return };
        self.server = Some(server.clone());
        self.undiscovered = 0;
        turn.say(Event::Server(server));
        // The server answers, only its streams do not come this way.
        if self.fruitless >= FRUITLESS {
            self.descend(turn);
        } else {
            self.dial(turn);
        }
    }

    fn discovery_failed(&mut self, failure: Failure, retry_after: Option<Duration>, turn: &mut Turn<'_>) {
        let Phase::Discovering { .. } = self.phase else { return };
        // A limit holds for the stream as well: some servers count upgrades and questions together.
        let limited = matches!(failure.kind, FailureKind::RateLimited(_));
        if self.server.is_some() && !limited {
            // What was known may still hold, and the streaming host may be another one.
            self.undiscovered = 0;
            self.dial(turn);
            return;
        }
        let reason = failure.reason;
        match failure.kind {
            FailureKind::Offline => self.fail(Trouble::Offline(reason), turn),
            FailureKind::Retry | FailureKind::Forbidden => self.fail(Trouble::Reconnecting(reason), turn),
            FailureKind::RateLimited(_) => self.fail(Trouble::asked(reason, retry_after), turn),
            FailureKind::Unauthorized => self.verify(reason, turn),
            FailureKind::NotFound | FailureKind::Unusable => self.fail(Trouble::Hopeless(reason), turn),
        }
    }

    fn opened(&mut self, turn: &mut Turn<'_>) {
        let Phase::Dialling { .. } = self.phase else { return };
        self.arrange(turn);
        if !self.needs_trunk() {
            turn.actions.push(Action::Close { link: self.link });
            self.dial(turn);
            return;
        }
        self.epoch += 1;
        turn.epoch = self.epoch;
        self.phase = Phase::Live(Life::of_socket(turn.now));
        self.subscriptions = Subscriptions::open(self.wishes(), turn);
        self.introduce(turn);
    }

    fn refused(&mut self, refusal: Refusal, turn: &mut Turn<'_>) {
        let Phase::Dialling { .. } = self.phase else { return };
        let reason = refusal.reason;
        let (trouble, is_fruitless) = match refusal.kind {
            RefusalKind::Unauthorized => {
                self.verify(reason, turn);
                return;
            }
            RefusalKind::Offline => (Trouble::Offline(reason), false),
            RefusalKind::Unanswered => (Trouble::Offline(reason), true),
            RefusalKind::Server | RefusalKind::Forbidden => (Trouble::Reconnecting(reason), false),
            RefusalKind::Interposed | RefusalKind::Lost | RefusalKind::NoStreaming | RefusalKind::NotThere => {
                (Trouble::Reconnecting(reason), true)
            }
            RefusalKind::RateLimited => (Trouble::asked(reason, refusal.retry_after), false),
            RefusalKind::Tls => (Trouble::Hopeless(reason), false),
        };
        self.judge(&trouble, is_fruitless);
        self.fail(trouble, turn);
    }

    /// Counts what will hardly change.
    fn judge(&mut self, trouble: &Trouble, is_fruitless: bool) {
        if is_fruitless {
            self.fruitless += 1;
            self.fault = trouble.reason().clone();
        } else {
            self.fruitless = 0;
        }
    }

    fn verify(&mut self, reason: Plain, turn: &mut Turn<'_>) {
        self.phase = Phase::Verifying { since: turn.now, reason };
        turn.actions.push(Action::Verify { link: self.link });
    }

    fn verified(&mut self, verdict: Verdict, turn: &mut Turn<'_>) {
        let Phase::Verifying { reason, .. } = &self.phase else { return };
        match verdict.into_trouble(reason) {
            Ok((trouble, is_fruitless)) => {
                self.judge(&trouble, is_fruitless);
                self.fail(trouble, turn);
            }
            Err(words) => self.sign_out(&words, turn),
        }
    }

    fn sign_out(&mut self, words: &Plain, turn: &mut Turn<'_>) {
        for branch in &mut self.branches {
            branch.hold(true, turn);
        }
        self.end_trial(turn);
        if let Phase::Live(_) = self.phase {
            turn.actions.push(Action::Close { link: self.link });
        }
        self.phase = Phase::SignedOut;
        let reason =
            Plain::line(&format!("{words}: the token is not accepted; sign in again with trunkline login, or start with a new one"));
        turn.say(Event::Connection(Connection::SignedOut { reason }));
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
        if let Phase::Live(life) = &mut self.phase {
            life.hear(now);
            self.fruitless = 0;
        }
    }

    fn pong(&mut self, number: u64, turn: &mut Turn<'_>) {
        self.alive(turn.now);
        let Phase::Live(life) = &mut self.phase else { return };
        if let Some(round_trip) = life.pong(number, turn.now) {
            self.subscriptions.measured(round_trip);
            turn.say(Event::Ping(round_trip));
        }
    }

    fn closed(&mut self, code: Option<u16>, reason: Plain, turn: &mut Turn<'_>) {
        match &self.phase {
            Phase::Live(life) => {
                let is_fruitless = life.is_brief(turn.now);
                let trouble = Trouble::Reconnecting(reason);
                self.judge(&trouble, is_fruitless);
                self.lost(trouble, code == Some(TRY_AGAIN_LATER), turn);
            }
            Phase::Dialling { .. } => self.fail(Trouble::Reconnecting(reason), turn),
            Phase::Idle
            | Phase::Discovering { .. }
            | Phase::Verifying { .. }
            | Phase::Scouting { .. }
            | Phase::Spread { .. }
            | Phase::Waiting { .. }
            | Phase::SignedOut => {}
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
        let Phase::Live(life) = &self.phase else { return false };
        let healthy = life.is_healthy(now);
        if healthy {
            self.failures = 0;
            self.undiscovered = 0;
            self.rest = REST;
        }
        healthy
    }

    fn fail(&mut self, trouble: Trouble, turn: &mut Turn<'_>) {
        self.failures = self.failures.saturating_add(1);
        self.undiscovered = self.undiscovered.saturating_add(1);
        self.wait(trouble, turn);
    }

    fn wait(&mut self, trouble: Trouble, turn: &mut Turn<'_>) {
        let plan = trouble.plan(self.failures, turn.chance);
        self.phase = Phase::Waiting { until: turn.now + plan.retry_in, why: plan.why };
        turn.say(Event::Connection(plan.said));
    }

    /// Does what the time alone brings about.
    fn elapse(&mut self, turn: &mut Turn<'_>) {
        let late = |since: Duration, deadline| turn.now >= since + deadline;
        match &mut self.phase {
            Phase::Live(life) => match life.elapse(turn.now, &mut self.pings) {
                Pulse::Dead(reason) => {
                    let is_fruitless = life.is_mute();
                    let trouble = Trouble::Reconnecting(reason);
                    turn.actions.push(Action::Close { link: self.link });
                    self.judge(&trouble, is_fruitless);
                    self.lost(trouble, false, turn);
                }
                Pulse::Ping(number) => {
                    turn.actions.push(Action::Ping { link: self.link, number });
                    self.subscriptions.elapse(turn);
                }
                Pulse::Nothing => self.subscriptions.elapse(turn),
            },
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
            // Its scout has deadlines of its own.
            Phase::Idle | Phase::Scouting { .. } | Phase::Spread { .. } | Phase::SignedOut => {}
        }
        self.elapse_branches(turn);
        self.elapse_climb(turn);
    }

    fn unanswered(&mut self, reason: &str, turn: &mut Turn<'_>) {
        turn.actions.push(Action::Close { link: self.link });
        self.fail(Trouble::Offline(Plain::line(reason)), turn);
    }

    /// When something is due next.
    fn due(&self) -> Option<Duration> {
        let own = match &self.phase {
            Phase::Idle | Phase::SignedOut | Phase::Scouting { .. } | Phase::Spread { .. } => None,
            Phase::Waiting { until, .. } => Some(*until),
            Phase::Discovering { since } => Some(*since + DISCOVERY_DEADLINE),
            Phase::Dialling { since } => Some(*since + DIAL_DEADLINE),
            Phase::Verifying { since, .. } => Some(*since + VERIFY_DEADLINE),
            Phase::Live(life) => Some(self.subscriptions.due().map_or(life.due(), |due| due.min(life.due()))),
        };
        let connected = self.is_connected();
        let branches = self.branches.iter().filter_map(|branch| branch.due(connected));
        let climb = match &self.climb {
            Some(Climb { trial: Some(Trial::Trunk { since, .. }), .. }) => Some(*since + DIAL_DEADLINE),
            Some(Climb { trial: Some(Trial::Events(branch)), .. }) => branch.due(false),
            Some(Climb { trial: None, at }) => matches!(self.phase, Phase::Spread { .. }).then_some(*at),
            None => None,
        };
        own.into_iter().chain(branches).chain(climb).min()
    }

    /// Whether the first link stands, so that others may be opened beside it.
    fn is_connected(&self) -> bool {
        matches!(self.phase, Phase::Live(_) | Phase::Spread { .. })
    }
}

/// Hands an input to a branch.
fn give(branch: &mut Branch, input: Input, proven: bool, turn: &mut Turn<'_>) -> Outcome {
    match input {
        Input::Opened { .. } => branch.opened(turn),
        Input::Refused { refusal, .. } => branch.refused(refusal, proven, turn),
        Input::Message { message, .. } => branch.message(message, turn),
        Input::Pong { number, .. } => {
            branch.pong(number, turn);
            Outcome::Nothing
        }
        Input::Closed { reason, .. } => branch.closed(reason, turn.now),
        Input::Verified { verdict, .. } => branch.verified(verdict),
        Input::Bytes { .. }
        | Input::Wanted(_)
        | Input::Slept(_)
        | Input::Timer
        | Input::Discovered { .. }
        | Input::DiscoveryFailed { .. } => Outcome::Nothing,
    }
}

impl Verdict {
    /// What follows for a link that was refused with 401 for this reason, and whether it will hardly change; an error are
    /// the words with which the token itself is not accepted.
    fn into_trouble(self, reason: &Plain) -> Result<(Trouble, bool), Plain> {
        match self {
            Self::Accepted => {
                let reason = Plain::line(&format!("the server refuses the stream but accepts the token: {reason}"));
                Ok((Trouble::Reconnecting(reason), true))
            }
            Self::Unknown(why) => {
                let reason = Plain::line(&format!("{reason}; whether the token is still good is not known: {why}"));
                Ok((Trouble::Reconnecting(reason), false))
            }
            Self::Rejected(words) => Err(words),
        }
    }
}

/// Close code of a server that is overloaded; see RFC 6455's registry.
const TRY_AGAIN_LATER: u16 = 1013;

#[derive(Debug)]
enum Phase {
    /// Nothing is wanted yet.
    Idle,
    Discovering {
        since: Duration,
    },
    /// The trunk is being opened.
    Dialling {
        since: Duration,
    },
    /// The trunk is open.
    Live(Life),
    /// A branch is being opened for the connection to stand on.
    Scouting {
        since: Duration,
    },
    /// The connection stands on branches.
    Spread {
        since: Duration,
    },
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
