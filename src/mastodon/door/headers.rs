//! What an answer says beside its body, and the body within its bound.
//!
//! Absent on purpose: what the documents mean.

use super::origin::name;
use crate::model::Timestamp;
use crate::text::Plain;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{CONNECTION, CONTENT_TYPE, DATE, HeaderMap, LINK, RETRY_AFTER, SEC_WEBSOCKET_ACCEPT, UPGRADE};
use reqwest::{Response, StatusCode};
use std::time::Duration;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use url::Url;

/// How many bytes are made room for at once because an answer says that it is as long.
const BELIEVED: usize = 1024 * 1024;

pub(super) enum Unread {
    TooLong,
    Broken,
}

pub(super) async fn read(response: &mut Response, limit_bytes: usize) -> Result<Vec<u8>, Unread> {
    let stated = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    let mut body = Vec::with_capacity(stated.min(limit_bytes).min(BELIEVED));
    while let Some(chunk) = response.chunk().await.map_err(|_| Unread::Broken)? {
        if body.len() + chunk.len() > limit_bytes {
            return Err(Unread::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

pub(super) fn link(headers: &HeaderMap) -> Option<String> {
    let links: Vec<&str> = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()).collect();
    (!links.is_empty()).then(|| links.join(", "))
}

pub(super) fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

pub(super) fn left(headers: &HeaderMap) -> Option<(u64, u64)> {
    let count = |name| header(headers, name)?.parse().ok();
    Some((count("x-ratelimit-remaining")?, count("x-ratelimit-limit")?))
}

pub(super) fn is_html(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    kind.starts_with("text/html") || kind.starts_with("application/xhtml")
}

pub(super) fn is_websocket(headers: &HeaderMap, key: &str) -> bool {
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

pub(super) fn answered(url: &Url, status: StatusCode) -> Plain {
    Plain::line(&format!("{} answered {status}", name(url)))
}

pub(super) fn interposed(url: &Url, status: StatusCode) -> String {
    format!("something between here and {} answered ({status}): a portal, a proxy or a login page", name(url))
}

/// How long the server wants to be left alone; `None` where it does not say.
pub(super) fn wait(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
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
pub(super) const LONGEST_WAIT: f64 = 900.0;

/// Below this a number cannot be a moment since 1970 (it would be 2001); some servers count from now.
pub(super) const EPOCHS: f64 = 1e9;

pub(super) fn http_date(raw: &str) -> Option<Timestamp> {
    DateTimeParser::new().relaxed_weekday(true).parse_timestamp(raw).ok()
}

pub(super) fn later(now: Timestamp, wait: Duration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}
