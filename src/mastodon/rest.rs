//! `Client`: the questions that Trunkline asks a server over REST, and what it concludes about the server's software.
//!
//! Absent on purpose: how bytes travel (the door), how entities are read (`ingest`), and anything that writes: Trunkline
//! only reads timelines.

use crate::mastodon::door::{self, Access, Answer, Door, failure};
use crate::mastodon::{Error, ingest};
use crate::model::{
    Account, Bundle, Cursor, Failure, FailureKind, Item, Offer, Page, Reach, Server, Software, StatusId, Stream, Thread, Timestamp,
};
use crate::text::Plain;
use serde::Deserialize;
use std::fmt;
use std::sync::Arc;
use url::{Url, form_urlencoded};

/// One account's way to its server. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    door: Arc<Door>,
}

impl Client {
    /// Builds a client; nothing is sent yet. Fails where this machine cannot make secure connections.
    pub fn new(access: Access) -> Result<Self, Error> {
        let door = Door::new(&access, now)?;
        drop(access);
        Ok(Self { door: Arc::new(door) })
    }

    /// What the server says about itself, and the address of its streams (`…/api/v1/streaming`, `ws` or `wss`).
    ///
    /// `Unusable` where it is no Mastodon server, or names an address for streams that is less public or less protected than
    /// its own. Source: <https://docs.joinmastodon.org/methods/instance/>.
    pub async fn instance(&self) -> Result<(Server, Url), Failure> {
        let (facts, source) = match self.get(&["api", "v2", "instance"], &[], DOCUMENT).await {
            Ok(answer) => match ingest::instance_v2(&answer.body) {
                Some(facts) => (facts, source(&answer.body)),
                None => (self.instance_v1().await?, Source::default()),
            },
            Err(Failure { kind: FailureKind::NotFound | FailureKind::Forbidden | FailureKind::Unusable, .. }) => {
                (self.instance_v1().await?, Source::default())
            }
            Err(failure) => return Err(failure),
        };
        let streaming = streaming(self.door.server(), facts.streaming.as_deref())?;
        let software = match detect(facts.version.as_str(), &source) {
            Guess::Sure(software) => software,
            Guess::Unsure(software) => self.nodeinfo().await.unwrap_or(software),
        };
        let server = Server {
            domain: if facts.domain.is_blank() { Plain::line(&self.door.host()) } else { facts.domain },
            title: facts.title,
            version: facts.version,
            software,
            streaming_host: Plain::line(&door::name(&streaming)),
        };
        Ok((server, streaming))
    }

    /// The account that the token belongs to.
    pub async fn verify_credentials(&self) -> Result<Account, Failure> {
        let answer = self.get(&["api", "v1", "accounts", "verify_credentials"], &[], ENTITY).await?;
        ingest::account(&answer.body).ok_or_else(|| self.unreadable("an account"))
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
        let Answer { link, body } = self.get(&path, &query, ENTITY).await?;
        let page = match stream {
            Stream::UserNotification => ingest::notifications_page(&body),
            Stream::Direct => ingest::conversations_page(&body),
            Stream::User | Stream::Public { .. } | Stream::Hashtag { .. } | Stream::List(_) => ingest::statuses_page(&body),
        };
        let (items, bundle, rejected) = page.ok_or_else(|| self.unreadable("a timeline"))?;
        let older = match link {
            Some(link) => older(&link),
            None if items.len() + rejected >= usize::from(limit.max(1)) => items.last().and_then(own_id),
            None => None,
        };
        Ok(Page { items, bundle, older: older.map(Cursor::Before), rejected })
    }

    /// One status.
    pub async fn status(&self, id: &StatusId) -> Result<Bundle, Failure> {
        let answer = self.get(&["api", "v1", "statuses", id.as_str()], &[], ENTITY).await?;
        ingest::single_status(&answer.body).ok_or_else(|| self.unreadable("a post"))
    }

    /// What stands before and after a status.
    pub async fn thread(&self, id: &StatusId) -> Result<Thread, Failure> {
        let answer = self.get(&["api", "v1", "statuses", id.as_str(), "context"], &[], ENTITY).await?;
        ingest::context(&answer.body).ok_or_else(|| self.unreadable("a thread"))
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

#[expect(clippy::disallowed_methods, reason = "a server's limit ends at a moment of ours; the door is told the time here")]
fn now() -> Timestamp {
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

#[derive(Deserialize)]
struct Links {
    links: Vec<Link>,
}

#[derive(Deserialize)]
struct Link {
    rel: String,
    href: String,
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
