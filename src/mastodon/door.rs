//! The one network door: every byte to and from a server passes here, REST answers and the upgrade of the socket alike.
//!
//! What it guarantees: the token goes to the instance and to the streaming host it names, never further and never into a
//! URL; nothing waits without a deadline; nothing is read without a bound; no answer of a stranger is shown except a
//! server's own words, cleaned. Absent on purpose: what the paths and documents mean, back-off, and the clock (it is
//! handed in).

mod addresses;
mod files;
mod headers;
mod open;
mod origin;
mod trouble;
mod trust;

use crate::mastodon::tap::{Tap, redacted};
use crate::mastodon::{Error, ingest};
use crate::model::{Failure, FailureKind, Timestamp};
use crate::recording::Recorder;
use crate::text::Plain;
use addresses::{Places, Racing, place};
pub use files::{Files, NoFile};
use headers::{LONGEST_WAIT, Unread, answered, header, http_date, interposed, is_html, is_websocket, later, left, link, read, wait};
use jiff::SignedDuration;
pub(crate) use open::{OpenDoor, Said, Unanswered};
pub use origin::address;
pub(crate) use origin::{is_loopback, name, secure, trusted};
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Upgraded};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use trouble::{Trouble, dead};
pub use trust::trust;
use trust::{CONNECT, builder, same_origin_only, set_up, upgrade_builder, upgrade_client};
use url::{Url, form_urlencoded};

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

/// Names with their values.
type Pairs<'a> = &'a [(&'a str, &'a str)];

/// Where the wall clock is read: servers tell times, and the answer needs a moment of ours.
pub(crate) type Clock = fn() -> Timestamp;

/// The clients of one account.
pub(crate) struct Door {
    server: Url,
    authorization: HeaderValue,
    protocol: HeaderValue,
    rest: reqwest::Client,
    upgrade: reqwest::Client,
    /// Where upgrades go, for the race of their addresses.
    places: watch::Sender<Places>,
    clock: Clock,
    patience: Patience,
    /// Until when the server said that it wants no questions, in milliseconds since 1970.
    shut_until: AtomicI64,
    /// Where traffic is recorded, if it is.
    tap: Option<Tap>,
}

/// An answer with status 200.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// The `Link` header, several joined by commas.
    pub(crate) link: Option<String>,
    /// The body after decompression.
    pub(crate) body: Vec<u8>,
    /// How far the server's clock is ahead of ours, by its `Date`.
    pub(crate) ahead: Option<SignedDuration>,
    /// How many questions are left until its limit, and of how many (`X-RateLimit-Remaining`, `X-RateLimit-Limit`).
    pub(crate) left: Option<(u64, u64)>,
}

/// Why there is no socket or event stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// What it means for the connection.
    pub(crate) kind: RefusalKind,
    /// What happened, in words that can be shown.
    pub(crate) reason: Plain,
    /// When to come back, where the server said so; one second to fifteen minutes.
    pub(crate) retry_after: Option<Duration>,
}

/// What a refused upgrade or event stream means.
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
    /// Somebody listens, but there was no answer in time.
    Unanswered,
    /// The connection ended before there was an answer.
    Lost,
    /// No streaming at this address.
    NoStreaming,
    /// The same in the server's own words, which may be about one stream alone.
    NotThere,
    /// The server itself forbids it: a scope is missing, not the account.
    Forbidden,
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

    /// The token itself, for the place where it is kept and the form that revokes it; nowhere else.
    pub fn reveal(&self) -> &str {
        &self.0
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
        Ok(Self { server: address(server)?, token })
    }
}

impl Door {
    /// Builds the clients; fails where this machine has no trust store for a server that needs one.
    pub(crate) fn new(access: Access, clock: Clock) -> Result<Self, Error> {
        let _first_or_not = rustls::crypto::ring::default_provider().install_default();
        let mut authorization =
            HeaderValue::from_str(&format!("Bearer {}", access.token.0)).map_err(|_| Error::BadToken("not printable ASCII"))?;
        authorization.set_sensitive(true);
        let mut protocol = HeaderValue::from_str(&access.token.0).map_err(|_| Error::BadToken("not printable ASCII"))?;
        protocol.set_sensitive(true);
        let rest = builder(&access.server)
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .http2_keep_alive_interval(CONNECT)
            .http2_keep_alive_timeout(CONNECT)
            .gzip(true)
            .redirect(same_origin_only())
            .build()
            .map_err(|error| set_up(&error))?;
        let (places, racing) = Racing::to(&access.server);
        let upgrade = upgrade_builder(&access.server).dns_resolver(Arc::new(racing)).build().map_err(|error| set_up(&error))?;
        Ok(Self {
            server: access.server,
            authorization,
            protocol,
            rest,
            upgrade,
            places,
            clock,
            patience: PATIENCE,
            shut_until: AtomicI64::new(i64::MIN),
            tap: None,
        })
    }

