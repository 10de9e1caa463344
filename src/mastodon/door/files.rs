//! The door for files that posts name: images of strangers, on hosts that only strangers vouch for.
//!
//! It keeps the promises of the door, and more: no token, no cookie and no referer goes along; only `https`, and only to
//! addresses of the public internet, looked at when the connection is made and again behind each redirect. The one
//! exception is the reader's own instance: what lies at its very origin may come from wherever the reader has put it, a
//! loopback address included. Absent on purpose: what the bytes are, and repeating.

use super::addresses::Public;
use super::headers::{Unread, read};
use super::origin::{Publicity, name, publicity, secure};
use super::trouble::Trouble;
use super::trust::{CONNECT, builder, set_up};
use super::{Error, IDLE};
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use reqwest::{Response, redirect};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;
use url::Url;

/// Bound of a file, in bytes.
pub(crate) const FILE: usize = 16 * 1024 * 1024;
/// How long a file may take, from the question to its last byte.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a file may have moved.
const MOVES: usize = 3;

/// The way to files.
pub struct Files {
    server: Url,
    /// To the instance's own origin.
    own: reqwest::Client,
    /// To everywhere else, from the first file there on: the trust store is hundreds of files to read, and nobody waits for them at
    /// the start. Nothing where this machine has none, which a reader of a loopback server does not need.
    strangers: OnceCell<Option<reqwest::Client>>,
    patience: Duration,
}

/// Why there is no file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoFile {
    /// It is not fetched from there, whatever there is.
    #[error("not fetched: {0}")]
    Refused(&'static str),
    /// The server answered something else.
    #[error("{0} answered {1}")]
    Answered(String, u16),
    /// It is larger than any that is fetched.
    #[error("{0} sent more than {limit} MiB", limit = FILE / 1024 / 1024)]
    TooLarge(String),
    /// It says of itself that it is no image.
    #[error("{0} sent something that is no image")]
    NoImage(String),
    /// There was no whole answer.
    #[error("{0}")]
    Unreachable(String),
}

impl Files {
    /// The way to files for a reader of this instance.
    ///
    /// # Errors
    /// Where this machine has no trust store for a server that needs one.
    pub fn new(server: Url) -> Result<Self, Error> {
        let _first_or_not = rustls::crypto::ring::default_provider().install_default();
        let own = careful(builder(&server)).build().map_err(|error| set_up(&error))?;
        Ok(Self { server, own, strangers: OnceCell::new(), patience: PATIENCE })
    }

    /// Fetches an image; 20 s for all of it.
    pub async fn image(&self, address: &str) -> Result<Vec<u8>, NoFile> {
        let url = Url::parse(address).map_err(|_| NoFile::Refused("it is no address of the web"))?;
        let host = name(&url);
        tokio::time::timeout(self.patience, self.follow(url))
            .await
            .unwrap_or_else(|_| Err(NoFile::Unreachable(format!("{host} did not send it within {} s", self.patience.as_secs()))))
    }

    async fn follow(&self, mut url: Url) -> Result<Vec<u8>, NoFile> {
        for _ in 0..=MOVES {
            let response = self.ask(&url).await?;
            if !response.status().is_redirection() {
                return body(&url, response).await;
            }
            let target = response.headers().get(LOCATION).and_then(|value| url.join(value.to_str().ok()?).ok());
            url = target.ok_or(NoFile::Refused("it has moved to nowhere"))?;
        }
        Err(NoFile::Refused("it has moved too often"))
    }

    async fn ask(&self, url: &Url) -> Result<Response, NoFile> {
        let own = url.origin() == self.server.origin();
        let client = if own { &self.own } else { self.stranger(url).await? };
        let request = client.get(url.clone()).header(ACCEPT, "image/webp,image/png,image/jpeg,image/gif");
        request.send().await.map_err(|error| NoFile::Unreachable(Trouble::of(&error, url).words.to_string()))
    }

    /// The client for a host that a stranger names, if it may be asked at all.
    async fn stranger(&self, url: &Url) -> Result<&reqwest::Client, NoFile> {
        may_be_fetched(url).map_err(NoFile::Refused)?;
        let made = || async { tokio::task::spawn_blocking(strangers).await.ok().flatten() };
        self.strangers.get_or_init(made).await.as_ref().ok_or(NoFile::Refused("this machine has no trust store for secure connections"))
    }
}

/// A client for files, of which each step is looked at.
fn careful(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder.connect_timeout(CONNECT).pool_idle_timeout(IDLE).no_gzip().redirect(redirect::Policy::none())
}

