//! The trunk against the demo server: what each refusal, end and event comes to, over a real socket.
#![cfg(test)]

use std::collections::BTreeSet;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use trunkline::demo::{Control, Draft, HttpRefusal, Options, Server, Story};
use trunkline::mastodon::streaming::{Events, Settings, Wanted, connect};
use trunkline::mastodon::{Access, Client, Token};
use trunkline::model::{Bundle, Connection, Event, ListId, Origin, Payload, Rung, Spec, Stream, StreamEvent, Subscription};

/// How long anything may take before the test says what it saw.
const PATIENCE: Duration = Duration::from_secs(30);

const FOREIGN_LIST: &str = "Not authorized to stream this list";
const SCOPES: &str = "Access token does not have the required scopes";

struct Trunk {
    control: Control,
    client: Client,
    events: Events,
    wanted: watch::Sender<Wanted>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
    seen: Vec<(Origin, Event)>,
}

impl Trunk {
    /// A server and a trunk on it, after `prepare` moved the server.
    async fn start(specs: &[&str], prepare: impl AsyncFnOnce(&Control)) -> Self {
        let shutdown = CancellationToken::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let options = Options { story: Story::Empty, ..Options::default() };
        let server = Server::start(listener, options, shutdown.clone()).await.unwrap();
        let control = server.control();
        prepare(&control).await;
        let access = Access::new(server.url(), Token::new("reader").unwrap()).unwrap();
        let streams = specs.iter().map(|spec| stream(spec)).collect();
        let (wanted, receiver) = watch::channel(Wanted { streams, ..Wanted::default() });
        let client = Client::new(access).unwrap();
        let (events, task) = connect(client.clone(), Settings::default(), receiver, shutdown.clone());
        Self { control, client, events, wanted, shutdown, task, seen: Vec::new() }
    }

    /// Takes events until one is what the test waits for.
    async fn until(&mut self, what: &str, mut is_it: impl FnMut(&Event) -> bool) -> Event {
        let end = Instant::now() + PATIENCE;
        loop {
            let next = timeout_at(end, self.events.recv()).await;
            let Ok(Some((origin, event))) = next else { panic!("{what} did not come; seen: {:#?}", self.seen) };
            self.seen.push((origin, event.clone()));
            if is_it(&event) {
                return event;
            }
        }
    }

    async fn until_connection(&mut self, what: &str, is_it: impl Fn(&Connection) -> bool) -> Connection {
        let event = self.until(what, |event| matches!(event, Event::Connection(state) if is_it(state))).await;
        let Event::Connection(state) = event else { panic!("{event:?}") };
        state
    }

    async fn until_live(&mut self) {
        self.until_connection("live", |state| *state == Connection::Live).await;
    }

    /// Takes events until so many streams are open by these means, and gives them. What has been seen counts since the
    /// connection was last live.
    async fn open_by(&mut self, rung: Rung, count: usize) -> BTreeSet<Stream> {
        let mut open = BTreeSet::new();
        let mut take = |event: &Event| {
            if *event == Event::Connection(Connection::Live) {
                open.clear();
            }
            if let Event::Subscription { stream, standing: Subscription::Open, rung: by } = event
                && *by == rung
            {
                open.insert(stream.clone());
            }
            open.len() >= count
        };
        if !self.seen.iter().fold(false, |_, (_, event)| take(event)) {
            self.until("all streams open", take).await;
        }
        open
    }

    /// Takes events until each of the streams is open or refused, and gives what they are.
    async fn settled(&mut self, specs: &[&str]) -> Vec<Subscription> {
        let mut known: Vec<Option<Subscription>> = vec![None; specs.len()];
        let streams: Vec<Stream> = specs.iter().map(|spec| stream(spec)).collect();
        self.until("a standing for every stream", |event| {
            if let Event::Subscription { stream, standing, .. } = event
                && *standing != Subscription::Requested
                && let Some(index) = streams.iter().position(|known| known == stream)
            {
                known[index] = Some(standing.clone());
            }
            known.iter().all(Option::is_some)
        })
        .await;
        known.into_iter().flatten().collect()
    }

    /// Takes events until what is meant came on all of the streams, and gives those on which it came.
    async fn streams_of(&mut self, what: &str, all: &BTreeSet<Stream>, is_it: impl Fn(&Payload) -> bool) -> BTreeSet<Stream> {
        let mut came = BTreeSet::new();
        self.until(what, |event| {
            if let Event::Stream(event) = event
                && is_it(&event.payload)
            {
                came.extend(event.streams.iter().cloned());
            }
            came.len() >= all.len()
        })
        .await;
        came
    }

    fn want(&self, specs: &[&str]) {
        self.wanted.send_modify(|wanted| wanted.streams = specs.iter().map(|spec| stream(spec)).collect());
    }

