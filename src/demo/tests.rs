//! The server met from outside: real sockets and real requests.
//!
//! Deliberately without the client's own code, which is tested against this server elsewhere.

use super::world::Id;
use super::*;
use futures_util::{SinkExt as _, StreamExt as _};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

const PATIENCE: Duration = Duration::from_secs(20);

struct Stage {
    server: Option<Server>,
    control: Control,
    shutdown: CancellationToken,
    http: reqwest::Client,
}

impl Stage {
    async fn set(story: Story) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shutdown = CancellationToken::new();
        let options = Options { story, thump_every: Duration::from_millis(100), ..Options::default() };
        let server = Server::start(listener, options, shutdown.clone()).await.unwrap();
        // Another test may have been first; either way there is one.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        Self { control: server.control(), server: Some(server), shutdown, http }
    }

    fn address(&self) -> &str {
        self.server.as_ref().unwrap().url().strip_prefix("http://").unwrap()
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("http://{}{path}", self.address()) };
        within("an answer", self.http.get(url).bearer_auth("any").header("user-agent", "test").send()).await.unwrap()
    }

    async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        serde_json::from_str(&response.text().await.unwrap()).unwrap()
    }

    async fn ids(&self, path: &str) -> Vec<String> {
        self.json(path).await.as_array().unwrap().iter().map(|entity| entity["id"].as_str().unwrap().to_owned()).collect()
    }

    async fn dial(&self, query: &str, headers: &[(&'static str, &str)]) -> Result<Socket, Error> {
        let tcp = TcpStream::connect(self.address()).await.unwrap();
        let mut request = format!("ws://{}/api/v1/streaming{query}", self.address()).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        within("an upgrade", client_async(request, tcp)).await.map(|(socket, _)| Socket(socket))
    }

    async fn socket(&self) -> Socket {
        self.dial("", &[("authorization", "Bearer any")]).await.unwrap()
    }

    /// Asks for server-sent events without a library in between.
    async fn listen(&self, path: &str) -> Listener {
        let mut tcp = TcpStream::connect(self.address()).await.unwrap();
        let request = format!("GET /api/v1/streaming{path} HTTP/1.1\r\nHost: trunk.example\r\nAuthorization: Bearer any\r\n\r\n");
        tcp.write_all(request.as_bytes()).await.unwrap();
        let mut listener = Listener { tcp, seen: String::new() };
        listener.until("\r\n\r\n").await;
        listener
    }

    async fn subscribed(&self, expected: &[&str]) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self.control.subscriptions().await;
            if found.iter().flatten().map(String::as_str).eq(expected.iter().copied()) {
                return;
            }
            assert!(Instant::now() < deadline, "wanted {expected:?}, have {found:?}");
            tokio::task::yield_now().await;
        }
    }

    async fn end(mut self) {
        self.shutdown.cancel();
        within("the server's end", self.server.take().unwrap().stopped()).await;
    }
}

async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what} did not come within {PATIENCE:?}"))
}

struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn next(&mut self) -> Option<Result<Message, Error>> {
        within("a frame", self.0.next()).await
    }

    /// The next text frame, as sent; pings are passed over.
    async fn text(&mut self) -> String {
        loop {
            match self.next().await {
                Some(Ok(Message::Text(text))) => return text.to_string(),
                Some(Ok(Message::Ping(_))) => {}
                other => panic!("no text but {other:?}"),
            }
        }
    }

    /// The next event: its stream, its name, its payload.
    async fn event(&mut self) -> (Value, String, String) {
        let text = self.text().await;
        let frame: Value = serde_json::from_str(&text).unwrap();
        let part = |name: &str| frame[name].as_str().unwrap_or_else(|| panic!("no {name} in {text}")).to_owned();
        (frame["stream"].clone(), part("event"), part("payload"))
    }

    /// Reads so many events, as a sorted list of stream and event.
    async fn events(&mut self, count: usize) -> Vec<String> {
        let mut events = Vec::new();
        for _ in 0..count {
            let (stream, event, _) = self.event().await;
            events.push(format!("{stream} {event}"));
        }
        events.sort();
        events
    }

    async fn ended(&mut self) -> Option<Option<u16>> {
        let mut closed = None;
        loop {
            match self.next().await {
                Some(Ok(Message::Close(frame))) => closed = Some(frame.map(|frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return closed,
            }
        }
    }
}

/// One response of server-sent events, as bytes.
struct Listener {
    tcp: TcpStream,
    seen: String,
}

impl Listener {
    /// Reads up to and with some words; gives what was before them.
    async fn until(&mut self, words: &str) -> String {
        loop {
            if let Some((before, after)) = self.seen.split_once(words) {
                let (before, after) = (before.to_owned(), after.to_owned());
                self.seen = after;
                return before;
            }
            let mut bytes = [0; 4096];
            let count = within(words, self.tcp.read(&mut bytes)).await.unwrap();
            assert!(count > 0, "no {words:?} but an end after {:?}", self.seen);
            self.seen.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
        }
    }

    /// Reads one event of two chunks, past thumps: its name and its payload.
    async fn event(&mut self) -> (String, String) {
        self.until("\r\nevent: ").await;
        let name = self.until("\n\r\n").await;
        let length = usize::from_str_radix(&self.until("\r\n").await, 16).unwrap();
        let data = self.until("\n\n\r\n").await;
        assert_eq!(length, data.len() + 2, "{data}");
        (name, data.strip_prefix("data: ").unwrap().to_owned())
    }

    /// Reads to the end: everything that was left.
    async fn rest(mut self) -> String {
        let mut rest = Vec::new();
        // However it ends, what came before the end is told.
        let _end = within("an end", self.tcp.read_to_end(&mut rest)).await;
        self.seen + std::str::from_utf8(&rest).unwrap()
    }
}

fn subscribe(stream: &str) -> Value {
    json!({ "type": "subscribe", "stream": stream })
}

#[tokio::test]
async fn one_post_reaches_every_stream_once_in_its_view() {
    let stage = Stage::set(Story::Empty).await;
    let mut socket = stage.socket().await;
    for message in [
        subscribe("user"),
        subscribe("public"),
        subscribe("public:media"),
        subscribe("public:local"),
        subscribe("public:remote"),
        json!({ "type": "subscribe", "stream": "hashtag", "tag": "#Rüst" }),
        json!({ "type": "subscribe", "stream": "hashtag", "tag": "rust" }),
        json!({ "type": "subscribe", "stream": "hashtag:local", "tag": "rust" }),
        json!({ "type": "subscribe", "stream": "list", "list": 12 }),
        subscribe("direct"),
    ] {
        socket.say(message).await;
    }
    let all =
        ["user", "public", "public:media", "public:local", "public:remote", "hashtag #Rüst", "hashtag:local rust", "list 12", "direct"];
    stage.subscribed(&all).await;

    let id = stage.control.post("dag", "Steam up #rust").await;
    let mut streams = Vec::new();
    for _ in 0..6 {
        let (stream, event, payload) = socket.event().await;
        let status: Value = serde_json::from_str(&payload).unwrap();
        assert_eq!((event.as_str(), status["id"].as_str()), ("update", Some(id.as_str())));
        let personal = matches!(stream[0].as_str().unwrap(), "user" | "list");
        assert_eq!(status.get("favourited").is_some(), personal, "{stream}");
        streams.push(stream.to_string());
    }
    streams.sort();
    assert_eq!(
        streams,
        [
            r##"["hashtag","#Rüst"]"##,
            r#"["hashtag:local","rust"]"#,
            r#"["list",12]"#,
            r#"["public"]"#,
            r#"["public:local"]"#,
            r#"["user"]"#
        ]
    );

    stage.control.edit(&id, "Steam down").await;
    let edited = socket.events(4).await;
    assert_eq!(
        edited,
        [r#"["list",12] status.update"#, r#"["public"] status.update"#, r#"["public:local"] status.update"#, r#"["user"] status.update"#]
    );
    stage.control.delete(&id).await;
    assert_eq!(socket.events(4).await.len(), 4);
    assert_eq!(stage.get(&format!("/api/v1/statuses/{id}")).await.status(), 404);

    socket.say(json!({ "type": "unsubscribe", "stream": "hashtag", "tag": "RUST" })).await;
    let without: Vec<&str> = all.into_iter().filter(|name| *name != "hashtag #Rüst").collect();
    stage.subscribed(&without).await;
    let frames = stage.control.received().await;
    assert_eq!(frames.len(), 11);
    assert!(frames[10].contains("RUST"));
    stage.end().await;
}

#[tokio::test]
async fn notifications_come_on_user_and_user_notification() {
    let stage = Stage::set(Story::Empty).await;
    let mut socket = stage.socket().await;
    socket.say(subscribe("user")).await;
    socket.say(subscribe("user:notification")).await;
    stage.subscribed(&["user", "user:notification"]).await;
    let mine = stage.control.post("me", "Mine").await;
    assert_eq!(socket.event().await.1, "update");
    let id = stage.control.notify("favourite", "gus", Some(&mine)).await;
    for stream in ["user", "user:notification"] {
        let (named, event, payload) = socket.event().await;
        let notification: Value = serde_json::from_str(&payload).unwrap();
        assert_eq!((named, event.as_str()), (json!([stream]), "notification"));
        assert_eq!((notification["id"].as_str(), notification["status"]["id"].as_str()), (Some(id.as_str()), Some(mine.as_str())));
        assert!(notification["group_key"].as_str().unwrap().starts_with(&format!("favourite-{mine}-")));
    }
    assert_eq!(stage.ids("/api/v1/notifications").await, std::slice::from_ref(&id));
    assert_eq!(stage.json(&format!("/api/v1/notifications/{id}")).await["type"], "favourite");
    assert_eq!(stage.get("/api/v1/notifications/1").await.status(), 404);
    stage.control.post("stranger@far.example", "@me hello").await;
    assert_eq!(socket.events(2).await, [r#"["user"] notification"#, r#"["user:notification"] notification"#]);
    assert!(stage.ids("/api/v1/notifications?types[]=favourite&exclude_types[]=favourite").await.is_empty());
    stage.end().await;
}

#[tokio::test]
async fn refusals_are_worded_and_anything_else_is_ignored() {
    let stage = Stage::set(Story::Empty).await;
    stage.control.refuse("public", None, "Access token does not have the required scopes", 401).await;
    stage.control.refuse("hashtag", Some("tea"), "Too much tea", 429).await;
    let mut socket = stage.dial("?stream=hashtag", &[("sec-websocket-protocol", "any")]).await.unwrap();
    assert_eq!(socket.text().await, r#"{"error":"Missing tag name parameter","status":400}"#);
    for (message, answer) in [
        (subscribe("nope"), r#"{"error":"Unknown stream type","status":400}"#),
        (subscribe("public"), r#"{"error":"Access token does not have the required scopes","status":401}"#),
        (json!({ "type": "subscribe", "stream": "hashtag", "tag": "#TEA" }), r#"{"error":"Too much tea","status":429}"#),
        (json!({ "type": "subscribe", "stream": "list", "list": "99" }), r#"{"error":"Not authorized to stream this list","status":401}"#),
        (json!({ "type": "unsubscribe", "stream": "nope" }), r#"{"error":"Error unsubscribing from channel"}"#),
    ] {
        socket.say(json!({ "type": "ping" })).await;
        socket.0.send(Message::text("")).await.unwrap();
        socket.say(message).await;
        assert_eq!(socket.text().await, answer);
    }
    stage.control.accept("public", None).await;
    socket.say(subscribe("public")).await;
    stage.subscribed(&["public"]).await;
    stage.end().await;
}

#[tokio::test]
async fn an_unsubscribe_right_behind_a_subscribe_is_lost() {
    // Transcript `ws-subscribe-then-unsubscribe-at-once`.
    let stage = Stage::set(Story::Empty).await;
    let mut socket = stage.socket().await;
    socket.say(subscribe("user")).await;
    socket.say(json!({ "type": "unsubscribe", "stream": "user" })).await;
    stage.subscribed(&["user"]).await;
    socket.say(json!({ "type": "unsubscribe", "stream": "user" })).await;
    stage.subscribed(&[]).await;
    stage.end().await;
}

#[tokio::test]
async fn upgrades_want_a_token_and_can_be_refused() {
    let stage = Stage::set(Story::Empty).await;
    let refused = |error: Error| {
        let Error::Http(response) = error else { panic!("{error}") };
        (response.status().as_u16(), response.headers().get("x-error-message").map(|value| value.to_str().unwrap().to_owned()))
    };
    let words = |status, words: &str| (status, Some(words.to_owned()));
    assert_eq!(refused(stage.dial("", &[]).await.err().unwrap()), words(401, "Missing access token"));
    assert_eq!(
        refused(stage.dial("?access_token=a", &[("authorization", "bearer a")]).await.err().unwrap()),
        words(401, "Invalid access token")
    );
    assert!(stage.dial("?access_token=secret&stream=user", &[]).await.is_ok());
    let limited = HttpRefusal::new(429).header("retry-after", "7").body("slow down");
    stage.control.refuse_upgrades(vec![limited, HttpRefusal::new(503)]).await;
    let token = [("authorization", "Bearer a")];
    assert_eq!(refused(stage.dial("", &token).await.err().unwrap()).0, 429);
    assert_eq!(refused(stage.dial("", &token).await.err().unwrap()).0, 503);
    assert!(stage.dial("", &token).await.is_ok());
    let requests = stage.control.requests().await;
    assert_eq!(requests[2], "GET /api/v1/streaming?stream=user (no user-agent)");
    assert!(!requests.concat().contains("secret"));
    stage.end().await;
}

#[tokio::test]
async fn connections_end_as_asked() {
    let stage = Stage::set(Story::Empty).await;
    let mut socket = stage.socket().await;
    stage.control.close(Some(1001)).await;
    assert_eq!(socket.ended().await, Some(Some(1001)));
    let mut socket = stage.socket().await;
    stage.control.close(None).await;
    assert_eq!(socket.ended().await, Some(None));
    let mut socket = stage.socket().await;
    socket.0.send(Message::binary(vec![1])).await.unwrap();
    assert_eq!(socket.ended().await, Some(Some(1003)));
    let mut socket = stage.socket().await;
    stage.control.cut().await;
    assert_eq!(socket.ended().await, None);
    let mut socket = stage.socket().await;
    socket.0.close(None).await.unwrap();
    assert_eq!(socket.ended().await, Some(None));
    let deadline = Instant::now() + PATIENCE;
    while stage.control.connections().await > 0 {
        assert!(Instant::now() < deadline, "{} are left", stage.control.connections().await);
        tokio::task::yield_now().await;
    }
    let mut socket = stage.socket().await;
    stage.end().await;
    assert_eq!(socket.ended().await, None, "a stopped server sends no close frame");
}

#[tokio::test]
async fn a_ping_without_pong_cuts_at_the_next() {
    let stage = Stage::set(Story::Empty).await;
    let mut attentive = stage.socket().await;
    stage.control.ping_now().await;
    assert!(matches!(attentive.next().await, Some(Ok(Message::Ping(_)))));
    // A socket that nobody reads answers nothing.
    let mut deaf = stage.socket().await;
    attentive.say(subscribe("user")).await;
    stage.subscribed(&["user"]).await;
    stage.control.ping_now().await;
    assert!(matches!(attentive.next().await, Some(Ok(Message::Ping(_)))));
    attentive.say(subscribe("public")).await;
    stage.subscribed(&["user", "public"]).await;
    stage.control.ping_now().await;
    assert!(matches!(attentive.next().await, Some(Ok(Message::Ping(_)))));
    assert_eq!(deaf.ended().await, None);
    stage.end().await;
}

#[tokio::test]
async fn a_stalled_connection_is_silent_until_woken() {
    let stage = Stage::set(Story::Empty).await;
    let mut stalled = stage.dial("?stream=public", &[("authorization", "Bearer a")]).await.unwrap();
    stage.subscribed(&["public"]).await;
    stage.control.stall(true).await;
    let mut later = stage.dial("?stream=public", &[("authorization", "Bearer a")]).await.unwrap();
    stage.subscribed(&["public", "public"]).await;
    let id = stage.control.post("gus", "Onions").await;
    stage.control.ping_now().await;
    assert!(later.event().await.2.contains(&id));
    let quiet = timeout(Duration::from_millis(50), stalled.0.next()).await;
    assert!(quiet.is_err(), "{quiet:?}");
    stage.control.stall(false).await;
    assert!(stalled.event().await.2.contains(&id));
    stage.end().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_when_its_queue_is_full() {
    let stage = Stage::set(Story::Empty).await;
    let mut deaf = stage.socket().await;
    stage.control.stall(true).await;
    for _ in 0..hub::QUEUE {
        stage.control.raw("x").await;
    }
    let mut connections = stage.control.connections().await;
    assert_eq!(connections, 1, "cut before the queue was full");
    // What the writer holds in its hands does not count.
    for _ in 0..1_000 {
        stage.control.raw("x").await;
    }
    let deadline = Instant::now() + PATIENCE;
    while connections > 0 {
        assert!(Instant::now() < deadline, "it is still connected");
        tokio::task::yield_now().await;
        connections = stage.control.connections().await;
    }
    assert_eq!(deaf.ended().await, None);
    stage.end().await;
}

#[tokio::test]
async fn frames_of_a_tests_own_arrive_as_given() {
    let stage = Stage::set(Story::Empty).await;
    let mut socket = stage.dial("?stream=hashtag&tag=Tea", &[("authorization", "Bearer a")]).await.unwrap();
    stage.subscribed(&["hashtag Tea"]).await;
    stage.control.push(&["hashtag", "other"], "update", "{}").await;
    stage.control.push(&["hashtag", "#tea"], "some.event", "{\"a\":1}").await;
    assert_eq!(socket.text().await, r#"{"stream":["hashtag","Tea"],"event":"some.event","payload":"{\"a\":1}"}"#);
    stage.control.raw("not json at all").await;
    assert_eq!(socket.text().await, "not json at all");
    stage.end().await;
}

#[tokio::test]
async fn server_sent_events_are_the_real_servers_chunk_by_chunk() {
    // Transcripts `sse-user`, `sse-heartbeat`.
    let stage = Stage::set(Story::Empty).await;
    let mut tcp = TcpStream::connect(stage.address()).await.unwrap();
    tcp.write_all(b"GET /api/v1/streaming/user?access_token=a HTTP/1.1\r\nHost: trunk.example\r\n\r\n").await.unwrap();
    let mut user = Listener { tcp, seen: String::new() };
    let head = user.until("\r\n\r\n").await.to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
    for line in ["content-type: text/event-stream", "cache-control: private, no-store", "transfer-encoding: chunked"] {
        assert!(head.contains(line), "{head}");
    }
    assert_eq!(user.until(")\n\r\n").await, "3\r\n:");
    assert_eq!(user.until(":thump\n\n\r\n").await, "8\r\n");
    stage.control.delete(&stage.control.post("ada", "Gone").await).await;
    let (name, payload) = user.event().await;
    let status: Value = serde_json::from_str(&payload).unwrap();
    assert_eq!((name.as_str(), status["favourited"].as_bool()), ("update", Some(false)));
    assert_eq!(user.event().await, ("delete".to_owned(), status["id"].as_str().unwrap().to_owned()));
    stage.end().await;
}

#[tokio::test]
async fn every_path_of_server_sent_events_carries_its_stream() {
    let stage = Stage::set(Story::Empty).await;
    let media = || vec![Media { kind: "image".to_owned(), description: None }];
    let mut listeners = Vec::new();
    for path in [
        "/user",
        "/user/notification",
        "/direct",
        "/public",
        "/public?only_media=true",
        "/public/local",
        "/public/remote?only_media=0",
        "/hashtag?tag=Rust",
        "/hashtag/local?tag=rust",
        "/list?list=12",
    ] {
        listeners.push((path, stage.listen(path).await, Vec::new()));
    }
    assert_eq!(stage.control.connections().await, 10);
    assert_eq!(
        stage.control.subscriptions().await.concat(),
        [
            "user",
            "user:notification",
            "direct",
            "public",
            "public:media",
            "public:local",
            "public:remote",
            "hashtag Rust",
            "hashtag:local rust",
            "list 12"
        ]
    );
    stage.control.post("dag", "a local word #rust").await;
    stage.control.post_with(Draft { media: media(), ..Draft::new("far@off.example", "a picture #rust") }).await;
    stage.control.post_with(Draft { visibility: Visibility::Direct, ..Draft::new("gus", "@me psst") }).await;
    stage.control.raw(":end\n").await;
    for (_, listener, names) in &mut listeners {
        let all = listener.until(":end\n").await;
        names.extend(all.lines().filter_map(|line| line.strip_prefix("event: ")).map(str::to_owned));
    }
    let heard: Vec<(&str, String)> = listeners.iter().map(|(path, _, names)| (*path, names.join(" "))).collect();
    let heard: Vec<(&str, &str)> = heard.iter().map(|(path, names)| (*path, names.as_str())).collect();
    assert_eq!(
        heard,
        [
            ("/user", "update notification"),
            ("/user/notification", "notification"),
            ("/direct", "conversation"),
            ("/public", "update update"),
            ("/public?only_media=true", "update"),
            ("/public/local", "update"),
            ("/public/remote?only_media=0", "update"),
            ("/hashtag?tag=Rust", "update update"),
            ("/hashtag/local?tag=rust", "update"),
            ("/list?list=12", "update"),
        ]
    );
    // Whoever hangs up is not there any more.
    listeners.truncate(3);
    let deadline = Instant::now() + PATIENCE;
    while stage.control.connections().await > 3 {
        assert!(Instant::now() < deadline, "{} are left", stage.control.connections().await);
        tokio::task::yield_now().await;
    }
    stage.end().await;
}

#[tokio::test]
async fn server_sent_events_are_refused_in_the_real_servers_words() {
    // Transcripts `sse-refused-*`, `http-post-sse`, `http-options-preflight`.
    let stage = Stage::set(Story::Empty).await;
    let url = |path: &str| format!("http://{}/api/v1/streaming{path}", stage.address());
    let refused = async |path: &str| {
        let response = stage.get(&url(path)).await;
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        (response.status().as_u16(), kind, response.text().await.unwrap())
    };
    let words = |status: u16, error: &str| (status, "application/json".to_owned(), format!("{{\"error\":\"{error}\"}}"));
    for (path, status, error) in [
        ("", 400, "Unknown channel requested"),
        ("/nope", 400, "Unknown channel requested"),
        ("/user/", 400, "Unknown channel requested"),
        ("/public/media", 400, "Unknown channel requested"),
        ("/hashtag", 400, "Missing tag name parameter"),
        ("/hashtag/local?tag=", 400, "Missing tag name parameter"),
        ("/hashtag?tag=a&tag=b", 500, "An unexpected error occurred"),
        ("/list", 400, "Missing list name parameter"),
        ("/list?list=13", 401, "Not authorized to stream this list"),
    ] {
        assert_eq!(refused(path).await, words(status, error), "{path}");
    }
    for (path, status, error) in [("/nope", 400, "Unknown channel requested"), ("/user", 401, "Missing access token")] {
        let response = within("an answer", stage.http.get(url(path)).send()).await.unwrap();
        assert_eq!((response.status().as_u16(), response.text().await.unwrap()), (status, format!("{{\"error\":\"{error}\"}}")));
    }
    let posted = within("an answer", stage.http.post(url("/user")).bearer_auth("a").send()).await.unwrap();
    assert_eq!((posted.status().as_u16(), posted.headers()["content-length"].to_str().unwrap()), (404, "161"));
    let asked = stage.http.request(reqwest::Method::OPTIONS, url("/user")).header("access-control-request-headers", "authorization");
    assert_eq!(within("an answer", asked.send()).await.unwrap().status(), 204);

    stage.control.refuse("public:local", None, "Not today", 401).await;
    assert_eq!(refused("/public/local").await, words(401, "Not today"));
    stage.control.refuse_events(vec![HttpRefusal::new(503).header("content-type", "text/html").body("<p>")]).await;
    assert_eq!(refused("/user").await, (503, "text/html".to_owned(), "<p>".to_owned()));
    stage.control.set_scopes(&["read:notifications"]).await;
    assert_eq!(refused("/user").await, words(401, "Access token does not have the required scopes"));
    stage.listen("/user/notification").await;
    stage.end().await;
}

#[tokio::test]
async fn responses_end_as_the_real_servers_do() {
    // Transcripts `sse-kill`, `sse-server-restart`.
    let stage = Stage::set(Story::Empty).await;
    let cut = stage.listen("/user").await;
    stage.control.cut().await;
    let rest = cut.rest().await;
    assert!(rest.starts_with("3\r\n:)\n\r\n") && !rest.contains("0\r\n\r\n"), "{rest:?}");
    let (mut killed, mut socket) = (stage.listen("/public").await, stage.socket().await);
    stage.control.revoke().await;
    killed.until("\r\n0\r\n\r\n").await;
    assert_eq!(socket.ended().await, Some(None));
    let said = async |path: &str| {
        let response = stage.get(path).await;
        (response.status().as_u16(), response.text().await.unwrap())
    };
    assert_eq!(said("/api/v1/streaming/user").await, (401, r#"{"error":"Invalid access token"}"#.to_owned()));
    assert_eq!(said("/api/v1/timelines/home").await, (401, r#"{"error":"The access token was revoked"}"#.to_owned()));
    assert_eq!(said("/api/v2/instance").await.0, 200);
    let Err(Error::Http(refused)) = stage.dial("", &[("authorization", "Bearer any")]).await else { panic!("upgraded") };
    assert_eq!((refused.status().as_u16(), &refused.headers()["x-error-message"]), (401, &"Invalid access token".parse().unwrap()));
    stage.control.ban().await;
    assert_eq!(said("/api/v1/timelines/home").await, (403, r#"{"error":"Your login is currently disabled"}"#.to_owned()));
    stage.control.forgive().await;
    assert_eq!(said("/api/v1/timelines/home").await.0, 200);
    stage.end().await;
}

#[tokio::test]
async fn a_server_stops_and_starts_again_at_its_address() {
    let stage = Stage::set(Story::Empty).await;
    let id = stage.control.post("ada", "Before").await;
    let (mut socket, events) = (stage.socket().await, stage.listen("/user").await);
    assert_eq!(stage.ids("/api/v1/timelines/home").await, std::slice::from_ref(&id));
    for _ in 0..3 {
        stage.control.stop().await;
        let refused = TcpStream::connect(stage.address()).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        let away = stage.control.post("ada", "Meanwhile").await;
        stage.control.start().await.unwrap();
        assert_eq!(stage.ids("/api/v1/timelines/home").await[0], away);
        stage.socket().await;
    }
    stage.control.start().await.unwrap();
    assert_eq!(socket.ended().await, None);
    assert!(!events.rest().await.contains("0\r\n\r\n"));
    stage.control.stop().await;
    stage.end().await;
}

#[tokio::test]
async fn a_switched_off_feed_carries_deletes_only() {
    // Transcripts `ws-feed-access-all-disabled`, `ws-feed-access-remote-disabled`.
    let stage = Stage::set(Story::Empty).await;
    let access = async || stage.json("/api/v2/instance").await["configuration"]["timelines_access"]["live_feeds"].clone();
    assert_eq!(access().await, json!({ "local": "public", "remote": "authenticated" }));
    stage.control.switch_feed(Feed::LiveRemote, false).await;
    stage.control.switch_feed(Feed::TopicRemote, false).await;
    assert_eq!(access().await, json!({ "local": "public", "remote": "disabled" }));
    let mut socket = stage.dial("?stream=public", &[("authorization", "Bearer a")]).await.unwrap();
    stage.subscribed(&["public"]).await;
    socket.say(json!({ "type": "subscribe", "stream": "hashtag", "tag": "x" })).await;
    stage.subscribed(&["public", "hashtag x"]).await;
    let far = stage.control.post("far@off.example", "unseen #x").await;
    stage.control.edit(&far, "still unseen #x").await;
    let near = stage.control.post("dag", "seen").await;
    stage.control.delete(&far).await;
    assert_eq!(socket.events(3).await, [r#"["hashtag","x"] delete"#, r#"["public"] delete"#, r#"["public"] update"#]);
    let far = stage.control.post("far@off.example", "unseen #x").await;
    assert_eq!(stage.ids("/api/v1/timelines/public").await, std::slice::from_ref(&near));
    assert!(stage.ids("/api/v1/timelines/tag/x").await.is_empty());
    stage.control.switch_feed(Feed::LiveRemote, true).await;
    assert_eq!(stage.ids("/api/v1/timelines/public").await, [far, near]);
    stage.control.post("far@off.example", "not yet").await;
    stage.control.raw("end").await;
    assert_eq!(socket.text().await, "end", "what is off is read at subscribe");
    stage.end().await;
}

#[tokio::test]
async fn a_mute_takes_posts_from_home_that_still_exist() {
    let stage = Stage::set(Story::Empty).await;
    let mut socket = stage.dial("?stream=user", &[("authorization", "Bearer a")]).await.unwrap();
    stage.subscribed(&["user"]).await;
    let (own, kept) = (stage.control.post("ada", "One").await, stage.control.post("bo", "Two").await);
    let boost = stage.control.boost("bo", &own).await;
    stage.control.mute("ada").await;
    assert_eq!(stage.control.boost("bo", "77").await, "");
    let mut heard = Vec::new();
    for _ in 0..5 {
        let (_, event, payload) = socket.event().await;
        heard.push(if event == "delete" { payload } else { event });
    }
    assert_eq!(heard, ["update", "update", "update", &own, &boost]);
    assert_eq!(stage.ids("/api/v1/timelines/home").await, std::slice::from_ref(&kept));
    assert_eq!(stage.json(&format!("/api/v1/statuses/{own}")).await["id"], own.as_str());
    assert_eq!(stage.ids(&format!("/api/v1/statuses?id[]={own}&id[]=1&id[]={kept}")).await, [own, kept]);
    stage.control.post("ada", "Unheard").await;
    stage.control.raw("end").await;
    assert_eq!(socket.text().await, "end");
    stage.end().await;
}

#[tokio::test]
async fn late_posts_have_old_ids_and_half_a_home_says_so() {
    let stage = Stage::set(Story::Empty).await;
    let mut socket = stage.dial("?stream=user", &[("authorization", "Bearer a")]).await.unwrap();
    stage.subscribed(&["user"]).await;
    // Two who stand side by side in the cast: one of them is in the half.
    let now = [stage.control.post("ada", "Now").await, stage.control.post("bo", "Now").await];
    let late = stage.control.post_late("dag", "From far away", SignedDuration::from_hours(5)).await;
    assert!(Id::new(&late) < Id::new(&now[0]));
    assert_eq!(socket.events(3).await.len(), 3);
    let whole = [now[1].clone(), now[0].clone(), late];
    stage.control.regenerate_home(1).await;
    let response = stage.get("/api/v1/timelines/home").await;
    assert_eq!(response.status(), 206);
    let part: Vec<Value> = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert!(part.len() < 3, "{part:?}");
    assert_eq!(stage.ids("/api/v1/timelines/home").await, whole);
    stage.end().await;
}

#[tokio::test]
async fn scopes_and_a_server_without_streaming() {
    let stage = Stage::set(Story::Empty).await;
    let said = async |path: &str| stage.get(path).await.status().as_u16();
    assert_eq!(stage.json("/api/v1/apps/verify_credentials").await["scopes"], json!(["read"]));
    stage.control.set_scopes(&["read:statuses"]).await;
    assert_eq!(stage.json("/api/v1/apps/verify_credentials").await["scopes"], json!(["read:statuses"]));
    assert_eq!((said("/api/v1/timelines/home").await, said("/api/v1/notifications").await), (200, 403));
    let mut socket = stage.socket().await;
    socket.say(subscribe("user:notification")).await;
    assert_eq!(socket.text().await, r#"{"error":"Access token does not have the required scopes","status":401}"#);
    socket.say(subscribe("user")).await;
    stage.subscribed(&["user"]).await;
    stage.control.notify("follow", "bo", None).await;
    stage.control.raw("end").await;
    assert_eq!(socket.text().await, "end", "without the scope home carries no notifications");

    stage.control.only_polls(true).await;
    let dial = async || match stage.dial("", &[("authorization", "Bearer a")]).await {
        Err(Error::Http(response)) => response.status().as_u16(),
        Ok(_) => 101,
        Err(error) => panic!("{error}"),
    };
    assert_eq!((dial().await, dial().await, said("/api/v1/streaming/user").await), (404, 404, 404));
    assert_eq!(said("/api/v1/timelines/home").await, 200);
    stage.control.only_polls(false).await;
    stage.control.no_sockets(Some(HttpRefusal::new(501))).await;
    assert_eq!((dial().await, stage.listen("/user").await.until(":)").await), (501, "3\r\n".to_owned()));
    stage.control.no_sockets(None).await;
    stage.control.no_events(Some(HttpRefusal::new(404))).await;
    assert_eq!((dial().await, said("/api/v1/streaming/user").await), (101, 404));
    stage.end().await;
}

#[tokio::test]
async fn what_stands_between_is_named_instead() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut stage = Stage::set(Story::Empty).await;
    let options = Options { story: Story::Backlog, seen_as: Some("127.0.0.1:9".parse().unwrap()), ..Options::default() };
    let address = listener.local_addr().unwrap();
    let seen = Server::start(listener, options, stage.shutdown.clone()).await.unwrap();
    assert_eq!(seen.url(), "http://127.0.0.1:9");
    let response = stage.get(&format!("http://{address}/api/v1/timelines/public?limit=1")).await;
    assert!(response.headers()["link"].to_str().unwrap().starts_with("<http://127.0.0.1:9/api/v1/timelines/public?"));
    let instance = stage.json(&format!("http://{address}/api/v2/instance")).await;
    assert_eq!(instance["configuration"]["urls"]["streaming"], "ws://127.0.0.1:9");
    stage.shutdown.cancel();
    within("both ends", seen.stopped()).await;
    within("both ends", stage.server.take().unwrap().stopped()).await;
}

#[tokio::test]
async fn pages_can_be_walked_by_their_links() {
    let stage = Stage::set(Story::Backlog).await;
    for path in [
        "/api/v1/timelines/home",
        "/api/v1/timelines/public",
        "/api/v1/timelines/tag/Rust",
        "/api/v1/timelines/list/12",
        "/api/v1/notifications",
    ] {
        let whole = stage.ids(&format!("{path}?limit=80")).await;
        let (mut walked, mut next) = (Vec::new(), format!("{path}?limit=3"));
        loop {
            let response = stage.get(&next).await;
            let link = response.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
            assert!(response.headers().contains_key("x-ratelimit-remaining"));
            let page: Vec<Value> = serde_json::from_str(&response.text().await.unwrap()).unwrap();
            assert_eq!(page.is_empty(), link.is_none(), "{next}");
            let Some(link) = link else { break };
            walked.extend(page.iter().map(|entity| entity["id"].as_str().unwrap().to_owned()));
            let (newer, older) = (
                link.split(", ").find(|link| link.ends_with("\"prev\"")).unwrap(),
                link.split(", ").find(|link| link.ends_with("\"next\"")).unwrap(),
            );
            assert!(newer.contains(&format!("min_id={}", page[0]["id"].as_str().unwrap())), "{newer}");
            next = older.trim_start_matches('<').split('>').next().unwrap().to_owned();
        }
        assert!(!whole.is_empty() && walked.len() >= whole.len(), "{path}: {} walked, {} in one page", walked.len(), whole.len());
        assert_eq!(walked[..whole.len()], whole, "{path}");
        let mut unique = walked.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), walked.len(), "{path}");
    }
    stage.end().await;
}

#[tokio::test]
async fn documents_are_there_and_errors_are_mastodons() {
    let stage = Stage::set(Story::Backlog).await;
    let instance = stage.json("/api/v2/instance").await;
    assert_eq!((instance["domain"].as_str(), instance["version"].as_str()), (Some("trunk.example"), Some("4.5.3")));
    assert_eq!(instance["configuration"]["urls"]["streaming"].as_str().unwrap(), format!("ws://{}", stage.address()));
    assert!(stage.json("/api/v1/instance").await["urls"]["streaming_api"].is_string());
    assert_eq!(stage.json("/api/v1/accounts/verify_credentials").await["username"], "you");
    let lists = stage.json("/api/v1/lists").await;
    assert_eq!((lists[0]["id"].as_str(), lists[0]["title"].as_str()), (Some("12"), Some("Ferry desk")));
    assert!(stage.json("/api/v1/followed_tags").await[0]["name"].is_string());
    assert!(stage.json("/api/v1/conversations").await[0]["last_status"]["id"].is_string());
    assert_eq!(stage.json("/api/v2/filters").await, json!([]));
    assert!(stage.json("/api/v1/announcements").await.is_array());
    assert_eq!(stage.get("/api/v1/streaming/health").await.text().await.unwrap(), "OK");

    let local = stage.json("/api/v1/timelines/public?local=true&limit=40").await;
    assert!(local.as_array().unwrap().iter().all(|status| !status["account"]["acct"].as_str().unwrap().contains('@')));
    let media = stage.json("/api/v1/timelines/public?remote=true&only_media=1").await;
    assert!(
        media.as_array().unwrap().iter().all(|status| !status["media_attachments"].as_array().unwrap().is_empty()
            && status["account"]["acct"].as_str().unwrap().contains('@'))
    );

    let home = stage.json("/api/v1/timelines/home?limit=40").await;
    let answered = home.as_array().unwrap().iter().find(|status| status["in_reply_to_id"].is_string()).expect("a reply at home");
    let parent = answered["in_reply_to_id"].as_str().unwrap();
    let context = stage.json(&format!("/api/v1/statuses/{parent}/context")).await;
    assert!(context["descendants"].as_array().unwrap().iter().any(|status| status["id"] == answered["id"]));
    assert_eq!(stage.json(&format!("/api/v1/statuses/{parent}/history")).await.as_array().unwrap().len(), 1);

    for (path, status, body) in [
        ("/api/v1/statuses/1", 404, r#"{"error":"Record not found"}"#),
        ("/api/v1/timelines/list/99", 404, r#"{"error":"Record not found"}"#),
        ("/api/v1/nothing", 404, r#"{"error":"Not Found"}"#),
        ("/api/v1/streaming", 400, r#"{"error":"Unknown channel requested"}"#),
    ] {
        let response = stage.get(path).await;
        assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (status, body), "{path}");
    }
    let anonymous = stage.http.get(format!("http://{}/api/v1/timelines/home", stage.address())).send().await.unwrap();
    assert_eq!(
        (anonymous.status().as_u16(), anonymous.text().await.unwrap().as_str()),
        (401, r#"{"error":"The access token is invalid"}"#)
    );
    stage.control.refuse_rest("/api/v1/lists", HttpRefusal::new(500).body("<h1>no</h1>"), 1).await;
    assert_eq!(stage.get("/api/v1/lists").await.status(), 500);
    assert_eq!(stage.get("/api/v1/lists").await.status(), 200);
    stage.end().await;
}

#[tokio::test]
async fn drafts_say_everything() {
    let stage = Stage::set(Story::Empty).await;
    stage.control.befriend("far@off.example", true, &["Reading"]).await;
    let mut socket = stage.dial("?stream=user", &[("authorization", "Bearer a")]).await.unwrap();
    stage.subscribed(&["user"]).await;
    let draft = |id: &str| Draft { id: Some(id.to_owned()), ..Draft::new("far@off.example", "x") };
    let silent = stage.control.post_with(Draft { unannounced: true, ..draft("500") }).await;
    let loud = stage
        .control
        .post_with(Draft {
            created_at: Some("2026-01-02T03:04:05Z".parse().unwrap()),
            spoiler_text: "careful".to_owned(),
            sensitive: true,
            visibility: Visibility::Private,
            quote: Some(silent.clone()),
            media: vec![Media { kind: "gifv".to_owned(), description: None }],
            poll: Some(Poll { options: vec!["a".to_owned(), "b".to_owned()], votes: vec![1, 2], minutes: 5, multiple: false }),
            ..draft("1000")
        })
        .await;
    let (_, _, payload) = socket.event().await;
    let status: Value = serde_json::from_str(&payload).unwrap();
    assert_eq!(status["id"], "1000");
    assert_eq!(status["created_at"], "2026-01-02T03:04:05.000Z");
    assert_eq!((status["visibility"].as_str(), status["spoiler_text"].as_str()), (Some("private"), Some("careful")));
    assert_eq!(status["quote"]["quoted_status"]["id"], "500");
    assert_eq!(status["media_attachments"][0]["type"], "gifv");
    assert_eq!((status["poll"]["votes_count"].as_u64(), status["poll"]["expired"].as_bool()), (Some(3), Some(true)));
    assert_eq!(stage.ids("/api/v1/timelines/home").await, [loud, silent.clone()]);
    assert_eq!(stage.ids("/api/v1/timelines/home?since_id=500").await, ["1000"]);
    assert_eq!(stage.control.post_with(Draft { boost: Some("77".to_owned()), ..Draft::new("ada", "") }).await, "");
    stage.control.delete_unannounced("1000").await;
    stage.control.raw("end").await;
    assert_eq!(socket.text().await, "end");
    stage.end().await;
}

#[tokio::test]
async fn the_story_is_told_on_the_socket() {
    let stage = Stage::set(Story::Told).await;
    let mut socket = stage.dial("?stream=public", &[("authorization", "Bearer a")]).await.unwrap();
    let (stream, event, _) = socket.event().await;
    assert_eq!((stream, event.as_str()), (json!(["public"]), "update"));
    stage.end().await;
}

#[tokio::test]
async fn a_burst_arrives_whole_and_in_order() {
    const COUNT: usize = 3_000;
    let stage = Stage::set(Story::Empty).await;
    let mut socket = stage.dial("?stream=public", &[("authorization", "Bearer a")]).await.unwrap();
    stage.subscribed(&["public"]).await;
    let mut sent = Vec::new();
    for number in 0..COUNT {
        sent.push(stage.control.post("gus", &number.to_string()).await);
    }
    for id in &sent {
        let (_, _, payload) = socket.event().await;
        assert!(payload.starts_with(&format!("{{\"id\":\"{id}\"")), "{id} is not the first of {payload}");
    }
    stage.end().await;
}
