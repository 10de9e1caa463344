//! `Racing`: finds the addresses of a host, and which of them answers first.
//!
//! The client below tries the addresses of one family one after another and shares its time among them, so that each dead
//! one costs seconds; only the two families are raced. Where a family has several, they are raced here, a quarter of a
//! second apart and the families in turn, and the first that accepts a connection goes first. Absent on purpose: the
//! connection itself, which the client makes anew to the address it is given.

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use url::Url;

/// How long after one address the next is tried.
const APART: Duration = Duration::from_millis(250);
/// Addresses that are tried.
const MOST: usize = 8;
/// How long the race may take. Where nobody answers the order stays as it is.
const RACE: Duration = Duration::from_secs(4);

/// Resolves names; the addresses of known hosts in the order in which they are worth trying.
#[derive(Debug, Clone)]
pub(super) struct Racing {
    known: watch::Receiver<Places>,
}

/// Hosts and the ports that are dialled there.
pub(super) type Places = Vec<(String, u16)>;

/// Where connections to an address go.
pub(super) fn place(url: &Url) -> (String, u16) {
    (url.host_str().unwrap_or_default().to_owned(), url.port_or_known_default().unwrap_or_default())
}

impl Racing {
    /// For connections to a server, and to wherever else is put beside it later.
    pub(super) fn to(server: &Url) -> (watch::Sender<Places>, Self) {
        let (places, known) = watch::channel(vec![place(server)]);
        (places, Self { known })
    }
}

impl Resolve for Racing {
    fn resolve(&self, name: Name) -> Resolving {
        // Another name is a proxy's, whose port is not known here.
        let port = self.known.borrow().iter().find(|(host, _)| host == name.as_str()).map(|(_, port)| *port);
        Box::pin(async move {
            let mut addresses = in_turn(lookup_host((name.as_str(), port.unwrap_or_default())).await?);
            let rivals = |ipv6: bool| addresses.iter().filter(|address| address.is_ipv6() == ipv6).count() > 1;
            if port.is_some()
                && (rivals(true) || rivals(false))
                && let Ok(Some(winner)) = timeout(RACE, race(&addresses)).await
            {
                addresses.retain(|address| *address != winner);
                addresses.insert(0, winner);
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The addresses with the families in turn, each as often as it has any left, beginning with the first one's.
fn in_turn(addresses: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut addresses = addresses.peekable();
    let first = addresses.peek().is_some_and(SocketAddr::is_ipv6);
    let (one, other): (Vec<_>, Vec<_>) = addresses.partition(|address| address.is_ipv6() == first);
    let mut other = other.into_iter();
    let mut all: Vec<SocketAddr> = one.into_iter().flat_map(|address| std::iter::once(address).chain(other.next())).collect();
    all.extend(other);
    all.truncate(MOST);
    all
}

/// The address that accepts a connection first.
async fn race(addresses: &[SocketAddr]) -> Option<SocketAddr> {
    let mut delay = Duration::ZERO;
    let mut attempts: FuturesUnordered<_> = addresses
        .iter()
        .map(|address| {
            let wait = delay;
            delay += APART;
            async move {
                sleep(wait).await;
                TcpStream::connect(address).await.ok().map(|_| *address)
            }
        })
        .collect();
    while let Some(outcome) = attempts.next().await {
        if outcome.is_some() {
            return outcome;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    fn addresses(list: &str) -> Vec<SocketAddr> {
        list.split_whitespace().map(|address| address.parse().unwrap()).collect()
    }

    #[test]
    fn the_families_take_turns() {
        for (found, wanted) in [
            ("", ""),
            ("[::1]:1 [::2]:1 1.1.1.1:1", "[::1]:1 1.1.1.1:1 [::2]:1"),
            ("1.1.1.1:1 2.2.2.2:1 3.3.3.3:1 [::1]:1", "1.1.1.1:1 [::1]:1 2.2.2.2:1 3.3.3.3:1"),
            ("1.1.1.1:1 [::1]:1 [::2]:1 [::3]:1", "1.1.1.1:1 [::1]:1 [::2]:1 [::3]:1"),
        ] {
            assert_eq!(in_turn(addresses(found).into_iter()), addresses(wanted), "{found}");
        }
        assert_eq!(in_turn((1..100).map(|port| SocketAddr::from(([1, 1, 1, 1], port)))).len(), MOST);
    }

    /// A full queue is how Linux makes an address that never answers without leaving this machine.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn dead_addresses_of_the_same_family_do_not_cost_their_share() {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let full = socket.listen(1).unwrap();
        let dead = full.local_addr().unwrap();
        let mut waiting = Vec::new();
        while let Ok(stream) = timeout(Duration::from_millis(200), TcpStream::connect(dead)).await {
            waiting.push(stream.unwrap());
        }
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let alive = listener.local_addr().unwrap();
        assert_eq!(race(&[dead, closed, dead, alive]).await, Some(alive));
        assert_eq!(race(&[closed, closed]).await, None);
        assert!(timeout(Duration::from_millis(600), race(&[dead])).await.is_err());
    }

    #[tokio::test]
    async fn what_is_found_has_the_port_of_the_server_and_a_proxys_name_none() {
        let (places, racing) = Racing::to(&Url::parse("https://localhost:8443/").unwrap());
        for (name, port) in [("localhost", 8443), ("localhost.", 0)] {
            if let Ok(mut found) = racing.resolve(name.parse().unwrap()).await {
                assert!(found.all(|address| address.port() == port && address.ip().is_loopback()), "{name}");
            } else {
                assert_eq!(port, 0, "{name} does not resolve");
            }
        }
        places.send_modify(|places| places.push(place(&Url::parse("wss://a.example/").unwrap())));
        assert_eq!(racing.known.borrow().last(), Some(&("a.example".to_owned(), 443)));
    }
}
