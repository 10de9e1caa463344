//! `Client`: the questions that Trunkline asks a server over REST, and what it concludes about the server's software.
//!
//! Absent on purpose: how bytes travel (the door), how entities are read (`ingest`), and anything that writes but for
//! read positions: Trunkline only reads timelines.

use crate::mastodon::door::{self, Access, Answer, Door, Refusal, RefusalKind, failure};
use crate::mastodon::{Error, ingest};
use crate::model::{
    Account, AccountId, Bundle, Cursor, Failure, FailureKind, Found, Item, Markers, Notification, NotificationId, Offer, Page, Profile,
    Reach, Relationship, Server, Software, StatusEdit, StatusId, Stream, Thread, Timestamp,
};
use crate::recording::Recorder;
use crate::text::Plain;
use crate::text::runs::lossy;
use jiff::SignedDuration;
use serde::Deserialize;
use std::fmt;
use std::sync::Arc;
use url::{Url, form_urlencoded};

/// One account's way to its server. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    door: Arc<Door>,
    keep_raw: bool,
}

/// What the server says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introduction {
    /// What is known of it; without a streaming host where that cannot be used.
    pub server: Server,
    /// The version of the document that said so: 2 or 1.
    pub document: u8,
    /// The address of its streams, or why that is not used.
    pub streaming: Result<Url, Failure>,
}

/// Whose the token is, and what stands beside that answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The account.
    pub account: Account,
    /// How far the server's clock is ahead of ours, where it tells its time; whole seconds.
    pub ahead: Option<SignedDuration>,
    /// How many questions are left until the server's limit, and of how many, where it tells.
    pub left: Option<(u64, u64)>,
}

impl Client {
    /// Builds a client; nothing is sent yet. Fails where this machine cannot make secure connections.
    pub fn new(access: Access) -> Result<Self, Error> {
        Ok(Self { door: Arc::new(Door::new(access, now)?), keep_raw: false })
    }

    /// Builds a client whose traffic is recorded: every frame and every answer, and the token nowhere.
    pub fn recorded(access: Access, recorder: Recorder) -> Result<Self, Error> {
        Ok(Self { door: Arc::new(Door::new(access, now)?.recorded(recorder)), keep_raw: false })
    }

    /// The same client, whose pages keep the exact text of their elements.
    #[must_use]
    pub fn keeping_raw(self) -> Self {
        Self { keep_raw: true, ..self }
    }

    /// What the server says about itself, and the address of its streams (`…/api/v1/streaming`, `ws` or `wss`).
    ///
    /// `Unusable` where it is no Mastodon server, or names an address for streams that is less public or less protected than
    /// its own. Source: <https://docs.joinmastodon.org/methods/instance/>.
    pub async fn instance(&self) -> Result<(Server, Url), Failure> {
        let Introduction { server, streaming, document: _ } = self.introduction().await?;
        Ok((server, streaming?))
    }

    /// As [`Self::instance`], with what is wrong with the address of its streams apart.
    pub async fn introduction(&self) -> Result<Introduction, Failure> {
        let mut document = 2;
        let mut first = async || {
            document = 1;
            self.instance_v1().await
        };
        let (facts, source) = match self.get(&["api", "v2", "instance"], &[], DOCUMENT).await {
            Ok(answer) => match ingest::instance_v2(&answer.body) {
                Some(facts) => (facts, source(&answer.body)),
                None => (first().await?, Source::default()),
            },
            Err(Failure { kind: FailureKind::NotFound | FailureKind::Forbidden | FailureKind::Unusable, .. }) => {
                (first().await?, Source::default())
            }
            Err(failure) => return Err(failure),
        };
        let streaming = streaming(self.door.server(), facts.streaming.as_deref());
        let software = match detect(facts.version.as_str(), &source) {
            Guess::Sure(software) => software,
            Guess::Unsure(software) => self.nodeinfo().await.unwrap_or(software),
        };
        let server = Server {
            domain: if facts.domain.is_blank() { Plain::line(&self.door.host()) } else { facts.domain },
            title: facts.title,
            version: facts.version,
            software,
            streaming_host: streaming.as_ref().map(|url| Plain::line(&door::name(url))).unwrap_or_default(),
            timelines_access: facts.timelines_access,
        };
        Ok(Introduction { server, document, streaming })
    }

    /// The account that the token belongs to.
    pub async fn verify_credentials(&self) -> Result<Account, Failure> {
        Ok(self.credentials().await?.account)
    }

    /// As [`Self::verify_credentials`], with what the answer's headers tell.
    pub async fn credentials(&self) -> Result<Credentials, Failure> {
        let Answer { body, ahead, left, .. } = self.get(&["api", "v1", "accounts", "verify_credentials"], &[], ENTITY).await?;
        let account = ingest::account(&body).ok_or_else(|| self.unreadable("an account"))?;
        Ok(Credentials { account, ahead, left })
    }

    /// The scopes of the token's application; `None` where the server does not tell them (before Mastodon 4.3, and others).
    ///
    /// Source: <https://docs.joinmastodon.org/methods/apps/#verify_credentials>.
    pub async fn scopes(&self) -> Result<Option<Vec<Plain>>, Failure> {
        let answer = self.get(&["api", "v1", "apps", "verify_credentials"], &[], ENTITY).await;
        Ok(present(answer)?.and_then(|answer| ingest::scopes(&answer.body)))
    }

    /// Whether the streaming server, at an address that [`Self::instance`] gave, calls itself healthy; `None` where there is
    /// no such question (GoToSocial). No token goes with it.
    ///
    /// Source: <https://docs.joinmastodon.org/methods/streaming/#health> (transcript `http-health`).
    pub async fn streaming_health(&self, streaming: &Url) -> Result<Option<bool>, Failure> {
        let answer = self.door.ask_openly(streaming, "health").await;
        Ok(present(answer)?.map(|answer| answer.body.trim_ascii() == b"OK"))
    }

