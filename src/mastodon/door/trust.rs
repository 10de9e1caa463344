//! Clients, and whom they trust: the system's authorities and those that the reader names.
//!
//! Absent on purpose: a way around checking.

use super::addresses::Racing;
use super::origin::{is_loopback, secure};
use super::trouble::root;
use crate::mastodon::Error;
use crate::text::Plain;
use reqwest::{Certificate, redirect};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use url::Url;

/// Authorities of the reader's own, trusted beside those of this machine.
pub(super) static OWN: OnceLock<Vec<Certificate>> = OnceLock::new();

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

pub(super) fn builder(server: &Url) -> reqwest::ClientBuilder {
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

pub(super) fn upgrade_builder(streaming: &Url) -> reqwest::ClientBuilder {
    // Without a pool: a refused attempt's connection may belong to a network that is gone by the next one.
    builder(streaming).connect_timeout(DIAL).pool_max_idle_per_host(0).http1_only().no_gzip().redirect(redirect::Policy::none())
}

pub(super) fn upgrade_client(streaming: &Url) -> reqwest::Result<reqwest::Client> {
    upgrade_builder(streaming).build()
}

pub(super) fn same_origin_only() -> redirect::Policy {
    redirect::Policy::custom(|attempt| {
        let bare = attempt.url().username().is_empty() && attempt.url().password().is_none();
        let home = attempt.previous().first().is_some_and(|first| first.origin() == attempt.url().origin());
        if bare && home && attempt.previous().len() <= REDIRECTS { attempt.follow() } else { attempt.stop() }
    })
}

pub(super) fn set_up(error: &reqwest::Error) -> Error {
    Error::Setup(Plain::line(&root(error)))
}

pub(super) const REDIRECTS: usize = 3;

pub(super) const CONNECT: Duration = Duration::from_secs(10);
/// The part of an upgrade's time in which a connection must stand. Its addresses share it evenly, behind the one that won
/// the race.
const DIAL: Duration = Duration::from_secs(8);

pub(super) const USER_AGENT: &str = concat!("Trunkline/", env!("CARGO_PKG_VERSION"), " (Mastodon streams in a terminal)");
