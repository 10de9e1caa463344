//! The one network door: every byte to and from a server passes here, REST answers and the upgrade of the socket alike.
//!
//! What it guarantees: the token goes to the instance and to the streaming host it names, never further and never into a
//! URL; nothing waits without a deadline; nothing is read without a bound; no answer of a stranger is shown except a
//! server's own words, cleaned. Absent on purpose: what the paths and documents mean, back-off, and the clock (it is
//! handed in).

use crate::mastodon::{Error, ingest};
use crate::model::{Failure, FailureKind, Timestamp};
use crate::text::Plain;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LINK, LOCATION, RETRY_AFTER, SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use reqwest::{Response, StatusCode, Upgraded, redirect};
use std::error::Error as _;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::time::Duration;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use url::{Host, Url};

/// An access token. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// An instance and the token for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Base address of the instance, without path.
    pub server: Url,
    /// The reader's token there.
    pub token: Token,
}

/// Where the wall clock is read: servers tell times, and the answer needs a moment of ours.
pub(crate) type Clock = fn() -> Timestamp;

/// The clients of one account.
pub(crate) struct Door {
    server: Url,
    authorization: HeaderValue,
    protocol: HeaderValue,
    rest: reqwest::Client,
    upgrade: reqwest::Client,
    clock: Clock,
}

/// An answer with status 200.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// The `Link` header, several joined by commas.
    pub(crate) link: Option<String>,
    /// The body after decompression.
    pub(crate) body: Vec<u8>,
}

/// Why there is no socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// What it means for the connection.
    pub(crate) kind: RefusalKind,
    /// What happened, in words that can be shown.
    pub(crate) reason: Plain,
    /// When to come back, where the server said so; one second to fifteen minutes.
    pub(crate) retry_after: Option<Duration>,
}

/// What a refused upgrade means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefusalKind {
    /// The name does not resolve, nobody answers there, or not in time.
    Offline,
    /// The secure connection failed; a certificate that is not accepted, mostly.
    Tls,
    /// The server itself does not accept the token.
    Unauthorized,
    /// Something in between answered: a portal, a proxy, a login page.
    Interposed,
    /// 429 or 503: not now.
    RateLimited,
    /// No streaming at this address.
    NoStreaming,
    /// Any other trouble of the server's.
    Server,
}

