//! A TCP proxy that does to the bytes between client and server what networks do: it cuts, stalls, swallows, slices, slows,
//! mixes up and corrupts.
//!
//! It knows just enough HTTP to tell an upgrade from a question, and just enough WebSocket framing to hold whole frames.
//! Absent on purpose: refusals in HTTP's own words, which the server itself gives (`Control`).

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep_until, timeout};

/// How long a client may take to end a connection on which no sense can be made of anything any more.
const OFFENDED: Duration = Duration::from_secs(20);
/// How long a frame is held back at most.
const HELD: Duration = Duration::from_millis(30);

/// A small generator: the same seed tells the same life.
#[derive(Debug, Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn up_to(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % (most + 1)
    }

    pub(crate) fn once_in(&mut self, times: u64) -> bool {
        self.up_to(times - 1) == 0
    }

    pub(crate) fn index(&mut self, count: usize) -> usize {
        usize::try_from(self.up_to(u64::try_from(count - 1).unwrap())).unwrap()
    }

    pub(crate) fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.index(of.len())]
    }
}

/// How the streams that there are end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// In order, without a close frame.
    Fin,
    Reset,
    /// A reset after a part of a frame.
    InsideFrame,
    /// With a frame whose header is nonsense; then it is the client that has to end it.
    BadHeader,
    /// With a text that is no UTF-8, likewise.
    BadText,
    /// With the head of a frame of 2^62 bytes, likewise.
    Endless,
    /// With a masked frame, which a server may not send, likewise.
    Masked,
}

/// How what the server says on a stream comes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Plain,
    /// In bytes and small pieces.
    Slices,
    /// Two kilobytes at a time, with pauses.
    Slow,
    /// On a socket, frames of public streams in another order, and frames of all streams twice, as real servers do.
    Mixed,
    /// Every other event on a socket is lost.
    Lossy,
    /// Nothing comes through, though the connection stands.
    Swallowed,
    /// Nothing goes either way.
    Stalled,
}

/// What becomes of an answer to a question about a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The half of it, and a reset.
    Cut,
    /// The half of it, and an end in order.
    Short,
    /// None, but a reset.
    Refused,
    /// In pieces, with pauses.
    Slow,
}

#[derive(Debug, Clone, Copy)]
struct Weather {
    /// How many times streams were ended: those from before a time end with it.
    ends: u64,
    end: End,
    flow: Flow,
}

/// What came to be through the proxy.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Sockets that were opened.
    pub(crate) sockets: AtomicUsize,
    /// Responses of server-sent events that were begun.
    pub(crate) events: AtomicUsize,
    /// Streams on which no sense could be made of anything any more and that the client did not end.
    pub(crate) endured: AtomicUsize,
}

#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) counts: Arc<Counts>,
    weather: watch::Sender<Weather>,
    broken: Arc<Mutex<VecDeque<Broken>>>,
}

impl Proxy {
    /// Stands between what connects to the listener and a server; ends with the runtime.
    pub(crate) fn start(listener: TcpListener, server: SocketAddr, mut dice: Dice) -> Self {
        let weather = watch::Sender::new(Weather { ends: 0, end: End::Fin, flow: Flow::Plain });
        let (counts, broken) = (Arc::new(Counts::default()), Arc::new(Mutex::new(VecDeque::new())));
        let proxy = Self { counts: Arc::clone(&counts), weather: weather.clone(), broken: Arc::clone(&broken) };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (counts, broken) = (Arc::clone(&counts), Arc::clone(&broken));
                let passage = Passage { dice: Dice(dice.up_to(u64::from(u32::MAX))), weather: weather.subscribe(), counts, broken };
                tokio::spawn(passage.serve(client, server));
            }
        });
        proxy
    }

    /// From now on what the server says comes through so.
    pub(crate) fn flow(&self, flow: Flow) {
        self.weather.send_modify(|weather| weather.flow = flow);
    }

    /// Ends the streams that there are; those that come will be in good order.
    pub(crate) fn end(&self, end: End) {
        self.weather.send_modify(|weather| *weather = Weather { ends: weather.ends + 1, end, flow: Flow::Plain });
    }

    /// Breaks the next answers to questions about timelines so.
    pub(crate) async fn break_answers(&self, broken: &[Broken]) {
        self.broken.lock().await.extend(broken);
    }

    /// Nothing is to be broken any more.
    pub(crate) async fn mend(&self) {
        self.broken.lock().await.clear();
    }
}

/// One connection through the proxy.
struct Passage {
    dice: Dice,
    weather: watch::Receiver<Weather>,
    counts: Arc<Counts>,
    broken: Arc<Mutex<VecDeque<Broken>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Socket,
    Events,
    Timeline,
    Other,
}

