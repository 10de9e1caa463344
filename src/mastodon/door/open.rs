//! The door for whoever has no token yet: questions about a server, and the forms of OAuth.
//!
//! It keeps the promises of the door: deadlines, bounds, TLS, and nobody's words but the server's own. A redirect of a
//! question is followed within the origin, one of a form never, for it would carry a secret along. Absent on purpose:
//! repeating, and recording: what passes here are secrets.

use super::headers::{Unread, http_date, is_html, read, wait};
use super::origin::name;
use super::trouble::{Trouble, Way, tls};
use super::trust::{CONNECT, builder, same_origin_only, set_up};
use super::{Clock, Error, PATIENCE};
use crate::model::Timestamp;
use crate::text::Plain;
use reqwest::header::{ACCEPT, DATE, LOCATION};
use reqwest::{RequestBuilder, redirect};
use rustls::CertificateError;
use std::fmt;
use std::time::Duration;
use url::Url;

/// The way to a server without an account there.
pub(crate) struct OpenDoor {
    server: Url,
    questions: reqwest::Client,
    forms: reqwest::Client,
    clock: Clock,
}

/// What a server said, whatever it was.
#[derive(Debug)]
pub(crate) struct Said {
    /// The status code.
    pub(crate) status: u16,
    /// The body, within the bound; empty where it was not read to its end.
    pub(crate) body: Vec<u8>,
    /// Whether the body is a page for people.
    pub(crate) is_html: bool,
    /// Where a redirect that was not followed leads.
    pub(crate) location: Option<Url>,
    /// How long to stay away, of a 429 or 503 that says so.
    pub(crate) wait: Option<Duration>,
    /// How far the server's clock is ahead of ours, where it tells its time.
    pub(crate) ahead_s: Option<i64>,
}

/// Why there was no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// The name does not resolve, nobody answers, not in time, or not to the end.
    Unreachable(Plain),
    /// The secure connection failed.
    Tls(Plain),
    /// The secure connection failed over the time: the certificate is not valid yet, or no longer.
    Clock(Plain),
}

impl OpenDoor {
    /// Builds the clients; fails where this machine has no trust store for a server that needs one.
    pub(crate) fn new(server: Url, clock: Clock) -> Result<Self, Error> {
        let _first_or_not = rustls::crypto::ring::default_provider().install_default();
        let client = |policy| builder(&server).connect_timeout(CONNECT).gzip(true).redirect(policy).build().map_err(|error| set_up(&error));
        let (questions, forms) = (client(same_origin_only())?, client(redirect::Policy::none())?);
        Ok(Self { server, questions, forms, clock })
    }

    /// The server's base address.
    pub(crate) fn server(&self) -> &Url {
        &self.server
    }

    /// The server's host, with the port where it is not the usual one.
    pub(crate) fn host(&self) -> String {
        name(&self.server)
    }

    /// Asks for a document; 30 s for all of it.
    pub(crate) async fn get(&self, path: &str) -> Result<Said, Unanswered> {
        let url = self.address(path);
        self.send(self.questions.get(url)).await
    }

    /// Sends a form, once; 30 s for all of it.
    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Said, Unanswered> {
        let url = self.address(path);
        self.send(self.forms.post(url).form(form)).await
    }

    fn address(&self, path: &str) -> Url {
        let mut url = self.server.clone();
        url.set_path(path);
        url
    }

    async fn send(&self, request: RequestBuilder) -> Result<Said, Unanswered> {
        let exchange = async {
            let mut response = request.header(ACCEPT, "application/json").send().await.map_err(|error| self.unanswered(&error))?;
            let (status, headers) = (response.status(), response.headers().clone());
            let body = match read(&mut response, DOCUMENT).await {
                Ok(body) => body,
                Err(Unread::TooLong) => Vec::new(),
                Err(Unread::Broken) => {
                    let words = format!("{} broke off in the middle of an answer", self.host());
                    return Err(Unanswered::Unreachable(Plain::line(&words)));
                }
            };
            let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
            let now = (self.clock)();
            let ahead = |there: Timestamp| there.duration_since(now).as_secs();
            Ok(Said {
                status: status.as_u16(),
                body,
                is_html: is_html(&headers),
                location: text(LOCATION).filter(|_| status.is_redirection()).and_then(|target| self.server.join(target).ok()),
                wait: if matches!(status.as_u16(), 429 | 503) { wait(status, &headers, now) } else { None },
                ahead_s: text(DATE).and_then(http_date).map(ahead),
            })
        };
        tokio::time::timeout(PATIENCE.answer, exchange).await.unwrap_or_else(|_| {
            let words = format!("{} did not answer within {} s", self.host(), PATIENCE.answer.as_secs());
            Err(Unanswered::Unreachable(Plain::line(&words)))
        })
    }

    fn unanswered(&self, error: &reqwest::Error) -> Unanswered {
        let of_time = tls(error).is_some_and(is_of_time);
        let Trouble { way, words } = Trouble::of(error, &self.server);
        match way {
            Way::Untrusted if of_time => Unanswered::Clock(words),
            Way::Untrusted => Unanswered::Tls(words),
            Way::Nowhere | Way::Proxy | Way::Lost => Unanswered::Unreachable(words),
        }
    }
}

impl fmt::Debug for OpenDoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenDoor").field("server", &self.host()).finish_non_exhaustive()
    }
}

/// Bound of an answer, in bytes after decompression.
const DOCUMENT: usize = 1024 * 1024;

/// Whether a certificate would be good at another time.
fn is_of_time(error: &rustls::Error) -> bool {
    let rustls::Error::InvalidCertificate(reason) = error else { return false };
    let (early, late) = (CertificateError::NotValidYet, CertificateError::Expired);
    *reason == early
        || *reason == late
        || matches!(reason, CertificateError::NotValidYetContext { .. } | CertificateError::ExpiredContext { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_time_makes_a_certificate_good_again() {
        use rustls::Error::{InvalidCertificate, NoApplicationProtocol};
        for (error, expected) in [
            (InvalidCertificate(CertificateError::NotValidYet), true),
            (InvalidCertificate(CertificateError::Expired), true),
            (InvalidCertificate(CertificateError::UnknownIssuer), false),
            (InvalidCertificate(CertificateError::NotValidForName), false),
            (NoApplicationProtocol, false),
        ] {
            assert_eq!(is_of_time(&error), expected, "{error}");
        }
    }
}