/// The client for hosts that strangers name; reads the trust store.
fn strangers() -> Option<reqwest::Client> {
    let public = Public::new(|name| std::env::var(name).ok());
    let anywhere = Url::parse("https://anywhere.invalid/").ok()?;
    careful(builder(&anywhere)).dns_resolver(Arc::new(public)).build().ok()
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files").field("server", &name(&self.server)).finish_non_exhaustive()
    }
}

/// Whether an address may be asked because a post names it, as far as its text tells; otherwise why not.
fn may_be_fetched(url: &Url) -> Result<(), &'static str> {
    if !secure(url) || url.scheme() != "https" {
        return Err("it is not at a secure address");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("its address contains a user name");
    }
    if publicity(url) < Publicity::World {
        return Err("its address is a private one");
    }
    // Addresses in numbers are not resolved, so they are looked at here.
    let public = match url.host() {
        Some(url::Host::Ipv4(four)) => super::addresses::is_public(four.into()),
        Some(url::Host::Ipv6(six)) => super::addresses::is_public(six.into()),
        Some(url::Host::Domain(_)) => true,
        None => false,
    };
    if public { Ok(()) } else { Err("its address is a private one") }
}

async fn body(url: &Url, mut response: Response) -> Result<Vec<u8>, NoFile> {
    let host = name(url);
    if response.status() != reqwest::StatusCode::OK {
        return Err(NoFile::Answered(host, response.status().as_u16()));
    }
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    // Object stores may not know what they hold; the bytes tell.
    if !(kind.is_empty() || kind.starts_with("image/") || kind.ends_with("/octet-stream")) {
        return Err(NoFile::NoImage(host));
    }
    if response.content_length().is_some_and(|length| length > FILE as u64) {
        return Err(NoFile::TooLarge(host));
    }
    match read(&mut response, FILE).await {
        Ok(bytes) => Ok(bytes),
        Err(Unread::TooLong) => Err(NoFile::TooLarge(host)),
        Err(Unread::Broken) => Err(NoFile::Unreachable(format!("{host} broke off in the middle of a file"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    #[test]
    fn only_public_places_are_asked_because_a_post_says_so() {
        for (address, may) in [
            ("https://files.tide.example/a.png", true),
            ("https://files.tide.example:8443/a.png", true),
            ("https://93.184.216.34/a.png", true),
            ("http://files.tide.example/a.png", false),
            ("ftp://files.tide.example/a.png", false),
            ("wss://files.tide.example/a.png", false),
            ("https://me@files.tide.example/a.png", false),
            ("https://localhost/a.png", false),
            ("https://printer.local/a.png", false),
            ("https://intranet/a.png", false),
            ("https://127.0.0.1/a.png", false),
            ("https://2130706433/a.png", false),
            ("https://0x7f.1/a.png", false),
            ("https://10.0.0.1/a.png", false),
            ("https://169.254.169.254/latest/meta-data", false),
            ("https://100.64.0.1/", false),
            ("https://198.18.0.1/", false),
            ("https://224.0.0.1/", false),
            ("https://[::1]/", false),
            ("https://[::ffff:127.0.0.1]/", false),
            ("https://[fd00::1]/", false),
            ("https://[fe80::1]/", false),
            ("https://[64:ff9b::7f00:1]/", false),
            ("https://[2002:7f00:1::]/", false),
            ("https://[2606:2800:220:1::1]/", true),
        ] {
            assert_eq!(may_be_fetched(&Url::parse(address).unwrap()).is_ok(), may, "{address}");
        }
    }

    /// A server that gives every connection the same answer, and keeps it open where that is all of it.
    async fn serving(answer: Vec<u8>, stays: bool) -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = [0; 2048];
                drop(stream.read(&mut asked).await);
                drop(stream.write_all(&answer).await);
                if stays {
                    kept.push(stream);
                }
            }
        });
        url
    }

    fn answer(head: &str, body: &[u8]) -> Vec<u8> {
        let mut answer = format!("HTTP/1.1 200 OK\r\n{head}\r\n").into_bytes();
        answer.extend_from_slice(body);
        answer
    }

    async fn fetched(server: &Url, patience: Duration) -> Result<Vec<u8>, NoFile> {
        let files = Files { patience, ..Files::new(server.clone()).unwrap() };
        files.image(server.join("a.png").unwrap().as_str()).await
    }

    const LONG: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn a_file_comes_whole_or_not_at_all() {
        let png = serving(answer("Content-Type: image/png\r\nContent-Length: 3\r\n", b"abc"), false).await;
        assert_eq!(fetched(&png, LONG).await.unwrap(), b"abc");
        let bare = serving(answer("Content-Length: 3\r\n", b"abc"), false).await;
        assert_eq!(fetched(&bare, LONG).await.unwrap(), b"abc", "a store that does not know what it holds");
        let short = serving(answer("Content-Type: image/png\r\nContent-Length: 9\r\n", b"abc"), false).await;
        assert!(matches!(fetched(&short, LONG).await, Err(NoFile::Unreachable(_))), "cut short");
        let page = serving(answer("Content-Type: text/html\r\nContent-Length: 3\r\n", b"abc"), false).await;
        assert!(matches!(fetched(&page, LONG).await, Err(NoFile::NoImage(_))), "a page");
        let gone = serving(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(), false).await;
        assert!(matches!(fetched(&gone, LONG).await, Err(NoFile::Answered(_, 404))));
    }

    #[tokio::test]
    async fn size_and_time_are_bounded_whatever_the_server_says() {
        let claims = serving(answer("Content-Type: image/png\r\nContent-Length: 99999999\r\n", b"abc"), true).await;
        assert!(matches!(fetched(&claims, LONG).await, Err(NoFile::TooLarge(_))), "by its own words");
        let endless = answer("Content-Type: image/png\r\nConnection: close\r\n", &vec![0; FILE + 1]);
        let endless = serving(endless, true).await;
        assert!(matches!(fetched(&endless, LONG).await, Err(NoFile::TooLarge(_))), "by its bytes");
        let slow = serving(answer("Content-Type: image/png\r\nContent-Length: 9\r\n", b"abc"), true).await;
        let outcome = fetched(&slow, Duration::from_millis(200)).await;
        assert!(matches!(&outcome, Err(NoFile::Unreachable(words)) if words.contains("within")), "{outcome:?}");
    }

    #[tokio::test]
    async fn no_redirect_leads_from_the_instance_to_another_private_place() {
        let other = serving(answer("Content-Type: image/png\r\nContent-Length: 3\r\n", b"abc"), false).await;
        for target in
            [other.as_str(), "https://127.0.0.1/a.png", "https://localhost/a.png", "http://files.tide.example/a.png", "file:///etc/passwd"]
        {
            let moved = format!("HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n");
            let server = serving(moved.into_bytes(), false).await;
            assert!(matches!(fetched(&server, LONG).await, Err(NoFile::Refused(_))), "{target}");
        }
        let circle = serving(b"HTTP/1.1 302 Found\r\nLocation: /b.png\r\nContent-Length: 0\r\n\r\n".to_vec(), false).await;
        assert_eq!(fetched(&circle, LONG).await, Err(NoFile::Refused("it has moved too often")));
    }

    #[tokio::test]
    async fn nothing_is_dialled_at_a_private_place_by_any_of_its_names() {
        let private = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = private.local_addr().unwrap().port();
        // Another port of the same machine is not the instance.
        let files = Files::new(Url::parse("http://127.0.0.1:9/").unwrap()).unwrap();
        for host in [
            "127.0.0.1",
            "localhost",
            "localhost.",
            "2130706433",
            "0x7f.1",
            "0177.1",
            "127.1",
            "0.0.0.0",
            "[::ffff:7f00:1]",
            "me@127.0.0.1",
        ] {
            for scheme in ["https", "http"] {
                let outcome = files.image(&format!("{scheme}://{host}:{port}/a.png")).await;
                assert!(matches!(outcome, Err(NoFile::Refused(_))), "{scheme}://{host}: {outcome:?}");
            }
        }
        // What was dialled would lie in the listener's queue.
        let mut dialled = std::pin::pin!(private.accept());
        let dialled = std::future::poll_fn(|context| std::task::Poll::Ready(dialled.as_mut().poll(context).is_ready())).await;
        assert!(!dialled);
    }

    #[tokio::test]
    async fn neither_token_nor_referer_goes_along() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let asking = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = vec![0; 4096];
            let count = stream.read(&mut asked).await.unwrap();
            stream.write_all(&answer("Content-Length: 1\r\n", b"a")).await.unwrap();
            String::from_utf8_lossy(&asked[..count]).to_ascii_lowercase()
        });
        fetched(&url, LONG).await.unwrap();
        let asked = asking.await.unwrap();
        for header in ["authorization", "cookie", "referer"] {
            assert!(!asked.contains(&format!("\n{header}:")), "{asked}");
        }
    }
}
