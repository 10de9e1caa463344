//! `trunkline doctor` as people and scripts use it: the real binary against the built-in server and against raw ones.
#![cfg(test)]

#[path = "common/demo.rs"]
mod demo;

use demo::demo;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_util::sync::{CancellationToken, DropGuard};
use trunkline::demo::HttpRefusal;

/// Longer than the program may take in all.
const PATIENCE: Duration = Duration::from_secs(25);
const TOKEN: &str = "s3cret-and-not-to-be-seen";

/// What a run printed, and how it ended.
struct Told {
    code: i32,
    out: String,
    err: String,
}

impl Told {
    /// The line of a check, with what is beneath it.
    fn of(&self, check: &str) -> (&str, &str) {
        let mut lines = self.out.lines();
        let line = lines.find(|line| line.get(4..).is_some_and(|rest| rest.trim_start().starts_with(&format!("{check}  "))));
        let line = line.unwrap_or_else(|| panic!("nothing of {check}:\n{}", self.out));
        (line, lines.next().filter(|next| next.starts_with("    ")).unwrap_or_default())
    }

    fn is_well(&self, check: &str, words: &str) {
        let (line, _) = self.of(check);
        assert!(line.starts_with("✓ ") && line.contains(words), "{check} should be well, with {words:?}:\n{}", self.out);
    }

    fn is_wrong(&self, check: &str, words: &str) {
        let (line, advice) = self.of(check);
        assert!(line.starts_with("✗ ") && line.contains(words), "{check} should be wrong, with {words:?}:\n{}", self.out);
        assert!(!advice.trim().is_empty(), "{check} has no advice:\n{}", self.out);
    }
}

/// Runs the program without anything of this machine's environment, and looks for the token in all that it leaves.
async fn doctor(server: Option<&str>, environment: &[(&str, &str)], arguments: &[&str]) -> Told {
    let home = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("doctor-{}", unique()));
    std::fs::create_dir_all(&home).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_trunkline"));
    command.env_clear().env("HOME", &home).env("TZ", "UTC").env("TRUNKLINE_LOG", "trace").kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(server) = server {
        command.env("TRUNKLINE_SERVER", server).env("TRUNKLINE_TOKEN", TOKEN);
    }
    command.envs(environment.iter().copied()).arg("doctor").args(arguments);
    let Output { status, stdout, stderr } = tokio::time::timeout(PATIENCE, command.output()).await.expect("it does not end").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let told = Told { code: status.code().unwrap_or(-1), out: text(stdout), err: text(stderr) };
    let log = std::fs::read_to_string(home.join(".local/state/trunkline/trunkline.log")).unwrap_or_default();
    for (name, text) in [("output", &told.out), ("errors", &told.err), ("log", &log)] {
        assert!(!text.contains(TOKEN), "the token is in the {name}");
    }
    drop(std::fs::remove_dir_all(home));
    told
}

