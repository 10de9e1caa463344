//! A server on loopback that sends seeded events as fast as they are taken, or at a pace.
//!
//! It lives on threads of the harness, beside the clients that it feeds, and answers the questions that a client asks from
//! the same events, so that a ledger finds what it was sent. Absent on purpose: TLS, and whatever no client here asks for.

use crate::events::{self, Events, Kind};
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// How much is written at once where nothing holds it up, in bytes.
const CHUNK: usize = 256 * 1024;

/// What a server is told to send.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    /// The values of the `stream` keys that events are spread over.
    pub(crate) streams: Vec<String>,
    /// The numbers of the events.
    pub(crate) numbers: std::ops::Range<u64>,
    /// Time from one to the next; `None` where they are to come as fast as they are taken.
    pub(crate) every: Option<Duration>,
    /// Whether the last one is to be an update on the first stream, whatever it would be.
    pub(crate) ends_with_post: bool,
    /// Whether every fifth post comes on the next stream as well.
    pub(crate) repeats: bool,
}

impl Job {
    /// The other stream that an event comes on as well.
    pub(crate) fn repeated_on(&self, number: u64, stream: &str) -> Option<&str> {
        if !self.repeats || !number.is_multiple_of(5) || events::kind(number) != Kind::Update {
            return None;
        }
        let at = self.streams.iter().position(|known| known == stream)?;
        let others = self.streams.iter().cycle().skip(at + 1).take(self.streams.len() - 1);
        others.map(String::as_str).find(|other| !other.contains("notification"))
    }
}

/// What a server tells.
#[derive(Debug)]
pub(crate) enum Told {
    /// Somebody wants a stream: the value of the `stream` key that its events have.
    Subscribed(String),
    /// An event was sent at this time.
    Sent(u64, Instant),
    /// A job is done; so many messages and bytes were written.
    Done { messages: u64, bytes: u64, at: Instant },
}

/// A server; it serves until the harness ends.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) told: Receiver<Told>,
    jobs: Receiver<Sender<Order>>,
    sockets: Vec<Sender<Order>>,
    sent: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Order {
    Job(Job),
    Pong(Vec<u8>),
    End,
}

impl Server {
    /// Listens on a free port, with `held` events sent already as far as its pages are concerned.
    pub(crate) fn start(events: &Arc<Events>, streams: &[&str], held: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, told) = channel();
        let (open, jobs) = channel();
        let sent = Arc::new(AtomicU64::new(held));
        let site = Site {
            events: Arc::clone(events),
            streams: streams.iter().map(|stream| (*stream).to_owned()).collect(),
            sent: Arc::clone(&sent),
            address,
            tell,
            open,
        };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(stream), site) = (stream, site.clone()) else { return };
                std::thread::spawn(move || drop(site.serve(&stream)));
            }
        });
        Self { address, told, jobs, sockets: Vec::new(), sent }
    }

    /// Waits until so many streams are wanted on its sockets.
    pub(crate) fn wait_for_subscriptions(&self, count: usize, patience: Duration) {
        let until = crate::now() + patience;
        let mut wanted = std::collections::BTreeSet::new();
        while wanted.len() < count {
            let left = until.saturating_duration_since(crate::now());
            match self.told.recv_timeout(left) {
                Ok(Told::Subscribed(stream)) => drop(wanted.insert(stream)),
                Ok(Told::Sent(..) | Told::Done { .. }) => {}
                Err(error) => panic!("after {patience:?} only these streams are wanted ({error}): {wanted:?}"),
            }
        }
    }

    /// Has events sent on the socket that was opened last.
    pub(crate) fn send(&mut self, job: Job) {
        self.sockets.extend(self.jobs.try_iter());
        self.sockets.last().expect("no socket is open").send(Order::Job(job)).expect("the socket is closed");
    }

    /// Waits until a job is done: messages, bytes and when the last byte was taken.
    pub(crate) fn wait_until_sent(&self, patience: Duration) -> (u64, u64, Instant) {
        let until = crate::now() + patience;
        loop {
            match self.told.recv_timeout(until.saturating_duration_since(crate::now())) {
                Ok(Told::Done { messages, bytes, at }) => return (messages, bytes, at),
                Ok(Told::Subscribed(_) | Told::Sent(..)) => {}
                Err(error) => {
                    let sent = self.sent.load(Ordering::Relaxed);
                    panic!("{sent} events are sent and the rest is not taken within {patience:?} ({error})")
                }
            }
        }
    }
}

/// What all connections share.
#[derive(Debug, Clone)]
struct Site {
    events: Arc<Events>,
    streams: Vec<String>,
    sent: Arc<AtomicU64>,
    address: SocketAddr,
    tell: Sender<Told>,
    open: Sender<Sender<Order>>,
}