    /// Whether the server sends the events of home without a WebSocket, at an address that [`Self::instance`] gave.
    ///
    /// Source: <https://docs.joinmastodon.org/methods/streaming/> (transcript `sse-user`).
    pub async fn sends_events(&self, streaming: &Url) -> Result<bool, Failure> {
        let mut url = streaming.clone();
        url.set_path(&format!("{}/user", streaming.path().trim_end_matches('/')));
        let mut response = match self.door.events(&url).await {
            Ok(response) => response,
            Err(Refusal { kind: RefusalKind::NoStreaming | RefusalKind::NotThere, .. }) => return Ok(false),
            Err(refusal) => return Err(Failure { kind: FailureKind::Retry, reason: refusal.reason }),
        };
        // Where something between holds back what is streamed, the head alone comes.
        match response.chunk().await {
            Ok(first) => Ok(first.is_some()),
            Err(_) => Err(failure(FailureKind::Retry, &format!("{} broke an event stream off", self.door.host()))),
        }
    }

    /// The instance's base address.
    pub fn server(&self) -> &Url {
        self.door.server()
    }

    /// The instance's host, with the port where it is not the usual one.
    pub fn host(&self) -> String {
        self.door.host()
    }

    /// A page of at most `limit` (the server has a bound of its own) of what the stream shows: the newest, or from `cursor`.
    ///
    /// Source: <https://docs.joinmastodon.org/methods/timelines/>.
    pub async fn timeline(&self, stream: &Stream, cursor: Option<&Cursor>, limit: u16) -> Result<Page, Failure> {
        let asked = limit.max(1).to_string();
        let (path, mut query) = place(stream);
        match cursor {
            Some(Cursor::Before(id)) => query.push(("max_id", id)),
            Some(Cursor::After(id)) => query.push(("min_id", id)),
            None => {}
        }
        query.push(("limit", &asked));
        let Answer { link, body, .. } = match self.get(&path, &query, ENTITY).await {
            // GoToSocial does not know a hashtag before somebody used it.
            Err(Failure { kind: FailureKind::NotFound, .. }) if matches!(stream, Stream::Hashtag { .. }) => return Ok(Page::default()),
            other => other?,
        };
        let page = match stream {
            Stream::UserNotification => ingest::notifications_page(&body, self.keep_raw),
            Stream::Direct => ingest::conversations_page(&body, self.keep_raw),
            Stream::User | Stream::Public { .. } | Stream::Hashtag { .. } | Stream::List(_) => ingest::statuses_page(&body, self.keep_raw),
        };
        let page = page.ok_or_else(|| self.unreadable("a timeline"))?;
        let older = match link {
            Some(link) => older(&link),
            None if page.items.len() + page.rejected >= usize::from(limit.max(1)) => page.items.last().and_then(own_id),
            None => None,
        };
        Ok(Page { older: older.map(Cursor::Before), ..page })
    }

    /// One status.
    pub async fn status(&self, id: &StatusId) -> Result<Bundle, Failure> {
        Ok(self.status_with_text(id).await?.0)
    }

    /// One status with its exact text, where the client keeps that.
    pub async fn status_with_text(&self, id: &StatusId) -> Result<(Bundle, Option<Arc<str>>), Failure> {
        let answer = self.get(&["api", "v1", "statuses", id.as_str()], &[], ENTITY).await?;
        let bundle = ingest::single_status(&answer.body).ok_or_else(|| self.unreadable("a post"))?;
        Ok((bundle, self.keep_raw.then(|| lossy(&answer.body).into())))
    }

    /// One notification.
    ///
    /// Source: <https://docs.joinmastodon.org/methods/notifications/#get-one>.
    pub async fn notification(&self, id: &NotificationId) -> Result<(Notification, Bundle), Failure> {
        let answer = self.get(&["api", "v1", "notifications", id.as_str()], &[], ENTITY).await?;
        ingest::single_notification(&answer.body).ok_or_else(|| self.unreadable("a notification"))
    }

    /// What stands before and after a status.
    pub async fn thread(&self, id: &StatusId) -> Result<Thread, Failure> {
        let answer = self.get(&["api", "v1", "statuses", id.as_str(), "context"], &[], ENTITY).await?;
        ingest::context(&answer.body).ok_or_else(|| self.unreadable("a thread"))
    }

    /// All versions of a status, oldest first.
    ///
    /// Source: <https://docs.joinmastodon.org/methods/statuses/#history>.
    pub async fn history(&self, id: &StatusId) -> Result<Vec<StatusEdit>, Failure> {
        let answer = self.get(&["api", "v1", "statuses", id.as_str(), "history"], &[], ENTITY).await?;
        ingest::history(&answer.body).ok_or_else(|| self.unreadable("a history of edits"))
    }

    /// What an account tells of itself.
    ///
    /// Source: <https://docs.joinmastodon.org/methods/accounts/#get>.
    pub async fn profile(&self, id: &AccountId) -> Result<(Profile, Bundle), Failure> {
        let answer = self.get(&["api", "v1", "accounts", id.as_str()], &[], ENTITY).await?;
        ingest::profile(&answer.body).ok_or_else(|| self.unreadable("an account"))
    }

    /// The newest posts and boosts of an account, `limit` at most.
    ///
    /// Source: <https://docs.joinmastodon.org/methods/accounts/#statuses>.
    pub async fn account_statuses(&self, id: &AccountId, limit: u16) -> Result<Page, Failure> {
        let limit = limit.to_string();
        let answer = self.get(&["api", "v1", "accounts", id.as_str(), "statuses"], &[("limit", &limit)], ENTITY).await?;
        ingest::statuses_page(&answer.body, false).ok_or_else(|| self.unreadable("a list of posts"))
    }

