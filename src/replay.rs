//! `trunkline replay`: a server on loopback that plays a recording to the ordinary client.
//!
//! The client, the trunk and the screen do not know that it is no real server: what was recorded passes the same door again.
//! It gives recorded answers, sends what the server sent with the recorded pauses, and then stays open and silent. Absent on
//! purpose: what the client did, pings, and broken connections of the recording; the socket is alive for as long as the
//! reader looks.

mod tape;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request as HttpRequest, Response, StatusCode, header};
use axum::serve::ListenerExt as _;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::future::IntoFuture as _;
use std::io;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
pub use tape::{Error, Tape};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc, watch};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_util::sync::CancellationToken;

/// How much of a pause is kept, before the speed counts.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long a pause may become at a low speed.
const DAY: Duration = Duration::from_secs(86_400);
/// How long the client may take to ask for its streams before the first message is sent all the same.
const SUBSCRIBING: Duration = Duration::from_secs(2);
/// How long after one subscription another may follow.
const SETTLING: Duration = Duration::from_millis(100);

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// How fast a recording is played: more than 0; 1 is as it was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speed(f64);

impl Speed {
    /// As it was.
    pub const RECORDED: Self = Self(1.0);
    /// Without any pause.
    pub const MAX: Self = Self(f64::INFINITY);

    /// What is left of a recorded pause.
    fn pause(self, ms: u64) -> Duration {
        let kept = Duration::from_millis(ms).min(LONGEST_PAUSE);
        Duration::try_from_secs_f64(kept.as_secs_f64() / self.0).unwrap_or(DAY).min(DAY)
    }
}

impl FromStr for Speed {
    type Err = &'static str;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        if raw == "max" {
            return Ok(Self::MAX);
        }
        match raw.parse::<f64>() {
            Ok(speed) if speed.is_finite() && speed > 0.0 => Ok(Self(speed)),
            Ok(_) | Err(_) => Err("the speed is a number above 0, as in 0.5 or 10, or `max`"),
        }
    }
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    url: String,
    token: String,
}

impl Server {
    /// Starts playing `tape` to whoever connects with the server's own token; `over` is told when the last message was sent.
    /// Runs until `shutdown`.
    ///
    /// # Errors
    /// When the listener has no address or the system gives no random bytes.
    pub fn start(
        listener: TcpListener,
        tape: Tape,
        speed: Speed,
        over: mpsc::UnboundedSender<String>,
        shutdown: CancellationToken,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let token = token()?;
        let player = Player { next: 0, over: Some(over) };
        let (at, position) = watch::channel(0);
        let shared = Arc::new(Shared {
            tape,
            speed,
            streaming: format!("ws://{address}"),
            authorization: format!("Bearer {token}"),
            player: Mutex::new(player),
            at,
            position,
            shutdown: shutdown.clone(),
        });
        let router = Router::new().fallback(answer).with_state(shared);
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        tokio::spawn(async move {
            let served = tokio::select! {
                () = shutdown.cancelled() => Ok(()),
                served = axum::serve(listener, router).into_future() => served,
            };
            if let Err(error) = served {
                tracing::warn!(%error, "the replay stopped");
            }
        });
        Ok(Self { url: format!("http://{address}"), token })
    }

    /// The address to give a client: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The token that it wants; another user of the machine does not have it.
    pub fn token(&self) -> &str {
        &self.token
    }
}

struct Shared {
    tape: Tape,
    speed: Speed,
    streaming: String,
    authorization: String,
    /// Held by the connection that is played to; the next one goes on where it ended.
    player: Mutex<Player>,
    at: watch::Sender<usize>,
    /// How many messages were sent.
    position: watch::Receiver<usize>,
    shutdown: CancellationToken,
}

struct Player {
    next: usize,
    over: Option<mpsc::UnboundedSender<String>>,
}

fn token() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing into a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

