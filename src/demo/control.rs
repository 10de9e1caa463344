//! The strings by which tests move the server: post, refuse, stall, cut, stop, and read what a client sent.
//!
//! Every call answers when it is done. Deliberately absent: anything the production program would use.

use super::Shared;
use super::draft::Draft;
use super::hub::{RestRefusal, StreamRefusal, Token};
use super::oauth::Manner;
use super::streams::Refused;
use super::{Order, Power, clock, world::Id};
use jiff::SignedDuration;
use std::fmt;
use std::io;
use std::sync::Arc;
use tokio::sync::oneshot;

/// An HTTP answer instead of the usual one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRefusal {
    /// The status code.
    pub status: u16,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl HttpRefusal {
    /// A status and nothing else.
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with a body.
    #[must_use]
    pub fn body(mut self, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self
    }
}

/// A feed that an administrator can switch off: `configuration.timelines_access`, where local hashtags cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    /// Posts of local people on public streams.
    LiveLocal,
    /// Posts of others on public streams.
    LiveRemote,
    /// Posts of others on hashtag streams.
    TopicRemote,
}

/// The strings of one server; clones move the same one.
#[derive(Clone)]
pub struct Control {
    shared: Arc<Shared>,
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("url", &self.shared.url).finish_non_exhaustive()
    }
}

impl Control {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Posts in public as a key of the cast, `name` or `name@domain`, who is invented if unknown; gives the id.
    pub async fn post(&self, author: &str, text: &str) -> String {
        self.post_with(Draft::new(author, text)).await
    }

    /// Posts with everything said; gives the id, or an empty string for a boost of something that is not there.
    pub async fn post_with(&self, draft: Draft) -> String {
        let mut hub = self.shared.hub.lock().await;
        let Some((id, news)) = hub.world.add(clock(), &draft) else { return String::new() };
        hub.publish(&news);
        id.to_string()
    }

    /// Posts in public, so long ago but only now seen: a post from another server that came late. Its id is as old as it is,
    /// and its event comes now. Gives the id.
    pub async fn post_late(&self, author: &str, text: &str, ago: SignedDuration) -> String {
        self.post_with(Draft { created_at: Some(clock() - ago), ..Draft::new(author, text) }).await
    }

    /// Boosts a post, named by id or story key; gives the boost's id, or an empty string if the post is not there.
    pub async fn boost(&self, author: &str, post: &str) -> String {
        self.post_with(Draft { boost: Some(post.to_owned()), ..Draft::new(author, "") }).await
    }

    /// Edits a post, named by id or story key; nothing if it is not there.
    pub async fn edit(&self, id: &str, text: &str) {
        let mut hub = self.shared.hub.lock().await;
        let news = hub.world.edit(clock(), id, text, None);
        hub.publish(&news);
    }

    /// Deletes a post, named by id or story key, and its boosts; nothing if it is not there.
    pub async fn delete(&self, id: &str) {
        let mut hub = self.shared.hub.lock().await;
        let news = hub.world.delete(clock(), id);
        hub.publish(&news);
    }

    /// Deletes a post without a word on the streams, as if the event had been lost.
    pub async fn delete_unannounced(&self, id: &str) {
        let mut hub = self.shared.hub.lock().await;
        let _unsaid = hub.world.delete(clock(), id);
    }

    /// Notifies the reader of any type of thing, about a post (id or story key) if given; gives the notification's id.
    pub async fn notify(&self, kind: &str, author: &str, status: Option<&str>) -> String {
        let mut hub = self.shared.hub.lock().await;
        let person = hub.world.find_or_invent(author);
        let status = status.and_then(|status| hub.world.resolve(status)).map(|status| status.id.clone());
        let now = clock();
        let news = hub.world.notify(now, now, kind, person, status);
        hub.publish(&[news]);
        hub.world.notifications.keys().next_back().map(Id::to_string).unwrap_or_default()
    }

    /// Says whether the reader follows someone and which lists they are in, by title; lists are made as needed.
    pub async fn befriend(&self, who: &str, followed: bool, lists: &[&str]) {
        self.shared.hub.lock().await.world.befriend(who, followed, lists);
    }