    /// How the reader and an account stand; `None` where the server leaves it out.
    ///
    /// Source: <https://docs.joinmastodon.org/methods/accounts/#relationships>.
    pub async fn relationship(&self, id: &AccountId) -> Result<Option<Relationship>, Failure> {
        let answer = self.get(&["api", "v1", "accounts", "relationships"], &[("id[]", id.as_str())], ENTITY).await?;
        let all = ingest::relationships(&answer.body).ok_or_else(|| self.unreadable("a list of relationships"))?;
        Ok(all.into_iter().find_map(|(whose, relationship)| (whose == *id).then_some(relationship)))
    }

    /// Accounts, hashtags and posts that match words; with `resolve` the server asks others for what it does not know, which
    /// takes a moment and makes it known there.
    ///
    /// Source: <https://docs.joinmastodon.org/methods/search/#v2>.
    pub async fn search(&self, words: &str, resolve: bool) -> Result<Found, Failure> {
        let mut query = vec![("q", words), ("limit", "20")];
        if resolve {
            query.push(("resolve", "true"));
        }
        let answer = self.get(&["api", "v2", "search"], &query, ENTITY).await?;
        ingest::found(&answer.body).ok_or_else(|| self.unreadable("what it found"))
    }

    /// The account's lists and followed hashtags; what a server does not have (404) is empty.
    pub async fn offer(&self) -> Result<Offer, Failure> {
        let lists = self.get(&["api", "v1", "lists"], &[], ENTITY);
        let tags = self.get(&["api", "v1", "followed_tags"], &[("limit", "200")], ENTITY);
        let (lists, tags) = tokio::join!(lists, tags);
        let lists = match present(lists)? {
            Some(answer) => ingest::lists(&answer.body).ok_or_else(|| self.unreadable("lists"))?,
            None => Vec::new(),
        };
        let followed_tags = match present(tags)? {
            Some(answer) => ingest::followed_tags(&answer.body).ok_or_else(|| self.unreadable("hashtags"))?,
            None => Vec::new(),
        };
        Ok(Offer { lists, followed_tags })
    }

    /// Up to where home and notifications were read, by whatever program.
    ///
    /// Source: <https://docs.joinmastodon.org/methods/markers/#get>. Asking without `timeline[]` gives nothing on some servers.
    pub async fn markers(&self) -> Result<Markers, Failure> {
        let both = [("timeline[]", "home"), ("timeline[]", "notifications")];
        let answer = self.get(&["api", "v1", "markers"], &both, ENTITY).await;
        match present(answer)? {
            Some(answer) => ingest::markers(&answer.body).ok_or_else(|| self.unreadable("read positions")),
            None => Ok(Markers::default()),
        }
    }

    /// Raises the markers to where this program has read, and gives back where they stand: not below what another one has
    /// written, which some servers would let us do.
    ///
    /// Source: <https://docs.joinmastodon.org/methods/markers/#create>.
    pub async fn raise_markers(&self, read: Markers) -> Result<Markers, Failure> {
        let held = self.markers().await?;
        let raised = held.clone().newer(read);
        let mut form = Vec::new();
        if raised.home != held.home {
            form.extend(raised.home.as_deref().map(|id| ("home[last_read_id]", id)));
        }
        if raised.notifications != held.notifications {
            form.extend(raised.notifications.as_deref().map(|id| ("notifications[last_read_id]", id)));
        }
        if !form.is_empty() {
            self.door.post(&["api", "v1", "markers"], &form, ENTITY).await?;
        }
        Ok(raised)
    }

    /// The door, for the socket's upgrade.
    pub(crate) fn door(&self) -> &Door {
        &self.door
    }

    async fn get(&self, path: &[&str], query: &[(&str, &str)], limit_bytes: usize) -> Result<Answer, Failure> {
        self.door.get(path, query, limit_bytes).await
    }

    async fn instance_v1(&self) -> Result<ingest::InstanceFacts, Failure> {
        match self.get(&["api", "v1", "instance"], &[], DOCUMENT).await {
            Ok(answer) => ingest::instance_v1(&answer.body).ok_or_else(|| self.no_mastodon()),
            Err(Failure { kind: FailureKind::NotFound, .. }) => Err(self.no_mastodon()),
            Err(failure) => Err(failure),
        }
    }

    /// The software by its own name; `None` where nodeinfo does not tell.
    async fn nodeinfo(&self) -> Option<Software> {
        let links = self.get(&[".well-known", "nodeinfo"], &[], DOCUMENT).await.ok()?;
        let links: Links = serde_json::from_slice(&links.body).ok()?;
        let server = self.door.server();
        let home =
            |link: &Link| Url::parse(&link.href).ok().filter(|url| url.host_str() == server.host_str() && url.port() == server.port());
        let url = links.links.iter().filter(|link| link.rel.contains("nodeinfo.diaspora.software/ns/schema/2.")).find_map(home)?;
        let path: Vec<&str> = url.path_segments()?.collect();
        let document = self.get(&path, &[], DOCUMENT).await.ok()?;
        let document: Nodeinfo = serde_json::from_slice(&document.body).ok()?;
        let name = document.software.name.to_ascii_lowercase();
        Some(match named(&name) {
            Some(software) => software,
            None if matches!(name.as_str(), "mastodon" | "hometown" | "glitch" | "glitchcafe") => Software::Mastodon,
            None => Software::Other,
        })
    }

    fn no_mastodon(&self) -> Failure {
        failure(FailureKind::Unusable, &format!("{} does not answer as a Mastodon server: check its name", self.door.host()))
    }

    fn unreadable(&self, what: &str) -> Failure {
        failure(FailureKind::Unusable, &format!("{} answered with something that is not {what}", self.door.host()))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("server", &self.door.host()).finish_non_exhaustive()
    }
}

/// Bound of an answer with entities, in bytes after decompression.
const ENTITY: usize = 16 * 1024 * 1024;
/// Bound of a document about the instance, in bytes.
const DOCUMENT: usize = 1024 * 1024;

/// The time of day.
#[expect(clippy::disallowed_methods, reason = "a server's limit ends at a moment of ours; the door is told the time here")]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}

