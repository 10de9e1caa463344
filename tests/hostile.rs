//! The trunk against a server that writes raw bytes: what no server should do, cut up in ways that no network should.
//!
//! The cases of the WebSocket protocol follow the numbers of the Autobahn suite for clients (1 to 7, 9, 10). What it leaves
//! open is settled: the first breach of the protocol ends the connection, and nothing behind it is interpreted.
#![cfg(test)]

use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_util::sync::CancellationToken;
use trunkline::mastodon::streaming::{Events, Settings, Wanted, connect};
use trunkline::mastodon::{Access, Client, Token};
use trunkline::model::{Connection, Event, Origin, Payload, Spec, Stream};

/// How long anything may take before the test says what it saw.
const PATIENCE: Duration = Duration::from_secs(30);
/// What the trunk may take to end.
const QUIT: Duration = Duration::from_secs(1);
const TOKEN: &str = "s3cr3t-0f-th3-r34d3r";

struct Server {
    listener: TcpListener,
}

impl Server {
    async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    fn address(&self) -> String {
        self.listener.local_addr().unwrap().to_string()
    }

    /// The next request and its head.
    async fn request(&self) -> (TcpStream, String) {
        let request = async {
            let (mut tcp, _) = self.listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                match tcp.read_u8().await {
                    Ok(byte) => head.push(byte),
                    Err(_) => break,
                }
            }
            (tcp, String::from_utf8(head).unwrap())
        };
        timeout(PATIENCE, request).await.expect("no request came")
    }

    /// Says what it is until it is asked for an upgrade, which is left to the test.
    async fn upgrade(&self) -> (TcpStream, String) {
        loop {
            let (mut tcp, head) = self.request().await;
            if head.to_lowercase().contains("upgrade: websocket") {
                return (tcp, head);
            }
            self.introduce(&mut tcp).await;
        }
    }

    /// Says what it is, refuses one upgrade with these bytes.
    async fn refuse(&self, response: &[u8]) {
        let (mut tcp, _) = self.upgrade().await;
        // The client may go before it has read all of it.
        tcp.write_all(response).await.ok();
        tcp.shutdown().await.ok();
    }

    async fn introduce(&self, tcp: &mut TcpStream) {
        let streaming = format!("ws://{}", self.address());
        let body = format!(
            r#"{{"domain":"social.example","title":"Social","version":"4.5.0","configuration":{{"urls":{{"streaming":"{streaming}"}}}}}}"#
        );
        answer(tcp, "200 OK", "", &body).await;
    }

    /// Opens the next socket; `first` goes out in one segment with the answer to the upgrade.
    async fn open(&self, first: &[u8]) -> TcpStream {
        let (mut tcp, head) = self.upgrade().await;
        let mut bytes = switch(&head, "").into_bytes();
        bytes.extend_from_slice(first);
        tcp.write_all(&bytes).await.unwrap();
        tcp
    }
}

async fn answer(tcp: &mut TcpStream, status: &str, headers: &str, body: &str) {
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // The client may have gone.
    tcp.write_all(format!("{head}{body}").as_bytes()).await.ok();
}

fn switch(head: &str, headers: &str) -> String {
    let key = head.lines().find_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key")));
    let accept = derive_accept_key(key.unwrap().1.trim().as_bytes());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n{headers}\r\n"
    )
}

struct Trunk {
    events: Events,
    wanted: watch::Sender<Wanted>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
    seen: Vec<(Origin, Event)>,
}

impl Trunk {
    fn start(address: &str, specs: &[&str]) -> Self {
        let access = Access::new(&format!("http://{address}"), Token::new(TOKEN).unwrap()).unwrap();
        let client = Client::new(access).unwrap();
        let streams = specs.iter().map(|spec| stream(spec)).collect();
        let (wanted, receiver) = watch::channel(Wanted { streams, ..Wanted::default() });
        let shutdown = CancellationToken::new();
        let (events, task) = connect(client, Settings::default(), receiver, shutdown.clone());
        Self { events, wanted, shutdown, task, seen: Vec::new() }
    }

    /// Takes events until one is what the test waits for.
    async fn until(&mut self, what: &str, mut is_it: impl FnMut(&Event) -> bool) -> (Origin, Event) {
        let end = Instant::now() + PATIENCE;
        loop {
            let next = timeout_at(end, self.events.recv()).await;
            let Ok(Some((origin, event))) = next else { panic!("{what} did not come; seen: {:#?}", self.seen) };
            self.seen.push((origin, event.clone()));
            if is_it(&event) {
                return (origin, event);
            }
        }
    }

