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
}

impl Bench {
    pub(super) fn new(streams: &[&str]) -> Self {
        let wanted = Wanted { streams: streams.iter().map(|spec| stream(spec)).collect(), ..Wanted::default() };
        Self { session: Session::new(), now: Duration::ZERO, wanted }
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
        self.step(Input::Discovered { link: self.session.link, server: server(software) })
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
        self.session.step(self.now, 0.5, input, &mut actions);
        let wake = actions.iter().filter(|action| matches!(action, Action::WakeAt(_))).count();
        assert!(wake <= 1, "one wake-up a step: {actions:?}");
        actions.iter().filter_map(|action| self.word(action)).collect()
    }

    fn word(&self, action: &Action) -> Option<String> {
        let (link, word) = match action {
            Action::Discover { link } => (Some(*link), "discover".to_owned()),
            Action::Connect { link, subprotocol } => {
                (Some(*link), if *subprotocol { "connect with subprotocol".to_owned() } else { "connect".to_owned() })
            }
            Action::Send { link, text } => (Some(*link), words_of(text)),
            Action::Ping { link, number } => (Some(*link), format!("ping {number}")),
            Action::Close { .. } => (None, "close".to_owned()),
            Action::Verify { link } => (Some(*link), "verify".to_owned()),
            Action::Deliver { epoch, event } => {
                assert_eq!(*epoch, self.session.epoch);
                (None, word_of_event(event))
            }
            Action::WakeAt(_) => return None,
        };
        assert!(link.is_none_or(|link| link == self.session.link), "of an earlier life: {action:?}");
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
        Event::Subscription { stream, standing, .. } => {
            let standing = match standing {
                Subscription::Requested => "requested".to_owned(),
                Subscription::Open => "open".to_owned(),
                Subscription::Refused(words) => format!("refused ({words})"),
                Subscription::Interrupted(words) => format!("interrupted ({words})"),
                Subscription::NotStreamed => "not streamed".to_owned(),
            };
            format!("{} {standing}", stream.spec())
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
    spec.parse::<crate::model::Spec>().unwrap().resolve(&[list(spec)]).unwrap()
}

fn list(spec: &str) -> crate::model::List {
    let id = spec.strip_prefix("list:").unwrap_or("0");
    crate::model::List { id: ListId::new(id).unwrap(), title: Plain::line("") }
}

pub(super) fn server(software: Software) -> Server {
    let text = || Plain::line("social.example");
    Server {
        domain: text(),
        title: text(),
        version: text(),
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
        group_key: None,
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
    assert_eq!(bench.retry(), ["rate limited for 60500"]);
    assert_eq!(bench.woke(), [""; 0]);
    assert_eq!(bench.until(100_000), ["90500: connect"]);
    assert_eq!(bench.refused(RefusalKind::RateLimited, None), ["reconnecting 2 in 1000"]);
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
    assert_eq!(said, ["signed out: The access token was revoked: the token is not accepted; start again with a new one"]);
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
    for _ in 0..2 {
        assert!(bench.refused(RefusalKind::NoStreaming, None)[0].starts_with("reconnecting"));
        bench.retry();
        bench.discovered(Software::Other);
    }
    let said = bench.refused(RefusalKind::NoStreaming, None);
    assert_eq!(said, ["failed: this server does not stream (words); asking again every minute"]);
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
    let mut bench = Bench::live(Software::GoToSocial, &["notifications", "#rust", "remote", "local"]);
    assert_eq!(
        bench.opened(),
        [
            "subscribe user",
            "subscribe public:local",
            "live",
            "notifications requested",
            "#rust not streamed",
            "remote not streamed",
            "local requested",
            "ping 1",
        ]
    );
    let home = || Named::Stream(Stream::User);
    assert_eq!(bench.event(home(), update()), ["notifications open"], "home itself is not wanted");
    assert_eq!(bench.event(home(), notification()), ["event for [notifications]"]);
    assert_eq!(bench.event(home(), delete()), ["event for []"]);
    assert_eq!(bench.want(&["notifications", "home"]), ["home open"]);
    assert_eq!(bench.event(home(), update()), ["event for [home]"]);
    assert_eq!(bench.event(home(), notification()), ["event for [notifications home]"]);
    assert_eq!(bench.until(1_500), ["1000: unsubscribe public:local"]);
    assert_eq!(bench.want(&["notifications"]), [""; 0], "still carries the notifications");
    assert_eq!(bench.want(&[]), ["unsubscribe user"]);
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