fn place(stream: &Stream) -> (Vec<&str>, Vec<(&'static str, &str)>) {
    let mut query = Vec::new();
    let path = match stream {
        Stream::User => vec!["api", "v1", "timelines", "home"],
        Stream::UserNotification => vec!["api", "v1", "notifications"],
        Stream::Public { reach, only_media } => {
            match reach {
                Reach::Federated => {}
                Reach::Local => query.push(("local", "true")),
                Reach::Remote => query.push(("remote", "true")),
            }
            if *only_media {
                query.push(("only_media", "true"));
            }
            vec!["api", "v1", "timelines", "public"]
        }
        Stream::Hashtag { tag, local } => {
            if *local {
                query.push(("local", "true"));
            }
            vec!["api", "v1", "timelines", "tag", tag.spelling()]
        }
        Stream::List(id) => vec!["api", "v1", "timelines", "list", id.as_str()],
        Stream::Direct => vec!["api", "v1", "conversations"],
    };
    (path, query)
}

fn present(answer: Result<Answer, Failure>) -> Result<Option<Answer>, Failure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Failure { kind: FailureKind::NotFound, .. }) => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn own_id(item: &Item) -> Option<String> {
    match item {
        Item::Status(id) => Some(id.as_str().to_owned()),
        Item::Notification(notification) => Some(notification.id.as_str().to_owned()),
        // A conversation's page starts at the id of its last status or of a thing never shown: only Link knows.
        Item::Conversation(_) => None,
    }
}

/// The `max_id` of a `Link` header's `next`. Only its query is used: GoToSocial names its own configured host, whatever host
/// was dialled.
fn older(link: &str) -> Option<String> {
    let mut rest = link;
    while let Some((_, opened)) = rest.split_once('<') {
        let (address, after) = opened.split_once('>')?;
        let parameters = after.split('<').next().unwrap_or_default();
        rest = after;
        let next = parameters.split([';', ',']).any(|part| {
            part.trim().split_once('=').is_some_and(|(name, value)| {
                name.trim().eq_ignore_ascii_case("rel")
                    && value.trim().trim_matches('"').split_whitespace().any(|rel| rel.eq_ignore_ascii_case("next"))
            })
        });
        if next {
            let query = address.split('#').next()?.split_once('?')?.1;
            return form_urlencoded::parse(query.as_bytes())
                .find(|(name, _)| name == "max_id")
                .map(|(_, id)| id.into_owned())
                .filter(|id| StatusId::new(id).is_some());
        }
    }
    None
}

/// The address of the streams: what the server names, or its own.
fn streaming(server: &Url, named: Option<&str>) -> Result<Url, Failure> {
    let mut url = match named.map(str::trim).filter(|named| !named.is_empty()) {
        Some(named) => Url::parse(named)
            .map_err(|_| failure(FailureKind::Unusable, &format!("{} names no usable address for streaming", door::name(server))))?,
        None => server.clone(),
    };
    // GoToSocial says `wss` whatever it speaks: for the same host we know better.
    let home = url.host_str() == server.host_str() || (door::is_loopback(&url) && door::is_loopback(server));
    let protected = if home { door::secure(server) } else { door::secure(&url) };
    let scheme = match url.scheme() {
        "ws" | "wss" | "http" | "https" if protected => "wss",
        "ws" | "wss" | "http" | "https" => "ws",
        other => other,
    }
    .to_owned();
    if url.set_scheme(&scheme).is_err() {
        return Err(failure(FailureKind::Unusable, &format!("{} names no usable address for streaming", door::name(server))));
    }
    door::trusted(server, &url).map_err(|reason| failure(FailureKind::Unusable, &reason))?;
    url.set_query(None);
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/');
    let path = if path.ends_with(STREAMING) { path.to_owned() } else { format!("{path}{STREAMING}") };
    url.set_path(&path);
    Ok(url)
}

const STREAMING: &str = "/api/v1/streaming";

enum Guess {
    Sure(Software),
    Unsure(Software),
}

/// What an instance document says about its software beside the version.
#[derive(Deserialize, Default)]
struct Source {
    #[serde(default)]
    source_url: Option<String>,
    #[serde(default)]
    api_versions: Option<ApiVersions>,
}

#[derive(Deserialize)]
struct ApiVersions {
    #[serde(default)]
    mastodon: Option<u64>,
}

/// What a document under `.well-known` links to.
#[derive(Deserialize)]
pub(crate) struct Links {
    pub(crate) links: Vec<Link>,
}

/// One of its links.
#[derive(Deserialize)]
pub(crate) struct Link {
    pub(crate) rel: String,
    pub(crate) href: String,
}

#[derive(Deserialize)]
struct Nodeinfo {
    software: NodeinfoSoftware,
}

#[derive(Deserialize)]
struct NodeinfoSoftware {
    name: String,
}

fn source(body: &[u8]) -> Source {
    serde_json::from_slice(body).unwrap_or_default()
}

/// The software, by what the instance document says. GoToSocial's version may be prefixed with one of Mastodon's
/// (`3.5.3+0.20.0`), but its source address gives it away; others say `(compatible; Name version)`.
fn detect(version: &str, source: &Source) -> Guess {
    let version = version.to_ascii_lowercase();
    let origin = source.source_url.as_deref().unwrap_or_default().to_ascii_lowercase();
    if let Some(software) = named(&version).or_else(|| named(&origin)) {
        return Guess::Sure(software);
    }
    if version.contains("compatible;") {
        return Guess::Sure(Software::Other);
    }
    if source.api_versions.as_ref().is_some_and(|versions| versions.mastodon.is_some()) {
        return Guess::Sure(Software::Mastodon);
    }
    let (release, build) = version.split_once('+').unwrap_or((&version, ""));
    let mut numbers = release.split('.').map(|part| part.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<u32>().ok());
    let (major, minor, patch) = (numbers.next().flatten(), numbers.next().flatten(), numbers.next().flatten());
    match (major, minor, patch) {
        (Some(1..), Some(_), Some(_)) if !build.starts_with(|ch: char| ch.is_ascii_digit()) => Guess::Sure(Software::Mastodon),
        (Some(1..), Some(_), Some(_)) => Guess::Unsure(Software::Mastodon),
        _ => Guess::Unsure(Software::Other),
    }
}