    async fn until_live(&mut self) -> Origin {
        self.until("live", |event| *event == Event::Connection(Connection::Live)).await.0
    }

    async fn until_reconnecting(&mut self, what: &str) -> String {
        let (_, event) = self.until(what, |event| matches!(event, Event::Connection(Connection::Reconnecting { .. }))).await;
        let Event::Connection(Connection::Reconnecting { reason, .. }) = event else { panic!("{event:?}") };
        reason.to_string()
    }

    fn deleted(&self) -> Vec<&str> {
        self.seen.iter().filter_map(|(_, event)| deleted(event)).collect()
    }

    fn retry(&self) {
        self.wanted.send_modify(|wanted| wanted.retry += 1);
    }

    async fn quit(self, state: &str) {
        let began = Instant::now();
        self.shutdown.cancel();
        timeout(PATIENCE, self.task).await.unwrap_or_else(|_| panic!("the trunk does not end: {state}")).unwrap();
        assert!(began.elapsed() < QUIT, "{state}: {:?}", began.elapsed());
    }
}

fn stream(spec: &str) -> Stream {
    match spec.parse::<Spec>().unwrap() {
        Spec::Stream(stream) => stream,
        Spec::List(_) | Spec::Merged(_) => panic!("{spec} is no stream by itself"),
    }
}

fn deleted(event: &Event) -> Option<&str> {
    let Event::Stream(event) = event else { return None };
    let Payload::Delete(id) = &event.payload else { return None };
    Some(id.as_str())
}

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// A whole frame of a server's.
fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    framed(true, 0, opcode, payload)
}

/// A frame that another one follows.
fn part(opcode: u8, payload: &[u8]) -> Vec<u8> {
    framed(false, 0, opcode, payload)
}