impl Site {
    /// Answers the requests of a connection until it ends or becomes a socket.
    fn serve(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream.try_clone()?);
        loop {
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if reader.read_line(&mut head)? == 0 {
                    return Ok(());
                }
            }
            let header = |name: &str| {
                head.lines()
                    .find_map(|line| line.split_once(": ").filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
            };
            let target = head.split(' ').nth(1).unwrap_or("/").to_owned();
            if let Some(key) = header("sec-websocket-key") {
                let answer = format!(
                    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {}\r\n\r\n",
                    derive_accept_key(key.as_bytes())
                );
                (&*stream).write_all(answer.as_bytes())?;
                return self.socket(stream, reader);
            }
            let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            io::copy(&mut (&mut reader).take(length), &mut io::sink())?;
            let (status, body) =
                self.answer(&target).map_or(("404 Not Found", "{\"error\":\"Record not found\"}".to_owned()), |body| ("200 OK", body));
            let answer = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            (&*stream).write_all(answer.as_bytes())?;
        }
    }

    fn answer(&self, target: &str) -> Option<String> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let parameter = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let sent = self.sent.load(Ordering::Acquire);
        match path {
            "/api/v2/instance" => Some(format!(
                r#"{{"domain":"bench.example","title":"Bench","version":"4.5.3","configuration":{{"urls":{{"streaming":"ws://{}"}}}}}}"#,
                self.address
            )),
            "/api/v1/accounts/verify_credentials" => Some(
                r#"{"id":"1","username":"reader","acct":"reader","display_name":"Reader","url":"https://bench.example/@reader"}"#
                    .to_owned(),
            ),
            "/api/v1/lists" | "/api/v1/followed_tags" | "/api/v1/announcements" | "/api/v1/conversations" | "/api/v2/filters" => {
                Some("[]".to_owned())
            }
            "/api/v1/markers" => Some("{}".to_owned()),
            "/api/v1/notifications" => Some(self.page(r#"["user:notification"]"#, &parameter, sent)),
            "/api/v1/timelines/home" => Some(self.page(r#"["user"]"#, &parameter, sent)),
            "/api/v1/timelines/public" if parameter("local").is_some() => Some(self.page(r#"["public:local"]"#, &parameter, sent)),
            "/api/v1/timelines/public" => Some(self.page(r#"["public"]"#, &parameter, sent)),
            _ => {
                if let Some(tag) = path.strip_prefix("/api/v1/timelines/tag/") {
                    return Some(self.page(&format!(r#"["hashtag","{tag}"]"#), &parameter, sent));
                }
                let id = path.strip_prefix("/api/v1/statuses/").or_else(|| path.strip_prefix("/api/v1/notifications/"))?;
                if let Some(own) = self.events.own_post(id) {
                    return Some(own);
                }
                match events::number_of(id)? {
                    (number, true) => self.events.entity(number, sent),
                    (_, false) => None,
                }
            }
        }
    }

    /// A page of a stream, as it would be after what has been sent.
    fn page<'a>(&self, stream: &str, parameter: &dyn Fn(&str) -> Option<&'a str>, sent: u64) -> String {
        let limit = parameter("limit").and_then(|limit| limit.parse().ok()).unwrap_or(20_usize).min(40);
        let number = |name: &str| parameter(name).and_then(events::number_of).map(|(number, _)| number);
        let is_notifications = stream.contains("notification");
        let is_listed = |at: &u64| {
            let fits = matches!((events::kind(*at), is_notifications), (Kind::Update, false) | (Kind::Notification, true));
            fits && events::stream_of(*at, &self.streams) == stream
        };
        let before = number("max_id").unwrap_or(sent).min(sent);
        let mut entities: Vec<String> = match (number("min_id"), number("since_id")) {
            (Some(after), _) => {
                let mut page: Vec<String> =
                    (after + 1..before).filter(is_listed).filter_map(|at| self.events.entity(at, sent)).take(limit).collect();
                page.reverse();
                page
            }
            (None, since) => {
                let after = since.map_or(0, |since| since + 1);
                (after..before).rev().filter(is_listed).filter_map(|at| self.events.entity(at, sent)).take(limit).collect()
            }
        };
        entities.truncate(limit);
        format!("[{}]", entities.join(","))
    }

    fn socket(&self, stream: &TcpStream, mut reader: BufReader<TcpStream>) -> io::Result<()> {
        let (orders, waiting) = channel();
        let writer = Writer { site: self.clone(), stream: stream.try_clone()?, waiting };
        drop(self.open.send(orders.clone()));
        std::thread::spawn(move || drop(writer.run()));
        loop {
            let heard = message(&mut reader);
            match heard {
                Ok((1, text)) => {
                    if let Some(wanted) = subscribed(&text) {
                        drop(self.tell.send(Told::Subscribed(wanted)));
                    }
                }
                Ok((9, payload)) => drop(orders.send(Order::Pong(payload))),
                Ok((8, _)) | Err(_) => {
                    drop(orders.send(Order::End));
                    return Ok(());
                }
                Ok(_) => {}
            }
        }
    }
}

/// Writes everything that goes out on one socket.
struct Writer {
    site: Site,
    stream: TcpStream,
    waiting: Receiver<Order>,
}

impl Writer {
    fn run(mut self) -> io::Result<()> {
        while let Ok(order) = self.waiting.recv() {
            match order {
                Order::Job(job) => self.send(&job)?,
                Order::Pong(payload) => self.stream.write_all(&frame(10, &payload))?,
                Order::End => {
                    drop(self.stream.write_all(&frame(8, &[])));
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn send(&mut self, job: &Job) -> io::Result<()> {
        let start = crate::now();
        let (mut out, mut text) = (Vec::with_capacity(2 * CHUNK), Vec::new());
        let (mut messages, mut bytes) = (0, 0);
        let last = job.numbers.end.saturating_sub(1);
        for (place, number) in (0_u32..).zip(job.numbers.clone()) {
            text.clear();
            let mut stream = events::stream_of(number, &job.streams);
            let mut shown = number;
            if job.ends_with_post && number == last {
                stream = &job.streams[0];
                // The next number that is a post.
                shown = (number..number + 1_000).find(|at| events::kind(*at) == Kind::Update).unwrap_or(number);
            }
            self.site.events.put(shown, stream, &mut text);
            frame_into(1, &text, &mut out);
            messages += 1;
            bytes += text.len() as u64;
            if let Some(other) = job.repeated_on(number, stream) {
                text.clear();
                self.site.events.put(number, other, &mut text);
                frame_into(1, &text, &mut out);
                messages += 1;
                bytes += text.len() as u64;
            }
            if let Some(every) = job.every {
                std::thread::sleep((start + every * place).saturating_duration_since(crate::now()));
                self.site.sent.store(shown + 1, Ordering::Release);
                drop(self.site.tell.send(Told::Sent(shown, crate::now())));
                self.stream.write_all(&out)?;
                out.clear();
            } else if out.len() >= CHUNK || number == last {
                self.site.sent.store(shown + 1, Ordering::Release);
                self.stream.write_all(&out)?;
                out.clear();
            }
            loop {
                match self.waiting.try_recv() {
                    Ok(Order::Pong(payload)) => frame_into(10, &payload, &mut out),
                    Ok(Order::Job(_)) => {}
                    Ok(Order::End) => return Err(ErrorKind::ConnectionAborted.into()),
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
                }
            }
        }
        self.stream.write_all(&out)?;
        drop(self.site.tell.send(Told::Done { messages, bytes, at: crate::now() }));
        Ok(())
    }
}

fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    frame_into(opcode, payload, &mut out);
    out
}

/// Adds a server's frame, which is not masked.
fn frame_into(opcode: u8, payload: &[u8], out: &mut Vec<u8>) {
    out.push(0x80 | opcode);
    match payload.len() {
        short @ 0..126 => out.push(u8::try_from(short).unwrap()),
        long => {
            out.push(126);
            out.extend_from_slice(&u16::try_from(long).expect("an event of more than 64 KiB").to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}

/// Reads a client's message, which is one masked frame.
fn message(reader: &mut impl Read) -> io::Result<(u8, Vec<u8>)> {
    let mut head = [0; 2];
    reader.read_exact(&mut head)?;
    let mut length = u64::from(head[1] & 0x7f);
    if length == 126 {
        let mut long = [0; 2];
        reader.read_exact(&mut long)?;
        length = u64::from(u16::from_be_bytes(long));
    }
    let mut mask = [0; 4];
    reader.read_exact(&mut mask)?;
    let mut payload = vec![0; usize::try_from(length).unwrap()];
    reader.read_exact(&mut payload)?;
    for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
    Ok((head[0] & 0x0f, payload))
}

/// The value of the `stream` key of the stream that a message asks for.
fn subscribed(text: &[u8]) -> Option<String> {
    let asked: serde_json::Value = serde_json::from_slice(text).ok()?;
    if asked["type"] != "subscribe" {
        return None;
    }
    let name = asked["stream"].as_str()?;
    let parameter = asked["tag"].as_str().or(asked["list"].as_str());
    Some(parameter.map_or(format!(r#"["{name}"]"#), |parameter| format!(r#"["{name}","{parameter}"]"#)))
}
