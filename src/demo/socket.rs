//! The streaming socket: the upgrade, its refusals, and one task a connection, as Mastodon's streaming server behaves.
//!
//! Deliberately absent: what is published (`world`), what a subscribe means (`streams`), and server-sent events (`events`).

use super::control::HttpRefusal;
use super::hub::{Form, Joined, Outgoing, Token};
use super::streams::{Asked, Request, read};
use super::{Shared, events};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Request as HttpRequest, Response, StatusCode, header};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// How long a subscribe takes. In the real server it waits for lookups while an unsubscribe does not, so that an
/// unsubscribe sent right behind it is handled first: transcript `ws-subscribe-then-unsubscribe-at-once`.
const LOOKUP: Duration = Duration::from_millis(4);

/// How long a client may take to answer a close frame.
const CLOSING: Duration = Duration::from_secs(2);

/// The largest message that the real server takes.
const LARGEST_MESSAGE: usize = 100 << 20;

const BINARY: &str = "The mastodon streaming server does not support binary messages";

/// `GET /api/v1/streaming`, and every path below it: the real server upgrades any (transcript `ws-any-path-upgrades`).
pub(super) async fn streaming(State(shared): State<Arc<Shared>>, request: HttpRequest<Body>) -> Response<Body> {
    let headers = request.headers();
    let wants_socket = headers.get(header::UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
    if !wants_socket {
        return events::events(shared, request).await;
    }
    let query = request.uri().query().unwrap_or_default().to_owned();
    let token = {
        let mut hub = shared.hub.lock().await;
        if let Some(refusal) = hub.upgrade_refusals.pop_front().or_else(|| hub.no_sockets.clone()) {
            return refusal.response();
        }
        hub.token
    };
    if let Err(reason) = check_token(headers, &query, token) {
        return refuse(StatusCode::UNAUTHORIZED, "text/plain", Some(reason), "");
    }
    if request.method() != Method::GET {
        return refuse(StatusCode::METHOD_NOT_ALLOWED, "text/html", None, "Invalid HTTP method");
    }
    let Some(key) = headers.get(header::SEC_WEBSOCKET_KEY).filter(|key| key.len() == 24) else {
        return refuse(StatusCode::BAD_REQUEST, "text/html", None, "Missing or invalid Sec-WebSocket-Key header");
    };
    if !headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|version| matches!(version.as_bytes(), b"13" | b"8")) {
        let mut response = refuse(StatusCode::BAD_REQUEST, "text/html", None, "Missing or invalid Sec-WebSocket-Version header");
        response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, header::HeaderValue::from_static("13, 8"));
        return response;
    }
    let mut response = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::UPGRADE, "websocket")
        .header(header::CONNECTION, "Upgrade")
        .header(header::SEC_WEBSOCKET_ACCEPT, derive_accept_key(key.as_bytes()))
        .header("x-request-id", shared.request_id());
    let protocol = headers.get(header::SEC_WEBSOCKET_PROTOCOL).and_then(|value| value.to_str().ok());
    if let Some(first) = protocol.and_then(|offered| offered.split(',').next()) {
        response = response.header(header::SEC_WEBSOCKET_PROTOCOL, first.trim());
    }
    let upgrade = hyper::upgrade::on(request);
    let initial = initial_stream(&query);
    // It joins before the answer goes out, so that whatever comes after the client has seen the answer finds it here.
    let joined = shared.hub.lock().await.join(Form::Socket, shared.shutdown.child_token());
    let tasks = shared.tasks.clone();
    tasks.spawn(async move {
        let id = joined.id;
        match upgrade.await {
            Ok(upgraded) => serve(&shared, upgraded, joined, initial).await,
            Err(error) => tracing::debug!(%error, "a streaming connection was not upgraded"),
        }
        shared.hub.lock().await.leave(id);
    });
    response.body(Body::empty()).unwrap_or_default()
}

/// Looks for the token where the real server looks, in its order: any will do while `worth` is good, but there must be one.
pub(super) fn check_token(headers: &HeaderMap, query: &str, worth: Token) -> Result<(), &'static str> {
    let from_query =
        || url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "access_token").map(|(_, token)| token.into_owned());
    let header = |name| headers.get(name).map(|value: &header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let token = match header(header::AUTHORIZATION) {
        Some(authorization) => Some(authorization.strip_prefix("Bearer ").map_or(authorization.clone(), str::to_owned)),
        None => from_query().or_else(|| header(header::SEC_WEBSOCKET_PROTOCOL)),
    };
    match token.as_deref() {
        None => Err("Missing access token"),
        // The whole value is looked up, so anything with a second part is unknown.
        Some(token) if token.is_empty() || token.contains([' ', ',']) => Err("Invalid access token"),
        Some(_) if worth != Token::Good => Err("Invalid access token"),
        Some(_) => Ok(()),
    }
}

