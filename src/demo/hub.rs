//! The one owner of everything that changes while the server runs: the world, the connections, and what tests asked for.
//!
//! It sits behind one async lock; nothing is awaited while the lock is held. Deliberately absent: sockets and HTTP.

use super::assets::Assets;
use super::control::HttpRefusal;
use super::draft::Draft;
use super::markers::Markers;
use super::oauth::OAuth;
use super::script::{self, Act, Random};
use super::streams::{Channel, Off, Refused, Request, Subscription, UNSUBSCRIBE_ERROR};
use super::world::{News, World};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::collections::{BTreeMap, VecDeque};
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_util::sync::CancellationToken;

/// How many events wait for a client that does not read, before it is cut.
pub(super) const QUEUE: usize = 200_000;

/// How many frames and requests are remembered for tests.
const REMEMBERED: usize = 100_000;

/// What a connection's writer is to do.
#[derive(Debug, Clone)]
pub(super) enum Outgoing {
    Text(Utf8Bytes),
    /// To server-sent events: a name and a payload.
    Event(String, String),
    Ping,
    Close(Option<u16>, &'static str),
}

/// How a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Socket,
    Events,
}

/// What the client's token is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    Good,
    Revoked,
    /// The account is disabled.
    Banned,
}

/// One WebSocket or one response of server-sent events, as the hub sees it.
#[derive(Debug)]
pub(super) struct Connection {
    form: Form,
    queue: mpsc::Sender<Outgoing>,
    subscriptions: Vec<Subscription>,
    /// Pinged, and no pong yet; errors are swallowed meanwhile (transcript `ws-error-frame-lost-before-pong`).
    awaiting_pong: bool,
    stalled: watch::Sender<bool>,
    end: CancellationToken,
}

/// A subscribe that is to be refused.
#[derive(Debug, Clone)]
pub(super) struct StreamRefusal {
    pub(super) name: String,
    pub(super) parameter: Option<String>,
    pub(super) answer: Refused,
}

/// A REST request that is to be refused, so many times.
#[derive(Debug, Clone)]
pub(super) struct RestRefusal {
    pub(super) prefix: String,
    pub(super) refusal: HttpRefusal,
    pub(super) times: usize,
}

#[derive(Debug)]
pub(super) struct Hub {
    pub(super) world: World,
    connections: BTreeMap<u64, Connection>,
    last_connection: u64,
    pub(super) stream_refusals: Vec<StreamRefusal>,
    pub(super) upgrade_refusals: VecDeque<HttpRefusal>,
    pub(super) events_refusals: VecDeque<HttpRefusal>,
    /// What every upgrade is answered with.
    pub(super) no_sockets: Option<HttpRefusal>,
    /// What every request for server-sent events is answered with.
    pub(super) no_events: Option<HttpRefusal>,
    pub(super) token: Token,
    pub(super) scopes: Vec<String>,
    pub(super) markers: Markers,
    /// The feeds that are switched off now.
    pub(super) off: Off,
    /// How many more times home is answered while it is being made anew.
    pub(super) half_home: usize,
    pub(super) rest_refusals: Vec<RestRefusal>,
    pub(super) oauth: OAuth,
    received: VecDeque<String>,
    requests: VecDeque<String>,
    random: Random,
}

/// What a new connection is given.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) id: u64,
    pub(super) queue: mpsc::Receiver<Outgoing>,
    pub(super) stalled: watch::Receiver<bool>,
    pub(super) end: CancellationToken,
}

impl Hub {
    pub(super) fn new(world: World, seed: u64) -> Self {
        Self {
            world,
            connections: BTreeMap::new(),
            last_connection: 0,
            stream_refusals: Vec::new(),
            upgrade_refusals: VecDeque::new(),
            events_refusals: VecDeque::new(),
            no_sockets: None,
            no_events: None,
            token: Token::Good,
            scopes: vec!["read".to_owned()],
            markers: Markers::default(),
            off: Off::default(),
            half_home: 0,
            rest_refusals: Vec::new(),
            oauth: OAuth::default(),
            received: VecDeque::new(),
            requests: VecDeque::new(),
            random: Random::new(seed ^ 0x6472_6966_7400),
        }
    }

    pub(super) fn join(&mut self, form: Form, end: CancellationToken) -> Joined {
        let (queue, receiver) = mpsc::channel(QUEUE);
        let (stalled, is_stalled) = watch::channel(false);
        self.last_connection += 1;
        let id = self.last_connection;
        let connection = Connection { form, queue, subscriptions: Vec::new(), awaiting_pong: false, stalled, end: end.clone() };
        self.connections.insert(id, connection);
        Joined { id, queue: receiver, stalled: is_stalled, end }
    }