impl Token {
    /// Takes a token as it was pasted; spaces and line ends around it go.
    pub fn new(raw: &str) -> Result<Self, Error> {
        let token = raw.trim();
        if token.is_empty() {
            return Err(Error::BadToken("empty"));
        }
        if token.len() > LONGEST_TOKEN {
            return Err(Error::BadToken("too long"));
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::BadToken("not one word of printable ASCII"));
        }
        Ok(Self(token.to_owned()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Access {
    /// Takes the server as people type it: a name, an address with or without path, or an account on it.
    pub fn new(server: &str, token: Token) -> Result<Self, Error> {
        Ok(Self { server: normalise(server)?, token })
    }
}

impl Door {
    /// Builds the clients; fails where this machine has no trust store for a server that needs one.
    pub(crate) fn new(access: &Access, clock: Clock) -> Result<Self, Error> {
        let _first_or_not = rustls::crypto::ring::default_provider().install_default();
        let mut authorization =
            HeaderValue::from_str(&format!("Bearer {}", access.token.0)).map_err(|_| Error::BadToken("not printable ASCII"))?;
        authorization.set_sensitive(true);
        let mut protocol = HeaderValue::from_str(&access.token.0).map_err(|_| Error::BadToken("not printable ASCII"))?;
        protocol.set_sensitive(true);
        let rest = builder(&access.server)
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .http2_keep_alive_interval(CONNECT)
            .http2_keep_alive_timeout(CONNECT)
            .gzip(true)
            .redirect(same_origin_only())
            .build()
            .map_err(|error| set_up(&error))?;
        let upgrade = upgrade_client(&access.server).map_err(|error| set_up(&error))?;
        Ok(Self { server: access.server.clone(), authorization, protocol, rest, upgrade, clock })
    }

    /// The instance's base address.
    pub(crate) fn server(&self) -> &Url {
        &self.server
    }

    /// The instance's host, with the port where it is not the usual one.
    pub(crate) fn host(&self) -> String {
        name(&self.server)
    }

    /// Asks the instance and reads at most `limit_bytes` of body; 30 s for all of it, asked once more on a dead connection.
    pub(crate) async fn get(&self, path: &[&str], query: &[(&str, &str)], limit_bytes: usize) -> Result<Answer, Failure> {
        match tokio::time::timeout(TOTAL, self.ask(path, query, limit_bytes)).await {
            Ok(answer) => answer,
            Err(_) => Err(failure(FailureKind::Retry, &format!("{} did not answer within {} s", self.host(), TOTAL.as_secs()))),
        }
    }

    async fn ask(&self, path: &[&str], query: &[(&str, &str)], limit_bytes: usize) -> Result<Answer, Failure> {
        let url = self.address(path, query)?;
        let mut response = match self.send(url.clone()).await {
            Err(error) if dead(&error) => self.send(url).await,
            other => other,
        }
        .map_err(|error| Trouble::of(&error, &self.server).into_failure())?;
        if response.status() != StatusCode::OK {
            return Err(self.refused(response).await);
        }
        let html = is_html(response.headers());
        let link = link(response.headers());
        let body = match read(&mut response, limit_bytes).await {
            Ok(body) => body,
            Err(Unread::TooLong) => {
                let size = limit_bytes / 1024;
                return Err(failure(FailureKind::Unusable, &format!("{} sent an answer of more than {size} KiB", self.host())));
            }
            Err(Unread::Broken) => {
                return Err(failure(FailureKind::Retry, &format!("{} broke off in the middle of an answer", self.host())));
            }
        };
        if html {
            return Err(failure(FailureKind::Retry, &interposed(&self.server, StatusCode::OK)));
        }
        Ok(Answer { link, body })
    }

    async fn send(&self, url: Url) -> reqwest::Result<Response> {
        self.rest.get(url).header(AUTHORIZATION, self.authorization.clone()).header(ACCEPT, "application/json").send().await
    }

    fn address(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Url, Failure> {
        let mut url = self.server.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().extend(path);
        }
        if url.path_segments().is_none_or(|segments| segments.count() != path.len()) {
            return Err(failure(FailureKind::NotFound, "an id that cannot stand in an address"));
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    async fn refused(&self, mut response: Response) -> Failure {
        let status = response.status();
        let headers = response.headers().clone();
        let words = read(&mut response, WORDS).await.ok().and_then(|body| ingest::error_words(&body));
        let reason = words.clone().unwrap_or_else(|| answered(&self.server, status));
        let now = (self.clock)();
        let kind = match status.as_u16() {
            206 => return failure(FailureKind::Retry, &format!("{} is not ready with it yet", self.host())),
            300..=399 => return self.redirected(status, &headers),
            401 | 403 | 407 if words.is_none() => return failure(FailureKind::Retry, &interposed(&self.server, status)),
            407 | 408 | 425 => FailureKind::Retry,
            401 => FailureKind::Unauthorized,
            404 | 410 => FailureKind::NotFound,
            429 => FailureKind::RateLimited(later(now, wait(status, &headers, now).unwrap_or(UNSTATED))),
            503 => wait(status, &headers, now).map_or(FailureKind::Retry, |wait| FailureKind::RateLimited(later(now, wait))),
            400..=499 if words.is_some() => FailureKind::Forbidden,
            501 => FailureKind::Unusable,
            500..=599 => FailureKind::Retry,
            _ => FailureKind::Unusable,
        };
        Failure { kind, reason }
    }

    fn redirected(&self, status: StatusCode, headers: &HeaderMap) -> Failure {
        let host = self.host();
        let target = headers.get(LOCATION).and_then(|value| self.server.join(value.to_str().ok()?).ok());
        let kind = match status {
            StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT => FailureKind::Unusable,
            _ => FailureKind::Retry,
        };
        match target {
            Some(target) if target.origin() == self.server.origin() => failure(kind, &format!("{host} redirects in circles")),
            Some(target) => {
                let there = name(&target);
                failure(kind, &format!("{host} redirects to {there}, which was not followed: sign in there if that is your server"))
            }
            None => failure(kind, &format!("{host} redirects to nowhere")),
        }
    }

    /// Opens the socket at `streaming`, with one deadline of 10 s over all of it; the token goes into the subprotocol as
    /// well where the server is known to look only there.
    pub(crate) async fn upgrade(&self, streaming: &Url, subprotocol: bool) -> Result<Upgraded, Refusal> {
        match tokio::time::timeout(CONNECT, self.dial(streaming, subprotocol)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let words = format!("{} did not answer within {} s", name(streaming), CONNECT.as_secs());
                Err(refusal(RefusalKind::Offline, &words))
            }
        }
    }

    async fn dial(&self, streaming: &Url, subprotocol: bool) -> Result<Upgraded, Refusal> {
        trusted(&self.server, streaming).map_err(|reason| refusal(RefusalKind::NoStreaming, &reason))?;
        let mut url = streaming.clone();
        if url.set_scheme(if secure(streaming) { "https" } else { "http" }).is_err() {
            return Err(refusal(RefusalKind::NoStreaming, "the streaming address is not one of the web"));
        }
        let client = if is_loopback(streaming) == is_loopback(&self.server) && secure(streaming) == secure(&self.server) {
            self.upgrade.clone()
        } else {
            upgrade_client(&url).map_err(|error| refusal(RefusalKind::Tls, &set_up(&error).to_string()))?
        };
        let key = generate_key();
        let mut request = client
            .get(url)
            .header(UPGRADE, "websocket")
            .header(CONNECTION, "Upgrade")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, &key)
            .header(AUTHORIZATION, self.authorization.clone());
        if subprotocol {
            request = request.header(SEC_WEBSOCKET_PROTOCOL, self.protocol.clone());
        }
        let response = request.send().await.map_err(|error| Trouble::of(&error, streaming).into_refusal())?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(self.turned_away(streaming, response).await);
        }
        if !is_websocket(response.headers(), &key) {
            let words = format!("something between here and {} answers, but not as a WebSocket", name(streaming));
            return Err(refusal(RefusalKind::Interposed, &words));
        }
        response.upgrade().await.map_err(|error| Trouble::of(&error, streaming).into_refusal())
    }

    async fn turned_away(&self, streaming: &Url, mut response: Response) -> Refusal {
        let status = response.status();
        let headers = response.headers().clone();
        let body = read(&mut response, WORDS).await.unwrap_or_default();
        let words = headers
            .get("x-error-message")
            .and_then(|value| value.to_str().ok())
            .map(Plain::line)
            .filter(|words| !words.is_blank())
            .or_else(|| ingest::error_words(&body));
        let now = (self.clock)();
        let (kind, fallback) = match status.as_u16() {
            // Before Mastodon 4.3 nothing but this one word said that the server itself had answered.
            401 if words.is_some() || body.trim_ascii() == b"Unauthorized" => (RefusalKind::Unauthorized, answered(streaming, status)),
            200..=299 => return refusal(RefusalKind::Interposed, &interposed(streaming, status)),
            401 | 407 => (RefusalKind::Interposed, Plain::line(&interposed(streaming, status))),
            403 if words.is_none() => (RefusalKind::Interposed, Plain::line(&interposed(streaming, status))),
            429 | 503 => (RefusalKind::RateLimited, answered(streaming, status)),
            300..=399 => (RefusalKind::NoStreaming, Plain::line(&format!("{} redirects its streaming elsewhere", name(streaming)))),
            404 | 410 | 501 => (RefusalKind::NoStreaming, Plain::line(&format!("{} has no streaming there ({status})", name(streaming)))),
            _ => (RefusalKind::Server, answered(streaming, status)),
        };
        let retry_after = if kind == RefusalKind::RateLimited { wait(status, &headers, now) } else { None };
        Refusal { kind, reason: words.unwrap_or(fallback), retry_after }
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("server", &self.host()).finish_non_exhaustive()
    }
}

/// Whether the token may go to `streaming` because `server` named it: it must be as public and as well protected.
pub(crate) fn trusted(server: &Url, streaming: &Url) -> Result<(), String> {
    let there = name(streaming);
    if !matches!(streaming.scheme(), "ws" | "wss" | "http" | "https") || streaming.host().is_none() {
        return Err(format!("the streaming address of {} is not one of the web", name(server)));
    }
    if !streaming.username().is_empty() || streaming.password().is_some() {
        return Err(format!("the streaming address of {} contains a user name", name(server)));
    }
    if !secure(streaming) && (secure(server) || !is_loopback(streaming)) {
        return Err(format!("{} names {there} for streaming without encryption, so the token is not sent there", name(server)));
    }
    if publicity(streaming) < publicity(server) {
        return Err(format!("{} names the private address {there} for streaming, so the token is not sent there", name(server)));
    }
    Ok(())
}

/// The host of an address, with the port where it is not the usual one.
pub(crate) fn name(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => "nobody".to_owned(),
    }
}

/// Whether an address is one of TLS.
pub(crate) fn secure(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "wss")
}