async fn answer(State(shared): State<Arc<Shared>>, request: HttpRequest<Body>) -> Response<Body> {
    let authorized = |headers: &HeaderMap| headers.get(header::AUTHORIZATION).is_some_and(|value| *value == shared.authorization.as_str());
    if !authorized(request.headers()) {
        return respond(StatusCode::UNAUTHORIZED, None, r#"{"error":"The access token is invalid"}"#.to_owned());
    }
    let path = request.uri().path();
    if path == "/api/v1/streaming/health" {
        return Response::new(Body::from("OK"));
    }
    if path.starts_with("/api/v1/streaming") {
        return streaming(shared, request);
    }
    let position = *shared.position.borrow();
    let asked = request.uri().path_and_query().map_or(path, |asked| asked.as_str());
    let recorded = shared.tape.answer(asked, position);
    let (link, body) = match (path, recorded) {
        ("/api/v2/instance" | "/api/v1/instance", recorded) => (None, shared.instance(path, recorded.map(|answer| answer.body.as_str()))),
        ("/api/v1/lists", recorded) => (None, Some(shared.lists(recorded.map(|answer| answer.body.as_str())))),
        (_, Some(recorded)) => (recorded.link.clone(), Some(recorded.body.clone())),
        (_, None) => (None, shared.unrecorded(path, position)),
    };
    match body {
        Some(body) => respond(StatusCode::OK, link, body),
        None => respond(StatusCode::NOT_FOUND, None, r#"{"error":"This is not in the recording"}"#.to_owned()),
    }
}

fn respond(status: StatusCode, link: Option<String>, body: String) -> Response<Body> {
    let mut response = Response::builder().status(status).header(header::CONTENT_TYPE, "application/json");
    if let Some(link) = link.and_then(|link| header::HeaderValue::from_str(&link).ok()) {
        response = response.header(header::LINK, link);
    }
    response.body(Body::from(body)).unwrap_or_default()
}

impl Shared {
    /// The instance's own document, with this server as its place for streams.
    fn instance(&self, path: &str, recorded: Option<&str>) -> Option<String> {
        let v2 = path == "/api/v2/instance";
        if v2 && recorded.is_none() && self.tape.answer("/api/v1/instance", usize::MAX).is_some() {
            return None;
        }
        let mut document = recorded.and_then(|body| serde_json::from_str(body).ok()).filter(Value::is_object).unwrap_or_else(
            || json!({"domain": "replay", "uri": "replay", "title": "A recording", "version": "4.5.0", "api_versions": {"mastodon": 1}}),
        );
        let object = document.as_object_mut()?;
        if v2 {
            let configuration = object.entry("configuration").or_insert_with(|| json!({}));
            if !configuration.is_object() {
                *configuration = json!({});
            }
            configuration.as_object_mut()?.insert("urls".to_owned(), json!({"streaming": self.streaming}));
        } else {
            object.insert("urls".to_owned(), json!({"streaming_api": self.streaming}));
        }
        Some(document.to_string())
    }

    /// The recorded lists, and those that only streams name.
    fn lists(&self, recorded: Option<&str>) -> String {
        let mut lists: Vec<Value> = recorded.and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
        for id in self.tape.lists() {
            if !lists.iter().any(|list| list.get("id").is_some_and(|own| own == id)) {
                lists.push(json!({"id": id, "title": format!("List {id}"), "replies_policy": "list", "exclusive": false}));
            }
        }
        Value::from(lists).to_string()
    }

    /// What is said about things that nobody asked for while it was recorded.
    fn unrecorded(&self, path: &str, position: usize) -> Option<String> {
        let status = path.strip_prefix("/api/v1/statuses/");
        if let Some(id) = status.and_then(|rest| rest.strip_suffix("/context")) {
            return self.tape.status(id, position).map(|_| r#"{"ancestors":[],"descendants":[]}"#.to_owned());
        }
        if let Some(id) = status {
            return self.tape.status(id, position).map(|status| status.to_string());
        }
        if path == "/api/v1/accounts/verify_credentials" {
            let account =
                json!({"id": "0", "username": "replay", "acct": "replay", "display_name": "Replay", "url": "https://replay.invalid/"});
            return Some(account.to_string());
        }
        let is_list = path.starts_with("/api/v1/timelines/")
            || matches!(path, "/api/v1/notifications" | "/api/v1/conversations" | "/api/v1/followed_tags" | "/api/v1/announcements");
        is_list.then(|| "[]".to_owned())
    }
}

fn streaming(shared: Arc<Shared>, mut request: HttpRequest<Body>) -> Response<Body> {
    let Some(key) = request.headers().get(header::SEC_WEBSOCKET_KEY).cloned() else {
        return respond(StatusCode::NOT_FOUND, None, r#"{"error":"A recording is played over WebSocket alone"}"#.to_owned());
    };
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        match upgrade.await {
            Ok(upgraded) => serve(&shared, upgraded).await,
            Err(error) => tracing::debug!(%error, "a connection to the replay was not upgraded"),
        }
    });
    Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::UPGRADE, "websocket")
        .header(header::CONNECTION, "Upgrade")
        .header(header::SEC_WEBSOCKET_ACCEPT, derive_accept_key(key.as_bytes()))
        .body(Body::empty())
        .unwrap_or_default()
}

async fn serve(shared: &Shared, upgraded: Upgraded) {
    let socket: Socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
    let (sink, stream) = socket.split();
    let (asked, asking) = watch::channel(0);
    tokio::select! {
        () = shared.shutdown.cancelled() => {}
        () = listen(stream, asked) => {}
        () = play(shared, sink, asking) => {}
    }
}

/// Reads until the client has gone, which also answers its pings, and counts what it asks for.
async fn listen(mut stream: SplitStream<Socket>, asked: watch::Sender<usize>) {
    while let Some(Ok(message)) = stream.next().await {
        if message.is_text() {
            asked.send_modify(|count| *count += 1);
        }
    }
}

/// Sends what is left of the recording, and then nothing.
async fn play(shared: &Shared, mut sink: SplitSink<Socket, Message>, mut asking: watch::Receiver<usize>) {
    let mut player = shared.player.lock().await;
    // What is sent before the client has asked belongs to no tab yet.
    let mut patience = SUBSCRIBING;
    while let Ok(Ok(())) = timeout(patience, asking.changed()).await {
        patience = SETTLING;
    }
    while let Some(message) = shared.tape.message(player.next) {
        let pause = shared.speed.pause(message.pause_ms);
        if !pause.is_zero() {
            sleep(pause).await;
        }
        if sink.send(Message::text(message.text.as_str())).await.is_err() {
            return;
        }
        player.next += 1;
        shared.at.send_replace(player.next);
    }
    if let Some(over) = player.over.take() {
        // Whoever started it may not want to know.
        drop(over.send("the recording is over".to_owned()));
    }
    std::future::pending::<()>().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_is_a_number_above_zero_or_max() {
        for (raw, ms, wanted) in [
            ("1", 700, Duration::from_millis(700)),
            ("2", 3_600_000, Duration::from_millis(2_500)),
            ("0.5", 4_000, Duration::from_secs(8)),
            ("1e-300", 1, DAY),
            ("max", u64::MAX, Duration::ZERO),
            ("1e300", 5_000, Duration::ZERO),
        ] {
            assert_eq!(raw.parse::<Speed>().unwrap().pause(ms), wanted, "{raw}");
        }
        for raw in ["0", "-1", "nan", "inf", "", "fast"] {
            assert!(raw.parse::<Speed>().is_err(), "{raw}");
        }
    }
}
