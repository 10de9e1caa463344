//! The session against simulated servers, in virtual time. Every run is decided by its seed, which a failure names.

use super::life::HEALTHY;
use super::tests::{server, stream, update, version};
use super::*;
use crate::mastodon::streaming::frame::{Decoded, Named};
use crate::model::{Stream, Subscription};
use std::collections::{BTreeMap, BTreeSet};

/// The generator called `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 up to 1.
    fn chance(&mut self) -> f64 {
        let high = u32::try_from(self.roll() >> 32).unwrap();
        f64::from(high) / (f64::from(u32::MAX) + 1.0)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to - from))
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()].clone()
    }
}

/// Inputs that are under way, by time and order.
#[derive(Default)]
struct Agenda {
    inputs: BTreeMap<(Duration, u64), Input>,
    count: u64,
}

impl Agenda {
    fn put(&mut self, at: Duration, input: Input) {
        self.count += 1;
        self.inputs.insert((at, self.count), input);
    }

    fn next(&mut self) -> Option<(Duration, Input)> {
        self.inputs.pop_first().map(|((at, _), input)| (at, input))
    }
}

const STREAMS: [&str; 10] =
    ["home", "notifications", "local", "federated", "remote:media", "#rust", "#rust:local", "list:1", "list:2", "direct"];

fn some_streams(dice: &mut Dice) -> Vec<Stream> {
    let mut streams: Vec<Stream> = STREAMS.iter().filter(|_| dice.below(2) == 0).map(|spec| stream(spec)).collect();
    streams.push(dice.pick(&streams.first().cloned().map_or_else(|| vec![Stream::User], |first| vec![first])));
    streams
}

fn words() -> Plain {
    Plain::line("words")
}

/// A world in which anything may answer anything, or nothing, until it calms down; then every answer is good.
struct World {
    dice: Dice,
    calm_from: Duration,
    revoked: bool,
    /// Whether sockets, and event streams, never come through before it is calm.
    blocks: (bool, bool),
}