/// A failure in our own words.
pub(crate) fn failure(kind: FailureKind, words: &str) -> Failure {
    Failure { kind, reason: Plain::line(words) }
}

const LONGEST_TOKEN: usize = 4096;
const CONNECT: Duration = Duration::from_secs(10);
const TOTAL: Duration = Duration::from_secs(30);
const IDLE: Duration = Duration::from_secs(60);
/// How much of an error's body is looked at.
const WORDS: usize = 64 * 1024;
/// How long to stay away where a server limits us without saying until when.
const UNSTATED: Duration = Duration::from_secs(60);
const REDIRECTS: usize = 3;
const USER_AGENT: &str = concat!("Trunkline/", env!("CARGO_PKG_VERSION"), " (Mastodon streams in a terminal)");

fn builder(server: &Url) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder().user_agent(USER_AGENT).referer(false);
    let builder = if is_loopback(server) { builder.no_proxy() } else { builder };
    // Only this machine is reached without TLS; then no trust store is needed, and where there is none it would not build.
    if secure(server) { builder } else { builder.tls_certs_only([]) }
}

fn upgrade_client(streaming: &Url) -> reqwest::Result<reqwest::Client> {
    builder(streaming).http1_only().no_gzip().redirect(redirect::Policy::none()).build()
}