    /// Waits until the server has exactly these subscriptions on one socket.
    async fn subscribed(&self, expected: &[&str]) {
        let end = Instant::now() + PATIENCE;
        loop {
            let mut found = self.control.subscriptions().await;
            for streams in &mut found {
                streams.sort();
            }
            if found == [expected] {
                return;
            }
            assert!(Instant::now() < end, "{found:?} instead of {expected:?}; received: {:#?}", self.control.received().await);
            tokio::task::yield_now().await;
        }
    }

    /// Ends everything, which must be quick.
    async fn quit(self) {
        let begin = Instant::now();
        self.shutdown.cancel();
        timeout(PATIENCE, self.task).await.expect("the trunk does not end").unwrap();
        assert!(begin.elapsed() < Duration::from_secs(1), "quitting took {:?}", begin.elapsed());
    }
}

fn stream(spec: &str) -> Stream {
    match spec.parse::<Spec>().unwrap() {
        Spec::Stream(stream) => stream,
        Spec::List(id) => Stream::List(ListId::new(id.as_str()).unwrap()),
        Spec::Merged(_) => panic!("{spec} is no single stream"),
    }
}

async fn nothing(_: &Control) {}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_its_edit_and_its_delete_come_on_every_stream_that_carries_them() {
    let specs = ["home", "local", "federated", "#rust", "#rust:local"];
    let mut trunk = Trunk::start(&specs, async |control| {
        control.befriend("walker", true, &[]).await;
    })
    .await;
    trunk.until_live().await;
    trunk.subscribed(&["hashtag rust", "hashtag:local rust", "public", "public:local", "user"]).await;
    let all: BTreeSet<Stream> = specs.iter().map(|spec| stream(spec)).collect();
    let id = trunk.control.post("walker", "On the night train with #rust").await;
    let is_it = |bundle: &Bundle| bundle.main().unwrap().id.as_str() == id;
    assert_eq!(trunk.streams_of("update", &all, |payload| matches!(payload, Payload::Update(bundle) if is_it(bundle))).await, all);
    trunk.control.edit(&id, "On the night train, asleep over #rust").await;
    assert_eq!(trunk.streams_of("edit", &all, |payload| matches!(payload, Payload::Edit(bundle) if is_it(bundle))).await, all);
    trunk.control.delete(&id).await;
    assert_eq!(trunk.streams_of("delete", &all, |payload| matches!(payload, Payload::Delete(gone) if gone.as_str() == id)).await, all);
    trunk.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_find_their_streams_and_the_others_open() {
    let specs = ["home", "list:901", "notifications", "list:902", "local", "#rust"];
    let mut trunk = Trunk::start(&specs, async |control| {
        control.refuse("user:notification", None, SCOPES, 401).await;
    })
    .await;
    let refused = |words: &str| {
        let words = words.to_owned();
        move |standing: &Subscription| matches!(standing, Subscription::Refused(why) if why.as_str() == words)
    };
    let standings = trunk.settled(&specs).await;
    for (spec, standing) in specs.iter().zip(&standings) {
        match *spec {
            "notifications" => assert!(refused(SCOPES)(standing), "{spec}: {standing:?}"),
            "list:901" | "list:902" => assert!(refused(FOREIGN_LIST)(standing), "{spec}: {standing:?}"),
            _ => assert_eq!(*standing, Subscription::Open, "{spec}"),
        }
    }
    // Asked again, they are asked for again, and one of them is there now.
    trunk.control.accept("user:notification", None).await;
    trunk.wanted.send_modify(|wanted| wanted.retry += 1);
    let standings = trunk.settled(&["notifications", "list:901", "list:902"]).await;
    assert_eq!(standings[0], Subscription::Open);
    assert!(standings[1..].iter().all(refused(FOREIGN_LIST)), "{standings:?}");
    assert!(!trunk.seen.iter().any(|(_, event)| matches!(event, Event::Malformed { .. })), "{:#?}", trunk.seen);
    trunk.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wanted_is_what_is_subscribed_to_through_every_change_and_cut() {
    let mut trunk = Trunk::start(&["home", "#Rust"], nothing).await;
    trunk.until_live().await;
    trunk.subscribed(&["hashtag Rust", "user"]).await;
    // At once behind each other: the server would handle the unsubscribe before its subscribe.
    trunk.want(&["home", "local"]);
    trunk.want(&["home"]);
    trunk.want(&["home", "federated"]);
    trunk.subscribed(&["public", "user"]).await;
    trunk.control.cut().await;
    trunk.until_connection("reconnecting", |state| matches!(state, Connection::Reconnecting { .. })).await;
    trunk.want(&["notifications", "home"]);
    trunk.until_live().await;
    trunk.subscribed(&["user", "user:notification"]).await;
    trunk.control.close(Some(1012)).await;
    trunk.until_connection("reconnecting", |state| matches!(state, Connection::Reconnecting { .. })).await;
    trunk.until_live().await;
    trunk.subscribed(&["user", "user:notification"]).await;
    assert_eq!(trunk.seen.last().unwrap().0.epoch, 3);
    trunk.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_token_signs_out_and_a_retry_signs_in_again() {
    let mut trunk = Trunk::start(&["home"], nothing).await;
    trunk.until_live().await;
    let unauthorized = || HttpRefusal::new(401).header("X-Error-Message", "Invalid access token");
    trunk.control.refuse_upgrades(vec![unauthorized()]).await;
    let revoked = HttpRefusal::new(401).header("Content-Type", "application/json").body(r#"{"error":"The access token was revoked"}"#);
    trunk.control.refuse_rest("/api/v1/accounts/verify_credentials", revoked, 1).await;
    // Transcript `ws-kill-token-revoked`: a close frame without a code, and the next upgrade tells.
    trunk.control.close(None).await;
    let state = trunk.until_connection("signed out", |state| matches!(state, Connection::SignedOut { .. })).await;
    assert!(matches!(&state, Connection::SignedOut { reason } if reason.as_str().contains("revoked")), "{state:?}");
    trunk.wanted.send_modify(|wanted| wanted.retry += 1);
    trunk.until_live().await;
    trunk.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_that_is_not_about_the_token_keeps_it() {
    let mut trunk = Trunk::start(&["home"], async |control| {
        let unauthorized = HttpRefusal::new(401).header("X-Error-Message", "Invalid access token");
        let portal = HttpRefusal::new(403).header("Content-Type", "text/html").body("<html>Please accept our terms</html>");
        control.refuse_upgrades(vec![unauthorized, portal, HttpRefusal::new(502)]).await;
    })
    .await;
    trunk.until_live().await;
    let states: Vec<&Connection> =
        trunk.seen.iter().filter_map(|(_, event)| if let Event::Connection(state) = event { Some(state) } else { None }).collect();
    let [Connection::Connecting, failed @ .., Connection::Live] = states.as_slice() else { panic!("{states:?}") };
    assert_eq!(failed.len(), 3, "{failed:?}");
    for (state, number) in failed.iter().zip(1..) {
        assert!(matches!(state, Connection::Reconnecting { attempt, .. } if *attempt == number), "{state:?}");
    }
    assert!(trunk.control.requests().await.iter().any(|request| request.contains("verify_credentials")));
    trunk.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stated_pause_is_kept() {
    let mut trunk = Trunk::start(&["home"], async |control| {
        control.refuse_upgrades(vec![HttpRefusal::new(429).header("Retry-After", "2")]).await;
    })
    .await;
    let state = trunk.until_connection("rate limited", |state| matches!(state, Connection::RateLimited { .. })).await;
    let began = Instant::now();
    assert!(matches!(state, Connection::RateLimited { retry_in, .. } if retry_in >= Duration::from_secs(2)), "{state:?}");
    trunk.wanted.send_modify(|wanted| wanted.retry += 1);
    trunk.until_live().await;
    // A little less: the server's answer was a moment on its way to the test.
    assert!(began.elapsed() > Duration::from_millis(1_900), "{:?}", began.elapsed());
    trunk.quit().await;
}

/// Every endpoint that a server streams, by which its wire name comes to the demo server.
const ENDPOINTS: [&str; 12] = [
    "home",
    "notifications",
    "direct",
    "federated",
    "federated:media",
    "local",
    "local:media",
    "remote",
    "remote:media",
    "#rust",
    "#rust:local",
    "list",
];

/// Lets every upgrade fail until the trunk has given it up, and waits for the rung that it takes instead.
async fn blocked(specs: &[&str], expected: Rung, prepare: impl AsyncFnOnce(&Control)) -> Trunk {
    let mut trunk = Trunk::start(specs, async |control| {
        control.no_sockets(Some(HttpRefusal::new(404).header("Content-Type", "text/html"))).await;
        prepare(control).await;
    })
    .await;
    trunk.until("the rung", |event| matches!(event, Event::Ladder { rung, reason: Some(_), climb_in: Some(_) } if *rung == expected)).await;
    trunk
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_endpoint_works_over_event_streams_and_over_the_socket() {
    let mut trunk = blocked(&["home"], Rung::ServerSentEvents, async |control| control.befriend("walker", true, &["Trains"]).await).await;
    trunk.until_live().await;
    let lists = trunk.client.offer().await.unwrap().lists;
    let list = format!("list:{}", lists[0].id);
    let specs: Vec<&str> = ENDPOINTS.iter().map(|spec| if *spec == "list" { list.as_str() } else { *spec }).collect();
    let mut number = 0;
    for rung in [Rung::ServerSentEvents, Rung::Multiplexed] {
        trunk.want(&specs);
        let wanted: BTreeSet<Stream> = specs.iter().map(|spec| stream(spec)).collect();
        let open: BTreeSet<Stream> = trunk.open_by(rung, wanted.len()).await;
        assert_eq!(open, wanted, "{rung:?}");
        let links = trunk.control.subscriptions().await;
        let expected = if rung == Rung::Multiplexed { 1 } else { specs.len() };
        assert_eq!((links.len(), links.iter().map(Vec::len).sum()), (expected, specs.len()), "{links:?}");
        for stream in &wanted {
            number += 1;
            let id = number.to_string();
            let mut name = vec![stream.wire_name()];
            name.extend(stream.wire_parameter().map(|(_, value)| value));
            trunk.control.push(&name, "delete", &id).await;
            let is_it =
                |event: &Event| matches!(event, Event::Stream(StreamEvent { payload: Payload::Delete(gone), .. }) if gone.as_str() == id);
            let Event::Stream(event) = trunk.until(&format!("{name:?} over {rung:?}"), is_it).await else { panic!("{name:?}") };
            assert_eq!(event.streams, std::slice::from_ref(stream), "{rung:?}");
        }
        if rung == Rung::ServerSentEvents {
            // The way is free, and the reader's key takes it.
            trunk.control.no_sockets(None).await;
            trunk.wanted.send_modify(|wanted| wanted.retry += 1);
            trunk.until("the highest rung", |event| matches!(event, Event::Ladder { rung: Rung::Multiplexed, reason: None, .. })).await;
            trunk.until_connection("moving", |state| matches!(state, Connection::Reconnecting { .. })).await;
            trunk.until_live().await;
        }
    }
    trunk.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_event_stream_is_refused_for_is_told_of_that_stream() {
    let specs = ["home", "list:901", "notifications"];
    let mut trunk = blocked(&specs, Rung::ServerSentEvents, async |control| {
        control.refuse("user:notification", None, SCOPES, 401).await;
    })
    .await;
    let standings = trunk.settled(&specs).await;
    assert_eq!(standings[0], Subscription::Open);
    assert!(matches!(&standings[1], Subscription::Refused(words) if words.as_str() == FOREIGN_LIST), "{standings:?}");
    assert!(matches!(&standings[2], Subscription::Refused(words) if words.as_str() == SCOPES), "{standings:?}");
    trunk.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_streams_everything_is_polled() {
    let mut trunk = blocked(&["home", "#rust"], Rung::Polling, async |control| control.only_polls(true).await).await;
    trunk.until_live().await;
    assert_eq!(trunk.open_by(Rung::Polling, 2).await.len(), 2);
    trunk.control.only_polls(false).await;
    trunk.wanted.send_modify(|wanted| wanted.retry += 1);
    trunk.until_live().await;
    trunk.subscribed(&["hashtag rust", "user"]).await;
    trunk.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_every_kind_pass_and_a_bad_one_costs_itself() {
    let mut trunk = Trunk::start(&["home", "notifications"], async |control| {
        control.befriend("walker", true, &[]).await;
    })
    .await;
    trunk.until_live().await;
    trunk.subscribed(&["user", "user:notification"]).await;
    trunk.control.raw("{\"stream\":[\"user\"],\"event\":\"update\",\"payload\":\"{}\"}").await;
    trunk.until("the bad one", |event| matches!(event, Event::Malformed { .. })).await;
    trunk.control.raw("").await;
    trunk.control.push(&["user"], "shrug", "\"anything\"").await;
    trunk
        .until(
            "the unknown one",
            |event| matches!(event, Event::Stream(event) if event.payload == Payload::Other && event.name.as_str() == "shrug"),
        )
        .await;
    trunk.control.notify("favourite", "walker", None).await;
    let mut streams = Vec::new();
    trunk
        .until("the notification on both streams", |event| {
            if let Event::Stream(event) = event
                && matches!(event.payload, Payload::Notification(..))
            {
                streams.extend(event.streams.clone());
            }
            streams.contains(&Stream::User) && streams.contains(&Stream::UserNotification)
        })
        .await;
    trunk.control.post_with(Draft::new("walker", "Still here")).await;
    trunk.until("a post after it all", |event| matches!(event, Event::Stream(event) if matches!(event.payload, Payload::Update(_)))).await;
    assert!(trunk.seen.iter().all(|(origin, _)| origin.epoch <= 1), "the socket was not given up");
    trunk.quit().await;
}