impl Passage {
    async fn serve(self, mut client: TcpStream, server: SocketAddr) {
        let born = self.weather.borrow().ends;
        let Some((head, rest)) = read_head(&mut client).await else { return };
        let kind = Self::kind(&head);
        // Nobody there: the client sees it in its own way.
        let Ok(mut server) = TcpStream::connect(server).await else { return };
        let (Ok(()), Ok(())) = (client.set_nodelay(true), server.set_nodelay(true)) else { return };
        let head = if matches!(kind, Kind::Timeline | Kind::Other) { closing(&head) } else { head };
        if server.write_all(head.as_bytes()).await.is_err() || server.write_all(&rest).await.is_err() {
            return;
        }
        if matches!(kind, Kind::Socket | Kind::Events) {
            self.stream(kind, born, client, server).await;
        } else {
            self.question(kind, client, server).await;
        }
    }

    fn kind(head: &str) -> Kind {
        let path = head.split(' ').nth(1).unwrap_or_default();
        if head.to_ascii_lowercase().contains("\r\nupgrade: websocket") {
            Kind::Socket
        } else if path.starts_with("/api/v1/streaming") && !path.ends_with("/health") {
            Kind::Events
        } else if path.starts_with("/api/v1/timelines") || path.starts_with("/api/v1/notifications?") {
            Kind::Timeline
        } else {
            Kind::Other
        }
    }

    /// One question, one answer, and an end.
    async fn question(self, kind: Kind, mut client: TcpStream, mut server: TcpStream) {
        let mut answer = Vec::new();
        if server.read_to_end(&mut answer).await.is_err() {
            return;
        }
        let broken = if kind == Kind::Timeline { self.broken.lock().await.pop_front() } else { None };
        let half = &answer[..answer.len() / 2];
        // Whether the client is still there is its own affair.
        let _gone = match broken {
            None => client.write_all(&answer).await,
            Some(Broken::Refused) => client.set_zero_linger(),
            Some(Broken::Cut) => client.write_all(half).await.and(client.set_zero_linger()),
            Some(Broken::Short) => client.write_all(half).await,
            Some(Broken::Slow) => pieces(&mut client, &answer, answer.len() / 20 + 1, Some(Duration::from_millis(5))).await,
        };
        if broken.is_none() {
            let _gone = client.shutdown().await;
        }
    }

    /// A stream until either side, or the weather, ends it.
    async fn stream(mut self, kind: Kind, born: u64, mut client: TcpStream, mut server: TcpStream) {
        let Some((head, mut said)) = read_head(&mut server).await else { return };
        if client.write_all(head.as_bytes()).await.is_err() {
            return;
        }
        let status = head.split(' ').nth(1).unwrap_or_default();
        if !matches!((kind, status), (Kind::Socket, "101") | (Kind::Events, "200")) {
            // Refused: the words come through, and that is all.
            let _gone = client.write_all(&said).await;
            let _gone = timeout(OFFENDED, tokio::io::copy_bidirectional(&mut client, &mut server)).await;
            return;
        }
        let count = if kind == Kind::Socket { &self.counts.sockets } else { &self.counts.events };
        count.fetch_add(1, Ordering::Relaxed);
        said.reserve(64 * 1024);
        let mut asked = Vec::new();
        let mut kept: Vec<Vec<u8>> = Vec::new();
        let mut due = Instant::now();
        loop {
            let weather = *self.weather.borrow_and_update();
            if weather.ends > born {
                if !finish(kind, weather.end, client).await {
                    self.counts.endured.fetch_add(1, Ordering::Relaxed);
                }
                return;
            }
            let open = weather.flow != Flow::Stalled;
            if open {
                while let Some(frame) = take_frame(kind, &mut said) {
                    if kept.is_empty() {
                        due = Instant::now() + HELD;
                    }
                    if self.pass(kind, weather.flow, frame, &mut kept, &mut client).await.is_err() {
                        return;
                    }
                }
            }
            tokio::select! {
                changed = self.weather.changed() => if changed.is_err() { return },
                read = client.read_buf(&mut asked), if open => {
                    if !matches!(read, Ok(1..)) || server.write_all(&asked).await.is_err() {
                        return;
                    }
                    asked.clear();
                }
                read = server.read_buf(&mut said), if open => if !matches!(read, Ok(1..)) {
                    for frame in kept {
                        let _gone = client.write_all(&frame).await;
                    }
                    return;
                },
                () = sleep_until(due), if open && !kept.is_empty() => {
                    while !kept.is_empty() {
                        let frame = kept.swap_remove(self.dice.index(kept.len()));
                        if client.write_all(&frame).await.is_err() {
                            return;
                        }
                    }
                }
            }
        }
    }

