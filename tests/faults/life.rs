//! One life: the trunk, the reducer and the effects of the program against the built-in server, through the fault proxy, and
//! what is asked of the tabs when it is quiet again.

use crate::proxy::{Broken, Dice, End, Flow, Proxy};
use jiff::SignedDuration;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use trunkline::command::Command;
use trunkline::demo::{Control, Draft, HttpRefusal, Options, Server, Story};
use trunkline::effects::Effects;
use trunkline::mastodon::streaming::{Events, Settings as TrunkSettings, Wanted, connect};
use trunkline::mastodon::{Access, Client, Token};
use trunkline::model::{Connection, Rung, Spec, StatusId, Stream, Subscription, Timestamp, by_age};
use trunkline::state::{Fill, Loading, Measured, Row, RowKey, Settings, State, Timeline};
use trunkline::update::{Effect, Msg, Question, update};

/// How long anything may take before the test says what it saw.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long nothing may come any more before the tabs must be right.
const AGREEMENT: Duration = Duration::from_secs(20);
/// How long silence may last at most before it is noticed, with some patience for a busy machine.
const SILENCE: Duration = Duration::from_secs(90);
/// How many rows of a tab are compared at most: more than deep passes reach.
const COMPARED: usize = 1_000;
/// How long it may take to be back, with the pauses that servers ask for and those that are added.
const RETURN: Duration = Duration::from_secs(80);
/// How many rows from the newest are looked at after each refill.
const NEWEST: usize = 39;
/// How many of them a deep pass goes through: as many as servers keep of home.
const DEEPEST: usize = 799;
/// Whether what changed while away is looked for below the newest page too.
const DEEP: bool = true;
/// The reducer's seconds in one of ours: it is told the time, so it need not be waited for.
const SPEED: i32 = 20;
/// The tabs that there can be, and where the server has what belongs in them.
const TABS: [(&str, &str); 5] = [
    ("home", "/api/v1/timelines/home?limit=40"),
    ("federated", "/api/v1/timelines/public?limit=40"),
    ("notifications", "/api/v1/notifications?limit=80"),
    ("#rust", "/api/v1/timelines/tag/rust?limit=40"),
    ("local", "/api/v1/timelines/public?local=true&limit=40"),
];
/// Three of them in each life.
const SETS: [[usize; 3]; 4] = [[0, 1, 2], [0, 3, 2], [1, 4, 2], [0, 1, 3]];
const PEOPLE: [&str; 5] = ["ada", "wren", "bo", "dag", "me"];

/// What happened in lives, and what was found wrong when they were quiet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Figures {
    /// How often each fault came.
    pub(crate) faults: BTreeMap<String, usize>,
    pub(crate) cuts: usize,
    pub(crate) made: usize,
    pub(crate) missed: usize,
    /// Questions that refills and checks asked.
    pub(crate) asked: usize,
    /// The same of the deep pass.
    pub(crate) deep: usize,
    /// Questions that the reader asked for.
    pub(crate) read: usize,
    /// Rows compared with what the server holds.
    pub(crate) compared: usize,
    /// Gaps that stood where a refill had been made impossible.
    pub(crate) gaps: usize,
}

impl Figures {
    pub(crate) fn add(&mut self, other: Self) {
        for (fault, count) in other.faults {
            *self.faults.entry(fault).or_default() += count;
        }
        self.cuts += other.cuts;
        self.made += other.made;
        self.missed += other.missed;
        self.asked += other.asked;
        self.deep += other.deep;
        self.read += other.read;
        self.compared += other.compared;
        self.gaps += other.gaps;
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let average =
            |questions: usize| f64::from(u32::try_from(questions).unwrap()) / f64::from(u32::try_from((self.cuts * 3).max(1)).unwrap());
        writeln!(
            f,
            "{} cuts, {} posts, {} of them while away; {} rows compared: 0 lost, 0 duplicated, 0 deleted shown, 0 stale, 0 misordered",
            self.cuts, self.made, self.missed, self.compared
        )?;
        writeln!(f, "{:?}", self.faults)?;
        write!(
            f,
            "{} questions of refills and checks, {:.2} a tab and cut; {} of the deep pass; {} by the reader for {} gaps",
            self.asked,
            average(self.asked),
            self.deep,
            self.read,
            self.gaps
        )
    }
}