/// The documented `?stream=`, with `list` or `tag`: read once, like a subscribe sent at once.
fn initial_stream(query: &str) -> Option<Request> {
    let all = |wanted: &str| -> Value {
        let mut values: Vec<Value> = url::form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| name == wanted)
            .map(|(_, value)| Value::from(value.into_owned()))
            .collect();
        if values.len() > 1 { Value::Array(values) } else { values.pop().unwrap_or_default() }
    };
    let request = Request { stream: all("stream"), list: all("list"), tag: all("tag") };
    (!request.stream.is_null()).then_some(request)
}

fn refuse(status: StatusCode, kind: &str, message: Option<&str>, body: &'static str) -> Response<Body> {
    let mut response = Response::builder().status(status).header(header::CONNECTION, "close").header(header::CONTENT_TYPE, kind);
    if let Some(message) = message {
        response = response.header("x-error-message", message);
    }
    response.body(Body::from(body)).unwrap_or_default()
}

impl HttpRefusal {
    /// The refusal as an answer; header names and values that HTTP cannot carry are left out.
    pub(super) fn response(&self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body.clone()));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) = (header::HeaderName::try_from(name.as_str()), header::HeaderValue::from_str(value)) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}

/// Runs one connection to its end, whoever ends it.
async fn serve(shared: &Shared, upgraded: Upgraded, joined: Joined, initial: Option<Request>) {
    let config = WebSocketConfig::default().max_message_size(Some(LARGEST_MESSAGE)).max_frame_size(Some(LARGEST_MESSAGE));
    let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    let (sink, stream) = socket.split();
    let Joined { id, queue, stalled, end } = joined;
    // Reader and writer are one task but wait apart: a client that does not read must not keep its own pongs out.
    tokio::select! {
        () = end.cancelled() => {}
        () = listen(shared, id, stream, stalled.clone(), initial) => {}
        () = talk(sink, queue, stalled) => {}
    }
}

/// Reads until the client has gone.
async fn listen(shared: &Shared, id: u64, mut stream: SplitStream<Socket>, mut stalled: watch::Receiver<bool>, initial: Option<Request>) {
    let mut looked_up: VecDeque<(Instant, Request)> = initial.into_iter().map(|request| (Instant::now() + LOOKUP, request)).collect();
    loop {
        if stalled.wait_for(|stalled| !stalled).await.is_err() {
            return;
        }
        let due = looked_up.front().map_or_else(Instant::now, |(due, _)| *due);
        tokio::select! {
            _ = stalled.changed() => {}
            () = tokio::time::sleep_until(due), if !looked_up.is_empty() => {
                if let Some((_, request)) = looked_up.pop_front() {
                    shared.hub.lock().await.subscribe(id, &request);
                }
            }
            message = stream.next() => match message {
                Some(Ok(Message::Text(frame))) => {
                    let mut hub = shared.hub.lock().await;
                    hub.heard(frame.as_str());
                    match read(frame.as_str()) {
                        Some(Asked::Subscribe(request)) => looked_up.push_back((Instant::now() + LOOKUP, request)),
                        Some(Asked::Unsubscribe(request)) => hub.unsubscribe(id, &request),
                        None => {}
                    }
                }
                Some(Ok(Message::Binary(_))) => shared.hub.lock().await.close_one(id, 1003, BINARY),
                Some(Ok(Message::Pong(_))) => shared.hub.lock().await.ponged(id),
                // Pings and closes are answered by the library.
                Some(Ok(Message::Ping(_) | Message::Close(_) | Message::Frame(_))) => {}
                Some(Err(Error::Utf8(_))) => return end(shared, id, 1007).await,
                Some(Err(Error::Protocol(_))) => return end(shared, id, 1002).await,
                Some(Err(Error::Capacity(_))) => return end(shared, id, 1009).await,
                Some(Err(_)) | None => return,
            },
        }
    }
}

/// Closes after a client's fault: nothing more is read, and the writer ends the connection.
async fn end(shared: &Shared, id: u64, code: u16) {
    shared.hub.lock().await.close_one(id, code, "");
    std::future::pending::<()>().await;
}

/// Writes until the hub lets go, a close frame has gone out, or the client has gone.
async fn talk(mut sink: SplitSink<Socket, Message>, mut queue: mpsc::Receiver<Outgoing>, mut stalled: watch::Receiver<bool>) {
    let mut batch = Vec::new();
    loop {
        if queue.recv_many(&mut batch, 256).await == 0 {
            return;
        }
        for outgoing in batch.drain(..) {
            if stalled.wait_for(|stalled| !stalled).await.is_err() {
                return;
            }
            let (message, last) = match outgoing {
                Outgoing::Text(text) => (Message::Text(text), false),
                // Server-sent events are not this one's.
                Outgoing::Event(..) => continue,
                Outgoing::Ping => (Message::Ping(Vec::new().into()), false),
                Outgoing::Close(code, reason) => {
                    let frame = code.map(|code| CloseFrame { code: CloseCode::from(code), reason: reason.into() });
                    (Message::Close(frame), true)
                }
            };
            if sink.feed(message).await.is_err() {
                return;
            }
            if last {
                // A client that is gone already needs no more waiting than one that answers.
                if sink.flush().await.is_ok() {
                    tokio::time::sleep(CLOSING).await;
                }
                return;
            }
        }
        if sink.flush().await.is_err() {
            return;
        }
    }
}