impl World {
    fn answer(&mut self, now: Duration, action: &Action, agenda: &mut Agenda) {
        let calm = now >= self.calm_from;
        let lost = !calm && self.dice.below(10) == 0;
        let later = now + if calm { self.dice.millis(5, 200) } else { self.dice.millis(0, 12_000) };
        match action {
            Action::Deliver { .. } | Action::WakeAt(_) | Action::Close { .. } => {}
            _ if lost => {}
            Action::Discover { link } => {
                let servers = [
                    server(Software::Mastodon),
                    server(Software::GoToSocial),
                    server(Software::Pleroma),
                    server(Software::Other),
                    version(Software::Mastodon, "2.9.3"),
                    version(Software::Pleroma, "2.7.2 (compatible; Akkoma 3.13.2)"),
                ];
                let kinds =
                    [FailureKind::Retry, FailureKind::Offline, FailureKind::Unauthorized, FailureKind::NotFound, FailureKind::Unusable];
                let input = if calm || self.dice.below(2) == 0 {
                    Input::Discovered { link: *link, server: self.dice.pick(&servers) }
                } else {
                    let failure = Failure { kind: self.dice.pick(&kinds), reason: words() };
                    Input::DiscoveryFailed { link: *link, failure, retry_after: None }
                };
                agenda.put(later, input);
            }
            Action::Connect { link, by, .. } => {
                let is_events = matches!(by, By::ServerSentEvents(_));
                let blocked = if is_events { self.blocks.1 } else { self.blocks.0 };
                if self.revoked {
                    let refusal = Refusal { kind: RefusalKind::Unauthorized, reason: words(), retry_after: None };
                    agenda.put(later, Input::Refused { link: *link, refusal });
                } else if !calm && blocked {
                    let kind = self.dice.pick(&[
                        RefusalKind::NoStreaming,
                        RefusalKind::NotThere,
                        RefusalKind::Interposed,
                        RefusalKind::Unanswered,
                        RefusalKind::Lost,
                    ]);
                    agenda.put(later, Input::Refused { link: *link, refusal: Refusal { kind, reason: words(), retry_after: None } });
                } else if calm || self.dice.below(2) == 0 {
                    agenda.put(later, Input::Opened { link: *link });
                    // A proxy that holds back what comes lets no byte through.
                    if is_events && (calm || self.dice.below(3) > 0) {
                        agenda.put(later, Input::Bytes { link: *link });
                    }
                    self.live(later, *link, calm, agenda);
                } else {
                    let kind = self.dice.pick(&[
                        RefusalKind::Offline,
                        RefusalKind::Tls,
                        RefusalKind::Unauthorized,
                        RefusalKind::Interposed,
                        RefusalKind::RateLimited,
                        RefusalKind::Unanswered,
                        RefusalKind::Lost,
                        RefusalKind::NoStreaming,
                        RefusalKind::NotThere,
                        RefusalKind::Forbidden,
                        RefusalKind::Server,
                    ]);
                    let retry_after = (self.dice.below(2) == 0).then(|| self.dice.millis(1_000, 900_000));
                    agenda.put(later, Input::Refused { link: *link, refusal: Refusal { kind, reason: words(), retry_after } });
                }
            }
            Action::Send { link, .. } => {
                if !calm && self.dice.below(4) == 0 {
                    let text = self.dice.pick(&[
                        "Not authorized to stream this list",
                        "Access token does not have the required scopes",
                        "An unexpected error occurred",
                        "Unknown stream type",
                        "Missing tag name parameter",
                    ]);
                    let message = Message::Error { text: Plain::line(text), status: None };
                    agenda.put(later, Input::Message { link: *link, message });
                }
            }
            Action::Ping { link, number } => {
                if calm || self.dice.below(3) > 0 {
                    agenda.put(later, Input::Pong { link: *link, number: *number });
                }
            }
            Action::Verify { link } => {
                let verdict =
                    if self.revoked { Verdict::Rejected(words()) } else { self.dice.pick(&[Verdict::Accepted, Verdict::Unknown(words())]) };
                agenda.put(later, Input::Verified { link: *link, verdict });
            }
        }
    }

    /// What comes by itself on an open socket.
    fn live(&mut self, opened: Duration, link: Link, calm: bool, agenda: &mut Agenda) {
        if calm {
            return;
        }
        let mut at = opened;
        for _ in 0..self.dice.below(12) {
            at += self.dice.millis(0, 20_000);
            let named = Named::Stream(stream(self.dice.pick(&STREAMS)));
            let event = Decoded { named: None, stream: named, name: words(), payload: update(), raw: None };
            agenda.put(
                at,
                match self.dice.below(4) {
                    0 => Input::Bytes { link },
                    1 => Input::Message { link, message: Message::Malformed(words()) },
                    _ => Input::Message { link, message: Message::Event(event) },
                },
            );
        }
        if self.dice.below(3) > 0 {
            let code = self.dice.pick(&[None, Some(1_000), Some(1_002), Some(1_012), Some(1_013)]);
            agenda.put(at, Input::Closed { link, code, reason: words() });
        }
    }
}

/// Whether everything that is wanted comes by the best means that the server has.
fn is_whole(session: &Session) -> bool {
    session.rung == Rung::Multiplexed
        && session.is_connected()
        && session.branches.iter().all(|branch| branch.is_live() || branch.is_refused())
}

