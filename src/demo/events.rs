//! Server-sent events: one stream a response, in the very chunks of Mastodon's streaming server.
//!
//! Sources: transcripts `sse-user`, `sse-heartbeat`, `sse-kill`, `sse-server-restart`, `sse-refused-*`, `http-post-sse`,
//! `http-options-preflight`. Deliberately absent: what is published (`world`) and what a path means (`streams`).

use super::Shared;
use super::hub::{Form, Joined, Outgoing};
use super::socket::check_token;
use super::streams::Request;
use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Request as HttpRequest, Response, StatusCode, header};
use futures_util::stream;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, Interval};
use tokio_util::sync::{CancellationToken, DropGuard};

/// `GET` of anything below `/api/v1/streaming` without an upgrade.
pub(super) async fn events(shared: Arc<Shared>, request: HttpRequest<Body>) -> Response<Body> {
    let mut response = answer(&shared, &request.into_parts().0).await;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if let Ok(id) = HeaderValue::from_str(&shared.request_id()) {
        headers.insert("x-request-id", id);
    }
    response
}

async fn answer(shared: &Arc<Shared>, request: &Parts) -> Response<Body> {
    if request.method == Method::OPTIONS {
        return preflight(request);
    }
    let path = request.uri.path();
    if request.method != Method::GET {
        return not_got(&request.method, path);
    }
    let query = request.uri.query().unwrap_or_default();
    let mut hub = shared.hub.lock().await;
    if let Some(refusal) = hub.events_refusals.pop_front().or_else(|| hub.no_events.clone()) {
        return refusal.response();
    }
    // Which channel it is comes before who asks: transcript `sse-refused-unknown-channel-no-token`.
    let Some(asked) = Request::of_path(path.strip_prefix("/api/v1/streaming").unwrap_or_default(), query) else {
        return refused(400, "Unknown channel requested");
    };
    if let Err(reason) = check_token(&request.headers, query, hub.token) {
        return refused(401, reason);
    }
    let subscription = match hub.resolve(&asked) {
        Ok(subscription) => subscription,
        Err(reason) => return refused(reason.status, &reason.error),
    };
    let joined = hub.join(Form::Events, shared.shutdown.child_token());
    hub.attach(joined.id, subscription);
    drop(hub);
    Response::builder()
        .header(header::CONTENT_TYPE, "text/event-stream")
        .header(header::CACHE_CONTROL, "private, no-store")
        .body(body(shared, joined))
        .unwrap_or_default()
}

fn refused(status: u16, reason: &str) -> Response<Body> {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(serde_json::json!({ "error": reason }).to_string()))
        .unwrap_or_default()
}

fn preflight(request: &Parts) -> Response<Body> {
    let mut response = Response::builder()
        .status(StatusCode::NO_CONTENT)
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, "GET,HEAD,PUT,PATCH,POST,DELETE")
        .header(header::VARY, "Access-Control-Request-Headers");
    if let Some(asked) = request.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        response = response.header(header::ACCESS_CONTROL_ALLOW_HEADERS, asked);
    }
    response.body(Body::empty()).unwrap_or_default()
}

fn not_got(method: &Method, path: &str) -> Response<Body> {
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>Cannot {method} {}</pre>\n</body>\n</html>\n",
        super::html::escape(path)
    );
    Response::builder()
        .status(StatusCode::NOT_FOUND)
        .header("content-security-policy", "default-src 'none'")
        .header("x-content-type-options", "nosniff")
        .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
        .body(Body::from(page))
        .unwrap_or_default()
}

/// What a response is made from, chunk by chunk.
struct Source {
    joined: Joined,
    thump: Interval,
    ready: VecDeque<Bytes>,
    /// Tells that nobody listens any more.
    _gone: DropGuard,
}

impl Source {
    /// The next chunk; an error cuts the response inside its chunking, `None` ends it properly.
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        let Joined { queue, stalled, end, .. } = &mut self.joined;
        let next = async {
            loop {
                if stalled.wait_for(|stalled| !stalled).await.is_err() {
                    return None;
                }
                if let Some(chunk) = self.ready.pop_front() {
                    return Some(chunk);
                }
                tokio::select! {
                    _ = stalled.changed() => {}
                    _ = self.thump.tick() => return Some(Bytes::from_static(b":thump\n\n")),
                    outgoing = queue.recv() => match outgoing? {
                        Outgoing::Event(event, payload) => {
                            self.ready.push_back(format!("event: {event}\n").into());
                            self.ready.push_back(format!("data: {payload}\n\n").into());
                        }
                        Outgoing::Text(raw) => self.ready.push_back(raw.as_str().to_owned().into()),
                        // There are no pings on this way.
                        Outgoing::Ping => {}
                        Outgoing::Close(..) => return None,
                    },
                }
            }
        };
        tokio::select! {
            biased;
            () = end.cancelled() => Some(Err(io::Error::other("cut"))),
            chunk = next => chunk.map(Ok),
        }
    }
}

fn body(shared: &Arc<Shared>, joined: Joined) -> Body {
    let gone = CancellationToken::new();
    let (id, left, owner) = (joined.id, gone.clone(), Arc::clone(shared));
    shared.tasks.spawn(async move {
        // At the server's end nobody asks who is still connected.
        tokio::select! {
            () = left.cancelled() => owner.hub.lock().await.leave(id),
            () = owner.shutdown.cancelled() => {}
        }
    });
    let source =
        Source { joined, thump: beat(shared.thump_every), ready: VecDeque::from([Bytes::from_static(b":)\n")]), _gone: gone.drop_guard() };
    Body::from_stream(stream::unfold(source, |mut source| async move {
        let chunk = source.next().await?;
        Some((chunk, source))
    }))
}

/// Every so often, from now on.
fn beat(every: Duration) -> Interval {
    tokio::time::interval_at(Instant::now() + every, every)
}