    /// Mutes someone: what of them stood at home and on lists goes with a burst of deletes, though the posts still exist.
    pub async fn mute(&self, who: &str) {
        let mut hub = self.shared.hub.lock().await;
        let news = hub.world.mute(who);
        hub.publish(&news);
    }

    /// Sends one raw text frame, or chunk of server-sent events, to every connection.
    pub async fn raw(&self, text: &str) {
        self.shared.hub.lock().await.raw(text);
    }

    /// Sends an event to the connections subscribed to a stream: its wire name, then the tag or list if it has one.
    pub async fn push(&self, stream: &[&str], event: &str, payload: &str) {
        self.shared.hub.lock().await.push(stream, event, payload);
    }

    /// Answers subscribes to a stream with an error from now on; without a parameter, every stream of that wire name.
    pub async fn refuse(&self, wire_name: &str, parameter: Option<&str>, error: &str, status: u16) {
        let refusal = StreamRefusal {
            name: wire_name.to_owned(),
            parameter: parameter.map(str::to_owned),
            answer: Refused { error: error.to_owned(), status },
        };
        self.shared.hub.lock().await.stream_refusals.push(refusal);
    }

    /// Takes subscribes to a stream again, after [`refuse`](Self::refuse) of the same words.
    pub async fn accept(&self, wire_name: &str, parameter: Option<&str>) {
        let mut hub = self.shared.hub.lock().await;
        hub.stream_refusals.retain(|refusal| refusal.name != wire_name || refusal.parameter.as_deref() != parameter);
    }

    /// Answers the next upgrades so, in this order.
    pub async fn refuse_upgrades(&self, refusals: Vec<HttpRefusal>) {
        self.shared.hub.lock().await.upgrade_refusals.extend(refusals);
    }

    /// Answers every upgrade so from now on, after those of [`refuse_upgrades`](Self::refuse_upgrades); `None` ends it.
    pub async fn no_sockets(&self, refusal: Option<HttpRefusal>) {
        self.shared.hub.lock().await.no_sockets = refusal;
    }

    /// Answers the next requests for server-sent events so, in this order.
    pub async fn refuse_events(&self, refusals: Vec<HttpRefusal>) {
        self.shared.hub.lock().await.events_refusals.extend(refusals);
    }

    /// Answers every request for server-sent events so from now on; `None` ends it.
    pub async fn no_events(&self, refusal: Option<HttpRefusal>) {
        self.shared.hub.lock().await.no_events = refusal;
    }