fn framed(last: bool, reserved: u8, opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![u8::from(last) << 7 | reserved << 4 | opcode];
    match payload.len() {
        length @ 0..=125 => bytes.push(u8::try_from(length).unwrap()),
        length @ 126..=0xffff => {
            bytes.push(126);
            bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            bytes.push(127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(payload);
    bytes
}

fn delete(id: &str) -> Vec<u8> {
    format!(r#"{{"stream":["user"],"event":"delete","payload":"{id}"}}"#).into_bytes()
}

/// The same in as many bytes as wished.
fn padded(id: &str, length: usize) -> Vec<u8> {
    let mut text = delete(id);
    assert!(text.len() <= length);
    text.resize(length, b' ');
    text
}

/// A message in parts of so many bytes, with something between them.
fn parts(message: &[u8], size: usize, between: &[u8]) -> Vec<u8> {
    let count = message.len().div_ceil(size);
    let mut bytes = Vec::new();
    for (number, piece) in message.chunks(size).enumerate() {
        let opcode = if number == 0 { TEXT } else { CONTINUATION };
        bytes.extend(framed(number + 1 == count, 0, opcode, piece));
        if number + 1 < count {
            bytes.extend_from_slice(between);
        }
    }
    bytes
}

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(CLOSE, &[&code.to_be_bytes(), reason].concat())
}

/// What a case has to come to.
enum End {
    /// The connection goes on; these posts are deleted, and these pings answered.
    On { deletes: usize, pongs: Vec<Vec<u8>> },
    /// The client closes at the first breach, after so many deletes.
    Breach { deletes: usize },
    /// The server closed, with this code; it may go on all the same, and then need not hear the answer.
    Closed { code: Option<u16>, deletes: usize, goes_on: bool },
}

struct Case {
    name: String,
    bytes: Vec<u8>,
    /// Bytes in a segment; all at once where none.
    chop: Option<usize>,
    end: End,
}

fn on(name: &str, bytes: Vec<u8>, deletes: usize, pongs: &[&[u8]]) -> Case {
    Case { name: name.to_owned(), bytes, chop: None, end: End::On { deletes, pongs: pongs.iter().map(|pong| pong.to_vec()).collect() } }
}

fn breach(name: &str, bytes: Vec<u8>, deletes: usize) -> Case {
    Case { name: name.to_owned(), bytes, chop: None, end: End::Breach { deletes } }
}

fn closed(name: &str, bytes: Vec<u8>, code: Option<u16>, deletes: usize) -> Case {
    Case { name: name.to_owned(), bytes, chop: None, end: End::Closed { code, deletes, goes_on: false } }
}

fn closed_and_goes_on(name: &str, bytes: Vec<u8>) -> Case {
    Case { name: name.to_owned(), bytes, chop: None, end: End::Closed { code: Some(1000), deletes: 0, goes_on: true } }
}

/// What every case ends with: a message that must be interpreted, or must not be any more.
const LAST: &str = "999";

async fn run(case: &Case) {
    let server = Server::start().await;
    let mut trunk = Trunk::start(&server.address(), &["home"]);
    let mut tcp = server.open(b"").await;
    trunk.until_live().await;
    let name = &case.name;
    let mut bytes = case.bytes.clone();
    if !matches!(case.end, End::Closed { goes_on: false, .. }) {
        bytes.extend(frame(TEXT, &delete(LAST)));
        bytes.extend(frame(PING, b"the end"));
    }
    let (mut reading, mut writing) = tcp.split();
    let write = async {
        for piece in bytes.chunks(case.chop.unwrap_or(usize::MAX)) {
            // The client may have gone: that is what some cases are about.
            if writing.write_all(piece).await.is_err() {
                break;
            }
            if case.chop.is_some() {
                tokio::task::yield_now().await;
            }
        }
    };
    let pongs = async {
        let mut pongs = Vec::new();
        let mut farewell = None;
        while let Some((opcode, payload)) = next_frame(&mut reading).await {
            match opcode {
                PONG if payload == b"the end" => break,
                PONG => pongs.push(payload),
                CLOSE => {
                    farewell = Some(payload);
                    break;
                }
                _ => {}
            }
        }
        (pongs, farewell)
    };
    let ((), (pongs, farewell)) = timeout(PATIENCE, async { tokio::join!(write, pongs) }).await.unwrap_or_else(|_| panic!("{name}: hangs"));
    match &case.end {
        End::On { deletes, pongs: expected } => {
            assert_eq!((&pongs, &farewell), (expected, &None), "{name}");
            let (origin, _) = trunk.until(name, |event| deleted(event) == Some(LAST)).await;
            assert_eq!((origin.epoch, trunk.deleted().len()), (1, deletes + 1), "{name}: {:?}", trunk.seen);
        }
        End::Breach { deletes } => {
            let reason = trunk.until_reconnecting(name).await;
            assert_eq!(trunk.deleted().len(), *deletes, "{name}: {:?}", trunk.seen);
            assert!(!reason.is_empty() && !trunk.deleted().contains(&LAST), "{name}: {reason}");
        }
        End::Closed { code, deletes, goes_on } => {
            let reason = trunk.until_reconnecting(name).await;
            assert_eq!(trunk.deleted().len(), *deletes, "{name}: {:?}", trunk.seen);
            assert!(!trunk.deleted().contains(&LAST), "{name}: {reason}");
            let said = code.map_or("without giving a code".to_owned(), |code| format!("code {code}"));
            assert!(reason.contains(&said), "{name}: {reason}");
            assert!(farewell.is_some() || *goes_on, "{name}: the close was not answered");
        }
    }
    // Otherwise the trunk says goodbye and waits for the answer.
    drop(tcp);
    trunk.quit(name).await;
}

/// The next frame of a client's: its opcode and its payload without the mask; `None` at the end of the connection.
async fn next_frame(reading: &mut (impl AsyncRead + Unpin)) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 2];
    reading.read_exact(&mut head).await.ok()?;
    assert!(head[0] & 0x70 == 0 && head[1] & 0x80 != 0, "reserved bits or no mask: {head:?}");
    let length = match head[1] & 0x7f {
        126 => reading.read_u16().await.ok()?.into(),
        127 => usize::try_from(reading.read_u64().await.ok()?).unwrap(),
        short => usize::from(short),
    };
    let mut mask = [0; 4];
    reading.read_exact(&mut mask).await.ok()?;
    let mut payload = vec![0; length];
    reading.read_exact(&mut payload).await.ok()?;
    for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
    Some((head[0] & 0x0f, payload))
}

fn all(pieces: &[&[u8]]) -> Vec<u8> {
    pieces.concat()
}

/// 1: whole messages; 2: pings and pongs; 3 and 4: bits and opcodes that mean nothing; 5: messages in parts.
fn framing() -> Vec<Case> {
    let mut cases = Vec::new();
    let text = |id: &str| frame(TEXT, &delete(id));
    for length in [125, 126, 127, 128, 65_535, 65_536] {
        cases.push(on(&format!("1.1 text of {length}"), frame(TEXT, &padded("1", length)), 1, &[]));
        cases.push(on(&format!("1.2 binary of {length}"), frame(BINARY, &vec![0xfe; length]), 0, &[]));
    }
    cases.push(on("1.1.1 empty text", frame(TEXT, b""), 0, &[]));
    cases.push(on("1.2.1 empty binary", frame(BINARY, b""), 0, &[]));
    cases.push(Case { chop: Some(997), ..on("1.1.8 chopped", frame(TEXT, &padded("1", 65_536)), 1, &[]) });

    let long = [0xfe; 125];
    cases.push(on("2.1 empty ping", frame(PING, b""), 0, &[b""]));
    cases.push(on("2.2 ping", frame(PING, b"Hello, world!"), 0, &[b"Hello, world!"]));
    cases.push(on("2.3 binary ping", frame(PING, &[0, 0xff, 0xfe, 0xfd]), 0, &[&[0, 0xff, 0xfe, 0xfd]]));
    cases.push(on("2.4 ping of 125", frame(PING, &long), 0, &[&long]));
    cases.push(breach("2.5 ping of 126", frame(PING, &[0xfe; 126]), 0));
    cases.push(Case { chop: Some(1), ..on("2.6 ping of 125 by the byte", frame(PING, &long), 0, &[&long]) });
    cases.push(on("2.7 pong", frame(PONG, b""), 0, &[]));
    cases.push(on("2.8 pong with words", frame(PONG, b"unsolicited"), 0, &[]));
    cases.push(on("2.9 pong and ping", all(&[&frame(PONG, b"unsolicited"), &frame(PING, b"ping")]), 0, &[b"ping"]));
    let ten: Vec<Vec<u8>> = (0..10).map(|number| format!("payload {number}").into_bytes()).collect();
    let pings: Vec<u8> = ten.iter().flat_map(|words| frame(PING, words)).collect();
    let answers: Vec<&[u8]> = ten.iter().map(Vec::as_slice).collect();
    cases.push(on("2.10 ten pings", pings.clone(), 0, &answers));
    cases.push(Case { chop: Some(1), ..on("2.11 ten pings by the byte", pings, 0, &answers) });

    for bits in 1..=7 {
        let odd = |opcode, payload: &[u8]| framed(true, bits, opcode, payload);
        cases.push(breach(&format!("3 reserved bits {bits} on text"), all(&[&text("1"), &odd(TEXT, &delete("2"))]), 1));
        cases.push(breach(&format!("3 reserved bits {bits} on a ping"), odd(PING, b"x"), 0));
        cases.push(Case { chop: Some(1), ..breach(&format!("3 reserved bits {bits} by the byte"), odd(TEXT, &delete("2")), 0) });
    }
    cases.push(breach("3.7 reserved bits on a close", framed(true, 7, CLOSE, &1000_u16.to_be_bytes()), 0));
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        cases.push(breach(&format!("4 opcode {opcode}"), frame(opcode, b""), 0));
        cases.push(breach(&format!("4 opcode {opcode} behind text"), all(&[&text("1"), &frame(opcode, b"x"), &frame(PING, b"")]), 1));
    }

    let message = delete("1");
    let (begin, end) = message.split_at(9);
    cases.push(breach("5.1 a ping in parts", all(&[&part(PING, b"a"), &frame(CONTINUATION, b"b")]), 0));
    cases.push(breach("5.2 a pong in parts", all(&[&part(PONG, b"a"), &frame(CONTINUATION, b"b")]), 0));
    cases.push(on("5.3 two parts", parts(&message, 9, b""), 1, &[]));
    cases.push(Case { chop: Some(1), ..on("5.5 two parts by the byte", parts(&message, 30, b""), 1, &[]) });
    cases.push(on("5.6 a ping between", parts(&message, 30, &frame(PING, b"between")), 1, &[b"between"]));
    cases.push(Case {
        chop: Some(1),
        ..on("5.8 a ping between by the byte", parts(&message, 30, &frame(PING, b"between")), 1, &[b"between"])
    });
    for last in [true, false] {
        let stray = framed(last, 0, CONTINUATION, b"going on");
        cases.push(breach(&format!("5.9 nothing to go on with, {last}"), all(&[&stray, &text("2")]), 0));
        cases.push(Case { chop: Some(1), ..breach(&format!("5.11 the same by the byte, {last}"), all(&[&stray, &text("2")]), 0) });
        let whole = parts(&message, 30, b"");
        cases.push(breach(&format!("5.15 nothing more to go on with, {last}"), all(&[&whole, &stray, &text("2")]), 1));
    }
    cases.push(breach("5.18 two beginnings", all(&[&part(TEXT, begin), &frame(TEXT, end)]), 0));
    cases.push(breach("5.18 a binary inside a text", all(&[&part(TEXT, begin), &frame(BINARY, end)]), 0));
    let many = parts(&padded("1", 200), 40, &frame(PING, b"p"));
    cases.push(on("5.19 pings between five parts", many.clone(), 1, &[b"p", b"p", b"p", b"p"]));
    cases.push(Case { chop: Some(1), ..on("5.20 the same by the byte", many, 1, &[b"p", b"p", b"p", b"p"]) });
    cases
}

