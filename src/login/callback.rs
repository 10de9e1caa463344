//! The address on this machine to which the browser brings the code.
//!
//! Only 127.0.0.1, one path, one accepted answer: the one with the right state. Whatever else comes to this port gets a
//! short answer on a task of its own and changes nothing, so that nothing can stand in the way of the real one. Absent on
//! purpose: a web server.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use url::Url;

/// What the browser brought back.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Back {
    /// A code.
    Code(String),
    /// A refusal, with its OAuth code and words.
    Refusal(String, String),
    /// A refusal that does not say which sign-in it is about: to be told, but not to be believed.
    Stray(String, String),
}

/// A port that is listened at.
#[derive(Debug)]
pub(super) struct Callback {
    listener: TcpListener,
    redirect: String,
}

impl Callback {
    /// Listens at a port of 127.0.0.1; 0 is any free one.
    pub(super) async fn bind(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let redirect = format!("http://127.0.0.1:{}{PATH}", listener.local_addr()?.port());
        Ok(Self { listener, redirect })
    }

    /// The redirect to register: servers may compare it whole, port included.
    pub(super) fn redirect(&self) -> &str {
        &self.redirect
    }

    /// Waits for the browser with the right state; for ever, if need be.
    pub(super) async fn wait(&self, is_state: impl Fn(&str) -> bool + Send + Sync + 'static) -> Back {
        let is_state = Arc::new(is_state);
        let room = Arc::new(Semaphore::new(AT_ONCE));
        let mut visits: JoinSet<Option<Back>> = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((socket, _)) => {
                        // Those beyond the bound are hung up on at once: they are not browsers.
                        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else { continue };
                        let is_state = Arc::clone(&is_state);
                        visits.spawn(async move {
                            let _permit = permit;
                            tokio::time::timeout(VISIT, visit(socket, &*is_state)).await.ok().flatten()
                        });
                    }
                    // Descriptors are exhausted, mostly; a moment later they may not be.
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                },
                Some(done) = visits.join_next() => if let Ok(Some(back)) = done { return back },
            }
        }
    }
}

/// The port of a redirect that was registered earlier.
pub(super) fn port(redirect: &str) -> Option<u16> {
    let url = Url::parse(redirect).ok()?;
    let is_ours = url.scheme() == "http" && url.host_str() == Some("127.0.0.1") && url.path() == PATH;
    url.port().filter(|_| is_ours)
}

const PATH: &str = "/callback";
/// Connections that are listened to at once.
const AT_ONCE: usize = 64;
/// How long one may take to ask its question.
const VISIT: Duration = Duration::from_secs(5);
/// Most bytes of a request that are read.
const MOST_BYTES: usize = 16 * 1024;

/// Hears one request and answers it.
async fn visit(mut socket: TcpStream, is_state: &(impl Fn(&str) -> bool + Sync)) -> Option<Back> {
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let count = socket.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        head.extend_from_slice(buffer.get(..count)?);
        if head.len() > MOST_BYTES {
            return None;
        }
    }
    let head = String::from_utf8_lossy(&head);
    let back = read(head.lines().next().unwrap_or_default(), is_state);
    let (status, words) = match &back {
        Some(Back::Code(_)) => ("200 OK", "Trunkline has what it needs. You can close this page and go back to the terminal."),
        Some(Back::Refusal(..)) => ("200 OK", "Access was denied. You can close this page; the terminal says what to do."),
        Some(Back::Stray(..)) => ("400 Bad Request", "Something went wrong; the terminal says what to do."),
        None => ("404 Not Found", "This is not what Trunkline waits for."),
    };
    let page = format!("<!doctype html><meta charset=\"utf-8\"><title>Trunkline</title><p>{words}</p>\n");
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
         Referrer-Policy: no-referrer\r\nConnection: close\r\n\r\n{page}",
        page.len()
    );
    // A browser that has gone already has brought what it had to bring.
    drop(socket.write_all(answer.as_bytes()).await);
    drop(socket.shutdown().await);
    back
}