fn named(text: &str) -> Option<Software> {
    if text.contains("gotosocial") {
        return Some(Software::GoToSocial);
    }
    let kin = ["pleroma", "akkoma", "rebased", "iceshrimp", "firefish", "calckey", "catodon", "foundkey", "sharkey", "misskey"];
    kin.iter().any(|name| text.contains(name)).then_some(Software::Pleroma)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mastodon::door::tests::{access, reply, serve};
    use crate::model::{ListId, Tag};

    const JSON: &str = "Content-Type: application/json";

    fn ok(body: &str) -> Vec<u8> {
        reply("200 OK", JSON, body.as_bytes())
    }

    fn missing() -> Vec<u8> {
        reply("404 Not Found", JSON, br#"{"error":"Not Found"}"#)
    }

    fn client(url: &Url) -> Client {
        Client::new(access(url)).unwrap()
    }

    fn target(head: &str) -> &str {
        head.split(' ').nth(1).unwrap()
    }

    fn status_json(id: &str) -> String {
        format!(r#"{{"id":"{id}","content":"<p>hi</p>","account":{{"id":"7","username":"a","acct":"a"}}}}"#)
    }

    #[tokio::test]
    async fn every_stream_has_its_timeline() {
        let mut server = serve(|_| ok("[]")).await;
        let client = client(&server.url);
        let public = |reach, only_media| Stream::Public { reach, only_media };
        let tag = |local| Stream::Hashtag { tag: Tag::new("#Rüst").unwrap(), local };
        let (before, after) = (Cursor::Before("90".to_owned()), Cursor::After("80".to_owned()));
        for (stream, cursor, expected) in [
            (Stream::User, None, "/api/v1/timelines/home?limit=40"),
            (Stream::User, Some(&before), "/api/v1/timelines/home?max_id=90&limit=40"),
            (Stream::User, Some(&after), "/api/v1/timelines/home?min_id=80&limit=40"),
            (Stream::UserNotification, None, "/api/v1/notifications?limit=40"),
            (public(Reach::Federated, false), None, "/api/v1/timelines/public?limit=40"),
            (public(Reach::Federated, true), None, "/api/v1/timelines/public?only_media=true&limit=40"),
            (public(Reach::Local, false), None, "/api/v1/timelines/public?local=true&limit=40"),
            (public(Reach::Local, true), Some(&before), "/api/v1/timelines/public?local=true&only_media=true&max_id=90&limit=40"),
            (public(Reach::Remote, false), None, "/api/v1/timelines/public?remote=true&limit=40"),
            (public(Reach::Remote, true), None, "/api/v1/timelines/public?remote=true&only_media=true&limit=40"),
            (tag(false), None, "/api/v1/timelines/tag/R%C3%BCst?limit=40"),
            (tag(true), None, "/api/v1/timelines/tag/R%C3%BCst?local=true&limit=40"),
            (Stream::List(ListId::new("12").unwrap()), None, "/api/v1/timelines/list/12?limit=40"),
            (Stream::Direct, Some(&before), "/api/v1/conversations?max_id=90&limit=40"),
        ] {
            let page = client.timeline(&stream, cursor, 40).await.unwrap();
            assert_eq!(page, Page::default());
            assert_eq!(server.targets(), [expected], "{stream:?}");
        }
    }

    #[tokio::test]
    async fn health_is_asked_where_the_streams_are_and_without_the_token() {
        let heads = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let seen = Arc::clone(&heads);
        let mut server = serve(move |head| {
            let asked = seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            assert!(!head.to_ascii_lowercase().contains("authorization"), "{head}");
            match asked {
                0 => reply("200 OK", "Content-Type: text/plain", b"OK"),
                1 => reply("200 OK", "Content-Type: text/plain", b"starting"),
                2 => missing(),
                _ => reply("502 Bad Gateway", "Content-Type: text/html", b"<h1>Bad Gateway</h1>"),
            }
        })
        .await;
        let client = client(&server.url);
        let mut streaming = server.url.join("/behind/api/v1/streaming").unwrap();
        streaming.set_scheme("ws").unwrap();
        for expected in [Some(true), Some(false), None] {
            assert_eq!(client.streaming_health(&streaming).await, Ok(expected));
            assert_eq!(server.targets(), ["/behind/api/v1/streaming/health"]);
        }
        let failed = client.streaming_health(&streaming).await.unwrap_err();
        assert!(failed.kind == FailureKind::Retry && !failed.reason.as_str().contains('<'), "{failed:?}");
    }

    #[tokio::test]
    async fn a_hashtag_that_nobody_used_yet_has_an_empty_page() {
        // GoToSocial answers so where Mastodon sends an empty list.
        let words = br#"{"error":"Not Found: tag was not found, or not useable/listable on this instance"}"#;
        let server = serve(|_| reply("404 Not Found", JSON, words)).await;
        let client = client(&server.url);
        for local in [false, true] {
            let tag = Stream::Hashtag { tag: Tag::new("neverused").unwrap(), local };
            assert_eq!(client.timeline(&tag, None, 40).await, Ok(Page::default()));
        }
        let list = Stream::List(ListId::new("12").unwrap());
        assert_eq!(client.timeline(&list, None, 40).await.unwrap_err().kind, FailureKind::NotFound);
    }

    #[test]
    fn the_older_page_is_where_link_says_whatever_host_it_names() {
        let gotosocial = "<http://localhost:8080/api/v1/timelines/home?limit=5&local=false&max_id=01M84JD5Z428YNZPTEW3FZP80Y>; rel=\"next\", \
                          <http://localhost:8080/api/v1/timelines/home?limit=5&local=false&min_id=01M84JH3PK6E6P2SX52RNZF6YC>; rel=\"prev\"";
        for (link, expected) in [
            (gotosocial, Some("01M84JD5Z428YNZPTEW3FZP80Y")),
            ("<https://a.example/x?min_id=9>; rel=\"prev\", <https://b.example/x?limit=2&max_id=7#y>; rel=\"next\"", Some("7")),
            ("</x?max_id=7>; title=\"a, b\"; REL=next", Some("7")),
            ("<https://a.example/x?a=1,2&max_id=7>; rel=\"last next\"", Some("7")),
            ("<https://a.example/x?min_id=9>; rel=\"prev\"", None),
            ("<https://a.example/x?max_id=>; rel=\"next\"", None),
            ("<https://a.example/x?max_id=%1b%5b2J>; rel=\"next\"", None),
            ("<https://a.example/x>; rel=\"next\"", None),
            ("<https://a.example/x?max_id=7; rel=next", None),
            ("nonsense", None),
            ("", None),
        ] {
            assert_eq!(older(link).as_deref(), expected, "{link}");
        }
    }

    #[tokio::test]
    async fn without_link_a_full_page_goes_on_from_its_last_item() {
        let body = format!("[{},{},{{\"id\":3}}]", status_json("90"), status_json("80"));
        let server = serve(move |head| match target(head) {
            "/api/v1/notifications?limit=1" => ok(r#"[{"id":"5","type":"follow","created_at":"2026-11-23T16:06:22Z"}]"#),
            target if target.contains("linked") => reply("200 OK", "Link: <https://b.example/?max_id=77>; rel=next", body.as_bytes()),
            _ => ok(&body),
        })
        .await;
        let client = client(&server.url);
        let full = client.timeline(&Stream::User, None, 3).await.unwrap();
        assert_eq!((full.items.len(), full.rejected, full.older), (2, 1, Some(Cursor::Before("80".to_owned()))));
        assert_eq!(full.bundle.statuses.len(), 2);
        assert_eq!(client.timeline(&Stream::User, None, 4).await.unwrap().older, None);
        let notifications = client.timeline(&Stream::UserNotification, None, 1).await.unwrap();
        assert_eq!(notifications.older, Some(Cursor::Before("5".to_owned())));
        let linked = Stream::Hashtag { tag: Tag::new("linked").unwrap(), local: false };
        assert_eq!(client.timeline(&linked, None, 40).await.unwrap().older, Some(Cursor::Before("77".to_owned())));
    }

    #[tokio::test]
    async fn posts_threads_and_the_account_are_asked_for_by_path() {
        let mut server = serve(|head| match target(head) {
            "/api/v1/statuses/90" => ok(&status_json("90")),
            "/api/v1/statuses/90/context" => ok(&format!(r#"{{"ancestors":[{}],"descendants":[]}}"#, status_json("80"))),
            "/api/v1/accounts/verify_credentials" => ok(r#"{"id":"7","username":"a","acct":"a"}"#),
            "/api/v1/statuses/1" => ok("[]"),
            "/api/v1/notifications/5" => {
                ok(&format!(r#"{{"id":"5","type":"mention","account":{{"id":"7","acct":"a"}},"status":{}}}"#, status_json("90")))
            }
            "/api/v1/notifications/1" => ok("{}"),
            _ => missing(),
        })
        .await;
        let client = client(&server.url);
        let id = StatusId::new("90").unwrap();
        assert_eq!(client.status(&id).await.unwrap().main().unwrap().id, id);
        assert_eq!(client.thread(&id).await.unwrap().ancestors, [StatusId::new("80").unwrap()]);
        assert_eq!(client.verify_credentials().await.unwrap().acct.as_str(), "a");
        assert_eq!(client.status(&StatusId::new("2").unwrap()).await.unwrap_err().kind, FailureKind::NotFound);
        assert_eq!(client.status(&StatusId::new("1").unwrap()).await.unwrap_err().kind, FailureKind::Unusable);
        assert_eq!(server.targets().len(), 5);
        let id = |raw| NotificationId::new(raw).unwrap();
        let (notification, bundle) = client.notification(&id("5")).await.unwrap();
        assert_eq!((notification.id, notification.status), (id("5"), StatusId::new("90")));
        assert_eq!(bundle.statuses.len(), 1);
        assert_eq!(client.notification(&id("6")).await.unwrap_err().kind, FailureKind::NotFound);
        assert_eq!(client.notification(&id("1")).await.unwrap_err().kind, FailureKind::Unusable);
    }

    #[tokio::test]
    async fn histories_and_profiles_are_asked_for_by_path() {
        let mut server = serve(|head| match target(head) {
            "/api/v1/statuses/90/history" => ok(r#"[{"content":"<p>a</p>"},{"content":"<p>b</p>"}]"#),
            "/api/v1/accounts/7" => ok(r#"{"id":"7","username":"a","acct":"a@b.example","note":"<p>hi</p>"}"#),
            "/api/v1/accounts/7/statuses?limit=20" => ok(&format!("[{}]", status_json("90"))),
            "/api/v1/accounts/relationships?id%5B%5D=7" => ok(r#"[{"id":"7","following":true}]"#),
            "/api/v1/accounts/relationships?id%5B%5D=8" | "/api/v1/accounts/8" => ok("[]"),
            _ => missing(),
        })
        .await;
        let client = client(&server.url);
        let (post, account, other) = (StatusId::new("90").unwrap(), AccountId::new("7").unwrap(), AccountId::new("8").unwrap());
        assert_eq!(client.history(&post).await.unwrap().len(), 2);
        assert_eq!(client.profile(&account).await.unwrap().0.domain, Some(Plain::line("b.example")));
        assert_eq!(client.account_statuses(&account, 20).await.unwrap().items, [Item::Status(post)]);
        assert_eq!(client.relationship(&account).await.unwrap().unwrap().ties, [crate::model::Tie::Following]);
        assert_eq!(client.relationship(&other).await.unwrap(), None);
        assert_eq!(client.profile(&other).await.unwrap_err().kind, FailureKind::Unusable);
        assert_eq!(client.history(&StatusId::new("1").unwrap()).await.unwrap_err().kind, FailureKind::NotFound);
        assert_eq!(server.targets().len(), 7);
    }

    #[tokio::test]
    async fn what_a_server_does_not_have_is_an_empty_part_of_the_offer() {
        let server = serve(|head| match target(head) {
            "/api/v1/lists" => ok(r#"[{"id":"12","title":"Friends"}]"#),
            _ => missing(),
        })
        .await;
        let offer = client(&server.url).offer().await.unwrap();
        assert_eq!((offer.lists.len(), offer.followed_tags.len()), (1, 0));

        let server = serve(|head| match target(head) {
            "/api/v1/followed_tags?limit=200" => ok(r#"[{"name":"rust","following":true}]"#),
            _ => missing(),
        })
        .await;
        let offer = client(&server.url).offer().await.unwrap();
        assert_eq!((offer.lists.len(), offer.followed_tags[0].as_str()), (0, "rust"));

        let server = serve(|_| reply("403 Forbidden", JSON, br#"{"error":"outside the authorized scopes"}"#)).await;
        let failure = client(&server.url).offer().await.unwrap_err();
        assert_eq!((failure.kind, failure.reason.as_str()), (FailureKind::Forbidden, "outside the authorized scopes"));
    }

    #[tokio::test]
    async fn the_instance_is_asked_in_both_versions_and_may_be_none() {
        let mut server = serve(|head| match target(head) {
            "/api/v2/instance" => ok(
                r#"{"domain":"a.example","title":"A","version":"4.5.0","configuration":{"urls":{"streaming":"wss://streaming.a.example"}}}"#,
            ),
            _ => missing(),
        })
        .await;
        let (facts, streaming) = client(&server.url).instance().await.unwrap();
        assert_eq!(streaming.as_str(), "wss://streaming.a.example/api/v1/streaming");
        assert_eq!((facts.domain.as_str(), facts.title.as_str(), facts.version.as_str()), ("a.example", "A", "4.5.0"));
        assert_eq!((facts.software, facts.streaming_host.as_str()), (Software::Mastodon, "streaming.a.example"));
        assert_eq!(server.targets(), ["/api/v2/instance"]);

        let mut server = serve(|head| match target(head) {
            "/api/v1/instance" => ok(r#"{"uri":"https://a.example/","title":"A","version":"3.5.19"}"#),
            _ => missing(),
        })
        .await;
        let (facts, streaming) = client(&server.url).instance().await.unwrap();
        assert_eq!(streaming.as_str(), server.url.join("/api/v1/streaming").unwrap().as_str().replace("http:", "ws:"));
        assert_eq!((facts.domain.as_str(), facts.software), ("a.example", Software::Mastodon));
        assert_eq!(server.targets(), ["/api/v2/instance", "/api/v1/instance"]);

        for answer in [missing(), ok("[1]"), ok(r#"{"hello":"world"}"#), ok("")] {
            let server = serve(move |_| answer.clone()).await;
            let failure = client(&server.url).instance().await.unwrap_err();
            assert_eq!(failure.kind, FailureKind::Unusable, "{failure:?}");
            assert!(failure.reason.as_str().contains("does not answer as a Mastodon server"), "{failure:?}");
        }
        for (answer, kind) in [
            (reply("502 Bad Gateway", "Content-Type: text/html", b"<h1>nginx</h1>"), FailureKind::Retry),
            (reply("200 OK", "Content-Type: text/html", b"<h1>hotel</h1>"), FailureKind::Retry),
            (reply("401 Unauthorized", JSON, br#"{"error":"no"}"#), FailureKind::Unauthorized),
        ] {
            let server = serve(move |_| answer.clone()).await;
            assert_eq!(client(&server.url).instance().await.unwrap_err().kind, kind);
        }
    }

    #[tokio::test]
    async fn nodeinfo_decides_where_the_version_does_not() {
        for (name, version, expected) in [
            ("gotosocial", "3.5.3+0.20.0-dev", Software::GoToSocial),
            ("gotosocial", "0.20.0-dev", Software::GoToSocial),
            ("iceshrimp.net", "", Software::Pleroma),
            ("mastodon", "our own", Software::Mastodon),
            ("snac", "0.1", Software::Other),
            ("", "3.5.3+0.20.0", Software::Mastodon),
            ("", "0.20.0", Software::Other),
        ] {
            let mut server = serve(move |head| {
                let host = head.lines().find_map(|line| line.strip_prefix("host: ").or(line.strip_prefix("Host: "))).unwrap().to_owned();
                match target(head) {
                    "/api/v2/instance" => ok(&format!(r#"{{"domain":"a.example","version":"{version}"}}"#)),
                    "/.well-known/nodeinfo" => ok(&format!(
                        r#"{{"links":[{{"rel":"other","href":"x"}},{{"rel":"http://nodeinfo.diaspora.software/ns/schema/2.0","href":"https://elsewhere.example/n"}},
                           {{"rel":"http://nodeinfo.diaspora.software/ns/schema/2.1","href":"http://{host}/nodeinfo/2.1"}}]}}"#
                    )),
                    "/nodeinfo/2.1" if !name.is_empty() => ok(&format!(r#"{{"version":"2.1","software":{{"name":"{name}","version":"1"}}}}"#)),
                    _ => missing(),
                }
            })
            .await;
            let (facts, _) = client(&server.url).instance().await.unwrap();
            assert_eq!(facts.software, expected, "{name} {version}");
            assert_eq!(server.targets(), ["/api/v2/instance", "/.well-known/nodeinfo", "/nodeinfo/2.1"], "{name} {version}");
        }
    }

    #[test]
    fn software_is_known_by_version_and_source() {
        let from = |source_url: Option<&str>, api: bool| Source {
            source_url: source_url.map(str::to_owned),
            api_versions: api.then_some(ApiVersions { mastodon: Some(6) }),
        };
        let gotosocial = Some("https://codeberg.org/superseriousbusiness/gotosocial");
        for (version, source, sure, software) in [
            ("4.5.0", from(None, false), true, Software::Mastodon),
            ("4.6.0-alpha.2+glitch", from(Some("https://github.com/glitch-soc/mastodon"), true), true, Software::Mastodon),
            ("4.0.2+hometown-1.1.1", from(None, false), true, Software::Mastodon),
            ("4.3.0rc1", from(None, false), true, Software::Mastodon),
            ("nightly", from(None, true), true, Software::Mastodon),
            ("0.20.0-dev", from(gotosocial, false), true, Software::GoToSocial),
            ("3.5.3+0.20.0-dev", from(gotosocial, false), true, Software::GoToSocial),
            ("3.5.3+0.20.0", from(None, false), false, Software::Mastodon),
            ("0.17.3+git-1a2b3c", from(None, false), false, Software::Other),
            ("2.7.2 (compatible; Pleroma 2.9.1)", from(None, false), true, Software::Pleroma),
            ("2.7.2 (compatible; Akkoma 3.15.0)", from(None, false), true, Software::Pleroma),
            ("4.2.1 (compatible; Iceshrimp.NET/2025.1)", from(None, true), true, Software::Pleroma),
            ("4.2.1 (compatible; Firefish 20240729)", from(None, false), true, Software::Pleroma),
            ("3.0.0 (compatible; Sharkey 2025.4.3)", from(None, false), true, Software::Pleroma),
            ("3.5.3 (compatible; Pixelfed 0.12.5)", from(None, false), true, Software::Other),
            ("4.0.0 (compatible; Mitra 4.9.0)", from(None, true), true, Software::Other),
            ("", from(None, false), false, Software::Other),
        ] {
            let (is_sure, is) = match detect(version, &source) {
                Guess::Sure(software) => (true, software),
                Guess::Unsure(software) => (false, software),
            };
            assert_eq!((is_sure, is), (sure, software), "{version}");
        }
        let recorded = source(br#"{"source_url":"https://codeberg.org/superseriousbusiness/gotosocial","version":"0.20.0"}"#);
        assert!(matches!(detect("0.20.0", &recorded), Guess::Sure(Software::GoToSocial)));
        let newest = source(br#"{"source_url":null,"api_versions":{"mastodon":7,"x":1}}"#);
        assert!(matches!(detect("nightly", &newest), Guess::Sure(Software::Mastodon)));
        assert!(source(b"<html>").source_url.is_none());
    }

    #[test]
    fn streams_are_where_the_server_says_unless_that_is_worse() {
        let at = |server: &str, named: Option<&str>| streaming(&Url::parse(server).unwrap(), named).map(|url| url.to_string());
        for (server, named, expected) in [
            ("https://a.example", None, "wss://a.example/api/v1/streaming"),
            ("https://a.example", Some(" "), "wss://a.example/api/v1/streaming"),
            ("https://a.example:8443", None, "wss://a.example:8443/api/v1/streaming"),
            ("https://a.example", Some("wss://streaming.a.example"), "wss://streaming.a.example/api/v1/streaming"),
            ("https://a.example", Some("https://b.example/"), "wss://b.example/api/v1/streaming"),
            ("https://a.example", Some("wss://b.example/base/?x=1#y"), "wss://b.example/base/api/v1/streaming"),
            ("https://a.example", Some("wss://b.example/api/v1/streaming/"), "wss://b.example/api/v1/streaming"),
            ("https://a.example", Some("ws://a.example"), "wss://a.example/api/v1/streaming"),
            ("http://localhost:8080", Some("wss://localhost:8080"), "ws://localhost:8080/api/v1/streaming"),
            ("http://127.0.0.1:8080", Some("wss://localhost:8080"), "ws://localhost:8080/api/v1/streaming"),
            ("http://localhost:3000", Some("ws://localhost:4000"), "ws://localhost:4000/api/v1/streaming"),
            ("http://localhost:3000", Some("wss://a.example"), "wss://a.example/api/v1/streaming"),
        ] {
            assert_eq!(at(server, named).as_deref(), Ok(expected), "{server} {named:?}");
        }
        for named in
            ["ws://b.example", "wss://127.0.0.1", "wss://10.0.0.1", "wss://db.internal", "ftp://b.example", "streaming", "data:x", "wss://"]
        {
            let failure = at("https://a.example", Some(named)).expect_err(named);
            assert_eq!(failure.kind, FailureKind::Unusable, "{named}");
            assert!(failure.reason.as_str().contains("a.example"), "{failure:?}");
        }
    }

    #[test]
    fn a_client_prints_its_server_and_no_more() {
        let client = client(&Url::parse("http://127.0.0.1:9/").unwrap());
        assert_eq!(format!("{client:?}"), "Client { server: \"127.0.0.1:9\", .. }");
    }
    #[tokio::test]
    async fn an_answer_is_read_up_to_the_bound_of_its_kind() {
        // Blanks behind a whole document: too long is too long, whatever it says.
        let padded = |body: &str, length: usize| format!("{body}{}", " ".repeat(length - body.len()));
        let document = r#"{"domain":"a.example","uri":"a.example","version":"4.5.0"}"#;
        for (length, fits) in [(DOCUMENT, true), (DOCUMENT + 1, false)] {
            let body = ok(&padded(document, length));
            let server = serve(move |_| body.clone()).await;
            assert_eq!(client(&server.url).instance().await.is_ok(), fits, "a document of {length} bytes");
        }
        for (length, fits) in [(ENTITY, true), (ENTITY + 1, false)] {
            let body = ok(&padded("[]", length));
            let server = serve(move |_| body.clone()).await;
            let page = client(&server.url).timeline(&Stream::User, None, 40).await;
            assert_eq!(page.is_ok(), fits, "a page of {length} bytes");
        }
        assert_eq!((DOCUMENT, ENTITY), (1024 * 1024, 16 * 1024 * 1024));
    }
}