    pub(super) fn leave(&mut self, id: u64) {
        self.connections.remove(&id);
    }

    /// Whether the token's scopes are enough for what needs one of `read` and this.
    pub(super) fn may(&self, scope: &str) -> bool {
        self.scopes.iter().any(|held| held == "read" || held == scope)
    }

    /// The subscription that is asked for, as things stand now. Scopes come first, also for unknown streams (transcripts
    /// `ws-scope-none`, `sse-refused-scope`).
    pub(super) fn resolve(&self, request: &Request) -> Result<Subscription, Refused> {
        let scope = if request.name() == "user:notification" { "read:notifications" } else { "read:statuses" };
        if !self.may(scope) {
            return Err(Refused::new("Access token does not have the required scopes", 401));
        }
        let mut asked = request.resolve(&|list| self.world.owns_list(list))?;
        let refusal = self.stream_refusals.iter().find(|refusal| match &refusal.parameter {
            Some(parameter) => asked.is(&refusal.name, Some(parameter)),
            None => asked.name == refusal.name,
        });
        if let Some(refusal) = refusal {
            return Err(refusal.answer.clone());
        }
        if !self.may("read:notifications") {
            asked.channels.retain(|channel| *channel != Channel::Notifications);
        }
        asked.off = self.off;
        Ok(asked)
    }

    /// Gives a connection of server-sent events its one stream.
    pub(super) fn attach(&mut self, id: u64, subscription: Subscription) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.subscriptions.push(subscription);
        }
    }

    pub(super) fn subscribe(&mut self, id: u64, request: &Request) {
        let asked = self.resolve(request);
        let Some(connection) = self.connections.get_mut(&id) else { return };
        match asked {
            Ok(asked) => {
                if connection.subscriptions.iter().all(|known| known.channels != asked.channels) {
                    connection.subscriptions.push(asked);
                }
            }
            Err(refused) => connection.complain(refused.frame()),
        }
    }

    pub(super) fn unsubscribe(&mut self, id: u64, request: &Request) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        match request.resolve(&|list| self.world.owns_list(list)) {
            Ok(asked) => connection.subscriptions.retain(|known| known.channels != asked.channels),
            Err(_) => connection.complain(UNSUBSCRIBE_ERROR.to_owned()),
        }
    }

    pub(super) fn ponged(&mut self, id: u64) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.awaiting_pong = false;
        }
    }

    pub(super) fn close_one(&mut self, id: u64, code: u16, reason: &'static str) {
        if let Some(connection) = self.connections.get(&id) {
            connection.send(Outgoing::Close(Some(code), reason));
        }
    }

    /// Sends news to whoever listens.
    pub(super) fn publish(&mut self, news: &[News]) {
        for news in news {
            // Quoted once, however many listen: the payload is JSON in a string.
            let mut rest = None;
            for connection in self.connections.values() {
                for subscription in &connection.subscriptions {
                    if subscription.hears(&news.to, news.local) {
                        connection.tell(subscription, &news.event, &news.payload, &mut rest);
                    }
                }
            }
        }
    }

    /// An event of a test's own to the subscribers of one stream.
    pub(super) fn push(&mut self, stream: &[&str], event: &str, payload: &str) {
        let name = stream.first().copied().unwrap_or_default();
        let mut rest = None;
        for connection in self.connections.values() {
            for subscription in connection.subscriptions.iter().filter(|subscription| subscription.is(name, stream.get(1).copied())) {
                connection.tell(subscription, event, payload, &mut rest);
            }
        }
    }

    pub(super) fn raw(&mut self, text: &str) {
        let text = Utf8Bytes::from(text.to_owned());
        for connection in self.connections.values() {
            connection.send(Outgoing::Text(text.clone()));
        }
    }

    /// Pings everyone, having cut those who did not answer the last one (transcript `ws-ping-unanswered`).
    pub(super) fn ping(&mut self) {
        let pinged = |connection: &&mut Connection| connection.form == Form::Socket && !*connection.stalled.borrow();
        for connection in self.connections.values_mut().filter(pinged) {
            if connection.awaiting_pong {
                connection.end.cancel();
            } else {
                connection.awaiting_pong = true;
                connection.send(Outgoing::Ping);
            }
        }
    }

    /// Stops or resumes the connections that there are.
    pub(super) fn stall(&mut self, yes: bool) {
        for connection in self.connections.values() {
            connection.stalled.send_replace(yes);
        }
    }

    pub(super) fn cut(&mut self) {
        for connection in std::mem::take(&mut self.connections).into_values() {
            connection.end.cancel();
        }
    }

    pub(super) fn close(&mut self, code: Option<u16>) {
        for connection in self.connections.values() {
            connection.send(Outgoing::Close(code, ""));
        }
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.len()
    }

    pub(super) fn subscriptions(&self) -> Vec<Vec<String>> {
        self.connections.values().map(|connection| connection.subscriptions.iter().map(Subscription::spec).collect()).collect()
    }

    pub(super) fn heard(&mut self, frame: &str) {
        remember(&mut self.received, frame.to_owned());
    }

    pub(super) fn received(&self) -> Vec<String> {
        self.received.iter().cloned().collect()
    }

    pub(super) fn asked(&mut self, request: String) {
        remember(&mut self.requests, request);
    }

    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.iter().cloned().collect()
    }

    /// Plays one beat of the story and publishes what comes of it.
    pub(super) fn play(&mut self, now: Timestamp, act: &Act) {
        let news = perform(&mut self.world, now, act);
        self.publish(&news);
        self.world.drift(&mut self.random);
    }
}