/// What a request line brings; `None` where it is not for us.
fn read(line: &str, is_state: &impl Fn(&str) -> bool) -> Option<Back> {
    let target = line.strip_prefix("GET ")?.split(' ').next()?;
    let url = Url::parse("http://127.0.0.1/").ok()?.join(target).ok()?;
    if url.path() != PATH || !target.starts_with('/') {
        return None;
    }
    let word = |name: &str| url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
    let is_ours = word("state").is_some_and(|state| is_state(&state));
    match (word("code"), word("error")) {
        (_, Some(error)) => {
            let description = word("error_description").unwrap_or_default();
            Some(if is_ours { Back::Refusal(error, description) } else { Back::Stray(error, description) })
        }
        (Some(code), None) if is_ours && !code.is_empty() => Some(Back::Code(code)),
        (Some(_) | None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(redirect: &str, target: &str) -> String {
        let mut socket = TcpStream::connect(("127.0.0.1", port(redirect).unwrap())).await.unwrap();
        socket.write_all(format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[test]
    fn only_the_right_path_with_the_right_state_brings_a_code() {
        let is_state = |state: &str| state == "right";
        let code = |code: &str| Some(Back::Code(code.to_owned()));
        for (line, expected) in [
            ("GET /callback?code=a%2Bb&state=right HTTP/1.1", code("a+b")),
            ("GET /callback?state=right&code=x HTTP/1.1", code("x")),
            ("GET /callback?code=x&state=wrong HTTP/1.1", None),
            ("GET /callback?code=x HTTP/1.1", None),
            ("GET /callback?code=&state=right HTTP/1.1", None),
            ("GET /callback?state=right HTTP/1.1", None),
            ("GET / HTTP/1.1", None),
            ("GET /favicon.ico HTTP/1.1", None),
            ("GET //callback?code=x&state=right HTTP/1.1", None),
            ("GET /other/callback?code=x&state=right HTTP/1.1", None),
            ("POST /callback?code=x&state=right HTTP/1.1", None),
            ("GET http://127.0.0.1/callback?code=x&state=right HTTP/1.1", None),
            ("", None),
            ("GET", None),
            (
                "GET /callback?error=access_denied&error_description=no+way&state=right HTTP/1.1",
                Some(Back::Refusal("access_denied".to_owned(), "no way".to_owned())),
            ),
            ("GET /callback?error=server_error HTTP/1.1", Some(Back::Stray("server_error".to_owned(), String::new()))),
        ] {
            assert_eq!(read(line, &is_state), expected, "{line}");
        }
    }

    #[tokio::test]
    async fn nothing_stands_in_the_way_of_the_browser() {
        let callback = Callback::bind(0).await.unwrap();
        let redirect = callback.redirect().to_owned();
        assert_eq!(port(&redirect), Some(callback.listener.local_addr().unwrap().port()));
        let waiting = tokio::spawn(async move { callback.wait(|state| state == "right").await });
        // More than there is room for say nothing at all.
        let mut silent = Vec::new();
        for _ in 0..20 {
            silent.push(TcpStream::connect(("127.0.0.1", port(&redirect).unwrap())).await.unwrap());
        }
        assert!(ask(&redirect, "/favicon.ico").await.starts_with("HTTP/1.1 404"));
        assert!(ask(&redirect, "/callback?code=forged&state=guess").await.starts_with("HTTP/1.1 404"));
        let answer = ask(&redirect, "/callback?code=real&state=right").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("close this page"), "{answer}");
        assert_eq!(waiting.await.unwrap(), Back::Code("real".to_owned()));
    }

    #[test]
    fn only_a_redirect_of_ours_has_a_port_to_be_used_again() {
        assert_eq!(port("http://127.0.0.1:4711/callback"), Some(4711));
        for other in ["urn:ietf:wg:oauth:2.0:oob", "http://127.0.0.1/callback", "http://10.0.0.1:4711/callback", "http://127.0.0.1:4711/"] {
            assert_eq!(port(other), None, "{other}");
        }
    }
}
