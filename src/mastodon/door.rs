//! The one network door: every byte to and from a server passes here, REST answers and the upgrade of the socket alike.
//!
//! What it guarantees: the token goes to the instance and to the streaming host it names, never further and never into a
//! URL; nothing waits without a deadline; nothing is read without a bound; no answer of a stranger is shown except a
//! server's own words, cleaned. Absent on purpose: what the paths and documents mean, back-off, and the clock (it is
//! handed in).

mod addresses;
mod files;
mod open;

use crate::mastodon::tap::{Tap, redacted};
use crate::mastodon::{Error, ingest};
use crate::model::{Failure, FailureKind, Timestamp};
use crate::recording::Recorder;
use crate::text::Plain;
use addresses::{Places, Racing, place};
pub use files::{Files, NoFile};
use jiff::SignedDuration;
use jiff::fmt::rfc2822::DateTimeParser;
pub(crate) use open::{OpenDoor, Said, Unanswered};
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LINK, LOCATION, RETRY_AFTER,
    SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use reqwest::{Certificate, Method, RequestBuilder, Response, StatusCode, Upgraded, redirect};
use std::borrow::Cow;
use std::error::Error as _;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use url::{Host, Url, form_urlencoded};

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

/// The base address of a server as people type it: a name, an address with or without path, or an account on it.
pub fn address(typed: &str) -> Result<Url, Error> {
    normalise(typed)
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
/// The part of an upgrade's time in which a connection must stand. Its addresses share it evenly, behind the one that won
/// the race.
const DIAL: Duration = Duration::from_secs(8);
/// How long a whole answer and a whole upgrade may take.
struct Patience {
    answer: Duration,
    upgrade: Duration,
}

const PATIENCE: Patience = Patience { answer: Duration::from_secs(30), upgrade: Duration::from_secs(10) };
const IDLE: Duration = Duration::from_secs(60);
/// How much of an error's body is looked at.
const WORDS: usize = 64 * 1024;
/// How long to stay away where a server limits us without saying until when.
const UNSTATED: Duration = Duration::from_secs(60);
const REDIRECTS: usize = 3;
const EVENT_STREAM: &str = "text/event-stream";
const USER_AGENT: &str = concat!("Trunkline/", env!("CARGO_PKG_VERSION"), " (Mastodon streams in a terminal)");

/// Authorities of the reader's own, trusted beside those of this machine.
static OWN: OnceLock<Vec<Certificate>> = OnceLock::new();

/// Trusts the certificates of this PEM text as authorities too, for every connection that is set up from now on: REST,
/// sockets and event streams alike. Those of this machine stay trusted, and everything is still checked. Counts once.
///
/// # Errors
/// Says what is wrong with the text.
pub fn trust(pem: &[u8]) -> Result<(), Plain> {
    let _first_or_not = rustls::crypto::ring::default_provider().install_default();
    let own = Certificate::from_pem_bundle(pem).map_err(|error| Plain::line(&format!("it is not PEM: {}", root(&error))))?;
    if own.is_empty() {
        return Err(Plain::line("no certificate is in it: it must hold lines between BEGIN CERTIFICATE and END CERTIFICATE"));
    }
    // What no client can be built with is better told now, and with the name of the file.
    let tried = reqwest::Client::builder().tls_certs_only(own.iter().cloned()).build();
    tried.map_err(|error| Plain::line(&format!("a certificate in it cannot be used: {}", root(&error))))?;
    drop(OWN.set(own));
    Ok(())
}

fn builder(server: &Url) -> reqwest::ClientBuilder {
    let (_, racing) = Racing::to(server);
    let builder = reqwest::Client::builder().user_agent(USER_AGENT).referer(false).dns_resolver(Arc::new(racing));
    let builder = if is_loopback(server) { builder.no_proxy() } else { builder };
    // Only this machine is reached without TLS; then no trust store is needed, and where there is none it would not build.
    if !secure(server) {
        return builder.tls_certs_only([]);
    }
    match OWN.get() {
        Some(own) => builder.tls_certs_merge(own.iter().cloned()),
        None => builder,
    }
}

fn upgrade_builder(streaming: &Url) -> reqwest::ClientBuilder {
    // Without a pool: a refused attempt's connection may belong to a network that is gone by the next one.
    builder(streaming).connect_timeout(DIAL).pool_max_idle_per_host(0).http1_only().no_gzip().redirect(redirect::Policy::none())
}

fn upgrade_client(streaming: &Url) -> reqwest::Result<reqwest::Client> {
    upgrade_builder(streaming).build()
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
                Some(("", _)) => return Err(bad("the account has no name")),
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

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn left(headers: &HeaderMap) -> Option<(u64, u64)> {
    let count = |name| header(headers, name)?.parse().ok();
    Some((count("x-ratelimit-remaining")?, count("x-ratelimit-limit")?))
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
    let seconds = after.or_else(reset)?.clamp(1.0, LONGEST_WAIT);
    Some(Duration::from_secs_f64(seconds))
}

/// The longest wait that a server is believed to want, in seconds.
const LONGEST_WAIT: f64 = 900.0;

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
            Way::Nowhere => FailureKind::Offline,
            Way::Proxy | Way::Lost => FailureKind::Retry,
        };
        Failure { kind, reason: self.words }
    }

    fn into_refusal(self) -> Refusal {
        let kind = match self.way {
            Way::Untrusted => RefusalKind::Tls,
            Way::Nowhere => RefusalKind::Offline,
            Way::Proxy => RefusalKind::Interposed,
            Way::Lost => RefusalKind::Lost,
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
        None => without_number(&cause.to_string()).to_owned(),
    }
}