/// 6: text that is UTF-8, and text that is not.
fn encoding() -> Vec<Case> {
    let mut cases = Vec::new();
    cases.push(on("6.1.2 three empty parts", all(&[&part(TEXT, b""), &part(CONTINUATION, b""), &frame(CONTINUATION, b"")]), 0, &[]));
    let message = delete("1");
    cases.push(on(
        "6.1.3 one of three is not empty",
        all(&[&part(TEXT, b""), &part(CONTINUATION, &message), &frame(CONTINUATION, b"")]),
        1,
        &[],
    ));
    let words = |inside: &[u8]| all(&[br#"{"stream":["user"],"event":"shrug","payload":""#, inside, br#""}"#]);
    let valid: [&[u8]; 14] = [
        "Hello-µ@ßöäüàá-UTF-8!!".as_bytes(),
        "κόσμε".as_bytes(),
        "日本語".as_bytes(),
        b"\xc2\x80",
        b"\xe0\xa0\x80",
        b"\xf0\x90\x80\x80",
        b"\x7f",
        b"\xdf\xbf",
        b"\xef\xbf\xbf",
        b"\xf4\x8f\xbf\xbf",
        b"\xed\x9f\xbf",
        b"\xee\x80\x80",
        b"\xef\xbf\xbd",
        b"\xf0\x9f\xbf\xbe",
    ];
    for inside in valid {
        cases.push(on(&format!("6.2 {inside:x?}"), all(&[&frame(TEXT, &words(inside)), &frame(PING, b"")]), 0, &[b""]));
        let split = parts(&words(inside), 1, b"");
        cases.push(on(&format!("6.2.3 {inside:x?} in parts of a byte"), all(&[&split, &frame(PING, b"")]), 0, &[b""]));
    }
    let invalid: [&[u8]; 26] = [
        b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
        b"\xf8\x88\x80\x80\x80",
        b"\xfc\x84\x80\x80\x80\x80",
        b"\xf7\xbf\xbf\xbf",
        b"\xfb\xbf\xbf\xbf\xbf",
        b"\xf4\x90\x80\x80",
        b"\x80",
        b"\xbf",
        b"\x80\xbf",
        b"\xc0 ",
        b"\xe0 ",
        b"\xf0 ",
        b"\xc0",
        b"\xe0\x80",
        b"\xf0\x80\x80",
        b"\xfe",
        b"\xff",
        b"\xc0\xaf",
        b"\xe0\x80\xaf",
        b"\xf0\x80\x80\xaf",
        b"\xc1\xbf",
        b"\xe0\x9f\xbf",
        b"\xf0\x8f\xbf\xbf",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xed\xa0\x80\xed\xb0\x80",
    ];
    for inside in invalid {
        cases.push(breach(&format!("6.3 {inside:x?}"), frame(TEXT, &words(inside)), 0));
        cases.push(breach(&format!("6.3.2 {inside:x?} in parts of a byte"), parts(&words(inside), 1, b""), 0));
    }
    cases.push(breach("6.4 cut off in the middle of a character", frame(TEXT, b"\xf0\x9f\x98"), 0));
    cases
}

/// 7: how a server may close, and how not.
fn closing() -> Vec<Case> {
    let text = |id: &str| frame(TEXT, &delete(id));
    let mut cases = vec![
        closed("7.1.1 a message and a close", all(&[&text("1"), &close(1000, b"")]), Some(1000), 1),
        closed_and_goes_on("7.1.2 two closes", all(&[&close(1000, b""), &close(1000, b"")])),
        closed_and_goes_on("7.1.3 a close and a ping", all(&[&close(1000, b""), &frame(PING, b"late")])),
        closed_and_goes_on("7.1.4 a close and a message", all(&[&close(1000, b""), &text("2")])),
        closed_and_goes_on("7.1.5 a close inside a message", all(&[&part(TEXT, b"{"), &close(1000, b""), &frame(CONTINUATION, b"}")])),
        closed("7.1.6 much and a close", all(&[&frame(TEXT, &padded("1", 256 * 1024)), &close(1000, b"")]), Some(1000), 1),
        closed("7.3.1 a close without a word", frame(CLOSE, b""), None, 0),
        breach("7.3.2 half a code", frame(CLOSE, b"\x03"), 0),
        closed("7.3.4 with a reason", close(1000, b"Hello World!"), Some(1000), 0),
        closed("7.3.5 with the longest reason", close(1000, &[b'*'; 123]), Some(1000), 0),
        breach("7.3.6 with a longer one", close(1000, &[b'*'; 124]), 0),
        breach("7.5.1 with one that is not UTF-8", close(1000, b"\xce\xba\xe1\xbd\xb9\xed\xa0\x80"), 0),
    ];
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999] {
        cases.push(closed(&format!("7.7 code {code}"), close(code, b""), Some(code), 0));
    }
    // What no server may send (and 1014, which the library does not know) ends the connection all the same.
    for code in [0, 999, 1004, 1005, 1006, 1014, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        cases.push(breach(&format!("7.9 code {code}"), all(&[&close(code, b""), &text("2")]), 0));
    }
    cases
}

/// 9 and 10: large messages, whole, in parts, and cut up by the network; one byte more than we take.
fn limits() -> Vec<Case> {
    const LARGEST: usize = 4 * 1024 * 1024;
    let mut cases = Vec::new();
    for length in [64 * 1024, 256 * 1024, 1024 * 1024, LARGEST] {
        cases.push(on(&format!("9.1 text of {length}"), frame(TEXT, &padded("1", length)), 1, &[]));
        cases.push(on(&format!("9.2 binary of {length}"), frame(BINARY, &vec![0; length]), 0, &[]));
    }
    for size in [1024, 4 * 1024, 64 * 1024, 1024 * 1024] {
        cases.push(on(&format!("9.3 4 MiB in parts of {size}"), parts(&padded("1", LARGEST), size, b""), 1, &[]));
    }
    cases.push(on("9.3 1 MiB in parts of 64", parts(&padded("1", 1024 * 1024), 64, b""), 1, &[]));
    for chop in [64, 128, 1024] {
        cases.push(Case {
            chop: Some(chop),
            ..on(&format!("9.5 1 MiB in pieces of {chop}"), frame(TEXT, &padded("1", 1024 * 1024)), 1, &[])
        });
    }
    cases.push(on("9.7 many short ones", (0..1_000).flat_map(|_| frame(TEXT, &delete("1"))).collect(), 1_000, &[]));
    cases.push(on("10.1.1 parts of 1300", parts(&padded("1", 65_536), 1_300, b""), 1, &[]));
    cases.push(breach("one byte more than we take", frame(TEXT, &padded("1", LARGEST + 1)), 0));
    cases.push(breach("one byte more in parts", parts(&padded("1", LARGEST + 1), 1024 * 1024, b""), 0));
    let endless = all(&[&[0x81, 127], &(1_u64 << 62).to_be_bytes(), b"and so on"]);
    cases.push(breach("a header that claims 2^62 bytes", endless, 0));
    cases.push(breach("a header that claims 2^64 - 1 bytes", all(&[&[0x81, 127], &u64::MAX.to_be_bytes()]), 0));
    cases.push(breach("a masked frame", vec![0x81, 0x81, 1, 2, 3, 4, b'x' ^ 1], 0));
    cases
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_are_taken_and_refused_as_the_protocol_has_it() {
    for case in framing() {
        run(&case).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_that_is_not_utf_8_ends_the_connection() {
    for case in encoding() {
        run(&case).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_close_is_answered_and_nothing_behind_it_counts() {
    for case in closing() {
        run(&case).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_messages_are_taken_up_to_a_bound() {
    for case in limits() {
        run(&case).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_in_the_segment_of_the_answer_is_not_lost() {
    let server = Server::start().await;
    let mut trunk = Trunk::start(&server.address(), &["home"]);
    let first = all(&[&frame(TEXT, &delete("1")), &frame(PING, b"early"), &part(TEXT, b"{")]);
    let mut tcp = server.open(&first).await;
    trunk.until("the early delete", |event| deleted(event) == Some("1")).await;
    let answered = async {
        while let Some((opcode, payload)) = next_frame(&mut tcp).await {
            if (opcode, payload.as_slice()) == (PONG, b"early") {
                return true;
            }
        }
        false
    };
    assert!(timeout(PATIENCE, answered).await.expect("no pong came"));
    trunk.quit("in the middle of a message").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_answers_to_an_upgrade_are_taken_or_refused_and_the_next_attempt_opens() {
    for (what, headers) in [
        ("a header of 100 KB", format!("X-Long: {}\r\n", "x".repeat(100_000))),
        ("a thousand headers", vec![format!("X-Many: {}\r\n", "x".repeat(90)); 1_000].concat()),
        ("headers of 4 MB", format!("X-Long: {}\r\n", "x".repeat(4_000_000))),
    ] {
        // One each: what fails three times in a row is given up for another transport.
        let server = Server::start().await;
        let mut trunk = Trunk::start(&server.address(), &["home"]);
        let (mut tcp, head) = server.upgrade().await;
        let answer = switch(&head, &headers);
        // It may go in the middle.
        let whole = tcp.write_all(answer.as_bytes()).await.is_ok();
        let (_, event) =
            trunk.until(what, |event| matches!(event, Event::Connection(Connection::Live | Connection::Reconnecting { .. }))).await;
        if event == Event::Connection(Connection::Live) {
            assert!(whole && answer.len() < 1_000_000, "{what}: taken");
            drop(tcp);
            trunk.until_reconnecting(what).await;
        }
        trunk.retry();
        let tcp = server.open(b"").await;
        trunk.until_live().await;
        drop(tcp);
        trunk.quit("live").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_redirect_of_an_upgrade_is_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let there = elsewhere.local_addr().unwrap();
    for status in ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"] {
        for location in [format!("ws://{there}/api/v1/streaming"), format!("http://{there}/"), "/api/v1/elsewhere".to_owned()] {
            let server = Server::start().await;
            let mut trunk = Trunk::start(&server.address(), &["home"]);
            server.refuse(format!("HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n").as_bytes()).await;
            trunk.until(status, |event| matches!(event, Event::Connection(Connection::Reconnecting { .. }))).await;
            // The next request is one of a new attempt, on the path that the server was asked for.
            trunk.retry();
            let (_tcp, head) = server.upgrade().await;
            assert!(head.starts_with("GET /api/v1/streaming"), "{status} {location}: {head}");
            trunk.quit("an upgrade without an answer").await;
        }
    }
    let came = timeout(Duration::from_millis(50), elsewhere.accept()).await;
    assert!(came.is_err(), "somebody asked there: {came:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_close_that_the_server_never_finishes_holds_up_nobody() {
    let server = Server::start().await;
    let mut trunk = Trunk::start(&server.address(), &["home"]);
    let mut kept = Vec::new();
    for life in 1..=5 {
        let mut tcp = server.open(b"").await;
        assert_eq!(trunk.until_live().await.epoch, life);
        tcp.write_all(&close(1001, b"going away")).await.unwrap();
        // Kept open and never read.
        kept.push(tcp);
        let reason = trunk.until_reconnecting("after the close").await;
        assert!(reason.contains("1001") && reason.contains("going away"), "{reason}");
        trunk.retry();
    }
    let _tcp = server.open(b"").await;
    trunk.until_live().await;
    trunk.quit("with five that never finished").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_that_a_server_says_back_is_not_told() {
    let server = Server::start().await;
    let mut trunk = Trunk::start(&server.address(), &["home"]);
    let mut tcp = server.open(b"").await;
    trunk.until_live().await;
    for odd in [
        format!(r#"{{"error":"{TOKEN} may not","status":403}}"#),
        format!(r#"{{"event":"shrug {TOKEN}","payload":"x"}}"#),
        format!(r#"{{"event":"update","payload":{TOKEN}}}"#),
    ] {
        tcp.write_all(&frame(TEXT, odd.as_bytes())).await.unwrap();
    }
    tcp.write_all(&close(4000, format!("who is {TOKEN}?").as_bytes())).await.unwrap();
    let reason = trunk.until_reconnecting("after the close").await;
    assert!(reason.contains("who is REDACTED?"), "{reason}");
    trunk.retry();
    server.refuse(format!("HTTP/1.1 500 Oops\r\nX-Error-Message: no {TOKEN}\r\nContent-Length: 0\r\n\r\n").as_bytes()).await;
    let reason = trunk.until_reconnecting("after the refusal").await;
    assert!(reason.contains("no REDACTED"), "{reason}");
    let told = format!("{:?}", trunk.seen);
    assert!(told.contains("shrug") && !told.contains(TOKEN), "{told}");
    trunk.quit("waiting").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_streams_open_on_one_socket() {
    let server = Server::start().await;
    let tags: Vec<String> = (0..195).map(|number| format!("#tag{number}")).collect();
    let mut specs: Vec<&str> = ["home", "notifications", "local", "federated", "direct"].to_vec();
    specs.extend(tags.iter().map(String::as_str));
    let mut trunk = Trunk::start(&server.address(), &specs);
    let mut tcp = server.open(b"").await;
    trunk.until_live().await;
    let asked = async {
        let mut asked = std::collections::BTreeSet::new();
        while asked.len() < specs.len() {
            let (opcode, payload) = next_frame(&mut tcp).await.expect("the socket ended");
            if opcode == TEXT {
                asked.insert(String::from_utf8(payload).unwrap());
            }
        }
        asked
    };
    let asked = timeout(PATIENCE, asked).await.expect("not all were asked for");
    assert!(asked.iter().all(|text| text.contains("subscribe")), "{asked:?}");
    trunk.quit("with 200 streams").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_ends_within_a_second_whatever_it_is_waiting_for() {
    // A server that cannot be reached, and one that does not answer any question.
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nobody.local_addr().unwrap().to_string();
    let trunk = Trunk::start(&address, &["home"]);
    let _asked = nobody.accept().await.unwrap();
    trunk.quit("asking what the server is").await;
    drop(nobody);
    let mut trunk = Trunk::start(&address, &["home"]);
    trunk.until("nobody there", |event| matches!(event, Event::Connection(Connection::Offline { .. }))).await;
    trunk.quit("waiting for the next attempt").await;

    // The upgrade: unanswered, half answered, refused without an end.
    for part in ["", "HTTP/1.1 101 Switching Pro", "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 100\r\n\r\nhalf"] {
        let server = Server::start().await;
        let trunk = Trunk::start(&server.address(), &["home"]);
        let (mut tcp, _) = server.upgrade().await;
        tcp.write_all(part.as_bytes()).await.unwrap();
        trunk.quit(&format!("an upgrade answered with {part:?}")).await;
    }

    // A token in doubt that the server says nothing about.
    let server = Server::start().await;
    let trunk = Trunk::start(&server.address(), &["home"]);
    let refused = "HTTP/1.1 401 Unauthorized\r\nX-Error-Message: Invalid access token\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    server.refuse(refused.as_bytes()).await;
    let (_tcp, head) = server.request().await;
    assert!(head.contains("verify_credentials"), "{head}");
    trunk.quit("verifying the token").await;

    // Told to stay away for long.
    let server = Server::start().await;
    let mut trunk = Trunk::start(&server.address(), &["home"]);
    server.refuse(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 900\r\nContent-Length: 0\r\n\r\n").await;
    trunk.until("rate limited", |event| matches!(event, Event::Connection(Connection::RateLimited { .. }))).await;
    trunk.quit("rate limited").await;

    // A live socket: idle, in the middle of a frame, and with a server that reads nothing while much is to be sent.
    for begun in [&b""[..], b"\x81\x7f\0\0\0\0\0\x10\0\0half"] {
        let server = Server::start().await;
        let mut trunk = Trunk::start(&server.address(), &["home"]);
        let _tcp = server.open(begun).await;
        trunk.until_live().await;
        for number in 0..200 {
            trunk.wanted.send_modify(|wanted| wanted.streams = vec![stream(&format!("#{}{number}", "x".repeat(80)))]);
            tokio::task::yield_now().await;
        }
        trunk.quit("live").await;
    }
}
