//! `Tap`: where recordings branch off, below decoding: frames and answers as they came and went.
//!
//! What it guarantees: of a request only its method, path and query, of an answer only the headers that mean something to a
//! client, and the token nowhere, also where a server says it back. Absent on purpose: the file and its thread
//! (`recording`); without a recorder there is no tap, and nothing is paid.

use crate::recording::{Data, Direction, Kind, Recorder, Request, Row};
use reqwest::header::{CONTENT_TYPE, HeaderMap, LINK, RETRY_AFTER};
use reqwest::{Method, StatusCode};
use std::borrow::Cow;
use std::fmt::Write as _;
use tokio_tungstenite::tungstenite::Message;
use url::Url;

/// Headers of an answer that are recorded.
const HEADERS: [&str; 4] = ["x-error-message", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];
/// A shorter word is no server's token, and would be found in ordinary text.
const SHORTEST_TOKEN: usize = 12;
const REDACTED: &str = "REDACTED";

/// A text without the token.
pub(crate) fn redacted<'a>(token: &str, text: &'a str) -> Cow<'a, str> {
    if token.len() >= SHORTEST_TOKEN && text.contains(token) { Cow::Owned(text.replace(token, REDACTED)) } else { Cow::Borrowed(text) }
}

/// Where one account's traffic is recorded.
#[derive(Clone)]
pub(crate) struct Tap {
    recorder: Recorder,
    token: String,
}

/// The tap of one connection.
#[derive(Clone)]
pub(crate) struct LinkTap {
    tap: Tap,
    link: u16,
    life: u64,
}

impl Tap {
    /// Records into `recorder` what must not contain `token`.
    pub(crate) fn new(recorder: Recorder, token: &str) -> Self {
        Self { recorder, token: token.to_owned() }
    }

    /// The tap of a connection: the number of its kind, and the how manieth of that kind it is.
    pub(crate) fn link(&self, link: u16, life: u64) -> LinkTap {
        LinkTap { tap: self.clone(), link, life }
    }

    /// A question was asked.
    pub(crate) fn asked(&self, method: &Method, url: &Url) {
        let path = self.path(url);
        let data = Data::Text(format!("{method} {path} HTTP/1.1\r\n\r\n"));
        self.recorder.record(Row { request: Some(request(method, path)), ..Row::new(Direction::Out, Kind::Http, data) });
    }

    /// An answer came, with what was read of its body.
    pub(crate) fn answered(&self, method: &Method, url: &Url, status: StatusCode, headers: &HeaderMap, body: &[u8]) {
        let mut text = format!("HTTP/1.1 {status}\r\n");
        for name in HEADERS.into_iter().chain([CONTENT_TYPE.as_str(), LINK.as_str(), RETRY_AFTER.as_str()]) {
            for value in headers.get_all(name) {
                // Writing into a string does not fail.
                let _ = write!(text, "{name}: {}\r\n", String::from_utf8_lossy(value.as_bytes()));
            }
        }
        text.push_str("\r\n");
        text.push_str(&String::from_utf8_lossy(body));
        let row = Row::new(Direction::In, Kind::Http, Data::Text(self.clean(text)));
        self.recorder.record(Row { request: Some(request(method, self.path(url))), status: Some(status.as_u16()), ..row });
    }

    fn path(&self, url: &Url) -> String {
        let path = url.path().to_owned();
        self.clean(url.query().map_or(path.clone(), |query| format!("{path}?{query}")))
    }

    /// The text without the token.
    fn clean(&self, text: String) -> String {
        match redacted(&self.token, &text) {
            Cow::Owned(clean) => clean,
            Cow::Borrowed(_) => text,
        }
    }
}

impl LinkTap {
    /// The connection stands.
    pub(crate) fn began(&self, streaming: &Url) {
        let path = self.tap.path(streaming);
        self.record(Direction::Out, Kind::Http, Data::Text(format!("GET {path} HTTP/1.1\r\nUpgrade: websocket\r\n\r\n")));
        self.record(Direction::In, Kind::Http, Data::Text("HTTP/1.1 101 Switching Protocols\r\n\r\n".to_owned()));
    }

    /// The event stream stands.
    pub(crate) fn began_events(&self, address: &Url) {
        let path = self.tap.path(address);
        self.record(Direction::Out, Kind::Http, Data::Text(format!("GET {path} HTTP/1.1\r\nAccept: text/event-stream\r\n\r\n")));
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
        self.record(Direction::In, Kind::Http, Data::Text(head.to_owned()));
    }

    /// A piece of an event stream came, which begins and ends with whole lines: a token cannot hide between two rows.
    pub(crate) fn streamed(&self, lines: &[u8]) {
        self.record(Direction::In, Kind::Sse, Data::Text(self.tap.clean(String::from_utf8_lossy(lines).into_owned())));
    }

    /// The connection is over, or there is none; by whom, and why as far as it is known.
    pub(crate) fn ended(&self, dir: Direction, reason: &str) {
        self.record(dir, Kind::Eof, Data::Text(self.tap.clean(reason.to_owned())));
    }

    /// A message came. A ping is answered by the library, which shows nowhere else.
    pub(crate) fn heard(&self, message: &Message) {
        self.message(Direction::In, message);
        if let Message::Ping(payload) = message {
            self.message(Direction::Out, &Message::Pong(payload.clone()));
        }
    }

    /// A message was sent.
    pub(crate) fn sent(&self, message: &Message) {
        self.message(Direction::Out, message);
    }

    fn message(&self, dir: Direction, message: &Message) {
        let lossy = |bytes: &[u8]| Data::Text(self.tap.clean(String::from_utf8_lossy(bytes).into_owned()));
        let (kind, data) = match message {
            Message::Text(text) => (Kind::Text, Data::Text(self.tap.clean(text.as_str().to_owned()))),
            Message::Binary(bytes) => (Kind::Binary, Data::Text(self.tap.clean(bytes.iter().copied().map(char::from).collect()))),
            Message::Ping(payload) => (Kind::Ping, lossy(payload)),
            Message::Pong(payload) => (Kind::Pong, lossy(payload)),
            Message::Close(close) => {
                let code = close.as_ref().map(|close| u16::from(close.code));
                let reason = close.as_ref().map(|close| close.reason.as_str().to_owned()).unwrap_or_default();
                (Kind::Close, Data::Close { code, reason: self.tap.clean(reason) })
            }
            // Never given out by a socket that reads.
            Message::Frame(_) => return,
        };
        self.record(dir, kind, data);
    }

    fn record(&self, dir: Direction, kind: Kind, data: Data) {
        self.tap.recorder.record(Row { link: Some(self.link), life: Some(self.life), ..Row::new(dir, kind, data) });
    }
}

fn request(method: &Method, path: String) -> Request {
    Request { method: method.to_string(), path }
}
