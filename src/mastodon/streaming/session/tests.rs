//! Tables of (time, input, actions) for the session. The simulations are next door.

use super::*;
use crate::mastodon::streaming::frame::{Decoded, Named};
use crate::model::{
    AnnouncementId, Bundle, ListId, Notification, NotificationId, NotificationKind, Payload, StatusId, Stream, Subscription,
    TimelinesAccess, Timestamp,
};

/// A session with a clock, whose actions are read as short words. The random sample is 1/2.
pub(super) struct Bench {
    pub(super) session: Session,
    pub(super) now: Duration,
    wanted: Wanted,
    /// The epoch before the step.
    epoch: u64,
}

impl Bench {
    pub(super) fn new(streams: &[&str]) -> Self {
        let wanted = Wanted { streams: streams.iter().map(|spec| stream(spec)).collect(), ..Wanted::default() };
        Self { session: Session::new(), now: Duration::ZERO, wanted, epoch: 0 }
    }

    /// A bench whose socket was opened at its time zero.
    pub(super) fn live(software: Software, streams: &[&str]) -> Self {
        let mut bench = Self::new(streams);
        assert_eq!(bench.start(), ["connecting", "discover"]);
        assert_eq!(bench.discovered(software), ["server", "connect"]);
        bench
    }

    pub(super) fn start(&mut self) -> Vec<String> {
        self.step(Input::Wanted(self.wanted.clone()))
    }

    pub(super) fn discovered(&mut self, software: Software) -> Vec<String> {
        self.found(server(software))
    }

    pub(super) fn found(&mut self, server: Server) -> Vec<String> {
        self.step(Input::Discovered { link: self.session.link, server })
    }

    /// The newest link of a stream's own.
    fn branch(&self, spec: &str) -> Link {
        let stream = stream(spec);
        self.session.branches.iter().find(|branch| branch.stream == stream).unwrap_or_else(|| panic!("no branch for {spec}")).link
    }

    /// A link of its own is open; a byte comes at once.
    fn branch_opened(&mut self, spec: &str) -> Vec<String> {
        let link = self.branch(spec);
        let mut said = self.step(Input::Opened { link });
        said.extend(self.step(Input::Bytes { link }));
        said
    }

    fn branch_refused(&mut self, spec: &str, kind: RefusalKind, words: &str) -> Vec<String> {
        let refusal = Refusal { kind, reason: Plain::line(words), retry_after: None };
        self.step(Input::Refused { link: self.branch(spec), refusal })
    }

    fn branch_closed(&mut self, spec: &str) -> Vec<String> {
        self.step(Input::Closed { link: self.branch(spec), code: None, reason: Plain::line("words") })
    }

    /// The link on which a higher rung is tried.
    fn trial(&self) -> Link {
        match &self.session.climb {
            Some(Climb { trial: Some(Trial::Trunk { link, .. }), .. }) => *link,
            Some(Climb { trial: Some(Trial::Events(branch)), .. }) => branch.link,
            other => panic!("no trial: {other:?}"),
        }
    }

    /// Fails three times and lets the server say what it is.
    fn fails_thrice(&mut self, software: Software, kind: RefusalKind) -> Vec<String> {
        for attempt in 1..=3 {
            let said = self.step(Input::Refused {
                link: self.session.link,
                refusal: Refusal { kind, reason: Plain::line("no upgrade"), retry_after: None },
            });
            assert!(said.len() == 1 && (said[0].starts_with("reconnecting") || said[0].starts_with("offline")), "{said:?}");
            let next = self.until_next();
            let last = next.last().unwrap();
            assert!(last.contains("connect") || last == "discover", "{next:?}");
            if attempt < 3 && last == "discover" {
                assert_eq!(self.discovered(software), ["server", "connect"]);
            }
        }
        self.discovered(software)
    }

    /// Lets the time pass up to the next wake-up at which something is done.
    fn until_next(&mut self) -> Vec<String> {
        for _ in 0..1_000 {
            let Some(wake) = self.session.wake else { break };
            self.now = self.now.max(wake);
            let done = self.step(Input::Timer);
            if !done.is_empty() {
                return done;
            }
        }
        panic!("nothing will happen in {:?}", self.session.phase)
    }

    pub(super) fn opened(&mut self) -> Vec<String> {
        self.step(Input::Opened { link: self.session.link })
    }

    pub(super) fn refused(&mut self, kind: RefusalKind, retry_after: Option<u64>) -> Vec<String> {
        let refusal = Refusal { kind, reason: Plain::line("words"), retry_after: retry_after.map(Duration::from_secs) };
        self.step(Input::Refused { link: self.session.link, refusal })
    }

    pub(super) fn closed(&mut self, code: Option<u16>) -> Vec<String> {
        self.step(Input::Closed { link: self.session.link, code, reason: Plain::line("words") })
    }

    pub(super) fn error(&mut self, text: &str, status: Option<u16>) -> Vec<String> {
        self.message(Message::Error { text: Plain::line(text), status })
    }

    pub(super) fn event(&mut self, named: Named, payload: Payload) -> Vec<String> {
        let name = Plain::line("event");
        self.message(Message::Event(Decoded { named: None, stream: named, name, payload, raw: None }))
    }

    pub(super) fn message(&mut self, message: Message) -> Vec<String> {
        self.step(Input::Message { link: self.session.link, message })
    }

    pub(super) fn want(&mut self, streams: &[&str]) -> Vec<String> {
        self.wanted.streams = streams.iter().map(|spec| stream(spec)).collect();
        self.start()
    }

    pub(super) fn retry(&mut self) -> Vec<String> {
        self.wanted.retry += 1;
        self.start()
    }

    pub(super) fn woke(&mut self) -> Vec<String> {
        self.wanted.woke += 1;
        self.start()
    }

    /// Lets the time pass up to `millis`, with a timer input whenever one was asked for; answers what was done when.
    pub(super) fn until(&mut self, millis: u64) -> Vec<String> {
        let end = Duration::from_millis(millis);
        let mut done = Vec::new();
        while let Some(wake) = self.session.wake.filter(|wake| *wake <= end) {
            self.now = self.now.max(wake);
            for word in self.step(Input::Timer) {
                done.push(format!("{}: {word}", self.now.as_millis()));
            }
        }
        self.now = end;
        done
    }

    pub(super) fn step(&mut self, input: Input) -> Vec<String> {
        let mut actions = Vec::new();
        self.epoch = self.session.epoch;
        self.session.step(self.now, 0.5, input, &mut actions);
        let wake = actions.iter().filter(|action| matches!(action, Action::WakeAt(_))).count();
        assert!(wake <= 1, "one wake-up a step: {actions:?}");
        actions.iter().filter_map(|action| self.word(action)).collect()
    }

    fn word(&self, action: &Action) -> Option<String> {
        let (link, word) = match action {
            Action::Discover { link } => (Some(*link), "discover".to_owned()),
            Action::Connect { link, by, subprotocol } => {
                let by = match by {
                    By::Trunk => String::new(),
                    By::Socket(stream) => format!(" {} by socket", stream.spec()),
                    By::ServerSentEvents(stream) => format!(" {} by sse", stream.spec()),
                };
                (Some(*link), format!("connect{by}{}", if *subprotocol { " with subprotocol" } else { "" }))
            }
            Action::Send { link, text } => (Some(*link), words_of(text)),
            Action::Ping { link, number } => (Some(*link), format!("ping {number}")),
            Action::Close { link } => (None, if link.id == LinkId::TRUNK { "close".to_owned() } else { "close branch".to_owned() }),
            Action::Verify { link } => (Some(*link), "verify".to_owned()),
            Action::Deliver { epoch, event } => {
                assert!((self.epoch..=self.session.epoch).contains(epoch), "{epoch}");
                (None, word_of_event(event))
            }
            Action::WakeAt(_) => return None,
        };
        let lives = |link: Link| match &self.session.climb {
            Some(Climb { trial: Some(Trial::Trunk { link: tried, .. }), .. }) if *tried == link => true,
            Some(Climb { trial: Some(Trial::Events(branch)), .. }) if branch.link == link => true,
            _ => link == self.session.link || self.session.branches.iter().any(|branch| branch.link == link),
        };
        assert!(link.is_none_or(lives), "of an earlier life: {action:?}");
        Some(word)
    }
}

