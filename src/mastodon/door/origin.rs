//! Addresses of servers: what may be typed, and what is near enough to be spoken to without TLS.
//!
//! Absent on purpose: asking anything of them.

use crate::mastodon::Error;
use crate::text::Plain;
use std::net::IpAddr;
use url::{Host, Url};

/// The base address of a server as people type it: a name, an address with or without path, or an account on it.
pub fn address(typed: &str) -> Result<Url, Error> {
    normalise(typed)
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

pub(super) fn normalise(raw: &str) -> Result<Url, Error> {
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
pub(super) enum Publicity {
    Machine,
    Network,
    World,
}

pub(super) fn publicity(url: &Url) -> Publicity {
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