/// What the system says of a failure, without the number that it adds.
fn without_number(words: &str) -> &str {
    words.rsplit_once(" (os error ").map_or(words, |(before, _)| before)
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

#[cfg(test)]
mod route;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::sync::mpsc;

    /// A server on this machine that writes what it is told to, byte by byte.
    pub(crate) struct Loopback {
        pub(crate) url: Url,
        heads: mpsc::UnboundedReceiver<String>,
    }

    impl Loopback {
        /// The heads of the requests that have come so far.
        pub(crate) fn heads(&mut self) -> Vec<String> {
            std::iter::from_fn(|| self.heads.try_recv().ok()).collect()
        }

        /// Their targets.
        pub(crate) fn targets(&mut self) -> Vec<String> {
            self.heads().iter().filter_map(|head| Some(head.split(' ').nth(1)?.to_owned())).collect()
        }
    }

    /// Answers every request with what `answer` makes of its head, then hangs up.
    pub(crate) async fn serve(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Loopback {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let (sender, heads) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    match socket.read_u8().await {
                        Ok(byte) => head.push(byte),
                        Err(_) => break,
                    }
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let bytes = answer(&head);
                if sender.send(head).is_err() {
                    return;
                }
                // The client may hang up early: that is what some tests are about.
                let _gone = socket.write_all(&bytes).await;
                let _gone = socket.shutdown().await;
            }
        });
        Loopback { url, heads }
    }

    /// A whole response; `headers` one a line.
    pub(crate) fn reply(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
        let headers = headers.lines().fold(String::new(), |all, line| all + line.trim() + "\r\n");
        let mut bytes = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len()).into_bytes();
        bytes.extend_from_slice(body);
        bytes
    }

    const SECRET: &str = "s3cr3t-0f-th3-r34d3r";
    const LIMIT: usize = 64 * 1024;

    fn noon() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    pub(crate) fn access(url: &Url) -> Access {
        Access::new(url.as_str(), Token::new(SECRET).unwrap()).unwrap()
    }

    fn door(url: &Url) -> Door {
        Door::new(access(url), noon).unwrap()
    }

    async fn ask(url: &Url) -> Result<Answer, Failure> {
        door(url).get(&["api", "x"], &[], LIMIT).await
    }

    async fn ask_for(response: Vec<u8>) -> Failure {
        let server = serve(move |_| response.clone()).await;
        let failure = ask(&server.url).await.unwrap_err();
        assert!(!failure.reason.as_str().contains('<') && !failure.reason.as_str().contains(SECRET), "{failure:?}");
        failure
    }

    async fn refuse_with(response: Vec<u8>) -> Refusal {
        let server = serve(move |_| response.clone()).await;
        let refusal = door(&server.url).upgrade(&server.url, true).await.unwrap_err();
        assert!(!refusal.reason.as_str().contains('<') && !refusal.reason.as_str().contains(SECRET), "{refusal:?}");
        refusal
    }

    #[test]
    fn a_failure_of_the_system_is_told_in_words_alone() {
        let refused = std::io::Error::from_raw_os_error(111).to_string();
        assert!(refused.contains("111") && !without_number(&refused).contains(['1', '(']), "{refused}");
        assert_eq!(without_number("no route (to the host)"), "no route (to the host)");
    }

    #[test]
    fn what_people_type_becomes_a_server_or_a_reason() {
        for (typed, url) in [
            ("mastodon.social", "https://mastodon.social/"),
            ("  Mastodon.Social/ ", "https://mastodon.social/"),
            ("https://mastodon.social/@me/123?x#y", "https://mastodon.social/"),
            ("HTTPS://mastodon.social:443", "https://mastodon.social/"),
            ("mastodon.social:8443/web", "https://mastodon.social:8443/"),
            ("@me@mastodon.social", "https://mastodon.social/"),
            ("me@mastodon.social", "https://mastodon.social/"),
            ("acct:me@mastodon.social", "https://mastodon.social/"),
            ("mastodon.social.", "https://mastodon.social/"),
            ("mastodon.social/@you@elsewhere.example", "https://mastodon.social/"),
            ("bücher.example", "https://xn--bcher-kva.example/"),
            ("http://localhost:3000", "http://localhost:3000/"),
            ("http://127.0.0.1:3000/", "http://127.0.0.1:3000/"),
            ("http://[::1]:3000", "http://[::1]:3000/"),
        ] {
            match normalise(typed) {
                Ok(got) => assert_eq!(got.as_str(), url, "{typed}"),
                Err(error) => panic!("{typed}: {error}"),
            }
        }
        for (typed, words) in [
            ("", "no server"),
            ("   ", "no server"),
            ("https://", "no server"),
            ("/path", "no server"),
            ("http://mastodon.social", "without encryption"),
            ("http://localhost.example", "without encryption"),
            ("http://192.168.0.1", "without encryption"),
            ("https://me:hunter2@mastodon.social", "must not contain"),
            ("me:hunter2@mastodon.social", "must not contain"),
            ("https://me@mastodon.social", "must not contain"),
            ("ftp://mastodon.social", "not an address of the web"),
            ("@me", "on which server"),
            ("@@mastodon.social", "on which server"),
            ("a@b@c", "more than one"),
            ("two words", "spaces"),
            ("https://mastodon.social:99999", "port"),
        ] {
            let error = normalise(typed).expect_err(typed).to_string();
            assert!(error.contains(words), "{typed}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_token_is_one_printable_word() {
        assert_eq!(Token::new(" abc\n").unwrap().0, "abc");
        for raw in ["", " ", "a b", "a\nb", "ä", "a\u{1b}b", &"x".repeat(LONGEST_TOKEN + 1)] {
            assert!(matches!(Token::new(raw), Err(Error::BadToken(_))), "{raw:?}");
        }
    }

    #[test]
    fn nothing_prints_the_token() {
        let access = access(&Url::parse("http://127.0.0.1:9/").unwrap());
        let door = Door::new(access.clone(), noon).unwrap();
        let printed = format!("{:?} {access:?} {door:?} {:?}", access.token, door.authorization);
        assert!(!printed.contains(SECRET), "{printed}");
        assert!(printed.contains("Token(…)"), "{printed}");
    }

    #[test]
    fn the_token_goes_only_where_it_is_as_public_and_as_protected() {
        let check = |server: &str, streaming: &str| trusted(&Url::parse(server).unwrap(), &Url::parse(streaming).unwrap());
        for (server, streaming) in [
            ("https://a.example", "wss://a.example"),
            ("https://a.example", "wss://streaming.b.example:8443/x"),
            ("https://192.168.0.2", "wss://192.168.0.3"),
            ("https://mastodon", "wss://a.example"),
            ("http://localhost:3000", "ws://localhost:4000"),
            ("http://127.0.0.1:3000", "wss://a.example"),
        ] {
            assert_eq!(check(server, streaming), Ok(()), "{server} {streaming}");
        }
        for (server, streaming, words) in [
            ("https://a.example", "ws://a.example", "without encryption"),
            ("https://a.example", "ws://b.example", "without encryption"),
            ("http://localhost:3000", "ws://b.example", "without encryption"),
            ("https://a.example", "ws://127.0.0.1", "without encryption"),
            ("https://a.example", "wss://127.0.0.1", "private"),
            ("https://a.example", "wss://localhost", "private"),
            ("https://a.example", "wss://x.localhost.", "private"),
            ("https://a.example", "wss://0.0.0.0", "private"),
            ("https://a.example", "wss://10.1.2.3", "private"),
            ("https://a.example", "wss://169.254.169.254", "private"),
            ("https://a.example", "wss://100.64.0.1", "private"),
            ("https://a.example", "wss://[::ffff:192.168.0.1]", "private"),
            ("https://a.example", "wss://[fe80::1]", "private"),
            ("https://a.example", "wss://[fd00::1]", "private"),
            ("https://a.example", "wss://printer.local", "private"),
            ("https://a.example", "wss://redis", "private"),
            ("https://192.168.0.2", "wss://[::1]", "private"),
            ("https://a.example", "wss://me:x@b.example", "user name"),
            ("https://a.example", "ftp://b.example", "not one of the web"),
            ("https://a.example", "data:x", "not one of the web"),
        ] {
            let reason = check(server, streaming).expect_err(streaming);
            assert!(reason.contains(words), "{server} {streaming}: {reason}");
        }
    }

    #[test]
    fn a_file_of_authorities_that_is_none_says_what_is_wrong() {
        assert!(trust(b"").unwrap_err().as_str().starts_with("no certificate is in it"));
        assert!(trust(b"words").unwrap_err().as_str().starts_with("no certificate is in it"));
        let junk = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(trust(junk).unwrap_err().as_str().contains("cannot be used"), "{:?}", trust(junk));
        assert!(OWN.get().is_none(), "nothing of it is trusted");
    }

    #[test]
    fn a_stated_wait_is_counted_from_the_answers_date_and_clamped() {
        let date = ("date", "Mon, 23 Nov 2026 16:11:08 GMT");
        for (status, headers, expected) in [
            // GoToSocial, as in `error-429-rate-limited` and `error-429-throttled`.
            (429, vec![date, ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "2026-11-23T16:16:06.000Z")], Some(298.0)),
            (429, vec![date, ("retry-after", "7")], Some(7.0)),
            (429, vec![date, ("x-ratelimit-reset", "1795450568")], Some(300.0)),
            (429, vec![date, ("x-ratelimit-reset", "45")], Some(45.0)),
            (429, vec![date, ("retry-after", "Mon, 23 Nov 2026 16:12:08 GMT")], Some(60.0)),
            (429, vec![date, ("retry-after", "7"), ("x-ratelimit-reset", "2026-11-23T16:16:06Z")], Some(7.0)),
            (429, vec![date, ("retry-after", "soon"), ("x-ratelimit-reset", "2026-11-23T16:12:08Z")], Some(60.0)),
            (429, vec![("x-ratelimit-reset", "2026-11-23T12:00:30Z")], Some(30.0)),
            (429, vec![date, ("retry-after", "0")], Some(1.0)),
            (429, vec![date, ("retry-after", "-5")], Some(1.0)),
            (429, vec![date, ("retry-after", "99999999999999999999999")], Some(900.0)),
            (429, vec![date, ("x-ratelimit-reset", "1999-01-01T00:00:00Z")], Some(1.0)),
            (429, vec![date, ("x-ratelimit-reset", "9999-01-01T00:00:00Z")], Some(900.0)),
            (429, vec![date, ("retry-after", "NaN")], None),
            (429, vec![date, ("retry-after", "inf")], None),
            (429, vec![date], None),
            (503, vec![date, ("retry-after", "20")], Some(20.0)),
            (503, vec![date, ("x-ratelimit-reset", "2026-11-23T16:12:08Z")], Some(60.0)),
            (503, vec![date, ("x-ratelimit-remaining", "12"), ("x-ratelimit-reset", "2026-11-23T16:12:08Z")], None),
        ] {
            let map = headers.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect();
            let got = wait(StatusCode::from_u16(status).unwrap(), &map, noon());
            assert_eq!(got, expected.map(Duration::from_secs_f64), "{status} {headers:?}");
        }
    }

    #[tokio::test]
    async fn a_question_carries_the_token_our_name_and_nothing_more() {
        let mut server = serve(|_| reply("200 OK", "Link: <a>; rel=prev\nLink: <b>; rel=next", b"[]")).await;
        let answer = door(&server.url).get(&["api", "tag", "a/b?c#d é"], &[("max_id", "1&2")], LIMIT).await.unwrap();
        assert_eq!((answer.body.as_slice(), answer.link.as_deref()), (&b"[]"[..], Some("<a>; rel=prev, <b>; rel=next")));
        let head = server.heads().concat().to_lowercase();
        assert!(head.starts_with("get /api/tag/a%2fb%3fc%23d%20%c3%a9?max_id=1%262 http/1.1"), "{head}");
        assert!(head.contains(&format!("authorization: bearer {SECRET}")), "{head}");
        assert!(head.contains("user-agent: trunkline/") && head.contains("accept-encoding: gzip"), "{head}");
        assert!(!head.contains("referer") && !head.contains("cookie"), "{head}");
    }

    #[tokio::test]
    async fn an_id_that_would_climb_out_of_its_path_is_not_asked_for() {
        let mut server = serve(|_| reply("200 OK", "", b"{}")).await;
        let failure = door(&server.url).get(&["api", "v1", "statuses", ".."], &[], LIMIT).await.unwrap_err();
        assert_eq!((failure.kind, server.heads().len()), (FailureKind::NotFound, 0));
    }

    #[tokio::test]
    async fn redirects_are_followed_at_home_only_and_three_times_at_most() {
        let mut elsewhere = serve(|_| reply("200 OK", "", b"{}")).await;
        let away = elsewhere.url.join("/login?next=secret").unwrap();
        let mut home = serve(move |head| match head.split(' ').nth(1) {
            Some("/api/x") => reply("302 Found", "Location: /there", b""),
            Some("/there") => reply("200 OK", "", b"\"there\""),
            Some("/api/away") => reply("301 Moved Permanently", &format!("Location: {away}"), b""),
            _ => reply("307 Temporary Redirect", "Location: /circle", b""),
        })
        .await;
        assert_eq!(ask(&home.url).await.unwrap().body, b"\"there\"");
        assert!(home.heads().iter().all(|head| head.contains(SECRET) && !head.to_lowercase().contains("referer")));

        let failure = door(&home.url).get(&["api", "away"], &[], LIMIT).await.unwrap_err();
        assert_eq!((failure.kind, elsewhere.heads().len()), (FailureKind::Unusable, 0));
        assert!(failure.reason.as_str().contains(&name(&elsewhere.url)) && !failure.reason.as_str().contains("secret"), "{failure:?}");

        home.heads();
        let failure = door(&home.url).get(&["circle"], &[], LIMIT).await.unwrap_err();
        assert_eq!((failure.kind, home.heads().len()), (FailureKind::Retry, 1 + REDIRECTS));
        assert!(failure.reason.as_str().contains("circles"), "{failure:?}");
    }

    #[tokio::test]
    async fn refused_questions_say_what_can_be_done() {
        let json = "Content-Type: application/json";
        let html = "Content-Type: text/html";
        let said = br#"{"error":"The access token was \u001b[31mrevoked"}"#;
        for (status, headers, body, kind, words) in [
            ("401 Unauthorized", json, &said[..], FailureKind::Unauthorized, "The access token was"),
            ("401 Unauthorized", html, b"<h1>Log in</h1>", FailureKind::Retry, "something between"),
            ("403 Forbidden", json, br#"{"error":"This action is not allowed"}"#, FailureKind::Forbidden, "This action is not allowed"),
            ("403 Forbidden", html, b"<h1>Blocked</h1>", FailureKind::Retry, "something between"),
            ("407 Proxy Authentication Required", html, b"", FailureKind::Retry, "something between"),
            ("200 OK", html, b"<h1>Welcome to the hotel</h1>", FailureKind::Retry, "something between"),
            ("404 Not Found", json, br#"{"error":"Record not found"}"#, FailureKind::NotFound, "Record not found"),
            ("410 Gone", json, b"{}", FailureKind::NotFound, "410 Gone"),
            ("422 Unprocessable", json, br#"{"error":"Validation failed"}"#, FailureKind::Forbidden, "Validation failed"),
            ("422 Unprocessable", json, br#"{"error":"who is Bearer s3cr3t-0f-\u200bth3-r34d3r?"}"#, FailureKind::Forbidden, "who is"),
            ("405 Method Not Allowed", "", b"405 method not allowed", FailureKind::Unusable, "405"),
            ("206 Partial Content", json, b"{}", FailureKind::Retry, "not ready"),
            ("500 Internal Server Error", html, b"<h1>oh</h1>", FailureKind::Retry, "500"),
            ("501 Not Implemented", html, b"<h1>oh</h1>", FailureKind::Unusable, "501"),
            ("502 Bad Gateway", html, b"<h1>nginx</h1>", FailureKind::Retry, "502 Bad Gateway"),
            ("503 Service Unavailable", html, b"<h1>nginx</h1>", FailureKind::Retry, "503"),
        ] {
            let failure = ask_for(reply(status, headers, body)).await;
            assert_eq!(failure.kind, kind, "{status} {headers}: {failure:?}");
            assert!(failure.reason.as_str().contains(words), "{status} {headers}: {failure:?}");
            assert!(!failure.reason.as_str().contains('\u{1b}'), "{failure:?}");
        }
    }

    #[tokio::test]
    async fn a_limit_ends_at_a_moment_of_our_own_clock() {
        let headers = "Date: Mon, 23 Nov 2026 16:11:08 GMT\nX-RateLimit-Reset: 2026-11-23T16:16:06.000Z";
        let failure = ask_for(reply("429 Too Many Requests", headers, br#"{"error":"rate limit reached"}"#)).await;
        assert_eq!(failure.kind, FailureKind::RateLimited("2026-11-23T12:04:58Z".parse().unwrap()));
        assert_eq!(failure.reason.as_str(), "rate limit reached");
        let failure = ask_for(reply("503 Service Unavailable", "Retry-After: 5", b"")).await;
        assert_eq!(failure.kind, FailureKind::RateLimited("2026-11-23T12:00:05Z".parse().unwrap()));
        let failure = ask_for(reply("429 Too Many Requests", "", b"")).await;
        assert_eq!(failure.kind, FailureKind::RateLimited("2026-11-23T12:01:00Z".parse().unwrap()));
    }

    #[tokio::test]
    async fn nothing_is_asked_before_a_stated_moment() {
        static SECONDS: AtomicI64 = AtomicI64::new(1_000_000);
        let clock = || Timestamp::from_second(SECONDS.load(Ordering::Relaxed)).unwrap();
        let limited = "Date: Mon, 23 Nov 2026 16:11:08 GMT\nX-RateLimit-Reset: 2026-11-23T16:12:08Z";
        let calls = std::sync::atomic::AtomicUsize::new(0);
        let mut server = serve(move |_| match calls.fetch_add(1, Ordering::SeqCst) {
            0 => reply("429 Too Many Requests", limited, br#"{"error":"rate limit reached"}"#),
            1 => reply("429 Too Many Requests", "", b""),
            _ => reply("200 OK", "", b"[]"),
        })
        .await;
        let door = Door::new(access(&server.url), clock).unwrap();
        let ask = async || door.get(&["api", "x"], &[], LIMIT).await.map(|_| ()).map_err(|failure| failure.kind);
        let until = FailureKind::RateLimited(Timestamp::from_second(1_000_060).unwrap());
        for seconds in [1_000_000, 1_000_000, 1_000_059] {
            SECONDS.store(seconds, Ordering::Relaxed);
            assert_eq!(ask().await, Err(until));
        }
        assert_eq!(server.heads().len(), 1);
        // A moment that nobody stated binds whoever was told, not the rest.
        SECONDS.store(1_000_060, Ordering::Relaxed);
        assert_eq!(ask().await, Err(FailureKind::RateLimited(Timestamp::from_second(1_000_120).unwrap())));
        assert_eq!(ask().await, Ok(()));
        assert_eq!(server.heads().len(), 2);
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_does_not_shut_the_door() {
        static SECONDS: AtomicI64 = AtomicI64::new(1_000_000);
        let clock = || Timestamp::from_second(SECONDS.load(Ordering::Relaxed)).unwrap();
        let calls = std::sync::atomic::AtomicUsize::new(0);
        let server = serve(move |_| match calls.fetch_add(1, Ordering::SeqCst) {
            0 => reply("503 Service Unavailable", "Retry-After: 900", b""),
            _ => reply("200 OK", "", b"[]"),
        })
        .await;
        let door = Door::new(access(&server.url), clock).unwrap();
        assert!(door.get(&["api", "x"], &[], LIMIT).await.is_err());
        assert!(door.get(&["api", "x"], &[], LIMIT).await.is_err());
        SECONDS.store(1_000_000 - 86_400, Ordering::Relaxed);
        assert!(door.get(&["api", "x"], &[], LIMIT).await.is_ok());
    }

    /// One letter in gzip, 258 bytes of it for thirteen bits: fixed codes, one literal, then so many matches.
    pub(crate) fn bomb(matches: usize) -> Vec<u8> {
        let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
        let (mut held, mut count) = (0_u32, 0);
        let mut put = |bits: u32, width: u32| {
            held |= bits << count;
            count += width;
            while count >= 8 {
                bytes.push(held.to_le_bytes()[0]);
                held >>= 8;
                count -= 8;
            }
        };
        put(0b011, 3);
        put(0x91_u8.reverse_bits().into(), 8);
        for _ in 0..matches {
            put(0b1100_0101_u8.reverse_bits().into(), 8);
            put(0, 5);
        }
        put(0, 7);
        put(0, 8);
        bytes
    }

    #[tokio::test]
    async fn bodies_are_bounded_after_decompression_and_must_be_whole() {
        let bomb = bomb(32 * 1024);
        assert!(bomb.len() < LIMIT);
        let failure = ask_for(reply("200 OK", "Content-Type: application/json\nContent-Encoding: gzip", &bomb)).await;
        assert_eq!(failure.kind, FailureKind::Unusable, "{failure:?}");
        assert!(failure.reason.as_str().contains("more than 64 KiB"), "{failure:?}");

        let mut short = reply("200 OK", "Content-Type: application/json", b"[1,2,3]");
        short.truncate(short.len() - 3);
        let failure = ask_for(short).await;
        assert_eq!(failure.kind, FailureKind::Retry);
        assert!(failure.reason.as_str().contains("broke off"), "{failure:?}");
    }

    #[tokio::test]
    async fn a_dead_connection_is_tried_once_more_and_no_more() {
        let calls = std::sync::atomic::AtomicUsize::new(0);
        let mut server = serve(move |_| match calls.fetch_add(1, Ordering::SeqCst) {
            1 => reply("200 OK", "", b"[]"),
            _ => Vec::new(),
        })
        .await;
        assert!(ask(&server.url).await.is_ok());
        assert_eq!(server.heads().len(), 2);
        let failure = ask(&server.url).await.unwrap_err();
        assert_eq!((failure.kind, server.heads().len()), (FailureKind::Retry, 2));
        assert!(failure.reason.as_str().contains("was lost") && !failure.reason.as_str().contains("/api"), "{failure:?}");
    }

    #[tokio::test]
    async fn nobody_waits_for_a_server_that_hangs() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let mut door = door(&url);
        assert_eq!((door.patience.answer.as_secs(), door.patience.upgrade.as_secs()), (30, 10));
        door.patience = Patience { answer: Duration::from_millis(60), upgrade: Duration::from_millis(60) };
        let failure = door.get(&["api"], &[], LIMIT).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Retry);
        assert!(failure.reason.as_str().contains("did not answer"), "{failure:?}");
        let refusal = door.upgrade(&url, false).await.unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::Unanswered);
        assert!(refusal.reason.as_str().contains("did not answer"), "{refusal:?}");
        assert_eq!(door.events(&url).await.unwrap_err().kind, RefusalKind::Unanswered);

        // A slow answer counts as well as none: the deadline is over all of it.
        let slow = tokio::spawn(async move {
            let mut open = Vec::new();
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                let _first_byte = socket.read_u8().await;
                let _gone = socket.write_all(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n").await;
                open.push(socket);
            }
        });
        let refusal = door.upgrade(&url, false).await.unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::Unanswered);
        slow.abort();
    }

    #[tokio::test]
    async fn who_cannot_be_reached_is_offline_and_who_is_not_trusted_is_not() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let closed = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        drop(listener);
        let door = door(&closed);
        assert_eq!(door.get(&["api"], &[], LIMIT).await.unwrap_err().kind, FailureKind::Offline);
        let refusal = door.upgrade(&closed, false).await.unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::Offline);
        assert!(refusal.reason.as_str().contains("cannot be reached"), "{refusal:?}");

        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let wss = Url::parse(&format!("wss://{}/", listener.local_addr().unwrap())).unwrap();
        let plain = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let _gone = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            let _gone = socket.read_u8().await;
        });
        let refusal = door.upgrade(&wss, false).await.unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::Tls, "{refusal:?}");
        plain.abort();
    }

    #[tokio::test]
    async fn every_attempt_makes_a_connection_of_its_own() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let mut door = door(&url);
        let refusing = async {
            let mut kept = Vec::new();
            for _ in 0..2 {
                let (mut socket, _) = listener.accept().await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(socket.read_u8().await.unwrap());
                }
                socket.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n").await.unwrap();
                // Kept open and never read again, as behind a network that is gone.
                kept.push(socket);
            }
            kept
        };
        door.patience = Patience { answer: Duration::from_secs(30), upgrade: Duration::from_secs(2) };
        let asking = async {
            for _ in 0..2 {
                let refusal = door.upgrade(&url, false).await.unwrap_err();
                assert_eq!(refusal.kind, RefusalKind::Server, "{refusal:?}");
                // A connection would go back to its pool on a task of its own.
                for _ in 0..20 {
                    tokio::task::yield_now().await;
                }
            }
        };
        let ((), _kept) = tokio::join!(asking, refusing);
    }

    /// A full queue is how Linux makes an address that never answers without leaving this machine.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn one_dead_address_does_not_cost_the_attempt() {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let full = socket.listen(1).unwrap();
        let dead = full.local_addr().unwrap();
        let mut waiting = Vec::new();
        while let Ok(stream) = tokio::time::timeout(Duration::from_millis(200), tokio::net::TcpStream::connect(dead)).await {
            waiting.push(stream.unwrap());
        }
        let server = serve(|head| switch(head, None)).await;
        let alive = server.url.socket_addrs(|| None).unwrap()[0];
        let mut door = door(&server.url);
        let addresses: Vec<_> = std::iter::once(dead).chain(std::iter::repeat_n(alive, 7)).collect();
        door.upgrade = upgrade_builder(&server.url).resolve_to_addrs("localhost", &addresses).build().unwrap();
        let opened = door.upgrade(&Url::parse("ws://localhost/api/v1/streaming").unwrap(), false).await;
        assert!(opened.is_ok(), "{:?}", opened.err());
    }

    #[tokio::test]
    async fn an_untrusted_streaming_address_never_sees_a_request() {
        let mut server = serve(|_| reply("200 OK", "", b"")).await;
        let mut door = door(&server.url);
        door.server = Url::parse("https://a.example").unwrap();
        let refusal = door.upgrade(&server.url, true).await.unwrap_err();
        assert_eq!((refusal.kind, server.heads().len()), (RefusalKind::NoStreaming, 0));
    }

    fn switch(head: &str, accept: Option<&str>) -> Vec<u8> {
        let key = head.lines().find_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key")));
        let accept = accept.map_or_else(|| derive_accept_key(key.unwrap().1.as_bytes()), str::to_owned);
        format!("HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\nhello")
            .into_bytes()
    }

    #[tokio::test]
    async fn a_subprotocol_may_come_back_or_not() {
        // Transcript `ws-auth-subprotocol` echoes it; Iceshrimp does not.
        for echoed in ["", "Sec-WebSocket-Protocol: s3cr3t-0f-th3-r34d3r\r\n", "Sec-WebSocket-Protocol: another\r\n"] {
            let end = format!("\r\n{echoed}\r\nhello");
            let server =
                serve(move |head| String::from_utf8(switch(head, None)).unwrap().replace("\r\n\r\nhello", &end).into_bytes()).await;
            let mut socket = door(&server.url).upgrade(&server.url, true).await.unwrap();
            let mut first = [0; 5];
            socket.read_exact(&mut first).await.unwrap();
            assert_eq!(&first, b"hello", "{echoed}");
        }
    }

    #[tokio::test]
    async fn a_socket_opens_with_the_token_in_the_header_and_where_asked_in_the_subprotocol() {
        let mut server = serve(|head| switch(head, None)).await;
        let streaming = Url::parse(&server.url.as_str().replace("http", "ws")).unwrap().join("/api/v1/streaming").unwrap();
        for subprotocol in [false, true] {
            let mut socket = door(&server.url).upgrade(&streaming, subprotocol).await.unwrap();
            let mut first = [0; 5];
            socket.read_exact(&mut first).await.unwrap();
            assert_eq!(&first, b"hello");
            let head = server.heads().concat().to_lowercase();
            assert!(head.starts_with("get /api/v1/streaming http/1.1"), "{head}");
            assert!(head.contains(&format!("authorization: bearer {SECRET}")), "{head}");
            assert!(head.contains("upgrade: websocket") && head.contains("connection: upgrade"), "{head}");
            assert!(head.contains("sec-websocket-version: 13") && head.contains("user-agent: trunkline/"), "{head}");
            assert_eq!(head.contains(&format!("sec-websocket-protocol: {SECRET}")), subprotocol, "{head}");
        }
        let bad = serve(|head| switch(head, Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))).await;
        let refusal = door(&bad.url).upgrade(&bad.url, false).await.unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::Interposed, "{refusal:?}");
        let bare = refuse_with(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n".to_vec()).await;
        assert_eq!(bare.kind, RefusalKind::Interposed, "{bare:?}");
    }

    #[tokio::test]
    async fn a_refused_upgrade_says_who_refused_and_why() {
        let html = "Content-Type: text/html";
        let json = "Content-Type: application/json";
        for (status, headers, body, kind, words) in [
            // Transcripts `ws-refused-unknown-token`, `ws-refused-postgres-down`, `ws-refused-bad-version`; GoToSocial's
            // `handshake-bad-token`, `handshake-write-only-scope`, `handshake-no-user-agent`.
            ("401 Unauthorized", "X-Error-Message: Invalid access token", &b""[..], RefusalKind::Unauthorized, "Invalid access token"),
            ("401 Unauthorized", json, br#"{"error":"Unauthorized: token not supplied"}"#, RefusalKind::Unauthorized, "token not supplied"),
            ("401 Unauthorized", html, b"Unauthorized", RefusalKind::Unauthorized, "401 Unauthorized"),
            ("401 Unauthorized", html, b"<h1>Unauthorized</h1>", RefusalKind::Interposed, "something between"),
            ("403 Forbidden", html, b"<h1>no</h1>", RefusalKind::Interposed, "something between"),
            ("403 Forbidden", json, br#"{"error":"insufficient scope"}"#, RefusalKind::Forbidden, "insufficient scope"),
            ("407 Proxy Authentication Required", html, b"", RefusalKind::Interposed, "something between"),
            ("200 OK", html, b"<h1>hotel</h1>", RefusalKind::Interposed, "something between"),
            ("404 Not Found", json, b"{}", RefusalKind::NoStreaming, "404 Not Found"),
            ("501 Not Implemented", html, b"", RefusalKind::NoStreaming, "501"),
            ("301 Moved Permanently", "Location: /api/v1/streaming", b"", RefusalKind::NoStreaming, "elsewhere"),
            ("302 Found", "Location: /login", b"", RefusalKind::Interposed, "302"),
            ("404 Not Found", json, br#"{"error":"Not found"}"#, RefusalKind::NotThere, "Not found (404)"),
            ("400 Bad Request", json, br#"{"error":"Unknown channel requested"}"#, RefusalKind::NotThere, "Unknown channel"),
            ("400 Bad Request", html, b"Missing or invalid Sec-WebSocket-Version header", RefusalKind::NoStreaming, "400"),
            ("426 Upgrade Required", html, b"", RefusalKind::NoStreaming, "426"),
            ("418 I'm a teapot", json, br#"{"error":"I'm a teapot: no user-agent"}"#, RefusalKind::Server, "no user-agent"),
            ("500 Oops", "X-Error-Message: An unexpected error occurred", b"", RefusalKind::Server, "unexpected error"),
            ("502 Bad Gateway", html, b"<h1>nginx</h1>", RefusalKind::Server, "502 Bad Gateway"),
            ("500 Oops", "X-Error-Message: not s3cr3t-0f-th3-r34d3r", b"", RefusalKind::Server, "not REDACTED"),
            ("400 Bad Request", json, br#"{"error":"no s3cr3t-0f-th3-r34d3r"}"#, RefusalKind::NotThere, "no REDACTED"),
        ] {
            let refusal = refuse_with(reply(status, headers, body)).await;
            assert_eq!((refusal.kind, refusal.retry_after), (kind, None), "{status} {headers}: {refusal:?}");
            assert!(refusal.reason.as_str().contains(words), "{status} {headers}: {refusal:?}");
        }
        let limits = "Date: Mon, 23 Nov 2026 16:11:08 GMT\nX-Ratelimit-Reset: 2026-11-23T16:16:06.000Z";
        let refusal = refuse_with(reply("429 Too Many Requests", limits, br#"{"error":"rate limit reached"}"#)).await;
        assert_eq!((refusal.kind, refusal.retry_after), (RefusalKind::RateLimited, Some(Duration::from_secs(298))));
        let refusal = refuse_with(reply("503 Service Unavailable", "Retry-After: 3600", b"<h1>busy</h1>")).await;
        assert_eq!((refusal.kind, refusal.retry_after), (RefusalKind::RateLimited, Some(Duration::from_secs(900))));
        let refusal = refuse_with(Vec::new()).await;
        assert_eq!(refusal.kind, RefusalKind::Lost, "{refusal:?}");
    }

    #[tokio::test]
    async fn an_event_stream_is_one_by_its_type_and_has_the_token_in_its_header() {
        let mut server = serve(|_| reply("200 OK", "Content-Type: text/event-stream; charset=utf-8", b":)\n")).await;
        let streaming = server.url.join("api/v1/streaming/hashtag?tag=rust").unwrap();
        let mut response = door(&server.url).events(&streaming).await.unwrap();
        assert_eq!(response.chunk().await.unwrap().unwrap().as_ref(), b":)\n");
        let head = server.heads().remove(0);
        assert!(head.starts_with("GET /api/v1/streaming/hashtag?tag=rust HTTP/1.1\r\n"), "{head}");
        let lower = head.to_ascii_lowercase();
        assert!(lower.contains("accept: text/event-stream") && lower.contains("authorization: bearer "), "{head}");
        for (status, headers, kind) in [
            ("200 OK", "Content-Type: text/html", RefusalKind::Interposed),
            ("200 OK", "Content-Type: application/json", RefusalKind::Interposed),
            ("302 Found", "Location: /elsewhere", RefusalKind::Interposed),
            ("404 Not Found", "Content-Type: text/html", RefusalKind::NoStreaming),
            ("503 Service Unavailable", "Content-Type: text/html", RefusalKind::RateLimited),
            ("500 Oops", "Content-Type: text/html", RefusalKind::Server),
        ] {
            let server = serve(move |_| reply(status, headers, b"")).await;
            let refusal = door(&server.url).events(&server.url).await.unwrap_err();
            assert_eq!(refusal.kind, kind, "{status} {headers}: {refusal:?}");
        }
    }
}