fn words_of(text: &str) -> String {
    let json: serde_json::Value = serde_json::from_str(text).unwrap();
    let part = |key: &str| json.get(key).and_then(|value| value.as_str()).map(str::to_owned);
    [part("type"), part("stream"), part("tag"), part("list")].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn word_of_event(event: &Event) -> String {
    match event {
        Event::Connection(Connection::Connecting) => "connecting".to_owned(),
        Event::Connection(Connection::Live) => "live".to_owned(),
        Event::Connection(Connection::Reconnecting { attempt, retry_in, .. }) => {
            format!("reconnecting {attempt} in {}", retry_in.as_millis())
        }
        Event::Connection(Connection::Offline { attempt, retry_in, .. }) => format!("offline {attempt} in {}", retry_in.as_millis()),
        Event::Connection(Connection::RateLimited { retry_in, .. }) => format!("rate limited for {}", retry_in.as_millis()),
        Event::Connection(Connection::SignedOut { reason }) => format!("signed out: {reason}"),
        Event::Connection(Connection::Failed { reason }) => format!("failed: {reason}"),
        Event::Subscription { stream, standing, rung } => {
            let standing = match standing {
                Subscription::Requested => "requested".to_owned(),
                Subscription::Open => "open".to_owned(),
                Subscription::Refused(words) => format!("refused ({words})"),
                Subscription::Interrupted(words) => format!("interrupted ({words})"),
                Subscription::NotStreamed => "not streamed".to_owned(),
            };
            let rung = if *rung == Rung::Multiplexed { String::new() } else { format!(" by {}", rung.name()) };
            format!("{} {standing}{rung}", stream.spec())
        }
        Event::Ladder { rung, reason: Some(reason), climb_in: Some(climb_in) } => {
            format!("on {}: {reason}; up in {}", rung.name(), climb_in.as_secs())
        }
        Event::Ladder { rung, .. } => format!("on {}", rung.name()),
        Event::Traffic { received, sent } => format!("{received} in, {sent} out"),
        Event::Server(_) => "server".to_owned(),
        Event::Stream(event) => {
            let streams: Vec<String> = event.streams.iter().map(|stream| stream.spec().to_string()).collect();
            format!("event for [{}]", streams.join(" "))
        }
        Event::Lagged { .. } => "lagged".to_owned(),
        Event::Ping(round_trip) => format!("round trip {}", round_trip.as_millis()),
        Event::Malformed { what } => format!("malformed: {what}"),
    }
}

pub(super) fn stream(spec: &str) -> Stream {
    spec.parse::<crate::model::Spec>().unwrap().resolve(&[list(spec)]).unwrap().only().cloned().unwrap()
}

fn list(spec: &str) -> crate::model::List {
    let id = spec.strip_prefix("list:").unwrap_or("0");
    crate::model::List { id: ListId::new(id).unwrap(), title: Plain::line("") }
}

pub(super) fn server(software: Software) -> Server {
    version(software, "social.example")
}

pub(super) fn version(software: Software, version: &str) -> Server {
    let text = || Plain::line("social.example");
    Server {
        domain: text(),
        title: text(),
        version: Plain::line(version),
        software,
        streaming_host: text(),
        timelines_access: TimelinesAccess::default(),
    }
}

pub(super) fn update() -> Payload {
    Payload::Update(Bundle::default())
}

fn delete() -> Payload {
    Payload::Delete(StatusId::new("1").unwrap())
}

fn notification() -> Payload {
    let notification = Notification {
        id: NotificationId::new("1").unwrap(),
        kind: NotificationKind::Follow,
        created_at: None,
        account: None,
        status: None,
    };
    Payload::Notification(notification, Bundle::default())
}

const SCOPES: &str = "Access token does not have the required scopes";
const FOREIGN_LIST: &str = "Not authorized to stream this list";

#[test]
fn all_streams_are_asked_for_at_once_and_then_it_is_live() {
    let mut bench = Bench::live(Software::Mastodon, &["home", "notifications", "#Rust", "#rust", "list:12"]);
    assert_eq!(
        bench.opened(),
        [
            "subscribe user",
            "subscribe user:notification",
            "subscribe hashtag Rust",
            "subscribe list 12",
            "live",
            "home requested",
            "notifications requested",
            "#Rust requested",
            "list:12 requested",
            "ping 1",
        ]
    );
    bench.now = Duration::from_millis(80);
    assert_eq!(bench.step(Input::Pong { link: bench.session.link, number: 1 }), ["round trip 80"]);
    bench.now = Duration::from_millis(500);
    let rust = Named::Stream(stream("#RUST"));
    assert_eq!(bench.event(rust, update()), ["#Rust open", "event for [#Rust]"]);
    assert_eq!(bench.until(1_999), [""; 0]);
    assert_eq!(bench.until(3_000), ["2000: home open", "2000: notifications open", "2000: list:12 open"]);
}

#[test]
fn the_token_goes_into_the_subprotocol_where_the_header_is_not_read() {
    let mut bench = Bench::new(&["home"]);
    bench.start();
    assert_eq!(bench.discovered(Software::Pleroma), ["server", "connect with subprotocol"]);
}

#[test]
fn a_dropped_connection_comes_back_and_asks_for_everything_again() {
    let mut bench = Bench::live(Software::Mastodon, &["home", "local"]);
    bench.opened();
    bench.now = Duration::from_secs(19);
    bench.step(Input::Bytes { link: bench.session.link });
    assert_eq!(bench.closed(None), ["reconnecting 1 in 500"]);
    assert_eq!(bench.until(19_500), ["19500: connect"]);
    let opened = bench.opened();
    assert_eq!(&opened[..3], ["subscribe user", "subscribe public:local", "live"]);
    assert_eq!(bench.session.epoch, 2);
    // What is left of the first life means nothing.
    let first = Link { id: LinkId::TRUNK, life: 1 };
    assert_eq!(bench.step(Input::Closed { link: first, code: None, reason: Plain::default() }), [""; 0]);
    assert_eq!(bench.step(Input::Opened { link: first }), [""; 0]);
}

#[test]
fn only_a_healthy_minute_forgets_what_failed() {
    let mut bench = Bench::live(Software::Mastodon, &["home"]);
    for (attempt, wait) in [(1, 500), (2, 1_000), (3, 2_000)] {
        assert_eq!(bench.refused(RefusalKind::Server, None), [format!("reconnecting {attempt} in {wait}")]);
        let now = u64::try_from(bench.now.as_millis()).unwrap();
        let next = if attempt == 3 { "discover" } else { "connect" };
        assert_eq!(bench.until(now + wait), [format!("{}: {next}", now + wait)]);
    }
    // The server is asked about itself after three failures; without an answer the old one counts.
    let failure = Failure { kind: FailureKind::Retry, reason: Plain::line("words") };
    assert_eq!(bench.step(Input::DiscoveryFailed { link: bench.session.link, failure, retry_after: None }), ["connect"]);
    bench.opened();
    bench.now += Duration::from_secs(10);
    assert_eq!(bench.closed(None), ["reconnecting 4 in 4000"], "ten seconds are no health");
    bench.now += Duration::from_secs(4);
    assert_eq!(bench.step(Input::Timer), ["connect"]);
    bench.opened();
    for _ in 0..6 {
        bench.now += Duration::from_secs(10);
        bench.step(Input::Bytes { link: bench.session.link });
    }
    assert_eq!(bench.closed(Some(1001)), ["reconnecting 0 in 250"]);
}

#[test]
fn a_limit_told_when_asked_again_about_itself_holds_for_the_stream() {
    // GoToSocial counts questions and upgrades together (`handshake-429`).
    let mut bench = Bench::live(Software::GoToSocial, &["home"]);
    for _ in 0..3 {
        bench.refused(RefusalKind::Server, None);
        bench.retry();
    }
    let failure = Failure { kind: FailureKind::RateLimited(Timestamp::UNIX_EPOCH), reason: Plain::line("words") };
    let retry_after = Some(Duration::from_secs(100));
    let said = bench.step(Input::DiscoveryFailed { link: bench.session.link, failure, retry_after });
    assert_eq!(said, ["rate limited for 104000"]);
    assert_eq!(bench.until(104_000), ["104000: discover"]);
}

#[test]
fn an_overloaded_server_is_not_asked_at_once() {
    let mut bench = Bench::live(Software::Mastodon, &["home"]);
    bench.opened();
    assert_eq!(bench.closed(Some(1013)), ["reconnecting 4 in 4000"]);
}

#[test]
fn a_quiet_socket_is_pinged_and_a_dead_one_is_given_up() {
    let mut bench = Bench::live(Software::Mastodon, &[]);
    assert_eq!(bench.opened(), ["live", "ping 1"]);
    bench.now = Duration::from_secs(1);
    assert_eq!(bench.step(Input::Pong { link: bench.session.link, number: 1 }), ["round trip 1000"]);
    assert_eq!(bench.until(35_000), ["21000: ping 2"]);
    // Any byte is life, also an old pong.
    assert_eq!(bench.step(Input::Pong { link: bench.session.link, number: 1 }), [""; 0]);
    assert_eq!(bench.until(69_999), ["55000: ping 3"]);
    assert_eq!(bench.until(70_000), ["70000: close", "70000: reconnecting 0 in 250"]);
}

#[test]
fn the_round_trip_is_measured_on_a_busy_line_too() {
    let mut bench = Bench::live(Software::Mastodon, &[]);
    bench.opened();
    let mut done = Vec::new();
    for second in 1..=61 {
        done.extend(bench.until(second * 1_000));
        bench.step(Input::Bytes { link: bench.session.link });
    }
    assert_eq!(done, ["60000: ping 2"]);
    // A server that answers no ping of ours but pings itself stays alive.
    assert_eq!(bench.until(75_000), [""; 0]);
}

#[test]
fn one_pause_is_one_reconnect() {
    let mut bench = Bench::live(Software::Mastodon, &["home"]);
    bench.opened();
    bench.until(10_000);
    assert_eq!(bench.woke(), ["reconnecting 0 in 0", "close", "connect"]);
    assert_eq!(bench.woke(), [""; 0], "the attempt is younger than the pause");
    bench.opened();
    assert_eq!(bench.woke(), [""; 0], "so is the socket");
    // While waiting, a wake-up is one attempt at once.
    bench.now += Duration::from_secs(1);
    bench.closed(None);
    assert_eq!(bench.woke(), ["reconnecting 1 in 0", "close", "connect"]);
}

#[test]
fn retry_is_one_attempt_at_once() {
    let mut bench = Bench::live(Software::Mastodon, &["home"]);
    assert_eq!(bench.refused(RefusalKind::Offline, None), ["offline 1 in 500"]);
    assert_eq!(bench.retry(), ["connecting", "connect"]);
    assert_eq!(bench.start(), [""; 0], "the same counter again means nothing");
    assert_eq!(bench.retry(), [""; 0], "there is one already");
    assert_eq!(bench.refused(RefusalKind::Offline, None), ["offline 2 in 1000"]);
}

#[test]
fn a_stated_time_holds_for_everybody() {
    let mut bench = Bench::live(Software::Mastodon, &["home"]);
    assert_eq!(bench.refused(RefusalKind::RateLimited, Some(90)), ["rate limited for 90500"]);
    bench.now = Duration::from_secs(30);
    assert_eq!(bench.woke(), [""; 0]);
    assert_eq!(bench.retry(), ["rate limited for 60000"], "whoever asks for it comes at the stated moment");
    assert_eq!(bench.until(100_000), ["90000: connect"]);
    assert_eq!(bench.refused(RefusalKind::RateLimited, None), ["reconnecting 2 in 1000"]);
    assert_eq!(bench.until(101_000), ["101000: connect"]);
    assert_eq!(bench.refused(RefusalKind::RateLimited, Some(10)), ["rate limited for 12000"]);
    bench.now = Duration::from_millis(111_500);
    assert_eq!(bench.retry(), ["connecting", "discover"], "our own share of the wait is not the server's");
}

#[test]
fn a_stated_time_passes_while_the_machine_sleeps() {
    let mut bench = Bench::live(Software::Mastodon, &["home"]);
    bench.refused(RefusalKind::RateLimited, Some(90));
    bench.now = Duration::from_secs(10);
    assert_eq!(bench.step(Input::Slept(Duration::from_secs(60))), [""; 0]);
    assert_eq!(bench.until(30_500), ["30500: connect"]);
    bench.refused(RefusalKind::RateLimited, Some(900));
    assert_eq!(bench.step(Input::Slept(Duration::from_secs(3_600))), ["connect"]);
    assert_eq!(bench.woke(), [""; 0], "one pause, one attempt");
}

#[test]
fn the_first_discovery_decides_whether_this_is_a_server_for_us() {
    let fails = |kind, retry_after| {
        let mut bench = Bench::new(&["home"]);
        bench.start();
        let failure = Failure { kind, reason: Plain::line("words") };
        bench.step(Input::DiscoveryFailed { link: bench.session.link, failure, retry_after })
    };
    assert_eq!(fails(FailureKind::Retry, None), ["reconnecting 1 in 500"]);
    assert_eq!(fails(FailureKind::Offline, None), ["offline 1 in 500"], "no network at the start");
    assert_eq!(fails(FailureKind::Forbidden, None), ["reconnecting 1 in 500"]);
    assert_eq!(fails(FailureKind::Unauthorized, None), ["verify"]);
    assert_eq!(fails(FailureKind::NotFound, None), ["failed: words"]);
    assert_eq!(fails(FailureKind::Unusable, None), ["failed: words"]);
    let reset = FailureKind::RateLimited(Timestamp::UNIX_EPOCH);
    assert_eq!(fails(reset, Some(Duration::from_secs(20))), ["rate limited for 20500"]);
}

#[test]
fn only_rejected_credentials_sign_out_and_then_nothing_is_tried() {
    let mut bench = Bench::live(Software::Mastodon, &["home"]);
    let verified = |bench: &mut Bench, verdict| bench.step(Input::Verified { link: bench.session.link, verdict });
    assert_eq!(bench.refused(RefusalKind::Unauthorized, None), ["verify"]);
    assert_eq!(verified(&mut bench, Verdict::Accepted), ["reconnecting 1 in 500"]);
    assert_eq!(bench.until(500), ["500: connect"]);
    bench.refused(RefusalKind::Unauthorized, None);
    assert_eq!(verified(&mut bench, Verdict::Unknown(Plain::line("why"))), ["reconnecting 2 in 1000"]);
    assert_eq!(bench.until(1_500), ["1500: connect"]);
    bench.refused(RefusalKind::Unauthorized, None);
    let said = verified(&mut bench, Verdict::Rejected(Plain::line("The access token was revoked")));
    assert_eq!(
        said,
        [
            "signed out: The access token was revoked: the token is not accepted; sign in again with trunkline login, or start with a new one"
        ]
    );
    assert_eq!(bench.until(10_000_000), [""; 0]);
    assert_eq!(bench.woke(), [""; 0]);
    assert_eq!(bench.want(&["local"]), [""; 0]);
    assert_eq!(bench.retry(), ["connecting", "connect"]);
}

#[test]
fn a_killed_token_is_found_out_by_the_next_upgrade() {
    // Transcripts `ws-kill-token-revoked`, `ws-kill-account`: a close frame without a code.
    let mut bench = Bench::live(Software::Mastodon, &["home"]);
    bench.opened();
    bench.closed(None);
    bench.until(500);
    assert_eq!(bench.refused(RefusalKind::Unauthorized, None), ["verify"]);
}

#[test]
fn something_in_between_is_said_and_waited_out() {
    let mut bench = Bench::live(Software::Mastodon, &["home"]);
    assert_eq!(bench.refused(RefusalKind::Interposed, None), ["reconnecting 1 in 500"]);
}

#[test]
fn what_will_hardly_change_is_tried_again_after_a_minute() {
    let mut bench = Bench::live(Software::Mastodon, &["home"]);
    assert_eq!(bench.refused(RefusalKind::Tls, None), ["failed: words"]);
    assert_eq!(bench.until(67_499), [""; 0]);
    assert_eq!(bench.until(67_500), ["67500: connect"]);
}

#[test]
fn a_lost_answer_delays_and_never_strands() {
    let mut bench = Bench::new(&["home"]);
    bench.start();
    assert_eq!(bench.until(70_000), ["70000: close", "70000: offline 1 in 500"]);
    assert_eq!(bench.until(70_500), ["70500: discover"]);
    bench.discovered(Software::Mastodon);
    assert_eq!(bench.until(85_500), ["85500: close", "85500: offline 2 in 1000"]);
    assert_eq!(bench.until(86_500), ["86500: connect"]);
    bench.refused(RefusalKind::Unauthorized, None);
    assert_eq!(bench.until(126_500), ["126500: close", "126500: offline 3 in 2000"]);
}

#[test]
fn an_unsubscribe_waits_for_its_subscribe_and_a_change_of_mind_costs_nothing() {
    // Transcript `ws-subscribe-then-unsubscribe-at-once`.
    let mut bench = Bench::live(Software::Mastodon, &["home"]);
    bench.opened();
    bench.until(5_000);
    assert_eq!(bench.want(&["home", "#rust"]), ["subscribe hashtag rust", "#rust requested"]);
    bench.now = Duration::from_millis(5_100);
    assert_eq!(bench.want(&["home"]), [""; 0]);
    bench.now = Duration::from_millis(5_200);
    assert_eq!(bench.want(&["home", "#Rust"]), ["#Rust requested"]);
    assert_eq!(bench.until(6_500), [""; 0]);
    assert_eq!(bench.want(&["home"]), ["unsubscribe hashtag rust"]);
    assert_eq!(bench.want(&["home", "#rust"]), ["subscribe hashtag rust", "#rust requested"]);
    assert_eq!(bench.want(&["home"]), [""; 0]);
    assert_eq!(bench.until(7_500), ["7500: unsubscribe hashtag rust"]);
}

#[test]
fn a_lost_unsubscribe_is_repeated_and_not_too_often() {
    let mut bench = Bench::live(Software::Mastodon, &["home", "list:14"]);
    bench.opened();
    bench.until(3_000);
    assert_eq!(bench.want(&["home"]), ["unsubscribe list 14"]);
    assert_eq!(bench.error("Error unsubscribing from channel", None), [""; 0]);
    let list = || Named::Stream(stream("list:14"));
    bench.now = Duration::from_millis(4_900);
    assert_eq!(bench.event(list(), update()), [""; 0], "on the way already");
    bench.now = Duration::from_millis(5_100);
    assert_eq!(bench.event(list(), delete()), ["event for []"], "a delete counts everywhere and proves nothing");
    assert_eq!(bench.event(list(), update()), ["unsubscribe list 14"]);
    bench.now = Duration::from_secs(10);
    assert_eq!(bench.event(list(), update()), [""; 0]);
    bench.now = Duration::from_millis(10_100);
    assert_eq!(bench.event(list(), update()), ["unsubscribe list 14"]);
}

#[test]
fn what_a_server_never_streams_is_said_and_notifications_ride_on_home() {
    // GoToSocial's transcripts `multiplex`, `single-hashtag`.
    let mut bench = Bench::live(Software::GoToSocial, &["home", "notifications", "#rust", "remote", "local"]);
    assert_eq!(
        bench.opened(),
        [
            "subscribe user",
            "subscribe public:local",
            "live",
            "home requested",
            "notifications requested",
            "local requested",
            "#rust open by polling",
            "remote not streamed",
            "ping 1",
        ]
    );
    let home = || Named::Stream(Stream::User);
    assert_eq!(bench.event(home(), update()), ["home open", "notifications open", "event for [home]"]);
    assert_eq!(bench.event(home(), notification()), ["event for [home notifications]"]);
    assert_eq!(bench.event(home(), delete()), ["event for [home]"]);
    bench.until(3_000);
    // Without home they need a socket of their own; what passes between is to be fetched.
    let without = bench.want(&["notifications", "#go"]);
    let expected = [
        "notifications interrupted (its events take another way now) by websocket",
        "#go open by polling",
        "close",
        "connect notifications by socket",
        "notifications requested by websocket",
    ];
    assert_eq!(without, expected);
    assert_eq!(bench.branch_opened("notifications"), ["ping 2"]);
    let link = bench.branch("notifications");
    let said = |bench: &mut Bench, stream| {
        let decoded = Decoded { named: None, stream, name: Plain::line("event"), payload: notification(), raw: None };
        bench.step(Input::Message { link, message: Message::Event(decoded) })
    };
    let own = Named::Stream(Stream::UserNotification);
    assert_eq!(said(&mut bench, own), ["notifications open by websocket", "event for [notifications]"]);
    assert_eq!(said(&mut bench, Named::Nothing), ["event for [notifications]"]);
    assert_eq!(said(&mut bench, home()), [""; 0]);
    // And with home they ride again.
    let with = bench.want(&["notifications", "home"]);
    assert_eq!(with, ["close branch", "notifications interrupted (its events take another way now)", "connect"]);
    assert_eq!(bench.opened(), ["subscribe user", "live", "notifications requested", "home requested", "ping 3"]);
}

#[test]
fn an_event_is_resolved_by_what_the_server_named() {
    let mut bench = Bench::live(Software::Mastodon, &["list:1", "list:2", "home"]);
    bench.opened();
    let kind = Named::Kind(Plain::line("list"));
    assert_eq!(bench.event(kind.clone(), update()), ["event for [list:1 list:2]"], "it proves neither of two");
    assert_eq!(bench.event(Named::Nothing, update()), ["event for []"]);
    assert_eq!(bench.event(Named::Unknown, update()), ["event for []"]);
    assert_eq!(bench.event(Named::Stream(stream("local")), update()), [""; 0]);
    assert_eq!(bench.event(Named::Stream(stream("local")), Payload::Edit(Bundle::default())), ["event for []"]);
    let announcement = Payload::AnnouncementDelete(AnnouncementId::new("1").unwrap());
    assert_eq!(bench.event(Named::Stream(stream("local")), announcement), ["event for []"]);
    let mut bench = Bench::live(Software::Other, &["list:1"]);
    bench.opened();
    assert_eq!(bench.event(Named::Nothing, delete()), ["event for [list:1]"]);
    assert_eq!(bench.event(kind, update()), ["list:1 open", "event for [list:1]"]);
}

#[test]
fn malformed_messages_are_rationed() {
    let mut bench = Bench::live(Software::Mastodon, &["home"]);
    bench.opened();
    let bad = || Message::Malformed(Plain::line("not JSON"));
    let told: usize = (0..100).map(|_| bench.message(bad()).len()).sum();
    assert_eq!(told, 10);
    bench.now += Duration::from_secs(10);
    assert_eq!(bench.message(bad()), ["malformed: not JSON (and 90 more)", "home open"]);
    assert_eq!(bench.message(Message::Nothing), [""; 0]);
}

/// Every error text of every version, and what it can be about.
#[test]
fn an_error_is_laid_to_the_only_stream_it_can_be_about() {
    for (text, status, refused) in [
        // Transcript `ws-subscribe-errors`.
        (FOREIGN_LIST, Some(401), "list:9"),
        ("Missing list name parameter", Some(400), "list:9"),
        ("Missing tag name parameter", Some(400), "#rust"),
        // The same, versions 3.5.3 to 4.2.0.
        (FOREIGN_LIST, None, "list:9"),
        ("No tag for stream provided", None, "#rust"),
        ("TypeError: str.normalize is not a function", None, "#rust"),
        ("TypeError: params.tag.toLowerCase is not a function", None, "#rust"),
    ] {
        let mut bench = Bench::live(Software::Mastodon, &["home", "#rust", "list:9", "local"]);
        bench.opened();
        bench.now = Duration::from_millis(40);
        assert_eq!(bench.error(text, status), [format!("{refused} refused ({text})")]);
        let open = bench.until(2_500);
        assert_eq!(open.len(), 3, "{open:?}");
        assert!(open.iter().all(|word| word.starts_with("2000: ") && word.ends_with(" open")), "{open:?}");
    }
}

#[test]
fn as_many_errors_as_streams_leave_no_doubt() {
    // Transcript `ws-scope-none`, and two foreign lists beside open streams.
    for text in [SCOPES, "Error: Access token does not cover required scopes", "Unknown stream type"] {
        let mut bench = Bench::live(Software::Mastodon, &["home", "local"]);
        bench.opened();
        assert_eq!(bench.error(text, None), [""; 0]);
        assert_eq!(bench.error(text, None), [format!("home refused ({text})"), format!("local refused ({text})")]);
        assert_eq!(bench.until(19_000), [""; 0]);
    }
    let mut bench = Bench::live(Software::Mastodon, &["home", "list:1", "list:2"]);
    bench.opened();
    bench.error(FOREIGN_LIST, Some(401));
    assert_eq!(bench.error(FOREIGN_LIST, Some(401)).len(), 2);
    assert_eq!(bench.until(3_000), ["2000: home open"]);
}

#[test]
fn the_doubtful_are_asked_again_one_at_a_time() {
    let mut bench = Bench::live(Software::Mastodon, &["home", "list:1", "list:2", "list:3", "list:4"]);
    bench.opened();
    bench.now = Duration::from_millis(10);
    bench.error(FOREIGN_LIST, Some(401));
    bench.now = Duration::from_millis(20);
    bench.error(FOREIGN_LIST, Some(401));
    assert_eq!(bench.until(450), ["420: subscribe list 1"]);
    assert_eq!(bench.until(900), ["820: list:1 open", "820: subscribe list 2"]);
    bench.now = Duration::from_millis(910);
    let refused = format!("list:2 refused ({FOREIGN_LIST})");
    assert_eq!(bench.error(FOREIGN_LIST, Some(401)), [refused.as_str(), "subscribe list 3"]);
    // Three refused it cannot be; the last one follows without asking.
    assert_eq!(bench.until(1_900), ["1310: list:3 open".to_owned(), format!("1310: list:4 refused ({FOREIGN_LIST})")]);
    assert_eq!(bench.until(3_000), ["2000: home open"]);
}

#[test]
fn a_lone_scope_error_is_first_tried_on_notifications() {
    // Transcript `ws-scope-read-statuses`.
    let mut bench = Bench::live(Software::Mastodon, &["home", "local", "notifications", "federated", "direct"]);
    bench.opened();
    bench.now = Duration::from_millis(5);
    bench.error(SCOPES, Some(401));
    assert_eq!(bench.until(450), ["405: subscribe user:notification"]);
    assert_eq!(bench.error(SCOPES, Some(401)), [format!("notifications refused ({SCOPES})")]);
    assert_eq!(bench.until(2_100).len(), 4);
}

#[test]
fn events_prove_streams_and_narrow_the_doubt() {
    let mut bench = Bench::live(Software::Mastodon, &["home", "local", "federated"]);
    bench.opened();
    bench.error(SCOPES, Some(401));
    bench.event(Named::Stream(stream("home")), update());
    let said = bench.event(Named::Stream(stream("federated")), update());
    assert_eq!(said, ["federated open".to_owned(), format!("local refused ({SCOPES})"), "event for [federated]".to_owned()]);
    // Best effort: an event clears a stream that was thought to be refused.
    assert_eq!(bench.event(Named::Stream(stream("local")), update()), ["local open", "event for [local]"]);
}

#[test]
fn a_database_error_may_be_gone_when_asked_again() {
    let text = "An unexpected error occurred";
    let mut bench = Bench::live(Software::Mastodon, &["home", "local", "federated"]);
    bench.opened();
    bench.error(text, Some(500));
    assert_eq!(bench.until(500), ["400: subscribe public:local"]);
    assert_eq!(bench.until(900), ["800: local open", "800: subscribe public"]);
    assert_eq!(bench.until(1_300), ["1200: federated open".to_owned(), format!("1200: malformed: {text}")]);
}

#[test]
fn what_is_added_while_asking_again_waits_for_its_turn() {
    let mut bench = Bench::live(Software::Mastodon, &["list:1", "list:2"]);
    bench.opened();
    bench.error(FOREIGN_LIST, Some(401));
    assert_eq!(bench.until(450), ["400: subscribe list 1"]);
    assert_eq!(bench.want(&["list:1", "list:2", "list:3"]), ["list:3 requested"]);
    assert_eq!(bench.until(810), ["800: list:1 open", "800: subscribe list 3"]);
    assert_eq!(bench.until(1_250), ["1200: subscribe list 2"]);
    assert_eq!(bench.error(FOREIGN_LIST, Some(401)), [format!("list:2 refused ({FOREIGN_LIST})")]);
    assert_eq!(bench.until(3_500), ["2800: list:3 open"]);
}

#[test]
fn an_error_that_can_be_about_nothing_is_told_as_it_came() {
    let mut bench = Bench::live(Software::Mastodon, &["home"]);
    bench.opened();
    assert_eq!(bench.error(FOREIGN_LIST, Some(401)), [format!("malformed: {FOREIGN_LIST}")]);
    bench.until(15_000);
    bench.step(Input::Bytes { link: bench.session.link });
    assert_eq!(bench.error("Something else", None), ["malformed: Something else"], "long after the last subscribe");
}

#[test]
fn an_error_swallowed_before_a_pong_reads_as_open() {
    // Transcript `ws-error-frame-lost-before-pong`: nothing on the wire can tell, and the page over REST will.
    let mut bench = Bench::live(Software::Mastodon, &["list:9"]);
    bench.opened();
    assert_eq!(bench.until(2_000), ["2000: list:9 open"]);
    // A late error is still laid to it.
    assert_eq!(bench.error(FOREIGN_LIST, Some(401)), [format!("list:9 refused ({FOREIGN_LIST})")]);
    assert_eq!(bench.retry(), ["subscribe list 9", "list:9 requested"]);
}

#[test]
fn a_stream_that_goes_while_in_doubt_takes_no_other_with_it() {
    let mut bench = Bench::live(Software::Mastodon, &["list:1", "list:2"]);
    bench.opened();
    bench.now = Duration::from_millis(10);
    bench.error(FOREIGN_LIST, Some(401));
    assert_eq!(bench.want(&["list:2"]), [""; 0]);
    assert_eq!(bench.until(500), ["410: subscribe list 2"]);
    let after = bench.until(3_000);
    assert_eq!(after[0], "810: list:2 open");
    assert!(after.contains(&"1000: unsubscribe list 1".to_owned()), "{after:?}");
    assert_eq!(after.len(), 2, "{after:?}");
}

/// The ladder, from the top to the bottom and back.
const SSE: [&str; 2] = ["home", "#rust"];

/// A bench on the rung of event streams, with both streams open at about four seconds.
fn on_events() -> Bench {
    let mut bench = Bench::live(Software::Mastodon, &SSE);
    let said = bench.fails_thrice(Software::Mastodon, RefusalKind::NoStreaming);
    assert_eq!(said, ["server", "on sse: no upgrade; up in 300", "reconnecting 0 in 0", "connect home by sse"]);
    let opened = bench.branch_opened("home");
    assert_eq!(opened, ["live", "home open by sse", "connect #rust by sse", "#rust requested by sse"]);
    assert_eq!(bench.branch_opened("#rust"), ["#rust open by sse"]);
    bench
}

#[test]
fn upgrades_that_never_come_through_yield_to_event_streams() {
    use RefusalKind::{Interposed, Lost, NoStreaming, NotThere, Unanswered};
    for kind in [Interposed, Lost, NoStreaming, NotThere, Unanswered] {
        let mut bench = Bench::live(Software::Mastodon, &["home"]);
        let said = bench.fails_thrice(Software::Mastodon, kind);
        assert_eq!(said[1..], ["on sse: no upgrade; up in 300", "reconnecting 0 in 0", "connect home by sse"], "{kind:?}");
    }
    // What passes is waited out, however often.
    for kind in [RefusalKind::Offline, RefusalKind::Server, RefusalKind::RateLimited, RefusalKind::Tls, RefusalKind::Forbidden] {
        let mut bench = Bench::live(Software::Mastodon, &["home"]);
        for _ in 0..20 {
            bench.refused(kind, None);
            let next = bench.until_next();
            if next == ["discover"] || next.ends_with(&["discover".to_owned()]) {
                assert_eq!(bench.discovered(Software::Mastodon), ["server", "connect"], "{kind:?}");
            }
        }
        assert_eq!(bench.session.rung, Rung::Multiplexed);
    }
}

#[test]
fn nothing_yields_while_the_server_itself_does_not_answer() {
    // A portal answers everything; then it is no matter of upgrades.
    let mut bench = Bench::live(Software::Mastodon, &["home"]);
    for _ in 0..6 {
        bench.refused(RefusalKind::Interposed, None);
        if bench.until_next() == ["discover"] {
            let failure = Failure { kind: FailureKind::Retry, reason: Plain::line("portal") };
            let said = bench.step(Input::DiscoveryFailed { link: bench.session.link, failure, retry_after: None });
            assert_eq!(said, ["connect"]);
        }
    }
    bench.refused(RefusalKind::Interposed, None);
    assert_eq!(bench.until_next(), ["discover"]);
    let said = bench.discovered(Software::Mastodon);
    assert_eq!(said[1], "on sse: words; up in 300");
}

#[test]
fn a_socket_that_opens_and_carries_nothing_is_of_no_use() {
    let mut bench = Bench::live(Software::Mastodon, &["home"]);
    for next in ["connect", "connect", "discover"] {
        bench.opened();
        let begun = bench.now;
        while !bench.until_next().contains(&"close".to_owned()) {}
        assert_eq!(bench.now.saturating_sub(begun), Duration::from_secs(35));
        assert_eq!(bench.until_next(), [next]);
    }
    let words = "on sse: nothing came for 35 s, not even an answer to a ping; up in 300";
    assert_eq!(bench.discovered(Software::Mastodon)[1], words);
}

#[test]
fn a_socket_that_ends_at_once_and_without_a_byte_is_of_no_use() {
    let mut bench = Bench::live(Software::Mastodon, &["home"]);
    for _ in 0..2 {
        bench.opened();
        bench.now += Duration::from_secs(1);
        bench.closed(None);
        bench.until_next();
    }
    // One byte, and the count begins anew.
    bench.opened();
    bench.step(Input::Bytes { link: bench.session.link });
    bench.closed(None);
    assert_eq!(bench.until_next(), ["discover"]);
    assert_eq!(bench.discovered(Software::Mastodon), ["server", "connect"]);
    for _ in 0..3 {
        bench.opened();
        bench.closed(None);
        bench.until_next();
    }
    assert_eq!(bench.discovered(Software::Mastodon)[1], "on sse: words; up in 300");
}

#[test]
fn event_streams_deliver_and_each_stream_has_one() {
    let mut bench = on_events();
    let link = bench.branch("#rust");
    let message = Message::Event(Decoded {
        named: None,
        stream: Named::Stream(stream("#rust")),
        name: Plain::line("update"),
        payload: update(),
        raw: None,
    });
    assert_eq!(bench.step(Input::Message { link, message: message.clone() }), ["event for [#rust]"]);
    assert_eq!(bench.want(&["home", "local"]), ["close branch", "connect local by sse", "local requested by sse"]);
    assert_eq!(bench.step(Input::Message { link, message }), [""; 0], "of a link that is closed");
    assert_eq!(bench.branch_opened("local"), ["local open by sse"]);
}

#[test]
fn an_event_stream_without_a_heartbeat_is_dead_and_comes_back() {
    let mut bench = on_events();
    let begin = u64::try_from(bench.now.as_millis()).unwrap();
    let rust = bench.branch("#rust");
    for beat in 1..=4 {
        assert_eq!(bench.until(begin + beat * 15_000), [""; 0]);
        bench.step(Input::Bytes { link: rust });
    }
    let dead = bench.until(begin + 75_000);
    let at = begin + 75_000;
    assert_eq!(
        dead,
        [format!("{at}: close branch"), format!("{at}: home interrupted (nothing came for 75 s, not even a heartbeat) by sse"),]
    );
    // It had lived for long, so the back-off begins anew.
    assert_eq!(bench.until_next(), ["connect home by sse"]);
    assert_eq!(bench.now.as_millis(), u128::from(at) + 250);
    assert_eq!(bench.branch_opened("home"), ["home open by sse"]);
}

#[test]
fn one_stream_is_interrupted_and_only_the_last_one_is_the_connection() {
    let mut bench = on_events();
    assert_eq!(bench.branch_closed("home"), ["home interrupted (words) by sse"]);
    assert_eq!(bench.branch_closed("#rust"), ["reconnecting 1 in 500"]);
    // One scout asks for all.
    assert_eq!(bench.until_next(), ["connect #rust by sse"]);
    assert_eq!(bench.branch_refused("#rust", RefusalKind::Offline, "gone"), ["offline 2 in 1000"]);
    assert_eq!(bench.until_next(), ["connect home by sse"], "another one the next time");
    let back = bench.branch_opened("home");
    assert_eq!(back, ["live", "home open by sse", "connect #rust by sse", "#rust requested by sse"]);
    // Who is not open after two seconds has missed something.
    let end = u64::try_from(bench.now.as_millis()).unwrap() + 2_000;
    assert_eq!(bench.until(end), [format!("{end}: #rust interrupted (its connection is not open yet) by sse")]);
    assert_eq!(bench.branch_opened("#rust"), ["#rust open by sse"]);
}

#[test]
fn a_proxy_that_holds_back_event_streams_leads_to_polling() {
    let mut bench = Bench::live(Software::Mastodon, &SSE);
    bench.fails_thrice(Software::Mastodon, RefusalKind::NoStreaming);
    for attempt in 1..=3 {
        let link = bench.session.link;
        assert_eq!(bench.step(Input::Opened { link }), [""; 0], "a head is not yet a stream");
        let mute = bench.until_next();
        assert_eq!(mute[0], "close branch");
        assert!(mute[1].starts_with(&format!("offline {attempt}")), "{mute:?}");
        bench.until_next();
    }
    let said = bench.discovered(Software::Mastodon);
    assert!(said[1].starts_with("on polling: an event stream was opened, but something in between holds back"), "{said:?}");
    assert_eq!(said[2..], ["reconnecting 0 in 0", "live", "home open by polling", "#rust open by polling"]);
    assert_eq!(bench.want(&["home", "local"]), ["local open by polling"]);
}

#[test]
fn software_without_event_streams_goes_to_polling_at_once() {
    for software in [Software::GoToSocial, Software::Pleroma] {
        let mut bench = Bench::new(&["home", "local"]);
        bench.start();
        bench.discovered(software);
        let said = bench.fails_thrice(software, RefusalKind::NoStreaming);
        let expected =
            ["on polling: no upgrade; up in 300", "reconnecting 0 in 0", "live", "home open by polling", "local open by polling"];
        assert_eq!(said[1..], expected);
    }
}

#[test]
fn the_trunk_is_tried_again_and_ever_more_rarely() {
    let mut bench = on_events();
    let beats = |bench: &mut Bench| -> Vec<String> {
        SSE.iter()
            .flat_map(|spec| {
                let link = bench.branch(spec);
                bench.step(Input::Bytes { link })
            })
            .collect()
    };
    let mut tried = Vec::new();
    for _ in 0..1_300 {
        bench.now += Duration::from_secs(10);
        let said = beats(&mut bench);
        if said == ["connect"] {
            tried.push(bench.now.as_secs() / 60);
            let refusal = Refusal { kind: RefusalKind::Interposed, reason: Plain::line("still"), retry_after: None };
            let said = bench.step(Input::Refused { link: bench.trial(), refusal });
            assert!(said.len() == 1 && said[0].starts_with("on sse: still; up in "), "{said:?}");
        } else {
            assert_eq!(said, [""; 0]);
        }
    }
    assert_eq!(tried, [5, 15, 35, 75, 135, 195]);
    // An answer that never comes is no answer.
    bench.session.climb.as_mut().unwrap().at = bench.now;
    assert_eq!(bench.step(Input::Timer), ["connect"]);
    bench.now += DIAL_DEADLINE;
    let said = beats(&mut bench);
    assert!(said.iter().any(|word| word == "close") && said.iter().any(|word| word.starts_with("on sse: the connection")), "{said:?}");
}

#[test]
fn when_the_trunk_opens_again_everything_moves_back_to_it() {
    let mut bench = on_events();
    // The reader's key tries at once.
    assert_eq!(bench.retry(), ["connect"]);
    assert_eq!(bench.retry(), [""; 0], "it is being tried");
    let link = bench.trial();
    assert!(bench.session.awaits(link));
    let said = bench.step(Input::Opened { link });
    assert_eq!(
        said,
        [
            "close branch",
            "close branch",
            "on multiplexed",
            "reconnecting 0 in 0",
            "subscribe user",
            "subscribe hashtag rust",
            "live",
            "home requested",
            "#rust requested",
            "ping 1",
        ]
    );
    assert!(bench.session.branches.is_empty() && bench.session.climb.is_none());
    // When it yields again soon, the next try is later.
    bench.step(Input::Bytes { link });
    bench.closed(None);
    bench.until_next();
    let said = bench.fails_thrice(Software::Mastodon, RefusalKind::NoStreaming);
    assert_eq!(said[1], "on sse: no upgrade; up in 600");
}

#[test]
fn from_polling_event_streams_are_tried_where_the_trunk_fails() {
    let mut bench = Bench::live(Software::Mastodon, &SSE);
    bench.fails_thrice(Software::Mastodon, RefusalKind::NoStreaming);
    for _ in 0..3 {
        bench.step(Input::Refused {
            link: bench.session.link,
            refusal: Refusal { kind: RefusalKind::NotThere, reason: Plain::line("no events"), retry_after: None },
        });
        bench.until_next();
    }
    let said = bench.discovered(Software::Mastodon);
    assert_eq!(said[3..], ["live", "home open by polling", "#rust open by polling"]);
    let refuse = |bench: &mut Bench, words: &str| {
        let refusal = Refusal { kind: RefusalKind::NoStreaming, reason: Plain::line(words), retry_after: None };
        bench.step(Input::Refused { link: bench.trial(), refusal })
    };
    assert_eq!(bench.until_next(), ["connect"]);
    assert_eq!(refuse(&mut bench, "no upgrade yet"), ["connect home by sse"]);
    assert_eq!(refuse(&mut bench, "no events yet"), ["on polling: no events yet; up in 600"]);
    assert_eq!(bench.until_next(), ["connect"]);
    assert_eq!(refuse(&mut bench, "no upgrade yet"), ["connect home by sse"]);
    let link = bench.trial();
    assert_eq!(bench.step(Input::Opened { link }), [""; 0]);
    let said = bench.step(Input::Bytes { link });
    assert_eq!(
        said,
        [
            "on sse: no upgrade yet; up in 1200",
            "reconnecting 0 in 0",
            "live",
            "home open by sse",
            "connect #rust by sse",
            "#rust requested by sse",
        ]
    );
}

#[test]
fn a_pause_on_a_lower_rung_is_one_reconnect_and_a_try_upward() {
    let mut bench = on_events();
    bench.now += Duration::from_secs(40);
    let said = bench.woke();
    assert_eq!(said[0], "reconnecting 0 in 0");
    assert_eq!(said.last().unwrap(), "connect home by sse", "{said:?}");
    assert_eq!(said.iter().filter(|word| word.as_str() == "close branch").count(), 3, "{said:?}");
    let back = bench.branch_opened("home");
    assert!(back.starts_with(&["live".to_owned()]) && back.ends_with(&["connect".to_owned()]), "{back:?}");
}

#[test]
fn what_is_refused_for_one_stream_alone_leaves_the_others() {
    use RefusalKind::{Forbidden, NotThere, Unauthorized};
    for (kind, words) in [
        (Unauthorized, SCOPES),
        (Unauthorized, "Error: Access token does not cover required scopes"),
        (Unauthorized, FOREIGN_LIST),
        (Forbidden, "token has insufficient scope permission"),
        (NotThere, "Not found"),
    ] {
        let mut bench = on_events();
        assert_eq!(bench.want(&["home", "list:13"]), ["close branch", "connect list:13 by sse", "list:13 requested by sse"]);
        assert_eq!(bench.branch_refused("list:13", kind, words), [format!("list:13 refused ({words}) by sse")]);
        let now = u64::try_from(bench.now.as_millis()).unwrap();
        assert_eq!(bench.until(now + 60_000), [""; 0]);
        // The reader may have made the list meanwhile.
        let said = bench.retry();
        assert_eq!(said, ["connect list:13 by sse", "list:13 requested by sse", "connect"]);
    }
    // Also where it comes first: then the next one is the scout.
    let mut bench = Bench::live(Software::Mastodon, &["list:13", "home"]);
    bench.fails_thrice(Software::Mastodon, RefusalKind::NoStreaming);
    assert_eq!(bench.branch_refused("list:13", Unauthorized, FOREIGN_LIST), ["connect home by sse"]);
    let refused = format!("list:13 refused ({FOREIGN_LIST}) by sse");
    assert_eq!(bench.branch_opened("home"), ["live".to_owned(), refused, "home open by sse".to_owned()]);
}

#[test]
fn a_bad_token_signs_out_on_every_rung() {
    let mut bench = on_events();
    bench.branch_closed("home");
    assert_eq!(bench.until_next(), ["connect home by sse"]);
    assert_eq!(bench.branch_refused("home", RefusalKind::Unauthorized, "Invalid access token"), ["verify"]);
    let link = bench.branch("home");
    let said = bench.step(Input::Verified { link, verdict: Verdict::Rejected(Plain::line("revoked")) });
    assert_eq!(
        said,
        [
            "close branch",
            "close branch",
            "signed out: revoked: the token is not accepted; sign in again with trunkline login, or start with a new one"
        ]
    );
    assert_eq!(bench.until(10_000_000), [""; 0]);
    assert!(bench.retry().starts_with(&["connecting".to_owned()]));
    // Accepted by REST: this stream waits alone.
    let mut bench = on_events();
    bench.branch_closed("home");
    bench.until_next();
    bench.branch_refused("home", RefusalKind::Unauthorized, "Invalid access token");
    let link = bench.branch("home");
    let said = bench.step(Input::Verified { link, verdict: Verdict::Accepted });
    assert!(said.len() == 1 && said[0].starts_with("home interrupted (the server refuses the stream but accepts"), "{said:?}");
}

#[test]
fn a_stream_whose_link_is_of_no_use_is_polled_while_the_others_stay() {
    let mut bench = on_events();
    bench.branch_closed("#rust");
    for _ in 0..2 {
        bench.until_next();
        bench.branch_refused("#rust", RefusalKind::NoStreaming, "none");
    }
    bench.until_next();
    assert_eq!(bench.branch_refused("#rust", RefusalKind::NoStreaming, "none"), ["#rust open by polling"]);
    assert_eq!(bench.session.rung, Rung::ServerSentEvents);
    let mut tries = Vec::new();
    let begin = bench.now;
    for _ in 0..600 {
        bench.now += Duration::from_secs(10);
        let home = bench.branch("home");
        for word in bench.step(Input::Bytes { link: home }) {
            match word.as_str() {
                "connect #rust by sse" => {
                    tries.push(bench.now.saturating_sub(begin).as_secs() / 60);
                    if tries.len() < 3 {
                        assert_eq!(bench.branch_refused("#rust", RefusalKind::NoStreaming, "none"), [""; 0]);
                    }
                }
                "connect" => {
                    let refusal = Refusal { kind: RefusalKind::NoStreaming, reason: Plain::line("still"), retry_after: None };
                    bench.step(Input::Refused { link: bench.trial(), refusal });
                }
                other => assert!(other.starts_with("on sse"), "{other}"),
            }
        }
        if tries.len() == 3 {
            break;
        }
    }
    assert_eq!(tries, [5, 15, 35]);
    assert_eq!(bench.branch_opened("#rust"), ["#rust interrupted (it is streamed again) by sse", "#rust open by sse"]);
}

#[test]
fn notifications_alone_on_gotosocial_need_no_trunk() {
    // Transcript `single-user-notification`.
    let mut bench = Bench::new(&["notifications"]);
    bench.start();
    assert_eq!(bench.discovered(Software::GoToSocial), ["server", "connect notifications by socket"]);
    let said = bench.branch_opened("notifications");
    assert_eq!(said, ["live", "notifications requested by websocket", "ping 1"]);
    assert_eq!(bench.until(3_000), ["2000: notifications open by websocket"]);
    let link = bench.branch("notifications");
    assert_eq!(bench.step(Input::Pong { link, number: 1 }), ["round trip 3000"]);
    // A quiet socket is pinged, a dead one given up; it is the connection.
    let said = bench.until(40_000);
    assert_eq!(said[0], "23000: ping 2");
    assert_eq!(said[1..3], ["38000: close branch", "38000: reconnecting 1 in 500"], "{said:?}");
    assert_eq!(said[3], "38500: connect notifications by socket");
    // Hashtags are polled and cost no link, alone neither.
    let mut bench = Bench::new(&["#rust"]);
    bench.start();
    assert_eq!(bench.discovered(Software::GoToSocial), ["server", "live", "#rust open by polling"]);
    assert_eq!(bench.want(&["#rust", "notifications"]), ["connect notifications by socket", "notifications requested by websocket"]);
}

#[test]
fn akkoma_takes_lists_only_in_the_address() {
    let akkoma = || version(Software::Pleroma, "2.7.2 (compatible; Akkoma 3.13.2)");
    let mut bench = Bench::new(&["home", "list:7"]);
    bench.start();
    assert_eq!(bench.found(akkoma()), ["server", "connect with subprotocol"]);
    let said = bench.opened();
    assert_eq!(
        said,
        [
            "subscribe user",
            "live",
            "home requested",
            "connect list:7 by socket with subprotocol",
            "list:7 requested by websocket",
            "ping 1",
        ]
    );
    bench.branch_opened("list:7");
    let link = bench.branch("list:7");
    let error = Message::Error { text: Plain::line("bad_topic"), status: None };
    assert_eq!(bench.step(Input::Message { link, message: error }), ["close branch", "list:7 refused (bad_topic) by websocket"]);
    // The loss of the trunk leaves links of their own alone, and they wait for it to come back.
    let mut bench = Bench::new(&["home", "list:7"]);
    bench.start();
    bench.found(akkoma());
    bench.opened();
    bench.branch_opened("list:7");
    bench.closed(None);
    assert_eq!(bench.branch_closed("list:7"), ["list:7 interrupted (words) by websocket"]);
    assert_eq!(bench.until_next(), ["connect with subprotocol"]);
    let said = bench.opened();
    assert_eq!(said[3..5], ["connect list:7 by socket with subprotocol", "list:7 requested by websocket"]);
}

#[test]
fn before_3_3_every_stream_has_a_socket() {
    let mut bench = Bench::new(&["home", "local"]);
    bench.start();
    assert_eq!(bench.found(version(Software::Mastodon, "2.9.3")), ["server", "connect home by socket"]);
    let said = bench.branch_opened("home");
    assert_eq!(said, ["live", "home requested by websocket", "connect local by socket", "local requested by websocket", "ping 1",]);
    // A server that has no upgrade at all is left for event streams.
    let mut bench = Bench::new(&["home"]);
    bench.start();
    bench.found(version(Software::Mastodon, "2.9.3"));
    for _ in 0..3 {
        bench.branch_refused("home", RefusalKind::NoStreaming, "no upgrade");
        bench.until_next();
    }
    let said = bench.found(version(Software::Mastodon, "2.9.3"));
    assert_eq!(said[1..], ["on sse: no upgrade; up in 300", "reconnecting 0 in 0", "connect home by sse"]);
}

#[test]
fn a_limit_on_one_stream_holds_for_that_stream() {
    let mut bench = on_events();
    bench.branch_closed("#rust");
    bench.until_next();
    let refusal = Refusal { kind: RefusalKind::RateLimited, reason: Plain::line("busy"), retry_after: Some(Duration::from_secs(50)) };
    let said = bench.step(Input::Refused { link: bench.branch("#rust"), refusal });
    assert_eq!(said, ["#rust interrupted (busy) by sse"]);
    assert_eq!(bench.retry(), ["connect"], "also for the reader");
    let begin = bench.now;
    bench.step(Input::Closed { link: bench.trial(), code: None, reason: Plain::line("words") });
    bench.until_next();
    assert_eq!(bench.now.saturating_sub(begin).as_secs(), 51);
}
