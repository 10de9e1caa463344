//! Why nothing came back, in words that say what to do.
//!
//! Absent on purpose: what a server itself refused (`headers`).

use super::origin::name;
use super::{Refusal, RefusalKind};
use crate::model::{Failure, FailureKind};
use crate::text::Plain;
use std::error::Error as _;
use std::io;
use url::Url;

/// What went wrong on the way, before there was an answer.
pub(super) struct Trouble {
    pub(super) way: Way,
    pub(super) words: Plain,
}

#[derive(Clone, Copy)]
pub(super) enum Way {
    Nowhere,
    Untrusted,
    Proxy,
    Lost,
}

impl Trouble {
    pub(super) fn of(error: &reqwest::Error, url: &Url) -> Self {
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

    pub(super) fn into_failure(self) -> Failure {
        let kind = match self.way {
            Way::Untrusted => FailureKind::Unusable,
            Way::Nowhere => FailureKind::Offline,
            Way::Proxy | Way::Lost => FailureKind::Retry,
        };
        Failure { kind, reason: self.words }
    }

    pub(super) fn into_refusal(self) -> Refusal {
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
pub(super) fn dead(error: &reqwest::Error) -> bool {
    error.is_request() && !error.is_timeout() && !error.is_connect() && !error.is_redirect() && tls(error).is_none()
}

/// The innermost cause; the outer ones carry the URL.
pub(super) fn root(error: &reqwest::Error) -> String {
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
pub(super) fn without_number(words: &str) -> &str {
    words.rsplit_once(" (os error ").map_or(words, |(before, _)| before)
}

/// The failure of TLS in it; it hides inside an `io::Error`, which does not name it as its source.
pub(super) fn tls(error: &reqwest::Error) -> Option<&rustls::Error> {
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

pub(super) fn tls_within(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    inner.downcast_ref::<rustls::Error>().or_else(|| inner.downcast_ref::<io::Error>().and_then(tls_within))
}