/// One life: up to a quarter of an hour of anything, then calm. Answers how it ended.
fn live_once(seed: u64) -> &'static str {
    let mut dice = Dice(seed);
    let calm_from = Duration::from_secs(dice.below(900));
    let revoked = dice.below(20) == 0;
    let mut wanted = Wanted { streams: some_streams(&mut dice), ..Wanted::default() };
    let blocks = (dice.below(3) == 0, dice.below(3) == 0);
    let mut world = World { dice, calm_from, revoked, blocks };
    let mut agenda = Agenda::default();
    agenda.put(Duration::ZERO, Input::Wanted(wanted.clone()));
    let mut at = Duration::ZERO;
    while at < calm_from {
        at += world.dice.millis(0, 300_000);
        match world.dice.below(4) {
            0 => wanted.retry += 1,
            1 => {
                wanted.woke += 1;
                agenda.put(at.min(calm_from), Input::Slept(world.dice.millis(0, 3_600_000)));
            }
            _ => wanted.streams = some_streams(&mut world.dice),
        }
        agenda.put(at.min(calm_from), Input::Wanted(wanted.clone()));
    }
    let mut session = Session::new();
    let mut actions = Vec::new();
    let mut timer: Option<Duration> = None;
    let mut now = Duration::ZERO;
    // A stated pause of a quarter of an hour, and the widest window; and the way back up the ladder.
    let end = calm_from + Duration::from_secs(2 * 3_600);
    let mut lowest = Rung::Multiplexed;
    for steps in 0.. {
        assert!(steps < 200_000, "seed {seed}: spins at {now:?} in {:?}", session.phase);
        let due = agenda.inputs.keys().next().map(|(at, _)| *at);
        let input = match (timer, due) {
            (Some(wake), due) if due.is_none_or(|due| wake <= due) => {
                timer = None;
                now = now.max(wake);
                Input::Timer
            }
            (_, Some(_)) => {
                let (at, input) = agenda.next().unwrap();
                now = now.max(at);
                input
            }
            (_, None) => break,
        };
        let back = is_whole(&session) && !revoked && now > calm_from + Duration::from_secs(60);
        if now > end || back {
            break;
        }
        if let Input::Bytes { link } = &input
            && now >= calm_from
            && session.branches.iter().any(|branch| branch.link == *link)
        {
            agenda.put(now + Duration::from_secs(60), Input::Bytes { link: *link });
        }
        let chance = world.dice.chance();
        session.step(now, chance, input, &mut actions);
        lowest = lowest.max(session.rung);
        let live: Vec<&Stream> = session.branches.iter().filter(|branch| branch.is_live()).map(|branch| &branch.stream).collect();
        assert!(live.iter().collect::<BTreeSet<_>>().len() == live.len(), "seed {seed}: two links for a stream: {live:?}");
        for action in actions.drain(..) {
            if let Action::WakeAt(at) = action {
                assert!(at >= now || timer.is_none(), "seed {seed}");
                timer = Some(at);
            } else {
                world.answer(now, &action, &mut agenda);
            }
        }
        let at_rest = matches!(session.phase, Phase::SignedOut) || is_whole(&session);
        let waked = timer.is_some_and(|at| at <= now + Duration::from_secs(3_600 * 5 / 4));
        assert!(at_rest || waked, "seed {seed}: nothing will happen any more at {now:?} in {:?}", session.phase);
    }
    match session.phase {
        _ if is_whole(&session) && !revoked => match lowest {
            Rung::Multiplexed | Rung::Socket => "live",
            Rung::ServerSentEvents => "back from event streams",
            Rung::Polling => "back from polling",
        },
        Phase::SignedOut if revoked => "signed out",
        Phase::Idle
        | Phase::Live(_)
        | Phase::Discovering { .. }
        | Phase::Dialling { .. }
        | Phase::Scouting { .. }
        | Phase::Spread { .. }
        | Phase::Verifying { .. }
        | Phase::Waiting { .. }
        | Phase::SignedOut => panic!("seed {seed}: stuck at {now:?} in {:?}", session.phase),
    }
}

#[test]
fn of_ten_thousand_lives_none_is_stuck() {
    let mut ends: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 0..10_000 {
        *ends.entry(live_once(seed)).or_default() += 1;
    }
    assert!(ends["live"] > 2_000 && ends["signed out"] > 100, "{ends:?}");
    assert!(ends["back from event streams"] > 500 && ends["back from polling"] > 500, "{ends:?}");
}