impl Connection {
    fn complain(&self, frame: String) {
        if !self.awaiting_pong {
            self.send(Outgoing::Text(frame.into()));
        }
    }

    /// One event in the connection's form; `rest` keeps a frame's end for the next subscription of any connection.
    fn tell(&self, subscription: &Subscription, event: &str, payload: &str, rest: &mut Option<String>) {
        match self.form {
            Form::Socket => {
                let rest = rest.get_or_insert_with(|| tail(event, payload));
                self.send(Outgoing::Text(format!("{{\"stream\":{},{rest}", subscription.label).into()));
            }
            Form::Events => self.send(Outgoing::Event(event.to_owned(), payload.to_owned())),
        }
    }

    fn send(&self, outgoing: Outgoing) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.queue.try_send(outgoing) {
            self.end.cancel();
        }
    }
}

/// Does one act of the story.
pub(super) fn perform(world: &mut World, now: Timestamp, act: &Act) -> Vec<News> {
    match act {
        Act::Post(draft) => world.add(now, draft).map(|(_, news)| news).unwrap_or_default(),
        Act::Edit { post, text, spoiler_text } => world.edit(now, post, text, spoiler_text.as_deref()),
        Act::Delete { post } => world.delete(now, post),
        Act::Vote { post, option, votes } => {
            world.vote(post, *option, *votes);
            Vec::new()
        }
        Act::Favourite { post, author } => world.favourite(now, post, author),
        Act::Boost { post, author } => {
            let boost = Draft { boost: Some(post.clone()), ..Draft::new(author, "") };
            world.add(now, &boost).map(|(_, news)| news).unwrap_or_default()
        }
        Act::Follow { author } => vec![world.follow(now, "follow", author)],
        Act::FollowRequest { author } => vec![world.follow(now, "follow_request", author)],
        Act::Notify { kind, author, post } => {
            let person = world.find_or_invent(author);
            let status = post.as_deref().map(|post| world.resolve(post).map(|status| status.id.clone()));
            // About a post that is gone a real server says nothing.
            if status == Some(None) { Vec::new() } else { vec![world.notify(now, now, kind, person, status.flatten())] }
        }
        Act::Announce { text } => vec![world.announcement(now, text)],
        Act::React { name, count } => world.announcement_reaction(name, *count).into_iter().collect(),
        Act::Retract => world.announcement_delete().into_iter().collect(),
    }
}

/// Puts the backlog into the world.
pub(super) fn fill(world: &mut World, assets: &Assets, start: Timestamp) {
    let mut counted = Vec::new();
    for past in script::backlog(assets) {
        let Ok(before) = SignedDuration::try_from(past.before) else { continue };
        let draft = Draft { created_at: Some(start - before), ..past.draft };
        if let Some((id, _)) = world.add(start, &draft) {
            counted.push((id, draft.counts));
        }
    }
    for (id, counts) in counted {
        world.settle(&id, counts);
    }
}

fn tail(event: &str, payload: &str) -> String {
    format!("\"event\":{},\"payload\":{}}}", json!(event), json!(payload))
}

fn remember(log: &mut VecDeque<String>, line: String) {
    if log.len() >= REMEMBERED {
        log.pop_front();
    }
    log.push_back(line);
}