/// A row as the server has it.
#[derive(Debug)]
struct Held {
    id: String,
    /// The post that it shows and its words; for a notification itself and none.
    shown: String,
    words: Option<String>,
}

/// What is wrong with a tab.
#[derive(Debug, Default, PartialEq)]
struct Wrong {
    lost: Vec<String>,
    duplicated: Vec<String>,
    /// Shown though the server has it no more.
    deleted: Vec<String>,
    stale: Vec<String>,
    misordered: bool,
    gaps: usize,
}

/// What a fault is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// By the proxy.
    Ends(End),
    /// So for a while, then a reset.
    Turns(Flow),
    /// By the server, without a word.
    Cut,
    /// By the server, with a close frame.
    Closes(Option<u16>),
    Restart,
    /// The computer was asleep.
    Sleep,
}

const FAULTS: [Fault; 20] = [
    Fault::Ends(End::Fin),
    Fault::Ends(End::Fin),
    Fault::Ends(End::Reset),
    Fault::Ends(End::Reset),
    Fault::Ends(End::InsideFrame),
    Fault::Ends(End::InsideFrame),
    Fault::Ends(End::BadHeader),
    Fault::Ends(End::BadText),
    Fault::Ends(End::Endless),
    Fault::Ends(End::Masked),
    Fault::Turns(Flow::Stalled),
    Fault::Turns(Flow::Swallowed),
    Fault::Turns(Flow::Swallowed),
    Fault::Turns(Flow::Lossy),
    Fault::Cut,
    Fault::Closes(None),
    Fault::Closes(Some(1001)),
    Fault::Closes(Some(1012)),
    Fault::Restart,
    Fault::Sleep,
];

pub(crate) struct Life {
    pub(crate) dice: Dice,
    pub(crate) control: Control,
    pub(crate) rung: Rung,
    pub(crate) proxy: Proxy,
    pub(crate) state: State,
    pub(crate) figures: Figures,
    http: reqwest::Client,
    server: SocketAddr,
    paths: Vec<&'static str>,
    events: Events,
    wanted: watch::Sender<Wanted>,
    effects: Effects,
    began: Instant,
    back_at: Instant,
    epoch: Timestamp,
    /// Posts that there are, boosts not among them; those of the reader apart.
    posts: BTreeSet<String>,
    mine: Vec<String>,
    boosts: BTreeMap<String, Vec<String>>,
    marks: usize,
    deck: Vec<Fault>,
    /// What changed while away and may lie too deep for a refill.
    in_doubt: BTreeSet<String>,
    /// What did so before the last deep pass.
    unreached: BTreeSet<String>,
    /// Whether what is asked is asked because the reader wants it.
    reading: bool,
    /// What was done, for when it goes wrong.
    log: Vec<String>,
}

#[expect(clippy::disallowed_methods, reason = "a server that sets limits says until when by the real clock")]
fn clock() -> Timestamp {
    Timestamp::now()
}