fn unique() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_is_well_and_said_in_order() {
    let demo = demo().await;
    let told = doctor(Some(&demo.url), &[], &[]).await;
    assert_eq!((told.code, told.err.as_str()), (0, ""), "{}", told.out);
    told.is_well("configuration", "config.toml is not there");
    told.is_well("log", "trunkline");
    told.is_well("instance", "runs Mastodon 4.5.3 (instance document v2)");
    told.is_well("streaming address", "is trusted: its own host");
    told.is_well("streaming health", "OK");
    told.is_well("token", "belongs to @you");
    told.is_well("feeds", "none is switched off");
    told.is_well("streaming", "every kind of stream");
    told.is_well("clock", "as the server's");
    told.is_well("rate limit", "");
    told.is_well("scopes", "read");
    told.is_well("timelines", "answered: Home, Notifications, Local, Federated");
    told.is_well("connection", "open, by multiplexed WebSocket");
    for spec in ["home", "notifications", "local", "federated"] {
        told.is_well(&format!("stream {spec}"), "open, by multiplexed WebSocket");
    }
    told.is_well("server-sent events", "there too");
    told.is_well("round trip", "ms");
    told.is_well("terminal", "none here");
    let places: Vec<usize> = [
        "configuration",
        "log ",
        "instance",
        "streaming address",
        "streaming health",
        "feeds",
        "token",
        "clock",
        "rate limit",
        "scopes",
        "timelines",
        "connection",
        "stream home",
        "round trip",
        "terminal",
    ]
    .iter()
    .map(|check| told.out.find(&format!("\n✓ {check}")).unwrap_or(0))
    .collect();
    assert!(places.is_sorted(), "{}", told.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_stream_is_told_with_the_servers_words() {
    let demo = demo().await;
    demo.control.refuse("user:notification", None, "Access token does not have the required scopes", 401).await;
    let told = doctor(Some(&demo.url), &[], &[]).await;
    assert_eq!(told.code, 1, "{}", told.out);
    told.is_wrong("stream notifications", "refused: Access token does not have the required scopes");
    told.is_well("stream home", "open");
    told.is_well("stream federated", "open");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rejected_token_is_told_and_no_stream_is_tried() {
    let demo = demo().await;
    let refusal = HttpRefusal::new(401).header("content-type", "application/json").body(r#"{"error":"The access token was revoked"}"#);
    demo.control.refuse_rest("/api/v1/accounts/verify_credentials", refusal.clone(), 9).await;
    demo.control.refuse_rest("/api/v1/apps/verify_credentials", refusal, 9).await;
    let told = doctor(Some(&demo.url), &[], &[]).await;
    assert_eq!(told.code, 1, "{}", told.out);
    told.is_wrong("token", "The access token was revoked");
    assert!(!told.out.contains("stream home"), "{}", told.out);
    assert_eq!(demo.control.connections().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_between_here_and_the_streams_is_told() {
    let demo = demo().await;
    let blocked = HttpRefusal::new(403).header("content-type", "text/html").body("<h1>Blocked</h1>");
    demo.control.refuse_upgrades(vec![blocked; 9]).await;
    let told = doctor(Some(&demo.url), &[], &["-s", "home"]).await;
    assert_eq!(told.code, 1, "{}", told.out);
    told.is_wrong("connection", "");
    told.is_well("server-sent events", "there, and used where no WebSocket can be opened");
    told.is_well("token", "@you");
    assert!(!told.out.contains("<h1>"), "{}", told.out);

    let blocked = HttpRefusal::new(403).header("content-type", "text/html").body("<h1>Blocked</h1>");
    demo.control.refuse_upgrades(vec![blocked.clone(); 9]).await;
    demo.control.no_events(Some(blocked)).await;
    let told = doctor(Some(&demo.url), &[], &["-s", "home"]).await;
    assert_eq!(told.code, 1, "{}", told.out);
    told.is_wrong("server-sent events", "403");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreachable_server_is_told_without_what_follows_from_it() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let told = doctor(Some(&format!("http://127.0.0.1:{port}")), &[], &[]).await;
    assert_eq!(told.code, 1, "{}", told.out);
    told.is_wrong("instance", "cannot be reached");
    told.is_well("terminal", "");
    assert_eq!(told.out.lines().filter(|line| line.starts_with('✗')).count(), 1, "{}", told.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_never_answers_ends_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let start = tokio::time::Instant::now();
    let told = doctor(Some(&url), &[], &[]).await;
    assert!(start.elapsed() < Duration::from_secs(18), "{:?}", start.elapsed());
    assert_eq!(told.code, 1, "{}", told.out);
    told.is_wrong("instance", "no answer in time");
    drop(listener);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_is_one_object_and_settings_that_are_wrong_are_told() {
    let demo = demo().await;
    let config = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("doctor-{}.toml", unique()));
    std::fs::write(&config, "tabs = [\"home\", \"local\"]\nlanguage = 7\n").unwrap();
    let told = doctor(Some(&demo.url), &[("TRUNKLINE_CONFIG", config.to_str().unwrap())], &["--json"]).await;
    std::fs::remove_file(config).unwrap();
    assert_eq!(told.code, 1, "{}", told.out);
    assert_eq!(told.out.lines().count(), 1);
    let report: Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(report["ok"], false);
    let findings = report["findings"].as_array().unwrap();
    let (first, rest) = findings.split_first().unwrap();
    assert_eq!((&first["check"], &first["ok"]), (&json!("configuration"), &json!(false)));
    assert!(first["words"].as_str().unwrap().contains("language") && first["advice"].is_string(), "{first}");
    assert!(rest.iter().all(|finding| finding["ok"] == true && finding["advice"].is_null()), "{report:#}");
    let streams: Vec<&str> = rest.iter().filter_map(|finding| finding["check"].as_str()?.strip_prefix("stream ")).collect();
    assert_eq!(streams, ["home", "local"], "those of the file");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_utf_8_there_is_only_ascii_and_without_a_server_wrong_usage() {
    let told = doctor(None, &[("LC_ALL", "C")], &["--demo", "-s", "home"]).await;
    assert_eq!(told.code, 0, "{}", told.out);
    assert!(told.out.is_ascii() && told.out.starts_with("ok "), "{}", told.out);
    for arguments in [&[][..], &["--demo", "-s", "nonsense"], &["--demo", "--wrong"]] {
        let told = doctor(None, &[], arguments).await;
        assert_eq!((told.code, told.out.as_str()), (2, ""), "{arguments:?}: {}", told.err);
    }
}

/// A server that answers these paths with these documents and everything else with 404, and whose socket takes what comes
/// and says nothing. As GoToSocial does, it serves nobody without a name.
async fn raw(documents: impl Fn(&str, u16) -> Option<Value> + Send + Sync + 'static) -> (String, DropGuard) {
    raw_with("", documents).await
}

/// As `raw`, with these header lines in every answer.
async fn raw_with(headers: &'static str, documents: impl Fn(&str, u16) -> Option<Value> + Send + Sync + 'static) -> (String, DropGuard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let shutdown = CancellationToken::new();
    let stops = shutdown.clone().drop_guard();
    let documents = std::sync::Arc::new(documents);
    tokio::spawn(shutdown.run_until_cancelled_owned(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            let documents = std::sync::Arc::clone(&documents);
            tokio::spawn(async move { serve(tcp, headers, &|path: &str| documents(path, port)).await });
        }
    }));
    (format!("http://127.0.0.1:{port}"), stops)
}

async fn serve(mut tcp: TcpStream, headers: &str, document: &(dyn Fn(&str) -> Option<Value> + Send + Sync)) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match tcp.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let header = |name: &str| {
        head.lines()
            .find_map(|line| line.split_once(": ").filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()))
    };
    let path = head.split(' ').nth(1).unwrap_or_default();
    if let ("/api/v1/streaming", Some(key)) = (path, header("sec-websocket-key")) {
        let accept = derive_accept_key(key.as_bytes());
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        tcp.write_all(answer.as_bytes()).await.unwrap();
        let mut socket = WebSocketStream::from_raw_socket(tcp, Role::Server, None).await;
        // Reading answers pings.
        while let Some(Ok(_)) = socket.next().await {}
        return;
    }
    let (status, body) = match (header("user-agent"), document(path)) {
        (None, _) => ("418 I'm a teapot", json!({ "error": "I'm a teapot: no user-agent sent with request" })),
        (Some(_), Some(body)) => ("200 OK", body),
        (Some(_), None) => ("404 Not Found", json!({ "error": "Not Found" })),
    };
    let body = body.to_string();
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{headers}Connection: close\r\n\r\n{body}"
    );
    let _gone = tcp.write_all(answer.as_bytes()).await;
}

/// Whose the token is, and timelines with nothing in them.
fn me(path: &str) -> Option<Value> {
    let is_timeline = path.starts_with("/api/v1/timelines/") || path.starts_with("/api/v1/notifications?");
    match path {
        "/api/v1/accounts/verify_credentials" => Some(json!({ "id": "1", "username": "sam", "acct": "sam" })),
        _ => is_timeline.then(|| json!([])),
    }
}

/// A server of the Mastodon kind with nothing unusual.
fn usual(path: &str, port: u16) -> Option<Value> {
    match path {
        "/api/v2/instance" => Some(json!({
            "domain": "usual.example", "title": "Usual", "version": "4.5.0", "api_versions": { "mastodon": 7 },
            "configuration": { "urls": { "streaming": format!("ws://127.0.0.1:{port}") } },
        })),
        other => me(other),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_wrong_and_a_limit_that_is_reached_are_told() {
    let headers = "Date: Mon, 23 Nov 2020 12:00:00 GMT\r\nX-RateLimit-Limit: 300\r\nX-RateLimit-Remaining: 0\r\n";
    let (url, _stops) = raw_with(headers, usual).await;
    let told = doctor(Some(&url), &[], &["-s", "home"]).await;
    assert_eq!(told.code, 1, "{}", told.out);
    told.is_wrong("clock", "min ahead of the server's");
    told.is_wrong("rate limit", "none of 300 questions is left");
    told.is_well("stream home", "open");

    let (url, _stops) = raw_with("X-RateLimit-Limit: 300\r\nX-RateLimit-Remaining: 297\r\n", usual).await;
    let told = doctor(Some(&url), &[], &["-s", "home"]).await;
    assert_eq!(told.code, 0, "{}", told.out);
    told.is_well("rate limit", "297 of 300 questions are left");
    assert!(!told.out.contains("clock"), "the server tells no time:\n{}", told.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timeline_that_cannot_be_asked_for_is_told_though_its_stream_is_open() {
    let demo = demo().await;
    let refusal = HttpRefusal::new(403)
        .header("content-type", "application/json")
        .body(r#"{"error":"This action is outside the authorized scopes"}"#);
    demo.control.refuse_rest("/api/v1/timelines/home", refusal, 9).await;
    let told = doctor(Some(&demo.url), &[], &["-s", "home", "-s", "local"]).await;
    assert_eq!(told.code, 1, "{}", told.out);
    told.is_wrong("timeline home", "outside the authorized scopes");
    told.is_well("timelines", "answered: Local");
    told.is_well("stream home", "open");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timeline_that_is_gone_is_no_matter_of_the_server_name() {
    let demo = demo().await;
    let gone = HttpRefusal::new(404).header("content-type", "application/json").body(r#"{"error":"Record not found"}"#);
    demo.control.refuse_rest("/api/v1/timelines/home", gone, 9).await;
    let told = doctor(Some(&demo.url), &[], &["-s", "home", "-s", "local"]).await;
    assert_eq!(told.code, 1, "{}", told.out);
    told.is_wrong("timeline home", "Record not found");
    assert!(told.out.contains("leave it out") && !told.out.contains("check the server's name"), "{}", told.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gotosocial_is_well_without_what_it_does_not_have() {
    let documents = |path: &str, port: u16| match path {
        "/api/v2/instance" => Some(json!({
            "domain": "goose.example", "title": "Goose", "version": "0.20.0+git-1234567",
            "source_url": "https://codeberg.org/superseriousbusiness/gotosocial",
            "configuration": { "urls": { "streaming": format!("wss://127.0.0.1:{port}") } },
        })),
        other => me(other),
    };
    let (url, _stops) = raw(documents).await;
    let told = doctor(Some(&url), &[], &[]).await;
    assert_eq!(told.code, 0, "{}", told.out);
    told.is_well("instance", "goose.example runs GoToSocial 0.20.0");
    told.is_well("streaming health", "not told by this server");
    told.is_well("scopes", "not told by this server");
    told.is_well("stream notifications", "open");
    told.is_well("server-sent events", "not there; not needed");
    let told = doctor(Some(&url), &[], &["-s", "home", "-s", "#rust"]).await;
    assert_eq!(told.code, 0, "{}", told.out);
    told.is_well("streaming", "hashtags: not streamed, but polled");
    told.is_well("stream #rust", "polled: this server does not stream it");
    let told = doctor(Some(&url), &[], &["-s", "home", "-s", "remote"]).await;
    assert_eq!(told.code, 1, "{}", told.out);
    told.is_well("stream home", "open");
    told.is_wrong("stream remote", "not streamed by this server");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_that_is_switched_off_is_told_though_it_subscribes() {
    let documents = |path: &str, port: u16| match path {
        "/api/v2/instance" => Some(json!({
            "domain": "quiet.example", "title": "Quiet", "version": "4.5.0", "api_versions": { "mastodon": 7 },
            "configuration": {
                "urls": { "streaming": format!("ws://127.0.0.1:{port}") },
                "timelines_access": { "live_feeds": { "local": "disabled", "remote": "public" } },
            },
        })),
        "/api/v1/apps/verify_credentials" => Some(json!({ "name": "T", "scopes": ["write", "read:lists"] })),
        other => me(other),
    };
    let (url, _stops) = raw(documents).await;
    let told = doctor(Some(&url), &[], &["-s", "local", "-s", "federated", "-s", "home"]).await;
    assert_eq!(told.code, 1, "{}", told.out);
    told.is_wrong("stream local", "switched off by the server");
    told.is_well("stream federated", "local posts are switched off by the server");
    told.is_well("stream home", "open");
    told.is_wrong("scopes", "write read:lists; reading timelines needs read:statuses; reading notifications needs");
    told.is_well("feeds", "local live feed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_untrusted_streaming_address_is_told_and_gets_no_token() {
    let documents = |path: &str, _: u16| match path {
        "/api/v2/instance" => Some(json!({
            "domain": "odd.example", "title": "Odd", "version": "4.5.0",
            "configuration": { "urls": { "streaming": "ws://stream.odd.example" } },
        })),
        other => me(other),
    };
    let (url, _stops) = raw(documents).await;
    let told = doctor(Some(&url), &[], &["-s", "home"]).await;
    assert_eq!(told.code, 1, "{}", told.out);
    told.is_well("instance", "odd.example");
    told.is_wrong("streaming address", "without encryption, so the token is not sent there");
    told.is_well("token", "@sam");
    assert!(!told.out.contains("stream home"), "{}", told.out);
}