    /// Records what passes from now on.
    pub(crate) fn recorded(mut self, recorder: Recorder) -> Self {
        // The token is printable ASCII, as it was checked.
        let token = self.protocol.to_str().unwrap_or_default();
        self.tap = Some(Tap::new(recorder, token));
        self
    }

    /// Where traffic is recorded, if it is.
    pub(crate) fn tap(&self) -> Option<&Tap> {
        self.tap.as_ref()
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
    /// Before a moment that the server stated nothing is sent.
    pub(crate) async fn get(&self, path: &[&str], query: &[(&str, &str)], limit_bytes: usize) -> Result<Answer, Failure> {
        self.in_time(path, query, None, limit_bytes).await
    }

    /// Sends a form to the instance, once; otherwise as [`Self::get`].
    pub(crate) async fn post(&self, path: &[&str], form: &[(&str, &str)], limit_bytes: usize) -> Result<Answer, Failure> {
        self.in_time(path, &[], Some(form), limit_bytes).await
    }

    async fn in_time(&self, path: &[&str], query: Pairs<'_>, form: Option<Pairs<'_>>, limit_bytes: usize) -> Result<Answer, Failure> {
        if let Some(until) = self.shut() {
            return Err(failure(FailureKind::RateLimited(until), &format!("{} wants no questions for a while", self.host())));
        }
        match tokio::time::timeout(self.patience.answer, self.ask(path, query, form, limit_bytes)).await {
            Ok(answer) => answer.map_err(|failure| Failure { reason: self.without_token(failure.reason), ..failure }),
            Err(_) => {
                Err(failure(FailureKind::Retry, &format!("{} did not answer within {} s", self.host(), self.patience.answer.as_secs())))
            }
        }
    }

    async fn ask(&self, path: &[&str], query: Pairs<'_>, form: Option<Pairs<'_>>, limit_bytes: usize) -> Result<Answer, Failure> {
        let url = self.address(path, query)?;
        let method = if form.is_some() { Method::POST } else { Method::GET };
        if let Some(tap) = &self.tap {
            tap.asked(&method, &url);
        }
        let mut response = match self.send(&method, url.clone(), form).await {
            // What may have been done already is not asked for twice.
            Err(error) if dead(&error) && method.is_safe() => self.send(&method, url.clone(), form).await,
            other => other,
        }
        .map_err(|error| Trouble::of(&error, &self.server).into_failure())?;
        if response.status() != StatusCode::OK {
            return Err(self.refused(&method, &url, response).await);
        }
        let html = is_html(response.headers());
        let link = link(response.headers());
        let ahead = header(response.headers(), DATE.as_str()).and_then(http_date).map(|date| date.duration_since((self.clock)()));
        let left = left(response.headers());
        let headers = self.tap.is_some().then(|| response.headers().clone());
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
        if let (Some(tap), Some(headers)) = (&self.tap, headers) {
            tap.answered(&method, &url, StatusCode::OK, &headers, &body);
        }
        if html {
            return Err(failure(FailureKind::Retry, &interposed(&self.server, StatusCode::OK)));
        }
        Ok(Answer { link, body, ahead, left })
    }

    /// The moment that the server stated, if it is still to come. One further off than any that is believed is an old one
    /// under a clock that was set back.
    fn shut(&self) -> Option<Timestamp> {
        let until = Timestamp::from_millisecond(self.shut_until.load(Ordering::Relaxed)).ok()?;
        let left = until.duration_since((self.clock)());
        (left.is_positive() && left.as_secs_f64() <= LONGEST_WAIT).then_some(until)
    }

    /// When to come back: as stated, which is remembered, or else as `unstated` has it.
    fn limit(&self, stated: Option<Duration>, unstated: Option<Duration>) -> Option<Timestamp> {
        let now = (self.clock)();
        if let Some(stated) = stated {
            let until = later(now, stated);
            self.shut_until.store(until.as_millisecond(), Ordering::Relaxed);
            return Some(until);
        }
        unstated.map(|wait| later(now, wait))
    }

    async fn send(&self, method: &Method, url: Url, form: Option<Pairs<'_>>) -> reqwest::Result<Response> {
        let request = self.rest.request(method.clone(), url).header(AUTHORIZATION, self.authorization.clone());
        let request = request.header(ACCEPT, "application/json");
        match form {
            Some(form) => {
                let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
                request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body).send().await
            }
            None => request.send().await,
        }
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

    async fn refused(&self, method: &Method, url: &Url, mut response: Response) -> Failure {
        let status = response.status();
        let headers = response.headers().clone();
        let body = read(&mut response, WORDS).await.ok();
        if let Some(tap) = &self.tap {
            tap.answered(method, url, status, &headers, body.as_deref().unwrap_or_default());
        }
        let words = body.and_then(|body| ingest::error_words(&body));
        let reason = words.clone().unwrap_or_else(|| answered(&self.server, status));
        let now = (self.clock)();
        let kind = match status.as_u16() {
            206 => return failure(FailureKind::Retry, &format!("{} is not ready with it yet", self.host())),
            300..=399 => return self.redirected(status, &headers),
            401 | 403 | 407 if words.is_none() => return failure(FailureKind::Retry, &interposed(&self.server, status)),
            407 | 408 | 425 => FailureKind::Retry,
            401 => FailureKind::Unauthorized,
            404 | 410 => FailureKind::NotFound,
            429 | 503 => {
                let unstated = (status == StatusCode::TOO_MANY_REQUESTS).then_some(UNSTATED);
                self.limit(wait(status, &headers, now), unstated).map_or(FailureKind::Retry, FailureKind::RateLimited)
            }
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

    /// Asks what lies beneath the streaming address, without the token; with the deadline of an upgrade, and redirects are
    /// not followed.
    pub(crate) async fn ask_openly(&self, streaming: &Url, beneath: &str) -> Result<Answer, Failure> {
        let mut url = streaming.clone();
        url.set_path(&format!("{}/{beneath}", streaming.path().trim_end_matches('/')));
        if url.set_scheme(if secure(streaming) { "https" } else { "http" }).is_err() {
            return Err(failure(FailureKind::Unusable, "the streaming address is not one of the web"));
        }
        let ask = async {
            let client = upgrade_client(&url).map_err(|error| failure(FailureKind::Unusable, &set_up(&error).to_string()))?;
            let mut response = client.get(url.clone()).send().await.map_err(|error| Trouble::of(&error, streaming).into_failure())?;
            let status = response.status();
            match status.as_u16() {
                200 if is_html(response.headers()) => return Err(failure(FailureKind::Retry, &interposed(streaming, status))),
                200 => {}
                404 | 410 => return Err(Failure { kind: FailureKind::NotFound, reason: answered(streaming, status) }),
                _ => return Err(Failure { kind: FailureKind::Retry, reason: answered(streaming, status) }),
            }
            let unread = |_| failure(FailureKind::Retry, &format!("{} broke off in the middle of an answer", name(streaming)));
            let body = read(&mut response, WORDS).await.map_err(unread)?;
            Ok(Answer { body, ..Answer::default() })
        };
        tokio::time::timeout(self.patience.upgrade, ask).await.unwrap_or_else(|_| {
            let words = format!("{} did not answer within {} s", name(streaming), self.patience.upgrade.as_secs());
            Err(failure(FailureKind::Retry, &words))
        })
    }

    /// Opens the socket at `streaming`, with one deadline of 10 s over all of it; the token goes into the subprotocol as
    /// well where the server is known to look only there.
    pub(crate) async fn upgrade(&self, streaming: &Url, subprotocol: bool) -> Result<Upgraded, Refusal> {
        let dialled = tokio::time::timeout(self.patience.upgrade, self.dial(streaming, subprotocol)).await;
        self.clean(dialled.unwrap_or_else(|_| Err(self.unanswered(streaming))))
    }

    /// A server's words, in which it may have said the token back.
    pub(crate) fn without_token(&self, words: Plain) -> Plain {
        // The token is printable ASCII, as it was checked.
        let token = self.protocol.to_str().unwrap_or_default();
        match redacted(token, words.as_str()) {
            Cow::Owned(clean) => Plain::line(&clean),
            Cow::Borrowed(_) => words,
        }
    }

    /// Opens the event stream at `streaming`, with 10 s until its head; its body may last for ever.
    ///
    /// Source: <https://docs.joinmastodon.org/methods/streaming/> (transcripts `sse-*`).
    pub(crate) async fn events(&self, streaming: &Url) -> Result<Response, Refusal> {
        let answered = tokio::time::timeout(self.patience.upgrade, self.listen(streaming)).await;
        self.clean(answered.unwrap_or_else(|_| Err(self.unanswered(streaming))))
    }

    fn clean<T>(&self, outcome: Result<T, Refusal>) -> Result<T, Refusal> {
        outcome.map_err(|refusal| Refusal { reason: self.without_token(refusal.reason), ..refusal })
    }

    fn unanswered(&self, streaming: &Url) -> Refusal {
        let words = format!("{} did not answer within {} s", name(streaming), self.patience.upgrade.as_secs());
        refusal(RefusalKind::Unanswered, &words)
    }

    /// A request with the token to a streaming address, if the token may go there.
    fn authorized(&self, streaming: &Url) -> Result<RequestBuilder, Refusal> {
        trusted(&self.server, streaming).map_err(|reason| refusal(RefusalKind::NoStreaming, &reason))?;
        let mut url = streaming.clone();
        if url.set_scheme(if secure(streaming) { "https" } else { "http" }).is_err() {
            return Err(refusal(RefusalKind::NoStreaming, "the streaming address is not one of the web"));
        }
        let client = if is_loopback(streaming) == is_loopback(&self.server) && secure(streaming) == secure(&self.server) {
            self.places.send_if_modified(|places| {
                let place = place(&url);
                let is_new = !places.contains(&place);
                if is_new {
                    // The instance and the streaming host that it names now.
                    places.truncate(1);
                    places.push(place);
                }
                is_new
            });
            self.upgrade.clone()
        } else {
            upgrade_client(&url).map_err(|error| refusal(RefusalKind::Tls, &set_up(&error).to_string()))?
        };
        Ok(client.get(url).header(AUTHORIZATION, self.authorization.clone()))
    }

    async fn listen(&self, streaming: &Url) -> Result<Response, Refusal> {
        let request = self.authorized(streaming)?.header(ACCEPT, EVENT_STREAM).header(CACHE_CONTROL, "no-store");
        let response = request.send().await.map_err(|error| Trouble::of(&error, streaming).into_refusal())?;
        if response.status() != StatusCode::OK {
            return Err(self.turned_away(streaming, response).await);
        }
        let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(EVENT_STREAM)) {
            let words = format!("something between here and {} answers, but not with an event stream", name(streaming));
            return Err(refusal(RefusalKind::Interposed, &words));
        }
        Ok(response)
    }

    async fn dial(&self, streaming: &Url, subprotocol: bool) -> Result<Upgraded, Refusal> {
        let key = generate_key();
        let mut request = self
            .authorized(streaming)?
            .header(UPGRADE, "websocket")
            .header(CONNECTION, "Upgrade")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, &key);
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
        if let Some(tap) = &self.tap {
            tap.answered(&Method::GET, streaming, status, &headers, &body);
        }
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
            429 | 503 => (RefusalKind::RateLimited, answered(streaming, status)),
            403 if words.is_some() => (RefusalKind::Forbidden, answered(streaming, status)),
            // A permanent redirect is the server's own (to another streaming host); any other is a login page's.
            401 | 403 | 407 | 300 | 302..=307 => (RefusalKind::Interposed, Plain::line(&interposed(streaming, status))),
            301 | 308..=399 => (RefusalKind::NoStreaming, Plain::line(&format!("{} redirects its streaming elsewhere", name(streaming)))),
            400 | 404 | 410 if words.is_some() => (RefusalKind::NotThere, answered(streaming, status)),
            // What remains of an upgrade on the way is no upgrade: 400, 405, 426.
            400 | 404 | 405 | 410 | 426 | 501 => {
                (RefusalKind::NoStreaming, Plain::line(&format!("{} has no streaming there ({status})", name(streaming))))
            }
            _ => (RefusalKind::Server, answered(streaming, status)),
        };
        let retry_after = if kind == RefusalKind::RateLimited { wait(status, &headers, now) } else { None };
        let reason = match (words, kind) {
            // These words become the reason for another transport, where a bare "Not found" would not say of what it speaks.
            (Some(words), RefusalKind::NotThere | RefusalKind::Server) => Plain::line(&format!("{words} ({})", status.as_u16())),
            (Some(words), _) => words,
            (None, _) => fallback,
        };
        Refusal { kind, reason, retry_after }
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("server", &self.host()).finish_non_exhaustive()
    }
}

/// A failure in our own words.
pub(crate) fn failure(kind: FailureKind, words: &str) -> Failure {
    Failure { kind, reason: Plain::line(words) }
}

const LONGEST_TOKEN: usize = 4096;
/// How long a whole answer and a whole upgrade may take.
struct Patience {
    answer: Duration,
    upgrade: Duration,
}

const PATIENCE: Patience = Patience { answer: Duration::from_secs(30), upgrade: Duration::from_secs(10) };
const IDLE: Duration = Duration::from_secs(60);
/// How many connections to a server that speaks no HTTP/2 are kept for the next question: each keeps a quarter of a megabyte to read into.
const IDLE_CONNECTIONS: usize = 2;
/// How much of an error's body is looked at.
const WORDS: usize = 64 * 1024;
/// How long to stay away where a server limits us without saying until when.
const UNSTATED: Duration = Duration::from_secs(60);
const EVENT_STREAM: &str = "text/event-stream";
fn refusal(kind: RefusalKind, words: &str) -> Refusal {
    Refusal { kind, reason: Plain::line(words), retry_after: None }
}

#[cfg(test)]
mod route;

#[cfg(test)]
pub(crate) mod tests;