/// How many attempts 1,000 clients start in the busiest second after an outage of this many seconds, all of them thrown off
/// at its beginning. On the lower rung upgrades are never let through, and what counts is who asks without knowing whether
/// the server is back: one stream of each client.
fn busiest_second(seed: u64, outage: u64, rung: Rung) -> u64 {
    let streams = match rung {
        Rung::Multiplexed => vec![Stream::User],
        Rung::Socket | Rung::ServerSentEvents | Rung::Polling => vec![Stream::User, stream("local"), stream("#rust")],
    };
    let up = Duration::from_secs(outage);
    let mut dice = Dice(seed);
    let mut agenda: BTreeMap<(Duration, u64, usize), Input> = BTreeMap::new();
    let mut count = 0;
    let mut clients: Vec<Session> = Vec::new();
    let mut actions = Vec::new();
    let start = Duration::from_secs(0);
    for client in 0..1_000 {
        let mut session = Session::new();
        let before = |session: &mut Session, input| session.step(start, 0.5, input, &mut Vec::new());
        before(&mut session, Input::Wanted(Wanted { streams: streams.clone(), ..Wanted::default() }));
        let link = session.link;
        before(&mut session, Input::Discovered { link, server: server(Software::Mastodon) });
        if rung == Rung::ServerSentEvents {
            session.rung = rung;
            session.climb = Some(Climb { at: Duration::from_secs(3_600), trial: None });
            session.phase = Phase::Spread { since: start };
            before(&mut session, Input::Wanted(Wanted { streams: streams.clone(), ..Wanted::default() }));
        }
        let links: Vec<Link> =
            if rung == Rung::Multiplexed { vec![link] } else { session.branches.iter().map(|branch| branch.link).collect() };
        for link in links {
            before(&mut session, Input::Opened { link });
            before(&mut session, Input::Bytes { link });
            // A healthy minute, in which every ping was answered; then the server goes.
            count += 2;
            agenda.insert((HEALTHY, count - 1, client), Input::Bytes { link });
            agenda.insert((HEALTHY, count, client), Input::Closed { link, code: None, reason: words() });
        }
        clients.push(session);
    }
    let up = HEALTHY + up;
    let mut seconds: BTreeMap<u64, u64> = BTreeMap::new();
    while let Some(((now, _, client), input)) = agenda.pop_first() {
        if now > up + Duration::from_secs(70) {
            break;
        }
        clients[client].step(now, dice.chance(), input, &mut actions);
        let knows = clients[client].is_connected();
        for action in actions.drain(..) {
            count += 1;
            let soon = now + dice.millis(2, 60);
            match action {
                Action::Discover { link } => {
                    let failure = Failure { kind: FailureKind::Retry, reason: words() };
                    let input = if now < up {
                        Input::DiscoveryFailed { link, failure, retry_after: None }
                    } else {
                        Input::Discovered { link, server: server(Software::Mastodon) }
                    };
                    agenda.insert((soon, count, client), input);
                }
                Action::Connect { link, .. } => {
                    if now >= up {
                        *seconds.entry(now.saturating_sub(up).as_secs()).or_default() += u64::from(!knows);
                        agenda.insert((soon, count, client), Input::Opened { link });
                        count += 1;
                        agenda.insert((soon, count, client), Input::Bytes { link });
                    } else {
                        let refusal = Refusal { kind: RefusalKind::Offline, reason: words(), retry_after: None };
                        agenda.insert((soon, count, client), Input::Refused { link, refusal });
                    }
                }
                Action::Ping { link, number } => {
                    agenda.insert((soon, count, client), Input::Pong { link, number });
                }
                Action::WakeAt(at) => {
                    agenda.insert((at, count, client), Input::Timer);
                }
                Action::Send { .. } | Action::Close { .. } | Action::Verify { .. } | Action::Deliver { .. } => {}
            }
        }
    }
    let all_live = |client: &Session| client.is_connected() && client.branches.iter().all(Branch::is_live);
    assert!(clients.iter().all(all_live), "seed {seed}: not all came back");
    seconds.into_values().max().unwrap()
}