    /// Whether nothing streams: upgrades and server-sent events are answered with 404, as where no streaming server runs.
    pub async fn only_polls(&self, yes: bool) {
        let missing =
            yes.then(|| HttpRefusal::new(404).header("content-type", "application/json; charset=utf-8").body(r#"{"error":"Not Found"}"#));
        let mut hub = self.shared.hub.lock().await;
        hub.no_sockets.clone_from(&missing);
        hub.no_events = missing;
    }

    /// Switches a feed off or on: streams subscribed to from then on carry nothing of it but deletes, and REST shows none.
    pub async fn switch_feed(&self, feed: Feed, on: bool) {
        let mut hub = self.shared.hub.lock().await;
        let off = match feed {
            Feed::LiveLocal => &mut hub.off.live_local,
            Feed::LiveRemote => &mut hub.off.live_remote,
            Feed::TopicRemote => &mut hub.off.topic_remote,
        };
        *off = !on;
    }

    /// The marker of `home` or `notifications`.
    pub async fn marker(&self, timeline: &str) -> Option<String> {
        self.shared.hub.lock().await.markers.get(timeline).map(str::to_owned)
    }

    /// The scopes of the token from now on, as `read:statuses`; `read` alone at first.
    pub async fn set_scopes(&self, scopes: &[&str]) {
        self.shared.hub.lock().await.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    }

    /// Revokes the token: connections end with a close frame that has no code, or after a last chunk (transcripts
    /// `ws-kill-token-revoked`, `sse-kill`); then everything is 401.
    pub async fn revoke(&self) {
        let mut hub = self.shared.hub.lock().await;
        hub.token = Token::Revoked;
        hub.close(None);
    }

    /// Disables the account: the same, but REST says 403 (transcript `ws-kill-account`).
    pub async fn ban(&self) {
        let mut hub = self.shared.hub.lock().await;
        hub.token = Token::Banned;
        hub.close(None);
    }

    /// Takes the token again.
    pub async fn forgive(&self) {
        self.shared.hub.lock().await.token = Token::Good;
    }

    /// Answers home so often with 206 and a part of it: it is being made anew.
    pub async fn regenerate_home(&self, times: usize) {
        self.shared.hub.lock().await.half_home = times;
    }

    /// Stops the server: connections end without a close frame or last chunk, and nobody answers at its address any more.
    pub async fn stop(&self) {
        self.shared.hub.lock().await.cut();
        // A server that is gone altogether has stopped as well.
        drop(self.order(Power::Off).await);
    }

    /// Starts it again at its address, with all that it held. Fails if the address cannot be had any more.
    pub async fn start(&self) -> io::Result<()> {
        self.order(Power::On).await
    }

    async fn order(&self, power: Power) -> io::Result<()> {
        let (done, answer) = oneshot::channel();
        let gone = || io::Error::other("the server has ended");
        self.shared.orders.send(Order { power, done }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Answers the next REST requests whose path begins so, a number of times.
    pub async fn refuse_rest(&self, path_prefix: &str, refusal: HttpRefusal, times: usize) {
        self.shared.hub.lock().await.rest_refusals.push(RestRefusal { prefix: path_prefix.to_owned(), refusal, times });
    }

    /// Takes back all that is still to be refused by [`refuse_upgrades`](Self::refuse_upgrades),
    /// [`refuse_events`](Self::refuse_events) and [`refuse_rest`](Self::refuse_rest).
    pub async fn allow(&self) {
        let mut hub = self.shared.hub.lock().await;
        hub.upgrade_refusals.clear();
        hub.events_refusals.clear();
        hub.rest_refusals.clear();
    }

    /// Treats whoever signs in so from now on, and otherwise as usual.
    pub async fn set_manners(&self, manners: &[Manner]) {
        self.shared.hub.lock().await.oauth.manners = manners.to_vec();
    }

    /// How many registrations there are.
    pub async fn registrations(&self) -> usize {
        self.shared.hub.lock().await.oauth.apps.len()
    }

    /// Forgets all registrations, as servers do with those that nobody uses.
    pub async fn forget_registrations(&self) {
        self.shared.hub.lock().await.oauth.apps.clear();
    }

    /// The tokens that were given to accounts and not revoked, with their scopes.
    pub async fn tokens(&self) -> Vec<(String, String)> {
        self.shared.hub.lock().await.oauth.tokens()
    }

    /// Makes the connections that there are dead without closing them: nothing is sent or read, no pings, no pongs.
    /// Connections made later work; `false` wakes the stalled ones, and what was queued follows.
    pub async fn stall(&self, yes: bool) {
        self.shared.hub.lock().await.stall(yes);
    }

    /// Drops all connections without a close frame or last chunk.
    pub async fn cut(&self) {
        self.shared.hub.lock().await.cut();
    }

    /// Closes all connections with a code, or with a close frame that has none; server-sent events end with a last chunk.
    pub async fn close(&self, code: Option<u16>) {
        self.shared.hub.lock().await.close(code);
    }

    /// Pings every connection now; those that did not answer the last ping are cut.
    pub async fn ping_now(&self) {
        self.shared.hub.lock().await.ping();
    }

    /// The text frames that clients sent, in order of arrival.
    pub async fn received(&self) -> Vec<String> {
        self.shared.hub.lock().await.received()
    }

    /// The requests that clients made, upgrades among them: `GET /path?query`, with ` (no user-agent)` behind it where
    /// one was missing; tokens are left out.
    pub async fn requests(&self) -> Vec<String> {
        self.shared.hub.lock().await.requests()
    }

    /// How many connections are open: sockets and server-sent events.
    pub async fn connections(&self) -> usize {
        self.shared.hub.lock().await.connections()
    }

    /// The subscriptions of each connection in force, oldest first: wire names, with a space and the parameter as the
    /// client spelled it behind those that have one.
    pub async fn subscriptions(&self) -> Vec<Vec<String>> {
        self.shared.hub.lock().await.subscriptions()
    }
}