impl Life {
    /// Starts one with a server that offers no higher rung than this.
    pub(crate) async fn start(seed: u64, rung: Rung, shutdown: &CancellationToken) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let (entrance, listener) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
        let (seen_as, address) = (entrance.local_addr().unwrap(), listener.local_addr().unwrap());
        let options = Options { story: Story::Empty, seed, seen_as: Some(seen_as), ..Options::default() };
        let server = Server::start(listener, options, shutdown.clone()).await.unwrap();
        let proxy = Proxy::start(entrance, address, Dice(dice.up_to(u64::from(u32::MAX))));
        let control = server.control();
        match rung {
            Rung::Multiplexed | Rung::Socket => {}
            Rung::ServerSentEvents => control.no_sockets(Some(HttpRefusal::new(404))).await,
            Rung::Polling => control.only_polls(true).await,
        }
        let client = Client::new(Access::new(server.url(), Token::new("token").unwrap()).unwrap()).unwrap();
        let epoch = Timestamp::from_second(1_800_000_000).unwrap();
        let tabs = SETS[usize::try_from(seed).unwrap() % SETS.len()].map(|index| TABS[index]);
        let specs: Vec<Spec> = tabs.iter().map(|(spec, _)| spec.parse().unwrap()).collect();
        let state = State::new(Settings { rows: 20_000, ..Settings::default() }, epoch, specs);
        let (wanted, wants) = watch::channel(Wanted { streams: state.subscriptions(), ..Wanted::default() });
        // In every other life little may wait, so that a flood is shed.
        let outbox_events = if seed.is_multiple_of(2) { 600 } else { TrunkSettings::default().outbox_events };
        let settings = TrunkSettings { outbox_events, ..TrunkSettings::default() };
        let mut deck = FAULTS.to_vec();
        deck.rotate_left(usize::try_from(seed).unwrap() * 5 % FAULTS.len());
        let (events, _task) = connect(client.clone(), settings, wants, shutdown.clone());
        Self {
            dice,
            control,
            rung,
            proxy,
            state,
            figures: Figures::default(),
            http: reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap(),
            server: address,
            paths: tabs.map(|(_, path)| path).to_vec(),
            events,
            wanted,
            effects: Effects::new(client),
            began: Instant::now(),
            back_at: Instant::now(),
            epoch,
            posts: BTreeSet::new(),
            mine: Vec::new(),
            boosts: BTreeMap::new(),
            marks: 0,
            deck,
            in_doubt: BTreeSet::new(),
            unreached: BTreeSet::new(),
            reading: false,
            log: Vec::new(),
        }
    }

    fn send(&mut self, msg: Msg) {
        let effects = update(&mut self.state, msg, &Measured::default());
        for effect in effects {
            let Effect::Ask(question) = effect else { panic!("{effect:?}") };
            match &question {
                Question::Review { deep: true, .. } => self.figures.deep += 1,
                Question::Newer { .. } | Question::Review { .. } | Question::Status { .. } | Question::Notification { .. } => {
                    *(if self.reading { &mut self.figures.read } else { &mut self.figures.asked }) += 1;
                }
                Question::Page { .. }
                | Question::Thread { .. }
                | Question::History(_)
                | Question::Profile(_)
                | Question::ProfilePosts(_)
                | Question::Relationship(_)
                | Question::Search { .. }
                | Question::Offer
                | Question::Account
                | Question::Health
                | Question::Markers
                | Question::RaiseMarkers(_)
                | Question::Scopes => {}
            }
            self.effects.ask(question);
        }
    }

    fn tick(&mut self) {
        let passed = SignedDuration::try_from(self.began.elapsed()).unwrap() * SPEED;
        self.send(Msg::Tick(self.epoch.checked_add(passed).unwrap()));
    }

    /// Lets so much time pass for the program at once.
    pub(crate) fn later(&mut self, minutes: i64) {
        self.epoch = self.epoch.checked_add(SignedDuration::from_mins(minutes)).unwrap();
        self.tick();
    }

    /// Takes what comes next, and all that has come with it; says whether anything has.
    async fn turn(&mut self) -> bool {
        self.tick();
        let next = async {
            tokio::select! {
                event = self.events.recv() => event.map(|(origin, event)| Msg::Event(origin, event)),
                reply = self.effects.next() => Some(Msg::Reply(reply.unwrap())),
            }
        };
        // What nothing comes for is looked at again, for time passes.
        let Ok(msg) = timeout(Duration::from_millis(10), next).await else {
            self.state.check().unwrap();
            return false;
        };
        self.send(msg.expect("the trunk goes on"));
        for _ in 0..200 {
            let Some((origin, event)) = self.events.try_recv() else { break };
            self.send(Msg::Event(origin, event));
        }
        true
    }

    /// Lives on until the state is as wished.
    pub(crate) async fn until(&mut self, what: &str, wished: impl Fn(&State) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !wished(&self.state) {
            assert!(Instant::now() < end, "{what}: not in time\n{}", self.told());
            self.turn().await;
        }
    }

    pub(crate) fn told(&self) -> String {
        let mut told = format!("{:?}\n", self.state.line);
        for (stream, timeline) in &self.state.timelines {
            let gaps: Vec<_> = timeline.gaps().collect();
            let (rows, refill, check) = (timeline.rows().len(), (&timeline.refill, &timeline.review), timeline.check_at);
            let (first, poll, deep) = (&timeline.first_page, &timeline.poll, (&timeline.deep, timeline.deep_at));
            writeln!(told, "{stream:?}: {rows} rows, {refill:?}, {check:?}, {first:?}, {gaps:?}, {poll:?}, {deep:?}").unwrap();
        }
        writeln!(told, "{:?} {} {:?}", self.state.now, self.state.budget.spent(), self.state.suspects.counts()).unwrap();
        writeln!(told, "{:?}\n{}", self.state.notices, self.log[self.log.len().saturating_sub(80)..].join("\n")).unwrap();
        told
    }

    /// What was done so far, with its times.
    pub(crate) fn log(&self) -> String {
        self.log.join("\n")
    }

    /// Lets a poll of every tab come and be done that began after now.
    pub(crate) async fn poll(&mut self) {
        self.later(2);
        let now = self.state.now;
        let polled = |timeline: &Timeline| timeline.poll.as_ref().is_some_and(|poll| poll.last.is_some_and(|last| last >= now));
        self.until("polls", |state| state.timelines.values().all(polled) && !state.is_catching_up()).await;
    }

    /// Lets everything come to nothing while the connection stands, until the program notices by itself.
    pub(crate) async fn silence(&mut self) {
        self.proxy.flow(Flow::Swallowed);
        for _ in 0..10 {
            self.post().await;
        }
        let losses = self.state.line.losses;
        let end = Instant::now() + SILENCE;
        while self.state.line.losses == losses {
            assert!(Instant::now() < end, "silence goes unnoticed\n{}", self.told());
            self.turn().await;
        }
        self.proxy.end(End::Reset);
        self.until("back", |state| state.line.state == Connection::Live).await;
    }

    /// Until nothing is being asked or waits to be.
    pub(crate) async fn settled(&mut self) {
        self.until("settled", |state| {
            state.line.state == Connection::Live
                && !state.is_catching_up()
                && state.timelines.values().all(|timeline| timeline.first_page == Loading::Done && timeline.check_at.is_none())
        })
        .await;
    }

    pub(crate) fn note(&mut self, what: &str) {
        self.log.push(format!("{:.3?} {what}", self.began.elapsed()));
    }

    pub(crate) async fn post(&mut self) -> String {
        self.marks += 1;
        self.figures.made += 1;
        let author = self.dice.one_of(&PEOPLE);
        let id = self.control.post(author, &format!("post number {} #rust", self.marks)).await;
        self.note(&format!("post {id}"));
        self.posts.insert(id.clone());
        if author == "me" {
            self.mine.push(id.clone());
        }
        id
    }

    fn doubt(&mut self, id: &str, away: bool) {
        if away {
            self.in_doubt.insert(id.to_owned());
            self.in_doubt.extend(self.boosts.get(id).into_iter().flatten().cloned());
        }
    }

    /// Any of the posts: often a new one, now and then an old one.
    fn any_post(&mut self, among_newest: usize) -> Option<String> {
        let mut ids: Vec<&String> = self.posts.iter().collect();
        ids.sort_by_key(|id| (id.len(), (*id).clone()));
        let back = self.dice.index(among_newest.min(ids.len()).max(1));
        ids.into_iter().rev().nth(back).cloned()
    }

    /// Makes posts, boosts, edits and notifications, and deletes some posts.
    pub(crate) async fn happen(&mut self, most: u64, away: bool) {
        for _ in 0..self.dice.up_to(most) {
            // One of the latest, or any at all.
            let among = if self.dice.once_in(3) && (DEEP || !away) { usize::MAX } else { 7 };
            match self.dice.up_to(15) {
                0 | 1 => {
                    if let Some(id) = self.any_post(among) {
                        self.marks += 1;
                        self.note(&format!("edit {id}"));
                        self.doubt(&id, away);
                        self.control.edit(&id, &format!("edited to number {} #rust", self.marks)).await;
                    }
                }
                2 if DEEP || !away => {
                    if let Some(id) = self.any_post(among) {
                        self.note(&format!("delete {id}"));
                        self.doubt(&id, away);
                        self.control.delete(&id).await;
                        self.posts.remove(&id);
                        self.mine.retain(|mine| *mine != id);
                    }
                }
                3 => drop(self.control.notify("follow", "bo", None).await),
                4 if DEEP && !self.mine.is_empty() => {
                    let id = self.mine[self.dice.index(self.mine.len())].clone();
                    self.control.notify("favourite", "wren", Some(&id)).await;
                }
                5 => {
                    if let Some(id) = self.any_post(among).filter(|id| DEEP || !self.mine.contains(id)) {
                        let boost = self.control.boost("ada", &id).await;
                        self.boosts.entry(id).or_default().push(boost);
                    }
                }
                6 if DEEP || !away => {
                    self.marks += 1;
                    let ago = SignedDuration::from_secs(i64::try_from(self.dice.up_to(5 * 3600)).unwrap());
                    let id = self.control.post_late("wren", &format!("late post number {} #rust", self.marks), ago).await;
                    self.note(&format!("late or direct {id}"));
                    self.doubt(&id, away);
                    self.posts.insert(id);
                    self.figures.made += 1;
                }
                7 if DEEP => {
                    self.marks += 1;
                    let text = format!("@me number {} #rust", self.marks);
                    let id = self.control.post_with(Draft::new("bo", &text)).await;
                    self.note(&format!("late or direct {id}"));
                    self.posts.insert(id);
                    self.figures.made += 1;
                }
                _ => drop(self.post().await),
            }
        }
    }

    /// Loses the connection while things happen, and has it back. Says whether a refill was made impossible.
    pub(crate) async fn fault(&mut self) -> bool {
        self.figures.cuts += 1;
        let opened = self.opened();
        let fault = self.next_fault();
        *self.figures.faults.entry(format!("{fault:?}")).or_default() += 1;
        let impossible = self.obstruct().await;
        // Posts under way are lost with the connection.
        for _ in 0..self.dice.up_to(3) {
            self.post().await;
        }
        let made = self.figures.made;
        self.note(&format!("{fault:?}"));
        match fault {
            Fault::Ends(end) => self.proxy.end(end),
            Fault::Turns(flow) => {
                self.proxy.flow(flow);
                for _ in 0..self.dice.up_to(5) {
                    self.post().await;
                }
                // What comes through is taken.
                for _ in 0..3 {
                    self.turn().await;
                }
                self.proxy.end(End::Reset);
            }
            Fault::Cut => self.control.cut().await,
            Fault::Closes(code) => self.control.close(code).await,
            Fault::Restart => self.control.stop().await,
            Fault::Sleep => {
                // A connection that is younger than half a second counts as begun because of the same pause.
                let grown = self.back_at + Duration::from_millis(700);
                self.until("a grown connection", |_| Instant::now() > grown).await;
                self.wanted.send_modify(|wanted| wanted.woke += 1);
            }
        }
        self.happen(35, true).await;
        if fault == Fault::Restart {
            self.control.start().await.unwrap();
        }
        self.figures.missed += self.figures.made - made;
        self.back(opened).await;
        self.note("back");
        self.back_at = Instant::now();
        // What is asked for is in force a little later only.
        self.happen(6, true).await;
        let flows = [Flow::Plain, Flow::Plain, Flow::Slices, Flow::Slow, Flow::Mixed, Flow::Mixed, Flow::Mixed];
        let flow = self.dice.one_of(&flows);
        self.note(&format!("{flow:?}"));
        self.proxy.flow(flow);
        impossible
    }

    /// The faults come like cards of a deck. Those of the first four lives together begin with all of them once.
    fn next_fault(&mut self) -> Fault {
        if self.deck.is_empty() {
            self.deck = FAULTS.to_vec();
            for last in (1..self.deck.len()).rev() {
                let other = self.dice.index(last + 1);
                self.deck.swap(last, other);
            }
        }
        self.deck.pop().unwrap()
    }

    /// Puts refusals in the way: of upgrades, and of questions. Says whether one of them makes a refill impossible.
    async fn obstruct(&mut self) -> bool {
        let page = |status| HttpRefusal::new(status).header("content-type", "text/html").body("<html><body><h1>Trouble</h1></body></html>");
        let soon = clock() + SignedDuration::from_secs(1);
        let limited = [
            HttpRefusal::new(429).header("retry-after", "1"),
            HttpRefusal::new(429).header("x-ratelimit-reset", &format!("{soon:.6}")).body("{\"error\":\"Too many requests\"}"),
            HttpRefusal::new(429).header("x-ratelimit-reset", &soon.as_second().to_string()),
            HttpRefusal::new(503).header("retry-after", &soon.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()),
        ];
        let elsewhere = HttpRefusal::new(301).header("location", "https://elsewhere.example/api/v1/streaming");
        let unauthorized =
            HttpRefusal::new(401).header("x-error-message", "Invalid access token").body("{\"error\":\"The access token is invalid\"}");
        let passing = [page(500), page(502), HttpRefusal::new(503)];
        let lasting =
            [unauthorized.clone(), HttpRefusal::new(403).body("{\"error\":\"not now\"}"), page(404), page(418), elsewhere.clone()];
        let any: Vec<&HttpRefusal> = passing.iter().chain(&lasting).collect();
        if self.dice.once_in(2) {
            let mut refusals: Vec<HttpRefusal> = (0..=self.dice.up_to(1)).map(|_| any[self.dice.index(any.len())].clone()).collect();
            if self.dice.once_in(12) {
                // First, for the pause that is added to what a server asks for grows with each failure.
                refusals.insert(0, limited[self.dice.index(limited.len())].clone());
            }
            self.note(&format!("refuses: {refusals:?}"));
            match self.rung {
                Rung::Multiplexed | Rung::Socket => self.control.refuse_upgrades(refusals).await,
                Rung::ServerSentEvents => self.control.refuse_events(refusals).await,
                Rung::Polling => {}
            }
        }
        let path = self.dice.one_of(&["/api/v1/timelines", "/api/v1/notifications", "/api/v1/timelines/home"]);
        match self.dice.up_to(15) {
            0..=1 => self.control.refuse_rest(path, passing[self.dice.index(passing.len())].clone(), 1).await,
            2 => self.control.refuse_rest(path, limited[self.dice.index(limited.len())].clone(), 1).await,
            3 => {
                self.control.refuse_rest(path, lasting[self.dice.index(lasting.len())].clone(), 1).await;
                return true;
            }
            4..=6 => {
                let broken = [Broken::Cut, Broken::Short, Broken::Refused, Broken::Slow];
                let broken: Vec<Broken> = (0..=self.dice.up_to(2)).map(|_| self.dice.one_of(&broken)).collect();
                self.proxy.break_answers(&broken).await;
            }
            7 => self.control.regenerate_home(1).await,
            _ => {}
        }
        false
    }

    /// Takes away what still stands in the way.
    pub(crate) async fn clear(&mut self) {
        self.proxy.mend().await;
        self.control.regenerate_home(0).await;
        self.control.allow().await;
    }

    /// How many streams have come to be on the rung of this life.
    pub(crate) fn opened(&self) -> usize {
        let counts = &self.proxy.counts;
        let count = if self.rung == Rung::Multiplexed { &counts.sockets } else { &counts.events };
        count.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Connects again without waiting, whatever the attempts before came to, until everything comes by streams that were
    /// not there before.
    pub(crate) async fn back(&mut self, opened: usize) {
        let opened = match self.rung {
            Rung::Multiplexed | Rung::Socket => opened + 1,
            Rung::ServerSentEvents => opened + self.paths.len(),
            Rung::Polling => opened,
        };
        let end = Instant::now() + RETURN;
        loop {
            let is_open = |timeline: &Timeline| matches!(timeline.standing, Subscription::Requested | Subscription::Open);
            let is_carried = self.state.line.rung == self.rung && self.state.timelines.values().all(is_open);
            if self.opened() >= opened && self.state.line.state == Connection::Live && is_carried {
                return;
            }
            assert!(Instant::now() < end, "not back\n{}", self.told());
            self.wanted.send_modify(|wanted| wanted.retry += 1);
            let again = Instant::now() + Duration::from_millis(200);
            while Instant::now() < again && (self.opened() < opened || self.state.line.state != Connection::Live) {
                self.turn().await;
            }
            self.turn().await;
        }
    }

    /// Fills the gaps that stand as a reader does who goes to each and asks, until none is left; says how many there were.
    pub(crate) async fn read_gaps(&mut self) -> usize {
        self.note("read gaps");
        let mut count = 0;
        for round in 0.. {
            let streams: Vec<Stream> = self.state.subscriptions();
            let gaps: Vec<(Stream, Arc<str>)> = streams
                .iter()
                .filter_map(|stream| {
                    let left = self.state.timelines[stream].gaps().find(|gap| gap.fill == Fill::Left)?;
                    Some((stream.clone(), Arc::clone(&left.after)))
                })
                .collect();
            if round == 0 {
                count = gaps.len();
            }
            if gaps.is_empty() {
                return count;
            }
            assert!(round < 40, "gaps that do not fill\n{}", self.told());
            // A reader who asks for so much comes back later.
            self.later(if round == 0 { 0 } else { 8 });
            self.reading = true;
            for (stream, after) in gaps {
                self.state.tabs.go_to(&stream.into());
                self.state.tabs.active_mut().unwrap().cursor = Some(RowKey::Gap(after));
                self.send(Msg::Command(Command::Read));
            }
            self.settled().await;
            self.reading = false;
        }
        count
    }

    /// Comes to rest; gives the tabs and the ids above which gaps are left.
    pub(crate) async fn quiet(&mut self) -> Vec<(Stream, String)> {
        self.note("quiet");
        self.settled().await;
        let last = Instant::now() + PATIENCE;
        while self.turn().await {
            assert!(Instant::now() < last, "it does not come to rest\n{}", self.told());
        }
        self.settled().await;
        let timelines = self.state.timelines.iter();
        timelines.flat_map(|(stream, timeline)| timeline.gaps().map(|gap| (stream.clone(), gap.after.to_string()))).collect()
    }

    /// The rows of a tab but for gaps, newest first.
    pub(crate) fn rows(&self, stream: &Stream) -> Vec<String> {
        let rows = self.state.timelines[stream].rows().iter();
        rows.filter(|row| !matches!(row, Row::Gap(_))).map(|row| row.place_id().to_owned()).collect()
    }

    /// Lets the quarter of an hour pass after which all that is held is gone through, and that be done.
    pub(crate) async fn go_deep(&mut self) {
        self.note("deep");
        self.later(16);
        self.until("deep passes", |state| {
            state.timelines.values().all(|timeline| timeline.deep.is_none() && timeline.deep_at.is_none_or(|at| at > state.now))
                && !state.is_catching_up()
        })
        .await;
        self.unreached.append(&mut self.in_doubt);
    }

    /// The streams that the client should have ended and did not.
    pub(crate) fn endured(&self) -> usize {
        self.proxy.counts.endured.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// What the server holds for a tab, newest first.
    async fn held(&self, path: &str) -> Vec<Held> {
        let mut held: Vec<Held> = Vec::new();
        loop {
            let before = held.last().map_or_else(String::new, |last| format!("&max_id={}", last.id));
            let request = self.http.get(format!("http://{}{path}{before}", self.server)).bearer_auth("token");
            let answer = timeout(PATIENCE, request.send()).await.expect("an answer").unwrap();
            assert_eq!(answer.status(), 200, "{path}{before}");
            let page: Vec<serde_json::Value> = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
            if page.is_empty() || held.len() > COMPARED {
                return held;
            }
            held.extend(page.iter().map(|entity| {
                let shown = if entity["reblog"].is_null() { entity } else { &entity["reblog"] };
                let id = |entity: &serde_json::Value| entity["id"].as_str().unwrap().to_owned();
                Held { id: id(entity), shown: id(shown), words: shown["content"].as_str().map(bare) }
            }));
        }
    }

    /// What is wrong with a tab. What changed while away and lies below the newest page is not, until it was gone through.
    fn wrong(&self, stream: &Stream, held: &[Held]) -> Wrong {
        let timeline = &self.state.timelines[stream];
        let rows: Vec<&str> =
            timeline.rows().iter().filter(|row| !matches!(row, Row::Gap(_) | Row::Tombstone(_))).map(Row::place_id).collect();
        // What is older than all that has been loaded comes when the reader goes down there.
        let floor = rows.last().filter(|_| timeline.older.is_some());
        let bound = held.last().filter(|_| held.len() > COMPARED).map_or("", |last| &last.id);
        let rows: Vec<&str> = rows.iter().copied().filter(|id| by_age(id, bound) != Ordering::Less).collect();
        let is_loaded = |held: &&Held| floor.is_none_or(|floor| by_age(&held.id, floor) != Ordering::Less);
        let below_newest = held.get(NEWEST).map(|held| held.id.clone());
        let below_deepest = held.get(DEEPEST).map(|held| held.id.clone());
        let held: Vec<&Held> = held.iter().filter(is_loaded).collect();
        let shown: BTreeSet<&str> = rows.iter().copied().collect();
        let there: BTreeSet<&str> = held.iter().map(|held| held.id.as_str()).collect();
        let is_doubted = |id: &str, post: &str| {
            let is_below = |bound: &Option<String>| bound.as_ref().is_some_and(|bound| by_age(id, bound) != Ordering::Greater);
            // Notifications go with a deleted post.
            let doubted = |ids: &BTreeSet<String>| if *stream == Stream::UserNotification { !ids.is_empty() } else { ids.contains(post) };
            is_below(&below_newest) && doubted(&self.in_doubt) || is_below(&below_deepest) && doubted(&self.unreached)
        };
        let sure = |ids: Vec<&str>| ids.into_iter().filter(|id| !is_doubted(id, id)).map(str::to_owned).collect::<Vec<_>>();
        let mut seen = BTreeSet::new();
        let stale = held.iter().filter_map(|held| {
            let wanted = held.words.as_ref().filter(|_| shown.contains(held.id.as_str()) && !is_doubted(&held.id, &held.shown))?;
            let words = self.state.store.shown(&StatusId::new(&held.id).unwrap()).map(|entry| entry.rich().text());
            (words.as_ref() != Some(wanted)).then(|| format!("{}: {words:?} instead of {wanted:?}", held.id))
        });
        let common = |ids: &mut dyn Iterator<Item = &str>| -> Vec<String> {
            ids.filter(|id| shown.contains(id) && there.contains(id)).map(str::to_owned).collect()
        };
        Wrong {
            lost: sure(there.difference(&shown).copied().collect()),
            duplicated: rows.iter().filter(|id| !seen.insert(**id)).map(|id| (*id).to_owned()).collect(),
            deleted: sure(shown.difference(&there).copied().collect()),
            stale: stale.collect(),
            misordered: common(&mut rows.iter().copied()) != common(&mut held.iter().map(|held| held.id.as_str())),
            gaps: timeline.gaps().count(),
        }
    }

    /// Waits until every tab is what the server holds, and fails with what is wrong if that does not come.
    pub(crate) async fn agree(&mut self) {
        self.note("to agree");
        self.settled().await;
        let mut all = Vec::new();
        for (stream, path) in self.state.subscriptions().into_iter().zip(self.paths.clone()) {
            let held = self.held(path).await;
            self.figures.compared += held.len();
            all.push((stream, held));
        }
        let (mut end, mut next) = (Instant::now() + AGREEMENT, Instant::now());
        let last = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < last, "it does not come to rest\n{}", self.told());
            // What is on its way comes first.
            if self.turn().await {
                end = Instant::now() + AGREEMENT;
            } else if Instant::now() >= next {
                let wrong: Vec<(&Stream, Wrong)> = all.iter().map(|(stream, held)| (stream, self.wrong(stream, held))).collect();
                if wrong.iter().all(|(_, wrong)| *wrong == Wrong::default()) {
                    return;
                }
                // Comparing costs time that what is on its way needs.
                next = Instant::now() + Duration::from_millis(100);
                assert!(Instant::now() < end, "{wrong:#?}\n{}", self.told());
            }
        }
    }
}

/// The text of the simple HTML that the server makes of the posts here.
fn bare(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for ch in html.chars() {
        match ch {
            '<' => inside = true,
            '>' => inside = false,
            ch if !inside => text.push(ch),
            _ => {}
        }
    }
    text
}