#[test]
fn a_fleet_does_not_return_in_step() {
    let mut found = Vec::new();
    for rung in [Rung::Multiplexed, Rung::ServerSentEvents] {
        for seed in 1..=if rung == Rung::Multiplexed { 2 } else { 1 } {
            for outage in [30, 45, 60, 150] {
                found.push((busiest_second(seed, outage, rung), outage, seed, rung.name()));
            }
        }
    }
    let worst = found.iter().max().unwrap();
    assert!(worst.0 <= 70, "attempts in the busiest second, outage in seconds, seed: {worst:?} of {found:?}");
}

/// A server that knows which streams it refuses and with which words, and answers each subscribe after a while of its own.
#[test]
fn refusals_are_laid_to_the_right_streams_whatever_the_order() {
    const LIST: &str = "Not authorized to stream this list";
    const SCOPE: &str = "Access token does not have the required scopes";
    for seed in 0..3_000 {
        let mut dice = Dice(seed);
        let scopes = dice.below(4);
        let refusal = |stream: &Stream| -> Option<&'static str> {
            match (scopes, stream) {
                (0, _) | (1, Stream::UserNotification) => Some(SCOPE),
                (2, other) if *other != Stream::UserNotification => Some(SCOPE),
                (_, Stream::List(id)) => (id.as_str().len() + usize::try_from(seed).unwrap()).is_multiple_of(2).then_some(LIST),
                _ => None,
            }
        };
        let mut pool: Vec<Stream> = STREAMS.iter().chain(&["list:33", "list:444", "list:55"]).map(|spec| stream(spec)).collect();
        pool.retain(|_| dice.below(3) > 0);
        let late: Vec<Stream> = pool.iter().filter(|_| dice.below(4) == 0).cloned().collect();
        let early = Wanted { streams: pool.iter().filter(|stream| !late.contains(stream)).cloned().collect(), ..Wanted::default() };
        let all = Wanted { streams: early.streams.iter().chain(&late).cloned().collect(), ..Wanted::default() };
        let mut agenda = Agenda::default();
        agenda.put(Duration::ZERO, Input::Wanted(early));
        agenda.put(dice.millis(0, 6_000), Input::Wanted(all));
        let latency = 1 + dice.below(200);
        let mut session = Session::new();
        let mut standing: BTreeMap<Stream, Subscription> = BTreeMap::new();
        let mut actions = Vec::new();
        while let Some((now, input)) = agenda.next() {
            if now > Duration::from_secs(19) {
                break;
            }
            session.step(now, dice.chance(), input, &mut actions);
            for action in actions.drain(..) {
                let soon = now + dice.millis(latency, latency * 2);
                match action {
                    Action::Discover { link } => agenda.put(soon, Input::Discovered { link, server: server(Software::Mastodon) }),
                    Action::Connect { link, .. } => agenda.put(soon, Input::Opened { link }),
                    Action::Ping { link, number } => agenda.put(soon, Input::Pong { link, number }),
                    Action::Send { link, text } => {
                        let asked = pool.iter().find(|stream| crate::mastodon::streaming::frame::subscribe(stream) == text).unwrap();
                        if let Some(words) = refusal(asked) {
                            let message = Message::Error { text: Plain::line(words), status: Some(401) };
                            agenda.put(soon, Input::Message { link, message });
                        }
                    }
                    Action::Deliver { event: Event::Subscription { stream, standing: new, .. }, .. } => {
                        standing.insert(stream, new);
                    }
                    Action::Deliver { event: Event::Malformed { what }, .. } => panic!("seed {seed}: laid to nothing: {what}"),
                    Action::WakeAt(at) => agenda.put(at, Input::Timer),
                    Action::Deliver { .. } | Action::Close { .. } | Action::Verify { .. } => {}
                }
            }
        }
        for stream in &pool {
            let expected = refusal(stream).map_or(Subscription::Open, |words| Subscription::Refused(Plain::line(words)));
            assert_eq!(standing.get(stream), Some(&expected), "seed {seed}: {}", stream.spec());
        }
        assert_eq!(standing.keys().collect::<BTreeSet<_>>(), pool.iter().collect());
    }
}
