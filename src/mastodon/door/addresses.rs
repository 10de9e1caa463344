//! `Racing`: finds the addresses of a host, and which of them answers first.
//!
//! The client below tries the addresses of one family one after another and shares its time among them, so that each dead
//! one costs seconds; only the two families are raced. Where a family has several, they are raced here, a quarter of a
//! second apart and the families in turn, and the first that accepts a connection goes first. Absent on purpose: the
//! connection itself, which the client makes anew to the address it is given.

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
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

/// Resolves names to public addresses alone: those that strangers name must not lead to the reader's own network.
#[derive(Debug, Clone)]
pub(super) struct Public {
    /// Names of proxies that the reader has set: they may be inside. Through them it is they who find the host.
    proxies: Vec<String>,
}

impl Public {
    /// With the proxies that the environment names for secure addresses.
    pub(super) fn new(variable: impl Fn(&str) -> Option<String>) -> Self {
        let named = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"].into_iter().filter_map(variable);
        let host = |proxy: String| {
            let url = Url::parse(&proxy).ok().filter(Url::has_host).or_else(|| Url::parse(&format!("http://{proxy}")).ok())?;
            url.host_str().map(str::to_owned)
        };
        Self { proxies: named.filter_map(host).collect() }
    }

    /// Whether this is a name of a proxy. What strangers name must not be: it would be resolved like the proxy itself.
    pub(super) fn is_proxy(&self, host: &str) -> bool {
        self.proxies.iter().any(|proxy| proxy.trim_end_matches('.').eq_ignore_ascii_case(host.trim_end_matches('.')))
    }
}

impl Resolve for Public {
    fn resolve(&self, name: Name) -> Resolving {
        let is_proxy = self.is_proxy(name.as_str());
        Box::pin(async move {
            let found = lookup_host((name.as_str(), 0)).await?;
            let addresses = in_turn(found.filter(|address| is_proxy || is_public(address.ip())));
            if addresses.is_empty() {
                return Err(io::Error::other("its address is a private one").into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is one of the public internet: not this machine's, not one of a network that only those inside
/// reach, and not one that leads there by another name.
///
/// Source: the registries of special addresses, <https://www.iana.org/assignments/iana-ipv4-special-registry/> and
/// <https://www.iana.org/assignments/iana-ipv6-special-registry/>.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(four) => is_public_v4(four),
        IpAddr::V6(six) => is_public_v6(six),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    !matches!(
        (first, second, third),
        (0 | 10 | 127 | 224..=255, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // Networks without IPv4 reach its hosts by these.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        // Tunnels, tests and documentation within what is otherwise public.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x2002 | 0x3fff, ..] => false,
        [first, ..] => (0x2000..0x4000).contains(&first),
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

    #[test]
    fn public_addresses_are_told_from_all_others() {
        for public in [
            "1.1.1.1",
            "93.184.216.34",
            "100.128.0.1",
            "172.32.0.1",
            "198.20.0.1",
            "2606:4700::1111",
            "2a01:4f8::1",
            "64:ff9b::101:101",
            "::ffff:1.1.1.1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        let private = "0.0.0.0 0.1.2.3 10.1.2.3 100.64.0.1 100.127.255.255 127.0.0.1 127.9.9.9 169.254.169.254 172.16.0.1 172.31.9.9 \
                       192.0.0.8 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.9.9 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 \
                       240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:10.0.0.1 ::ffff:127.0.0.1 64:ff9b::a00:1 64:ff9b:1::1 100::1 \
                       2001::1 2001:2::1 2001:10::1 2001:db8::1 2002:7f00:1::1 3fff::1 5f00::1 fc00::1 fdff::1 fe80::1 fec0::1 ff02::1";
        for private in private.split_whitespace() {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_refused_and_a_proxys_is_not() {
        let refused = Public::new(|_| None).resolve("localhost".parse().unwrap()).await;
        assert!(refused.is_err_and(|error| error.to_string().contains("private")));
        for proxy in ["http://me@localhost:3128", "localhost:3128"] {
            let public = Public::new(|name| (name == "HTTPS_PROXY").then(|| proxy.to_owned()));
            let found = public.resolve("localhost".parse().unwrap()).await;
            assert!(found.is_ok_and(|mut found| found.all(|address| address.ip().is_loopback())), "{proxy}");
        }
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