fn same_origin_only() -> redirect::Policy {
    redirect::Policy::custom(|attempt| {
        let bare = attempt.url().username().is_empty() && attempt.url().password().is_none();
        let home = attempt.previous().first().is_some_and(|first| first.origin() == attempt.url().origin());
        if bare && home && attempt.previous().len() <= REDIRECTS { attempt.follow() } else { attempt.stop() }
    })
}

fn set_up(error: &reqwest::Error) -> Error {
    Error::Setup(Plain::line(&root(error)))
}

fn normalise(raw: &str) -> Result<Url, Error> {
    let typed = raw.trim();
    if typed.is_empty() {
        return Err(Error::NoServer);
    }
    let bad = |reason: &str| Error::BadServer {
        name: Plain::line(typed.split(['?', '#']).next().unwrap_or_default()),
        reason: Plain::line(reason),
    };
    let (scheme, rest) = match typed.split_once("://") {
        Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
        None => (None, typed),
    };
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = match scheme.as_deref() {
        Some("https" | "http") if authority.contains('@') => return Err(Error::Credentials),
        Some("https" | "http") => authority,
        Some(_) => return Err(bad("it is not an address of the web")),
        None => {
            let handle = authority.strip_prefix("acct:").unwrap_or(authority);
            match handle.trim_start_matches('@').split_once('@') {
                Some((user, _)) if user.contains(':') => return Err(Error::Credentials),
                Some((user, _)) if user.is_empty() => return Err(bad("the account has no name")),
                Some((_, host)) if host.contains('@') => return Err(bad("it has more than one `@`")),
                Some((_, host)) => host,
                None if handle.starts_with('@') => return Err(bad("the account does not say on which server it is")),
                None => handle,
            }
        }
    };
    if host.is_empty() {
        return Err(Error::NoServer);
    }
    if host.chars().any(|ch| ch.is_whitespace() || ch.is_control() || ch == '%') {
        return Err(bad("it contains spaces or signs that no name has"));
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    let scheme = scheme.unwrap_or_else(|| "https".to_owned());
    let url = Url::parse(&format!("{scheme}://{host}/")).map_err(|error| bad(&error.to_string()))?;
    if url.host().is_none() {
        return Err(Error::NoServer);
    }
    if !secure(&url) && !is_loopback(&url) {
        return Err(Error::PlainHttp(Plain::line(&name(&url))));
    }
    Ok(url)
}

/// Whether an address is one of this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    }
}