    /// Lets one frame through as the weather is.
    async fn pass(
        &mut self,
        kind: Kind,
        flow: Flow,
        frame: Vec<u8>,
        held: &mut Vec<Vec<u8>>,
        client: &mut TcpStream,
    ) -> std::io::Result<()> {
        let is_event = kind == Kind::Socket && frame.first().is_some_and(|first| first & 0x0f == 1);
        match flow {
            Flow::Swallowed => Ok(()),
            Flow::Lossy if is_event && self.dice.once_in(2) => Ok(()),
            Flow::Slices => {
                // Byte by byte where the framing is, and wherever it falls in between.
                let (header, rest) = frame.split_at(frame.len().min(16));
                pieces(client, header, 1, None).await?;
                pieces(client, rest, 20 + self.dice.index(97), None).await
            }
            Flow::Slow => pieces(client, &frame, 2048, Some(Duration::from_millis(1))).await,
            Flow::Mixed if is_event => {
                if self.dice.once_in(6) {
                    client.write_all(&frame).await?;
                }
                if is_public(&frame) && self.dice.once_in(3) {
                    held.push(frame);
                    return Ok(());
                }
                client.write_all(&frame).await?;
                if !held.is_empty() && self.dice.once_in(2) {
                    let frame = held.swap_remove(self.dice.index(held.len()));
                    client.write_all(&frame).await?;
                }
                Ok(())
            }
            Flow::Plain | Flow::Stalled | Flow::Lossy | Flow::Mixed => client.write_all(&frame).await,
        }
    }
}

/// Whether the frame is of a stream on which real servers keep no order (transcript `ws-public-reordering`).
fn is_public(frame: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&frame[..frame.len().min(48)]).into_owned();
    start.contains("{\"stream\":[\"public") || start.contains("{\"stream\":[\"hashtag")
}

/// The next whole frame of a server, which masks nothing; of server-sent events the next whole chunk.
fn take_frame(kind: Kind, said: &mut Vec<u8>) -> Option<Vec<u8>> {
    let (before, length, after) = if kind == Kind::Events {
        let line = said.windows(2).position(|two| two == b"\r\n")?;
        let length = std::str::from_utf8(&said[..line]).ok().and_then(|text| usize::from_str_radix(text, 16).ok());
        (line + 2, length.expect("the length of a chunk"), 2)
    } else {
        let (before, length) = match *said.get(1)? {
            126 => (4, u64::from(u16::from_be_bytes(said.get(2..4)?.try_into().unwrap()))),
            127 => (10, u64::from_be_bytes(said.get(2..10)?.try_into().unwrap())),
            short => (2, u64::from(short)),
        };
        (before, usize::try_from(length).unwrap(), 0)
    };
    let whole = before + length + after;
    (said.len() >= whole).then(|| said.drain(..whole).collect())
}

/// Ends a stream towards the client; says whether the client ended it where that was its part.
async fn finish(kind: Kind, end: End, mut client: TcpStream) -> bool {
    let inside: &[u8] = b"{\"stream\":[\"user\"],\"event\":\"update\",\"payload\":\"{\\\"id\\\":\\\"1";
    let last: Vec<u8> = match (kind, end) {
        (_, End::Fin | End::Reset) => Vec::new(),
        (Kind::Socket, End::InsideFrame) => [&[0x81, 126, 0x13, 0x88], inside].concat(),
        (Kind::Socket, End::BadHeader) => vec![0xb1, 0x02, b'h', b'i'],
        (Kind::Socket, End::BadText) => vec![0x81, 0x02, 0xc3, 0x28],
        (Kind::Socket, End::Endless) => vec![0x81, 127, 0x40, 0, 0, 0, 0, 0, 0, 0],
        (Kind::Socket, End::Masked) => vec![0x81, 0x82, 1, 2, 3, 4, b'h', b'i'],
        (_, End::InsideFrame) => b"1388\r\ndata: {\"id\":\"1".to_vec(),
        (_, End::BadHeader | End::Endless | End::Masked) => b"no length\r\n".to_vec(),
        (_, End::BadText) => b"zz\r\n\xc3\x28\r\n".to_vec(),
    };
    // A client that has gone already needs no end.
    let _gone = client.write_all(&last).await;
    match end {
        End::Fin => {
            let _gone = client.shutdown().await;
        }
        End::Reset | End::InsideFrame => {
            let _gone = client.set_zero_linger();
        }
        End::BadHeader | End::BadText | End::Endless | End::Masked => {
            let mut rest = Vec::new();
            return timeout(OFFENDED, client.read_to_end(&mut rest)).await.is_ok();
        }
    }
    true
}

async fn pieces(to: &mut TcpStream, bytes: &[u8], size: usize, pause: Option<Duration>) -> std::io::Result<()> {
    for piece in bytes.chunks(size) {
        to.write_all(piece).await?;
        match pause {
            Some(pause) => sleep_until(Instant::now() + pause).await,
            None => tokio::task::yield_now().await,
        }
    }
    Ok(())
}

/// A head of HTTP and what came behind it.
async fn read_head(from: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return Some((String::from_utf8(bytes).ok()?, rest));
        }
        if !matches!(from.read_buf(&mut bytes).await, Ok(1..)) {
            return None;
        }
    }
}

/// The head of a question after which nothing more is asked on the connection: so every answer ends by itself.
fn closing(head: &str) -> String {
    let lines = head.trim_end().split("\r\n").filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    lines.chain(["connection: close", "", ""]).collect::<Vec<_>>().join("\r\n")
}