/// How far an address reaches, as far as its text tells.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Publicity {
    Machine,
    Network,
    World,
}

fn publicity(url: &Url) -> Publicity {
    let address = match url.host() {
        Some(Host::Domain(domain)) => {
            let domain = domain.trim_end_matches('.');
            let last = domain.rsplit('.').next().unwrap_or_default();
            return match last {
                "localhost" => Publicity::Machine,
                "local" | "lan" | "internal" | "localdomain" | "intranet" => Publicity::Network,
                _ if last == domain || domain.ends_with(".home.arpa") => Publicity::Network,
                _ => Publicity::World,
            };
        }
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => address.to_canonical(),
        None => return Publicity::Machine,
    };
    if address.is_loopback() || address.is_unspecified() {
        return Publicity::Machine;
    }
    let inside = match address {
        IpAddr::V4(four) => {
            let [first, second, ..] = four.octets();
            four.is_private() || four.is_link_local() || four.is_broadcast() || (first == 100 && (64..128).contains(&second)) || first == 0
        }
        IpAddr::V6(six) => six.is_unique_local() || six.is_unicast_link_local(),
    };
    if inside || address.is_multicast() { Publicity::Network } else { Publicity::World }
}

enum Unread {
    TooLong,
    Broken,
}

async fn read(response: &mut Response, limit_bytes: usize) -> Result<Vec<u8>, Unread> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Unread::Broken)? {
        if body.len() + chunk.len() > limit_bytes {
            return Err(Unread::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn link(headers: &HeaderMap) -> Option<String> {
    let links: Vec<&str> = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()).collect();
    (!links.is_empty()).then(|| links.join(", "))
}

fn is_html(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    kind.starts_with("text/html") || kind.starts_with("application/xhtml")
}

fn is_websocket(headers: &HeaderMap, key: &str) -> bool {
    let names = |header, word: &str| {
        headers
            .get_all(header)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    let accept = headers.get(SEC_WEBSOCKET_ACCEPT).is_some_and(|value| value.as_bytes() == derive_accept_key(key.as_bytes()).as_bytes());
    names(UPGRADE, "websocket") && names(CONNECTION, "upgrade") && accept
}

fn answered(url: &Url, status: StatusCode) -> Plain {
    Plain::line(&format!("{} answered {status}", name(url)))
}

fn interposed(url: &Url, status: StatusCode) -> String {
    format!("something between here and {} answered ({status}): a portal, a proxy or a login page", name(url))
}

fn refusal(kind: RefusalKind, words: &str) -> Refusal {
    Refusal { kind, reason: Plain::line(words), retry_after: None }
}

/// How long the server wants to be left alone; `None` where it does not say.
fn wait(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let date = text(DATE.as_str()).and_then(http_date).unwrap_or(now);
    let seconds = |raw: &str| raw.parse::<f64>().ok().filter(|seconds| seconds.is_finite());
    let until = |moment: Timestamp| moment.duration_since(date).as_secs_f64();
    let after = text(RETRY_AFTER.as_str()).and_then(|raw| seconds(raw).or_else(|| http_date(raw).map(until)));
    // Mastodon counts down on every answer: on a 503 that has nothing to do with the limit the count says nothing.
    let unrelated = status == StatusCode::SERVICE_UNAVAILABLE && text("x-ratelimit-remaining").is_some_and(|left| left != "0");
    let reset = || {
        let raw = text("x-ratelimit-reset").filter(|_| !unrelated)?;
        match seconds(raw) {
            Some(count) if count < EPOCHS => Some(count),
            #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 fit")]
            Some(epoch) => Some(epoch - date.as_second() as f64),
            None => raw.parse::<Timestamp>().ok().map(until),
        }
    };
    let seconds = after.or_else(reset)?.clamp(1.0, 900.0);
    Some(Duration::from_secs_f64(seconds))
}

/// Below this a number cannot be a moment since 1970 (it would be 2001); some servers count from now.
const EPOCHS: f64 = 1e9;

fn http_date(raw: &str) -> Option<Timestamp> {
    DateTimeParser::new().relaxed_weekday(true).parse_timestamp(raw).ok()
}

fn later(now: Timestamp, wait: Duration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// What went wrong on the way, before there was an answer.
struct Trouble {
    way: Way,
    words: Plain,
}

#[derive(Clone, Copy)]
enum Way {
    Nowhere,
    Untrusted,
    Proxy,
    Lost,
}

impl Trouble {
    fn of(error: &reqwest::Error, url: &Url) -> Self {
        let host = name(url);
        let root = root(error);
        let (way, words) = if let Some(tls) = tls(error) {
            (Way::Untrusted, format!("the secure connection to {host} failed: {tls}"))
        } else if root.starts_with("tunnel error") {
            (Way::Proxy, format!("the proxy on the way to {host} refuses ({root})"))
        } else if error.is_timeout() {
            (Way::Nowhere, format!("{host} did not answer in time"))
        } else if error.is_dns() {
            (Way::Nowhere, format!("the name {host} does not resolve ({root})"))
        } else if error.is_connect() {
            (Way::Nowhere, format!("{host} cannot be reached ({root})"))
        } else {
            (Way::Lost, format!("the connection to {host} was lost ({root})"))
        };
        Self { way, words: Plain::line(&words) }
    }

    fn into_failure(self) -> Failure {
        let kind = match self.way {
            Way::Untrusted => FailureKind::Unusable,
            Way::Nowhere | Way::Proxy | Way::Lost => FailureKind::Retry,
        };
        Failure { kind, reason: self.words }
    }

    fn into_refusal(self) -> Refusal {
        let kind = match self.way {
            Way::Untrusted => RefusalKind::Tls,
            Way::Nowhere => RefusalKind::Offline,
            Way::Proxy => RefusalKind::Interposed,
            Way::Lost => RefusalKind::Server,
        };
        Refusal { kind, reason: self.words, retry_after: None }
    }
}

/// Whether a connection that had been kept open turned out to be gone: the only case in which asking again is no repetition.
fn dead(error: &reqwest::Error) -> bool {
    error.is_request() && !error.is_timeout() && !error.is_connect() && !error.is_redirect() && tls(error).is_none()
}

/// The innermost cause; the outer ones carry the URL.
fn root(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    match cause.downcast_ref::<reqwest::Error>() {
        Some(_) => "no details".to_owned(),
        None => cause.to_string(),
    }
}

/// The failure of TLS in it; it hides inside an `io::Error`, which does not name it as its source.
fn tls(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut next = error.source();
    while let Some(cause) = next {
        if let Some(found) = cause.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        if let Some(found) = cause.downcast_ref::<io::Error>().and_then(tls_within) {
            return Some(found);
        }
        next = cause.source();
    }
    None
}

fn tls_within(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    inner.downcast_ref::<rustls::Error>().or_else(|| inner.downcast_ref::<io::Error>().and_then(tls_within))
}
